"""Canvas: the instructor's own gradebook export filled in, and the rubric as a file that Canvas imports.

Canvas finds students by its number, then by SIS ids, last by name, and takes every other cell of the file for a change
too; so the file goes back as it came, but for the marks. Its headers are never translated. Below them come a row that
says which assignments are hidden ("Manual Posting"), where there are any, and the row "Points Possible".
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass

from grader.errors import ExportError
from grader.exports.marks import (
    ClassMarks,
    Unreviewed,
    Written,
    absence_note,
    kept_back,
    not_written,
    overwritten_note,
    scaled,
    scaling_note,
    unmatched,
)
from grader.exports.values import as_number, decimal_mark, holds_another, number
from grader.model import Rubric, Student
from grader.reports.spreadsheet import defused
from grader.sheets import Sheet

POINTS_POSSIBLE = "Points Possible"
_HIDDEN = re.compile(r"\s*(?:Muted|Manual Posting.*)?\s*", re.IGNORECASE)
_NUMBERED = re.compile(r"(?P<title>.*?)\s*\((?P<id>\d+)\)", re.DOTALL)
_LEFT_ALONE = {"ex": "is excused there", "n/a": "isn't assigned to this student there"}
MOST_COLUMNS_NAMED = 12


@dataclass(frozen=True, slots=True)
class _Book:
    """Where things stand in a gradebook export: columns by what they hold, rows that are students'."""

    sheet: Sheet
    columns: dict[str, int]
    points_row: int
    student_rows: tuple[int, ...]

    def student(self, row: int) -> Student:
        def value(title: str) -> str:
            return self.sheet.get(row, self.columns[title]).strip() if title in self.columns else ""

        name = value("Student") or ", ".join(part for part in (value("LastName"), value("FirstName")) if part)
        return Student(name, canvas_id=value("ID"), sis_id=value("SIS User ID"), login=value("SIS Login ID"))

    def assignments(self) -> dict[int, float | None]:
        """Return the columns of assignments with the points possible, None where Canvas says none.

        They have a number in that row, or nothing and a number behind their title; totals have words there, which are
        translated ("(read only)", "(läs endast)").
        """
        found: dict[int, float | None] = {}
        for column, title in enumerate(self.sheet.header):
            text = self.sheet.get(self.points_row, column).strip()
            points = as_number(text)
            if points is not None or (not text and _NUMBERED.fullmatch(title.strip())):
                found[column] = points
        return found


def fill_canvas(sheet: Sheet, marks: ClassMarks, column: str | None, unreviewed: Unreviewed, *, scale: bool) -> Written:
    """Put the marks of a class into one assignment's column of a Canvas gradebook export.

    Args:
        sheet: the export; it is changed.
        marks: the class.
        column: the assignment: its header, its title, or its number; None where there is but one.
        unreviewed: what happens with marks that a person should look at first.
        scale: whether points are brought to the assignment's "Points Possible".

    Raises:
        ExportError: this is no gradebook export, or the assignment isn't in it.
    """
    book = _read(sheet)
    target, possible = _target(book, column)
    students = [book.student(row) for row in book.student_rows]
    matches = marks.matched(students)
    by_id = {mark.submission: mark for mark in marks.marks}
    left = list(unmatched(marks.marks, matches.left))
    written: list[str] = []
    overwritten: list[str] = []
    comma = decimal_mark(sheet)
    for place, submission in sorted(matches.rows.items()):
        mark, row = by_id[submission], book.student_rows[place]
        why = kept_back(mark, unreviewed) or _LEFT_ALONE.get(sheet.get(row, target).strip().casefold(), "")
        if why or mark.result.points is None:
            left.append(not_written(mark, why))
            continue
        points = scaled(mark.result.points, mark.result.max_points, possible if scale else None)
        value = number(points, comma)
        if holds_another(sheet.get(row, target), value):
            overwritten.append(students[place].name or mark.names)
        sheet.set(row, target, value)
        written.append(submission)
    notes = (
        f"filled in: {sheet.header[target]}",
        *(scaling_note(marks.max_points, possible) if scale else ()),
        *absence_note(students, matches.rows.keys()),
        *overwritten_note(overwritten),
    )
    return Written(sheet.content(), tuple(dict.fromkeys(written)), tuple(left), notes)


def _read(sheet: Sheet) -> _Book:
    titles = [title.strip() for title in sheet.header]
    columns = {title: number for number, title in reversed(list(enumerate(titles)))}
    if "ID" not in columns or not ("Student" in columns or "LastName" in columns):
        raise ExportError(
            "this is no gradebook that Canvas exported: its first line has no columns Student and ID. In Canvas: "
            "Grades > Export > Export Entire Gradebook"
        )
    points_row = next((row for row in range(1, min(4, len(sheet.rows))) if POINTS_POSSIBLE in sheet.get(row, 0)), None)
    if points_row is None:
        raise ExportError(
            'this gradebook has no row "Points Possible" below its first line: export it from Canvas anew'
        )
    rows = tuple(row for row in range(points_row + 1, len(sheet.rows)) if not _is_empty(sheet, row))
    return _Book(sheet, columns, points_row, rows)


def _is_empty(sheet: Sheet, row: int) -> bool:
    return all(_HIDDEN.fullmatch(value) for value in sheet.values(row))


def _target(book: _Book, column: str | None) -> tuple[int, float | None]:
    """Return the column to fill, and its points possible (None where there are none)."""
    assignments = book.assignments()
    titles = {number: book.sheet.header[number].strip() for number in assignments}
    names = ", ".join(list(titles.values())[:MOST_COLUMNS_NAMED]) or "none"
    if column is None:
        if len(assignments) != 1:
            raise ExportError(f"say which assignment to fill in, with --column; the gradebook has: {names}")
        return next(iter(assignments.items()))
    wanted = column.strip()
    found = [number for number, title in titles.items() if title == wanted] or [
        number
        for number, title in titles.items()
        if (match := _NUMBERED.fullmatch(title)) and wanted in {match["title"], match["id"]}
    ]
    if len(found) != 1:
        several = f"{len(found)} assignments are" if found else "no assignment is"
        raise ExportError(f"{several} called {wanted!r} in the gradebook; give one of: {names}")
    return found[0], assignments[found[0]]


def canvas_rubric(rubric: Rubric) -> bytes:
    """Return a rubric as the CSV that Canvas imports (Rubrics > Import): a row a criterion, its best rating first."""
    ratings = max(len(criterion.levels) for criterion in rubric.criteria)
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    header = ["Rubric Name", "Criteria Name", "Criteria Description", "Criteria Enable Range"]
    writer.writerow(header + ["Rating Name", "Rating Description", "Rating Points"] * ratings)
    for criterion in rubric.criteria:
        row = [rubric.title, criterion.title, "", "false"]
        for rule in reversed(criterion.levels):
            row += [rule.title, rule.descriptor, number(criterion.points[rule.level] * criterion.weight)]
        writer.writerow([defused(cell) for cell in row])
    return file.getvalue().encode()
