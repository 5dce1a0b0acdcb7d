"""Rows left out of a scored set after the answers were known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from grader.evidence.arrays import block_of, found_in, load_array
from grader.evidence.lineage import Lineage
from grader.evidence.observing import Observation
from grader.model import Narrowing, Scoring, Task

LEAST_KEPT = 0.5
"""What keeps less than half of the rows is a look at a part, not the set put right."""

MOST_PLACES = 5_000
"""Most places of rows left out that are kept in the evidence."""


HALF = 0.5


def find_narrowings(seen: Observation, scorings: Sequence[Scoring], task: Task) -> tuple[Narrowing, ...]:
    """Return the scorings of rows that were picked, here and there, out of test rows the same weights had scored.

    A slice, all rows of some classes, or less than half of the rows are looks at a part.
    """
    found: dict[tuple[str | None, str | None], Narrowing] = {}
    tests = [item for item in scorings if item.role == "test" and item.weights and not item.during]
    for later in tests:
        for first in tests:
            key = (first.rows, later.rows)
            if first.order < later.order and first.weights == later.weights and key not in found:
                narrowing = _narrowing(seen.lineage, first, later)
                if narrowing is not None:
                    sure = _sureness(seen, first) if task == "classification" else None
                    found[key] = replace(narrowing, less_sure=_less_sure(sure, narrowing.left_out))
    return tuple(found.values())


def _narrowing(lineage: Lineage, first: Scoring, later: Scoring) -> Narrowing | None:
    whole, part = lineage.store.exact(first.rows), lineage.store.exact(later.rows)
    if whole is None or part is None or first.rows is None or not LEAST_KEPT * len(whole) <= len(part) < len(whole):
        return None
    if not found_in(part, whole).all() or block_of(part, whole) or lineage.holds_whole_classes(later.rows, first.rows):
        return None
    out = np.flatnonzero(~found_in(whole, part))[:MOST_PLACES]
    return Narrowing(later.id, first.id, len(part), tuple(int(place) for place in out)) if len(out) else None


def _sureness(seen: Observation, scoring: Scoring) -> NDArray[np.float64] | None:
    """Return how far each answer lies from another class, None where answers are not known.

    Only their order means anything: the distance of the two highest outputs, or of the only one from where it is cut.
    """
    scored = seen.scored(scoring.id)
    raw = load_array(seen.artifacts.get(scored.predictions or ""), "f", None, (1, 2)) if scored is not None else None
    if raw is None or not raw.size or not np.isfinite(raw).all():
        return None
    answers: NDArray[np.float64] = raw.reshape(len(raw), -1).astype(np.float64)
    if answers.shape[1] == 1:
        likely = answers[:, 0]
        return np.abs(likely - HALF if likely.min() >= 0 and likely.max() <= 1 else likely)
    highest = np.sort(answers, axis=1)
    return np.asarray(highest[:, -1] - highest[:, -2], dtype=np.float64)


def _less_sure(sure: NDArray[np.float64] | None, left_out: Sequence[int]) -> float | None:
    """Return the share of pairs, one row left out and one kept, in which the former is less sure; equals are halves."""
    if sure is None or not left_out or max(left_out) >= len(sure):
        return None
    out = np.zeros(len(sure), dtype=np.bool_)
    out[list(left_out)] = True
    kept = np.sort(sure[~out])
    above = len(kept) - np.searchsorted(kept, sure[out], side="right")
    equal = np.searchsorted(kept, sure[out], side="right") - np.searchsorted(kept, sure[out], side="left")
    return float(np.mean((above + equal / 2) / len(kept))) if len(kept) else None
