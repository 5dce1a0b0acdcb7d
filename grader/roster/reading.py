"""A class list in CSV: the instructor's own, or what Canvas, Moodle, Gradescope or nbgrader export of a class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from grader.errors import SheetError
from grader.model import HandIn, Student
from grader.roster.matching import Left, can_be_one, match
from grader.sheets import Sheet

COLUMNS: Mapping[str, frozenset[str]] = {
    "submission": frozenset({"submission", "id", "student_id"}),
    "name": frozenset({"name", "student", "full name", "fullname", "nombre completo"}),
    "family": frozenset({"last name", "lastname", "last_name", "surname", "apellidos", "apellido(s)", "apellido"}),
    "given": frozenset({"first name", "firstname", "first_name", "given name", "nombre"}),
    "email": frozenset({"email", "e-mail", "email address", "correo", "dirección de correo", "correo electrónico"}),
    "sis_id": frozenset({"sis_id", "sis user id", "sis id", "sid", "id number", "número de id", "student number"}),
    "login": frozenset({"login", "sis login id", "login id", "username", "user name", "nombre de usuario"}),
    "canvas_id": frozenset({"canvas_id", "canvas id", "canvas user id"}),
    "moodle_id": frozenset({"moodle_id", "moodle id", "participant"}),
}
"""Headers by which each column is known, in lower case: the first of each is ours."""

OURS = "submission, name, email, sis_id, login, canvas_id, moodle_id"


@dataclass(frozen=True, slots=True)
class Roster:
    """The class: its students in the list's order, and the submission that each row names itself (empty: none)."""

    students: tuple[Student, ...]
    submissions: tuple[str, ...]

    def completed(self, hand_ins: Mapping[str, HandIn]) -> Completed:
        """Return the hand-ins with what the roster knows of their students.

        A row that names a submission is that submission's; the others are matched as in `match`.
        """
        rows = list(zip(self.students, self.submissions, strict=True))
        found: dict[str, list[Student]] = {}
        for student, submission in rows:
            if submission in hand_ins:
                found.setdefault(submission, []).append(student)
        rest = [student for student, submission in rows if submission not in hand_ins]
        matches = match({name: item.students for name, item in hand_ins.items() if name not in found}, rest)
        for row, submission in sorted(matches.rows.items()):
            found.setdefault(submission, []).append(rest[row])
        whole = {name: _with(item, found.get(name, [])) for name, item in hand_ins.items()}
        missing = tuple(student for row, student in enumerate(rest) if row not in matches.rows)
        return Completed(whole, matches.left, missing)


@dataclass(frozen=True, slots=True)
class Completed:
    """Hand-ins with their students, those that the roster knows nothing of, and its students who handed in nothing."""

    hand_ins: Mapping[str, HandIn]
    left: tuple[Left, ...]
    missing: tuple[Student, ...]


def _with(item: HandIn, known: Sequence[Student]) -> HandIn:
    """Return a hand-in with the students that a roster knows, each with what the download says of that same person."""
    if not known:
        return item
    if len(known) == 1 and len(item.students) == 1:
        same = can_be_one(item.students[0], known[0])
        # Another's ids would bring the mark into that person's row of a gradebook.
        return replace(item, students=(known[0].completed_by(item.students[0]) if same else known[0],))
    matched = match({str(number): (student,) for number, student in enumerate(item.students)}, known).rows
    of_row = {row: item.students[int(number)] for row, number in matched.items()}
    students = [row.completed_by(of_row[number]) if number in of_row else row for number, row in enumerate(known)]
    rest = [student for student in item.students if student not in of_row.values()]
    return replace(item, students=(*students, *rest))


def load_roster(path: Path) -> Roster:
    """Read a class list.

    Known columns: those named in `COLUMNS`; others are passed over. A gradebook that Canvas exported is a roster too:
    beside `Student`, its column `ID` is Canvas's own number.

    Raises:
        SheetError: it can't be read, has no column that is known, or no student in it.
    """
    sheet = Sheet.read(path)
    headers = [title.strip().strip("\ufeff").casefold() for title in sheet.header]
    columns = {field: _column(headers, titles) for field, titles in COLUMNS.items()}
    if "student" in headers and "id" in headers:  # as Canvas exports it
        columns |= {"canvas_id": headers.index("id"), "submission": None}
    if all(column is None for column in columns.values()):
        raise SheetError(
            f"{path} has none of the columns a roster needs ({OURS}); its first line reads: "
            f"{', '.join(sheet.header)[:200]}"
        )
    found = [_student(sheet, row, columns) for row in range(1, len(sheet.rows))]
    kept = [(student, name) for student, name in found if student != Student() or name]
    if not kept:
        raise SheetError(f"{path} lists no student below its first line")
    return Roster(tuple(student for student, _ in kept), tuple(name for _, name in kept))


def _column(headers: Sequence[str], titles: frozenset[str]) -> int | None:
    return next((number for number, title in enumerate(headers) if title in titles), None)


def _student(sheet: Sheet, row: int, columns: Mapping[str, int | None]) -> tuple[Student, str]:
    def value(field: str) -> str:
        column = columns[field]
        return "" if column is None else sheet.get(row, column).strip()

    name = value("name")
    if name.startswith("Points Possible") or (columns["canvas_id"] is not None and not name and not value("canvas_id")):
        return Student(), ""  # rows of Canvas's that are no student's
    if not name and (value("family") or value("given")):
        name = ", ".join(part for part in (value("family"), value("given")) if part)
    moodle = value("moodle_id")
    digits = moodle[len(moodle.rstrip("0123456789")) :]  # `Participant 123`
    ids = {field: value(field) for field in ("email", "sis_id", "login", "canvas_id")}
    return Student(name=name, moodle_id=digits, **ids), value("submission")
