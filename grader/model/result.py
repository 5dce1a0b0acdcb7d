"""One line of the class: a submission's result as the gradebook, the class page and the CSV show it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from grader.model.judgement import Grade, Judgement, Level
from grader.model.run import RunStatus, Tier


@dataclass(frozen=True, slots=True)
class CriterionResult:
    """One criterion of one submission. `level` is None where it could not be judged; `low`..`high` is the range."""

    criterion: str
    title: str
    level: Level | None
    low: Level | None
    high: Level | None
    needs_review: bool
    points: float | None
    max_points: float
    missed: tuple[str, ...] = ()
    """Checks that the criterion rests on, seen not to be met."""
    decided: str = ""
    """The reason of a person who set this level; empty where the grader did."""
    own_level: Level | None = None
    """The level that the evidence alone gives."""


@dataclass(frozen=True, slots=True)
class Result:
    """What the class needs to know of one submission. `wall_s` is in seconds; `isolation` is None where nothing ran.

    `message` says why, where `status` is not `ok`: also of a submission that could not be read (`not_run`).
    """

    submission: str
    notebook: str
    status: RunStatus
    isolation: Tier | None
    wall_s: float
    criteria: tuple[CriterionResult, ...] = ()
    points: float | None = None
    max_points: float = 0.0
    needs_review: bool = False
    review_reasons: tuple[str, ...] = ()
    failed_cell: int | None = None
    message: str | None = None
    rubric_id: str = ""
    rubric_sha256: str = ""
    score: float | None = None
    """The final score, in the unit of `metric`; None where none was recomputed or no reference was trained."""
    reference_score: float | None = None
    """The best reference's score on the same rows."""
    metric: str = ""
    reviewed: bool = False
    """A person has looked at it, and nothing asks for another look since."""

    @classmethod
    def of_grade(cls, grade: Grade) -> Result:
        """Return the line of a graded submission; every review reason is kept once, in order of appearance."""
        run: Mapping[str, Any] = grade.run
        failed = frozenset(item.check for item in grade.findings if item.outcome == "fail" and item.moves_level)
        reasons = list(grade.review_reasons)
        for why in (why for item in grade.judgements for why in item.review_reasons):
            # The grade's own reasons may already name it, with the criterion before it.
            if not any(why in reason for reason in reasons):
                reasons.append(why)
        return cls(
            submission=grade.submission,
            notebook=grade.notebook,
            status=run["status"],
            isolation=run.get("isolation"),
            wall_s=float(run.get("wall_s") or 0.0),
            criteria=tuple(_criterion_result(item, failed) for item in grade.judgements),
            points=grade.points,
            max_points=grade.max_points,
            needs_review=grade.needs_review,
            review_reasons=tuple(dict.fromkeys(reasons)),
            failed_cell=run.get("failed_cell"),
            message=run.get("message"),
            rubric_id=grade.rubric_id,
            rubric_sha256=grade.rubric_sha256,
            **_beside_reference(grade),
            reviewed=grade.reviewed,
        )


REFERENCE_CHECK = "model.reference_band"
"""The check that sets the final score beside the best reference's."""


def _beside_reference(grade: Grade) -> dict[str, Any]:
    found = next((item.measured for item in grade.findings if item.check == REFERENCE_CHECK), {})
    score, reference = found.get("student"), found.get("reference")
    if not isinstance(score, (int, float)) or not isinstance(reference, (int, float)):
        return {}
    return {"score": float(score), "reference_score": float(reference), "metric": str(found.get("metric") or "")}


def _criterion_result(judgement: Judgement, failed: frozenset[str]) -> CriterionResult:
    return CriterionResult(
        criterion=judgement.criterion,
        title=judgement.title,
        level=judgement.level,
        low=judgement.low,
        high=judgement.high,
        needs_review=judgement.needs_review,
        points=judgement.points,
        max_points=judgement.max_points,
        missed=tuple(check for check in judgement.findings if check in failed),
        decided=judgement.decided.reason if judgement.decided is not None else "",
        own_level=judgement.own_level,
    )
