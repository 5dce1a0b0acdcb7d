"""Moodle: the grading worksheet of an assignment filled in, whatever language its headers are in.

Moodle writes the columns in one order and finds them again by their translated headers, so the file is read by its
structure: first the identifier ("Participant 123": a word and the number), then the name and what identifies people on
this site, status, grade, the maximum grade (one number in every row), whether the grade can be changed, times, online
text, and last the feedback comments. Times stay as they are: by them Moodle tells that nobody has graded since.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from grader.errors import ExportError
from grader.exports.marks import (
    ClassMarks,
    Mark,
    Unreviewed,
    Written,
    absence_note,
    comments_kept_note,
    kept_back,
    not_written,
    overwritten_note,
    scaled,
    scaling_note,
    unmatched,
)
from grader.exports.values import NOT_GRADED, as_number, decimal_mark, holds_another, number
from grader.model import Student
from grader.sheets import Sheet

_IDENTIFIER = re.compile(r"(?P<word>.*\D)(?P<number>\d+)", re.DOTALL)
_TIME = re.compile(r"-|.*\d{1,2}[:.]\d{2}.*", re.DOTALL)
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")


@dataclass(frozen=True, slots=True)
class Worksheet:
    """Where things stand in a grading worksheet. `comments` is None where the assignment gives no feedback comments."""

    sheet: Sheet
    rows: tuple[int, ...]
    grade: int
    maximum: float
    comments: int | None

    def student(self, row: int) -> Student:
        """Return whose row this is."""
        match = _IDENTIFIER.fullmatch(self.sheet.get(row, 0).strip())
        identity = [self.sheet.get(row, column).strip() for column in range(1, self.grade)]
        addresses = [text for text in identity if _ADDRESS.fullmatch(text)]
        name = identity[0] if identity else ""
        # What a site shows of people besides is theirs to choose: a number, a login; a status is nobody's id.
        others = [text for text in identity[1:] if text and " " not in text and text not in addresses]
        return Student(
            name,
            email=addresses[0] if addresses else "",
            sis_id=others[0] if others else "",
            login=others[1] if len(others) > 1 else "",
            moodle_id=match["number"] if match else "",
        )


def read_worksheet(sheet: Sheet, column: str | None = None) -> Worksheet:
    """Find the columns of a grading worksheet by their structure; `column` names the grade's where that is unclear.

    Raises:
        ExportError: this is no grading worksheet.
    """
    rows = tuple(row for row in range(1, len(sheet.rows)) if any(value.strip() for value in sheet.values(row)))
    if not rows or not _has_identifiers(sheet, rows):
        raise ExportError(
            "this is no grading worksheet of Moodle: its first column doesn't hold a participant in every row. In "
            'Moodle: the assignment > Submissions > "Download grading worksheet" (feedback type: offline grading)'
        )
    grade, maximum = _grade(sheet, rows, column)
    return Worksheet(sheet, rows, grade, maximum, _comments(sheet, rows, grade))


def _has_identifiers(sheet: Sheet, rows: tuple[int, ...]) -> bool:
    matches = [_IDENTIFIER.fullmatch(sheet.get(row, 0).strip()) for row in rows]
    found = [(match["word"], match["number"]) for match in matches if match is not None]
    one_word = len({word for word, _ in found}) == 1
    return one_word and len(found) == len(rows) and len({numbers for _, numbers in found}) == len(rows)


def _grade(sheet: Sheet, rows: tuple[int, ...], column: str | None) -> tuple[int, float]:
    """Return the grade's column, and the maximum, which stands in the column behind it."""
    titles = [title.strip() for title in sheet.header]
    if column is not None:
        if column.strip() not in titles:
            raise ExportError(f"the worksheet has no column {column!r}; it has {', '.join(titles)}")
        wanted = [titles.index(column.strip())]
    else:
        wanted = list(range(1, len(titles) - 1))
    found = [(place, top) for place in wanted if (top := _maximum(sheet, rows, place)) is not None]
    if len(found) != 1:
        what = "no column holds grades up to a maximum" if not found else "several columns look like the grade's"
        raise ExportError(
            f"{what}: name it with --column; the worksheet has {', '.join(titles)}. An assignment that is graded by a "
            "scale can't be filled in: let it be graded by points"
        )
    return found[0]


def _maximum(sheet: Sheet, rows: tuple[int, ...], place: int) -> float | None:
    """Return the maximum behind a column of grades; None where this is no such column."""
    tops = {sheet.get(row, place + 1).strip() for row in rows}
    top = as_number(next(iter(tops))) if len(tops) == 1 else None
    if top is None or top <= 0:
        return None
    grades = [text for row in rows if (text := sheet.get(row, place).strip()) not in NOT_GRADED]
    numbers = [as_number(text) for text in grades]
    return top if all(value is not None and 0 <= value <= top for value in numbers) else None


def _comments(sheet: Sheet, rows: tuple[int, ...], grade: int) -> int | None:
    """Return the last column where it holds text: else it is the time of the last grading, `-` where there was none."""
    last = len(sheet.rows[0].cells) - 1
    texts = [text for row in rows if (text := sheet.get(row, last).strip())]
    is_time = bool(texts) and all(_TIME.fullmatch(text) for text in texts)
    return None if is_time or last < grade + 4 else last


def fill_moodle(
    worksheet: Worksheet,
    marks: ClassMarks,
    unreviewed: Unreviewed,
    comment: Callable[[Mark], str] | None,
    *,
    scale: bool,
) -> Written:
    """Put the marks of a class into a grading worksheet, and a comment where a student has none yet.

    Args:
        worksheet: the file; it is changed.
        marks: the class.
        unreviewed: what happens with marks that a person should look at first.
        comment: what a student is told, in HTML; None leaves comments alone.
        scale: whether points are brought to the worksheet's maximum grade.
    """
    sheet = worksheet.sheet
    students = [worksheet.student(row) for row in worksheet.rows]
    matches = marks.matched(students)
    by_id = {mark.submission: mark for mark in marks.marks}
    left = list(unmatched(marks.marks, matches.left))
    written: list[str] = []
    overwritten: list[str] = []
    kept: list[str] = []
    comma = decimal_mark(sheet)
    for place, submission in sorted(matches.rows.items()):
        mark, row = by_id[submission], worksheet.rows[place]
        why = kept_back(mark, unreviewed)
        if why or mark.result.points is None:
            left.append(not_written(mark, why))
            continue
        points = scaled(mark.result.points, mark.result.max_points, worksheet.maximum if scale else None)
        value, name = number(points, comma), students[place].name or mark.names
        if holds_another(sheet.get(row, worksheet.grade), value):
            overwritten.append(name)
        sheet.set(row, worksheet.grade, value)
        beside = worksheet.comments
        if comment and beside is not None and not _commented(sheet, row, beside, comment(mark)):
            kept.append(name)
        written.append(submission)
    notes = (
        f"filled in: {sheet.header[worksheet.grade].strip()} of {worksheet.maximum:g}",
        *(scaling_note(marks.max_points, worksheet.maximum) if scale else ()),
        *(("the worksheet has no feedback comments: none were written",) if worksheet.comments is None else ()),
        *absence_note(students, matches.rows.keys()),
        *overwritten_note(overwritten),
        *comments_kept_note(kept),
    )
    return Written(sheet.content(), tuple(dict.fromkeys(written)), tuple(left), notes)


def _commented(sheet: Sheet, row: int, column: int, text: str) -> bool:
    """Put a comment into a cell that has none; False where another one stands there, which stays."""
    before = sheet.get(row, column).strip()
    if not before:
        sheet.set(row, column, text)
    return before in {"", text.strip()}


def moodle_ids(worksheet: Worksheet, marks: ClassMarks) -> Mapping[str, tuple[tuple[str, str], ...]]:
    """Return, by submission, the participants (name, number) of a worksheet whose work it is."""
    students = [worksheet.student(row) for row in worksheet.rows]
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    for place, submission in sorted(marks.matched(students).rows.items()):
        student = students[place]
        found[submission] = (*found.get(submission, ()), (student.name, student.moodle_id))
    return found


def comment_html(lines: tuple[str, ...]) -> str:
    """Return sentences as the HTML that a feedback comment is."""
    return "<br>".join(html.escape(line) for line in lines)
