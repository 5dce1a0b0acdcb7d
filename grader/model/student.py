"""Whose a submission is, as far as a course system's download or a roster says it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

CourseSystem = Literal["", "canvas", "moodle", "gradescope", "nbgrader"]


@dataclass(frozen=True, slots=True)
class Student:
    """One student; what isn't known is empty.

    `sis_id` is the number the institution gives (Canvas: SIS User ID, Gradescope: SID, Moodle: ID number), `login` the
    name they log in with (also nbgrader's student id), `canvas_id` Canvas's own number, `moodle_id` the number of a
    participant in one Moodle assignment.
    """

    name: str = ""
    email: str = ""
    sis_id: str = ""
    login: str = ""
    canvas_id: str = ""
    moodle_id: str = ""

    def completed_by(self, other: Student) -> Student:
        """Return this student with what only `other` knows."""
        return Student(**{item.name: getattr(self, item.name) or getattr(other, item.name) for item in fields(Student)})


@dataclass(frozen=True, slots=True)
class HandIn:
    """How something was handed in: through which system, by whom (several: a group), when, and whether it was late.

    `handed_in_at` is the time as the system wrote it; empty where it doesn't say.
    """

    system: CourseSystem = ""
    students: tuple[Student, ...] = ()
    late: bool = False
    handed_in_at: str = ""

    @property
    def names(self) -> str:
        """The names of its students, or addresses where there is no name; empty where nothing says it."""
        return ", ".join(one.name or one.email for one in self.students if one.name or one.email)


UNSAID = HandIn()
"""Of what lay in a folder: nobody says whose it is but its name."""
