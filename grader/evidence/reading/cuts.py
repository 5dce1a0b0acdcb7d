"""Searches for a threshold as they are written: a loop over cuts of one prediction, a pick from a curve's thresholds.

Only how something is done is read here; on which rows it was done is seen in the run.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from grader.evidence.reading.cells import read_sources_of
from grader.evidence.reading.source import calls, dotted_name
from grader.model.submission import Submission

ORDERINGS = (ast.Gt, ast.GtE, ast.Lt, ast.LtE)
CURVE_CALLS = frozenset({"roc_curve", "precision_recall_curve"})
PICKS = frozenset({"max", "argmax", "nanargmax", "idxmax", "argsort", "sort_values", "sorted", "argmin", "idxmin"})
"""What picks the best of many values; a comparison with the best so far does so too."""


@dataclass(frozen=True, slots=True)
class WrittenSearch:
    """A search for a threshold in a cell's code."""

    cell: int
    how: Literal["loop", "curve"]


def read_searches(submission: Submission) -> tuple[WrittenSearch, ...]:
    """Return the searches for a threshold that are written in a notebook, in order."""
    trees = [(source.index, source.tree) for source in read_sources_of(submission) if source.tree is not None]
    subscripted = {
        node.value.id
        for _, tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name)
    }
    picks = any(_picks(node) for _, tree in trees for node in ast.walk(tree))
    cutting = frozenset(
        node.name for _, tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and _cuts(node)
    )
    found: list[WrittenSearch] = []
    for index, tree in trees:
        if any(name in subscripted for name in _thresholds(tree)):
            found.append(WrittenSearch(index, "curve"))
        if picks and any(_loops_over_cuts(node, cutting) for node in ast.walk(tree)):
            found.append(WrittenSearch(index, "loop"))
    return tuple(found)


def _thresholds(tree: ast.AST) -> Iterator[str]:
    """Yield what the thresholds of a curve are called: the last of the three things it returns."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
            name = dotted_name(node.value.func).rpartition(".")[2]
            for target in node.targets if name in CURVE_CALLS else ():
                if isinstance(target, ast.Tuple) and isinstance(target.elts[-1], ast.Name):
                    yield target.elts[-1].id


def _loops_over_cuts(node: ast.AST, cutting: frozenset[str]) -> bool:
    """Whether a loop compares one thing with each of many cuts, itself or through a function that does."""
    for targets, body in _loops(node):
        for part in body:
            if _compares(part, targets) or any(dotted_name(call.func) in cutting for call in calls(part)):
                return True
    return False


def _loops(node: ast.AST) -> Iterator[tuple[frozenset[str], Sequence[ast.AST]]]:
    if isinstance(node, ast.For):
        yield _names(node.target), node.body
    elif isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp):
        yield _names(node.generators[0].target), [node.elt]
    elif isinstance(node, ast.DictComp):
        yield _names(node.generators[0].target), [node.key, node.value]


def _cuts(function: ast.FunctionDef) -> bool:
    given = frozenset(argument.arg for argument in function.args.args)
    return any(_compares(part, given) for part in function.body)


def _compares(tree: ast.AST, cuts: frozenset[str]) -> bool:
    """Whether there is `answers > cut` in what may be a list of numbers, and no bare `if`."""
    tests = {id(node.test) for node in ast.walk(tree) if isinstance(node, ast.If | ast.While | ast.IfExp)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and id(node) not in tests and isinstance(node.ops[0], ORDERINGS):
            sides = (node.left, node.comparators[0])
            if any(isinstance(side, ast.Name) and side.id in cuts for side in sides):
                return True
    return False


def _picks(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return dotted_name(node.func).rpartition(".")[2] in PICKS
    return isinstance(node, ast.If) and isinstance(node.test, ast.Compare) and isinstance(node.test.ops[0], ORDERINGS)


def _names(target: ast.AST) -> frozenset[str]:
    return frozenset(node.id for node in ast.walk(target) if isinstance(node, ast.Name))
