"""Puts the programs of `programs/` first on the PATH of whatever the notebook starts."""

from __future__ import annotations

import os
import shlex
import sys
import tempfile

from .programs.mapping import NOTES_VARIABLE

NAMES = ("apt", "apt-get", "conda", "curl", "gdown", "git", "kaggle", "mamba", "pip", "pip3", "sudo", "wget")
"""What is answered: see `programs/answers.py`."""

FOLDER_VARIABLE = "GRADER_PROGRAMS"
PROGRAMS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "programs")


def put_programs_on_path() -> None:
    """Write the programs to a folder of their own, and name it first in PATH; the same for `python -m pip`."""
    if os.name != "posix":
        return
    folder = tempfile.mkdtemp(prefix="programs-")
    first = os.path.join(folder, NAMES[0])
    with open(first, "w", encoding="utf-8") as file:
        words = [sys.executable, "-I", os.path.join(PROGRAMS, "main.py")]
        file.write(f'#!/bin/sh\nexec {" ".join(map(shlex.quote, words))} "$(basename "$0")" "$@"\n')
    os.chmod(first, 0o755)  # noqa: S103 - a program
    for name in NAMES[1:]:
        os.symlink(NAMES[0], os.path.join(folder, name))
    os.environ[FOLDER_VARIABLE] = folder
    os.environ[NOTES_VARIABLE] = os.path.join(folder, "notes")
    _put_first("PATH", folder)
    _put_first("PYTHONPATH", os.path.join(PROGRAMS, "shadow"))


def _put_first(variable: str, folder: str) -> None:
    rest = os.environ.get(variable, "")
    os.environ[variable] = f"{folder}{os.pathsep}{rest}" if rest else folder
