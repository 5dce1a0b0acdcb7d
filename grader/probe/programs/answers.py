"""Which program answers what: what needs the network from what is here, everything else by the real program."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from . import downloads, installing

OURS_VARIABLE = "GRADER_PROGRAMS"
"""Environment variable that names the folder where these programs stand on the PATH."""

SHADOW = os.path.join(os.path.dirname(os.path.abspath(__file__)), "shadow")
NOT_FOUND = 127

ANSWERS: dict[str, Callable[[list[str]], int | None]] = {
    "apt": installing.apt,
    "apt-get": installing.apt,
    "conda": installing.conda,
    "curl": downloads.curl,
    "gdown": downloads.gdown,
    "git": downloads.git,
    "kaggle": downloads.kaggle,
    "mamba": installing.conda,
    "pip": installing.pip,
    "pip3": installing.pip,
    "sudo": lambda arguments: run(os.path.basename(arguments[0]), arguments[1:]) if arguments else None,
    "wget": downloads.wget,
}
"""Name of a program to what answers it: an exit status, or None where the real program is to do it."""


def run(name: str, arguments: list[str]) -> int:
    """Answer as the program `name`, or become the real one; the exit status."""
    answer = ANSWERS[name](arguments) if name in ANSWERS else None
    sys.stdout.flush()
    return become_real(name, arguments) if answer is None else answer


def become_real(name: str, arguments: list[str]) -> int:
    """Replace this process by the real program; NOT_FOUND where there is none."""
    ours = os.path.realpath(os.environ.get(OURS_VARIABLE, os.devnull))
    folders = [item for item in os.environ.get("PATH", "").split(os.pathsep) if item]
    rest = [item for item in folders if os.path.realpath(item) != ours]
    environment = {**os.environ, "PATH": os.pathsep.join(rest)}
    if name in {"pip", "pip3"}:
        own = [item for item in environment.pop("PYTHONPATH", "").split(os.pathsep) if item]
        kept = [item for item in own if os.path.realpath(item) != os.path.realpath(SHADOW)]
        environment |= {"PYTHONPATH": os.pathsep.join(kept)} if kept else {}
        os.execve(sys.executable, [sys.executable, "-m", "pip", *arguments], environment)  # noqa: S606
    for folder in rest:
        path = os.path.join(folder, name)
        if os.access(path, os.X_OK) and not os.path.isdir(path):
            os.execve(path, [name, *arguments], environment)  # noqa: S606 - no shell is wanted
    print(f"{name}: command not found", file=sys.stderr)
    return NOT_FOUND
