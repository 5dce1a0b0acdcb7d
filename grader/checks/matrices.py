"""Confusion matrices as shown: found in drawings and printed outputs, and compared with the recomputed one."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from grader.model import Drawing, Evidence, Origin

Matrix = tuple[tuple[float, ...], ...]

LARGEST = 200
"""Classes beyond this don't fit on a page; a bigger square is a picture."""
SHARE_SLACK = 0.006
"""Normalised entries are mostly shown with two decimals, cut or rounded."""
COUNT_SLACK = 0.51
"""Counts are whole numbers: annotated values may be rounded."""
_NUMBER = r"-?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?"
NUMBER = re.compile(_NUMBER)
BRACKETED_ROW = re.compile(rf"(?<!\[)\[+\s*({_NUMBER}(?:[\s,]+{_NUMBER})*)[\s,]*\]")
"""Each piece can be matched in one way only: hostile output must not cost more than its length."""


@dataclass(frozen=True, slots=True)
class ShownMatrix:
    """A matrix put before the reader's eyes, and what it rests on."""

    values: Matrix
    cell: int
    how: str
    origin: Origin


def shown_matrices(evidence: Evidence) -> tuple[ShownMatrix, ...]:
    """Return every confusion matrix shown: drawn, printed, or displayed as a table.

    A square of numbers is a confusion matrix when its entries count the rows of something that was scored, or when
    it equals (up to normalisation) what a confusion-matrix function returned. A correlation heat map and a picture
    meet neither.
    """
    computed = [call.matrix for call in evidence.metric_calls if is_square(call.matrix)]
    totals = _scored_counts(evidence)
    found = []
    for values, cell, how, origin in _candidates(evidence):
        if any(same_matrix(values, matrix) for matrix in computed) or _counts(values, totals):
            found.append(ShownMatrix(values, cell, how, origin))
    return (*found, *_tables(evidence), *_too_large_to_carry(evidence))


def _tables(evidence: Evidence) -> Iterable[ShownMatrix]:
    """Yield the cross tables that are shown without the classes which are not in them: not square, and yet whole."""
    for call in evidence.metric_calls:
        if not call.table:
            continue
        for drawing in evidence.drawings:
            if drawing.kind in {"image", "mesh"} and drawing.values and _same_table(drawing.values, call.table):
                yield ShownMatrix(call.matrix, drawing.cell, "drawn", "kernel")
        for cell in (item for item in evidence.cells if item.index >= call.cell):
            for origin, outputs in (("kernel", cell.rerun), ("static", cell.saved)):
                if any(_holds_table(output.text, call.table) for output in outputs):
                    yield ShownMatrix(call.matrix, cell.index, "printed", origin)  # type: ignore[arg-type]


def _same_table(shown: Sequence[Sequence[float]], table: Sequence[Sequence[float]]) -> bool:
    """Whether two tables hold the same numbers, turned round or not, drawn from the top or from below."""
    for base in (table, transposed(table)):
        if len(shown) == len(base) and len(shown[0]) == len(base[0]):
            upside_down = tuple(reversed(tuple(base)))
            if _close(shown, base, SHARE_SLACK) or _close(shown, upside_down, SHARE_SLACK):
                return True
    return False


def _holds_table(text: str, table: Sequence[Sequence[float]]) -> bool:
    """Whether lines that follow each other end with the rows of a table, behind their names."""
    rows = [_last_numbers(line, len(table[0])) for line in text.splitlines()]
    parts = (rows[start : start + len(table)] for start in range(len(rows) - len(table) + 1))
    return any(all(part) and _close(part, table, SHARE_SLACK) for part in parts)


def _last_numbers(line: str, count: int) -> tuple[float, ...]:
    """Return the so many numbers behind a row's name, empty where the line holds anything else."""
    words = line.strip().strip("|").replace("|", " ").split()
    name, numbers = words[:-count], words[-count:]
    named = len(name) == 1 or (name and not any(NUMBER.fullmatch(word) for word in name))
    return tuple(map(float, numbers)) if named and all(NUMBER.fullmatch(word) for word in numbers) else ()


def is_square(matrix: Sequence[Sequence[float]]) -> bool:
    """Whether it is a square of at least two rows."""
    size = len(matrix)
    return 2 <= size <= LARGEST and all(len(row) == size for row in matrix)


def same_matrix(shown: Sequence[Sequence[float]], true: Sequence[Sequence[float]]) -> bool:
    """Whether they are the same up to transposition and normalisation (by row, column or total; share or percent)."""
    if not is_square(shown) or len(shown) != len(true) or not is_square(true):
        return False
    return any(
        same_counts(shown, form) if kind == "counts" else same_shares(shown, form)
        for base in (true, transposed(true))
        for kind, form in normalisations(base)
    )


def same_counts(shown: Sequence[Sequence[float]], counts: Sequence[Sequence[float]]) -> bool:
    """Whether two matrices of one size hold the same counts."""
    return _close(shown, counts, COUNT_SLACK)


def same_shares(shown: Sequence[Sequence[float]], shares: Sequence[Sequence[float]]) -> bool:
    """Whether a matrix shows these shares, as they are or in percent."""
    return _close(shown, shares, SHARE_SLACK) or _close(shown, _times(shares, 100), 100 * SHARE_SLACK)


def transposed(matrix: Sequence[Sequence[float]]) -> Matrix:
    """Return the matrix with rows and columns exchanged."""
    return tuple(zip(*matrix, strict=True))


def normalisations(matrix: Sequence[Sequence[float]]) -> Iterator[tuple[str, Matrix]]:
    """Yield the forms a confusion matrix is shown in: counts, shares of rows, of columns, of all."""
    yield "counts", tuple(tuple(map(float, row)) for row in matrix)
    totals = [sum(row) or 1 for row in matrix]
    yield "rows", tuple(tuple(value / total for value in row) for row, total in zip(matrix, totals, strict=True))
    columns = [sum(column) or 1 for column in zip(*matrix, strict=True)]
    yield "columns", tuple(tuple(v / c for v, c in zip(row, columns, strict=True)) for row in matrix)
    whole = sum(map(sum, matrix)) or 1
    yield "all", tuple(tuple(value / whole for value in row) for row in matrix)


def parse_matrices(text: str) -> tuple[Matrix, ...]:
    """Return the square matrices printed in a text: `[[9 1] [2 8]]`, nested lists, tensors, data frames."""
    rows = BRACKETED_ROW.findall(text) if "[" in text else ()
    bracketed = [tuple(map(float, NUMBER.findall(row))) for row in rows]
    lines = text.splitlines()
    return (*_squares(bracketed), *_squares(map(_table_row, lines)), *_squares(map(_bare_row, lines)))


def _candidates(evidence: Evidence) -> Iterable[tuple[Matrix, int, str, Origin]]:
    for drawing in evidence.drawings:
        if drawing.kind in {"image", "mesh"} and is_square(drawing.values) and drawing.shows_rows is None:
            values = _unmasked(drawing.values)
            yield values, drawing.cell, "drawn", "kernel"
            yield tuple(reversed(values)), drawing.cell, "drawn", "kernel"
    for cell in evidence.cells:
        texts = {output.text for output in (*cell.rerun, *cell.saved)}  # most come out again as they were saved
        printed = {text: parse_matrices(text) for text in texts}
        for origin, outputs in (("kernel", cell.rerun), ("static", cell.saved)):
            for output in outputs:
                for matrix in printed[output.text]:
                    yield matrix, cell.index, "printed", origin  # type: ignore[misc]


def _unmasked(values: Matrix) -> Matrix:
    """Return a drawn matrix with 0 where there is no number: zeros that were masked, shares of classes without rows."""
    return tuple(tuple(0.0 if math.isnan(value) else value for value in row) for row in values)


def _too_large_to_carry(evidence: Evidence) -> Iterable[ShownMatrix]:
    """A drawing whose values did not travel, of the very shape a confusion matrix had that was computed before."""
    for drawing in evidence.drawings:
        if drawing.kind not in {"image", "mesh"} or drawing.values or drawing.shows_rows is not None:
            continue
        for call in evidence.metric_calls:
            if is_square(call.matrix) and _same_shape(drawing, len(call.matrix)) and call.order <= drawing.order:
                yield ShownMatrix(call.matrix, drawing.cell, "drawn", "kernel")


def _same_shape(drawing: Drawing, size: int) -> bool:
    return drawing.shape[:2] == (size, size) or drawing.shape == (size * size,)


def _scored_counts(evidence: Evidence) -> frozenset[int]:
    """Sizes of the row sets that were scored: what the entries of a confusion matrix add up to."""
    rows = (evidence.row_set(item.rows) for item in evidence.scorings)
    return frozenset(item.rows for item in rows if item is not None) | frozenset(
        item.count for item in evidence.metric_calls if item.count
    )


def _counts(values: Matrix, totals: frozenset[int]) -> bool:
    flat = [value for row in values for value in row]
    if not all(value >= 0 and float(value).is_integer() for value in flat):
        return False
    return int(sum(flat)) in totals and sum(values[i][i] for i in range(len(values))) > 0


def _close(left: Sequence[Sequence[float]], right: Sequence[Sequence[float]], slack: float) -> bool:
    return all(
        abs(a - b) <= slack for row, other in zip(left, right, strict=True) for a, b in zip(row, other, strict=True)
    )


def _times(matrix: Sequence[Sequence[float]], factor: float) -> Matrix:
    return tuple(tuple(value * factor for value in row) for row in matrix)


def _table_row(line: str) -> tuple[float, ...]:
    """Return the numbers of a line of a printed table, without its label; empty where it isn't one."""
    words = line.strip().strip("|").replace("|", " ").split()
    if len(words) < 3:
        return ()
    numbers = words[1:]
    return tuple(map(float, numbers)) if all(NUMBER.fullmatch(word) for word in numbers) else ()


def _bare_row(line: str) -> tuple[float, ...]:
    """Return the numbers of a line that holds nothing else, as a loop of prints leaves it; empty for other lines."""
    words = line.replace(",", " ").split()
    return tuple(map(float, words)) if len(words) > 1 and all(NUMBER.fullmatch(word) for word in words) else ()


def _squares(rows: Iterable[tuple[float, ...]]) -> list[Matrix]:
    """Return the runs of k consecutive rows of k numbers (a row or column of totals, as crosstab adds, is dropped)."""
    found: list[Matrix] = []
    for size, together in groupby(rows, key=len):
        if size < 2:
            continue
        block = tuple(together)
        if len(block) > size and len(block) % size == 0:
            found += [block[at : at + size] for at in range(0, len(block), size)]  # one printed after the other
        if is_square(block):
            found.append(block)
            without_totals = tuple(row[:-1] for row in block[:-1])
            if is_square(without_totals):
                found.append(without_totals)
    return found
