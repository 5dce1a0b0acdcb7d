"""The host's folders of boxes: one each, removed at the end; what a killed grader left is removed by the next."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from pathlib import Path

from grader.locking import lock

PREFIX = "nbg-"
"""Short: the path of a Unix socket in here may have no more than 107 bytes."""

LOCK = "lock"

SETTLING_S = 60.0
"""A folder without a lock that is younger than this may be about to get one."""


class BoxFolder:
    """A new folder for one box, marked as in use by a lock that ends with its holder, however that ends."""

    def __init__(self) -> None:
        remove_abandoned(Path(tempfile.gettempdir()))
        while True:
            self.path = Path(tempfile.mkdtemp(prefix=PREFIX))
            self._lock = os.open(self.path / LOCK, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
            if lock(self._lock) is not False and (self.path / LOCK).exists():
                return
            os.close(self._lock)  # another's clean-up came between, and took the folder for abandoned

    def remove(self) -> None:
        """Remove the folder and all that a student's process left in it."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1
        remove_tree(self.path)


def remove_abandoned(parent: Path) -> None:
    """Remove the folders of boxes whose grader was killed."""
    if not hasattr(os, "geteuid"):
        return
    for entry in os.scandir(parent):
        if not entry.name.startswith(PREFIX):
            continue
        try:
            facts = entry.stat(follow_symlinks=False)
            if facts.st_uid != os.geteuid() or not entry.is_dir(follow_symlinks=False):
                continue
            if os.path.lexists(os.path.join(entry.path, LOCK)):
                _remove_if_unlocked(Path(entry.path))
            elif time.time() - facts.st_mtime > SETTLING_S:
                remove_tree(Path(entry.path))
        except OSError:
            continue  # somebody else is removing it


def _remove_if_unlocked(folder: Path) -> None:
    descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        if lock(descriptor):
            remove_tree(folder)
    finally:
        os.close(descriptor)


def remove_tree(folder: Path) -> None:
    """Remove a folder; subfolders that a student's process closed are opened first. Links are not followed."""
    shutil.rmtree(folder, ignore_errors=True)
    if not folder.exists():
        return
    for parent, _, _ in os.walk(folder):  # top down: each is opened before it is entered
        for entry in os.scandir(parent):
            if entry.is_dir(follow_symlinks=False):
                os.chmod(entry.path, 0o700)
    shutil.rmtree(folder, ignore_errors=True)
