"""Where an interpreter lives: what has to be visible for it to run inside a box."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from pathlib import Path

from grader.errors import SandboxError

_ASK = (
    "import json, os, sys; "
    "print(json.dumps([sys.prefix, sys.base_prefix, sys.exec_prefix, os.path.realpath(sys.executable), os.__file__]))"
)
_ASK_TIMEOUT_S = 60.0


@functools.cache
def interpreter_roots(python: str) -> tuple[str, ...]:
    """The folders that `python` needs besides the system's: its environment and the installation that it came from.

    Both the paths as written and as resolved, parents before children.

    Raises:
        SandboxError: `python` can't be run.
    """
    prefix, base, exec_prefix, executable, library = _places(python)
    links = _links_on_the_way(python)
    named = {prefix, base, exec_prefix, os.path.dirname(os.path.dirname(executable)), *links}
    library_root = str(Path(library).parents[2])  # <root>/lib/pythonX.Y/os.py
    roots = {form for root in (*named, library_root) for form in (root, os.path.realpath(root))}
    return tuple(sorted(root for root in roots if not _of_the_system(root)))


def _places(python: str) -> list[str]:
    if os.path.abspath(python) == os.path.abspath(sys.executable):
        return [sys.prefix, sys.base_prefix, sys.exec_prefix, os.path.realpath(sys.executable), os.__file__]
    command = [python, "-I", "-c", _ASK]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=_ASK_TIMEOUT_S)
        return [str(place) for place in json.loads(done.stdout)]
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise SandboxError(f"the interpreter {python} can't be run ({error}); name another with --python") from error


def _links_on_the_way(python: str) -> set[str]:
    """Environments may link their interpreter through several folders (pyenv, uv): each has to be there."""
    found: set[str] = set()
    path = os.path.abspath(python)
    while os.path.islink(path) and len(found) < 16:
        path = os.path.normpath(os.path.join(os.path.dirname(path), os.readlink(path)))
        found.add(os.path.dirname(os.path.dirname(path)))
    return found


def _of_the_system(root: str) -> bool:
    return root in {"/", "/usr"} or root.startswith("/usr/")


def search_path(python: str) -> str:
    """PATH inside: the environment's own programs first, then the system's."""
    return os.pathsep.join([os.path.dirname(os.path.abspath(python)), "/usr/local/bin", "/usr/bin", "/bin"])


def private_to_owner(paths: tuple[str, ...], *, ways: tuple[str, ...] = ()) -> bool:
    """Whether another uid is locked out of any of these trees, or of the folders on the way to `ways`."""
    if any(not _searchable(str(parent)) for way in ways for parent in Path(way).parents):
        return True
    return any(not _tree_readable(path) for path in paths)


def _searchable(folder: str) -> bool:
    try:
        return bool(os.stat(folder).st_mode & 0o001)
    except OSError:
        return False


def _tree_readable(path: str) -> bool:
    if not os.path.isdir(path):
        return bool(os.stat(path).st_mode & 0o004)
    for folder, _, files in os.walk(path):
        if os.stat(folder).st_mode & 0o005 != 0o005:
            return False
        for name in files:
            mode = os.lstat(os.path.join(folder, name)).st_mode
            if not mode & 0o004:
                return False
    return True


def installation_samples(python: str) -> tuple[str, ...]:
    """Files that tell whether an installation is readable for others, without walking its 50,000 files."""
    executable = os.path.realpath(python)
    return tuple(path for path in (executable, *_places(python)[4:5]) if os.path.exists(path))
