"""The contract once more as an ordinary user, where the suite itself is run by root."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from grader.sandbox.interpreter import interpreter_roots

NOBODY_IN_PARTICULAR = "54321"

SCRIPT = r"""
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


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="the suite itself runs as an ordinary user")
@pytest.mark.parametrize(
    "suite", ["tests/sandbox/test_contract.py", "tests/execution/test_run.py -k TestLimits-or-TestFolder"]
)
def test_the_contract_holds_for_an_ordinary_user(suite: str, tmp_path: Path) -> None:
    """All of the contract's claims hold when the grader has no privileges: with user namespaces, and with Landlock."""
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
    repository = Path(__file__).resolve().parents[2]
    path, *selection = suite.split(" -k ")
    base = Path("/var/tmp") / f"grader-user-{os.getpid()}"
    base.mkdir(mode=0o777)
    base.chmod(0o777)
    stage = tmp_path / "stage"
    stage.mkdir()
    pytest_command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-x",
        "-p",
        "no:cacheprovider",
        f"--basetemp={base}/pytest",
        path,
    ]
    if selection:
        pytest_command += ["-k", selection[0].replace("-", " ")]
    environment = {
        "PATH": os.environ["PATH"],
        "AS": NOBODY_IN_PARTICULAR,
        "HOME_OF_ROOT": str(home),
        "UNDER_HOME": next(iter(under), ""),
        "STAGE": str(stage),
        "HOME": str(base),
        "TMPDIR": str(base),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", SCRIPT, "sh", *pytest_command]
    try:
        done = subprocess.run(command, cwd=repository, env=environment, capture_output=True, text=True, check=False)
    finally:
        shutil.rmtree(base, ignore_errors=True)
    if "unshare failed" in done.stderr:
        pytest.skip(f"no mount namespace for the preparation: {done.stderr}")
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
