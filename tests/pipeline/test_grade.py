"""A class from notebooks to grades, through the real command, real kernels and the real sandbox."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from grader.resources import PACKAGE

pytestmark = pytest.mark.slow

GRADER = str(Path(sys.executable).with_name("grader"))


def test_every_submission_has_its_files(graded):
    """The contract of the results folder, for those that ran and those that did not."""
    for student in ("honest", "stumbling"):
        names = {path.name for path in (graded.out / student).iterdir()}
        assert names == {"report.html", "staff.html", "grade.json", "evidence.json", "executed.ipynb"}
    assert {path.name for path in (graded.out / "unreadable").iterdir()} >= {"report.html", "grade.json"}
    assert (graded.out / "index.html").is_file()
    rows = list(csv.DictReader((graded.out / "grades.csv").read_text().splitlines()))
    assert {"honest", "unreadable"} <= {row["id"] for row in rows}


def test_grades_follow_the_schema(graded):
    """grade.json is what its schema says, for every submission."""
    schema = json.loads((PACKAGE / "reports" / "grade.schema.json").read_text())
    for path in graded.out.glob("*/grade.json"):
        jsonschema.validate(json.loads(path.read_text()), schema)


def test_the_recomputed_score_equals_the_notebooks_own(graded):
    """A clean process that never saw the student's code finds the same accuracy, to four digits."""
    score = graded.grade("honest")["measured"]["test_score"]
    assert score["verified"] == pytest.approx(score["rerun"], abs=5e-5)
    assert graded.finding("honest", "evaluation.score_verified")["origin"] == "verified"


def test_an_honest_notebook_is_judged_by_what_was_seen(graded):
    """Held-out test, used once, with its own confusion matrix: proficient, and the finding names the cell."""
    assert graded.level("honest", "evaluation") in {"proficient", "exemplary"}
    assert graded.finding("honest", "split.held_out_test")["outcome"] == "pass"
    matrix = graded.finding("honest", "evaluation.confusion_matrix_correct")
    assert (matrix["outcome"], matrix["origin"], matrix["cells"]) == ("pass", "verified", [4])


SYMPTOMS = ("units_alive", "no_collapse", "progress", "learning_rate", "loss_finite")


def test_what_silenced_a_network_is_told(graded):
    """One step too long, and no unit ever answers again: seen in the clean process, with the rate that did it."""
    found = {name: graded.finding("dead", f"training.{name}") for name in SYMPTOMS}
    assert {name for name, item in found.items() if item["outcome"] == "fail"} == set(SYMPTOMS[:-1])
    assert found["units_alive"]["summary"].startswith("All 16 units of the layer")
    assert "learning rate of 5" in found["progress"]["summary"]
    honest = {graded.finding("honest", f"training.{name}")["outcome"] for name in SYMPTOMS}
    assert honest == {"pass"}


def test_a_made_up_score_is_caught(graded):
    """A number typed into a print statement is no score."""
    assert graded.finding("made_up", "evaluation.score_verified")["outcome"] == "fail"
    assert graded.level("made_up", "evaluation") in {"emerging", "developing"}


def test_prose_that_claims_another_number_is_caught(graded):
    """The write-up states 99.9 %; the measured score stands beside it."""
    finding = graded.finding("boastful", "write_up.score_honest")
    assert finding["outcome"] == "fail"
    assert "99.9" in finding["summary"]


def test_validating_on_the_test_set_spends_it(graded):
    """validation_data=test: developing, whatever the score."""
    assert graded.finding("spent", "evaluation.test_used_once")["outcome"] == "fail"
    assert graded.level("spent", "evaluation") == "developing"


@pytest.mark.parametrize("student", ["on_training", "renamed"])
def test_training_rows_are_known_under_any_name(graded, student):
    """Scoring training rows is emerging, also where the variable is called unseen."""
    assert graded.finding(student, "evaluation.not_on_training_data")["outcome"] == "fail"
    assert graded.level(student, "evaluation") == "emerging"


def test_a_failing_cell_does_not_stop_the_run(graded):
    """The failure is recorded with its cell; what ran after it still counts."""
    grade = graded.grade("stumbling")
    assert (grade["run"]["status"], grade["run"]["failed_cell"]) == ("error", 2)
    assert graded.level("stumbling", "code_quality") == "emerging"
    assert graded.finding("stumbling", "model.trains")["outcome"] == "pass"


def test_what_cannot_be_read_is_reported_under_its_name(graded):
    """It has no level, a reason, and waits for a person."""
    grade = graded.grade("unreadable")
    assert grade["run"]["status"] == "not_run"
    assert "not a complete notebook" in grade["run"]["message"]
    assert all(item["level"] is None and item["needs_review"] for item in grade["criteria"].values())


def test_references_were_trained_on_the_students_split(graded):
    """Student, references and majority stand side by side."""
    reference = graded.grade("honest")["measured"]["reference"]
    assert reference
    assert "majority" in json.dumps(graded.grade("honest")["measured"])


def test_progress_is_plain_lines_where_output_is_no_terminal(graded):
    """A log gets a line per submission, without control characters."""
    assert "honest" in graded.stderr
    assert "\x1b" not in graded.stderr


def test_the_submissions_folder_is_not_touched(graded):
    """Nothing is written beside the students' notebooks."""
    names = {path.name for path in graded.submissions.rglob("*") if path.is_file()}
    assert names == {"project.ipynb", "unreadable.ipynb"}


def test_finished_work_is_not_done_again_and_comes_out_equal(graded):
    """A second call runs nothing and writes the same grades, byte for byte; so does regrade."""
    before = {path: path.read_bytes() for path in graded.out.glob("*/grade.json")}
    again = subprocess.run(
        [
            GRADER,
            "grade",
            str(graded.submissions),
            "--out",
            str(graded.out),
            "--reference-budget",
            "20",
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert len(re.findall("stored run, judged again", again.stderr)) == len(before) - 1  # the unreadable one never ran
    assert {path: path.read_bytes() for path in before} == before
    subprocess.run([GRADER, "regrade", str(graded.out)], capture_output=True, timeout=120, check=True)
    assert {path: path.read_bytes() for path in before} == before
