"""How the data flowed: which rows trained, validated and tested, and which stand on two sides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from grader.model import Evidence, Overlap, Role, RowSet
from grader.reports.charts import Lane, SharedRows, lane_chart
from grader.reports.numbers import cell_number, count, decimal, joined, percent
from grader.reports.official import official_sentences
from grader.reports.wording import ROLES

MOST_LANES = 6
MOST_LISTED = 40
LONGEST_USE = 36
"""Characters that fit behind a lane."""
MOST_CELLS_NAMED = 4


@dataclass(frozen=True, slots=True)
class RowsLine:
    """One row set in words."""

    role: str
    style: str
    rows: str
    distinct: str
    shape: str
    labels: str
    use: str
    cells: tuple[int, ...]
    origin: str
    complete: bool


@dataclass(frozen=True, slots=True)
class DataView:
    """How the rows were used: the picture, the table behind it, and rows that stand on two sides."""

    chart: Markup
    lines: tuple[RowsLine, ...]
    overlaps: tuple[str, ...]
    clean: str
    official: tuple[str, ...]


def data_view(evidence: Evidence, known_cells: frozenset[int]) -> DataView | None:
    """Return how rows trained, validated and tested; None where no rows were seen at all.

    Lanes are the sets that reached a model. What they were made from (the whole data, before scaling) is listed only.
    """
    order: dict[Role, int] = {"train": 0, "validation": 1, "test": 2, "other": 3}
    reached = _reached_a_model(evidence)
    sets = sorted(evidence.row_sets, key=lambda item: (item.id not in reached, order[item.role]))
    if not sets:
        return None
    drawn = [item for item in sets if item.id in reached][:MOST_LANES]
    lanes = tuple(
        Lane(ROLES[item.role][0], item.rows, _use_of(item, evidence, short=True), item.role) for item in drawn
    )
    position = {item.id: index for index, item in enumerate(drawn)}
    pairs = [item for item in evidence.overlaps if item.left in position and item.right in position]
    met = [item for item in pairs if item.exact or item.canonical]
    shared = tuple(_shared_rows(item, evidence, position) for item in met)
    clean = "No row was found on two sides." if pairs and not met else ""
    lines = tuple(_rows_line(item, evidence, known_cells) for item in sets[:MOST_LISTED])
    sentences = tuple(_overlap_sentence(item, evidence) for item in met)
    return DataView(lane_chart(lanes, shared), lines, sentences, clean, official_sentences(evidence))


def _reached_a_model(evidence: Evidence) -> frozenset[str]:
    trained = {rows for item in evidence.trainings for rows in (item.train_rows, item.validation_rows)}
    scored = {item.rows for item in evidence.scorings}
    return frozenset(rows for rows in trained | scored if rows is not None)


def _shared_rows(overlap: Overlap, evidence: Evidence, position: Mapping[str, int]) -> SharedRows:
    left, right = _role_names(overlap, evidence)
    most = max(overlap.exact, overlap.canonical)
    words = f"{count(most)} of {count(overlap.left_rows)} {left} rows are also {right} rows"
    by_chance = overlap.left_rows > 0 and most / overlap.left_rows <= overlap.duplicate_rate
    return SharedRows(position[overlap.left], position[overlap.right], words, alarming=not by_chance)


def _overlap_sentence(overlap: Overlap, evidence: Evidence) -> str:
    left, right = _role_names(overlap, evidence)
    return (
        f"Of {count(overlap.left_rows)} {left} rows {count(overlap.exact)} stand unchanged among the {right} rows, "
        f"{count(overlap.canonical)} up to scaling. {percent(overlap.duplicate_rate)} of them repeat within their own "
        "set: so much is what chance explains."
    )


def _role_names(overlap: Overlap, evidence: Evidence) -> tuple[str, str]:
    left, right = (evidence.row_set(rows) for rows in (overlap.left, overlap.right))
    return tuple(ROLES[item.role][0].lower() if item else "other" for item in (left, right))  # type: ignore[return-value]


def _use_of(rows: RowSet, evidence: Evidence, *, short: bool) -> str:
    scored = sorted({item.cell for item in evidence.scorings if item.rows == rows.id})
    fitted = sorted({item.cell for item in evidence.trainings if item.train_rows == rows.id})
    watched = sorted({item.cell for item in evidence.trainings if item.validation_rows == rows.id})
    parts = [
        f"{verb} in {_cell_words(cells)}"
        for verb, cells in (("trained on", fitted), ("watched", watched), ("scored", scored))
        if cells
    ]
    words = ", ".join(parts) or "seen on the way to a model"
    # A sentence too long for its lane is told in general; the table below has it whole.
    return ROLES[rows.role][1] if short and len(words) > LONGEST_USE else words


def _cell_words(indices: Sequence[int]) -> str:
    noun = "cell" if len(indices) == 1 else "cells"
    return f"{noun} {joined(tuple(str(cell_number(index)) for index in indices[:MOST_CELLS_NAMED]))}"


def _rows_line(rows: RowSet, evidence: Evidence, known_cells: frozenset[int]) -> RowsLine:
    return RowsLine(
        role=ROLES[rows.role][0],
        style=rows.role,
        rows=count(rows.rows),
        distinct=count(rows.distinct),
        shape=" \N{MULTIPLICATION SIGN} ".join(map(str, rows.shape)) or "single numbers",
        labels=_labels_words(rows),
        use=_use_of(rows, evidence, short=False),
        cells=tuple(cell_number(index) for index in rows.cells if cell_number(index) in known_cells),
        origin=rows.origin_hint,
        complete=rows.complete,
    )


def _labels_words(rows: RowSet) -> str:
    labels = rows.labels
    if labels is None:
        return "none seen"
    if labels.counts:
        classes = count(len(labels.counts), "class", "classes")
        low, high = min(labels.counts), max(labels.counts)
        return (
            f"{classes}, {count(low)} rows each"
            if low == high
            else f"{classes}, {count(low)} to {count(high)} rows each"
        )
    if labels.low is not None and labels.high is not None:
        return f"numbers from {decimal(labels.low)} to {decimal(labels.high)}"
    return labels.form
