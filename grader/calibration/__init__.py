"""A rubric's levels set beside the marks a person gave: how far they agree, and what would change that.

Everything comes from stored evidence, judged again; nothing is run and nothing is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from grader.calibration.agreement import Agreement, Difference, agreements, differences
from grader.calibration.changes import Change, changes
from grader.calibration.marks import read_marks
from grader.calibration.stored import read_class
from grader.model import Rubric

__all__ = ["Agreement", "Calibration", "Change", "Difference", "calibrate"]


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a comparison came to. `changes` are sorted by how much they would raise the agreement."""

    marked: int
    graded: int
    agreements: tuple[Agreement, ...]
    differences: tuple[Difference, ...]
    changes: tuple[Change, ...]
    other_rubric: bool = False
    """The levels stored in the folder are of another rubric than the one that is calibrated."""


def calibrate(out: Path, rubric: Rubric, marks: Path) -> Calibration:
    """Compare what `rubric` gives the class in `out` with the marks in a CSV file.

    Raises:
        ResultsError: `out` holds no results, or evidence can't be read.
        MarksError: the file of marks has mistakes; each is named by its line.
    """
    stored = read_class(out, rubric)
    given = read_marks(marks, rubric, [item.submission for item in stored.submissions])
    return Calibration(
        marked=len(given),
        graded=len(stored.submissions),
        agreements=agreements(rubric, stored.submissions, given),
        differences=differences(rubric, stored.submissions, given),
        changes=changes(rubric, stored.submissions, given),
        other_rubric=stored.other_rubric,
    )
