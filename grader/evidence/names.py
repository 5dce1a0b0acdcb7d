"""A name that was used before any cell had made it: where it is made, or what may have been meant."""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Iterator

from grader.evidence.reading.source import read_source
from grader.model import CellRun, Submission

_UNDEFINED = re.compile(r"name '([^'\n]{1,200})' is not defined")

ALIKE = 0.8
"""Likeness (difflib's ratio) from which another name may have been meant: one letter in five may differ."""


def explain_undefined_name(submission: Submission, cell: CellRun) -> str:
    """Return a sentence on a NameError: which cell below makes the name, or which name above is almost it."""
    found = _UNDEFINED.search(cell.message)
    if found is None or cell.exception.rpartition(".")[2] not in {"NameError", "UnboundLocalError"}:
        return ""
    name = found[1]
    made = {
        other.index: set(_names_made(other.index, other.source)) for other in submission.cells if other.kind == "code"
    }
    below = next((index for index in sorted(made) if index > cell.index and name in made[index]), None)
    if below is not None:
        return (
            f"`{name}` is used in cell {cell.index + 1} and made only in cell {below + 1}, below it: cells were run in "
            f"another order. Move that cell up, restart the kernel and run all cells."
        )
    if name in made.get(cell.index, ()):
        return f"Cell {cell.index + 1} uses `{name}` before the line that makes it: put that line first."
    above = {known for index, names in made.items() if index < cell.index for known in names}
    alike = difflib.get_close_matches(name, sorted(above), n=1, cutoff=ALIKE)
    if alike:
        return f"No cell makes `{name}`; was `{alike[0]}` meant? Restart the kernel and run all cells."
    return (
        f"No cell makes `{name}`: the cell that did was changed or deleted. Put it back, restart the kernel and "
        "run all cells."
    )


def _names_made(index: int, source: str) -> Iterator[str]:
    """Yield the names that a cell binds at its top level: assignments, imports, functions, classes, loops."""
    tree = read_source(index, source).tree
    for statement in [] if tree is None else tree.body:
        yield from _bound_by(statement)


def _bound_by(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield statement.name
        return
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from ((alias.asname or alias.name).partition(".")[0] for alias in node.names)
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
