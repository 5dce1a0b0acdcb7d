"""Labels as the student's process recorded them, checked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from grader.errors import VerificationError
from grader.model import Labels, Task
from grader.verification.arrays import Array, open_array

MOST_WHOLE_NUMBERS = 100
"""Float labels with at most so many different values, all whole, are classes where the task is classification."""


@dataclass(frozen=True, slots=True)
class Truth:
    """Labels read: positions in `classes`, or plain numbers where that is empty."""

    values: Array
    classes: tuple[str, ...]

    def numbers(self) -> Array:
        """The labels as float64, whatever their form.

        Raises:
            VerificationError: the labels are names.
        """
        if not self.classes:
            return self.values
        try:
            return np.array([float(name) for name in self.classes])[self.values]
        except ValueError as error:
            raise VerificationError("The labels are names, so errors in numbers can't be computed") from error


def read_labels(labels: Labels, total: int | None, task: Task) -> Truth:
    """Read labels that the student's process recorded.

    Args:
        labels: the file, and the classes it counts in.
        total: how many there must be, where that is known.
        task: for classification, float labels that are all whole are taken as classes.

    Raises:
        VerificationError: another count, positions outside of the classes, or values that are no numbers.
    """
    values = np.asarray(open_array(labels.values, "the file of labels"))
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if total is not None and len(values) != total:
        raise VerificationError("The recorded labels are not as many as the rows")
    if labels.classes:
        if values.ndim != 1 or values.dtype.kind not in "iu" or _outside(values, len(labels.classes)):
            raise VerificationError("The recorded labels do not fit their classes")
        return Truth(values.astype(np.int64), labels.classes)
    values = values.astype(np.float64)
    if not np.isfinite(values).all():
        raise VerificationError("The recorded labels hold NaN or infinity")
    if task == "classification" and values.ndim == 1:
        found = np.unique(values)
        if len(found) <= MOST_WHOLE_NUMBERS and (found == np.rint(found)).all():
            names = tuple(str(int(value)) for value in found)
            return Truth(np.searchsorted(found, values).astype(np.int64), names)
    return Truth(values, ())


def _outside(values: Array, count: int) -> bool:
    return bool(len(values)) and (int(values.min()) < 0 or int(values.max()) >= count)
