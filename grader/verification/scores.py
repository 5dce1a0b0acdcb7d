"""Scores from true and predicted values: plain functions of arrays, in the definitions of scikit-learn."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from grader.model import ClassScore, Confusion
from grader.verification.answers import Answers
from grader.verification.arrays import Array

Counts = tuple[tuple[int, ...], ...]
IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

MOST_CLASSES = 256
"""Larger confusion matrices are not kept: nobody reads them, and they would fill the evidence."""

MOST_PAIRS = 10
MOST_MISTAKES = 12
MOST_WRONG = 10_000
"""A whole test set of the usual size; more would only swell the evidence."""


def confusion_matrix(answers: Answers) -> IntArray:
    """Count rows by true (rows) and predicted (columns) class, in the order of `answers.classes`."""
    size = len(answers.classes)
    return np.bincount(answers.truth * size + answers.predicted, minlength=size * size).reshape(size, size)


CUTS = tuple(round(0.05 * step, 2) for step in range(1, 20))
"""Thresholds that students choose: twentieths from 0.05 to 0.95."""


def matrices_at_cuts(outputs: Array, answers: Answers, *, logits: bool) -> tuple[tuple[float, Counts], ...]:
    """Return the confusion matrix of two classes at each of CUTS; none for more classes, or outputs that are no shares.

    Args:
        outputs: shape (rows, 1), or (rows, 2) with one unit a class.
        answers: the same outputs read, for the true classes.
        logits: the loss was told that outputs are logits.
    """
    if len(answers.classes) != 2 or outputs.shape[1] > 2 or outputs.dtype.kind != "f" or not len(outputs):
        return ()
    share = outputs[:, -1].astype(np.float64)
    if logits:
        share = outputs[:, -1].astype(np.float64) - (outputs[:, 0] if outputs.shape[1] == 2 else 0.0)
        share = 1 / (1 + np.exp(-np.clip(share, -60, 60)))
    if not ((share >= 0) & (share <= 1)).all():
        return ()
    found = []
    for cut in CUTS:
        counts = np.bincount(answers.truth * 2 + (share > cut), minlength=4).reshape(2, 2)
        found.append((cut, tuple(tuple(row) for row in counts.tolist())))
    return tuple(found)


def accuracy(matrix: IntArray) -> float | None:
    """Return the share of rows on the diagonal, None without rows."""
    total = int(matrix.sum())
    return float(matrix.trace() / total) if total else None


def balanced_accuracy(matrix: IntArray) -> float | None:
    """Return the mean recall of the classes that have rows."""
    support = matrix.sum(axis=1)
    present = support > 0
    return float((matrix.diagonal()[present] / support[present]).mean()) if present.any() else None


def macro_f1(matrix: IntArray) -> float | None:
    """Return the mean F1 of the classes that have rows or were answered, None without rows."""
    either = matrix.sum(axis=0) + matrix.sum(axis=1)
    present = either > 0
    return float((2 * matrix.diagonal()[present] / either[present]).mean()) if present.any() else None


def class_scores(matrix: IntArray, classes: tuple[str, ...]) -> tuple[ClassScore, ...]:
    """Return precision, recall and F1 of each class; None where the denominator is 0."""
    right, support, answered = matrix.diagonal(), matrix.sum(axis=1), matrix.sum(axis=0)
    return tuple(
        ClassScore(
            label=name,
            precision=_ratio(right[i], answered[i]),
            recall=_ratio(right[i], support[i]),
            f1=_ratio(2 * right[i], answered[i] + support[i]),
            support=int(support[i]),
        )
        for i, name in enumerate(classes)
    )


def _ratio(part: np.int64, whole: np.int64) -> float | None:
    return float(part / whole) if whole else None


def most_confused(matrix: IntArray, classes: tuple[str, ...]) -> tuple[Confusion, ...]:
    """Return the largest off-diagonal counts, largest first; `share` is of the true class's rows."""
    wrong = matrix.copy()
    np.fill_diagonal(wrong, 0)
    support = matrix.sum(axis=1)
    order = np.argsort(-wrong, axis=None, kind="stable")[:MOST_PAIRS]
    pairs = [(int(at) // len(classes), int(at) % len(classes)) for at in order]
    return tuple(
        Confusion(classes[true], classes[said], int(wrong[true, said]), float(wrong[true, said] / support[true]))
        for true, said in pairs
        if wrong[true, said]
    )


def wrong_answers(answers: Answers) -> IntArray:
    """Return positions of wrong answers in row order, the first MOST_WRONG of them."""
    return np.flatnonzero(answers.truth != answers.predicted)[:MOST_WRONG]


def surest_mistakes(answers: Answers) -> IntArray:
    """Return positions of wrong answers, the most confident first."""
    wrong = np.flatnonzero(answers.truth != answers.predicted)
    return wrong[np.argsort(-answers.confidence[wrong], kind="stable")][:MOST_MISTAKES]


def majority_class(labels: IntArray, classes: tuple[str, ...]) -> str | None:
    """Return the name of the commonest class, the first of equals; None without labels."""
    return classes[int(np.bincount(labels, minlength=len(classes)).argmax())] if len(labels) else None


def regression_errors(predicted: Array, truth: FloatArray) -> tuple[float, float, float | None]:
    """Return MAE, RMSE and R² (None where the truth is constant)."""
    off = predicted.astype(np.float64) - truth
    spread = float(((truth - truth.mean()) ** 2).sum())
    r2 = 1 - float((off**2).sum()) / spread if spread else None
    return float(np.abs(off).mean()), float(np.sqrt((off**2).mean())), r2
