"""Places a notebook names by Colab's or Kaggle's paths, found among the files handed in with it.

`/content` is the working folder (really so where the box has mounts of its own), `/content/drive/MyDrive` a folder
whose contents are looked for by the longest matching end of the path: `MyDrive/course/data/x.csv` is `data/x.csv`
beside the notebook, or `x.csv`.
"""

from __future__ import annotations

import os
from typing import Any, Literal

from .notes import Notes

Intent = Literal["look", "enter", "make"]
"""What a path is wanted for: to be there, to become the working folder, to be made."""

CONTENT = "/content"
KAGGLE_INPUT = "/kaggle/input"
OWN_FOLDERS = frozenset({".keras", ".tmp", ".kaggle"})

MAX_INDEXED = 50_000
"""Files and folders that are looked through; a larger folder of pictures is found by its own name."""

MAX_DEPTH = 12

_lexists, _isdir, _islink, _join = os.path.lexists, os.path.isdir, os.path.islink, os.path.join


class Places:
    """Where paths of other machines lead here. Knows only real files: `Redirection` keeps it out of its own calls."""

    def __init__(self, notes: Notes) -> None:
        """Know of no place before `begin`."""
        self.work = ""
        self._notes = notes
        self._roots: dict[str, str] = {}
        self._drives: dict[str, str] = {}
        self._index: dict[str, list[tuple[str, ...]]] | None = None

    def begin(self, work: str) -> None:
        """Take `work`, the working folder with the submission's files in it."""
        self.work = os.path.realpath(work)
        if os.path.realpath(CONTENT) != self.work:
            self._roots[CONTENT] = self.work
        if not os.path.isdir("/kaggle"):
            self._roots["/kaggle/working"] = self.work

    @property
    def content_is_real(self) -> bool:
        """Whether programs find `/content` too."""
        return CONTENT not in self._roots

    def mount(self, point: str) -> str:
        """Make a drive at `point`, with what was handed in under `MyDrive`; where it is here."""
        shown = os.path.normpath(_join(os.getcwd(), point))
        here = self.translated(shown)
        if here in self._drives:
            return here
        if here == shown and not _is_under(shown, self.work) and not _is_under(shown, CONTENT):
            here = self._roots[shown] = _join(self.work, shown.strip("/").replace("/", "_"))
        here = os.path.realpath(here)
        self.entries()
        self._drives[here] = shown
        mine = _join(here, "MyDrive")
        os.makedirs(mine, exist_ok=True)
        self._fill(mine)
        if not _lexists(_join(here, "My Drive")):
            os.symlink("MyDrive", _join(here, "My Drive"))
        self._notes.substituted("drive", f"{shown} shows the files handed in with the notebook")
        return here

    def offer_kaggle_input(self) -> None:
        """Show what was handed in under `/kaggle/input`."""
        if KAGGLE_INPUT in self._roots or os.path.isdir(KAGGLE_INPUT):
            return
        here = _join(self.work, ".kaggle")
        self.entries()
        self._roots[KAGGLE_INPUT] = here
        self._drives[here] = KAGGLE_INPUT
        os.makedirs(here, exist_ok=True)
        self._fill(here)
        self._notes.substituted("drive", f"{KAGGLE_INPUT} shows the files handed in with the notebook")

    def translated(self, path: str) -> str:
        """Return where an absolute path leads here, by its beginning alone."""
        for root, target in self._roots.items():
            if _is_under(path, root):
                return target + path[len(root) :]
        return path

    def resolve(self, path: Any, intent: Intent) -> Any | None:
        """Return the path to use instead of `path`; None where it is to stay as it is."""
        if not isinstance(path, (str, bytes, os.PathLike)):
            return None
        given = os.fspath(path)
        text = os.fsdecode(given)
        if not self._concerns(text):
            return None
        full = os.path.normpath(_join(os.getcwd(), text))
        here = self._provided(self.translated(full), full, intent)
        if here == full:
            return None
        return os.fsencode(here) if isinstance(given, bytes) else here

    def entries(self) -> dict[str, list[tuple[str, ...]]]:
        """Return what was handed in, by name: the paths as parts, shortest first. Looked up once, before drives."""
        if self._index is None:
            found: dict[str, list[tuple[str, ...]]] = {}
            count = 0
            for folder, folders, files in os.walk(self.work, followlinks=True):
                rest = os.path.relpath(folder, self.work)
                parts = () if rest == os.curdir else tuple(rest.split(os.sep))
                folders[:] = sorted(name for name in folders if name not in OWN_FOLDERS and name[:1] != ".")
                for name in (*folders, *sorted(files)):
                    found.setdefault(name, []).append((*parts, name))
                count += len(folders) + len(files)
                if count > MAX_INDEXED:
                    break
                if len(parts) >= MAX_DEPTH:
                    folders.clear()
            for paths in found.values():
                paths.sort(key=lambda item: (len(item), item))
            self._index = found
        return self._index

    def _concerns(self, text: str) -> bool:
        if not os.path.isabs(text):
            return any(_is_under(os.getcwd(), drive) for drive in self._drives)
        plain = os.path.normpath(text)
        return any(_is_under(plain, root) for root in (*self._roots, *self._drives.values(), *self._drives))

    def _provided(self, here: str, shown: str, intent: Intent) -> str:
        """Return `here`, or, on a drive where nothing is there, what stands for it; a link is left there for others."""
        if _lexists(here):
            return here
        real = _join(os.path.realpath(os.path.dirname(here)), os.path.basename(here))
        own = self._drive_of(real)  # not where the path leads through a link out of the drive
        drive = self._drive_of(here) or own
        if drive is None:
            return here
        if intent == "make":
            if own is not None:
                os.makedirs(os.path.dirname(real), exist_ok=True)
            return here
        wanted = tuple((here if _is_under(here, drive) else real)[len(drive) + 1 :].split(os.sep))
        found = self._match(wanted)
        if found is not None:
            if own is not None:
                self._link(real, found, wanted, f"{self._drives[own]}/{'/'.join(wanted)}")
            return here if _lexists(here) else _join(self.work, *found)
        if intent == "enter" and own is not None:
            os.makedirs(real, exist_ok=True)
            self._fill(real)
            self._notes.substituted("drive", f"{shown} shows the files handed in with the notebook")
        return here

    def _drive_of(self, path: str) -> str | None:
        return next((drive for drive in self._drives if _is_under(path, drive)), None)

    def _match(self, wanted: tuple[str, ...]) -> tuple[str, ...] | None:
        """Return the path handed in that ends most like `wanted`; None where there is none, or two as good."""
        found = self.entries().get(wanted[-1], ())
        ranked = sorted(((-_common_end(item, wanted), len(item)), item) for item in found)
        if not ranked or (len(ranked) > 1 and ranked[0][0] == ranked[1][0]):
            return None
        return ranked[0][1]

    def _link(self, real: str, found: tuple[str, ...], wanted: tuple[str, ...], shown: str) -> None:
        """Make a link at `real`, or at the highest folder above it whose contents correspond as well."""
        place, target = real, _join(self.work, *found)
        for _ in range(_common_end(found, wanted) - 1):
            above = os.path.dirname(place)
            if _lexists(above):
                break
            place, target, shown = above, os.path.dirname(target), os.path.dirname(shown)
        try:
            os.makedirs(os.path.dirname(place), exist_ok=True)
            os.symlink(target, place)
        except OSError:
            pass  # a folder that can't be written to: the path is redirected instead
        self._notes.substituted("drive", f"{shown} is {os.path.relpath(target, self.work)} of the files handed in")

    def _fill(self, folder: str) -> None:
        """Link everything handed in into a folder."""
        for name, paths in self.entries().items():
            if (
                paths[0] == (name,)
                and not _lexists(_join(folder, name))
                and not _is_under(folder, _join(self.work, name))
            ):
                os.symlink(_join(self.work, name), _join(folder, name))


def _is_under(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}/")


def _common_end(left: tuple[str, ...], right: tuple[str, ...]) -> int:
    """Return how many parts at the end of two paths are the same."""
    count = 0
    for one, other in zip(reversed(left), reversed(right)):
        if one != other:
            break
        count += 1
    return count
