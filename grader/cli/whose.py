"""Whose submissions a call is about: what downloads say, what a roster says, and where the two don't meet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.resources import STUDENTS

if TYPE_CHECKING:
    from grader.intake.handed import Handed
    from grader.model import HandIn, Student, Submission, Unreadable
    from grader.roster import Left


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose the submissions of a call are: what downloads and the roster say, and where the two don't meet.

    `missing` are students of the roster without a submission, `left` submissions that the roster knows nothing of.
    """

    hand_ins: Mapping[str, HandIn]
    missing: tuple[Student, ...] = ()
    left: tuple[Left, ...] = ()

    def names(self, submissions: Sequence[Submission | Unreadable | Handed]) -> list[str]:
        """Return all that the submissions and their students go by."""
        of_students = [one.name for item in self.hand_ins.values() for one in item.students]
        return [name for name in (*(item.id for item in submissions), *of_students) if name]

    def keep(self, out: Path) -> None:
        """Write it beside the results; what is known of submissions of earlier calls stays."""
        from grader.storage import read_hand_ins, write_hand_ins

        known = {name: item for name, item in self.hand_ins.items() if item.students or item.system}
        if known:
            write_hand_ins(out / STUDENTS, read_hand_ins(out / STUDENTS) | known)

    def tell(self) -> None:
        """Print who of the roster handed in nothing, and whose submission can't be told."""
        from grader.reports.text import visible

        if self.missing:
            names = [visible(item.name or item.email or item.sis_id or item.login) for item in self.missing]
            more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
            click.echo(f"\nNothing handed in by {len(names)} of the roster: {', '.join(names[:MOST_NAMED])}{more}")
        for item in self.left[:MOST_NAMED]:
            click.echo(f"Not found in the roster: {visible(item.submission)} ({item.sentence})")


MOST_NAMED = 20
"""Names that a list on the terminal writes out."""


def whose(submissions: Sequence[Submission | Unreadable | Handed], roster: Path | None) -> Whose:
    """Return whose the submissions are, by their downloads and a roster.

    Raises:
        SheetError: the roster can't be read.
    """
    hand_ins = {item.id: item.hand_in for item in submissions}
    if roster is None:
        return Whose(hand_ins)
    from grader.roster import load_roster

    completed = load_roster(roster).completed(hand_ins)
    return Whose(completed.hand_ins, completed.missing, completed.left)
