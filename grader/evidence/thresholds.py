"""Thresholds searched for on the labels they are then measured by: with a metric, with a curve, or by hand.

A search alone is a table or a drawing. It becomes a choice where the answers of a best cut are measured again
afterwards, and these are not the model's own answers, cut at a half.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.evidence.arrays import load_array
from grader.evidence.observing import Observation
from grader.evidence.reading.cuts import WrittenSearch
from grader.evidence.records import Metric, Scored
from grader.evidence.watching import CURVES
from grader.model import MetricCall, Scoring, ThresholdSearch

FEWEST_CUTS = 5
"""A search tries more cuts than the two or three that a comparison of error costs shows."""

HALF = 0.5
"""Where Keras cuts, and everyone who looks for nothing better."""

COARSE = 0.02
"""How much better the best of all cuts may be than the best of a few dozen levels that a loop tries."""

LOSSES = frozenset({"sklearn.metrics.zero_one_loss", "sklearn.metrics.hamming_loss"})
"""Of these the lowest is the best."""

Answers = NDArray[np.bool_]


def find_threshold_searches(
    seen: Observation, scorings: Sequence[Scoring], calls: Sequence[MetricCall], written: Sequence[WrittenSearch]
) -> tuple[ThresholdSearch, ...]:
    """Return where thresholds were compared on one set of labels, each with whether a best one was kept."""
    roles = {call.order: call for call in calls}
    known = [_Call(record, roles.get(record.order)) for record in seen.log.of("metric.computed", Metric)]
    found = list(_by_metric(seen, known))
    if not any(item.kept for item in found):
        found += _by_best_cut(seen, scorings, known, written)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Call:
    """A metric's call, as it was seen and as it was understood; curves were seen only."""

    record: Metric
    fact: MetricCall | None


# ---------------------------------------------------------------- one metric, many cuts
def _by_metric(seen: Observation, calls: Sequence[_Call]) -> Iterator[ThresholdSearch]:
    """Yield where one metric was computed of ever fewer positive answers: one prediction, cut at many thresholds.

    Cuts of one prediction are nested: what is positive at a higher threshold is positive at every lower one.
    """
    groups: dict[tuple[str, str, int], list[_Call]] = {}
    for call in calls:
        record = call.record
        if record.true and record.predicted and record.value is not None:
            groups.setdefault((record.function, record.true, record.cell), []).append(call)
    sweeps = {key: sweep for key, tried in groups.items() if (sweep := _sweep(seen, tried)) is not None}
    for (function, true, cell), sweep in sweeps.items():
        sweeping = {other for other, labels, place in sweeps if (labels, place) == (true, cell)}
        again = [
            call.record
            for call in calls
            if call.record.true == true and (call.record.cell != cell or call.record.function not in sweeping)
        ]
        kept = sweep.returned or any(
            record.order > sweep.last and _marked(seen, record) in sweep.best for record in again
        )
        before = any(record.order < sweep.first and _marked(seen, record) in sweep.best for record in again)
        yield ThresholdSearch(
            cell, function, sweep.tried, sweep.rows, sweep.role, sweep.value, kept=kept and not before
        )


@dataclass(frozen=True, slots=True)
class _Sweep:
    """Many cuts and their values. `best` are those of the highest value, without the model's own answers."""

    tried: int
    rows: int
    role: Any
    value: float
    best: frozenset[bytes]
    first: int
    last: int
    returned: bool
    """Whether the same metric came back to a best cut after others had been tried."""


def _sweep(seen: Observation, tried: Sequence[_Call]) -> _Sweep | None:
    marks = [_marked(seen, call.record) for call in tried]
    cuts = dict(zip(marks, tried, strict=True))
    if len(cuts) < FEWEST_CUTS or not _nested([_positive(seen, call.record.predicted) for call in cuts.values()]):
        return None
    values = [call.record.value or 0.0 for call in tried]
    value = min(values) if tried[0].record.function in LOSSES else max(values)
    own = {mark for mark, call in zip(marks, tried, strict=True) if call.record.score is not None}
    top = {mark for mark, one in zip(marks, values, strict=True) if one == value}
    best = frozenset(mark for mark in top - own if mark is not None)
    new = [at for at, mark in enumerate(marks) if mark not in marks[:at]]
    returned = any(mark in best and mark != marks[at - 1] for at, mark in enumerate(marks) if at not in new)
    facts = [call.fact for call in tried if call.fact is not None]
    role = next((fact.true_role for fact in facts if fact.true_role != "other"), "other")
    records = [call.record for call in tried]
    return _Sweep(len(cuts), records[0].count, role, value, best, records[0].order, records[new[-1]].order, returned)


def _marked(seen: Observation, record: Metric) -> bytes | None:
    """Return what identifies answers of 0 and 1, whatever type they have."""
    positive = _positive(seen, record.predicted)
    return None if positive is None else np.packbits(positive).tobytes()


def _positive(seen: Observation, name: str | None) -> Answers | None:
    """Return which answers are positive, None for labels that are not 0 and 1."""
    vector = seen.labels.vector(name)
    if vector is None or vector.values.ndim != 1 or vector.classes != ("0", "1"):
        return None
    return np.asarray(vector.values == 1, dtype=np.bool_)


def _nested(cuts: Sequence[Answers | None]) -> bool:
    known = [cut for cut in cuts if cut is not None]
    if len(known) < len(cuts) or len({len(cut) for cut in known}) != 1:
        return False
    ordered = sorted(known, key=lambda cut: int(cut.sum()))
    return all(bool((fewer <= more).all()) for fewer, more in pairwise(ordered))


# ---------------------------------------------------------------- the best of all cuts, measured after a search
def _by_best_cut(
    seen: Observation, scorings: Sequence[Scoring], calls: Sequence[_Call], written: Sequence[WrittenSearch]
) -> Iterator[ThresholdSearch]:
    """Yield where answers were measured that are those of the very best cut on these rows, after one was looked for.

    Looked for: a curve of these labels whose thresholds are picked from, or a loop over cuts in the code. Where the
    model was also asked for other held-out rows before, the loop may be over those, and nothing is said.
    """
    for call in calls:
        record = call.record
        answers, truth = _positive(seen, record.predicted), _positive(seen, record.true)
        if answers is None or truth is None or len(answers) != len(truth) or record.score is not None:
            continue
        for scored in _tests(seen, scorings, record):
            likely = _likelihoods(seen, scored)
            if likely is None or len(likely) != len(truth):
                continue
            how = _looked_for(scorings, calls, written, record, scored)
            if how is not None and _is_best_cut(answers, likely, truth, 0.0 if how in CURVES else COARSE):
                share = float(np.mean(answers == truth))
                yield ThresholdSearch(
                    record.cell, "accuracy", len(np.unique(likely)), len(truth), "test", share, kept=True
                )
                return


def _tests(seen: Observation, scorings: Sequence[Scoring], record: Metric) -> Iterator[Scored]:
    for item in scorings:
        if item.role == "test" and not item.during and item.order < record.order:
            scored = seen.scored(item.id)
            if scored is not None and scored.predictions:
                yield scored


def _likelihoods(seen: Observation, scored: Scored) -> NDArray[np.float64] | None:
    """Return what a model answered for the second of two classes, None where it answers otherwise."""
    raw = load_array(seen.artifacts.get(scored.predictions or ""), "f", None, (1, 2))
    if raw is None or (raw.ndim == 2 and raw.shape[1] > 2) or not np.isfinite(raw).all():
        return None
    return np.asarray(raw[:, -1] if raw.ndim == 2 else raw, dtype=np.float64)


def _is_best_cut(answers: Answers, likely: NDArray[np.float64], truth: Answers, slack: float) -> bool:
    """Whether the answers are a cut of the likelihoods, not the one at a half, and no cut does better by `slack`.

    Better: in accuracy, in F1, or in the difference or product of the rates of right and wrong positives.
    """
    if not answers.any() or answers.all() or truth.all() or not truth.any():
        return False
    if likely[answers].min() <= likely[~answers].max() or np.array_equal(answers, likely > HALF):
        return False
    order = np.argsort(-likely, kind="stable")
    ends = np.flatnonzero(np.diff(likely[order], append=-np.inf))  # equal likelihoods fall on one side
    right, called = np.cumsum(truth[order].astype(np.int64))[ends], ends + 1
    own = np.flatnonzero(called == answers.sum())
    return bool(len(own)) and any(
        bool(values[own[0]] >= values.max() - slack - np.finfo(np.float32).eps)
        for values in _merits(right, called, truth)
    )


def _merits(right: NDArray[np.int64], called: NDArray[np.int64], truth: Answers) -> tuple[NDArray[np.float64], ...]:
    positives, rows = int(truth.sum()), len(truth)
    recall, alarms = right / positives, (called - right) / (rows - positives)
    accuracy = (right + rows - positives - (called - right)) / rows
    return accuracy, 2 * right / (called + positives), recall - alarms, recall * (1 - alarms)


def _looked_for(
    scorings: Sequence[Scoring],
    calls: Sequence[_Call],
    written: Sequence[WrittenSearch],
    record: Metric,
    scored: Scored,
) -> str | None:
    """Return with what a threshold was looked for on these labels, None where that was not seen."""
    curves = [call.record for call in calls if call.record.function in CURVES and call.record.order < record.order]
    picked = {item.cell for item in written if item.how == "curve"}
    if curves and {item.true for item in curves} == {record.true} and any(item.cell in picked for item in curves):
        return curves[0].function
    loops = any(item.how == "loop" and item.cell <= record.cell for item in written)
    others = any(
        item.rows != scored.rows and item.role != "train" and not item.during and item.order < record.order
        for item in scorings
        if item.how != "evaluate"
    )
    return "by hand" if loops and not others else None
