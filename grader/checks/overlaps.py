"""How many shared rows chance explains: overlaps judged against the data set's own duplicates."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from grader.checks.registry import Limits, Threshold
from grader.model import Evidence, Overlap, Scoring, TrainingRun

OVERLAP_THRESHOLDS = (
    Threshold(
        "slack_rows",
        3,
        "measurements repeat by chance: 30 % of correct splits of Iris (150 rows, 4 coarse columns) share a row",
    ),
    Threshold("slack_share", 0.02, "published data sets hold up to about two percent of unnoticed repeats"),
    Threshold(
        "explainable_share",
        0.25,
        "where more than a quarter of the rows are repeats, rows were copied or must be kept together: no chance",
    ),
    Threshold("explainable_images", 0.05, "pictures repeat exactly in a few percent of published sets at most"),
    Threshold("deviations", 3, "the count of chance repeats is Poisson: three standard deviations above its mean"),
)
OFFICIAL_SHARE = 0.05
"""Official splits of known data sets may share this much (CIFAR-10 has 3 % near copies): not the student's doing."""


@dataclass(frozen=True, slots=True)
class Shared:
    """Rows of a held-out set that also trained, and how many of them chance explains."""

    rows: int
    of: int
    allowed: float
    complete: bool

    @property
    def share(self) -> float:
        """Share of the held-out rows."""
        return self.rows / self.of if self.of else 0.0

    @property
    def beyond_chance(self) -> bool:
        """Whether more is shared than the data's own duplicates explain."""
        return self.rows > self.allowed

    @property
    def measured(self) -> dict[str, float | int]:
        """The numbers, for the finding."""
        return {"shared_rows": self.rows, "test_rows": self.of, "explained_by_duplicates": round(self.allowed, 1)}


def trainings_of(evidence: Evidence, scoring: Scoring) -> tuple[TrainingRun, ...]:
    """Return the trainings that made the scored weights; all of them where none is known to have."""
    made = tuple(item for item in evidence.trainings if item.id in scoring.trained_by)
    own = made or tuple(item for item in evidence.trainings if item.model == scoring.model)
    return own or evidence.trainings


def trained_rows(trainings: Iterable[TrainingRun]) -> set[str]:
    """Return the ids of the row sets that were trained on, as they are or in altered copies."""
    return {rows for item in trainings for rows in (item.train_rows, *item.drawn_from) if rows}


def shared_rows(
    evidence: Evidence, held_out: str, others: set[str], limits: Limits, *, canonical: bool = False
) -> Shared | None:
    """Return what `held_out` shares with `others` (ids of row sets), None where no overlap was measured.

    Exact equality counts, or lineage where it knows of more; `canonical` counts equality up to scale instead.
    """
    overlaps = [item for item in evidence.overlaps if item.left == held_out and item.right in others]
    if not overlaps:
        return None
    rows = evidence.row_set(held_out)
    size = max(item.left_rows for item in overlaps)
    count = min(size, max(item.canonical if canonical else _identical(item) for item in overlaps))
    cap = limits["explainable_images" if evidence.input_kind == "image" else "explainable_share"]
    expected = size * min(cap, max(_repeat_rate(evidence, item) for item in overlaps))
    slack = max(limits["slack_rows"], limits["slack_share"] * size)
    known = [rows, *(evidence.row_set(other) for other in others)]
    return Shared(
        rows=count,
        of=size,
        allowed=min(size, slack + expected + limits["deviations"] * math.sqrt(expected)),
        complete=all(item is not None and item.complete for item in known),
    )


MOSTLY_COPIES = 0.95
"""Where nearly all scored rows are copies of training rows, it is a score on training data."""
COPIES_MARGIN = 0.25
"""Share of near copies beyond the data's own that is no accident of sampling: three standard errors of 128 rows are 13
points, and honest sets of pictures of the same things differ in how close they lie."""


def near_copies(evidence: Evidence, held_out: str | None, train: set[str]) -> float | None:
    """Return the share of the scored rows that are all but equal to training rows, None where that is no more than
    the data's own repeats explain, or not known.
    """
    found = evidence.near_copies
    if found is None or held_out is None or found.left != held_out or not found.sampled:
        return None
    share = found.near / found.sampled
    if official_split(evidence, held_out, train) or share <= found.expected + COPIES_MARGIN:
        return None
    return share


def official_split(evidence: Evidence, held_out: str, others: set[str]) -> bool:
    """Whether both parts are a known data set's own: its test rows held out, its training rows trained on."""
    hint = _hint(evidence, held_out)
    hints = {_hint(evidence, other) for other in others}
    return hint.endswith("/test") and bool(hints) and hints <= {hint.removesuffix("/test") + "/train"}


def _hint(evidence: Evidence, rows_id: str) -> str:
    rows = evidence.row_set(rows_id)
    return rows.origin_hint if rows is not None else ""


def _identical(overlap: Overlap) -> int:
    return max(overlap.exact, overlap.by_lineage or 0)


def _repeat_rate(evidence: Evidence, overlap: Overlap) -> float:
    """Share of rows that have a twin if rows were dealt out at random: that of the bigger part estimates it best."""
    back = evidence.overlap(overlap.right, overlap.left)
    return back.duplicate_rate if back is not None and back.left_rows > overlap.left_rows else overlap.duplicate_rate
