"""Rows that a run used: which they are, what their labels are, and which of them are in two sets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Role = Literal["train", "validation", "test", "other"]
Task = Literal["classification", "regression", "unknown"]
InputKind = Literal["image", "table", "sequence", "text", "unknown"]


@dataclass(frozen=True, slots=True)
class LabelFacts:
    """Labels of a row set: `form` is how they are encoded, `counts` per class in the order of `classes`."""

    form: Literal["int", "one_hot", "binary", "float", "text", "unknown"]
    count: int
    classes: tuple[str, ...] = ()
    counts: tuple[int, ...] = ()
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class RowSet:
    """One distinct set of rows that reached a model or a split. Same rows, same id, whatever the variable's name.

    `shape` is that of one row; `low/high/mean` are over all values; `role` is how the rows were used first and
    foremost: `train` if a fit used them, `validation` if a fit watched them, `test` if only scorings used them.
    `origin_hint` names a loader or known data set where one was recognised (`fashion_mnist/test`).
    """

    id: str
    rows: int
    distinct: int
    shape: tuple[int, ...]
    dtype: str
    role: Role
    low: float | None = None
    high: float | None = None
    mean: float | None = None
    labels: LabelFacts | None = None
    origin_hint: str = ""
    complete: bool = True
    """False where the stream was only partly seen (cut run, cap reached): overlaps are then lower bounds."""
    cells: tuple[int, ...] = ()
    nans: int = 0
    """Values that are not a number (missing ones), of all rows together."""


@dataclass(frozen=True, slots=True)
class Overlap:
    """Rows of `left` that also occur in `right`, by exact value and by canonical form (scale removed).

    `duplicate_rate` is the share of rows of `left` that repeat within `left` itself: what chance explains.
    """

    left: str
    right: str
    exact: int
    canonical: int
    left_rows: int
    duplicate_rate: float
    by_lineage: int | None = None


@dataclass(frozen=True, slots=True)
class NearCopies:
    """How many of the rows `left` lie next to a training row, far closer than rows of this data lie to each other.

    Measured by the host on `sampled` of them, mirrored and turned pictures included. `expected` is the share that the
    data's own near repeats explain.
    """

    left: str
    sampled: int
    near: int
    expected: float


@dataclass(frozen=True, slots=True)
class OfficialRows:
    """A row set made of a known data set's rows: how many of its `total` rows are of which official part.

    `official_train` and `official_test` are the sizes of the whole parts; data sets without a split have no test part.
    """

    rows: str
    dataset: str
    train: int
    test: int
    total: int
    official_train: int
    official_test: int

    @property
    def part(self) -> Literal["train", "test", "both"]:
        """The part that its rows are of."""
        if not self.test or not self.train:
            return "test" if self.test else "train"
        return "both"
