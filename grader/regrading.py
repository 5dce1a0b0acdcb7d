"""Judging and writing: what comes after evidence. It imports nothing that runs notebooks, so that it starts at once."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from grader.checks import run_checks
from grader.claiming import claimed
from grader.durable import replace_together
from grader.errors import RubricError
from grader.gradebook import Gradebook
from grader.judge import grade as judge_grade
from grader.model import UNDECIDED, Decisions, Evidence, Grade, Result, Rubric
from grader.questions import ask
from grader.reports import AUTOMATIC, STAFF_PAGE, grades_csv, render_index, render_report, render_staff
from grader.rubrics import list_rubrics, load_rubric
from grader.storage import evidence_json, grade_json, read_evidence

if TYPE_CHECKING:
    from grader.opinions import SecondOpinion

EVIDENCE = "evidence.json"
EXECUTED = "executed.ipynb"

APPLIED_RUBRIC = "rubric-"
"""How the names of rubrics begin that were made for one class, in its folder of results."""


def judged(
    evidence: Evidence, rubric: Rubric, decisions: Decisions = UNDECIDED, *, own_notebook: bool = False
) -> Grade:
    """Return the grade in effect: what the checks find and the rubric gives, with what people decided in its place."""
    findings = run_checks(evidence, rubric.thresholds, rubric.checks)
    return judge_grade(evidence, rubric, findings, own_notebook=own_notebook, decisions=decisions)


def write_submission(
    out: Path,
    rubric: Rubric,
    evidence: Evidence,
    grade: Grade,
    executed: bytes,
    staff_page: str = "",
    *,
    language: str = AUTOMATIC,
) -> str:
    """Write all files of a submission that was run, together; return the digest of its evidence's file.

    `executed` is the notebook as it was run, with its pictures; empty where none was kept. No staff page, no such file.
    `language` is that of the student's report.
    """
    stored = evidence_json(evidence).encode()
    files = _judged(rubric, evidence, grade, executed, staff_page, language)
    replace_together(out / evidence.submission, {EVIDENCE: stored, EXECUTED: executed, **files})
    return hashlib.sha256(stored).hexdigest()


def write_judgement(
    out: Path, rubric: Rubric, evidence: Evidence, grade: Grade, staff_page: str = "", *, language: str = AUTOMATIC
) -> None:
    """Write the files of a submission whose stored evidence was judged again."""
    folder = out / evidence.submission
    replace_together(folder, _judged(rubric, evidence, grade, executed_notebook(folder), staff_page, language))


def rewrite_submission(
    out: Path, rubric: Rubric, evidence: Evidence, grade: Grade, staff_page: str = "", *, language: str = AUTOMATIC
) -> str:
    """Write all files of a submission whose stored evidence was added to; return the digest of the new evidence."""
    executed = executed_notebook(out / evidence.submission)
    return write_submission(out, rubric, evidence, grade, executed, staff_page, language=language)


def staff_page_of(rubric: Rubric, evidence: Evidence, grade: Grade) -> str:
    """Return the page for whoever grades: questions to ask, reasons to look, what is not certain."""
    return render_staff(grade, evidence, ask(evidence, grade.findings), rubric)


def _judged(
    rubric: Rubric, evidence: Evidence, grade: Grade, executed: bytes, staff_page: str, language: str
) -> dict[str, str | bytes]:
    return {
        "grade.json": grade_json(grade),
        "report.html": render_report(grade, evidence, rubric, executed, language),
        STAFF_PAGE: staff_page,
    }


def executed_notebook(folder: Path) -> bytes:
    """Return the notebook as it was run, with its pictures; nothing where none was kept."""
    try:
        return (folder / EXECUTED).read_bytes()
    except OSError:
        return b""


def evidence_digest(out: Path, submission: str) -> str | None:
    """Return the digest of a submission's stored evidence, None where there is none."""
    try:
        return hashlib.sha256((out / submission / EVIDENCE).read_bytes()).hexdigest()
    except OSError:
        return None


def regrade(
    out: Path, rubric: Rubric, second_opinion: SecondOpinion | None = None, *, language: str = AUTOMATIC
) -> tuple[Result, ...]:
    """Judge a class again from its stored evidence; nothing is run.

    Where a language model is asked for a second opinion, what it says is added to the stored evidence first.
    `language` is that of the students' reports: each notebook's own, or one for all.

    Raises:
        ResultsError: `out` holds no results, another grader is at work in it, or evidence can't be read.
        StorageFullError: its disk is full.
    """
    with Gradebook.open_existing(out) as book, claimed(out):
        for row in book.results():
            stored = read_evidence(out / row.submission / EVIDENCE)
            evidence = stored if second_opinion is None else second_opinion.added_to(stored)
            decisions = book.decisions(row.submission)
            grade = judged(evidence, rubric, decisions)
            page = staff_page_of(rubric, evidence, grade)
            before = evidence_digest(out, row.submission) or ""
            if evidence == stored:
                write_judgement(out, rubric, evidence, grade, page, language=language)
                book.record_judgement(Result.of_grade(grade), before)
            else:
                # Evidence that the gradebook knows nothing of is run again by the next `grader grade`: no fingerprint.
                known = book.fingerprint(row.submission) if book.describes(row.submission, before) else None
                digest = rewrite_submission(out, rubric, evidence, grade, page, language=language)
                book.record(Result.of_grade(grade), known or "", digest)
            book.written(row.submission, decisions.version)
        results = book.results()
        write_class(out, rubric, results)
    return results


def class_rubric(out: Path, results: Iterable[Result]) -> Rubric | None:
    """Return the rubric that a class was graded by: a shipped one, or one that was applied here; None for others.

    Where several were used, the one that most submissions were graded by.
    """
    often = Counter(row.rubric_sha256 for row in results if row.rubric_sha256)
    if not often:
        return None
    wanted = often.most_common(1)[0][0]
    files = [*map(str, list_rubrics()), *sorted(map(str, out.glob(f"{APPLIED_RUBRIC}*.yaml")))]
    for name in files:
        try:
            rubric = load_rubric(name)
        except RubricError:
            continue  # of an older grader, or written by hand: it is not what the class was graded by
        if rubric.sha256 == wanted:
            return rubric
    return None


def write_class(out: Path, rubric: Rubric, results: Iterable[Result]) -> None:
    """Write the class page and the table of grades, together."""
    rows = tuple(results)
    with_page = {row.submission for row in rows if (out / row.submission / STAFF_PAGE).is_file()}
    index = render_index(rows, rubric, with_page)
    replace_together(out, {"grades.csv": grades_csv(rows, rubric), "index.html": index})
