"""What people decided, put in the place of what was found and judged, with a word where the evidence has changed since.

A decision stays until a person takes it back: through a changed rubric, a new run, another grader.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import cast

from grader.model import Decided, Decisions, Finding, Grade, Judgement, Level, Outcome, Override, Remark, Rubric

SAID = {
    "pass": "met",
    "fail": "not met",
    "unknown": "could not be seen",
    "not_applicable": "does not apply",
    "error": "could not be judged",
}
"""An outcome inside a sentence."""


# ---------------------------------------------------------------- findings
def with_outcomes(findings: tuple[Finding, ...], decisions: Decisions) -> tuple[Finding, ...]:
    """Return the findings with the outcomes that people set; what a check measured stays beside it."""
    if not decisions.findings:
        return findings
    return tuple(
        _with_outcome(item, decisions.findings[item.check]) if item.check in decisions.findings else item
        for item in findings
    )


def _with_outcome(finding: Finding, override: Override) -> Finding:
    outcome = cast("Outcome", override.value)
    mark = Decided(override.reason, finding.outcome, _finding_contradicted(finding, override))
    return replace(
        finding,
        outcome=outcome,
        summary=f"A person decided that this is {SAID[outcome]}: {override.reason}"
        if outcome != "not_applicable"
        else f"A person decided that this does not apply: {override.reason}",
        fix=finding.fix if outcome == "fail" else None,
        moves_level=True,
        review=mark.contradicted or None,
        decided=mark,
    )


def _finding_contradicted(finding: Finding, override: Override) -> str:
    before, today = override.computed, finding.outcome
    if before is None or today in {before, override.value}:
        return ""
    return (
        f"a person set {finding.check} to {SAID[override.value]} when the check's outcome was "
        f"{SAID.get(before, before)}; it is {SAID[today]} now"
    )


def contradictions(checks: Iterable[str], findings: Mapping[str, Finding]) -> tuple[str, ...]:
    """Say which decisions on these checks the evidence contradicts since."""
    marks = (findings[name].decided for name in checks if name in findings)
    return tuple(mark.contradicted for mark in marks if mark is not None and mark.contradicted)


# ---------------------------------------------------------------- levels
def with_own_levels(judged: tuple[Judgement, ...], own: tuple[Judgement, ...]) -> tuple[Judgement, ...]:
    """Return judgements that also tell the level which the evidence alone gives."""
    return tuple(replace(item, own_level=alone.level) for item, alone in zip(judged, own, strict=True))


def decided_level(override: Override, computed: Level | None) -> Decided:
    """Return the mark of a level that a person set, beside the level `computed` from the findings as they are now."""
    before = override.computed
    contradicted = ""
    if before is not None and computed is not None and computed not in {before, override.value}:
        contradicted = f"a person set {override.value} when the grader's level was {before}; it is {computed} now"
    return Decided(override.reason, computed, contradicted)


# ---------------------------------------------------------------- looked at
def reasons_to_look(grade: Grade) -> tuple[str, ...]:
    """Return every reason for a person's look, as it is remembered once somebody has looked."""
    own = (f"{item.title}: {why}" for item in grade.judgements for why in item.review_reasons)
    return tuple(dict.fromkeys([*grade.review_reasons, *own]))


_NOTHING = '{"reasons": []}'


def look_noted(grade: Grade) -> str:
    """Return what is remembered of a look: the reasons that asked for it, and the grader's own levels at that time."""
    levels = {item.criterion: item.own_level for item in grade.judgements}
    return json.dumps({"reasons": reasons_to_look(grade), "own_levels": levels})


def looked_at(grade: Grade, decisions: Decisions) -> Grade:
    """Return the grade without the reasons that a person has looked at; new ones stay."""
    if decisions.reviewed is None:
        return grade
    known = frozenset(json.loads(decisions.reviewed.computed or _NOTHING)["reasons"])
    judgements = []
    for item in grade.judgements:
        open_reasons = tuple(why for why in item.review_reasons if f"{item.title}: {why}" not in known)
        judgements.append(replace(item, review_reasons=open_reasons, needs_review=bool(open_reasons)))
    still_open = tuple(why for why in grade.review_reasons if why not in known)
    left = replace(grade, judgements=tuple(judgements), review_reasons=still_open)
    return replace(left, reviewed=not left.needs_review)


# ---------------------------------------------------------------- comments
def remarks(decisions: Decisions, rubric: Rubric) -> tuple[Remark, ...]:
    """Return what the student is to read: comments by criterion in the rubric's order, those on the whole work last."""
    places = {item.id: place for place, item in enumerate(rubric.criteria)}
    told = [Remark(item.criterion, item.text) for item in decisions.comments if not item.private]
    return tuple(sorted(told, key=lambda item: places.get(item.criterion, len(places))))
