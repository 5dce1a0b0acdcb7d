"""How much disk a box uses where no file system of its own holds it."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass

BLOCK = 512
"""Bytes of a block as stat counts them, whatever the file system's are."""


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

    def add_unlinked(self, tree: Iterable[int]) -> None:
        """Add the files that have lost their name but are still held open by a process."""
        seen: set[tuple[int, int]] = set()
        for process in tree:
            with contextlib.suppress(OSError), os.scandir(f"/proc/{process}/fd") as descriptors:
                for descriptor in descriptors:
                    facts = os.stat(descriptor.path)
                    if stat.S_ISREG(facts.st_mode) and not facts.st_nlink and (facts.st_dev, facts.st_ino) not in seen:
                        seen.add((facts.st_dev, facts.st_ino))
                        self.size += facts.st_blocks * BLOCK
