"""A rubric of one's own, begun from one that is shipped: what an instructor wants to be otherwise, put into it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from grader.checks import CHECKS
from grader.errors import RubricError
from grader.model import Criterion, Deliverable, Level, Rubric
from grader.rubrics.loading import read_rubric
from grader.rubrics.mistakes import meant
from grader.rubrics.writing import rubric_yaml


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is to differ from the rubric one begins with; what is left out stays as it is there.

    `criteria` are ids in the order wanted; `weights` and `titles` are by criterion, `points` by level for all of
    them, `names` by level. A deliverable is a title and the checks that must all pass.
    """

    id: str = ""
    title: str = ""
    criteria: tuple[str, ...] = ()
    weights: Mapping[str, float] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)
    points: Mapping[Level, float] = field(default_factory=dict)
    names: Mapping[Level, str] = field(default_factory=dict)
    deliverables: tuple[Deliverable, ...] = ()


def begin_rubric(base: Rubric, wishes: Wishes, source: str) -> str:
    """Return the text of a new rubric file; `source` is what messages call it.

    Raises:
        RubricError: a wish names a criterion or a check that is not there, or the rubric would have mistakes.
    """
    mistakes = tuple(_mistakes(base, wishes))
    if mistakes:
        raise RubricError(source, mistakes)
    chosen = wishes.criteria or tuple(item.id for item in base.criteria)
    by_id = {item.id: item for item in base.criteria}
    text = rubric_yaml(
        replace(
            base,
            id=wishes.id or base.id,
            title=wishes.title or base.title,
            criteria=tuple(_wished(by_id[name], wishes) for name in chosen),
            deliverables=wishes.deliverables or base.deliverables,
            advice=_advice(base, chosen),
        )
    )
    read_rubric(text.encode(), source)
    return text


def _wished(criterion: Criterion, wishes: Wishes) -> Criterion:
    return replace(
        criterion,
        title=wishes.titles.get(criterion.id, criterion.title),
        weight=wishes.weights.get(criterion.id, criterion.weight),
        points=dict(criterion.points) | {str(level): value for level, value in wishes.points.items()},
        levels=tuple(replace(rule, name=wishes.names.get(rule.level, rule.name)) for rule in criterion.levels),
    )


def _advice(base: Rubric, chosen: Sequence[str]) -> tuple[str, ...]:
    """Return what is advice now: what the criteria left out required is still worth telling."""
    left_out = (item for item in base.criteria if item.id not in chosen)
    dropped = (name for item in left_out for rule in item.levels for need in rule.requires for name in need.checks)
    kept = {
        name
        for item in base.criteria
        if item.id in chosen
        for rule in item.levels
        for need in rule.requires
        for name in need.checks
    }
    return tuple(dict.fromkeys([*base.advice, *(name for name in dropped if name not in kept)]))


def _mistakes(base: Rubric, wishes: Wishes) -> list[str]:
    known = [item.id for item in base.criteria]
    of = f"of {base.id} ({', '.join(known)})"
    named = {"criteria": wishes.criteria, "weight": wishes.weights, "title of a criterion": wishes.titles}
    found = [
        f"{what}: {name!r} is no criterion {of}{meant(name, known)}"
        for what, names in named.items()
        for name in names
        if name not in known
    ]
    found += [
        f"deliverable {item.title!r}: unknown check {name!r}{meant(name, CHECKS)}"
        for item in wishes.deliverables
        for need in item.requires
        for name in need.checks
        if name not in CHECKS
    ]
    if len(set(wishes.criteria)) != len(wishes.criteria):
        found.append("criteria: one is named twice")
    return found
