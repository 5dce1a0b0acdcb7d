"""Which level a criterion reaches: its rules over the findings, three-valued."""

from __future__ import annotations

from collections.abc import Mapping

from grader.judge.priority import urgency
from grader.model import LEVELS, Criterion, Finding, Level, LevelRule, Requirement, RunFacts

GRADER_FAILED = frozenset({"infrastructure_failure", "not_run"})
"""Statuses that say nothing about the student: levels are then null."""


def criterion_checks(criterion: Criterion) -> tuple[str, ...]:
    """Return the checks that a criterion's levels rest on, in the order in which they are asked for."""
    names = (name for rule in criterion.levels for item in rule.requires for name in item.checks)
    return tuple(dict.fromkeys(names))


def says_nothing(run: RunFacts) -> bool:
    """Whether nothing is known of the work: it was not run, and not handed in to be read only."""
    return run.status in GRADER_FAILED and not run.only_read


def level_of(criterion: Criterion, findings: Mapping[str, Finding], run: RunFacts) -> Level | None:
    """Return the level alone that `judge` gives a criterion: for those who ask a thousand times."""
    return None if says_nothing(run) else reached(criterion, findings, unseen_passes=False)


def reached(criterion: Criterion, findings: Mapping[str, Finding], *, unseen_passes: bool) -> Level:
    """Return the highest level all of whose requirements hold, and those of every level below it."""
    highest = criterion.levels[0].level
    for rule in criterion.levels:
        if not all(holds(item, findings, unseen_passes=unseen_passes) for item in rule.requires):
            break
        highest = rule.level
    return highest


def holds(requirement: Requirement, findings: Mapping[str, Finding], *, unseen_passes: bool) -> bool:
    """Whether as many of a requirement's checks are satisfied as it asks for."""
    met = sum(_satisfied(findings.get(name), unseen_passes=unseen_passes) for name in requirement.checks)
    return met >= requirement.at_least


def _satisfied(finding: Finding | None, *, unseen_passes: bool) -> bool:
    """A check that was never run is unseen; advice that failed does not stand in the way."""
    if finding is None or finding.outcome in {"unknown", "error"}:
        return unseen_passes
    return finding.outcome in {"pass", "not_applicable"} or not finding.moves_level


def open_requirements(criterion: Criterion, findings: Mapping[str, Finding], level: Level) -> list[Requirement]:
    """Return the requirements of the next level that don't hold.

    What was seen wrong comes before what was not seen, what undoes most before what is only missing.
    """
    rule = next_rule(criterion, level)
    if rule is None:
        return []
    opened = [item for item in rule.requires if not holds(item, findings, unseen_passes=False)]
    return sorted(opened, key=lambda item: (holds(item, findings, unseen_passes=True), min(map(urgency, item.checks))))


def next_rule(criterion: Criterion, level: Level) -> LevelRule | None:
    """Return the rule of the level above, None at the top."""
    place = LEVELS.index(level) + 1
    return criterion.levels[place] if place < len(criterion.levels) else None
