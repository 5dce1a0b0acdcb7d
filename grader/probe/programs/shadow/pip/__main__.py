"""`python -m pip ...`: the same answers as the program `pip` gives."""

from __future__ import annotations

import importlib.util
import os
import sys

PROGRAMS = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

if __name__ == "__main__":
    spec = importlib.util.spec_from_file_location("_grader_program", os.path.join(PROGRAMS, "main.py"))
    if spec is None or spec.loader is None:
        raise ImportError(f"cannot load {PROGRAMS}")
    program = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(program)
    sys.exit(program.run("pip", sys.argv[1:]))
