"""The row sets in use, with their roles, labels and origin; whether labels agree, and which rows are altered copies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from grader.evidence.arrays import UIntArray, found_in, rows_within
from grader.evidence.fits import Fit
from grader.evidence.identity import RowStore
from grader.evidence.labels import LabelStore, relabelling
from grader.evidence.lineage import Lineage
from grader.evidence.records import RowsSeen
from grader.model import LabelFacts, Role, RowSet, Scoring, TrainingRun

MAX_ROW_SETS = 300
"""Most row sets kept: ten-fold cross-validation of three models uses sixty."""

MOST_TRACED = 6
"""Trainings on two classes whose rows are looked up where they were loaded: a second of work each at most."""


def collect_row_sets(
    store: RowStore, labels: LabelStore, lineage: Lineage, scorings: Sequence[Scoring]
) -> tuple[RowSet, ...]:
    """Return the row sets that reached a model, a split or a loader, those of fits and the latest scorings first."""
    scored = tuple(dict.fromkeys(item.rows for item in scorings if item.rows))
    found: dict[str, None] = {}
    for fit in lineage.fits:
        found.update(dict.fromkeys(rows for rows in (fit.train, fit.watched, *_drawn_from(fit, lineage)) if rows))
    found.update(dict.fromkeys(item.rows for item in reversed(scorings) if item.rows))
    for split in store.splits:
        found.update(dict.fromkeys((*split.inputs, *split.outputs)))
    for load in store.loads:
        found.update(dict.fromkeys(rows for rows, _ in load.parts if rows))
    used = [store.records[rows] for rows in found if rows in store.records][:MAX_ROW_SETS]
    hints = _origins(store)
    sets = [_row_set(record, store, labels, lineage.role_in_run(record.id, scored)) for record in used]
    sets = [replace(item, origin_hint=_origin(item.id, hints, store)) for item in sets]
    return tuple(_with_roles_of_descendants(sets, store))


def _drawn_from(fit: Fit, lineage: Lineage) -> tuple[str | None, ...]:
    """Return the sets whose altered copies a training was given: what an iterator cut off is seen nowhere else."""
    return (*lineage.originals(fit), fit.ended.validation_drawn_from if fit.ended else None)


def _row_set(record: RowsSeen, store: RowStore, labels: LabelStore, role: Role) -> RowSet:
    hashes = store.exact(record.id)
    return RowSet(
        id=record.id,
        rows=record.count,
        distinct=len(np.unique(hashes)) if hashes is not None else record.count,
        shape=record.shape,
        dtype=record.dtype,
        role=role,
        low=record.low,
        high=record.high,
        mean=record.mean,
        labels=_label_facts(record, labels),
        complete=record.complete and hashes is not None,
        cells=(record.cell,) if record.cell >= 0 else (),
        nans=record.nans,
    )


def _label_facts(record: RowsSeen, labels: LabelStore) -> LabelFacts | None:
    """Return the facts of a set's labels, counted anew where the set is a part of another."""
    names = labels.ids_of(record.id) or labels.ids_of(record.parent)
    known = next((labels.records[name] for name in names if name in labels.records), None)
    if known is None and record.parent is None:
        return _found_facts(record, labels)
    if known is None or record.parent is None:
        return known.facts if known else None
    vector = labels.of_rows(record.id) or labels.of_rows(record.id, known.id)
    if vector is None or not vector.classes:
        return replace(known.facts, count=record.count, counts=())
    counts = np.bincount(vector.values, minlength=len(vector.classes))
    return replace(known.facts, count=record.count, counts=tuple(int(count) for count in counts))


def _found_facts(record: RowsSeen, labels: LabelStore) -> LabelFacts | None:
    """Return the facts of labels found row by row, for rows that were only predicted."""
    vector = labels.by_content(record.id, (*labels.used, *labels.sources))
    if vector is None or not vector.classes:
        return None
    counts = np.bincount(vector.values, minlength=len(vector.classes))
    whole = all(name.lstrip("-").isdigit() for name in vector.classes)
    return LabelFacts("int" if whole else "text", record.count, vector.classes, tuple(int(count) for count in counts))


def _origins(store: RowStore) -> dict[str, str]:
    """Return, for each row set a loader returned, the loader's data set and the part (`fashion_mnist/test`)."""
    hints: dict[str, str] = {}
    for load in store.loads:
        words = [
            word for word in load.function.split(".") if word not in {"keras", "tensorflow", "sklearn", "datasets"}
        ]
        name = next((word for word in words if word != "load_data"), load.function)
        name = name.removeprefix("load_").removeprefix("fetch_")
        parts = [rows for rows, _ in load.parts if rows]
        places = ("train", "test") if len(parts) == 2 else ("train", "validation", "test")
        for place, rows in enumerate(parts):
            hints.setdefault(rows, f"{name}/{places[place]}" if 1 < len(parts) <= len(places) else name)
    return hints


def _origin(rows: str, hints: dict[str, str], store: RowStore) -> str:
    if rows in hints:
        return hints[rows]
    for source, hint in hints.items():
        for mine, theirs in (
            (store.exact(rows), store.exact(source)),
            (store.canonical(rows), store.canonical(source)),
        ):
            if _inside(mine, theirs):
                return hint
    return ""


def _inside(mine: UIntArray | None, theirs: UIntArray | None) -> bool:
    return mine is not None and theirs is not None and 2 * rows_within(mine, theirs) > len(mine) > 0


def _with_roles_of_descendants(sets: list[RowSet], store: RowStore) -> Iterable[RowSet]:
    """Give rows that only a transform used the role of what they became: raw test rows are the test rows."""
    roles = {item.id: item.role for item in sets}
    for step in reversed(store.transforms):
        made = roles.get(step.rows_out or "")
        if step.rows_in and made and made != "other" and roles.get(step.rows_in) == "other":
            roles[step.rows_in] = made
    return (replace(item, role=roles[item.id]) for item in sets)


def measure_label_agreement(labels: LabelStore, fits: Sequence[Fit]) -> float | None:
    """Return the share of the last fit's training rows whose label follows the one the row had at its source.

    None where the rows were not seen labelled at a loader or split, or before any fit took them.
    """
    fit = next((item for item in reversed(fits) if item.train), None)
    hashes = labels.rows.exact(fit.train) if fit else None
    if fit is None or hashes is None:
        return None
    used = labels.of_fit(fit)
    source = labels.by_content(fit.train, (item for item in labels.sources if item.order < fit.began.order))
    if used is None or source is None:
        return None
    found = relabelling(source, used, hashes)
    return None if found is None else found.agreement


def with_source_classes(
    trainings: Sequence[TrainingRun], fits: Sequence[Fit], labels: LabelStore
) -> tuple[TrainingRun, ...]:
    """Return the trainings, those on two classes with the labels that their rows had where they were loaded."""
    begun = {fit.began.id: fit for fit in fits}
    found = []
    left = MOST_TRACED
    for training in trainings:
        fit = begun.get(training.id)
        if left and fit is not None and fit.train and _tells_two(training, fit, labels):
            left -= 1
            source = labels.by_content(fit.train, (item for item in labels.sources if item.order < fit.began.order))
            if source is not None and source.classes:
                present = np.unique(source.values)
                names = tuple(source.classes[place] for place in present if place >= 0)
                training = replace(training, source_classes=names)  # noqa: PLW2901 - the same training, completed
        found.append(training)
    return tuple(found)


def _tells_two(training: TrainingRun, fit: Fit, labels: LabelStore) -> bool:
    """Whether a training's labels are of two classes, as fit was given them or as they were seen with its rows."""
    if training.labels is not None:
        return len(training.labels.classes) == 2
    vector = labels.of_fit(fit)
    return vector is not None and bool(vector.classes) and len(np.unique(vector.values)) == 2


def count_augmented_copies(store: RowStore, test: str | None, trained: Sequence[str]) -> int | None:
    """Return how many test rows descend from the same original as a training row, by augmentation lineage.

    None where no augmentation was seen with the rows it took and gave.
    """
    steps = [(store.exact(step.rows_in), store.exact(step.rows_out)) for step in store.augmentations]
    known = [(taken, given) for taken, given in steps if taken is not None and given is not None]
    pairs = [(taken, given) for taken, given in known if len(taken) == len(given)]
    held, sets = store.exact(test), [hashes for rows in trained if (hashes := store.exact(rows)) is not None]
    if not pairs or held is None or not sets:
        return None
    taken = np.concatenate([pair[0] for pair in pairs])
    given = np.concatenate([pair[1] for pair in pairs])
    train = np.unique(np.concatenate(sets))
    train_origins = np.union1d(train, _original(train, given, taken))
    origins = _original(held, given, taken)
    copies = found_in(origins, train_origins) & ~found_in(held, train)
    return int(copies.sum())


def _original(hashes: UIntArray, given: UIntArray, taken: UIntArray) -> UIntArray:
    """Return what each row was before augmentation; rows that were not augmented stay as they are."""
    order = np.argsort(given, kind="stable")
    places = order[np.minimum(np.searchsorted(given, hashes, sorter=order), len(given) - 1)]
    return np.where(given[places] == hashes, taken[places], hashes)
