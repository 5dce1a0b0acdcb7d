"""Labels of rows: read from artifacts, followed through transforms, compared with where they came from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.evidence.arrays import IntArray, UIntArray, found_in, load_array
from grader.evidence.fits import Fit
from grader.evidence.identity import RowStore, translated
from grader.evidence.parsing import Log
from grader.evidence.records import FitBegan, Labelled, LabelsSeen, Loaded, RowsSeen, Scored

MAX_CLASSES = 1_000
"""Most classes whole-numbered float labels may stand for: ImageNet has 1000; more are quantities."""

CONSISTENT = 0.95
"""Share of rows that must agree with a relabelling (class by class) before it is believed; the rest is noise."""


@dataclass(frozen=True, slots=True)
class LabelVector:
    """One label per row: codes into `classes`, or numbers where `classes` is empty."""

    values: NDArray[Any]
    classes: tuple[str, ...] = ()

    def take(self, start: int, stop: int) -> LabelVector:
        """Return the labels of rows `start` to `stop`."""
        return LabelVector(self.values[start:stop], self.classes)

    def as_classes(self) -> LabelVector | None:
        """Return class labels; whole numbers that are few become classes. None where they are quantities."""
        if self.classes:
            return self
        if self.values.ndim != 1 or not len(self.values) or not np.all(np.isfinite(self.values)):
            return None
        found = np.unique(self.values)
        if len(found) > MAX_CLASSES or not np.array_equal(found, np.round(found)):
            return None
        return LabelVector(np.searchsorted(found, self.values), tuple(str(int(item)) for item in found))

    def coded(self, vocabulary: Mapping[str, int]) -> IntArray:
        """Return the codes of these labels in another vocabulary, -1 where it lacks the class."""
        table = np.array([vocabulary.get(name, -1) for name in self.classes] or [-1], dtype=np.int64)
        return table[self.values] if len(self.values) else np.zeros(0, dtype=np.int64)


class LabelStore:
    """All labels of one run, and which rows had them."""

    def __init__(self, log: Log, rows: RowStore, artifacts: Mapping[str, Any]) -> None:
        self.rows = rows
        self.records = {record.id: record for record in log.of("labels.seen", LabelsSeen)}
        self._artifacts = artifacts
        self._vectors: dict[str, LabelVector | None] = {}
        self.sources = _sources(log, rows)
        self.used = _used(log)
        self._labelled = (*log.of("rows.labelled", Labelled), *self.sources, *self.used)

    def vector(self, labels: str | None) -> LabelVector | None:
        """Return the labels of that id, None where they are unknown or don't fit their own description."""
        if labels is None:
            return None
        if labels not in self._vectors:
            self._vectors[labels] = self._load(labels)
        return self._vectors[labels]

    def _load(self, labels: str) -> LabelVector | None:
        record = self.records.get(labels)
        if record is None or record.values is None:
            return None
        facts, path = record.facts, self._artifacts.get(record.values)
        if facts.form in {"float", "unknown"} or not facts.classes:
            numbers = load_array(path, "fiub", facts.count, (1, 2))
            if numbers is None:
                return None
            numbers = numbers[:, 0] if numbers.ndim == 2 and numbers.shape[1] == 1 else numbers
            return LabelVector(numbers.astype(np.float64))
        codes = load_array(path, "iu", facts.count)
        if codes is None or (len(codes) and (codes.min() < 0 or codes.max() >= len(facts.classes))):
            return None
        return LabelVector(codes.astype(np.int64), tuple(_plain_name(name) for name in facts.classes))

    def ids_of(self, rows: str | None) -> tuple[str, ...]:
        """Return the ids of labels seen with exactly this row set, in the order they were seen."""
        found = [(item.order, item.labels) for item in self._labelled if item.rows == rows and rows is not None]
        return tuple(dict.fromkeys(labels for _, labels in sorted(found)))

    def of_rows(self, rows: str | None, labels: str | None = None) -> LabelVector | None:
        """Return the labels of a row set: those named, cut where the set is a part; else the first seen with it."""
        record = self.rows.records.get(rows or "")
        if record is None:
            return None
        for name in (labels,) if labels is not None else self.ids_of(rows):
            vector = self.vector(name)
            if vector is not None:
                cut = self._fitting(vector, record)
                if cut is not None:
                    return cut
        if labels is None and record.parent is not None and record.start is not None:
            whole = self.of_rows(record.parent)
            return None if whole is None else whole.take(record.start, record.start + record.count)
        return None

    def _fitting(self, vector: LabelVector, record: RowsSeen) -> LabelVector | None:
        if len(vector.values) == record.count:
            return vector
        parent = self.rows.records.get(record.parent or "")
        if parent is not None and record.start is not None and len(vector.values) == parent.count:
            return vector.take(record.start, record.start + record.count)
        return None

    def of_fit(self, fit: Fit) -> LabelVector | None:
        """Return the labels one fit trained on."""
        return self.of_rows(fit.train, fit.began.labels) or self.of_rows(fit.train)

    def by_content(self, rows: str | None, known: Iterable[Labelled]) -> LabelVector | None:
        """Return labels found row by row, through transforms, among labelled sets; earlier sets win.

        Canonical hashes are tried last, for rows scaled by plain arithmetic. None unless every row is found.
        """
        ordered = sorted(known, key=lambda item: item.order)
        for stage in self.rows.stages(rows):
            found = self._look_up(stage, ordered, self.rows.exact)
            if found is not None:
                return found
        canonical = self.rows.canonical(rows)
        return None if canonical is None else self._look_up(canonical, ordered, self.rows.canonical)

    def _look_up(self, hashes: UIntArray, known: list[Labelled], hashes_of: Any) -> LabelVector | None:
        keys: list[UIntArray] = []
        values: list[NDArray[Any]] = []
        vocabulary: dict[str, int] = {}
        numbers = None
        for item in known:
            vector, mine = self.of_rows(item.rows, item.labels), hashes_of(item.rows)
            if vector is None or mine is None or len(mine) != len(vector.values) or vector.values.ndim != 1:
                continue
            if numbers is None:
                numbers = not vector.classes
            if numbers != (not vector.classes):
                continue
            for name in vector.classes:
                vocabulary.setdefault(name, len(vocabulary))
            keys.append(mine)
            values.append(vector.coded(vocabulary) if vector.classes else vector.values)
        if not keys:
            return None
        all_keys, all_values = np.concatenate(keys), np.concatenate(values)
        if not np.all(found_in(hashes, all_keys)):
            return None
        found = translated(hashes, all_keys, all_values)
        return None if found is None else LabelVector(found, tuple(vocabulary))


def _plain_name(name: str) -> str:
    """Return a class's name, `3.0` as `3`: the same class under another number type."""
    head, dot, tail = name.partition(".")
    return head if dot and head.lstrip("-").isdigit() and tail.strip("0") == "" else name


def _sources(log: Log, rows: RowStore) -> tuple[Labelled, ...]:
    """Return labels as rows had them where they were loaded or split: before any model saw them."""
    loaded = [
        Labelled(rows=part, labels=labels, order=load.order, by="source")
        for load in log.of("data.loaded", Loaded)
        for part, labels in load.parts
        if part is not None and labels is not None
    ]
    origins = {name for split in rows.splits for name in (*split.inputs, *split.outputs)}
    origins |= {part for load in rows.loads for part, _ in load.parts if part is not None}
    first: dict[str, Labelled] = {}
    for item in log.of("rows.labelled", Labelled):
        if item.rows in origins:
            first.setdefault(item.rows, item)
    return (*loaded, *first.values())


def _used(log: Log) -> tuple[Labelled, ...]:
    """Return labels as fits and scorings were given them."""
    given = [
        *((fit.rows, fit.labels, fit.order, "fit") for fit in log.of("fit.began", FitBegan)),
        *((fit.validation_rows, fit.validation_labels, fit.order, "fit") for fit in log.of("fit.began", FitBegan)),
        *((scored.rows, scored.labels, scored.order, "score") for scored in log.of("model.scored", Scored)),
    ]
    return tuple(
        Labelled(rows=rows, labels=labels, order=order, by=by)
        for rows, labels, order, by in given
        if rows is not None and labels is not None
    )


@dataclass(frozen=True, slots=True)
class Relabelling:
    """How labels at the source became the labels used: class to class, and the share of rows that follow it."""

    classes: Mapping[str, str]
    agreement: float


def relabelling(source: LabelVector, used: LabelVector, hashes: UIntArray) -> Relabelling | None:
    """Compare the labels rows were used with against those they came with.

    Classes may be renamed, encoded or merged (ten classes to two): what counts is that each class goes to one class.
    Numbers may be scaled or logged: what counts is that their order is kept. Rows that repeat are left out, since
    equal rows may rightly carry different labels. None where nothing can be compared.
    """
    unique, counts = np.unique(hashes, return_counts=True)
    single = found_in(hashes, unique[counts == 1])
    if not single.any() or source.values.ndim != 1 or used.values.ndim != 1:
        return None
    names, made = source.as_classes(), used.as_classes()
    if names is not None and made is not None:
        return _class_to_class(names, made, single)
    if source.classes or used.classes:
        return None
    before, after = _ranks(source.values[single]), _ranks(used.values[single])
    rising, falling = float(np.mean(before == after)), float(np.mean(before == after.max() - after))
    return Relabelling(classes={}, agreement=max(rising, falling))


def _class_to_class(source: LabelVector, used: LabelVector, single: NDArray[np.bool_]) -> Relabelling:
    table = np.zeros((len(source.classes), len(used.classes)), dtype=np.int64)
    np.add.at(table, (source.values[single], used.values[single]), 1)
    goes_to = table.argmax(axis=1)
    seen = table.sum(axis=1) > 0
    mapping = {name: used.classes[goes_to[place]] for place, name in enumerate(source.classes) if seen[place]}
    return Relabelling(classes=mapping, agreement=float(table.max(axis=1).sum() / table.sum()))


def _ranks(values: NDArray[Any]) -> IntArray:
    return np.unique(values, return_inverse=True)[1].astype(np.int64)
