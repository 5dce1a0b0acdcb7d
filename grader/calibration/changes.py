"""What would change whom: each threshold moved and each requirement taken away, one at a time, and judged again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from grader.calibration.agreement import Agreement, quadratic_kappa
from grader.calibration.marks import Marks
from grader.calibration.stored import Judged, Levels, levels_of
from grader.checks import CHECKS
from grader.judge import judge
from grader.model import Criterion, Level, LevelRule, Rubric

FACTORS = (0.9, 0.75, 0.5, 1.1, 1.25, 1.5, 2.0)
"""By how much a number is moved: a little, a good deal, halved, doubled."""

STEPS_OF_ZERO = (-0.02, -0.05, 0.02, 0.05)
"""How a threshold of nought is moved, of which every multiple is nought: those are shares."""

COUNTED_TO = 20
"""Whole numbers up to here are counts: they are moved by ones as well."""


@dataclass(frozen=True, slots=True)
class Move:
    """A submission whose level of a criterion would be another."""

    submission: str
    criterion: str
    before: Level
    after: Level


@dataclass(frozen=True, slots=True)
class Effect:
    """What a change would do to the agreement on one criterion; a kappa is None where it is not defined."""

    criterion: str
    exact: tuple[float, float]
    kappa: tuple[float | None, float | None]


@dataclass(frozen=True, slots=True)
class Change:
    """One change of the rubric: what it is in words, whom it would move, and the agreement before and after.

    `effects` has only criteria on which marks were given and a level moved.
    """

    words: str
    moves: tuple[Move, ...]
    effects: tuple[Effect, ...]

    @property
    def gain(self) -> float:
        """By how much it raises agreement: the mean share of equal levels, then kappa to decide between equals."""
        exact = sum(item.exact[1] - item.exact[0] for item in self.effects)
        kappa = sum((item.kappa[1] or 0.0) - (item.kappa[0] or 0.0) for item in self.effects)
        return exact + kappa / 1000


def changes(rubric: Rubric, submissions: Sequence[Judged], marks: Marks) -> tuple[Change, ...]:
    """Return every change that would move anybody, the one that raises agreement most first."""
    found = [*_thresholds_moved(rubric, submissions, marks), *_requirements_removed(rubric, submissions, marks)]
    return tuple(sorted(found, key=lambda item: (-item.gain, len(item.moves), item.words)))


# ---------------------------------------------------------------- thresholds
def _thresholds_moved(rubric: Rubric, submissions: Sequence[Judged], marks: Marks) -> Iterator[Change]:
    used = {name for item in rubric.criteria for rule in item.levels for need in rule.requires for name in need.checks}
    for check in sorted(used):
        for threshold in CHECKS[check].thresholds:
            name = f"{check}.{threshold.name}"
            current = rubric.thresholds.get(name, threshold.default)
            # Of several moves in one direction that do the same, only the smallest is told.
            for direction in (-1, 1):
                seen: set[tuple[Move, ...]] = {()}
                for value in _moved(current, direction):
                    change = _with_threshold(rubric, submissions, marks, check, name, current, value)
                    if change.moves not in seen:
                        seen.add(change.moves)
                        yield change


def _moved(value: float, direction: int) -> list[float]:
    """Return the values to try on one side of a threshold, the nearest first."""
    multiples = {value * factor for factor in FACTORS}
    if value == 0:
        tried = set(STEPS_OF_ZERO)
    elif value == int(value):
        tried = {round(item) for item in multiples} | ({value - 1, value + 1} if value <= COUNTED_TO else set())
    elif 0.5 < value < 1:
        # A share near one is moved by what it lacks: 0.99 to 0.98 and 0.995, not to 1.98.
        tried = {1 - (1 - value) * factor for factor in FACTORS} | {item for item in multiples if item < value}
    else:
        tried = multiples
    rounded = {round(item, 6) for item in tried}
    return sorted((item for item in rounded if (item - value) * direction > 0), key=lambda item: abs(item - value))


def _with_threshold(
    rubric: Rubric, submissions: Sequence[Judged], marks: Marks, check: str, name: str, current: float, value: float
) -> Change:
    overrides = {**rubric.thresholds, name: value}
    after = {}
    for item in submissions:
        found = CHECKS[check].run(item.evidence, overrides)
        findings = tuple(found if old.check == check else old for old in item.findings)
        after[item.submission] = levels_of(judge(rubric, findings, item.evidence.run))
    return _change(f"threshold {name}: {value:g} instead of {current:g}", submissions, after, marks)


# ---------------------------------------------------------------- requirements
def _requirements_removed(rubric: Rubric, submissions: Sequence[Judged], marks: Marks) -> Iterator[Change]:
    for criterion in rubric.criteria:
        for rule in criterion.levels:
            for place, need in enumerate(rule.requires):
                changed = replace(rubric, criteria=tuple(_without(rubric.criteria, criterion, rule, place)))
                after = {
                    item.submission: levels_of(judge(changed, item.findings, item.evidence.run)) for item in submissions
                }
                some_of = f"{need.at_least} of " if len(need.checks) > 1 else ""
                words = f"{criterion.id}: {rule.name or rule.level} without {some_of}{', '.join(need.checks)}"
                change = _change(words, submissions, after, marks)
                if change.moves:
                    yield change


def _without(criteria: Iterable[Criterion], changed: Criterion, rule: LevelRule, place: int) -> Iterator[Criterion]:
    kept = (*rule.requires[:place], *rule.requires[place + 1 :])
    for item in criteria:
        if item is not changed:
            yield item
            continue
        levels = (replace(one, requires=kept) if one is rule else one for one in item.levels)
        yield replace(item, levels=tuple(levels))


# ---------------------------------------------------------------- what it comes to
def _change(words: str, submissions: Sequence[Judged], after: Mapping[str, Levels], marks: Marks) -> Change:
    moves = tuple(
        Move(item.submission, criterion, level, after[item.submission][criterion])
        for item in submissions
        for criterion, level in item.levels.items()
        if after[item.submission][criterion] != level
    )
    touched = dict.fromkeys(move.criterion for move in moves)
    effects = (_effect(criterion, submissions, after, marks) for criterion in touched)
    return Change(words, moves, tuple(item for item in effects if item is not None))


def _effect(criterion: str, submissions: Sequence[Judged], after: Mapping[str, Levels], marks: Marks) -> Effect | None:
    marked = [
        (given, item.levels[criterion], after[item.submission][criterion])
        for item in submissions
        if (given := marks.get(item.submission, {}).get(criterion)) is not None and criterion in item.levels
    ]
    if not any(before != now for _, before, now in marked):
        return None
    before = Agreement(criterion, "", tuple((hand, old) for hand, old, _ in marked))
    now = Agreement(criterion, "", tuple((hand, new) for hand, _, new in marked))
    return Effect(
        criterion,
        (before.exact or 0.0, now.exact or 0.0),
        (quadratic_kappa(before.pairs), quadratic_kappa(now.pairs)),
    )
