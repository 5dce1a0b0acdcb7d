"""How much disk a box uses where no file system of its own holds it."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

BLOCK = 512
"""Bytes of a block as stat counts them, whatever the file system's are."""

DELETED = " (deleted)\n"
"""How a line of /proc/PID/maps ends whose file has no name any more."""


@dataclass(slots=True)
class FolderUse:
    """Adds up the disk space (bytes) and the number of files of a box, until either is above its cap."""

    size_cap: int
    files_cap: int
    size: int = 0
    files: int = 0

    @property
    def over(self) -> bool:
        """Whether there is no need to go on."""
        return self.size > self.size_cap or self.files > self.files_cap

    def add_folder(self, top: str) -> None:
        """Add all below a folder; links are not followed."""
        waiting = [top]
        while waiting and not self.over:
            with contextlib.suppress(OSError), os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    self.files += 1
                    if self.over:
                        return
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    self._add_entry(entry)

    def _add_entry(self, entry: os.DirEntry[str]) -> None:
        with contextlib.suppress(OSError):  # removed meanwhile
            self.size += entry.stat(follow_symlinks=False).st_blocks * BLOCK

    def add_unlinked(self, tree: Iterable[int], top: str) -> None:
        """Add the files that have lost their name but are still open, run, or - of those below `top` - mapped."""
        below = f" {os.path.realpath(top)}/"
        seen: dict[tuple[int, int], int] = {}
        for process in tree:
            for path in _held_files(process):
                with contextlib.suppress(OSError):  # closed meanwhile: the next one may still be open
                    facts = os.stat(path)
                    if stat.S_ISREG(facts.st_mode) and not facts.st_nlink:
                        seen[facts.st_dev, facts.st_ino] = facts.st_blocks * BLOCK
            for file, size in _mapped_unlinked(process, below):
                seen.setdefault(file, size)
        self.size += sum(seen.values())


def _held_files(process: int) -> Iterator[str]:
    yield f"/proc/{process}/exe"
    with contextlib.suppress(OSError), os.scandir(f"/proc/{process}/fd") as descriptors:
        yield from (descriptor.path for descriptor in descriptors)


def _mapped_unlinked(process: int, below: str) -> Iterator[tuple[tuple[int, int], int]]:
    """Each mapped file without a name, with the bytes of it that are mapped: only root could ask for its whole size."""
    with contextlib.suppress(OSError), open(f"/proc/{process}/maps", encoding="utf-8", errors="replace") as maps:
        ends: dict[tuple[int, int], int] = {}
        for line in maps:
            if not line.endswith(DELETED) or below not in line:
                continue
            span, _, offset, device, inode = line.split(maxsplit=5)[:5]
            start, _, end = span.partition("-")
            major, _, minor = device.partition(":")
            file = os.makedev(int(major, 16), int(minor, 16)), int(inode)
            ends[file] = max(ends.get(file, 0), int(offset, 16) + int(end, 16) - int(start, 16))
        yield from ends.items()
