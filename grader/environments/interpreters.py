"""From what was asked for to an interpreter that is known to run kernels here."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from grader.environments.file import EnvironmentFile, NamedEnvironment
from grader.errors import CourseEnvironmentError, SandboxError
from grader.execution.interpreter import DISTRIBUTIONS, versions_by_library
from grader.execution.settings import RunSettings
from grader.model import Interpreter
from grader.sandbox import run_script

INSIDE = Path(__file__).with_name("inside.py")

OLDEST_PYTHON = (3, 9)
"""Every TensorFlow from 2.8 (2022), the oldest that courses still pin, to 2.20 can be had for Python 3.9."""

ASK_TIMEOUT_S = 60.0
"""An interpreter on a slow network disk takes seconds to start."""

_IN_A_FOLDER = ("python.exe",) if os.name == "nt" else ("bin", "python")
_ASK = "import json, sys; print(json.dumps([sys.executable, list(sys.version_info[:3])]))"


def choose_environment(asked: str | None, known: EnvironmentFile) -> NamedEnvironment | None:
    """Return the environment asked for by name, path or program name, else the file's default; None for the grader's.

    Raises:
        CourseEnvironmentError: nothing is known under that name, or there is no such interpreter.
    """
    if asked is None:
        return known.get(known.default) if known.default else None
    named = known.get(asked)
    if named is not None:
        return named
    if os.sep in asked or asked.startswith("~"):
        return NamedEnvironment(asked, os.path.abspath(os.path.expanduser(asked)))
    program = shutil.which(asked)
    if program is not None:
        return NamedEnvironment(asked, os.path.abspath(program))
    names = ", ".join(item.name for item in known.environments)
    where = f"{known.path} has {names or 'none'}" if known.path else "no grader.toml was found"
    raise CourseEnvironmentError(
        f"--python {asked} is neither an environment ({where}) nor a program; give the path of an interpreter"
    )


def in_environment(environment: NamedEnvironment, settings: RunSettings) -> RunSettings:
    """Return the settings with that environment's interpreter, once it has shown that it can run watched kernels.

    It is asked in a sandbox of the same tier: what works outside need not work there.

    Raises:
        CourseEnvironmentError: it is not there, can't be run, is too old, or lacks something.
    """
    python = _executable(environment)
    try:
        result = run_script(
            INSIDE,
            {"distributions": list(DISTRIBUTIONS)},
            {},
            tier=settings.tier,
            limits=settings.limits,
            python=python,
            environment=dict(environment.variables),
        )
    except SandboxError as error:
        raise CourseEnvironmentError(f"{python} can't be run in the sandbox: {error}") from error
    told = _answer(result.stdout)
    if result.status != "ok" or told is None:
        said = result.stderr_tail.strip().rsplit("\n", 1)[-1] or f"status {result.exit_code}"
        raise CourseEnvironmentError(f"{python} does not run in the sandbox ({result.status}): {said}")
    if told.get("ipykernel") is None:
        missing = str(told.get("problem", "")).startswith("ModuleNotFoundError: No module named 'ipykernel")
        why = "has no ipykernel" if missing else f"has an ipykernel that can't be imported ({told.get('problem')})"
        raise CourseEnvironmentError(f"{python} {why}; {python} -m pip install ipykernel")
    versions = told.get("versions") or {}
    packages = versions_by_library({str(name): str(version) for name, version in versions.items()})
    _require_legacy_keras(python, dict(environment.variables), dict(packages))
    interpreter = Interpreter(environment.name, str(told.get("python", "")), packages, environment.variables)
    return replace(settings, python=python, interpreter=interpreter)


def _executable(environment: NamedEnvironment) -> str:
    """Return the interpreter itself: launchers (pyenv's) are scripts that look for it where a box has nothing."""
    python = environment.python
    if os.path.isdir(python):
        python = os.path.join(python, *_IN_A_FOLDER)
    asked = "--python" if os.sep in environment.name else f"environment {environment.name}:"
    if not os.path.exists(python):
        raise CourseEnvironmentError(f"{asked} {python} is not there; give the path of a Python interpreter")
    if not os.access(python, os.X_OK):
        raise CourseEnvironmentError(f"{asked} {python} can't be executed; give the path of a Python interpreter")
    try:
        done = subprocess.run(
            [python, "-E", "-s", "-c", _ASK],
            capture_output=True,
            text=True,
            check=True,
            timeout=ASK_TIMEOUT_S,
            cwd=os.path.dirname(python),  # never one where a file of a student's could pass for json.py
        )
        executable, version = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise CourseEnvironmentError(f"{asked} {python} is not a Python interpreter that runs ({error})") from error
    if tuple(version) < OLDEST_PYTHON:
        oldest, found = (".".join(map(str, numbers)) for numbers in (OLDEST_PYTHON, version))
        raise CourseEnvironmentError(f"{asked} {python} is Python {found}; kernels are watched from Python {oldest} on")
    return str(executable or python)


def _answer(stdout: bytes) -> Mapping[str, Any] | None:
    lines = stdout.decode("utf-8", "replace").strip().splitlines()
    try:
        told = json.loads(lines[-1])
    except (IndexError, ValueError):
        return None
    return told if isinstance(told, dict) else None


def _require_legacy_keras(python: str, variables: Mapping[str, str], packages: Mapping[str, str]) -> None:
    """TensorFlow 2.16 and later has Keras 2 only where `tf_keras` of the same release is installed too."""
    wanted = variables.get("TF_USE_LEGACY_KERAS", "").lower() in {"1", "true"}
    tensorflow = packages.get("tensorflow", "")
    release = tuple(int(part) for part in tensorflow.split(".")[:2] if part.isdigit())
    if wanted and release >= (2, 16) and "tf_keras" not in packages:
        line = f"{python} -m pip install tf_keras=={release[0]}.{release[1]}.*"
        raise CourseEnvironmentError(f"TF_USE_LEGACY_KERAS needs tf_keras, which {python} does not have; {line}")
