"""How the data flowed: which rows trained, validated and tested, and which stand on two sides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from grader.model import Evidence, Role, RowSet
from grader.reports.charts import Lane, lane_chart
from grader.reports.crossings import Crossing, crossings_of
from grader.reports.numbers import cell_number, count, decimal, joined, percent
from grader.reports.official import official_sentences
from grader.reports.outcome import final_verification
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
    crossings: tuple[Crossing, ...]
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
    shared, crossings = crossings_of(evidence, pairs, position)
    clean = "No row was found on two sides." if pairs and not shared else ""
    lines = tuple(_rows_line(item, evidence, known_cells) for item in sets[:MOST_LISTED])
    more = len([item for item in sets if item.id in reached]) - len(drawn)
    chart = lane_chart(lanes, shared, _source_words(drawn, evidence, more))
    return DataView(chart, lines, crossings, clean, official_sentences(evidence))


def _source_words(drawn: Sequence[RowSet], evidence: Evidence, more: int) -> str:
    """Say how many rows there are, where they come from, and how many sets are not drawn."""
    origins = {item.origin_hint.partition("/")[0] for item in drawn}
    words = count(sum(item.rows for item in drawn), "row")
    if len(origins) == 1 and (name := next(iter(origins))):
        words += f" of {name}"
    divided = [item for item in evidence.splits if item.sizes]
    if divided:
        words += f", split in {_cell_words(sorted({item.cell for item in divided}))}"
    return words + (f"; {count(more)} more sets are listed below" if more > 0 else "")


def _reached_a_model(evidence: Evidence) -> frozenset[str]:
    trained = {rows for item in evidence.trainings for rows in (item.train_rows, item.validation_rows)}
    scored = {item.rows for item in evidence.scorings}
    return frozenset(rows for rows in trained | scored if rows is not None)


def _use_of(rows: RowSet, evidence: Evidence, *, short: bool) -> str:
    scored = sorted({item.cell for item in evidence.scorings if item.rows == rows.id})
    fitted = sorted({item.cell for item in evidence.trainings if item.train_rows == rows.id})
    watched = sorted({item.cell for item in evidence.trainings if item.validation_rows == rows.id})
    parts = [
        f"{verb} in {_cell_words(cells)}"
        for verb, cells in (("trained on", fitted), ("watched", watched), ("scored", scored))
        if cells
    ]
    words = (", ".join(parts) or "seen on the way to a model") + _score_of(rows, evidence)
    # A sentence too long for its lane is told in general; the table below has it whole.
    return ROLES[rows.role][1] if short and len(words) > LONGEST_USE else words


def _score_of(rows: RowSet, evidence: Evidence) -> str:
    """Return the final score behind the rows it was measured on: where the data flowed to in the end."""
    final = evidence.scoring(evidence.final_scoring)
    result = final_verification(evidence)
    if final is None or result is None or final.rows != rows.id:
        return ""
    if evidence.task == "regression":
        return f": error {decimal(result.mae)}" if result.mae is not None else ""
    return f": {percent(result.accuracy)}" if result.accuracy is not None else ""


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
