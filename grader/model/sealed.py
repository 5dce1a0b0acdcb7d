"""What leaves the run for recomputation: sealed models and the rows they scored, as files the host wrote."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from grader.model.rows import InputKind, Task

START, MEAN_OF, VOTE_OF = "start-", "mean-of-", "vote-of-"
"""Before the id of a scoring: what its model would have scored before its first training; before ids of scorings
joined by `+`: what their models score together."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows as the probe saved them: a `.npy` without pickle, all `total` rows or the sample that `index` names.

    `scale` is 255 where float rows were packed to uint8: the true rows are float32(values / scale).
    """

    id: str
    values: Path
    total: int
    index: Path | None = None
    scale: float | None = None


@dataclass(frozen=True, slots=True)
class Labels:
    """Labels of rows, one per row of the whole set: int64 indices into `classes`, or float64 where that is empty."""

    values: Path
    classes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Units:
    """How labels became the numbers a regression was trained on: `factor * step(label) + offset`.

    A model so trained answers in these units; its labels and its error are in those of the data.
    """

    step: Literal["linear", "log", "log1p"] = "linear"
    factor: float = 1.0
    offset: float = 0.0


@dataclass(frozen=True, slots=True)
class SealedScoring:
    """A scoring that can be recomputed: `model` is an archive sealed at the moment of scoring.

    `model` is None where sealing failed (`seal_note` says why): then `predictions`, claimed by the kernel, are all
    there is and whatever is computed from them is of origin `kernel`.
    """

    scoring: str
    model_id: str
    model: Path | None
    rows: Rows
    labels: Labels
    task: Task
    input_kind: InputKind
    from_logits: bool
    train_labels: Labels | None = None
    predictions: Path | None = None
    seal_note: str = ""
    units: Units | None = None
    """Of a regression: the units the model answers in, where they are not those of `labels` and `train_labels`."""
    at_random: bool = False
    """Dropout or batch normalisation was at work while the run scored: its own answers are not the network's."""


@dataclass(frozen=True, slots=True)
class ReferenceData:
    """The student's own training and test rows, for training the reference recipes on the same split.

    `key` is the digest of both row sets and their labels: equal keys mean the same split. `trained_on` says which rows
    `train` holds where those are not the student's training rows alone.
    """

    key: str
    train: Rows
    train_labels: Labels
    test: Rows
    test_labels: Labels
    task: Task
    input_kind: InputKind
    trained_on: str = ""
