"""Equal hand-ins of one class: what the first came to is handed on, and staff read who handed in the same."""

from __future__ import annotations

import threading
from pathlib import Path

from grader.execution import RunSettings
from grader.gradebook import Gradebook
from grader.intake import find_submissions
from grader.model import Submission
from grader.pipeline import ClassGrader, GradeSettings
from grader.progress import Silence
from grader.regrading import STAFF_PAGE, regrade
from grader.reuse import Measured
from grader.rubrics import load_rubric
from tests.crash.classroom import write_notebook
from tests.reuse.test_lasting import GOOD
from tests.test_large_class import Copies

RUBRIC = load_rubric("unit1")


def grade(folder: Path, place: Copies) -> None:
    settings = GradeSettings(folder / "out", RUBRIC, RunSettings("bubblewrap"), 1, 0.0, third_run=False)
    with Gradebook.open(folder / "out") as book:
        ClassGrader(settings, book, Silence(), threading.Event(), place=place).grade_all(
            find_submissions(folder / "in")
        )


def test_a_hand_in_that_changed_meanwhile_is_measured(tmp_path: Path) -> None:
    """What a student saves while another's equal is run has its own result; who did not save takes that other's."""
    for name in ("ann", "ben", "cleo"):
        write_notebook(tmp_path / "in" / f"{name}.ipynb", "# Work", "print(1)")

    class Saving(Copies):
        def measure(self, submission: Submission, settings: RunSettings) -> Measured:
            write_notebook(tmp_path / "in" / "ben.ipynb", "# Work", "print(2)")
            return super().measure(submission, settings)

    place = Saving(GOOD)
    grade(tmp_path, place)
    assert place.measured == ["ann", "ben"]


def named_by(folder: Path) -> dict[str, bool]:
    """Whether each staff page names somebody who handed in the same."""
    return {
        page.parent.name: "identical to those of" in page.read_text() for page in folder.glob(f"out/*/{STAFF_PAGE}")
    }


def test_judging_again_names_the_same_students(tmp_path: Path) -> None:
    """Also where one handed in what can't be read since, and where the class came in two parts."""
    for name in ("ann", "ben"):
        write_notebook(tmp_path / "in" / f"{name}.ipynb", "# Work", "print(1)")
    grade(tmp_path, Copies(GOOD))
    assert named_by(tmp_path) == {"ann": True, "ben": True}

    (tmp_path / "in" / "ben.ipynb").write_text("not a notebook")
    grade(tmp_path, Copies(GOOD))
    assert named_by(tmp_path) == {"ann": False, "ben": False}
    regrade(tmp_path / "out", RUBRIC)
    assert named_by(tmp_path) == {"ann": False, "ben": False}

    (tmp_path / "in" / "ann.ipynb").rename(tmp_path / "in" / "cleo.ipynb")
    grade(tmp_path, Copies(GOOD))
    assert named_by(tmp_path)["cleo"]
    regrade(tmp_path / "out", RUBRIC)
    assert named_by(tmp_path) == {"ann": True, "ben": False, "cleo": True}
