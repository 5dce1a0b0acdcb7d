"""One program under many names: `main.py NAME ARGUMENTS...`, where NAME is that of the program asked for."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys

PACKAGE = "_grader_programs"
FOLDER = os.path.dirname(os.path.abspath(__file__))


def run(name: str, arguments: list[str]) -> int:
    """Answer as the program `name`; the exit status."""
    spec = importlib.util.spec_from_file_location(
        PACKAGE, os.path.join(FOLDER, "__init__.py"), submodule_search_locations=[FOLDER]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"cannot load {FOLDER}")
    sys.modules[PACKAGE] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[PACKAGE])
    return int(importlib.import_module(f"{PACKAGE}.answers").run(name, arguments))


if __name__ == "__main__":
    sys.exit(run(os.path.basename(sys.argv[1]), sys.argv[2:]))
