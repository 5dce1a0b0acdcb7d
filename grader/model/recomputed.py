"""What was recomputed outside the student's process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from grader.model.rows import Task
from grader.model.run import RunStatus

PROCESS_ENDED = ("the clean process ended early", "opening or running the model ended its process")
"""How notes begin to say that a process was ended: by the model, or by a machine without room or time for it."""


@dataclass(frozen=True, slots=True)
class ClassScore:
    """Per-class figures from the recomputed confusion matrix."""

    label: str
    precision: float | None
    recall: float | None
    f1: float | None
    support: int


@dataclass(frozen=True, slots=True)
class Confusion:
    """A pair of classes often taken for each other: `count` rows of `true` were called `predicted`."""

    true: str
    predicted: str
    count: int
    share: float


@dataclass(frozen=True, slots=True)
class Mistake:
    """A wrong prediction. `picture` is a PNG as base64 (images only, made by the host from the sealed rows)."""

    row: int
    true: str
    predicted: str
    confidence: float
    picture: str = ""


@dataclass(frozen=True, slots=True)
class SilentUnits:
    """A ReLU layer, and how many of its units answered 0 to every row that was looked at."""

    layer: str
    units: int
    silent: int


@dataclass(frozen=True, slots=True)
class Verified:
    """A scoring recomputed in a clean sandboxed process that never saw the student's code.

    For classification `accuracy`, `matrix` (rows: true) and the per-class figures are set; for regression `mae`,
    `rmse`, `r2`. `rows_used` may be fewer than `rows_total` (caps): then the figures are of that sample.
    """

    scoring: str
    model: str
    rows: str
    rows_used: int
    rows_total: int
    task: Task
    accuracy: float | None = None
    balanced_accuracy: float | None = None
    majority_accuracy: float | None = None
    matrix: tuple[tuple[int, ...], ...] = ()
    classes: tuple[str, ...] = ()
    per_class: tuple[ClassScore, ...] = ()
    confused: tuple[Confusion, ...] = ()
    mistakes: tuple[Mistake, ...] = ()
    mae: float | None = None
    rmse: float | None = None
    r2: float | None = None
    baseline_mae: float | None = None
    """Error of always answering the median of the training labels."""
    predicted_classes: int | None = None
    """How many different classes the model ever answers: 1 is a collapse."""
    origin: Literal["verified", "kernel"] = "verified"
    note: str = ""
    alternatives: tuple[tuple[str, float], ...] = ()
    """Accuracy of the same outputs under other readings: `cut_at_0.5` (Keras's metric on a logit unit, which is
    right from 0 up), `rounded` (one unit's outputs to the nearest label). A claim that equals one is not made up."""
    cuts: tuple[tuple[float, tuple[tuple[int, ...], ...]], ...] = ()
    """Two classes: the matrix at other thresholds than the usual one, by the share of the second class to answer it."""
    silent_units: tuple[SilentUnits, ...] = ()
    """ReLU layers in order, looked at in the clean process on some of the rows."""
    wrong_rows: tuple[int, ...] = ()
    """Rows of the whole set that were answered wrongly, in order; the first of very many."""
    macro_f1: float | None = None
    """Mean F1 of the classes that have rows or were answered."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """The notebook run once more from a fresh kernel, where a level hung on whether its score comes out again.

    `value` is that run's final score in `metric`; None with the reason in `note` where there was none, or no run.
    """

    status: RunStatus = "not_run"
    metric: str = ""
    value: float | None = None
    origin: Literal["verified", "kernel"] = "kernel"
    wall_s: float = 0.0
    note: str = ""


@dataclass(frozen=True, slots=True)
class HiddenTest:
    """What the final model scored on the instructor's own test, recomputed like every score.

    `verified` is None where it could not be scored; `note` then says why. `prepared` is what was done to the hidden
    rows so that they have the form of those the model was given, in words.
    """

    source: str
    sha256: str
    rows: int
    prepared: tuple[str, ...] = ()
    verified: Verified | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class ReferenceResult:
    """One reference recipe trained on the student's training rows and scored on the student's test rows."""

    recipe: str
    title: str
    score: float
    metric: Literal["accuracy", "mae"]
    spread: float
    """Standard deviation over the seeds that were run (0 where only one was)."""
    seeds: int
    parameters: int
    seconds: float
    history: tuple[tuple[str, tuple[float, ...]], ...] = ()
    note: str = ""
    scores: tuple[float, ...] = ()
    """The score of each seed."""
    balanced_accuracy: float | None = None
    balanced_spread: float = 0.0
    macro_f1: float | None = None
    error_deviation: float | None = None
    """Standard deviation of one row's absolute error, where errors are the metric."""
    trained_on: str = ""
    """Which rows it was trained on where those are not the student's training rows alone."""
    cut: bool = False
    """Whether a slow or busy machine kept the references of this split from their plan: they are trained anew later."""
