"""How far levels and marks agree, criterion by criterion, and by which findings they differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from grader.calibration.marks import Marks
from grader.calibration.stored import Judged
from grader.model import LEVELS, Criterion, Finding, Level, LevelRule, Rubric

Pair = tuple[Level, Level]
"""A level by hand, and the grader's."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """One criterion: every marked submission that has a level, as (by hand, by the grader)."""

    criterion: str
    title: str
    pairs: tuple[Pair, ...]

    @property
    def exact(self) -> float | None:
        """Share of equal levels; None where nothing was marked."""
        return sum(hand == own for hand, own in self.pairs) / len(self.pairs) if self.pairs else None

    @property
    def kappa(self) -> float | None:
        """Quadratic weighted kappa, 1 for full agreement, 0 for chance; None where all levels are one and the same."""
        return quadratic_kappa(self.pairs)

    @property
    def table(self) -> tuple[tuple[int, ...], ...]:
        """How often which level by hand (row) was which of the grader's (column), lowest first."""
        return tuple(tuple(self.pairs.count((hand, own)) for own in LEVELS) for hand in LEVELS)


@dataclass(frozen=True, slots=True)
class Difference:
    """A submission that was marked otherwise on a criterion, and the findings that make the difference.

    Where the grader is lower these are the ones that stop it; where it is higher, the ones that lift it.
    """

    submission: str
    criterion: str
    by_hand: Level
    by_grader: Level
    high: Level
    """The highest level that what could not be seen leaves open."""
    findings: tuple[Finding, ...]


def quadratic_kappa(pairs: Iterable[Pair]) -> float | None:
    """Return the quadratic weighted kappa of pairs of levels, None where it is not defined."""
    return _kappa(pairs, "quadratic")


def plain_kappa(pairs: Iterable[Pair]) -> float | None:
    """Return Cohen's kappa of pairs of levels, by which near misses are misses; None where it is not defined."""
    return _kappa(pairs, None)


def _kappa(pairs: Iterable[Pair], weights: str | None) -> float | None:
    from sklearn.metrics import cohen_kappa_score  # noqa: PLC0415 - half a second that other commands need not wait

    places = [(LEVELS.index(hand), LEVELS.index(own)) for hand, own in pairs]
    if len({place for pair in places for place in pair}) < 2:
        return None  # no level but one was ever given: there is nothing that chance could explain
    hand, own = zip(*places, strict=True)
    return float(cohen_kappa_score(hand, own, labels=range(len(LEVELS)), weights=weights))


def agreements(rubric: Rubric, submissions: Sequence[Judged], marks: Marks) -> tuple[Agreement, ...]:
    """Return the agreement on each criterion that was marked, in the rubric's order."""
    found = []
    for criterion in rubric.criteria:
        levels = {item.submission: item.levels.get(criterion.id) for item in submissions}
        pairs = (
            (given[criterion.id], own)
            for name, given in marks.items()
            if criterion.id in given and (own := levels.get(name)) is not None
        )
        found.append(Agreement(criterion.id, criterion.title, tuple(pairs)))
    return tuple(item for item in found if item.pairs)


def differences(rubric: Rubric, submissions: Sequence[Judged], marks: Marks) -> tuple[Difference, ...]:
    """Return every mark that differs from the grader's level, the widest apart first."""
    found = [
        Difference(
            item.submission,
            criterion.id,
            by_hand,
            judgement.level,
            judgement.high or judgement.level,
            _telling(criterion, by_hand, judgement.level, item.findings),
        )
        for item in submissions
        for criterion, judgement in zip(rubric.criteria, item.judgements, strict=True)
        if (by_hand := marks.get(item.submission, {}).get(criterion.id)) is not None
        and judgement.level is not None
        and judgement.level != by_hand
    ]
    return tuple(sorted(found, key=_apart, reverse=True))


def _apart(item: Difference) -> int:
    return abs(LEVELS.index(item.by_hand) - LEVELS.index(item.by_grader))


def _telling(criterion: Criterion, hand: Level, own: Level, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    low, high = sorted((LEVELS.index(hand), LEVELS.index(own)))
    between = criterion.levels[low + 1 : high + 1]
    known = {item.check: item for item in findings}
    named = dict.fromkeys(_checks(between))
    asked = [known[name] for name in named if name in known]
    stopped = LEVELS.index(own) == low
    return tuple(item for item in asked if _stops(item) is stopped and (stopped or item.outcome == "pass"))


def _stops(finding: Finding) -> bool:
    return finding.outcome in {"unknown", "error"} or (finding.outcome == "fail" and finding.moves_level)


def _checks(rules: Iterable[LevelRule]) -> Iterator[str]:
    return (name for rule in rules for need in rule.requires for name in need.checks)
