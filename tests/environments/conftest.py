"""Interpreters that are not the grader's."""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

MAIN = "import sys; from grader.cli.main import main; sys.exit(main())"


@dataclass(frozen=True)
class Graded:
    """What a call of the command left and said."""

    out: Path
    returncode: int
    stdout: str
    stderr: str

    def run(self, submission: str = "notebook") -> dict[str, Any]:
        """Return what grade.json says of the run."""
        return json.loads((self.out / submission / "grade.json").read_text())["run"]

    def findings(self, submission: str = "notebook") -> dict[str, tuple[str, str]]:
        """Return outcome and origin of each check."""
        grade = json.loads((self.out / submission / "grade.json").read_text())
        return {item["check"]: (item["outcome"], item["origin"]) for item in grade["findings"]}


def grade(submissions: Path, out: Path, *options: str, cwd: Path | None = None) -> Graded:
    """Call the real `grader grade`."""
    command = [sys.executable, "-c", MAIN, "grade", str(submissions), "--out", str(out), "--reference-budget", "0"]
    done = subprocess.run(
        [*command, *options], capture_output=True, text=True, check=False, timeout=600, cwd=cwd or out.parent
    )
    return Graded(out, done.returncode, done.stdout, done.stderr)


def needed_by(distribution: str, known: frozenset[str] = frozenset()) -> frozenset[str]:
    """Return a distribution and all that it needs of what is installed here."""
    known |= {distribution}
    for line in importlib.metadata.requires(distribution) or ():
        name = re.split(r"[^\w.-]", line, maxsplit=1)[0]
        wanted = "extra ==" not in line and not any(re.sub(r"[-_.]+", "-", name.lower()) == other for other in known)
        if wanted and next(iter(importlib.metadata.distributions(name=name)), None) is not None:
            known = needed_by(re.sub(r"[-_.]+", "-", name.lower()), known)
    return known


def bare_environment(folder: Path) -> Path:
    """Make a virtual environment with nothing in it and return its interpreter."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True, timeout=120)
    return folder / "bin" / "python"


def site_packages(python: Path) -> Path:
    """Return where an environment's packages are."""
    return next(python.parent.parent.glob("lib/python*/site-packages"))


@pytest.fixture(scope="session")
def second_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another interpreter, in a place of its own, that has ipykernel and nothing else."""
    python = bare_environment(tmp_path_factory.mktemp("course") / "env")
    target = site_packages(python)
    for name in needed_by("ipykernel"):
        for file in importlib.metadata.files(name) or ():
            source = Path(str(file.locate()))
            if ".." not in file.parts and source.is_file() and source.suffix != ".pyc":
                (target / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target / file)
    for parent in (target, *target.parents[:3]):
        parent.chmod(0o755)
    return python


def named_by(variable: str) -> str:
    """Return the interpreter that an environment variable names; the test is skipped, saying so, without."""
    python = os.environ.get(variable, "")
    if not python:
        pytest.skip(f"set {variable} to an interpreter of such an environment (README: Environments)")
    return python
