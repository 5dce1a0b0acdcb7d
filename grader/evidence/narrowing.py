"""Choices made after the answers were known: rows left out of a scored set, thresholds tried on its labels."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from grader.evidence.arrays import block_of, found_in
from grader.evidence.labels import LabelStore
from grader.evidence.lineage import Lineage
from grader.evidence.parsing import Log
from grader.evidence.records import Metric
from grader.model import MetricCall, Narrowing, Scoring, ThresholdSearch

LEAST_KEPT = 0.5
"""What keeps less than half of the rows is a look at a part, not the set put right."""

MOST_PLACES = 5_000
"""Most places of rows left out that are kept in the evidence."""

FEWEST_CUTS = 5
"""A search tries more cuts than the two or three that a comparison of error costs shows."""


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


def find_threshold_searches(log: Log, labels: LabelStore, calls: Sequence[MetricCall]) -> tuple[ThresholdSearch, ...]:
    """Return where one metric was computed of ever fewer positive answers: one prediction, cut at many thresholds.

    Cuts of one prediction are nested: what is positive at a higher threshold is positive at every lower one.
    """
    records = log.of("metric.computed", Metric)
    groups: dict[tuple[str, str, int], list[tuple[Metric, MetricCall]]] = {}
    for record, call in zip(records, calls, strict=True):
        if record.true and record.predicted and record.value is not None:
            groups.setdefault((record.function, record.true, record.cell), []).append((record, call))
    found = []
    for (function, true, cell), tried in groups.items():
        cuts = {record.predicted: (record, call) for record, call in tried}
        if len(cuts) >= FEWEST_CUTS and _nested([_positive(labels, name) for name in cuts]):
            best, call = max(cuts.values(), key=lambda item: item[0].value or 0.0)
            last = max(record.order for record, _ in tried)
            kept = any((item.true, item.predicted) == (true, best.predicted) and item.order > last for item in records)
            role = next((call.true_role for _, call in cuts.values() if call.true_role != "other"), call.true_role)
            found.append(ThresholdSearch(cell, function, len(cuts), best.count, role, best.value or 0.0, kept))
    return tuple(found)


def _positive(labels: LabelStore, name: str | None) -> NDArray[np.bool_] | None:
    """Return which answers are positive, None for labels that are not 0 and 1."""
    vector = labels.vector(name)
    if vector is None or vector.values.ndim != 1 or vector.classes != ("0", "1"):
        return None
    return np.asarray(vector.values == 1, dtype=np.bool_)


def _nested(cuts: Sequence[NDArray[np.bool_] | None]) -> bool:
    known = [cut for cut in cuts if cut is not None]
    if len(known) < len(cuts) or len({len(cut) for cut in known}) != 1:
        return False
    ordered = sorted(known, key=lambda cut: int(cut.sum()))
    return all(bool((fewer <= more).all()) for fewer, more in pairwise(ordered))
