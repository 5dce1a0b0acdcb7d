"""Findings and a rubric to levels, three-valued; pure, and knows nothing of how anything was found."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
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
from grader.judge.measured import measured_numbers, scores
from grader.judge.priority import next_thing, strongest, urgency, worth
from grader.model import (
    LEVELS,
    UNDECIDED,
    Criterion,
    Decisions,
    Delivered,
    Evidence,
    Finding,
    Grade,
    Highlight,
    Judgement,
    Level,
    LevelRule,
    Requirement,
    Rubric,
    RunFacts,
)

GRADER_FAILED = frozenset({"infrastructure_failure", "not_run"})
"""Statuses that say nothing about the student: levels are then null."""
LARGEST_GAP = 0.05
"""Saved and re-run score further apart than this are looked at by a person, whatever the tolerance says."""
MOST_REASONS = 5
"""More sentences than this on one criterion are not read; the findings hold the rest."""
MOST_UNSEEN = 3
"""So many of the things that could not be told are named where a level is open."""


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
    run = evidence.run
    reasons = _review_reasons(evidence, judgements, ordered, own_notebook=own_notebook)
    result = Grade(
        submission=evidence.submission,
        notebook=evidence.notebook,
        sha256=evidence.sha256,
        run={
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
        },
        rubric_id=rubric.id,
        rubric_sha256=rubric.sha256,
        judgements=judgements,
        findings=ordered,
        measured=measured_numbers(evidence, ordered),
        points=sum(scored) if len(scored) == len(points) else None,
        max_points=sum(item.max_points for item in judgements),
        review_reasons=reasons,
        next_thing=_next_thing(rubric, judgements, known),
        strongest=strongest(rubric.criteria, known, _places(judgements)),
        deliverables=_deliverables(rubric, known, run),
        comments=remarks(decisions, rubric),
    )
    left = looked_at(result, decisions)
    if decisions.reviewed is None:
        return left
    settled = tuple(map(partial(_as_looked_at, findings=known), left.judgements, rubric.criteria))
    return replace(left, judgements=settled)


def _places(judgements: Iterable[Judgement]) -> dict[str, int]:
    return {item.criterion: LEVELS.index(item.level) for item in judgements if item.level is not None}


def _next_thing(rubric: Rubric, judgements: tuple[Judgement, ...], findings: Mapping[str, Finding]) -> Highlight | None:
    levels = {item.criterion: item.level for item in judgements}
    steps: dict[str, str] = {}
    still_open: dict[str, int] = {}
    for criterion in rubric.criteria:
        level = levels[criterion.id]
        step = _step(criterion, findings, level) if level is not None else None
        if step is not None and level is not None:
            steps[criterion.id] = step.check
            still_open[criterion.id] = len(_open_requirements(criterion, findings, level))
    return next_thing(judgements, steps, still_open, _places(judgements))


# ---------------------------------------------------------------- what was to be handed in
def _deliverables(rubric: Rubric, findings: Mapping[str, Finding], run: RunFacts) -> tuple[Delivered, ...]:
    """Return what is there of the rubric's deliverables, in its order."""
    return tuple(
        _delivered(item.title, item.requires, {} if _says_nothing(run) else findings) for item in rubric.deliverables
    )


def _delivered(title: str, requires: Sequence[Requirement], findings: Mapping[str, Finding]) -> Delivered:
    names = tuple(dict.fromkeys(name for item in requires for name in item.checks))
    opened = [item for item in requires if not _holds(item, findings, unseen_passes=False)]
    if not opened:
        passed = (findings[name] for name in names if findings[name].outcome == "pass")
        return Delivered(title, "pass", next((item.summary for item in passed), "This does not apply here."), names)
    missing = [item for item in opened if not _holds(item, findings, unseen_passes=True)]
    return Delivered(title, "fail" if missing else "unknown", _sentence((missing or opened)[0], findings), names)


# ---------------------------------------------------------------- one criterion
def _says_nothing(run: RunFacts) -> bool:
    """Whether nothing is known of the work: it was not run, and not handed in to be read only."""
    return run.status in GRADER_FAILED and not run.only_read


def _judge(criterion: Criterion, findings: Mapping[str, Finding], run: RunFacts) -> Judgement:
    highest = max(criterion.points.values()) * criterion.weight
    used = criterion_checks(criterion)
    if _says_nothing(run):
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
        reasons=_reasons(criterion, findings, low) or ("Nothing more is required.",),
        next_step=_next_step(criterion, findings, low, review),
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
    reasons = (f"A person decided on this level: {override.reason}", *_reasons(criterion, findings, level))
    return replace(
        judgement,
        level=level,
        low=level,
        high=level,
        needs_review=bool(review),
        points=criterion.points[level] * criterion.weight,
        reasons=reasons[:MOST_REASONS],
        next_step=_next_step(criterion, findings, level, ()),
        descriptor=criterion.levels[LEVELS.index(level)].descriptor,
        review_reasons=review,
        decided=mark,
    )


def _as_looked_at(judgement: Judgement, criterion: Criterion, findings: Mapping[str, Finding]) -> Judgement:
    """Return a judgement without the promise of a look, where a person has looked and it stands."""
    if judgement.level is None or judgement.needs_review:
        return judgement
    return replace(judgement, next_step=_next_step(criterion, findings, judgement.level, ()))


def level_of(criterion: Criterion, findings: Mapping[str, Finding], run: RunFacts) -> Level | None:
    """Return the level alone that `judge` gives a criterion: for those who ask a thousand times."""
    return None if _says_nothing(run) else _reached(criterion, findings, unseen_passes=False)


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


def criterion_checks(criterion: Criterion) -> tuple[str, ...]:
    """Return the checks that a criterion's levels rest on, in the order in which they are asked for."""
    names = (name for rule in criterion.levels for item in rule.requires for name in item.checks)
    return tuple(dict.fromkeys(names))


# ---------------------------------------------------------------- its words
def _reasons(criterion: Criterion, findings: Mapping[str, Finding], level: Level) -> tuple[str, ...]:
    """Say what stops the next level, then what could not be seen, then what gave this one, the most telling first."""
    place = LEVELS.index(level)
    missing = [_sentence(item, findings) for item in _open_requirements(criterion, findings, level)]
    given: list[str] = []
    for rule in reversed(criterion.levels[: place + 1]):
        names = [name for item in rule.requires for name in item.checks]
        passed = [findings[name] for name in names if name in findings and findings[name].outcome == "pass"]
        given += [item.summary for item in sorted(passed, key=lambda item: worth(item.check))]
    return tuple(dict.fromkeys([*missing, *given]))[:MOST_REASONS]


def _open_requirements(criterion: Criterion, findings: Mapping[str, Finding], level: Level) -> list[Requirement]:
    """Return the requirements of the next level that don't hold.

    What was seen wrong comes before what was not seen, what undoes most before what is only missing.
    """
    rule = _next_rule(criterion, level)
    if rule is None:
        return []
    opened = [item for item in rule.requires if not _holds(item, findings, unseen_passes=False)]
    return sorted(opened, key=lambda item: (_holds(item, findings, unseen_passes=True), min(map(urgency, item.checks))))


def _next_rule(criterion: Criterion, level: Level) -> LevelRule | None:
    place = LEVELS.index(level) + 1
    return criterion.levels[place] if place < len(criterion.levels) else None


def _sentence(requirement: Requirement, findings: Mapping[str, Finding]) -> str:
    known = [findings[name] for name in requirement.checks if name in findings]
    worst = sorted(known, key=lambda item: {"fail": 0, "unknown": 1, "error": 2}.get(item.outcome, 3))
    return worst[0].summary if worst else f"{' or '.join(map(_words, requirement.checks))}: this was not checked."


def _name(rule: LevelRule) -> str:
    """Return a level's name inside a sentence: the course's own as it is written."""
    return rule.name or rule.level


def _words(check: str) -> str:
    """Return what a check is about in words, from its id: for checks without a finding."""
    return check.rpartition(".")[2].replace("_", " ")


def _next_step(
    criterion: Criterion, findings: Mapping[str, Finding], level: Level, review: Sequence[str]
) -> str | None:
    """Return the one fix to do next, None at the top; where nothing was seen wrong, what the next level asks for.

    `review` says why a person is still to look: then they decide first.
    """
    rule = _next_rule(criterion, level)
    if rule is None:
        return None
    step = _step(criterion, findings, level)
    if step is not None:
        return step.fix
    asked = first_sentence(rule.descriptor)
    if review:
        return f"A person will look at what could not be checked; {_name(rule)} asks for: {asked}"
    return f"{rule.title} asks for: {asked}"


def _step(criterion: Criterion, findings: Mapping[str, Finding], level: Level) -> Finding | None:
    """Return the failed finding whose fix comes next, None where nothing that has a fix was seen wrong."""
    for requirement in _open_requirements(criterion, findings, level):
        for name in requirement.checks:
            finding = findings.get(name)
            if finding is not None and finding.outcome == "fail" and finding.fix:
                return finding
    return None


def first_sentence(descriptor: str) -> str:
    """Return a descriptor's first sentence without its marks of emphasis: the rest explains, and is in the report."""
    return re.split(r"(?<=[.!?])\s", descriptor.replace("**", "").replace("`", ""), maxsplit=1)[0]


def _criterion_review(
    criterion: Criterion, findings: Mapping[str, Finding], low: Level, high: Level
) -> tuple[str, ...]:
    """Say in words for people why somebody should look; the findings name the checks."""
    names = criterion_checks(criterion)
    reasons = []
    if low != high:
        unseen = [name for name in names if name not in findings or findings[name].outcome in {"unknown", "error"}]
        sentences = [findings[name].summary if name in findings else f"{_words(name)}: not checked." for name in unseen]
        more = f" And {len(unseen) - MOST_UNSEEN} more." if len(unseen) > MOST_UNSEEN else ""
        between = " and ".join(_name(criterion.levels[LEVELS.index(level)]) for level in (low, high))
        reasons.append(f"between {between}: {' '.join(dict.fromkeys(sentences[:MOST_UNSEEN]))}{more}")
    own = (findings[name] for name in names if name in findings)
    # What could not be told asks for nobody where it decides nothing.
    reasons += [item.review for item in own if item.review and (low != high or item.outcome != "unknown")]
    return tuple(dict.fromkeys(reasons))


# ---------------------------------------------------------------- the submission
def _review_reasons(
    evidence: Evidence, judgements: tuple[Judgement, ...], findings: tuple[Finding, ...], *, own_notebook: bool
) -> tuple[str, ...]:
    run = evidence.run
    reasons = [f"{item.title}: {why}" for item in judgements for why in item.review_reasons]
    if run.only_read:
        reasons.append(f"{run.message or 'nothing was run'}: it was graded on what it shows")
    elif _says_nothing(run):
        reasons.append(f"the run failed on the grader's side ({run.message or run.status.replace('_', ' ')})")
    if run.isolation == "none" and run.status not in GRADER_FAILED and not own_notebook:
        reasons.append("the notebook ran without isolation: what was measured could have been altered")
    if evidence.verification_note:
        reasons.append(f"the scores could not be recomputed outside the run: {evidence.verification_note}")
    reasons += _tampering(evidence)
    if run.channel_faults:
        reasons.append(f"the record of the run was damaged {run.channel_faults} times: it may have been tampered with")
    judged = {name for item in judgements for name in item.findings}
    reasons += [item.review for item in findings if item.review and item.check not in judged]
    gap = None if evidence.cut_trainings else _gap(findings)
    if gap is not None and gap > LARGEST_GAP:
        reasons.append(f"the saved and the re-run score are {gap * 100:.1f} percentage points apart")
    return tuple(dict.fromkeys(reasons))


def _tampering(evidence: Evidence) -> list[str]:
    """Say where the watching was undone, and that the scored weights are not those of the training.

    Also where no level hangs on it: a person should know.
    """
    said = [
        f"the record of the run was broken or written to in cell {gap.cell + 1} ({gap.detail})"
        for gap in evidence.run.watch_gaps[:1]
    ]
    final = evidence.scoring(evidence.final_scoring)
    if final is not None and final.unwatched:
        said.append(f"the scored model is not the one that was trained: {final.unwatched}")
    return said


def _gap(findings: tuple[Finding, ...]) -> float | None:
    told = scores(findings)
    saved, rerun = told["saved"], told["verified"] if told["verified"] is not None else told["rerun"]
    if saved is None or rerun is None or not (0 <= saved <= 1 and 0 <= rerun <= 1):
        return None
    return abs(saved - rerun)
