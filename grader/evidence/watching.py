"""What was scored, computed, fitted and drawn, as facts: each tied to the rows it is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.evidence.arrays import load_array, rows_within
from grader.evidence.crosstabs import whole_matrix
from grader.evidence.identity import RowStore
from grader.evidence.labels import LabelStore, LabelVector
from grader.evidence.lineage import Lineage
from grader.evidence.parsing import Log
from grader.evidence.provenance import Provenance
from grader.evidence.records import Drawn, Fitted, Metric, RowsSeen, Scored, SeedSet, Split, Titled
from grader.evidence.trainings import sealed_note, seals
from grader.model import Drawing, MetricCall, PreprocessingFit, Role, RowSet, Scoring, SeedCall, SplitCall

MAX_DRAWINGS = 600
"""Most drawings kept: a hundred figures of six panels."""

MAX_NUMBERS = 60_000
"""Most numbers kept in all drawings together: evidence stays a file that can be read in a moment."""

MAX_SCORINGS = 1_000
"""Most scorings kept; a notebook that calls its model row by row sends tens of thousands. The last ones stay."""

SAME_PREDICTION = 0.999
"""Share of equal predictions that ties a metric to a scoring: rounding may flip a tie between two classes."""


def collect_scorings(log: Log, lineage: Lineage, artifacts: Mapping[str, Path]) -> tuple[Scoring, ...]:
    """Return every scoring outside of fit, in order, with the role of its rows."""
    sealed = seals(log, artifacts)
    provenance = Provenance(log, lineage)
    roles: dict[tuple[str, str | None, int], Role] = {}
    found: list[Scoring] = []
    for scored in log.of("model.scored", Scored)[-MAX_SCORINGS:]:
        before = sum(fit.began.order < scored.order for fit in lineage.fits)
        key = (scored.model, scored.rows, before)
        if key not in roles:
            roles[key] = lineage.role_of_scored(scored)
        note = sealed_note(scored, sealed.get((scored.model, scored.weights)), artifacts)
        found.append(
            Scoring(
                id=scored.id,
                model=scored.model,
                cell=scored.cell,
                how=scored.how,  # type: ignore[arg-type]
                rows=scored.rows,
                role=roles[key],
                weights=scored.weights,
                claimed=scored.returned,
                sealed=not note,
                seal_note=note,
                order=scored.order,
                trained_by=tuple(fit.began.id for fit in lineage.fits_before(scored)),
                during=scored.during,
                unwatched=provenance.why_unwatched(scored),
                left_out=lineage.left_out(scored.rows) if roles[key] == "test" else 0,
                at_random=scored.at_random,
            )
        )
    return tuple(found)


CURVES = frozenset({"sklearn.metrics.roc_curve", "sklearn.metrics.precision_recall_curve"})
"""Functions that measure at every threshold: what they return is a drawing, no score."""


class MetricMatcher:
    """Ties metric calls to the scorings whose predictions they were given."""

    def __init__(
        self, log: Log, labels: LabelStore, scorings: Sequence[Scoring], artifacts: Mapping[str, Path]
    ) -> None:
        self._labels = labels
        self._scored = {record.id: record for record in log.of("model.scored", Scored)}
        self._scorings = {item.id: item for item in scorings}
        self._artifacts = artifacts
        self._answers: dict[str, NDArray[Any] | None] = {}

    def match(self, call: Metric) -> Scoring | None:
        """Return the scoring: as the probe linked it, else the latest earlier one with the same answers."""
        if call.score is not None:
            return self._scorings.get(call.score)
        predicted = self._labels.vector(call.predicted)
        if predicted is None or predicted.values.ndim != 1:
            return None
        for item in reversed(list(self._scorings.values())):
            if item.order < call.order and self._same(item.id, predicted):
                return item
        return None

    def _same(self, scoring: str, predicted: LabelVector) -> bool:
        raw = self._predictions(scoring)
        if raw is None or len(raw) != len(predicted.values):
            return False
        whole = predicted.as_classes()
        if whole is not None and all(name.lstrip("-").isdigit() for name in whole.classes):
            names = np.array([int(name) for name in whole.classes], dtype=np.int64)
            answers = raw.argmax(axis=1) if raw.ndim == 2 and raw.shape[1] > 1 else np.round(raw.reshape(len(raw)))
            if np.mean(answers == names[whole.values]) >= SAME_PREDICTION:
                return True
        if predicted.classes or raw.size != len(raw):
            return False
        return bool(np.allclose(raw.reshape(-1), predicted.values, rtol=1e-4, atol=1e-6))

    def _predictions(self, scoring: str) -> NDArray[Any] | None:
        if scoring not in self._answers:
            name = self._scored[scoring].predictions
            self._answers[scoring] = load_array(self._artifacts.get(name or ""), "fiu", None, (1, 2))
        return self._answers[scoring]


def collect_metrics(
    log: Log, matcher: MetricMatcher, labels: LabelStore, row_sets: Sequence[RowSet]
) -> tuple[MetricCall, ...]:
    """Return every metric call with the scoring it belongs to and the role of the rows whose labels it was given."""
    roles = {item.id: item.role for item in row_sets}
    found: list[MetricCall] = []
    for call in log.of("metric.computed", Metric):
        if call.function in CURVES:
            continue
        scoring = matcher.match(call)
        whole = whole_matrix(call, labels)
        found.append(
            MetricCall(
                function=call.function,
                cell=call.cell,
                count=call.count,
                value=call.value,
                matrix=call.matrix if whole is None else whole,
                table=() if whole is None else call.matrix,
                text=call.text,
                scoring=scoring.id if scoring else None,
                true_role=_true_role(call, scoring, labels, roles),
                order=call.order,
            )
        )
    return tuple(found)


def _true_role(call: Metric, scoring: Scoring | None, labels: LabelStore, roles: Mapping[str, Role]) -> Role:
    """Return the role of the rows the true labels belong to: the scored rows where they are theirs."""
    owners = [rows for rows in roles if call.true is not None and call.true in labels.ids_of(rows)]
    if scoring is not None and (not owners or scoring.rows in owners):
        return scoring.role
    known = {roles[rows] for rows in owners} - {"other"}
    if scoring is not None and scoring.role in known:
        return scoring.role
    return known.pop() if len(known) == 1 else (scoring.role if scoring else "other")


def collect_preprocessing(
    log: Log, store: RowStore, final_rows: str | None, trained: Sequence[str], watched: Sequence[str] = ()
) -> tuple[PreprocessingFit, ...]:
    """Return every fitted scaler, encoder or selector, with how many test and training rows it was fitted on.

    `watched` are the rows that the training of the final model was watched on.
    """
    found: list[PreprocessingFit] = []
    trained = (*trained, *_before_resampling(store, trained))
    for fitted in log.of("preprocessing.fitted", Fitted):
        record = store.records.get(fitted.rows or "")
        test = _included(store, fitted.rows, final_rows)
        train = [count for rows in trained if (count := _included(store, fitted.rows, rows)) is not None]
        if not test and _is_of_all_parts(store, fitted.rows, final_rows, trained, watched):
            test = _count(store, final_rows)
            train = [_count(store, rows) for rows in trained]
        related = bool(test) or any(train)
        found.append(
            PreprocessingFit(
                kind=fitted.kind,
                cell=fitted.cell,
                rows=record.count if record else 0,
                test_rows_included=test if related else None,
                train_rows_included=max(train) if related and train else None,
                stateless=fitted.stateless,
            )
        )
    return tuple(found)


def _is_of_all_parts(
    store: RowStore, fitted: str | None, final_rows: str | None, trained: Sequence[str], watched: Sequence[str]
) -> bool:
    """Whether an object was fitted on texts, exactly as many as were trained on, watched and scored as numbers.

    The words of a sentence are numbered unseen, so that no row of numbers is known by its sentence. Their count tells:
    texts of the training part alone are fewer by the test rows.
    """
    texts, numbers = store.records.get(fitted or ""), store.records.get(final_rows or "")
    if texts is None or numbers is None or not _is_text(texts) or _is_text(numbers) or not texts.complete:
        return False
    parts = dict.fromkeys((*trained, *watched, final_rows))
    used = [item for name in parts if (item := store.records.get(name or "")) is not None and not _is_text(item)]
    return len(used) > 1 and all(item.complete for item in used) and sum(item.count for item in used) == texts.count


def _is_text(record: RowsSeen) -> bool:
    return record.dtype.startswith(("<U", "|S", "object", "str", "<S"))


def _before_resampling(store: RowStore, trained: Sequence[str]) -> tuple[str, ...]:
    """Return the rows that resamplers added to: among what they made, rows that never were can't be traced back."""
    return tuple(
        step.rows_in
        for step in store.transforms
        if step.rows_in is not None
        and step.rows_out in trained
        and _count(store, step.rows_in) != _count(store, step.rows_out)
    )


def _count(store: RowStore, rows: str | None) -> int:
    record = store.records.get(rows or "")
    return record.count if record else 0


def _included(store: RowStore, fitted: str | None, used: str | None) -> int | None:
    """Return how many of the rows `used`, as they were before any transform, an object was fitted on.

    Rows that equal fitted ones by chance don't count: where lineage says the sets are apart, it is believed; else as
    many as the data's own repeats explain are put down to chance.
    """
    hashes = store.exact(fitted)
    if hashes is None or fitted is None or used is None or not len(hashes):
        return None
    stages = store.stages(used)
    if not stages:
        return None
    if store.shared_by_lineage(used, fitted) == 0:
        return 0
    count = max(rows_within(stage, hashes) for stage in stages)
    return 0 if count <= store.repeat_rate(fitted) * len(stages[0]) and count < len(stages[0]) else count


def collect_splits(log: Log) -> tuple[SplitCall, ...]:
    """Return every splitter call."""
    found: list[SplitCall] = []
    for split in log.of("split.made", Split):
        settings = dict(split.settings)
        shuffle = {"true": True, "false": False}.get(settings.get("shuffle", "").lower())
        stratify = settings.get("stratify", "None")
        found.append(
            SplitCall(
                function=split.function,
                cell=split.cell,
                sizes=split.sizes,
                random_state=settings.get("random_state", "").replace("None", ""),
                shuffle=shuffle,
                stratified=stratify not in {"None", "False", ""} or "Stratified" in split.function,
                inputs=split.inputs,
                outputs=split.outputs,
            )
        )
    return tuple(found)


def collect_drawings(log: Log, store: RowStore) -> tuple[Drawing, ...]:
    """Return what was drawn, with the titles its axes had in the end; caps keep the first of very many."""
    titles = {(item.figure, item.axes): item for item in log.of("figure.titled", Titled)}
    left = MAX_NUMBERS
    found: list[Drawing] = []
    for drawn in log.of("figure.drawn", Drawn)[:MAX_DRAWINGS]:
        drawing = drawn.drawing
        title = titles.get((drawing.figure, drawing.axes))
        if title is not None:
            drawing = _titled(drawing, title)
        numbers = len(drawing.x) + len(drawing.y) + sum(len(row) for row in drawing.values)
        left -= numbers
        if left < 0:
            drawing = replace(drawing, x=(), y=(), values=())
            left += numbers
        known = drawn.rows in store.records
        found.append(replace(drawing, shows_rows=drawn.rows if known else None, shows_row=drawn.row if known else None))
    return _named_by_legend(found, titles)


def _titled(drawing: Drawing, title: Titled) -> Drawing:
    return replace(
        drawing,
        title=title.title,
        x_label=title.x_label,
        y_label=title.y_label,
        texts=title.texts,
        y_limits=title.y_limits,
        y_scale=title.y_scale,
    )


def _named_by_legend(drawings: list[Drawing], titles: Mapping[tuple[str, str], Titled]) -> tuple[Drawing, ...]:
    """Return the drawings, lines without labels named by `legend(["train", "val"])`: in the order they were drawn."""
    found = list(drawings)
    for key, title in titles.items():
        # seaborn asks for the next colour by a line without points, and takes it away again.
        here = [at for at, item in enumerate(found) if (item.figure, item.axes) == key]
        places = [at for at in here if found[at].y or found[at].kind != "line"]
        if all(found[at].kind == "line" and not found[at].label for at in places):
            for at, name in zip(places, title.legend, strict=False):
                found[at] = replace(found[at], label=name)
    return tuple(found)


def collect_seeds(log: Log) -> tuple[SeedCall, ...]:
    """Return every seeding call that happened."""
    return tuple(
        SeedCall(function=item.function, cell=item.cell, value=item.value, order=item.order)
        for item in log.of("seed.set", SeedSet)
    )
