"""Where the files handed in with a notebook stand in the box: which folders are real, what is copied."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from grader.sandbox.box import link_entries, plain_entries

MAX_OPENED = (50, 10, 0)
"""Entries of a folder that is made anew inside, so that a notebook can write beside them. Folders of pictures hold
more, are written to by nobody, and are shown whole; where together it is still too much, so are the larger ones."""

MAX_OWN_OPENED = 1_000
"""The same of a folder that the notebook's code names as one it writes to: pictures drawn once an epoch."""

MAX_COPIED_BYTES = 256 * 1024 * 1024
"""Saved weights of a large pretrained network; copies take room of the working folder."""


@dataclass(slots=True)
class Layout:
    """Paths relative to the top of the box: `folders` are made, `entries` shown read-only, `copies` the notebook's own.

    `links` are made with what is written in them.
    """

    folders: list[str] = field(default_factory=list)
    entries: list[tuple[str, Path]] = field(default_factory=list)
    copies: list[tuple[str, Path]] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Choice:
    """What decides where things stand: see `lay_out`. `way` is the folder that is run in and those above it."""

    own: frozenset[str]
    reserved: frozenset[str]
    way: frozenset[str]
    opened: int

    def is_opened(self, name: str, folder: Path) -> bool:
        """Whether a folder is made anew, with its entries one by one."""
        own = MAX_OWN_OPENED if folder.name in self.own else 0
        return name in self.way or _holds_at_most(folder, max(self.opened, own))


def lay_out(folder: Path, own: Collection[str], reserved: Collection[str], most: int, working: str = "") -> Layout:
    """Lay out what lies in `folder`.

    Args:
        folder: the folder handed in.
        own: names of files that the notebook writes itself (an earlier run left them, and this one may write them
            anew), and of folders that it writes to.
        reserved: names right under `folder` that are left out.
        most: where more than this many entries would be shown one by one, more folders are shown whole.
        working: the folder in `folder` that the notebook is run in; it is never shown whole.
    """
    way = frozenset(path.as_posix() for path in (PurePosixPath(working), *PurePosixPath(working).parents))
    layout = Layout()
    for opened in MAX_OPENED:
        layout = Layout()
        _add(layout, _Choice(frozenset(own), frozenset(reserved), way, opened), folder, "")
        if len(layout.entries) + len(layout.copies) <= most:
            break
    return layout


def _add(layout: Layout, choice: _Choice, folder: Path, inside: str) -> None:
    reserved = frozenset() if inside else choice.reserved
    for entry, path in plain_entries(folder):
        name = inside + entry
        if entry in reserved:
            continue
        if path.is_dir():
            if choice.is_opened(name, path):
                layout.folders.append(name)
                _add(layout, choice, path, f"{name}/")
            else:
                layout.entries.append((name, path))
        elif entry in choice.own and path.stat().st_size <= MAX_COPIED_BYTES:
            layout.copies.append((name, path))
        else:
            layout.entries.append((name, path))
    layout.links += [(inside + entry, target) for entry, target in link_entries(folder) if entry not in reserved]


def _holds_at_most(folder: Path, most: int) -> bool:
    with os.scandir(folder) as entries:
        return most > 0 and all(count < most for count, _ in enumerate(entries))
