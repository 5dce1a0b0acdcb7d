"""nbgrader's `submitted/STUDENT/ASSIGNMENT/*.ipynb`, with a `timestamp.txt` beside the notebook."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from grader.errors import SubmissionsNotFoundError
from grader.intake.downloads.shape import HandedIn, is_folder, listed
from grader.model import HandIn, Student

SUBMITTED = "submitted"
TIMESTAMP = "timestamp.txt"
LONGEST_TIMESTAMP = 64


def read_nbgrader(folder: Path, entries: Sequence[Path], assignment: str) -> list[HandedIn] | None:
    """Return the students of nbgrader's folder `submitted`, or of the course's that holds one; None where this is none.

    Raises:
        SubmissionsNotFoundError: there are several assignments and none was named, or the one named isn't there.
    """
    inside = next((entry for entry in entries if entry.name == SUBMITTED and is_folder(entry)), None)
    if inside is not None and not any(entry.suffix == ".ipynb" for entry in entries):
        folder, entries = inside, listed(inside)
    students = [entry for entry in entries if is_folder(entry) and not entry.is_symlink()]
    handed = {student: _assignments(student) for student in students}
    if not _is_nbgrader_s(folder, handed):
        return None
    names = sorted({name for found in handed.values() for name in found})
    wanted = assignment or names[0]
    if wanted not in names or (not assignment and len(names) > 1):
        raise SubmissionsNotFoundError(
            f"{folder} holds several assignments ({', '.join(names[:10])}): name one with --assignment"
            if not assignment
            else f"{folder} holds no assignment {assignment!r}; it has {', '.join(names[:10])}"
        )
    return [_handed_in(student, found.get(wanted)) for student, found in handed.items()]


def _assignments(student: Path) -> dict[str, Path]:
    """Return a student's assignments: folders right below that hold a notebook."""
    return {
        entry.name: entry
        for entry in listed(student)
        if is_folder(entry) and not entry.is_symlink() and _notebooks(entry)
    }


def _notebooks(folder: Path) -> list[Path]:
    return [entry for entry in listed(folder) if entry.suffix == ".ipynb"]


def _is_nbgrader_s(folder: Path, handed: dict[Path, dict[str, Path]]) -> bool:
    """Whether these are nbgrader's: it wrote a time, or its folder's name says so and students share an assignment."""
    if any(_notebooks(student) for student in handed):
        return False
    if any(os.path.isfile(inside / TIMESTAMP) for found in handed.values() for inside in found.values()):
        return True
    often = Counter(name for found in handed.values() for name in found)
    return folder.name == SUBMITTED and bool(often) and (max(often.values()) > 1 or len(handed) == 1)


def _handed_in(student: Path, folder: Path | None) -> HandedIn:
    problem = "" if folder else "holds nothing for this assignment"
    when = _first_line(folder / TIMESTAMP) if folder else ""
    hand_in = HandIn("nbgrader", (Student(login=student.name),), handed_in_at=when)
    return HandedIn(student.name, hand_in, folder, problem=problem)


def _first_line(path: Path) -> str:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return file.readline(LONGEST_TIMESTAMP).strip()
    except OSError:
        return ""
