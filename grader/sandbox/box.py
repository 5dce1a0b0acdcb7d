"""What a box is made of: the description, before anything runs."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from grader.model import RunStatus, Tier
from grader.resources import holds_results
from grader.sandbox.limits import Limits


@dataclass(frozen=True, slots=True)
class Offer:
    """A file or folder of ours, visible read-only inside as `<runtime>/<name>` (see `Sandbox.inside`)."""

    name: str
    source: Path


@dataclass(frozen=True, slots=True)
class Breach:
    """A limit that was passed: the run's status and one sentence that says which and by how much."""

    status: RunStatus
    message: str


@dataclass(frozen=True, slots=True)
class Box:
    """One throwaway place to run untrusted code in.

    `files` is a folder whose entries appear read-only in the working folder, at the same relative paths; those files
    that bear a name of `own_files` are copied instead, for the code inside to write anew. The command is started in
    `working`, a folder in `files`, or at their top. `data` is a folder laid out like `~/.keras/datasets`. `offers` are
    ours. `python` is the interpreter inside.
    """

    tier: Tier
    limits: Limits = field(default_factory=Limits)
    python: str = sys.executable
    files: Path | None = None
    data: Path | None = None
    offers: tuple[Offer, ...] = ()
    threads: int = 2
    own_files: frozenset[str] = frozenset()
    working: str = ""


def plain_entries(folder: Path) -> Iterator[tuple[str, Path]]:
    """The files and folders right under `folder`; links, special files and earlier results are left out.

    A student's link may point at another student's folder; following it here would carry that into the box.
    """
    for entry in sorted(os.scandir(folder), key=lambda item: item.name):
        mode = entry.stat(follow_symlinks=False).st_mode
        path = Path(entry.path)
        if stat.S_ISREG(mode) or (stat.S_ISDIR(mode) and not holds_results(path)):
            yield entry.name, path


def link_entries(folder: Path) -> Iterator[tuple[str, str]]:
    """The links right under `folder`, with what is written in them: inside, they lead nowhere but inside."""
    for entry in sorted(os.scandir(folder), key=lambda item: item.name):
        if entry.is_symlink():
            yield entry.name, os.readlink(entry.path)
