"""In which form a confusion matrix is shown: transposed, normalised, of some classes or rows, at another threshold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, islice

from grader.checks.matrices import Matrix, is_square, normalisations, same_counts, same_shares, transposed
from grader.model import Verified

MOST_SUBSETS = 3_000
"""Choices of some of the classes that are tried: all of up to twelve classes."""

FEWEST_ROWS = 10
"""A part of a matrix with fewer rows equals some part of many another one."""

NORMALISED = {
    "counts": "",
    "rows": "as shares of each true class",
    "columns": "as shares of each predicted class",
    "all": "as shares of all rows",
}
"""What a normalisation makes of the counts, in words."""


def reading_of(shown: Matrix, verified: Verified) -> str | None:
    """Return how the shown matrix is the recomputed one, in words (empty: as it is); None where it is not.

    Tried, in this order: the whole matrix in any form, at another threshold (two classes), of some of the classes, one
    class against all others.
    """
    true = verified.matrix
    if not is_square(shown) or not is_square(true):
        return None
    if len(shown) == len(true):
        form = _form_of(shown, true)
        return form if form is not None else _at_another_cut(shown, verified)
    if sum(map(sum, shown)) < FEWEST_ROWS and _is_counted(shown):
        return None
    return _of_some_classes(shown, verified) or _one_against_the_rest(shown, verified)


def rows_of(shown: Matrix, true: Sequence[Sequence[float]]) -> int | None:
    """Return how many rows the shown matrix counts where they may be a part of the true one's; None where not."""
    if not is_square(shown) or len(shown) != len(true) or not _is_counted(shown):
        return None
    rows, whole = sum(map(sum, shown)), sum(map(sum, true))
    for base in (shown, transposed(shown)):
        if all(a <= b for row, other in zip(base, true, strict=True) for a, b in zip(row, other, strict=True)):
            return int(rows) if FEWEST_ROWS <= rows < whole else None
    return None


def _form_of(shown: Matrix, true: Sequence[Sequence[float]]) -> str | None:
    for turned, base in (("", true), ("with the predicted classes in its rows", transposed(true))):
        for kind, form in normalisations(base):
            if kind == "counts" and same_counts(shown, form):
                return turned
            if kind != "counts" and same_shares(shown, form):
                return ", ".join(filter(None, (NORMALISED[kind], turned)))
    return None


def _at_another_cut(shown: Matrix, verified: Verified) -> str | None:
    for cut, matrix in verified.cuts:
        form = _form_of(shown, matrix)
        if form is not None:
            return ", ".join(filter(None, (f"with answers cut at {cut:g}", form)))
    return None


def _of_some_classes(shown: Matrix, verified: Verified) -> str | None:
    size, of = len(shown), len(verified.matrix)
    if size > of:
        return None
    for chosen in islice(combinations(range(of), size), MOST_SUBSETS):
        part = tuple(tuple(verified.matrix[row][column] for column in chosen) for row in chosen)
        if sum(map(sum, part)) < FEWEST_ROWS:
            continue
        form = _form_of(shown, part)
        if form is not None:
            return ", ".join(filter(None, (f"for {size} of the {of} classes", form)))
    return None


def _one_against_the_rest(shown: Matrix, verified: Verified) -> str | None:
    if len(shown) != 2:
        return None
    for name, matrix in _against_rest(verified):
        if _form_of(shown, matrix) is not None:
            return f"for class “{name}” against all others"
    return None


def _against_rest(verified: Verified) -> Iterator[tuple[str, Matrix]]:
    whole = sum(map(sum, verified.matrix))
    for place, name in enumerate(verified.classes):
        right = verified.matrix[place][place]
        missed = sum(verified.matrix[place]) - right
        wrongly = sum(row[place] for row in verified.matrix) - right
        rest = whole - right - missed - wrongly
        yield name, ((rest, wrongly), (missed, right))
        yield name, ((right, missed), (wrongly, rest))


def _is_counted(matrix: Matrix) -> bool:
    return all(value >= 0 and float(value).is_integer() for row in matrix for value in row)
