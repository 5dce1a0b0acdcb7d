"""A class graded with a judge: stored evidence is added to, nothing is run for it, and the next call knows all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from grader.checks import run_checks
from grader.evidence.given import without_given
from grader.evidence.reading.given import Given
from grader.gradebook import Gradebook
from grader.judge import grade
from grader.model import Cell, Opinion, Result
from grader.opinions import SecondOpinion, read_endpoint
from grader.opinions.requests import Limits
from grader.pipeline import GradeSettings
from grader.pipeline.writing import Writing
from grader.progress import Silence
from grader.regrading import evidence_digest, write_submission
from grader.rubrics import load_rubric
from grader.storage import read_evidence
from opinions.standin import opinions, serving
from opinions.students import WRITE_UP, written

pytest.importorskip("httpx", reason="the extra `judge` is not installed")


def test_a_stored_submission_is_asked_about_without_being_run(tmp_path):
    """Its evidence is written anew with the opinions, its run still counts as done, and asking again costs nothing."""
    unit1, maria = load_rubric("unit1"), written()
    with Gradebook.open(tmp_path) as book, serving(opinions("fail")) as server:
        result = grade(maria, unit1, run_checks(maria))
        book.record(Result.of_grade(result), "f" * 64, write_submission(tmp_path, unit1, maria, result, b"{}"))
        for asked in (3, 3):
            judge = SecondOpinion(read_endpoint(server.url, "tiny", {}), tmp_path, limits=Limits(200.0))
            settings = GradeSettings(tmp_path, unit1, None, 1, 0.0, second_opinion=judge)  # type: ignore[arg-type]
            stored = read_evidence(tmp_path / maria.submission / "evidence.json")
            told = Writing(settings, book, Silence(), {}).finish_again(stored, "f" * 64, "")
            assert len(server.asked) == asked
            assert told.needs_review
            assert "language model" in " ".join(told.review_reasons)
            assert book.is_finished(maria.submission, "f" * 64)
            assert book.describes(maria.submission, evidence_digest(tmp_path, maria.submission) or "")
        assert len(read_evidence(tmp_path / maria.submission / "evidence.json").opinions) == 10


def test_opinions_go_with_the_text_they_are_of():
    """Where the assignment's own text is taken out, what was said of the whole is no longer said of anything."""
    judged = replace(written(), opinions=(Opinion("write_up.insight", "pass", 3, model="tiny"),))
    assert without_given(judged, Given.of([Cell(0, "markdown", WRITE_UP)])).opinions == ()
    assert without_given(judged, Given()).opinions == judged.opinions
