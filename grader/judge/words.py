"""The words of one criterion: why this level, and what to do next."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from grader.judge.levels import next_rule, open_requirements
from grader.judge.priority import worth
from grader.model import LEVELS, Criterion, Finding, Level, LevelRule, Requirement

MOST_REASONS = 5
"""More sentences than this on one criterion are not read; the findings hold the rest."""


def reasons_of(criterion: Criterion, findings: Mapping[str, Finding], level: Level) -> tuple[str, ...]:
    """Say what stops the next level, then what could not be seen, then what gave this one, the most telling first."""
    place = LEVELS.index(level)
    missing = [sentence_of(item, findings) for item in open_requirements(criterion, findings, level)]
    given: list[str] = []
    for rule in reversed(criterion.levels[: place + 1]):
        names = [name for item in rule.requires for name in item.checks]
        passed = [findings[name] for name in names if name in findings and findings[name].outcome == "pass"]
        given += [item.summary for item in sorted(passed, key=lambda item: worth(item.check))]
    return tuple(dict.fromkeys([*missing, *given]))[:MOST_REASONS]


def next_step(criterion: Criterion, findings: Mapping[str, Finding], level: Level, review: Sequence[str]) -> str | None:
    """Return the one fix to do next, None at the top; where nothing was seen wrong, what the next level asks for.

    `review` says why a person is still to look: then they decide first.
    """
    rule = next_rule(criterion, level)
    if rule is None:
        return None
    step = failed_step(criterion, findings, level)
    if step is not None:
        return step.fix
    asked = first_sentence(rule.descriptor)
    if review:
        return f"A person will look at what could not be checked; {name_of(rule)} asks for: {asked}"
    return f"{rule.title} asks for: {asked}"


def failed_step(criterion: Criterion, findings: Mapping[str, Finding], level: Level) -> Finding | None:
    """Return the failed finding whose fix comes next, None where nothing that has a fix was seen wrong."""
    for requirement in open_requirements(criterion, findings, level):
        for name in requirement.checks:
            finding = findings.get(name)
            if finding is not None and finding.outcome == "fail" and finding.fix:
                return finding
    return None


def sentence_of(requirement: Requirement, findings: Mapping[str, Finding]) -> str:
    """Return what was found of a requirement, the worst first."""
    known = [findings[name] for name in requirement.checks if name in findings]
    worst = sorted(known, key=lambda item: {"fail": 0, "unknown": 1, "error": 2}.get(item.outcome, 3))
    return worst[0].summary if worst else f"{' or '.join(map(words_of, requirement.checks))}: this was not checked."


def name_of(rule: LevelRule) -> str:
    """Return a level's name inside a sentence: the course's own as it is written."""
    return rule.name or rule.level


def words_of(check: str) -> str:
    """Return what a check is about in words, from its id: for checks without a finding."""
    return check.rpartition(".")[2].replace("_", " ")


def first_sentence(descriptor: str) -> str:
    """Return a descriptor's first sentence without its marks of emphasis: the rest explains, and is in the report."""
    return re.split(r"(?<=[.!?])\s", descriptor.replace("**", "").replace("`", ""), maxsplit=1)[0]
