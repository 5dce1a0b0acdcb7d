"""The marks of a class as they count now, and which of them may leave."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from grader.errors import ExportError
from grader.gradebook import Gradebook
from grader.model import UNSAID, HandIn, Result, Student
from grader.resources import STUDENTS
from grader.roster import Left, Matches, Roster, match
from grader.storage import read_hand_ins

Unreviewed = Literal["hold", "include"]
"""What happens with marks that a person should look at first: they wait, or they go out as they stand."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One submission's mark: the result in effect, and whose it is as far as that is known."""

    result: Result
    hand_in: HandIn = UNSAID

    @property
    def submission(self) -> str:
        """Its id."""
        return self.result.submission

    @property
    def names(self) -> str:
        """The names of its students, else what the submission goes by."""
        return self.hand_in.names or self.submission


@dataclass(frozen=True, slots=True)
class ClassMarks:
    """The marks of a class in the order of their ids; `absent` are students of the roster who handed in nothing."""

    marks: tuple[Mark, ...]
    absent: tuple[Student, ...] = ()

    @property
    def max_points(self) -> float:
        """The points of a perfect work; 0 where nothing was judged."""
        return max((mark.result.max_points for mark in self.marks), default=0.0)

    def matched(self, rows: Sequence[Student]) -> Matches:
        """Return whose row is whose in another list."""
        return match({mark.submission: mark.hand_in.students for mark in self.marks}, rows)


def read_marks(out: Path, roster: Roster | None = None) -> ClassMarks:
    """Return the marks of the class in a folder of results.

    Raises:
        ResultsError: there is none.
        ExportError: it holds no submission.
    """
    with Gradebook.open_existing(out) as book:
        results, waiting = book.results(), book.unwritten()
    if waiting:
        raise ExportError(
            f"what was decided on {', '.join(waiting[:5])} is not in the results yet: close the review desk or run "
            "`grader regrade`, then export"
        )
    if not results:
        raise ExportError(f"{out} holds no submission yet: grade a class into it first")
    stored = read_hand_ins(out / STUDENTS)
    hand_ins = {item.submission: stored.get(item.submission, UNSAID) for item in results}
    absent: tuple[Student, ...] = ()
    if roster is not None:
        completed = roster.completed(hand_ins)
        hand_ins, absent = dict(completed.hand_ins), completed.missing
    return ClassMarks(tuple(Mark(item, hand_ins[item.submission]) for item in results), absent)


@dataclass(frozen=True, slots=True)
class NotWritten:
    """A mark that is not in the file, and why."""

    submission: str
    names: str
    points: float | None
    why: str


@dataclass(frozen=True, slots=True)
class Written:
    """A file with marks in it: its bytes, whose marks are in it, whose are not, and what is to be said of it."""

    content: bytes
    written: tuple[str, ...]
    left: tuple[NotWritten, ...] = ()
    notes: tuple[str, ...] = ()


def kept_back(mark: Mark, unreviewed: Unreviewed) -> str:
    """Return why a mark must not go into a gradebook, empty where it may."""
    if mark.result.points is None:
        return f"has no points: {mark.result.message or 'it could not be judged'}"
    if mark.result.needs_review and unreviewed == "hold":
        return f"waits for a person's look: {'; '.join(mark.result.review_reasons) or 'a level is uncertain'}"
    return ""


def not_written(mark: Mark, why: str) -> NotWritten:
    """Return a mark as one that is left out."""
    return NotWritten(mark.submission, mark.names, mark.result.points, why)


def unmatched(marks: Iterable[Mark], left: Sequence[Left]) -> tuple[NotWritten, ...]:
    """Return the marks whose row was not found, with the reason; of a group each student without one."""
    by_id = {mark.submission: mark for mark in marks}
    return tuple(
        NotWritten(
            item.submission,
            item.student.name or item.student.email or by_id[item.submission].names,
            by_id[item.submission].result.points,
            item.sentence,
        )
        for item in left
    )


MOST_NAMED = 10
"""Names in a sentence on rows of a gradebook."""


def absence_note(students: Sequence[Student], taken: Collection[int]) -> tuple[str, ...]:
    """Return the sentence that names the rows of a gradebook that no submission is of; none where there are none.

    `taken` are the rows, by their place in `students`, that some submission was matched with.
    """
    names = [one.name or one.email or one.sis_id for place, one in enumerate(students) if place not in taken]
    if not names:
        return ()
    return (f"no submission was matched with {_named(names)}: their cells stay as they were",)


def overwritten_note(names: Sequence[str]) -> tuple[str, ...]:
    """Return the sentence that names whose cell held another mark before: somebody may have entered it by hand."""
    if not names:
        return ()
    cells = "1 cell" if len(names) == 1 else f"{len(names)} cells"
    return (f"{cells} held another mark, which is overwritten: {_named(names)}",)


def comments_kept_note(names: Sequence[str]) -> tuple[str, ...]:
    """Return the sentence that names whose comment stays: it may tell of an older mark."""
    if not names:
        return ()
    comments = "1 comment stays as it was" if len(names) == 1 else f"{len(names)} comments stay as they were"
    return (f"{comments} (look whether the mark in it is still right): {_named(names)}",)


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return "; ".join(names[:MOST_NAMED]) + more


def scaled(points: float, of: float, to: float | None) -> float:
    """Return points of one maximum as points of another; as they are where there is none."""
    return points if not to or not of or to == of else points * to / of


def scaling_note(of: float, to: float | None) -> tuple[str, ...]:
    """Return the sentence that says that points were scaled; none where they weren't."""
    if not to or not of or to == of:
        return ()
    return (f"{of:g} points here are {to:g} there: every mark was multiplied by {to / of:g}",)
