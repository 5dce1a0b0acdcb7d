"""Marks that a person gave: a CSV file with an `id` and a column a criterion, of level names or of points.

The class's own `grades.csv`, with the levels put right by hand, is such a file: its other columns are passed over.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from grader.calibration.stored import Levels
from grader.errors import MarksError
from grader.model import Criterion, Level, Rubric
from grader.rubrics.mistakes import meant

MOST_BYTES = 5_000_000
"""A line for each of ten thousand students takes a tenth of it."""

IDENTITY = "id"
OF_GRADES_CSV = frozenset({"status", "total", "max_total", "needs_review", "review_reasons", "set_by_person", "name"})
"""Columns of `grades.csv` that are no marks; those of points, `<criterion>_points`, are none either."""

Marks = Mapping[str, Levels]
"""Levels by criterion, by submission."""


def read_marks(path: Path, rubric: Rubric, submissions: Collection[str]) -> Marks:
    """Return the marks of a file; a cell that is empty is no mark.

    Raises:
        MarksError: it can't be read, or names submissions, criteria or levels that are not there.
    """
    rows = list(csv.reader(io.StringIO(text := _read(path)), delimiter=_delimiter(text)))
    header = [name.strip() for name in rows[0]] if rows else []
    columns, mistakes = _columns(header, rubric)
    marks: dict[str, Levels] = {}
    lines: dict[str, int] = {}
    for number, row in enumerate(rows[1:], 2):
        cells = dict(zip(header, (cell.strip() for cell in row), strict=False))
        if not any(cells.values()):
            continue
        name = _submission(cells.get(IDENTITY, ""), submissions)
        if name not in submissions:
            mistakes.append(f"line {number}: no submission {name!r} was graded here{meant(name, submissions)}")
        elif name in marks:
            mistakes.append(f"line {number}: {name!r} is marked in line {lines[name]} too")
        found, wrong = _levels(cells, columns)
        mistakes += [f"line {number}, {column}: {why}" for column, why in wrong]
        marks[name], lines[name] = found, number
    if not mistakes and not any(marks.values()):
        mistakes.append("it holds no marks")
    if mistakes:
        raise MarksError(str(path), tuple(mistakes))
    return {name: found for name, found in marks.items() if found}


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as fault:
        raise MarksError(str(path), (f"it can't be read ({fault.strerror or fault})",)) from None
    if len(content) > MOST_BYTES:
        raise MarksError(str(path), (f"it is larger than {MOST_BYTES:,} bytes, which no table of marks is",))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise MarksError(str(path), ("it is not a text file in UTF-8; save it as CSV UTF-8",)) from None


def _delimiter(text: str) -> str:
    """Return what stands between the cells: spreadsheets of many countries write semicolons."""
    first = text.partition("\n")[0]
    return max(",;\t", key=first.count)


def _columns(header: list[str], rubric: Rubric) -> tuple[dict[str, Criterion], list[str]]:
    """Return the criterion of each column that holds marks, and what is wrong with the header."""
    if IDENTITY not in header:
        return {}, [f"line 1: there is no column {IDENTITY!r}; the first line names the columns"]
    known = {name.casefold(): item for item in rubric.criteria for name in (item.id, item.title)}
    columns, mistakes = {}, []
    for name in header:
        if name.casefold() in known:
            columns[name] = known[name.casefold()]
        elif name and name != IDENTITY and name not in OF_GRADES_CSV and not name.endswith("_points"):
            ids = [item.id for item in rubric.criteria]
            mistakes.append(f"line 1: {name!r} is no criterion of {rubric.id} ({', '.join(ids)}){meant(name, ids)}")
    if len({item.id for item in columns.values()}) < len(columns):
        mistakes.append("line 1: a criterion has two columns")
    if not columns and not mistakes:
        mistakes.append("line 1: there is no column of marks; name one after each criterion")
    return columns, mistakes


def _submission(text: str, submissions: Collection[str]) -> str:
    """Return the id meant: `grades.csv` puts a quote before those that a spreadsheet would run as a formula."""
    return text[1:] if text not in submissions and text.startswith("'") else text


def _levels(
    cells: Mapping[str, str], columns: Mapping[str, Criterion]
) -> tuple[dict[str, Level], list[tuple[str, str]]]:
    found: dict[str, Level] = {}
    wrong = []
    for column, criterion in columns.items():
        text = cells.get(column, "")
        if not text:
            continue
        meant_levels = list(_meant_levels(text, criterion))
        if len(meant_levels) == 1:
            found[criterion.id] = meant_levels[0]
        elif meant_levels:
            wrong.append((column, f"{text} points are {' and '.join(meant_levels)}; write the level's name"))
        else:
            wrong.append((column, f"{text!r} is no level and no level's points ({_choices(criterion)})"))
    return found, wrong


def _meant_levels(text: str, criterion: Criterion) -> Iterator[Level]:
    """Yield the levels of that name, else those that give so many points, weight included, as reports show them."""
    named = [rule.level for rule in criterion.levels if text.casefold() in {rule.level, rule.name.casefold()}]
    if named:
        yield from named
        return
    try:
        points = float(text.replace(",", "."))
    except ValueError:
        return
    for rule in criterion.levels:
        if abs(criterion.points[rule.level] * criterion.weight - points) < 1e-9:
            yield rule.level


def _choices(criterion: Criterion) -> str:
    return ", ".join(
        f"{rule.name or rule.level} {criterion.points[rule.level] * criterion.weight:g}" for rule in criterion.levels
    )
