"""What was measured of ways in which held-out rows lend themselves to training, and of choices made by them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Rows scored first were scored again by the same weights after some of them had been left out here and there.

    `scoring` is of what was left, `of` of all; `left_out` are places among the rows of `of`. `less_sure` is the share
    of all pairs of a row left out and a row kept in which the model was less sure of the former: a half where rows were
    left out without a look at the answers; None where it predicts no classes, or its answers are not known.
    """

    scoring: str
    of: str
    kept: int
    left_out: tuple[int, ...]
    less_sure: float | None = None


@dataclass(frozen=True, slots=True)
class ThresholdSearch:
    """Answers cut at one threshold after the other and measured against the same labels.

    `kept` tells whether the answers of the best cut were measured again afterwards: then it was chosen by these rows.
    """

    cell: int
    function: str
    tried: int
    rows: int
    role: Literal["train", "validation", "test", "other"]
    best: float
    kept: bool


@dataclass(frozen=True, slots=True)
class LabelProxy:
    """The input column that tells the label best by itself: learnt on training rows, measured on held-out ones.

    `agreement` is the share of held-out rows whose label it tells (for numbers: R squared), `next_best` that of the
    best other column, `chance` that of the commonest label (for numbers 0). `columns` counts all of them. `gap` is how
    far the values of different classes lie apart at least, in units of the spread within one class: 0 where they meet.
    """

    column: int
    columns: int
    agreement: float
    next_best: float
    chance: float
    rows: int
    gap: float = 0.0


@dataclass(frozen=True, slots=True)
class Interpolated:
    """Held-out rows of a table that lie exactly between two training rows, as oversampling by SMOTE makes them.

    Of `sampled` rows `between` do; of as many rows whose columns were shuffled, `by_chance`.
    """

    rows: str
    sampled: int
    between: int
    by_chance: int


@dataclass(frozen=True, slots=True)
class SeriesCrossing:
    """Held-out rows that are windows of a series, shifted by `step` against training rows.

    Of `sampled` held-out rows `after` continue a training row and `before` are continued by one; `both` stand between
    two. `alike` of them equal a training row as they are: what the data repeats by itself. An ordered split has such
    rows at its borders only.
    """

    rows: str
    sampled: int
    before: int
    after: int
    both: int
    alike: int
    step: int
    width: int


@dataclass(frozen=True, slots=True)
class GroupCrossing:
    """Rows that came in groups (of one speaker, one patient, one folder), and groups on both sides of the split.

    `column` names what tells the groups, `source` where it was seen. `crossing` of `groups` held-out groups are in
    training too, with `rows_crossing` of `rows` held-out rows. `together` is the share of rows whose nearest neighbour
    is of their own group, `chance` what it would be if groups did not matter.
    """

    column: str
    source: str
    groups: int
    crossing: int
    rows: int
    rows_crossing: int
    together: float
    chance: float


@dataclass(frozen=True, slots=True)
class UnlikeDivision:
    """A folder whose training and held-out parts were drawn by different settings: the parts overlap by chance.

    `training` and `held_out` say how (`seed 1, 0.25`).
    """

    directory: str
    training: str
    held_out: str
    cells: tuple[int, ...]
