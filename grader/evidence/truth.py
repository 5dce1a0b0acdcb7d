"""The true labels of scored rows: from where the rows came rather than from where they were scored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from grader.evidence.fits import Fit
from grader.evidence.labels import CONSISTENT, LabelVector, relabelling
from grader.evidence.observing import Observation
from grader.evidence.records import Metric, Scored
from grader.evidence.units import units_between
from grader.evidence.watching import MetricMatcher
from grader.model import Scoring, Units


@dataclass(frozen=True, slots=True)
class Truth:
    """The labels of scored rows, and a note on them.

    `train` are the labels of the training rows in the same units. `units` are those the model answers in, where it was
    trained on labels that had been scaled or logged and `labels` are as the data has them.
    """

    labels: LabelVector
    note: str = ""
    train: LabelVector | None = None
    units: Units | None = None


def labels_of_scoring(seen: Observation, scored: Scored, fits: Sequence[Fit]) -> Truth | None:
    """Return the labels of scored rows.

    What rows were labelled where they were loaded or split goes before what a scoring was given, whenever both can be
    compared: otherwise a model could be scored on its own answers.
    """
    train = seen.labels.of_fit(fits[-1]) if fits else None
    own = seen.labels.of_rows(scored.rows, scored.labels) if scored.labels else None
    origin = _from_source(seen, scored, fits)
    if own is not None:
        return replace(_checked(seen, scored, own, origin), train=train)
    if origin is not None:
        return Truth(_in_order(seen, scored, origin), train=train)
    for find in (_same_rows, _by_content, _from_metric):
        vector = find(seen, scored)
        if vector is not None:
            return _in_units_of_the_data(seen, scored, fits, Truth(vector, train=train))
    return None


def _in_units_of_the_data(seen: Observation, scored: Scored, fits: Sequence[Fit], truth: Truth) -> Truth:
    """Return numbers that are as the data has them with the units the model was trained in, where these are others."""
    source = seen.labels.by_content(scored.rows, seen.labels.sources)
    before = seen.labels.by_content(fits[-1].train, seen.labels.sources) if fits else None
    if source is None or before is None or truth.train is None:
        return truth
    if any(item.classes for item in (truth.labels, source, before, truth.train)):
        return truth
    if truth.labels.values.shape != source.values.shape or not np.allclose(truth.labels.values, source.values):
        return truth
    units = units_between(before.values, truth.train.values)
    return truth if units is None else replace(truth, train=before, units=units)


def _checked(seen: Observation, scored: Scored, own: LabelVector, origin: LabelVector | None) -> Truth:
    """Return a scoring's own labels unless they contradict the source's; those that came with the rows then win."""
    hashes = seen.rows.exact(scored.rows)
    if origin is None or hashes is None:
        return Truth(own)
    found = relabelling(origin, own, hashes)
    kept = found is None or found.agreement >= CONSISTENT
    if kept:
        return Truth(own)
    return Truth(origin, "The labels given at this scoring are not those the rows came with; the latter were used.")


def _in_order(seen: Observation, scored: Scored, origin: LabelVector) -> LabelVector:
    """Return labels seen with exactly these rows, where they say the same as the source's in the same encoding.

    Equal rows of unequal labels (a red and a white wine of the same measurements) can't be told apart by content;
    labels that stand in the rows' own order can.
    """
    own, hashes = _same_rows(seen, scored), seen.rows.exact(scored.rows)
    if own is None or hashes is None or set(own.classes) != set(origin.classes):
        return origin
    found = relabelling(origin, own, hashes)
    if found is None or found.agreement < CONSISTENT:
        return origin
    if not origin.classes:
        scaled = units_between(origin.values, own.values) is not None  # a price in thousands is scored in thousands
        return own if scaled or np.mean(np.isclose(own.values, origin.values)) >= CONSISTENT else origin
    return own if all(old == new for old, new in found.classes.items()) else origin


def _from_source(seen: Observation, scored: Scored, fits: Sequence[Fit]) -> LabelVector | None:
    """Return the source's labels of scored rows in the encoding the model was trained on."""
    source = seen.labels.by_content(scored.rows, seen.labels.sources)
    if source is None or not fits:
        return None
    fit = fits[-1]
    used, hashes = seen.labels.of_fit(fit), seen.rows.exact(fit.train)
    before = seen.labels.by_content(fit.train, seen.labels.sources)
    if used is None or before is None or hashes is None:
        return None
    found = relabelling(before, used, hashes)
    if found is None or found.agreement < CONSISTENT:
        return None
    if not found.classes:
        same = not used.classes and not source.classes and np.allclose(used.values, before.values)
        return source if same else None
    named = source.as_classes()
    if named is None or any(name not in found.classes for name in named.classes if _occurs(named, name)):
        return None
    names = tuple(dict.fromkeys(found.classes.values()))
    codes = {name: names.index(found.classes[name]) for name in named.classes if name in found.classes}
    return LabelVector(named.coded(codes), names)


def _occurs(vector: LabelVector, name: str) -> bool:
    return bool(np.any(vector.values == vector.classes.index(name)))


def _same_rows(seen: Observation, scored: Scored) -> LabelVector | None:
    return seen.labels.of_rows(scored.rows)


def _by_content(seen: Observation, scored: Scored) -> LabelVector | None:
    return seen.labels.by_content(scored.rows, (*seen.labels.used, *seen.labels.sources))


def _from_metric(seen: Observation, scored: Scored) -> LabelVector | None:
    """Return the true labels of a metric that was given this scoring's predictions."""
    one = Scoring(id=scored.id, model=scored.model, cell=scored.cell, how="predict", rows=scored.rows, role="other",
                  weights=scored.weights, order=scored.order)  # fmt: skip
    matcher = MetricMatcher(seen.log, seen.labels, (one,), seen.artifacts)
    record = seen.rows.records.get(scored.rows or "")
    for call in seen.log.of("metric.computed", Metric):
        vector = seen.labels.vector(call.true)
        if vector is not None and record is not None and len(vector.values) == record.count and matcher.match(call):
            return vector
    return None
