"""Functions that a notebook defines in one cell and calls in another: what they do, the calling cell does."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from grader.model import Evidence


def functions_calling(evidence: Evidence, names: Iterable[str]) -> tuple[str, ...]:
    """Return the notebook's own functions whose bodies call one of these, by the last parts of dotted names."""
    wanted = frozenset(names)
    found: list[str] = []
    for cell in evidence.cells:
        if cell.kind == "code" and cell.defines_functions and cell.parses:
            found.extend(item.name for item in _functions(cell.source) if _called_in(item) & wanted)
    return tuple(found)


def _functions(source: str) -> list[ast.FunctionDef]:
    try:
        return [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]
    except (SyntaxError, ValueError, RecursionError):
        return []  # magics, or code that is made to be unreadable


def _called_in(function: ast.FunctionDef) -> set[str]:
    calls = [node.func for node in ast.walk(function) if isinstance(node, ast.Call)]
    methods = {call.attr for call in calls if isinstance(call, ast.Attribute)}
    return methods | {call.id for call in calls if isinstance(call, ast.Name)}
