"""Mean recall of the classes, which guessing can't raise however imbalanced they are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

from grader.model import Verified


@dataclass(frozen=True, slots=True)
class MeanRecall:
    """Balanced accuracy beside what a guesser has.

    `guessing` is 1 over the classes that have rows, whatever a guesser prefers; `chance_of_luck` bounds how likely one
    gets so high; `error` bounds the standard error; `majority` is the share of the commonest class.
    """

    value: float
    guessing: float
    chance_of_luck: float
    error: float
    majority: float
    classes: int


def mean_recall(verified: Verified | None) -> MeanRecall | None:
    """Return the mean recall of a recomputed matrix, None without one or with a single class."""
    if verified is None or not verified.matrix:
        return None
    support = [(sum(row), row[place]) for place, row in enumerate(verified.matrix) if sum(row)]
    if len(support) < 2:
        return None
    value = sum(right / rows for rows, right in support) / len(support)
    # p(1 - p) is at most a quarter for each class's recall.
    error = math.sqrt(sum(0.25 / rows for rows, _ in support)) / len(support)
    guessing = 1 / len(support)
    total = sum(rows for rows, _ in support)
    return MeanRecall(
        value=value,
        guessing=guessing,
        chance_of_luck=1 - NormalDist().cdf((value - guessing) / error),
        error=error,
        majority=max(rows for rows, _ in support) / total,
        classes=len(support),
    )
