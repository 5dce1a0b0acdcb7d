"""A graded class in a few files, made by hand: results, whose they are, and each student's own report and grade."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from grader.gradebook import Gradebook
from grader.model import CriterionResult, Finding, Grade, HandIn, Highlight, Judgement, Result
from grader.resources import STUDENTS
from grader.storage import write_grade, write_hand_ins

RUBRIC = ("unit1", "ab" * 32)


def result(submission: str, points: float | None = 15.0, *, review: bool = False) -> Result:
    """Return one result of 20 points, of five criteria the last of which is uncertain where it waits for review."""
    level = None if points is None else "proficient"
    criteria = tuple(
        CriterionResult(
            name, name.replace("_", " ").capitalize(), level, level,
            "exemplary" if review and name == "write_up" and level else level,
            review and name == "write_up", 3.0 if level else None, 4.0,
        )
        for name in ("model", "evaluation", "understanding", "code_quality", "write_up")
    )  # fmt: skip
    reasons = ("what the write-up says could not be read",) if review else ()
    status = "ok" if points is not None else "infrastructure_failure"
    message = None if points is not None else "the sandbox could not be started"
    return Result(submission, f"{submission}.ipynb", status, "bubblewrap", 3.0, criteria, points, 20.0, review, reasons, None, message, *RUBRIC)  # fmt: skip


def grade_of(item: Result) -> Grade:
    """Return the grade behind a result; its sentences name the submission, so that a mix-up would show."""
    judgements = tuple(
        Judgement(
            row.criterion, row.title, row.level, row.low, row.high, row.needs_review, row.points, row.max_points,
            (f"the {row.criterion} of {item.submission} <b>was seen</b>",), f"improve {row.criterion} of {item.submission}", ("model.trains",),
            "", (f"staff note on {item.submission}",) if row.needs_review else (),
        )
        for row in item.criteria
    )  # fmt: skip
    finding = Finding("model.trains", "pass", "kernel", f"{item.submission} trained")
    return Grade(
        item.submission, item.notebook, "00" * 32, {"status": item.status, "isolation": item.isolation, "wall_s": 3.0, "message": item.message},
        item.rubric_id, item.rubric_sha256, judgements, (finding,), {}, item.points, item.max_points, item.review_reasons,
        Highlight("model", f"add a test set to {item.submission}"), Highlight("model", f"{item.submission} trains well"),
    )  # fmt: skip


def write_class(out: Path, results: Mapping[Result, HandIn] | list[Result], *, files: bool = False) -> Path:
    """Write a class into `out`, with reports and grades where a test reads them."""
    hand_ins = results if isinstance(results, Mapping) else {}
    with Gradebook(out) as book:
        for item in results:
            book.record(item, "f")
    if hand_ins:
        write_hand_ins(out / STUDENTS, {item.submission: hand_in for item, hand_in in hand_ins.items()})
    for item in results if files else ():
        folder = out / item.submission
        write_grade(folder / "grade.json", grade_of(item))
        (folder / "report.html").write_text(f"<p>report of {item.submission}</p>", encoding="utf-8")
        (folder / "staff.html").write_text(f"<p>questions to {item.submission}: staff only</p>", encoding="utf-8")
        (folder / "executed.ipynb").write_text("{}", encoding="utf-8")
    return out


def renamed(item: Result, **changes: object) -> Result:
    """Return a result with other fields."""
    return replace(item, **changes)  # type: ignore[arg-type]
