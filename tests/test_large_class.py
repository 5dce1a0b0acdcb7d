"""A class of hundreds, real but for its runs: started, gone on with, and never in memory at once."""

from __future__ import annotations

import json
import resource
import threading
from dataclasses import dataclass, field, replace
from pathlib import Path

import nbformat
import pytest
from reports.example_class import rich_evidence

from grader import regrading
from grader.execution import RunSettings
from grader.gradebook import Gradebook
from grader.intake import find_submissions
from grader.model import Evidence, Submission
from grader.model.result import Result
from grader.pipeline import ClassGrader, GradeSettings, writing
from grader.progress import Silence
from grader.regrading import regrade
from grader.reuse import Measured
from grader.rubrics import load_rubric

RUBRIC = load_rubric("unit1")


@dataclass(slots=True)
class Copies:
    """A place that measures nothing: it hands out one submission's evidence under every name."""

    evidence: Evidence = field(default_factory=rich_evidence)
    measured: list[str] = field(default_factory=list)

    def measure(self, submission: Submission, settings: RunSettings) -> Measured:
        del settings
        self.measured.append(submission.id)
        return Measured(replace(self.evidence, submission=submission.id, sha256=submission.sha256), b"{}")

    def measure_again(self, submission: Submission, settings: RunSettings) -> Evidence:
        raise NotImplementedError


class Heard(Silence):
    """Remembers what was told."""

    def __init__(self) -> None:
        self.expected: dict[str, float | None] = {}
        self.reused: list[str] = []

    def expect(self, seconds) -> None:
        self.expected = dict(seconds)

    def finished(self, result: Result, *, reused: bool) -> None:
        self.reused += [result.submission] * reused


def write_class(folder: Path, count: int) -> None:
    """Every notebook has a line of its own."""
    folder.mkdir(exist_ok=True)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x = 1", id="a")])
    for number in range(count):
        notebook.cells[1:] = [nbformat.v4.new_markdown_cell(f"The work of student {number}.", id="b")]
        (folder / f"student{number}.ipynb").write_text(json.dumps(notebook))


def grade(folder: Path, place: Copies) -> Heard:
    heard = Heard()
    settings = GradeSettings(
        folder / "out", RUBRIC, RunSettings("bubblewrap"), 2, 0.0, third_run=False, cache=folder / "cache"
    )
    with Gradebook.open(folder / "out") as book:
        ClassGrader(settings, book, heard, threading.Event(), place=place).grade_all(find_submissions(folder / "in"))
    return heard


def identities(out: Path) -> dict[str, tuple[int, int]]:
    """What changes whenever a file is replaced."""
    return {str(path): (path.stat().st_ino, path.stat().st_mtime_ns) for path in out.glob("student*/*")}


def test_a_class_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Told again, nothing is measured, judged or written; what changed, was damaged or lost is done again, alone."""
    count = 60
    write_class(tmp_path / "in", count)
    place = Copies()
    assert len(grade(tmp_path, place).expected) == count
    assert len(place.measured) == count
    before = identities(tmp_path / "out")

    judged: list[str] = []
    really = writing.judged

    def counting(evidence: Evidence, *rest: object, **more: object) -> object:
        judged.append(evidence.submission)
        return really(evidence, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(writing, "judged", counting)
    place.measured.clear()
    heard = grade(tmp_path, place)
    assert (place.measured, judged, heard.expected) == ([], [], {})
    assert len(heard.reused) == count
    assert identities(tmp_path / "out") == before

    notebook = tmp_path / "in" / "student7.ipynb"
    notebook.write_text(notebook.read_text().replace("student 7.", "student seven."))
    (tmp_path / "out" / "student8" / "report.html").unlink()
    (tmp_path / "out" / "student9" / "evidence.json").write_text("{}")
    heard = grade(tmp_path, place)
    assert place.measured == ["student7"]  # the evidence of student9 is in the cache
    assert sorted(judged) == ["student7", "student8", "student9"]
    assert (tmp_path / "out" / "student8" / "report.html").is_file()
    rows = (tmp_path / "out" / "grades.csv").read_text().splitlines()
    assert len(rows) == 1 + count

    monkeypatch.setattr(regrading, "LEAST_EACH", 20)  # several processes judge as one does
    pages = {path: path.read_bytes() for path in sorted((tmp_path / "out").glob("*/*.html"))}
    assert len(regrade(tmp_path / "out", RUBRIC, processes=2)) == count
    assert {path: path.read_bytes() for path in pages} == pages


@pytest.mark.proof
def test_ten_thousand_in_flat_memory(tmp_path: Path) -> None:
    """The second five thousand take no more memory than a line each in the gradebook and the class page."""
    peaks = []
    for count in (5_000, 10_000):
        write_class(tmp_path / "in", count)
        grade(tmp_path, Copies())
        peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    assert peaks[1] - peaks[0] < 100, peaks
    assert (tmp_path / "out" / "index.html").read_text().count("/report.html") >= 10_000
