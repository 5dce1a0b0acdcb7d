"""Columns of a table that tell the label by themselves, as an outcome or a number given in its order would."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from grader.evidence.files import values_and_labels
from grader.evidence.fits import Fit
from grader.evidence.labels import LabelVector
from grader.evidence.observing import Observation
from grader.evidence.records import Scored
from grader.evidence.truth import labels_of_scoring
from grader.model import LabelProxy, Task

FEWEST_COLUMNS, MOST_COLUMNS = 3, 400
"""With two columns one tells nearly all; more columns than this are no table whose columns mean something each."""

FEWEST_TRAIN, FEWEST_HELD = 50, 20
"""Fewer rows are told by one column by chance."""

WIDEST_GAP = 1_000.0
"""Gap of a column that has one value for each class, and so no spread at all."""

MOST_ROWS = 20_000
"""Rows of either side that are looked at: enough for shares in thousandths."""


def find_label_proxy(seen: Observation, scored: Scored | None, fits: Sequence[Fit], task: Task) -> LabelProxy | None:
    """Return the input column that tells the label best, None where the inputs are no table or are not known."""
    fit = next((item for item in reversed(fits) if item.train), None)
    if scored is None or fit is None or task == "unknown":
        return None
    truth = labels_of_scoring(seen, scored, fits)
    learnt = truth.train if truth is not None and truth.units is not None else seen.labels.of_fit(fit)
    train = values_and_labels(seen, fit.train, learnt)
    held = values_and_labels(seen, scored.rows, truth.labels if truth else None)
    if train is None or held is None or not _is_table(train[0], held[0]):
        return None
    shares, chance = _told(train, held, task)
    if not len(shares):
        return None
    order = np.argsort(shares, kind="stable")
    column = int(order[-1])
    return LabelProxy(
        column=column,
        columns=len(shares),
        agreement=float(shares[order[-1]]),
        next_best=float(shares[order[-2]]),
        chance=chance,
        rows=len(held[0]),
        gap=0.0 if task == "regression" else _gap(train, held, column),
    )


def _is_table(train: NDArray[np.generic], held: NDArray[np.generic]) -> bool:
    if train.ndim != 2 or held.ndim != 2 or train.shape[1] != held.shape[1]:
        return False
    return FEWEST_COLUMNS <= train.shape[1] <= MOST_COLUMNS and len(train) >= FEWEST_TRAIN and len(held) >= FEWEST_HELD


def _told(
    train: tuple[NDArray[np.generic], LabelVector], held: tuple[NDArray[np.generic], LabelVector], task: Task
) -> tuple[NDArray[np.float64], float]:
    """Return how well each column by itself tells the held-out labels, and how well none does."""
    known, asked = train[0][:MOST_ROWS], held[0][:MOST_ROWS]
    if task == "regression":
        if train[1].classes or held[1].classes or train[1].values.ndim != 1 or held[1].values.ndim != 1:
            return np.zeros(0), 0.0
        answers, truth = train[1].values[:MOST_ROWS], held[1].values[:MOST_ROWS]
        return np.array([_explained(known[:, n], answers, asked[:, n], truth) for n in range(known.shape[1])]), 0.0
    classes, others = train[1].as_classes(), held[1].as_classes()
    if classes is None or others is None:
        return np.zeros(0), 0.0
    codes = {name: place for place, name in enumerate(classes.classes)}
    answers, truth = classes.values[:MOST_ROWS], others.coded(codes)[:MOST_ROWS]
    shares = [_agreement(known[:, n], answers, asked[:, n], truth) for n in range(known.shape[1])]
    return np.array(shares), float(np.bincount(truth[truth >= 0], minlength=1).max() / len(truth))


def _gap(
    train: tuple[NDArray[np.generic], LabelVector], held: tuple[NDArray[np.generic], LabelVector], column: int
) -> float:
    """Return how far a column's values of different classes lie apart, in standard deviations within a class.

    What is measured spreads and meets its neighbour; what was made of the label lies in bands.
    """
    bands: list[NDArray[np.float64]] = []
    known = [(values, vector.as_classes()) for values, vector in (train, held)]
    for name in sorted({name for _, vector in known if vector is not None for name in vector.classes}):
        parts = [
            values[vector.values == vector.classes.index(name), column]
            for values, vector in known
            if vector is not None and name in vector.classes
        ]
        band = np.concatenate(parts).astype(np.float64)
        if len(band):
            bands.append(band)
    if len(bands) < 2 or not all(np.isfinite(band).all() for band in bands):
        return 0.0
    bands.sort(key=lambda band: float(band.min()))
    gap = min(float(upper.min() - lower.max()) for lower, upper in pairwise(bands))
    spread = float(np.sqrt(np.mean(np.concatenate([band - band.mean() for band in bands]) ** 2)))
    return max(0.0, min(WIDEST_GAP, gap / spread if spread else WIDEST_GAP if gap > 0 else 0.0))


def _agreement(
    known: NDArray[np.generic], answers: NDArray[np.int64], asked: NDArray[np.generic], truth: NDArray[np.int64]
) -> float:
    """Return the share of labels told by the commonest label at the nearest known value of one column."""
    values, place = np.unique(known, return_inverse=True)
    counts = np.zeros((len(values), int(answers.max()) + 1), dtype=np.int32)
    np.add.at(counts, (place.reshape(-1), answers), 1)
    return float(np.mean(counts.argmax(axis=1)[_nearest_value(values, asked)] == truth))


def _nearest_value(values: NDArray[np.generic], asked: NDArray[np.generic]) -> NDArray[np.int64]:
    known, wanted = np.nan_to_num(values.astype(np.float64)), np.nan_to_num(asked.astype(np.float64))
    right = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    left = np.maximum(right - 1, 0)
    return np.asarray(np.where(wanted - known[left] <= known[right] - wanted, left, right), dtype=np.int64)


def _explained(
    known: NDArray[np.generic], answers: NDArray[np.float64], asked: NDArray[np.generic], truth: NDArray[np.float64]
) -> float:
    """Return R squared on held-out rows of a straight line through one column, 0 where it explains nothing."""
    x, wanted = np.nan_to_num(known.astype(np.float64)), np.nan_to_num(asked.astype(np.float64))
    spread, total = float(x.var()), float(((truth - truth.mean()) ** 2).sum())
    if not spread or not total or not np.isfinite(answers).all() or not np.isfinite(total):
        return 0.0
    slope = float(((x - x.mean()) * (answers - answers.mean())).mean()) / spread
    residual = truth - (answers.mean() + slope * (wanted - x.mean()))
    return max(0.0, 1.0 - float((residual**2).sum()) / total)
