"""Gradescope's `results.json`: each criterion a test, with its reasons; what is for staff is hidden.

The form: https://gradescope-autograders.readthedocs.io/en/latest/specs/ .
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, get_args

from markupsafe import Markup

from grader.errors import ExportError, ResultsError
from grader.exports.feedback import report_language
from grader.exports.marks import ClassMarks, Mark, NotWritten, Written, kept_back, not_written
from grader.model import Grade, Judgement, Rubric
from grader.reports.language import say, speaking, told
from grader.reports.summary import summarise
from grader.reports.text import phrase
from grader.reports.wording import level_names
from grader.storage import read_grade

Visibility = Literal["visible", "hidden", "after_due_date", "after_published"]
VISIBILITIES: tuple[Visibility, ...] = get_args(Visibility)

PASSING = ("proficient", "exemplary")
MOST_REASONS = 8


def gradescope_results(
    grade: Grade, rubric: Rubric | None = None, visibility: Visibility = "visible"
) -> dict[str, Any]:
    """Return a grade as the document of `results.json`.

    A level that isn't certain counts as it stands now, and its test says so; reasons to look again are in a test that
    only staff sees. A submission that could not be read scores 0 with the reason: its student hands it in again.

    Raises:
        ExportError: the grader or the machine failed: there is no score to give, and Gradescope is to say so.
    """
    summary = summarise(grade, rubric)
    if grade.points is None and grade.run.get("status") != "not_run":
        raise ExportError(f"{grade.submission} has no score: {summary.verdict} Run the autograder again")
    lines = [summary.verdict, summary.open, f"{say('Do this next')}: {summary.next_step}" if summary.next_step else ""]
    lines += summary.remarks
    document: dict[str, Any] = {
        "score": grade.points if grade.points is not None else 0.0,
        "output": _paragraphs(lines),
        "output_format": "html",
        "test_output_format": "html",
        "test_name_format": "text",
        "visibility": visibility,
        "stdout_visibility": "hidden",
        "tests": [_test(number, item, rubric, visibility) for number, item in enumerate(grade.judgements, 1)],
        "extra_data": {"needs_review": grade.needs_review, "rubric": grade.rubric_id, "run": grade.run.get("status")},
    }
    seconds = grade.run.get("wall_s")
    if isinstance(seconds, int | float):
        document["execution_time"] = seconds
    if grade.needs_review:
        document["tests"].append(_for_staff(grade))
    return document


def _test(number: int, item: Judgement, rubric: Rubric | None, visibility: Visibility) -> dict[str, Any]:
    names = level_names(rubric)
    if item.level is None or item.points is None:
        first = say("This could not be judged; a person will look at it.")
    elif item.needs_review and item.low != item.high and item.high is not None:
        higher = f"{say('perhaps up to')} {told(names[item.high])}"
        first = f"{say('Level')}: {told(names[item.level])}, {higher}; {say('a person will decide')}."
    else:
        first = f"{say('Level')}: {told(names[item.level])}."
    next_step = [f"{say('Next')}: {told(item.next_step)}"] if item.next_step else []
    # What a person wrote as the reason of a level stays as it was written.
    reasons = item.reasons if item.decided is not None else tuple(map(told, item.reasons))
    test: dict[str, Any] = {
        "name": told(item.title),
        "number": str(number),
        "output": _paragraphs([first, *reasons[:MOST_REASONS], *next_step]),
        "visibility": visibility,
        "extra_data": {"criterion": item.criterion, "level": item.level, "needs_review": item.needs_review},
    }
    if item.points is not None:
        passed = item.level in PASSING
        test |= {"score": item.points, "max_score": item.max_points, "status": "passed" if passed else "failed"}
    return test


def _for_staff(grade: Grade) -> dict[str, Any]:
    reasons = [*grade.review_reasons, *(why for item in grade.judgements for why in item.review_reasons)]
    return {
        "name": "For staff: a person should look at this",
        "output": _paragraphs(list(dict.fromkeys(reasons)) or ["A level is uncertain."]),
        "visibility": "hidden",
    }


def _paragraphs(lines: Sequence[str]) -> str:
    """Return sentences as HTML; whatever of a student's stands in them is text."""
    return "".join(Markup("<p>{}</p>").format(phrase(line)) for line in lines if line)


def results_json(document: dict[str, Any]) -> bytes:
    """Return the file's bytes."""
    return (json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode("utf-8", "replace")


def _results(out: Path, mark: Mark, rubric: Rubric | None, visibility: Visibility) -> dict[str, Any]:
    grade = read_grade(out / mark.submission / "grade.json")
    with speaking(report_language(out, mark)):
        return gradescope_results(grade, rubric, visibility)


def class_results(out: Path, marks: ClassMarks, rubric: Rubric | None, visibility: Visibility) -> Written:
    """Return one `results.json` where there is one submission, else a zip with `<submission>/results.json`.

    The zip leaves out who has no points: `left` says why.

    Raises:
        ExportError: the only submission has no score.
    """
    if len(marks.marks) == 1:
        (mark,) = marks.marks
        return Written(results_json(_results(out, mark, rubric, visibility)), (mark.submission,))
    buffer = io.BytesIO()
    written: list[str] = []
    left: list[NotWritten] = []
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for mark in marks.marks:
            # A 0 among others' marks reads as a judgement; in the autograder's one file the reason stands beside it.
            if mark.result.points is None:
                left.append(not_written(mark, kept_back(mark, "include")))
                continue
            try:
                document = _results(out, mark, rubric, visibility)
            except (ExportError, ResultsError) as error:
                left.append(not_written(mark, str(error)))
                continue
            archive.writestr(zipfile.ZipInfo(f"{mark.submission}/results.json"), results_json(document))
            written.append(mark.submission)
    return Written(buffer.getvalue(), tuple(written), tuple(left))
