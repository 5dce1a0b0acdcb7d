"""The class as plain CSV, JSON, an Excel workbook, and as the CSV that nbgrader writes."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from grader.errors import ExportError
from grader.exports.marks import ClassMarks, Mark
from grader.model import CriterionResult, Student
from grader.reports.spreadsheet import defused

Cell = str | float | int | bool | None

ABSENT = "not_handed_in"
"""What stands as the status of a student of the roster without a submission."""

_IDENTITY = ("name", "email", "sis_id", "login", "canvas_id", "moodle_id")
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""What XML can't hold, and so no workbook."""


def table(marks: ClassMarks) -> tuple[tuple[str, ...], list[tuple[Cell, ...]]]:
    """Return a header and a row for each student of each submission, and for each student without one."""
    criteria = tuple(dict.fromkeys(item.criterion for mark in marks.marks for item in mark.result.criteria))
    header = (
        "submission", *_IDENTITY, "handed_in_at", "late", "status",
        *criteria, *(f"{name}_points" for name in criteria), "points", "max_points",
        "needs_review", "uncertain_criteria", "review_reasons", "reviewed", "set_by_person",
    )  # fmt: skip
    rows = [_row(mark, student, criteria) for mark in marks.marks for student in mark.hand_in.students or (Student(),)]
    empty: tuple[Cell, ...] = (None,) * (2 * len(criteria) + 2)
    rows += [(None, *_identity(student), None, None, ABSENT, *empty, *(None,) * 5) for student in marks.absent]
    return header, rows


def _row(mark: Mark, student: Student, criteria: Sequence[str]) -> tuple[Cell, ...]:
    result = mark.result
    found = {item.criterion: item for item in result.criteria}
    levels = tuple(found[name].level if name in found else None for name in criteria)
    points = tuple(found[name].points if name in found else None for name in criteria)
    return (
        mark.submission, *_identity(student), mark.hand_in.handed_in_at or None, mark.hand_in.late, result.status,
        *levels, *points, result.points, result.max_points,
        result.needs_review, "; ".join(map(_uncertain, _in_doubt(result.criteria))), "; ".join(result.review_reasons),
        result.reviewed, "; ".join(f"{item.criterion}: {item.decided}" for item in result.criteria if item.decided),
    )  # fmt: skip


def _identity(student: Student) -> tuple[Cell, ...]:
    return tuple(getattr(student, name) or None for name in _IDENTITY)


def _in_doubt(criteria: Iterable[CriterionResult]) -> list[CriterionResult]:
    return [item for item in criteria if item.needs_review]


def _uncertain(item: CriterionResult) -> str:
    return f"{item.criterion}: {'no level' if item.level is None else f'{item.low} to {item.high}'}"


def class_csv(marks: ClassMarks) -> bytes:
    """Return the table as CSV, in UTF-8 with the mark by which Excel knows that; no cell runs as a formula."""
    header, rows = table(marks)
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow([defused(name) for name in header])
    writer.writerows([[_text(cell) for cell in row] for row in rows])
    return b"\xef\xbb\xbf" + file.getvalue().encode("utf-8", "replace")


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    return defused(cell) if isinstance(cell, str) else f"{cell:.10g}"


def class_json(marks: ClassMarks) -> bytes:
    """Return the class as one JSON document: everything the table holds, nested as it is here."""
    document = {
        "schema": 1,
        "max_points": marks.max_points,
        "submissions": [_document(mark) for mark in marks.marks],
        "not_handed_in": [asdict(student) for student in marks.absent],
    }
    return (json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode("utf-8", "replace")


def _document(mark: Mark) -> dict[str, Any]:
    result = mark.result
    return {
        "submission": mark.submission,
        "students": [asdict(student) for student in mark.hand_in.students],
        "handed_in": {"system": mark.hand_in.system, "at": mark.hand_in.handed_in_at, "late": mark.hand_in.late},
        "status": result.status,
        "message": result.message,
        "points": result.points,
        "max_points": result.max_points,
        "criteria": [asdict(item) for item in result.criteria],
        "needs_review": result.needs_review,
        "review_reasons": list(result.review_reasons),
        "reviewed": result.reviewed,
        "rubric": {"id": result.rubric_id, "sha256": result.rubric_sha256},
    }


def class_excel(marks: ClassMarks) -> bytes:
    """Return the table as an Excel workbook: numbers are numbers, and text is text, whatever it begins with.

    Raises:
        ExportError: openpyxl, the extra `excel`, is not installed.
    """
    try:
        from openpyxl import Workbook  # noqa: PLC0415 - an extra
        from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415
        from openpyxl.styles import Font  # noqa: PLC0415
    except ImportError as error:
        raise ExportError("an Excel workbook needs openpyxl: pip install openpyxl (the extra `excel`)") from error
    book = Workbook(write_only=True)
    page = book.create_sheet("Grades")
    page.freeze_panes = "B2"

    def cell(value: Cell, *, bold: bool = False) -> Any:
        made = WriteOnlyCell(page, _ILLEGAL.sub("", value) if isinstance(value, str) else value)
        if isinstance(value, str):
            made.data_type = "s"  # or `=1+1` would be a formula
            made.quotePrefix = True  # and stay text when somebody edits it
        if bold:
            made.font = Font(bold=True)
        return made

    header, rows = table(marks)
    page.append([cell(name, bold=True) for name in header])
    for row in rows:
        page.append([cell(value) for value in row])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


NBGRADER = (
    "assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email",
    "raw_score", "late_submission_penalty", "score", "max_score",
)  # fmt: skip
"""The columns that `nbgrader export` writes, in its order."""


def nbgrader_csv(marks: ClassMarks, assignment: str) -> bytes:
    """Return the class as `nbgrader export` writes it, with one column more that says who waits for a person's look.

    Where there are no points the scores are empty: nbgrader's own 0.0 would be a mark. No penalty is worked out.
    """
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([*NBGRADER, "needs_review"])
    for mark in marks.marks:
        for student in mark.hand_in.students or (Student(),):
            family, given = _split(student.name)
            points = "" if mark.result.points is None else f"{mark.result.points}"
            student_id = student.login or student.sis_id or mark.submission
            row = [assignment, "", mark.hand_in.handed_in_at, student_id, family, given, student.email]
            row += [points, "" if not points else "0.0", points, f"{mark.result.max_points}"]
            writer.writerow([defused(value) for value in row] + ["true" if mark.result.needs_review else "false"])
    for student in marks.absent:
        family, given = _split(student.name)
        row = [assignment, "", "", student.login or student.sis_id, family, given, student.email]
        writer.writerow([defused(value) for value in row] + ["", "", "", f"{marks.max_points}", "false"])
    return file.getvalue().encode("utf-8", "replace")


def _split(name: str) -> tuple[str, str]:
    """Return family name and given name; of a name without a comma the last word is taken for the family's."""
    family, comma, given = name.partition(",")
    if comma:
        return family.strip(), given.strip()
    given, _, family = name.strip().rpartition(" ")
    return family, given
