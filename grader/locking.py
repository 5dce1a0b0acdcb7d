"""File locks that end with their holder, however it ends."""

from __future__ import annotations

import sys


def lock(descriptor: int) -> bool | None:
    """Lock an open file for this holder alone: False where another holds it, None where there are no such locks."""
    if sys.platform == "win32":
        return None
    import fcntl  # noqa: PLC0415 - Unix only

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True
