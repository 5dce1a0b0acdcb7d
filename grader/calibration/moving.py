"""What moving a rubric's numbers would do to a class, from what is stored: only what rests on them is judged again."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from grader.checks import CHECKS
from grader.judge.deciding import with_outcomes
from grader.judge.levels import criterion_checks, level_of
from grader.model import LEVELS, Criterion, Decisions, Evidence, Finding, Level, Rubric

LARGEST = 1e9
"""No threshold or weight is as large: whatever is, is a slip."""


@dataclass(frozen=True, slots=True)
class Dial:
    """A number of the rubric that can be moved: a criterion's weight, or a threshold of a check it rests on."""

    name: str
    criterion: str
    check: str
    """Empty for a weight."""
    words: str
    why: str
    current: float
    default: float
    least: float
    most: float
    step: float


@dataclass(frozen=True, slots=True)
class StoredSubmission:
    """One submission as it is stored: its evidence, the checks' own findings, and what people decided."""

    evidence: Evidence
    own: Mapping[str, Finding]
    decisions: Decisions

    @property
    def submission(self) -> str:
        """Its id."""
        return self.evidence.submission


@dataclass(frozen=True, slots=True)
class Moved:
    """A submission that changes: levels by criterion (before, after), where they do, and its points."""

    submission: str
    levels: tuple[tuple[str, Level | None, Level | None], ...]
    points: tuple[float | None, float | None]


@dataclass(frozen=True, slots=True)
class Effect:
    """What a changed rubric does to a class.

    `moved` are those whose level changes, and with another weight those whose points do. `spread` holds, by criterion
    that changes, how many have each level before and after, lowest first, the last number those without one.
    """

    moved: tuple[Moved, ...]
    total: int
    mean_points: tuple[float | None, float | None]
    spread: Mapping[str, tuple[tuple[int, ...], tuple[int, ...]]]

    @property
    def changing_level(self) -> int:
        """How many submissions change a level."""
        return sum(bool(item.levels) for item in self.moved)


# ---------------------------------------------------------------- the dials
def dials(rubric: Rubric) -> tuple[Dial, ...]:
    """Return all that can be moved, criterion by criterion; a threshold stands at the first that rests on it."""
    found: dict[str, Dial] = {}
    for criterion in rubric.criteria:
        weight = _weight_dial(criterion)
        found[weight.name] = weight
        for check in criterion_checks(criterion):
            entry = CHECKS[check]
            for item in entry.thresholds:
                name = f"{check}.{item.name}"
                current = rubric.thresholds.get(name, item.default)
                least, most, step = _scale(current, item.default)
                made = Dial(
                    name, criterion.id, check, f"{entry.title}: {item.name.replace('_', ' ')}", item.reason,
                    current, item.default, least, most, step,
                )  # fmt: skip
                found.setdefault(name, made)
    return tuple(found.values())


def _weight_dial(criterion: Criterion) -> Dial:
    most = max(4.0, 2 * criterion.weight)
    return Dial(
        f"weight.{criterion.id}", criterion.id, "", "Weight", "Multiplies the points of this criterion.",
        criterion.weight, 1.0, 0.0, most, 0.25,
    )  # fmt: skip


def _scale(current: float, default: float) -> tuple[float, float, float]:
    """Return the range and the step of a slider: shares by hundredths, counts by ones, others by fiftieths."""
    largest = max(abs(current), abs(default))
    least = 0.0 if min(current, default) >= 0 else -3 * largest
    if current == int(current) and default == int(default) and largest >= 1:
        return least, float(max(10, math.ceil(3 * largest))), 1.0
    if largest <= 1:
        return least, 1.0, 0.01 if largest >= 0.05 else 10.0 ** math.floor(math.log10(largest or 0.01))
    return least, 3 * largest, 10.0 ** math.floor(math.log10(largest / 50))


def moved_rubric(rubric: Rubric, values: Mapping[str, float]) -> Rubric:
    """Return the rubric with some of its numbers moved; its hash is still the old one's.

    Raises:
        ValueError: a number is none, or none of this rubric's.
    """
    known = {item.name: item for item in dials(rubric)}
    for name, value in values.items():
        if name not in known:
            raise ValueError(f"{name} is no number of this rubric")
        if not math.isfinite(value) or abs(value) > LARGEST or (not known[name].check and value < 0):
            raise ValueError(f"{name} can't be {value:g}")
    moved = {name: value for name, value in values.items() if known[name].check and value != known[name].current}
    criteria = (replace(item, weight=values.get(f"weight.{item.id}", item.weight)) for item in rubric.criteria)
    return replace(rubric, thresholds={**rubric.thresholds, **moved}, criteria=tuple(criteria))


# ---------------------------------------------------------------- what it does
def moved_checks(before: Rubric, after: Rubric) -> frozenset[str]:
    """Return the checks that decide by another number."""
    names = {
        name
        for name in {*before.thresholds, *after.thresholds}
        if before.thresholds.get(name) != after.thresholds.get(name)
    }
    return frozenset(name.rpartition(".")[0] for name in names)


def with_moved(item: StoredSubmission, checks: Iterable[str], rubric: Rubric) -> dict[str, Finding]:
    """Return a submission's own findings, those of `checks` found anew by the rubric's thresholds."""
    found = dict(item.own)
    for check in checks:
        if check in found and not item.evidence.run.only_read:
            found[check] = CHECKS[check].run(item.evidence, rubric.thresholds)
    return found


def effect(submissions: Sequence[StoredSubmission], before: Rubric, after: Rubric) -> Effect:
    """Return what `after`, which differs from `before` in numbers only, would do to a class."""
    checks = moved_checks(before, after)
    touched = tuple(item for item in after.criteria if checks & set(criterion_checks(item)))
    spread = {item.id: ([0] * (len(LEVELS) + 1), [0] * (len(LEVELS) + 1)) for item in touched}
    moved, sums = [], ([], [])  # type: tuple[list[Moved], tuple[list[float], list[float]]]
    for item in submissions:
        old = _levels(before.criteria, item, item.own)
        new = old | (_levels(touched, item, with_moved(item, checks, after)) if touched else {})
        for criterion in touched:
            for counts, level in zip(spread[criterion.id], (old[criterion.id], new[criterion.id]), strict=True):
                counts[len(LEVELS) if level is None else LEVELS.index(level)] += 1
        points = (_points(before, old), _points(after, new))
        for total, value in zip(sums, points, strict=True):
            if value is not None:
                total.append(value)
        changed = tuple((name, level, new[name]) for name, level in old.items() if level != new[name])
        if changed or points[0] != points[1]:
            moved.append(Moved(item.submission, changed, points))
    means = tuple(sum(values) / len(values) if values else None for values in sums)
    shown = {name: (tuple(first), tuple(second)) for name, (first, second) in spread.items()}
    return Effect(tuple(moved), len(submissions), (means[0], means[1]), shown)


def _levels(
    criteria: Iterable[Criterion], item: StoredSubmission, own: Mapping[str, Finding]
) -> dict[str, Level | None]:
    """Return levels in effect: a person's outcomes count, and a person's levels stay."""
    if item.decisions.findings:
        own = {found.check: found for found in with_outcomes(tuple(own.values()), item.decisions)}
    levels: dict[str, Level | None] = {}
    for criterion in criteria:
        override = item.decisions.levels.get(criterion.id)
        known = override.value if override is not None else None
        levels[criterion.id] = (
            LEVELS[LEVELS.index(known)] if known in LEVELS else level_of(criterion, own, item.evidence.run)
        )
    return levels


def _points(rubric: Rubric, levels: Mapping[str, Level | None]) -> float | None:
    total = 0.0
    for criterion in rubric.criteria:
        level = levels[criterion.id]
        if level is None:
            return None
        total += criterion.points[level] * criterion.weight
    return total
