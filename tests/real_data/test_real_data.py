"""Real photos, recordings, a table and Fashion-MNIST through the real command: what is measured, and no false alarm."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat
import pytest

from tests.real_data import notebooks

GRADER = str(Path(sys.executable).with_name("grader"))

pytestmark = pytest.mark.slow

CLASS = {
    "photos": notebooks.PHOTOS,
    "sounds": notebooks.SOUNDS,
    "wine": notebooks.WINE,
    "rare": notebooks.RARE,
    "fashion_whole": notebooks.FASHION_WHOLE,
    "fashion_cut": notebooks.FASHION_CUT,
    "fashion_wrong_part": notebooks.FASHION_WRONG_PART,
}


def write_notebook(folder: Path, sources: Sequence[str]) -> None:
    """A notebook in a folder of its own; sources that begin with `md:` are prose."""
    folder.mkdir(parents=True)
    notebook = nbformat.v4.new_notebook()
    for source in sources:
        make = nbformat.v4.new_markdown_cell if source.startswith("md:") else nbformat.v4.new_code_cell
        notebook.cells.append(make(source.removeprefix("md:").strip()))
    nbformat.write(notebook, folder / "project.ipynb")


def write_class(folder: Path, data: Path) -> None:
    """A folder for each student with the data beside the notebook; among the photos one copy and one broken file."""
    for student, sources in CLASS.items():
        write_notebook(folder / student, sources)
    shutil.copytree(data / "sign-language-digits", folder / "photos" / "photos")
    hands = folder / "photos" / "photos"
    first = min((hands / "3").iterdir())
    shutil.copy(first, hands / "3" / "the same again.JPG")
    (hands / "5" / "broken.JPG").write_bytes(first.read_bytes()[:900])
    shutil.copytree(data / "spoken-digits", folder / "sounds" / "recordings")
    for student in ("wine", "rare"):
        shutil.copy(data / "wine.csv", folder / student)


class Graded:
    """What the command wrote."""

    def __init__(self, out: Path) -> None:
        self.out = out

    def grade(self, student: str) -> dict[str, Any]:
        return json.loads((self.out / student / "grade.json").read_text())

    def finding(self, student: str, check: str) -> dict[str, Any]:
        return next(item for item in self.grade(student)["findings"] if item["check"] == check)

    def report(self, student: str) -> str:
        return (self.out / student / "report.html").read_text()


def grade(folder: Path, *options: str) -> Graded:
    """Grade what lies in `in` by the real command."""
    command = [GRADER, "grade", str(folder / "in"), "--out", str(folder / "out"), *options]
    result = subprocess.run(command, capture_output=True, text=True, timeout=3600, check=False)
    assert result.returncode == 0, result.stderr
    return Graded(folder / "out")


@pytest.fixture(scope="session")
def graded(tmp_path_factory: pytest.TempPathFactory, real_data: Path) -> Graded:
    folder = tmp_path_factory.mktemp("real")
    write_class(folder / "in", real_data)
    return grade(folder, "--data", str(real_data / "keras"), "--reference-budget", "10")


def test_a_table_of_wines_through_the_command(tmp_path, real_data):
    """The smallest of them all on every run: read, scaled, trained, recomputed, its blanks counted."""
    write_notebook(tmp_path / "in" / "wine", notebooks.WINE)
    shutil.copy(real_data / "wine.csv", tmp_path / "in" / "wine")
    found = grade(tmp_path, "--reference-budget", "0")
    assert found.grade("wine")["run"]["status"] == "ok"
    assert found.grade("wine")["measured"]["test_score"]["verified"] < 0.7
    (table,) = found.grade("wine")["measured"]["data"]["files"]["tables"]
    assert (table["rows"], sum(table["missing"].values())) == (6497, 38)
    assert found.finding("wine", "split.held_out_test")["outcome"] == "pass"


@pytest.mark.proof
@pytest.mark.parametrize("student", CLASS)
def test_each_runs_and_its_score_is_recomputed(graded, student):
    """From the first cell to the last, and what the model scored is known from outside."""
    grade = graded.grade(student)
    assert grade["run"]["status"] == "ok", grade["run"]
    assert grade["measured"]["test_score"]["verified"] is not None


ALARMS = (
    "split.held_out_test", "split.no_overlap", "split.no_near_duplicates", "evaluation.test_used_once",
    "evaluation.not_on_training_data", "model.output_matches_labels", "model.learns", "model.trains",
)  # fmt: skip


@pytest.mark.proof
@pytest.mark.parametrize("student", ["photos", "sounds", "rare", "fashion_whole", "fashion_cut", "fashion_wrong_part"])
def test_honest_work_on_real_data_raises_no_alarm(graded, student):
    """Nothing that a level needs fails."""
    failed = [check for check in ALARMS if graded.finding(student, check)["outcome"] == "fail"]
    assert failed == []


@pytest.mark.proof
def test_photos_are_counted_and_the_bad_ones_named(graded):
    """Sixty a class, one copy, one broken file; what the run skipped is what can't be read."""
    files = graded.grade("photos")["measured"]["data"]["files"]
    assert {item["label"]: item["files"] for item in files["groups"]} == {
        **{str(digit): 60 for digit in range(10)}, "3": 61,
    }  # fmt: skip
    assert list(files["unreadable"]) == ["photos/5/broken.JPG"]
    assert files["copies"] == 1
    assert "the same again.JPG" in graded.finding("photos", "data.no_duplicate_files")["summary"]
    assert "broken.JPG" in graded.finding("photos", "data.files_readable")["summary"]


@pytest.mark.proof
def test_recordings_are_counted_by_what_was_said(graded):
    """600 recordings of 8 kHz, 60 a digit, told by the files' names."""
    files = graded.grade("sounds")["measured"]["data"]["files"]
    assert [item["files"] for item in files["groups"]] == [60] * 10
    assert all(item["forms"] == {"8,000 Hz mono": 60} for item in files["groups"])
    assert graded.finding("sounds", "data.no_duplicate_files")["outcome"] == "pass"


@pytest.mark.proof
def test_a_table_is_counted_and_its_error_set_beside_the_median(graded):
    """6,497 wines with blanks; the error is compared with a reference's and with always the median."""
    grade = graded.grade("wine")
    (table,) = grade["measured"]["data"]["files"]["tables"]
    assert table["rows"] == 6497
    assert sum(table["missing"].values()) == 38
    assert grade["measured"]["baseline_mae"] > grade["measured"]["reference"]["table_linear"]["score"]
    assert graded.finding("wine", "model.reference_band")["measured"]["metric"] == "mae"


@pytest.mark.proof
def test_rare_classes_are_judged_by_recall(graded):
    """3 % good wines, weighted: accuracy lies below always saying no, and yet the model has learnt."""
    grade = graded.grade("rare")
    assert grade["measured"]["test_score"]["verified"] < grade["measured"]["majority"]
    assert graded.finding("rare", "model.learns")["outcome"] == "pass"
    assert graded.finding("rare", "data.imbalance_addressed")["outcome"] == "pass"


@pytest.mark.proof
def test_one_reference_serves_two_ways_of_cutting_fashion_mnist(graded):
    """A tenth off the end at 0..1, and 10,000 drawn at -1..1 with a channel: trained once, on the official part."""
    references = [graded.grade(name)["measured"]["reference"] for name in ("fashion_whole", "fashion_cut")]
    assert references[0] == references[1]
    assert references[0]
    assert all("official training part" in item["trained_on"] for item in references[0].values())
    # Photos, recordings, two tables, the official part, and a split of the official training part.
    assert len(list((graded.out / ".work").rglob("*.json"))) == 6


@pytest.mark.proof
def test_official_parts_are_told_in_the_report(graded):
    """Scored on the official test part, and on ten thousand of the training part."""
    assert "all 10,000 rows of Fashion-MNIST&#39;s official test part" in graded.report("fashion_whole")
    assert "10,000 of the 60,000 rows of Fashion-MNIST&#39;s official training part" in graded.report(
        "fashion_wrong_part"
    )
