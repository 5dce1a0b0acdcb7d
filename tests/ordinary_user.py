"""Running a command as an ordinary user where the suite itself is run by root, the interpreter within reach."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from grader.sandbox.interpreter import interpreter_roots

ORDINARY_UID = 54_321
"""Nobody in particular."""

_SCRIPT = r"""
set -e
# An interpreter under root's own folder is out of reach for others: in this mount namespace it is not.
if [ -n "$UNDER_HOME" ]; then
    mkdir -p "$STAGE/keep" && mount --bind "$HOME_OF_ROOT" "$STAGE/keep"
    mount -t tmpfs -o mode=0755 tmpfs "$HOME_OF_ROOT"
    mkdir -p "$HOME_OF_ROOT/$UNDER_HOME" && mount --bind "$STAGE/keep/$UNDER_HOME" "$HOME_OF_ROOT/$UNDER_HOME"
    umount "$STAGE/keep"
fi
exec setpriv --reuid "$AS" --regid "$AS" --clear-groups --bounding-set=-all --inh-caps=-all "$@"
"""


def as_ordinary_user(stage: Path) -> tuple[list[str], Mapping[str, str]]:
    """What to put before a command, and the variables it needs; `stage` is an empty folder.

    Skips the test where that can't be done: the suite is not run by root, or tools are missing.
    """
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("the suite itself runs as an ordinary user")
    if shutil.which("unshare") is None or shutil.which("setpriv") is None:
        pytest.skip("needs unshare and setpriv")
    home = Path(os.path.expanduser("~root"))
    under = {
        Path(root).relative_to(home).parts[0]
        for root in interpreter_roots(sys.executable)
        if root.startswith(f"{home}/")
    }
    if len(under) > 1:
        pytest.skip("the interpreter is spread over root's folder")
    variables = {
        "PATH": os.environ["PATH"],
        "AS": str(ORDINARY_UID),
        "HOME_OF_ROOT": str(home),
        "UNDER_HOME": next(iter(under), ""),
        "STAGE": str(stage),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", _SCRIPT, "sh"], variables
