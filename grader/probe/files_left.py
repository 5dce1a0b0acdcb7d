"""Which files a notebook wrote among those handed in, told at the end of the cell that wrote them.

Nothing is opened but small text files, and those only to read their beginning. Folders that can't be written to (the
data handed in) are not entered, links are not followed. Hidden files and folders are left out: the folder is home to
libraries too, which keep their caches there (`.cache/fontconfig`, `.keras`), and nobody hands on what is hidden.
"""

from __future__ import annotations

import os
import stat
from typing import Any

MAX_FOLDERS = 200
MAX_DEPTH = 6
MAX_ENTRIES = 5_000
"""Looked at after one cell: a class of predictions picture by picture fits, a million files cost nobody seconds."""

MAX_TOLD = 300
"""Files told in one run, each change counted anew: a loop that writes a file per step says nothing new after these."""

HEAD_BYTES = 8_000
PART_CHARACTERS = 1_500
"""A head travels in parts, each below what one text of an event may hold."""

READ_SUFFIXES = (".csv", ".tsv", ".json", ".jsonl", ".txt", ".md", ".log", ".yaml", ".yml")
MAX_COUNTED_BYTES = 4 * 1024 * 1024
"""Lines are counted up to here; of a longer file only the beginning is known."""


class FilesLeft:
    """Compares a folder with what it was before the first cell."""

    def __init__(self, probe: Any, folder: str) -> None:
        """Remember the files that are there, and look again whenever a cell ends."""
        self._probe = probe
        self._folder = folder
        self._known: dict[str, tuple[int, int]] = {}
        self._told = 0
        self._known = self._look()
        probe.at_cell_end.append(self.tell)

    def tell(self) -> None:
        """Send the files that are new or changed since the last time."""
        for path, facts in self._look().items():
            if self._known.get(path) == facts:
                continue
            self._known[path] = facts
            self._told += 1
            if self._told > MAX_TOLD:
                if self._told == MAX_TOLD + 1:
                    self._probe.send("probe.dropped", what="files written", why=f"more than {MAX_TOLD}")
                return
            self._probe.send("file.left", path=path, size=facts[0], **self._head(path, facts[0]))

    def _look(self) -> dict[str, tuple[int, int]]:
        """Return size and time of change of the files in folders that can be written to, by path."""
        found: dict[str, tuple[int, int]] = {}
        waiting = [("", 0)]
        entered = seen = 0
        while waiting and entered < MAX_FOLDERS and seen < MAX_ENTRIES:
            inside, depth = waiting.pop()
            entered += 1
            here = os.path.join(self._folder, inside)
            try:
                if not os.access(here, os.W_OK):
                    continue
                with os.scandir(here) as entries:
                    for entry in entries:
                        seen += 1
                        if seen > MAX_ENTRIES:
                            break
                        if entry.name.startswith("."):
                            continue
                        path = inside + entry.name
                        if entry.is_dir(follow_symlinks=False):
                            if depth < MAX_DEPTH and entry.name != "__pycache__":
                                waiting.append((path + "/", depth + 1))
                        elif entry.is_file(follow_symlinks=False):
                            facts = entry.stat(follow_symlinks=False)
                            found[path] = (facts.st_size, facts.st_mtime_ns)
            except OSError:
                continue
        return found

    def _head(self, path: str, size: int) -> dict[str, Any]:
        """Return the beginning of a text file in parts, and its number of lines where it is short enough to count."""
        if not path.lower().endswith(READ_SUFFIXES):
            return {}
        try:
            descriptor = os.open(os.path.join(self._folder, path), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            return {}
        with open(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return {}
            content = file.read(MAX_COUNTED_BYTES)
        text = content[:HEAD_BYTES].decode("utf-8", "replace")
        parts = [text[start : start + PART_CHARACTERS] for start in range(0, len(text), PART_CHARACTERS)]
        told: dict[str, Any] = {"head": parts, "whole": size <= HEAD_BYTES}
        if size <= MAX_COUNTED_BYTES:
            told["lines"] = content.count(b"\n") + (not content.endswith(b"\n") and bool(content))
        return told
