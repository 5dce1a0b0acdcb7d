"""Events to records: each kind has one parser; what is odd is dropped and counted, what is unknown is ignored."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from grader.evidence import parsing_files, parsing_models, parsing_rows, parsing_views
from grader.evidence.fields import Fields, OddFieldError
from grader.evidence.records import RowsSeen
from grader.model import Event

Record = TypeVar("Record")
Parser = Callable[[Fields, int, int], Any]

PARSERS: dict[str, Parser] = {
    **parsing_rows.PARSERS,
    **parsing_models.PARSERS,
    **parsing_views.PARSERS,
    **parsing_files.PARSERS,
}
"""Event kind to the function that reads it: (fields, cell, order) to a record."""

_ONCE: dict[str, Callable[[Any], Any]] = {
    "rows.seen": lambda record: record.id,
    "labels.seen": lambda record: record.id,
    "fit.began": lambda record: record.id,
    "fit.epoch": lambda record: (record.fit, record.epoch),
    "fit.ended": lambda record: record.fit,
    "model.scored": lambda record: record.id,
}
"""Kinds that say a thing once: what was said first can't be taken back by a later event of the same id."""

_REPEATABLE = frozenset({"rows.seen", "labels.seen"})
"""Kinds whose repetition is honest: the same contents seen again, or rows whose values were kept only later."""


@dataclass(frozen=True, slots=True)
class Log:
    """All records of one run, by kind, in order; `faults` counts odd events and odd fields."""

    records: dict[str, tuple[Any, ...]]
    faults: int

    def of(self, kind: str, record: type[Record]) -> tuple[Record, ...]:
        """Return the records of one kind, in order."""
        return tuple(item for item in self.records.get(kind, ()) if isinstance(item, record))


def parse_events(events: Iterable[Event]) -> Log:
    """Check every event field by field and return what is sound. Never raises on what a student's process sent."""
    records: dict[str, list[Any]] = {}
    said: set[tuple[str, Any]] = set()
    late: dict[str, RowsSeen] = {}
    faults = 0
    for order, event in enumerate(events):
        parser = PARSERS.get(event.kind)
        if parser is None:
            continue
        fields = Fields(event.fields)
        try:
            record = parser(fields, -1 if event.cell is None else event.cell, order)
        except OddFieldError:
            faults += 1
            continue
        faults += fields.faults
        if event.kind in _ONCE:
            key = (event.kind, _ONCE[event.kind](record))
            if key in said:
                faults += event.kind not in _REPEATABLE
                if isinstance(record, RowsSeen) and record.values is not None:
                    late.setdefault(record.id, record)
                continue
            said.add(key)
        records.setdefault(event.kind, []).append(record)
    if late:
        records["rows.seen"] = [_with_values(record, late.get(record.id)) for record in records["rows.seen"]]
    return Log(records={kind: tuple(items) for kind, items in records.items()}, faults=faults)


def _with_values(first: RowsSeen, later: RowsSeen | None) -> RowsSeen:
    """Add values that were kept at a later use of the same rows; hashes and everything else stay as first said."""
    if later is None or first.values is not None or (first.exact, first.count) != (later.exact, later.count):
        return first
    return replace(first, values=later.values, values_index=later.values_index, scale=later.scale)
