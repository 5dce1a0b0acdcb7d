"""Working in a folder of results: one grader at a time, and first of all what a killed one left is put in order."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from grader.durable import READY, STAGED, finish_replacing, remove_orphans
from grader.errors import ResultsError
from grader.locking import lock

WORK_FOLDER = ".work"
"""Where runs keep their recorded rows until they are measured; emptied submission by submission."""

REFERENCES = "references"
"""The part of it that stays: reference trainings, by split."""

LOCK = ".lock"
"""Held by the grader at work, whose process id is in it. The operating system lets go of it when the process ends."""


@contextmanager
def claimed(out: Path) -> Iterator[None]:
    """Hold a folder of results for this process alone, with everything in it mended.

    Raises:
        ResultsError: another grader is at work in it, or it can't be written to.
        StorageFullError: its disk is full.
    """
    descriptor = _lock(out)
    try:
        mend(out)
        yield
    finally:
        os.close(descriptor)


def _lock(out: Path) -> int:
    try:
        descriptor = os.open(out / LOCK, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as problem:
        raise ResultsError(f"{out} can't be written to ({problem.strerror}); give another --out folder") from problem
    if lock(descriptor) is False:
        holder = os.read(descriptor, 20).decode("ascii", "replace").strip() or "unknown"
        os.close(descriptor)
        raise ResultsError(
            f"another grader (process {holder}) is at work in {out}: wait until it is done, or give another --out"
        )
    try:
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
    except OSError:
        pass  # only the message to another grader is poorer for it
    return descriptor


def mend(out: Path) -> None:
    """Finish or drop what a killed grader had begun: files on their way, unfinished files, recorded rows.

    Raises:
        ResultsError: the folder can't be written to.
    """
    for folder in (out, *(item for item in _folders(out) if item.name not in {STAGED, READY})):
        finish_replacing(folder)
        remove_orphans(folder)
    work = out / WORK_FOLDER
    for folder in _folders(work):
        if folder.name != REFERENCES:
            shutil.rmtree(folder, ignore_errors=True)
    for part in (work / REFERENCES).rglob("*.part"):
        part.unlink(missing_ok=True)


def _folders(parent: Path) -> list[Path]:
    if not parent.is_dir():
        return []
    return [Path(entry.path) for entry in os.scandir(parent) if entry.is_dir(follow_symlinks=False)]
