"""Calls as they stand in the code, with their arguments: what there is to go by where nothing was watched."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from grader.model import CellFacts, Evidence

_NOT_PYTHON = re.compile(r"^(\s*)[%!].*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class CodeCall:
    """One call: its dotted name, the cell, its arguments as they are written (`path`, `x_test[:1]`), by name or not."""

    name: str
    cell: int
    arguments: tuple[str, ...] = ()
    keywords: tuple[tuple[str, str], ...] = ()

    @property
    def last(self) -> str:
        """The last part of the name: `fit` of `model.fit`."""
        return self.name.rpartition(".")[2]

    @property
    def given(self) -> str:
        """All arguments in one text."""
        return ", ".join([*self.arguments, *(f"{name}={value}" for name, value in self.keywords)])

    def keyword(self, name: str) -> str:
        """Return the argument given by that name, empty where it was not."""
        return dict(self.keywords).get(name, "")


def code_calls(evidence: Evidence, names: Iterable[str] = ()) -> tuple[CodeCall, ...]:
    """Return the calls in the notebook's code cells, those with such last parts of their names where any are given."""
    wanted = frozenset(names)
    found = (call for cell in evidence.cells for call in _calls(cell))
    return tuple(call for call in found if not wanted or call.last in wanted)


def functions_doing(evidence: Evidence, pattern: re.Pattern[str]) -> frozenset[str]:
    """Return the names of the notebook's own functions in whose code a pattern is found."""
    found: set[str] = set()
    for cell in evidence.cells:
        tree = _parsed(cell)
        for node in ast.walk(tree) if tree is not None else ():
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and pattern.search(ast.unparse(node)):
                found.add(node.name)
    return frozenset(found)


def cells_with(evidence: Evidence, pattern: re.Pattern[str]) -> list[int]:
    """Return the code cells that a pattern is found in, comments and strings included."""
    return [cell.index for cell in evidence.cells if cell.kind == "code" and pattern.search(cell.source)]


@lru_cache(maxsize=512)
def _calls(cell: CellFacts) -> tuple[CodeCall, ...]:
    tree = _parsed(cell)
    if tree is None:
        # What does not parse here has names of calls all the same, as far as the reader of the notebook got.
        return tuple(CodeCall(name, cell.index) for name in cell.calls)
    nodes = sorted((node for node in ast.walk(tree) if isinstance(node, ast.Call)), key=_place)
    return tuple(
        CodeCall(
            _dotted(node.func),
            cell.index,
            tuple(ast.unparse(item) for item in node.args),
            tuple((item.arg or "**", ast.unparse(item.value)) for item in node.keywords),
        )
        for node in nodes
    )


@lru_cache(maxsize=512)
def _parsed(cell: CellFacts) -> ast.Module | None:
    if cell.kind != "code":
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(_NOT_PYTHON.sub(r"\1pass", cell.source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _place(node: ast.Call) -> tuple[int, int]:
    return node.end_lineno or 0, node.end_col_offset or 0


def _dotted(node: ast.expr) -> str:
    parts: list[str] = []
    while not isinstance(node, ast.Name):
        if isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        elif isinstance(node, ast.Call):
            node = node.func
        elif isinstance(node, ast.Subscript):
            node = node.value
        else:
            return ".".join(reversed(parts))
    return ".".join(reversed([*parts, node.id]))
