"""Cross tables that leave out classes which were never answered, or never true, made whole."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from grader.evidence.labels import LabelStore, LabelVector
from grader.evidence.records import Metric

Matrix = tuple[tuple[float, ...], ...]

PERCENT = 100


def whole_matrix(call: Metric, labels: LabelStore) -> Matrix | None:
    """Return a table of counts or shares with all classes in rows and columns, None where it already has them.

    Totals (`margins=True`) are left out. None too where labels are not known or don't make such a table.
    """
    sides = {len(row) for row in call.matrix}
    if len(sides) != 1 or sides == {len(call.matrix)}:
        return None
    true, given = labels.vector(call.true), labels.vector(call.predicted)
    true, given = (item.as_classes() if item is not None else None for item in (true, given))
    if true is None or given is None or len(true.values) != len(given.values):
        return None
    names = sorted({*_present(true), *_present(given)}, key=_by_number)
    rows, columns = ([names.index(name) for name in sorted(_present(item), key=_by_number)] for item in (true, given))
    table = np.asarray(call.matrix, dtype=np.float64)
    if table.shape == (len(rows) + 1, len(columns) + 1):
        table = table[:-1, :-1]
    if table.shape != (len(rows), len(columns)) or not _counts(table, true, given, rows, columns, names):
        return None
    whole = np.zeros((len(names), len(names)))
    whole[np.ix_(rows, columns)] = table
    return tuple(tuple(float(value) for value in row) for row in whole)


def _counts(
    table: NDArray[np.float64],
    true: LabelVector,
    given: LabelVector,
    rows: list[int],
    columns: list[int],
    names: list[str],
) -> bool:
    """Whether the table holds the counts of these labels; shares are taken as they are."""
    if table.min() >= 0 and (table.max() <= 1 or not np.array_equal(table, np.round(table))):
        return bool(table.max() <= PERCENT)
    codes = {name: place for place, name in enumerate(names)}
    counts = np.zeros((len(names), len(names)))
    np.add.at(counts, (true.coded(codes), given.coded(codes)), 1)
    return np.array_equal(counts[np.ix_(rows, columns)], table)


def _present(item: LabelVector) -> set[str]:
    return {item.classes[code] for code in np.unique(item.values)}


def _by_number(name: str) -> tuple[int, float, str]:
    """Return a key that sorts numbers by size, as pandas does, and names by their letters."""
    try:
        return (0, float(name), name)
    except ValueError:
        return (1, 0.0, name)
