"""Rows left out of a scored set after the answers were known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from grader.evidence.arrays import block_of, found_in
from grader.evidence.lineage import Lineage
from grader.model import Narrowing, Scoring

LEAST_KEPT = 0.5
"""What keeps less than half of the rows is a look at a part, not the set put right."""

MOST_PLACES = 5_000
"""Most places of rows left out that are kept in the evidence."""


def find_narrowings(lineage: Lineage, scorings: Sequence[Scoring]) -> tuple[Narrowing, ...]:
    """Return the scorings of rows that were picked, here and there, out of test rows the same weights had scored.

    A slice, all rows of some classes, or less than half of the rows are looks at a part.
    """
    found: dict[tuple[str | None, str | None], Narrowing] = {}
    tests = [item for item in scorings if item.role == "test" and item.weights and not item.during]
    for later in tests:
        for first in tests:
            key = (first.rows, later.rows)
            if first.order < later.order and first.weights == later.weights and key not in found:
                narrowing = _narrowing(lineage, first, later)
                if narrowing is not None:
                    found[key] = narrowing
    return tuple(found.values())


def _narrowing(lineage: Lineage, first: Scoring, later: Scoring) -> Narrowing | None:
    whole, part = lineage.store.exact(first.rows), lineage.store.exact(later.rows)
    if whole is None or part is None or first.rows is None or not LEAST_KEPT * len(whole) <= len(part) < len(whole):
        return None
    if not found_in(part, whole).all() or block_of(part, whole) or lineage.holds_whole_classes(later.rows, first.rows):
        return None
    out = np.flatnonzero(~found_in(whole, part))[:MOST_PLACES]
    return Narrowing(later.id, first.id, len(part), tuple(int(place) for place in out)) if len(out) else None
