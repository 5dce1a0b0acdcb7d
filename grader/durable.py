"""Files that are whole whatever happens: a kill at any moment, a power cut, a full disk.

One file is replaced by renaming. Several files of a folder that belong together are first written whole into a folder
beside them (`.new`); renaming that folder (to `.ready`) decides that they are the files from now on, and each is then
moved into its place. Killed before the decision, the old files stand; killed after it, `finish_replacing` moves the
rest. Everything is synced before a step relies on it.
"""

from __future__ import annotations

import ctypes
import errno
import os
import secrets
import shutil
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

import psutil

from grader.errors import ResultsError, StorageFullError

STAGED = ".new"
"""Folder of files that are being written: nothing in it counts."""

READY = ".ready"
"""Folder of whole files on the way to their places: each counts, wherever a kill left it."""

LEAST_FREE = 1024 * 1024
"""Bytes without which nothing is begun: the files of a small submission take a third of it."""

FULL = frozenset({errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)})
"""Errors of a disk, or of a user's share of it, that is full."""

_TEMPORARY = ".tmp"

_PR_SET_PDEATHSIG = 1


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write a file whole or not at all: a reader, or a crash at any moment, sees the old file or the new one.

    Raises:
        StorageFullError: the disk is full.
        ResultsError: the folder can't be written to.
    """
    data = content if isinstance(content, bytes) else utf8(content)
    temporary = path.with_name(f".{path.name[:80]}.{os.getpid()}.{secrets.token_hex(8)}{_TEMPORARY}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_synced(temporary, data)
        os.replace(temporary, path)
        _sync_folder(path.parent)
    except OSError as problem:
        temporary.unlink(missing_ok=True)
        raise _unwritable(path, len(data), problem) from problem


def replace_together(folder: Path, files: Mapping[str, str | bytes]) -> None:
    """Replace files of one folder so that a crash at any moment leaves all old ones or, once mended, all new ones.

    Empty content means that there is to be no such file. Files that are as they should be are left alone.

    Raises:
        StorageFullError: the disk is full; the old files stand.
        ResultsError: the folder can't be written to.
    """
    finish_replacing(folder)
    wanted = {name: item if isinstance(item, bytes) else utf8(item) for name, item in files.items()}
    changed = {name: data for name, data in wanted.items() if _content(folder / name) != data}
    if not changed:
        return
    staged = folder / STAGED
    try:
        if not folder.is_dir():
            folder.mkdir(parents=True)
            _sync_folder(folder.parent)
        staged.mkdir()
        for name, data in changed.items():
            _write_synced(staged / name, data)
        _sync_folder(staged)
        os.rename(staged, folder / READY)
        _sync_folder(folder)
    except OSError as problem:
        shutil.rmtree(staged, ignore_errors=True)
        raise _unwritable(folder, sum(map(len, changed.values())), problem) from problem
    finish_replacing(folder)


def finish_replacing(folder: Path) -> None:
    """Bring a folder's files to what was decided last: move what is ready, drop what was never ready.

    Only for the process that holds the folder of results (`grader.claiming`).

    Raises:
        ResultsError: the folder can't be written to.
    """
    try:
        shutil.rmtree(folder / STAGED, ignore_errors=True)
        ready = folder / READY
        if not ready.is_dir():
            return
        for entry in sorted(ready.iterdir()):
            if entry.stat().st_size:
                os.replace(entry, folder / entry.name)
            else:
                (folder / entry.name).unlink(missing_ok=True)
                entry.unlink()
        _sync_folder(folder)
        ready.rmdir()
    except OSError as problem:
        raise _unwritable(folder, 0, problem) from problem


def remove_orphans(folder: Path) -> None:
    """Remove the unfinished files of writers that are dead."""
    for entry in os.scandir(folder):
        parts = entry.name.split(".")
        if not (entry.name.startswith(".") and entry.name.endswith(_TEMPORARY) and len(parts) >= 5):
            continue
        if parts[-3].isdecimal() and not _wrote(int(parts[-3]), entry):
            Path(entry.path).unlink(missing_ok=True)


def _wrote(process: int, entry: os.DirEntry[str]) -> bool:
    """Whether this process may be writing this file: it lives, and lived when the file was begun."""
    try:
        return psutil.Process(process).create_time() <= entry.stat(follow_symlinks=False).st_mtime + 1
    except (psutil.Error, OSError):
        return False


# ---------------------------------------------------------------- space
def require_space(folder: Path) -> None:
    """Raise StorageFullError where a folder's disk has too little room for anything to be begun or to have worked."""
    if not has_space(folder):
        raise storage_full(folder, LEAST_FREE)


def has_space(folder: Path) -> bool:
    """Return whether a folder's disk has room for a small submission, as far as can be told."""
    try:
        return shutil.disk_usage(folder).free >= LEAST_FREE
    except OSError:
        return True  # what really can't be written says so itself


def storage_full(folder: Path, needed: int) -> StorageFullError:
    """Return the error that says which disk is full, how much is needed, and what to do. `needed` is in bytes."""
    try:
        free = f"{_kilobytes(shutil.disk_usage(folder).free)} are free"
    except OSError:
        free = "nothing more can be written"
    return StorageFullError(
        f"the disk of {folder} is full ({free}): free at least {_kilobytes(max(needed, LEAST_FREE))} there and give "
        "the same command again; what was finished is kept"
    )


def _unwritable(path: Path, needed: int, problem: OSError) -> StorageFullError | ResultsError:
    if problem.errno in FULL:
        return storage_full(path if path.is_dir() else path.parent, needed)
    reason = problem.strerror or problem
    return ResultsError(f"{path} can't be written ({reason}): mend that, or give another --out folder")


def _kilobytes(size: int) -> str:
    return f"{-(-size // 1024):,} KB"


# ---------------------------------------------------------------- processes that write
def end_with_parent(parent: int) -> None:
    """Have this process die with its parent: what a killed grader left must not be written to behind the next one."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to hear
    if os.getppid() != parent:
        os._exit(1)


# ---------------------------------------------------------------- bytes to disk
def utf8(text: str) -> bytes:
    """Encode text; a lone surrogate becomes a backslash escape, which inside a JSON string is its own spelling."""
    return text.encode("utf-8", "backslashreplace")


def _content(path: Path) -> bytes:
    """Return a file's bytes, none where there is no such file."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def _write_synced(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Make a renaming itself survive a power cut, where the system lets folders be synced."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
