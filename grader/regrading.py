"""Judging and writing: what comes after evidence. It imports nothing that runs notebooks, so that it starts at once."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from grader.checks import run_checks
from grader.gradebook import Gradebook
from grader.judge import grade as judge_grade
from grader.model import Evidence, Grade, Result, Rubric
from grader.reports import grades_csv, render_index, render_report
from grader.storage import grade_json, read_evidence, write_atomically


def write_submission(out: Path, rubric: Rubric, evidence: Evidence, grade: Grade) -> None:
    """Write one submission's `grade.json` and `report.html`."""
    folder = out / evidence.submission
    write_atomically(folder / "grade.json", grade_json(grade))
    write_atomically(folder / "report.html", render_report(grade, evidence, rubric, _executed_notebook(folder)))


def _executed_notebook(folder: Path) -> bytes:
    """Return the notebook as it was run, with its pictures; nothing where none was kept."""
    try:
        return (folder / "executed.ipynb").read_bytes()
    except OSError:
        return b""


def regrade(out: Path, rubric: Rubric) -> tuple[Result, ...]:
    """Judge a class again from its stored evidence; nothing is run.

    Raises:
        ResultsError: `out` holds no results, or a submission's evidence can't be read.
    """
    with Gradebook.open_existing(out) as book:
        for row in book.results():
            evidence = read_evidence(out / row.submission / "evidence.json")
            grade = judge_grade(evidence, rubric, run_checks(evidence, rubric.thresholds))
            write_submission(out, rubric, evidence, grade)
            book.record_judgement(Result.of_grade(grade))
        results = book.results()
    write_class(out, rubric, results)
    return results


def write_class(out: Path, rubric: Rubric, results: Iterable[Result]) -> None:
    """Write the class page and the table of grades."""
    rows = tuple(results)
    write_atomically(out / "grades.csv", grades_csv(rows, rubric))
    write_atomically(out / "index.html", render_index(rows, rubric))
