"""Findings and a rubric to levels, three-valued; pure, and knows nothing of how anything was found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from grader.model import (
    LEVELS,
    Criterion,
    Evidence,
    Finding,
    Grade,
    Judgement,
    Level,
    LevelRule,
    ReferenceResult,
    Requirement,
    Rubric,
    RunFacts,
    Verified,
)

GRADER_FAILED = frozenset({"infrastructure_failure", "not_run"})
"""Statuses that say nothing about the student: levels are then null."""
SCORE_CHECK = "evaluation.score_verified"
"""The finding that carries the score as stated, saved, re-run and verified."""
ADDRESSED_GRADER = "prose.addresses_grader"
LARGEST_GAP = 0.05
"""Saved and re-run score further apart than this are looked at by a person, whatever the tolerance says."""
MOST_REASONS = 8
"""More sentences than this on one criterion are not read; the findings hold the rest."""


def judge(rubric: Rubric, findings: Iterable[Finding], run: RunFacts) -> tuple[Judgement, ...]:
    """Return one judgement per criterion of the rubric, in its order."""
    known = {item.check: item for item in findings}
    return tuple(_judge(criterion, known, run) for criterion in rubric.criteria)


def grade(evidence: Evidence, rubric: Rubric, findings: tuple[Finding, ...], *, own_notebook: bool = False) -> Grade:
    """Return the whole grade of one submission. The order of `findings` does not matter.

    `own_notebook` says that whoever asks wrote the notebook: running it without isolation then needs no review.

    The total is None where any criterion could not be judged: a sum over the rest would look like a low mark.
    """
    ordered = tuple(sorted(findings, key=lambda item: item.check))
    judgements = judge(rubric, ordered, evidence.run)
    points = [item.points for item in judgements]
    known = [value for value in points if value is not None]
    run = evidence.run
    return Grade(
        submission=evidence.submission,
        notebook=evidence.notebook,
        sha256=evidence.sha256,
        run={
            "status": run.status,
            "isolation": run.isolation,
            "wall_s": run.wall_s,
            "failed_cell": run.failed_cell,
            "message": run.message,
        },
        rubric_id=rubric.id,
        rubric_sha256=rubric.sha256,
        judgements=judgements,
        findings=ordered,
        measured=_measured(evidence, ordered),
        points=sum(known) if len(known) == len(points) else None,
        max_points=sum(item.max_points for item in judgements),
        review_reasons=_review_reasons(evidence, judgements, ordered, own_notebook=own_notebook),
    )


# ---------------------------------------------------------------- one criterion
def _judge(criterion: Criterion, findings: Mapping[str, Finding], run: RunFacts) -> Judgement:
    highest = max(criterion.points.values()) * criterion.weight
    used = _checks_of(criterion)
    if run.status in GRADER_FAILED:
        why = run.message or run.status.replace("_", " ")
        reason = f"This could not be judged: {why}. It says nothing about the work."
        return Judgement(
            criterion.id, criterion.title, None, None, None, needs_review=True, points=None, max_points=highest,
            reasons=(reason,), next_step=None, findings=used, review_reasons=(f"the grader could not judge: {why}",),
        )  # fmt: skip
    low = _reached(criterion, findings, unseen_passes=False)
    high = _reached(criterion, findings, unseen_passes=True)
    rule = criterion.levels[LEVELS.index(low)]
    review = _criterion_review(criterion, findings, low, high)
    return Judgement(
        criterion=criterion.id,
        title=criterion.title,
        level=low,
        low=low,
        high=high,
        needs_review=bool(review),
        points=criterion.points[low] * criterion.weight,
        max_points=highest,
        reasons=_reasons(criterion, findings, low),
        next_step=_next_step(criterion, findings, low),
        findings=used,
        descriptor=rule.descriptor,
        review_reasons=review,
    )


def _reached(criterion: Criterion, findings: Mapping[str, Finding], *, unseen_passes: bool) -> Level:
    """Return the highest level all of whose requirements hold, and those of every level below it."""
    reached = criterion.levels[0].level
    for rule in criterion.levels:
        if not all(_holds(item, findings, unseen_passes=unseen_passes) for item in rule.requires):
            break
        reached = rule.level
    return reached


def _holds(requirement: Requirement, findings: Mapping[str, Finding], *, unseen_passes: bool) -> bool:
    met = sum(_satisfied(findings.get(name), unseen_passes=unseen_passes) for name in requirement.checks)
    return met >= requirement.at_least


def _satisfied(finding: Finding | None, *, unseen_passes: bool) -> bool:
    """A check that was never run is unseen; advice that failed does not stand in the way."""
    if finding is None or finding.outcome in {"unknown", "error"}:
        return unseen_passes
    return finding.outcome in {"pass", "not_applicable"} or not finding.moves_level


def _checks_of(criterion: Criterion) -> tuple[str, ...]:
    names = (name for rule in criterion.levels for item in rule.requires for name in item.checks)
    return tuple(dict.fromkeys(names))


# ---------------------------------------------------------------- its words
def _reasons(criterion: Criterion, findings: Mapping[str, Finding], level: Level) -> tuple[str, ...]:
    """Say what stops the next level, then what could not be seen, then what gave this one."""
    place = LEVELS.index(level)
    missing = [_sentence(item, findings) for item in _open_requirements(criterion, findings, level)]
    given = [
        findings[name].summary
        for rule in reversed(criterion.levels[: place + 1])
        for item in rule.requires
        for name in item.checks
        if name in findings and findings[name].outcome == "pass"
    ]
    if not given and not missing:
        given = ["Nothing more is required."]
    return tuple(dict.fromkeys([*missing, *given]))[:MOST_REASONS]


def _open_requirements(criterion: Criterion, findings: Mapping[str, Finding], level: Level) -> list[Requirement]:
    """Return the requirements of the next level that don't hold; what was seen wrong before what was not seen."""
    rule = _next_rule(criterion, level)
    if rule is None:
        return []
    opened = [item for item in rule.requires if not _holds(item, findings, unseen_passes=False)]
    return sorted(opened, key=lambda item: _holds(item, findings, unseen_passes=True))


def _next_rule(criterion: Criterion, level: Level) -> LevelRule | None:
    place = LEVELS.index(level) + 1
    return criterion.levels[place] if place < len(criterion.levels) else None


def _sentence(requirement: Requirement, findings: Mapping[str, Finding]) -> str:
    known = [findings[name] for name in requirement.checks if name in findings]
    worst = sorted(known, key=lambda item: {"fail": 0, "unknown": 1, "error": 2}.get(item.outcome, 3))
    return worst[0].summary if worst else f"{' or '.join(requirement.checks)} was not checked."


def _next_step(criterion: Criterion, findings: Mapping[str, Finding], level: Level) -> str | None:
    """Return the one fix to do next, None at the top. Where nothing was seen wrong, a person decides first."""
    rule = _next_rule(criterion, level)
    if rule is None:
        return None
    for requirement in _open_requirements(criterion, findings, level):
        for name in requirement.checks:
            finding = findings.get(name)
            if finding is not None and finding.outcome == "fail" and finding.fix:
                return finding.fix
    return f"A person will look at what could not be checked; {rule.level} asks for: {rule.descriptor}"


def _criterion_review(
    criterion: Criterion, findings: Mapping[str, Finding], low: Level, high: Level
) -> tuple[str, ...]:
    reasons = []
    if low != high:
        unseen = [
            name
            for name in _checks_of(criterion)
            if name not in findings or findings[name].outcome in {"unknown", "error"}
        ]
        reasons.append(f"between {low} and {high}: {', '.join(unseen)} could not be told")
    own = (findings[name] for name in _checks_of(criterion) if name in findings)
    # What could not be told asks for nobody where it decides nothing.
    reasons += [
        f"{item.check}: {item.review}" for item in own if item.review and (low != high or item.outcome != "unknown")
    ]
    return tuple(dict.fromkeys(reasons))


# ---------------------------------------------------------------- the submission
def _review_reasons(
    evidence: Evidence, judgements: tuple[Judgement, ...], findings: tuple[Finding, ...], *, own_notebook: bool
) -> tuple[str, ...]:
    run = evidence.run
    reasons = [f"{item.title}: {why}" for item in judgements for why in item.review_reasons]
    if run.status in GRADER_FAILED:
        reasons.append(f"the run failed on the grader's side ({run.message or run.status.replace('_', ' ')})")
    if run.isolation == "none" and run.status not in GRADER_FAILED and not own_notebook:
        reasons.append("the notebook ran without isolation: what was measured could have been altered")
    if run.channel_faults:
        reasons.append(f"the record of the run was damaged {run.channel_faults} times: it may have been tampered with")
    judged = {name for item in judgements for name in item.findings}
    reasons += [f"{item.check}: {item.review}" for item in findings if item.review and item.check not in judged]
    gap = _gap(findings)
    if gap is not None and gap > LARGEST_GAP:
        reasons.append(f"the saved and the re-run score are {gap:.1%} apart")
    return tuple(dict.fromkeys(reasons))


def _gap(findings: tuple[Finding, ...]) -> float | None:
    scores = _scores(findings)
    saved, rerun = scores["saved"], scores["verified"] if scores["verified"] is not None else scores["rerun"]
    if saved is None or rerun is None or not (0 <= saved <= 1 and 0 <= rerun <= 1):
        return None
    return abs(saved - rerun)


def _scores(findings: tuple[Finding, ...]) -> dict[str, float | None]:
    measured: Mapping[str, Any] = next((item.measured for item in findings if item.check == SCORE_CHECK), {})
    return {source: measured.get(source) for source in ("stated", "saved", "rerun", "verified")}


def _measured(evidence: Evidence, findings: tuple[Finding, ...]) -> dict[str, Any]:
    """Return the numbers of `grade.json`; each is None where it was not measured."""
    scoring = evidence.scoring(evidence.final_scoring)
    verified = _final_verification(evidence)
    rows = evidence.row_set(scoring.rows) if scoring is not None else None
    model = evidence.model(evidence.final_model)
    diagnosis = next((item for item in findings if item.check == "training.diagnosis" and item.measured), None)
    score = next((item for item in findings if item.check == SCORE_CHECK), None)
    return {
        "task": evidence.task,
        "metric": score.measured.get("metric") if score is not None else None,
        "test_score": _scores(findings),
        "scored_rows": rows.rows if rows is not None else None,
        "scored_role": rows.role if rows is not None else (scoring.role if scoring is not None else None),
        "reference": {item.recipe: _reference(item) for item in evidence.references},
        "confusion_matrix": [list(row) for row in verified.matrix] if verified and verified.matrix else None,
        "classes": list(verified.classes) if verified is not None else [],
        "per_class": [
            {"label": item.label, "precision": item.precision, "recall": item.recall, "f1": item.f1,
             "support": item.support}
            for item in verified.per_class
        ] if verified is not None else [],
        "balanced_accuracy": verified.balanced_accuracy if verified is not None else None,
        "majority": verified.majority_accuracy if verified is not None else None,
        "baseline_mae": verified.baseline_mae if verified is not None else None,
        "parameters": model.parameters if model is not None else None,
        "diagnosis": dict(diagnosis.measured) if diagnosis is not None else None,
        "label_agreement": evidence.label_agreement,
    }  # fmt: skip


def _final_verification(evidence: Evidence) -> Verified | None:
    """Return what was recomputed of the final scoring, or of a scoring of the same weights on the same rows."""
    final = evidence.scoring(evidence.final_scoring)
    if final is None:
        return None
    own = evidence.verification(final.id)
    if own is not None:
        return own
    twins = (
        evidence.verification(item.id)
        for item in evidence.scorings
        if (item.rows, item.weights) == (final.rows, final.weights)
    )
    return next((item for item in twins if item is not None), None)


def _reference(item: ReferenceResult) -> dict[str, Any]:
    return {
        "title": item.title,
        "metric": item.metric,
        "score": item.score,
        "spread": item.spread,
        "seeds": item.seeds,
        "parameters": item.parameters,
    }
