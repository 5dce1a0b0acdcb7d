"""What boxes answered that trained a recipe, checked and scored on the host: they never saw a test label."""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.errors import VerificationError
from grader.reference.plan import Plan
from grader.reference.splits import Split
from grader.verification.arrays import Array, array_from_bytes
from grader.verification.scores import balanced_accuracy, macro_f1

MOST_PARAMETERS = 10**9
MOST_EPOCHS = 1000


@dataclass(frozen=True, slots=True)
class SeedResult:
    """One recipe from one seed, as the box answered and the host scored it."""

    recipe: str
    seed: int
    score: float
    parameters: int
    seconds: float
    history: tuple[tuple[str, tuple[float, ...]], ...]
    done: float
    balanced_accuracy: float | None = None
    macro_f1: float | None = None
    error_deviation: float | None = None


def read_replies(stdout: bytes, plans: Sequence[Plan], split: Split) -> tuple[SeedResult, ...]:
    """Read the box's lines; what is malformed counts as not answered."""
    asked = {(plan.recipe.id, seed) for plan in plans for seed in plan.seeds}
    results: dict[tuple[str, int], SeedResult] = {}
    for line in stdout.splitlines():
        try:
            reply = json.loads(line)
            result = _seed_result(reply, split)
        except (ValueError, KeyError, TypeError, RecursionError, binascii.Error, VerificationError):
            continue
        if (result.recipe, result.seed) in asked:
            results.setdefault((result.recipe, result.seed), result)
    return tuple(results.values())


def _seed_result(reply: Mapping[str, Any], split: Split) -> SeedResult:
    """Check one answer, and score what it predicts.

    Raises:
        ValueError, KeyError, TypeError, VerificationError: it is malformed, or can't be.
    """
    predictions = array_from_bytes(base64.b64decode(reply["predictions"], validate=True), "the box's reply")
    if predictions.shape != split.truth.shape:
        raise VerificationError("the box answered another number of rows")
    parameters, seconds, done = reply["parameters"], float(reply["seconds"]), float(reply["done"])
    if not (isinstance(parameters, int) and 0 <= parameters <= MOST_PARAMETERS and 0 <= seconds < math.inf):
        raise VerificationError("the box answered impossible figures")
    if not 0 <= done <= 1:
        raise VerificationError("the box answered that it did more than all, or less than nothing")
    scores = _scores(predictions, split)
    if not math.isfinite(scores.score):
        raise VerificationError("the network's error is not finite")
    return SeedResult(
        recipe=str(reply["recipe"]),
        seed=int(reply["seed"]),
        parameters=parameters,
        seconds=seconds,
        history=_history(reply["history"]),
        done=done,
        score=scores.score,
        balanced_accuracy=scores.balanced_accuracy,
        macro_f1=scores.macro_f1,
        error_deviation=scores.error_deviation,
    )


def _history(told: Any) -> tuple[tuple[str, tuple[float, ...]], ...]:
    """Return the curves of a training by name, as long as they may be."""
    history = {str(name): [float(value) for value in values] for name, values in dict(told).items()}
    if not all(math.isfinite(value) for values in history.values() for value in values):
        raise VerificationError("the network's training diverged")
    return tuple((name, tuple(values[:MOST_EPOCHS])) for name, values in history.items())


@dataclass(frozen=True, slots=True)
class _Scores:
    """Accuracy and what goes with it of classes; of numbers, the mean absolute error and how it varies."""

    score: float
    balanced_accuracy: float | None = None
    macro_f1: float | None = None
    error_deviation: float | None = None


def _scores(predictions: Array, split: Split) -> _Scores:
    if split.classes:
        matrix = _matrix(predictions, split)
        return _Scores(float((predictions == split.truth).mean()), balanced_accuracy(matrix), macro_f1(matrix))
    errors = np.abs(predictions - split.truth)
    return _Scores(float(errors.mean()), error_deviation=float(errors.std()))


def _matrix(predictions: Array, split: Split) -> NDArray[np.int64]:
    """Count rows by true and predicted class; classes that were never trained on share one more place."""
    size = len(split.classes) + 1
    places = [np.where((codes < 0) | (codes >= size), size - 1, codes) for codes in (split.truth, predictions)]
    return np.bincount(places[0] * size + places[1].astype(np.int64), minlength=size * size).reshape(size, size)
