"""Findings and a rubric to levels, three-valued; pure, and knows nothing of how anything was found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import cast

from grader.judge.advice import addressed
from grader.judge.deciding import (
    contradictions,
    decided_level,
    looked_at,
    remarks,
    with_outcomes,
    with_own_levels,
)
from grader.judge.delivered import deliverables_of
from grader.judge.levels import criterion_checks, open_requirements, reached, says_nothing
from grader.judge.looking import reasons_for_criterion, reasons_for_submission
from grader.judge.measured import measured_numbers
from grader.judge.priority import next_thing, strongest
from grader.judge.words import MOST_REASONS, failed_step, next_step, reasons_of
from grader.model import (
    LEVELS,
    UNDECIDED,
    Criterion,
    Decisions,
    Evidence,
    Finding,
    Grade,
    Highlight,
    Judgement,
    Level,
    Rubric,
    RunFacts,
)


def judge(rubric: Rubric, findings: Iterable[Finding], run: RunFacts) -> tuple[Judgement, ...]:
    """Return one judgement per criterion of the rubric, in its order."""
    known = {item.check: item for item in findings}
    return tuple(_judge(criterion, known, run) for criterion in rubric.criteria)


def hangs_on(rubric: Rubric, findings: Iterable[Finding], run: RunFacts, check: str) -> bool:
    """Return whether that one check, as it would pass or fail, decides the level of any criterion."""
    found = tuple(findings)
    passing, failing = (
        tuple(replace(item, outcome=outcome, moves_level=True) if item.check == check else item for item in found)
        for outcome in ("pass", "fail")
    )
    levels = [[item.level for item in judge(rubric, judged, run)] for judged in (passing, failing)]
    return levels[0] != levels[1]


def grade(
    evidence: Evidence,
    rubric: Rubric,
    findings: tuple[Finding, ...],
    *,
    own_notebook: bool = False,
    decisions: Decisions = UNDECIDED,
) -> Grade:
    """Return the whole grade of one submission, as it is in effect. The order of `findings` does not matter.

    `own_notebook` says that whoever asks wrote the notebook: running it without isolation then needs no review.
    `decisions` are people's: outcomes they set are judged by the rubric, levels they set stand for the judged ones.

    The total is None where any criterion could not be judged: a sum over the rest would look like a low mark.
    """
    own = addressed(tuple(sorted(findings, key=lambda item: item.check)), evidence)
    ordered = with_outcomes(own, decisions)
    known = {item.check: item for item in ordered}
    effective = judge(rubric, ordered, evidence.run)
    alone = judge(rubric, own, evidence.run) if decisions.findings else effective
    judged = with_own_levels(effective, alone)
    judgements = tuple(
        _with_level(item, criterion, known, decisions) for item, criterion in zip(judged, rubric.criteria, strict=True)
    )
    points = [item.points for item in judgements]
    scored = [value for value in points if value is not None]
    result = Grade(
        submission=evidence.submission,
        notebook=evidence.notebook,
        sha256=evidence.sha256,
        run=_run_told(evidence),
        rubric_id=rubric.id,
        rubric_sha256=rubric.sha256,
        judgements=judgements,
        findings=ordered,
        measured=measured_numbers(evidence, ordered),
        points=sum(scored) if len(scored) == len(points) else None,
        max_points=sum(item.max_points for item in judgements),
        review_reasons=reasons_for_submission(evidence, judgements, ordered, own_notebook=own_notebook),
        next_thing=_next_thing(rubric, judgements, known),
        strongest=strongest(rubric.criteria, known, _places(judgements)),
        deliverables=deliverables_of(rubric, known, evidence.run),
        comments=remarks(decisions, rubric),
    )
    left = looked_at(result, decisions)
    if decisions.reviewed is None:
        return left
    settled = tuple(map(partial(_as_looked_at, findings=known), left.judgements, rubric.criteria))
    return replace(left, judgements=settled)


def _run_told(evidence: Evidence) -> dict[str, object]:
    """Return what a grade tells of the run."""
    run = evidence.run
    return {
        "status": run.status,
        "isolation": run.isolation,
        "wall_s": run.wall_s,
        "failed_cell": run.failed_cell,
        "message": run.message,
        "isolation_gaps": list(run.isolation_gaps),
        "isolation_why_not_better": run.why_not_better,
        "isolation_remedy": run.remedy,
        "needs": list(run.needs),
        "diagnosis": run.diagnosis,
        "budget": {
            "asked": str(run.budget),
            "cut": [{"cell": item.cell, "how": item.how_cut} for item in evidence.cut_trainings],
        },
        "interpreter": {
            "name": run.interpreter.name,
            "python": run.interpreter.python,
            "packages": dict(run.interpreter.packages),
            "variables": dict(run.interpreter.variables),
        },
    }


def _places(judgements: Iterable[Judgement]) -> dict[str, int]:
    return {item.criterion: LEVELS.index(item.level) for item in judgements if item.level is not None}


def _next_thing(rubric: Rubric, judgements: tuple[Judgement, ...], findings: Mapping[str, Finding]) -> Highlight | None:
    levels = {item.criterion: item.level for item in judgements}
    steps: dict[str, str] = {}
    still_open: dict[str, int] = {}
    for criterion in rubric.criteria:
        level = levels[criterion.id]
        step = failed_step(criterion, findings, level) if level is not None else None
        if step is not None and level is not None:
            steps[criterion.id] = step.check
            still_open[criterion.id] = len(open_requirements(criterion, findings, level))
    return next_thing(judgements, steps, still_open, _places(judgements))


# ---------------------------------------------------------------- one criterion
def _judge(criterion: Criterion, findings: Mapping[str, Finding], run: RunFacts) -> Judgement:
    highest = max(criterion.points.values()) * criterion.weight
    used = criterion_checks(criterion)
    if says_nothing(run):
        why = run.message or run.status.replace("_", " ")
        reason = f"This could not be judged: {why}. It says nothing about the work."
        return Judgement(
            criterion.id, criterion.title, None, None, None, needs_review=True, points=None, max_points=highest,
            reasons=(reason,), next_step=None, findings=used, review_reasons=(f"the grader could not judge: {why}",),
        )  # fmt: skip
    low = reached(criterion, findings, unseen_passes=False)
    high = reached(criterion, findings, unseen_passes=True)
    rule = criterion.levels[LEVELS.index(low)]
    review = reasons_for_criterion(criterion, findings, low, high)
    return Judgement(
        criterion=criterion.id,
        title=criterion.title,
        level=low,
        low=low,
        high=high,
        needs_review=bool(review),
        points=criterion.points[low] * criterion.weight,
        max_points=highest,
        reasons=reasons_of(criterion, findings, low) or ("Nothing more is required.",),
        next_step=next_step(criterion, findings, low, review),
        findings=used,
        descriptor=rule.descriptor,
        review_reasons=review,
    )


def _with_level(
    judgement: Judgement, criterion: Criterion, findings: Mapping[str, Finding], decisions: Decisions
) -> Judgement:
    """Put a person's level in the place of the judged one, with its own words and next step."""
    override = decisions.levels.get(criterion.id)
    if override is None:
        return judgement
    level = cast("Level", override.value)
    mark = decided_level(override, judgement.level)
    review = tuple(item for item in (mark.contradicted, *contradictions(criterion_checks(criterion), findings)) if item)
    reasons = (f"A person decided on this level: {override.reason}", *reasons_of(criterion, findings, level))
    return replace(
        judgement,
        level=level,
        low=level,
        high=level,
        needs_review=bool(review),
        points=criterion.points[level] * criterion.weight,
        reasons=reasons[:MOST_REASONS],
        next_step=next_step(criterion, findings, level, ()),
        descriptor=criterion.levels[LEVELS.index(level)].descriptor,
        review_reasons=review,
        decided=mark,
    )


def _as_looked_at(judgement: Judgement, criterion: Criterion, findings: Mapping[str, Finding]) -> Judgement:
    """Return a judgement without the promise of a look, where a person has looked and it stands."""
    if judgement.level is None or judgement.needs_review:
        return judgement
    return replace(judgement, next_step=next_step(criterion, findings, judgement.level, ()))
