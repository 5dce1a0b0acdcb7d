"""Which course system's download a folder is, if any."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from grader.intake.downloads.canvas import read_canvas
from grader.intake.downloads.gradescope import read_gradescope
from grader.intake.downloads.moodle import read_moodle
from grader.intake.downloads.nbgrader import read_nbgrader
from grader.intake.downloads.shape import HandedIn


def recognise(folder: Path, entries: Sequence[Path], assignment: str = "") -> list[HandedIn]:
    """Return what each student handed in where `folder` is a course system's download; nothing where it is none.

    `entries` is what lies in the folder, hidden things left out; `assignment` names one of several (nbgrader).

    Raises:
        SubmissionsNotFoundError: several assignments are in it and none was named, or not the one named.
    """
    return (
        read_gradescope(entries)
        or read_canvas(entries)
        or read_moodle(entries)
        or read_nbgrader(folder, entries, assignment)
        or []
    )
