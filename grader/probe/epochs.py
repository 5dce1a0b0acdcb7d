"""The epochs of a training loop of the student's own: passes over its rows, with the losses and metrics of each.

An epoch ends where a step brings mostly rows that this pass has had. Steps that draw rows at random make no epochs;
then none are told.
"""

from __future__ import annotations

import math
import weakref
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from .arrays import is_symbolic
from .streams import flat

MOSTLY = 0.5
"""Share of a batch's rows that this pass has had already, from which a new pass began."""

MAX_TARGETS = 8
"""Gradients taken that wait for the optimizer's step they belong to."""

MAX_METRICS = 256

THROUGH = frozenset({"Identity", "Mean", "Sum", "Cast", "Reshape", "Squeeze", "AddV2", "Mul", "RealDiv"})
"""Operations between a loss and what a step returns of it."""


@dataclass
class Pass:
    """One pass over the rows: what it had, the sum of its losses, and the last result of each metric."""

    seen: set[int] = field(default_factory=set)
    rows: int = 0
    steps: int = 0
    loss: float = 0.0
    counted: int = 0
    values: dict[str, float] = field(default_factory=dict)


class Epochs:
    """The passes of one custom training."""

    def __init__(self) -> None:
        """Start before the first step."""
        self._passes: list[Pass] = []
        self._largest = 0
        self._blind = False

    def step(self, marks: list[int] | None) -> None:
        """Count a step on rows with these hashes; None where they are not known."""
        if not marks:
            self._blind = True
            return
        now = self._passes[-1] if self._passes else None
        if now is None or sum(mark in now.seen for mark in marks) > MOSTLY * len(marks):
            if now is not None:
                now.seen.clear()
            now = Pass()
            self._passes.append(now)
        now.seen.update(marks)
        now.rows += len(marks)
        now.steps += 1
        self._largest = max(self._largest, len(marks))

    def loss(self, value: float, rows: int) -> None:
        """Add the loss of the last step."""
        if self._passes:
            self._passes[-1].loss += value * rows
            self._passes[-1].counted += rows

    def metric(self, name: str, value: float) -> None:
        """Note a metric's result; the last one of an epoch counts."""
        if self._passes:
            self._passes[-1].values[name] = value

    def logs(self) -> list[dict[str, float]]:
        """Return the logs of each epoch; none where the steps don't pass over the rows in epochs."""
        if self._blind or not self._regular():
            return []
        found = [self._log(item) for item in self._passes]
        return found if all(found) else []

    def _regular(self) -> bool:
        whole = [item.rows for item in self._passes[:-1]]
        return not whole or max(whole) - min(whole) <= self._largest

    @staticmethod
    def _log(item: Pass) -> dict[str, float]:
        log = dict(item.values)
        if item.counted == item.rows:
            log["loss"] = item.loss / item.counted
        return log


class Targets:
    """What gradients were taken of, until the optimizer's step that uses them."""

    def __init__(self) -> None:
        """Start with none."""
        self._held: list[tuple[Any, set[int]]] = []

    def add(self, target: Any, sources: Any) -> None:
        """Hold the loss that a tape's gradient was asked of."""
        del self._held[:-MAX_TARGETS]
        self._held.append((target, {id(source) for source in flat(sources)}))

    def take(self, variables: set[int]) -> Any:
        """Return the last loss whose gradients are of these variables, and forget it and all before it."""
        for place in range(len(self._held) - 1, -1, -1):
            target, sources = self._held[place]
            if not variables or not sources or sources & variables:
                del self._held[: place + 1]
                return target
        return None


def loss_value(target: Any) -> float | None:
    """Return a loss as a number: the mean of one that is given row by row. None for symbolic ones."""
    leaves = flat(target)
    if len(leaves) != 1 or is_symbolic(leaves[0]) or not hasattr(leaves[0], "numpy"):
        return None
    value = float(leaves[0].numpy().mean())
    return value if math.isfinite(value) else None


def place_of_loss(target: Any) -> int | None:
    """Return which of a traced step's results is its loss; None where it returns none."""
    leaves = flat(target)
    graph = getattr(leaves[0], "graph", None) if len(leaves) == 1 else None
    for place, result in enumerate(getattr(graph, "outputs", ())):
        tensor, steps = result, 0
        while tensor is not leaves[0] and tensor.name != leaves[0].name and steps < len(THROUGH):
            if tensor.op.type not in THROUGH or not tensor.op.inputs:
                break
            tensor, steps = tensor.op.inputs[0], steps + 1
        if tensor.name == leaves[0].name:
            return place
    return None


class Metrics:
    """Keras's metric objects: whether each is fed by training steps or by what is scored between them."""

    def __init__(self) -> None:
        """Start with none seen."""
        self._sides: OrderedDict[int, tuple[Any, str]] = OrderedDict()

    def fed(self, metric: Any, side: str) -> None:
        """Note that a metric was updated in a `train` or `score` phase."""
        self._sides[id(metric)] = (weakref.ref(metric), side)
        while len(self._sides) > MAX_METRICS:
            self._sides.popitem(last=False)

    def name(self, metric: Any) -> str:
        """Return what Keras's fit would call this metric's results in its logs; empty where that isn't known.

        A plain mean that training steps don't feed is the validation loss where it is the only one.
        """
        held = self._sides.get(id(metric))
        if held is None or held[0]() is not metric:
            return ""
        kind = _kind(metric)
        alike = [
            other
            for reference, side in self._sides.values()
            if side == held[1] and (other := reference()) is not None and _kind(other) == kind
        ]
        if len(alike) != 1:
            return ""
        return kind if held[1] == "train" else f"val_{kind}"


def _kind(metric: Any) -> str:
    name = type(metric).__name__
    if name == "Mean":
        return "loss"
    if name.endswith("Accuracy"):
        return "accuracy"
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")
