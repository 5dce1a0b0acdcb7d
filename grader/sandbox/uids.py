"""A uid of its own for each box that root starts: two boxes can't signal, trace or read each other."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from grader.errors import SandboxError
from grader.locking import lock

FIRST_UID = 60_600
"""In the range that systemd's table of uids leaves unused (60,578 to 61,183), above people and system users."""

SLOTS = 512
"""More boxes than one machine can run at a time."""


class UidSlot:
    """A throwaway uid, held by a file lock: it is free again when its holder ends, however that ends."""

    def __init__(self) -> None:
        folder = _lock_folder()
        for slot in range(SLOTS):
            descriptor = os.open(folder / str(FIRST_UID + slot), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            if lock(descriptor):
                self.uid = FIRST_UID + slot
                self._descriptor = descriptor
                return
            os.close(descriptor)
        raise SandboxError(f"all {SLOTS} uids for sandboxes are in use; run fewer jobs at a time")

    def release(self) -> None:
        """Give the uid back."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _lock_folder() -> Path:
    """Return the one folder of this machine for the locks: with one for each TMPDIR, two graders would share uids."""
    shared = Path("/run")
    parent = shared if os.access(shared, os.W_OK) else Path(tempfile.gettempdir())
    folder = parent / "grader-uids"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    if found.st_uid != os.geteuid() or found.st_mode & 0o022 or not folder.is_dir() or folder.is_symlink():
        raise SandboxError(f"{folder} belongs to somebody else; remove it")
    return folder
