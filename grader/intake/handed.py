"""Submissions that were found and are read when they are needed: a class of thousands is never in memory at once."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from grader.model import HandIn, Submission, Unreadable
from grader.resources import holds_results

SETTLED_S = 2.0
"""A file that changed less long ago may change again without its time of change telling: some disks count seconds."""

MOST_FILES = 20_000
"""Files of one submission whose times are looked at; one with more is read."""


class Handed(Protocol):
    """A submission by its name, and how to read it."""

    @property
    def id(self) -> str:
        """The id that its results go by."""

    @property
    def hand_in(self) -> HandIn:
        """Whose it is, as far as a download says."""

    def load(self) -> Submission | Unreadable:
        """Read it; what can't be read says why."""

    def signature(self) -> str:
        """Return a digest that changes with any of its files, from their names, sizes and times; empty: not known."""


@dataclass(frozen=True, slots=True)
class Held:
    """A submission that was read already."""

    item: Submission | Unreadable

    @property
    def id(self) -> str:
        """The id that its results go by."""
        return self.item.id

    @property
    def hand_in(self) -> HandIn:
        """Whose it is, as far as a download says."""
        return self.item.hand_in

    def load(self) -> Submission | Unreadable:
        """Return it."""
        return self.item

    def signature(self) -> str:
        """Return nothing: there is no need to know it again."""
        return ""


@dataclass(frozen=True, slots=True)
class Found:
    """A submission that lies on disk: `read` reads it, `told` is what was found besides its files."""

    id: str
    hand_in: HandIn
    place: Path
    told: str
    read: Callable[[], Submission | Unreadable]

    def load(self) -> Submission | Unreadable:
        """Read it; what can't be read says why."""
        return self.read()

    def signature(self) -> str:
        """Return a digest that changes with any of its files; empty where one has changed only just."""
        digest = hashlib.sha256(f"{self.place}\0{self.told}".encode("utf-8", "replace"))
        settled = time.time_ns() - int(SETTLED_S * 1e9)
        try:
            for number, path in enumerate(_files(self.place)):
                facts = path.lstat()
                changed = max(facts.st_mtime_ns, facts.st_ctime_ns)
                if changed > settled or number >= MOST_FILES:
                    return ""
                told = f"\0{path}\0{facts.st_size}\0{facts.st_mtime_ns}\0{facts.st_ctime_ns}\0{facts.st_ino}"
                digest.update(told.encode("utf-8", "replace"))
        except OSError:
            return ""
        return digest.hexdigest()


def _files(place: Path) -> Iterator[Path]:
    if not place.is_dir():
        yield place
        return
    for directory, folders, files in os.walk(place):
        here = Path(directory)
        folders[:] = sorted(name for name in folders if not holds_results(here / name))
        yield here
        yield from (here / name for name in sorted(files))
