"""The assignment's template: a notebook, a text or a script that every student began from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from grader.errors import StarterError, SubmissionError
from grader.intake.read import load_notebook
from grader.intake.scripts import cells_of_script, read_text
from grader.model import Cell


def load_starter(paths: Sequence[Path]) -> tuple[Cell, ...]:
    """Return the cells of templates: `.ipynb`, `.py`, and any other text as markdown.

    Raises:
        StarterError: one of them can't be read.
    """
    cells: list[Cell] = []
    for path in paths:
        try:
            if path.suffix.lower() == ".ipynb":
                cells += load_notebook(path.absolute(), "starter", None).cells
            elif path.suffix.lower() == ".py":
                cells += cells_of_script(read_text(path), path.name)
            else:
                cells.append(Cell(0, "markdown", read_text(path)))
        except SubmissionError as error:
            raise StarterError(f"--starter {path} {error}") from error
    return tuple(cells)
