"""The contract once more as an ordinary user, where the suite itself is run by root."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ordinary_user import as_ordinary_user


@pytest.mark.slow
@pytest.mark.parametrize(
    "suite", ["tests/sandbox/test_contract.py", "tests/execution/test_run.py -k TestLimits-or-TestFolder"]
)
def test_the_contract_holds_for_an_ordinary_user(suite: str, tmp_path: Path) -> None:
    """All of the contract's claims hold when the grader has no privileges: with user namespaces, and with Landlock."""
    stage = tmp_path / "stage"
    stage.mkdir()
    prefix, variables = as_ordinary_user(stage)
    repository = Path(__file__).resolve().parents[2]
    path, *selection = suite.split(" -k ")
    base = Path("/var/tmp") / f"grader-user-{os.getpid()}"
    base.mkdir(mode=0o777)
    base.chmod(0o777)
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
    environment = {**variables, "HOME": str(base), "TMPDIR": str(base)}
    command = [*prefix, *pytest_command]
    try:
        done = subprocess.run(command, cwd=repository, env=environment, capture_output=True, text=True, check=False)
    finally:
        shutil.rmtree(base, ignore_errors=True)
    if "unshare failed" in done.stderr:
        pytest.skip(f"no mount namespace for the preparation: {done.stderr}")
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
