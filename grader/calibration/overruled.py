"""How often people overrule the grader: by criterion, by check, and over time.

Counted are submissions that a person looked at: marked as reviewed, or decided on in any way. The others would agree
with the grader only because nobody asked.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from grader.calibration.agreement import Pair, plain_kappa, quadratic_kappa
from grader.model import LEVELS, Decisions, Level, Override, Result, Rubric


@dataclass(frozen=True, slots=True)
class CriterionAgreement:
    """One criterion of the submissions that people looked at, as pairs (in effect, by the grader)."""

    criterion: str
    title: str
    pairs: tuple[Pair, ...]

    @property
    def overruled(self) -> int:
        """How many have another level in effect than the grader gave."""
        return sum(final != own for final, own in self.pairs)

    @property
    def raised(self) -> int:
        """How many of them have a higher one."""
        return sum(LEVELS.index(final) > LEVELS.index(own) for final, own in self.pairs)

    @property
    def exact(self) -> float | None:
        """Share of equal levels; None where nobody looked."""
        return 1 - self.overruled / len(self.pairs) if self.pairs else None

    @property
    def kappa(self) -> float | None:
        """Cohen's kappa; None where all levels are one and the same."""
        return plain_kappa(self.pairs)

    @property
    def weighted_kappa(self) -> float | None:
        """Quadratic weighted kappa, by which far apart counts more; None as for `kappa`."""
        return quadratic_kappa(self.pairs)


@dataclass(frozen=True, slots=True)
class CheckAgreement:
    """One check that was overruled: how often, out of how many submissions looked at, from what to what."""

    check: str
    overruled: int
    looked: int
    turns: tuple[tuple[str, str, int], ...]
    """The check's own outcome, the person's, and how often; the most frequent first."""


@dataclass(frozen=True, slots=True)
class Day:
    """What people looked at on one day, all criteria together, against the levels the grader gave at that time."""

    day: str
    looked: int
    exact: float | None
    weighted_kappa: float | None


@dataclass(frozen=True, slots=True)
class HumanAgreement:
    """How people and the grader agree on a class of `total` submissions, of which `looked` were looked at."""

    total: int
    looked: int
    criteria: tuple[CriterionAgreement, ...]
    checks: tuple[CheckAgreement, ...]
    days: tuple[Day, ...]


def human_agreement(results: Sequence[Result], decisions: Mapping[str, Decisions], rubric: Rubric) -> HumanAgreement:
    """Return how often people overruled each criterion and each check, and how that went over time."""
    looked = [(row, decisions[row.submission]) for row in results if _was_looked_at(decisions.get(row.submission))]
    return HumanAgreement(
        total=len(results),
        looked=len(looked),
        criteria=tuple(_criterion(item.id, item.title, [row for row, _ in looked]) for item in rubric.criteria),
        checks=_checks([item for _, item in looked]),
        days=_days(looked),
    )


def _was_looked_at(item: Decisions | None) -> bool:
    return item is not None and bool(item.reviewed or item.levels or item.findings)


def _criterion(criterion: str, title: str, rows: Iterable[Result]) -> CriterionAgreement:
    found = (item for row in rows for item in row.criteria if item.criterion == criterion)
    pairs = ((item.level, item.own_level) for item in found)
    return CriterionAgreement(criterion, title, tuple((final, own) for final, own in pairs if final and own))


def _checks(looked: Sequence[Decisions]) -> tuple[CheckAgreement, ...]:
    turns: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
    for item in looked:
        for check, override in item.findings.items():
            if override.value != override.computed:
                turns[check][override.computed or "unknown", override.value] += 1
    found = [
        CheckAgreement(
            check,
            sum(often.values()),
            len(looked),
            tuple((own, person, number) for (own, person), number in often.most_common()),
        )
        for check, often in turns.items()
    ]
    return tuple(sorted(found, key=lambda item: (-item.overruled, item.check)))


# ---------------------------------------------------------------- over time
def _days(looked: Iterable[tuple[Result, Decisions]]) -> tuple[Day, ...]:
    by_day: dict[str, list[tuple[Result, Decisions]]] = defaultdict(list)
    for row, item in looked:
        by_day[_last(item).made_at[:10]].append((row, item))
    return tuple(_day(day, by_day[day]) for day in sorted(by_day))


def _last(item: Decisions) -> Override:
    made = [*item.levels.values(), *item.findings.values(), *([item.reviewed] if item.reviewed else [])]
    return max(made, key=lambda override: override.made_at)


def _day(day: str, looked: Sequence[tuple[Result, Decisions]]) -> Day:
    pairs = [pair for row, item in looked for pair in _pairs_then(row, item)]
    exact = sum(final == own for final, own in pairs) / len(pairs) if pairs else None
    return Day(day, len(looked), exact, quadratic_kappa(pairs))


def _pairs_then(row: Result, item: Decisions) -> list[Pair]:
    """Return the levels in effect beside those that the grader gave when the person looked, as far as that is known.

    Where the person left the grader's level, that one was in effect then: another rubric since is no disagreement.
    """
    then = own_levels_then(item.reviewed)
    pairs = []
    for one in row.criteria:
        own: Level | None = then.get(one.criterion, one.own_level)
        final = one.level if one.decided or item.findings else own
        if final is not None and own is not None:
            pairs.append((final, own))
    return pairs


def own_levels_then(reviewed: Override | None) -> Mapping[str, Level]:
    """Return the grader's own levels at the time of a look, as they were noted with it."""
    if reviewed is None or not reviewed.computed:
        return {}
    noted = json.loads(reviewed.computed)
    return {name: level for name, level in noted["own_levels"].items() if level in LEVELS}
