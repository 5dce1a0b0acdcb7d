"""What a budget allows the trainings of one notebook, as the probe is told."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable, Iterator
from typing import Any

from grader.model import Budget
from grader.probe.wire import BUDGET_VARIABLE

QUICK_STEPS = 1_000
"""Most steps of one training under `quick`: a small network on small pictures does 100 to 200 a second on one core, and
is out of guessing by then. A training that asks for fewer (Iris in 100 epochs does 400) is not capped at all."""

QUICK_TRAINING_S = 20.0
"""Most seconds of one training under `quick`, where steps are slow: ten trainings stay within a few minutes. They
are of the processor's work, so that a busy machine cuts hardly more than a quiet one."""

IN_A_LOOP = 4
"""Trainings that a call of `fit` in a loop or function stands for when shares are planned: settings that are compared
come in threes to fives."""

KERAS_ARGUMENTS = frozenset(
    {"epochs", "batch_size", "validation_data", "validation_split", "steps_per_epoch", "callbacks"}
)
"""Arguments that tell a network's `fit` from a scaler's."""

OWN_STEPS = frozenset({"backward", "apply_gradients", "train_on_batch"})
"""Calls that a training loop of one's own is made of: it needs a share as well, though it can't be capped."""

LOOPS = (ast.For, ast.While, ast.AsyncFor, ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ListComp)


def budget_variables(budget: Budget, notebook: Any) -> dict[str, str]:
    """Return the kernel's environment variables for a budget: none where all training is allowed."""
    if budget.kind == "full":
        return {}
    if budget.kind == "quick":
        allowance: dict[str, Any] = {"steps": QUICK_STEPS, "training_s": QUICK_TRAINING_S}
    else:
        sources = (cell.source for cell in notebook.cells if cell.cell_type == "code")
        allowance = {"total_s": budget.seconds, "trainings": foreseen_trainings(sources)}
    return {BUDGET_VARIABLE: json.dumps(allowance)}


def foreseen_trainings(sources: Iterable[str]) -> int:
    """Return how many trainings the code of a notebook looks like, at least one."""
    from grader.evidence.reading.source import read_source  # noqa: PLC0415 - costs start-up, and few runs need it

    trees = (read_source(index, source).tree for index, source in enumerate(sources))
    return max(1, sum(_trainings(tree) for tree in trees if tree is not None))


def _trainings(tree: ast.Module) -> int:
    found = own = 0
    for call, looped in _calls(tree, looped=False):
        name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        if name in {"fit", "fit_generator"} and KERAS_ARGUMENTS & {item.arg for item in call.keywords}:
            found += IN_A_LOOP if looped else 1
        own = own or name in OWN_STEPS
    return found + own


def _calls(node: ast.AST, *, looped: bool) -> Iterator[tuple[ast.Call, bool]]:
    """Yield each call, and whether it stands in a loop or a function."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Call):
            yield child, looped
        yield from _calls(child, looped=looped or isinstance(child, LOOPS))
