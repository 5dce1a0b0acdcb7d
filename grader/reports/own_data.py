"""The files handed in with the notebook: how many of each class, what they are, and what is wrong with some."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from grader.model import FileGroup, OwnData, SameFiles, TableFile
from grader.reports.charts import share_bar
from grader.reports.numbers import count, joined
from grader.reports.outcome import picture_uri

KIND_WORDS = {"picture": "picture", "sound": "recording"}
MOST_NAMED = 8
MOST_CLASSES = 8
MOST_COLUMNS = 6
PART_WORDS = {"": "not divided", "train": "training", "validation": "validation", "test": "test"}


@dataclass(frozen=True, slots=True)
class GroupView:
    """One class: an example, the number of its files in each part, and a bar against the largest class."""

    label: str
    picture: Markup
    words: str
    bar: Markup


@dataclass(frozen=True, slots=True)
class TableView:
    """One table: its size in words, and what is known of its columns and rows, each under a word of its own."""

    name: str
    size: str
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class OwnDataView:
    """The files in words; `defects` and `same` name what should be looked at."""

    summary: str
    forms: tuple[str, ...]
    classes: tuple[GroupView, ...]
    defects: tuple[str, ...]
    same: tuple[str, ...]
    tables: tuple[TableView, ...]
    note: str


def own_data_view(data: OwnData | None) -> OwnDataView | None:
    """Return what was found in the files beside the notebook; None where there are none."""
    if data is None:
        return None
    defects = [f"{item.path}: {item.reason}." for item in data.unreadable[:MOST_NAMED]]
    if data.unreadable_files > len(defects):
        defects.append(f"{count(data.unreadable_files - len(defects), 'more file')} can't be read.")
    if data.silent:
        defects.append(f"{count(data.silent, 'recording')} without any sound.")
    same = [_same_words(item) for item in data.same[:MOST_NAMED]]
    if len(data.same) > MOST_NAMED:
        same.append(f"In all {count(data.copies, 'copy', 'copies')} and {count(data.look_alikes, 'look-alike')}.")
    return OwnDataView(
        summary=_summary(data),
        forms=tuple(_forms_words(kind, data.groups) for kind in ("picture", "sound") if _of(kind, data.groups)),
        classes=_classes(data.groups),
        defects=tuple(defects),
        same=tuple(same),
        tables=tuple(_table_view(item) for item in data.tables),
        note=data.note,
    )


def _summary(data: OwnData) -> str:
    numbers = (
        (data.pictures, "picture", "pictures"),
        (data.sounds, "recording", "recordings"),
        (len(data.tables), "table", "tables"),
    )
    parts = [count(number, one, many) for number, one, many in numbers if number]
    others = f", and {count(data.others, 'file')} of other kinds that were not opened" if data.others else ""
    named = any(item.by_name for item in data.groups)
    told = " Classes are told by the first part of the files' names." if named else ""
    return f"{joined(tuple(parts)) or 'No data'} came with the notebook{others}.{told}"


def _of(kind: str, groups: Sequence[FileGroup]) -> list[FileGroup]:
    return [item for item in groups if item.kind == kind]


def _forms_words(kind: str, groups: Sequence[FileGroup]) -> str:
    counts: dict[str, int] = {}
    for group in _of(kind, groups):
        for form, number in group.forms:
            counts[form] = counts.get(form, 0) + number
    ordered = [(form.replace(" x ", " × "), number) for form, number in counts.items()]  # noqa: RUF001 - as sizes are written
    ordered.sort(key=lambda pair: -pair[1])
    noun = {"picture": "Pictures", "sound": "Recordings"}[kind]
    if len(ordered) == 1:
        return f"{noun} are all {ordered[0][0]}."
    listed = tuple(f"{form} ({count(number)})" for form, number in ordered[:MOST_NAMED])
    more = " and others" if len(ordered) > MOST_NAMED else ""
    return f"{noun} differ: {joined(listed)}{more}."


def _classes(groups: Sequence[FileGroup]) -> tuple[GroupView, ...]:
    by_label: dict[tuple[str, str], list[FileGroup]] = {}
    for item in groups:
        by_label.setdefault((item.kind, item.label), []).append(item)
    largest = max((sum(item.files for item in items) for items in by_label.values()), default=1)
    return tuple(
        GroupView(
            label=label or "no class folder",
            picture=picture_uri(next((item.sample for item in items if item.sample), "")),
            words=_parts_words(items),
            bar=share_bar(sum(item.files for item in items) / max(1, largest)),
        )
        for (_, label), items in by_label.items()
    )


def _parts_words(items: Sequence[FileGroup]) -> str:
    if len(items) == 1 and not items[0].part:
        return count(items[0].files, KIND_WORDS[items[0].kind])
    return ", ".join(f"{count(item.files)} {PART_WORDS[item.part]}" for item in items)


def _same_words(item: SameFiles) -> str:
    paths = joined(tuple(item.paths[:3]))
    what = "are one and the same" if item.exact else "look the same"
    where = "in two parts" if item.across_parts else "in two classes" if item.across_labels else ""
    return f"{paths} {what}{', ' + where if where else ''}."


def _table_view(item: TableFile) -> TableView:
    facts = [
        (name, f"{_counts(counts[:MOST_CLASSES])}{' and others' if len(counts) > MOST_CLASSES else ''}")
        for name, counts in item.classes[:MOST_COLUMNS]
    ]
    if item.missing:
        more = " and others" if len(item.missing) > MOST_COLUMNS else ""
        facts.append(("Empty cells", _counts(item.missing[:MOST_COLUMNS]) + more))
    if item.repeated_rows:
        facts.append(("More than once", count(item.repeated_rows, "row that repeats", "rows that repeat") + " another"))
    if item.uneven_rows:
        facts.append(("Uneven", f"{count(item.uneven_rows, 'row')} with more or fewer cells than the heading"))
    if item.constant:
        facts.append(("Always the same", ", ".join(item.constant[:MOST_COLUMNS])))
    rows = f"{count(item.rows, 'row')}{'' if item.whole else ' read'}"
    return TableView(item.path, f"{rows}, {count(item.columns, 'column')}", tuple(facts))


def _counts(counts: Sequence[tuple[str, int]]) -> str:
    return ", ".join(f"{name} ({count(number)})" for name, number in counts)
