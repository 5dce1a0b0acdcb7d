"""The files beside a notebook, as a digest that tells one submission from another."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from grader.errors import SubmissionError
from grader.intake.files import opened
from grader.model.submission import LOOSE
from grader.resources import holds_results

MAX_HASHED_FILES = 20_000
"""Files beside a notebook whose names and contents tell one submission from a changed one."""

MAX_HASHED_BYTES = 64 * 1024 * 1024
"""A larger file is identified by its size and time of change: hashing gigabytes at each call helps nobody."""

MAX_HASHED_TOTAL = 1024 * 1024 * 1024
"""Once this much was hashed, the files that follow are identified by size and time of change as well."""

MAX_FOLDER_DEPTH = 64
"""Folders inside folders beside a notebook: what walks them later does so recursively."""


def hash_files(folder: Path, notebook: Path) -> str:
    """Digest names and contents of the files beside a notebook; links are named but never followed.

    Where not all that a run is shown was read (large files, very many, hidden ones, what links lead to), the digest
    begins with `LOOSE`: it tells a submission from what it was before, but not from another student's.

    Raises:
        SubmissionError: folders lie in folders deeper than is sensible.
    """
    digest = hashlib.sha256()
    budget, loose = MAX_HASHED_TOTAL, False
    for number, path in enumerate(_entries(folder)):
        if number >= MAX_HASHED_FILES:
            loose = True
            break
        if path == notebook:
            continue
        if path.name.startswith("."):
            loose = True  # Jupyter and editors change them unasked: no reason to run a notebook again
            continue
        identity, cost, read = _identity(path, min(budget, MAX_HASHED_BYTES))
        digest.update(os.fsencode(path.relative_to(folder)) + b"\0" + identity)
        budget -= cost
        loose |= not read
    return LOOSE * loose + digest.hexdigest()


def _entries(folder: Path) -> Iterator[Path]:
    """Return files and folders, a hidden folder without what lies in it.

    Results of the grader's are not shown to a run: a student's check beside the notebook changes nothing.
    """
    for directory, folders, files in os.walk(folder):
        here = Path(directory)
        if len(here.parts) - len(folder.parts) > MAX_FOLDER_DEPTH:
            raise SubmissionError(f"lies beside folders that are nested more than {MAX_FOLDER_DEPTH} deep")
        shown = sorted(name for name in folders if not holds_results(here / name))
        folders[:] = [name for name in shown if not name.startswith(".")]
        yield from (here / name for name in (*shown, *sorted(files)))


def _identity(path: Path, most: int) -> tuple[bytes, int, bool]:
    """Return what tells this entry from a changed one, the bytes read for it (at most `most`), and if that is all."""
    try:
        if path.is_symlink():
            return b"a link to " + os.fsencode(os.readlink(path)) + b"\0", 0, False
        if path.is_dir():
            return b"a folder", 0, os.access(path, os.R_OK | os.X_OK)
        with opened(path) as (descriptor, facts), open(descriptor, "rb", closefd=False) as file:
            if facts.st_size > most:
                return f"{facts.st_size} {facts.st_mtime_ns}".encode(), 0, False
            return hashlib.sha256(file.read(facts.st_size)).digest(), facts.st_size, True
    except (SubmissionError, OSError):
        return b"unreadable or no regular file", 0, False
