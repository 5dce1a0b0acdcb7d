"""A student's split as the reference networks are given it: rows of a shape that they take, labels as numbers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from grader.errors import ReferenceTrainingError, VerificationError
from grader.model import ReferenceData
from grader.reference.plan import Sizes
from grader.reference.recipes import RowKind
from grader.verification.answers import same_class
from grader.verification.arrays import Array, open_array
from grader.verification.labels import Truth, read_labels
from grader.verification.pictures import image_shape

FEWEST_ROWS = 20
"""Below so many training rows a validation slice holds one or two rows, and a yardstick says nothing."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How the rows are given to the networks: their kind and the shape of one row."""

    kind: RowKind
    row_shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Split:
    """A student's split, read: labels as positions in `classes`, or as numbers where that is empty."""

    fit: Fit
    train_rows: int
    targets: Array
    index: Path | None
    truth: Array
    test_at: Array
    classes: tuple[str, ...]

    @property
    def sizes(self) -> Sizes:
        """What the plans depend on."""
        return Sizes(self.train_rows, len(self.truth), self.fit.row_shape, len(self.classes) or 1)


def read_split(data: ReferenceData) -> Split | None:
    """Read and check rows and labels; None where no recipe could learn from them.

    Raises:
        ReferenceTrainingError: what was recorded does not hold together.
    """
    fit = row_fit(data)
    if fit is None:
        return None
    try:
        train = read_labels(data.train_labels, data.train.total, data.task)
        test = read_labels(data.test_labels, data.test.total, data.task)
        train_rows, test_rows = (_recorded(rows.index, rows.total) for rows in (data.train, data.test))
        if train.classes and data.task != "regression":
            return _class_split(data, fit, train, test, (train_rows, test_rows))
        targets, truth = train.numbers(), test.numbers()[test_rows]
    except VerificationError as error:
        raise ReferenceTrainingError(f"Reference networks can't be trained: {error}.") from error
    if targets.ndim != 1 or truth.ndim != 1:
        return None  # several targets at once: no recipe answers so
    return Split(fit, len(train_rows), targets, data.train.index, truth, test_rows, ())


def _class_split(data: ReferenceData, fit: Fit, train: Truth, test: Truth, rows: tuple[Array, Array]) -> Split | None:
    """Number the classes as in training; a test class that was never trained on counts as always wrong."""
    if len(train.classes) < 2:
        return None
    if not test.classes:
        raise VerificationError("The test labels are numbers where the training labels are classes")
    position = [
        next((at for at, known in enumerate(train.classes) if same_class(known, name)), -1) for name in test.classes
    ]
    truth = np.array(position, dtype=np.int64)[test.values][rows[1]]
    return Split(fit, len(rows[0]), train.values, data.train.index, truth, rows[1], train.classes)


def _recorded(index: Path | None, total: int) -> Array:
    """Return which rows of the whole set were recorded."""
    if index is None:
        return np.arange(total)
    rows = np.asarray(open_array(index, "the index of the recorded rows")).astype(np.int64)
    if rows.ndim != 1 or (len(rows) and (rows.min() < 0 or rows.max() >= total)):
        raise VerificationError("the index of the recorded rows names rows that there are not")
    return rows


def row_fit(data: ReferenceData) -> Fit | None:
    """Return how the recipes can take these rows, or None where none fits (text, sequences, odd shapes).

    Raises:
        ReferenceTrainingError: the recorded rows can't be read.
    """
    try:
        train, test = (open_array(rows.values, "the recorded rows") for rows in (data.train, data.test))
    except VerificationError as error:
        raise ReferenceTrainingError(f"Reference networks can't be trained: {error}.") from error
    if train.shape[1:] != test.shape[1:] or len(train) < FEWEST_ROWS or not len(test):
        return None
    if data.input_kind == "image":
        shape = image_shape(train.shape[1:], "image")
        return Fit("image", shape) if shape else None
    if data.input_kind in {"table", "unknown"} and train.ndim == 2 and train.shape[1]:
        return Fit("table", train.shape[1:])
    return None
