"""Pages about the rubric: how often people overrule it, and what moving one of its numbers would do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Flask, Response, abort, current_app, g, redirect, request
from markupsafe import Markup

from grader.calibration.moving import Dial, Effect, dials
from grader.calibration.overruled import HumanAgreement, human_agreement
from grader.errors import RubricError
from grader.model import LEVELS
from grader.reports import numbers
from grader.reports.charts import share_bar
from grader.reports.numbers import percent, points
from grader.reports.wording import OUTCOMES, level_names
from grader.review.pages import desk, page
from grader.review.recalibrating import Recalibration, plain_values, really_moved

MOST_NAMED = 60
"""Submissions that are named in an effect; how many they are in all is said."""


@dataclass(frozen=True, slots=True)
class MovedView:
    """A submission that changes, in words."""

    key: str
    name: str
    levels: tuple[tuple[str, str, str], ...]
    points: str
    difference: str


@dataclass(frozen=True, slots=True)
class EffectView:
    """What moving does, in words: how many, the mean points, and by criterion how the levels spread."""

    changing: int
    total: int
    points_only: int
    means: tuple[str, str]
    spread: tuple[tuple[str, tuple[tuple[str, int, int], ...]], ...]
    moved: tuple[MovedView, ...]
    unnamed: int


def add_pages(app: Flask) -> None:
    """Add these pages to the app."""
    app.extensions["recalibration"] = Recalibration(app.extensions["desk"])
    app.add_url_rule("/agreement", view_func=agreement)
    app.add_url_rule("/recalibrate", view_func=recalibrate)
    app.add_url_rule("/recalibrate/effect", view_func=show_effect)
    app.add_url_rule("/recalibrate/apply", view_func=apply, methods=["POST"])


def recalibration() -> Recalibration:
    """Return the class in memory."""
    found = current_app.extensions["recalibration"]
    assert isinstance(found, Recalibration)  # noqa: S101 - put there by add_pages
    return found


# ---------------------------------------------------------------- agreement
def agreement() -> str:
    """Show how often people overrule the grader."""
    read = desk().read()
    found = human_agreement(read.rows, read.decisions, desk().rubric)
    return page(
        "review/agreement.html.j2", found=found, criteria=_criteria(found), checks=_checks(found), days=_days(found)
    )


def _criteria(found: HumanAgreement) -> tuple[Mapping[str, object], ...]:
    return tuple(
        {
            "title": item.title,
            "looked": len(item.pairs),
            "overruled": item.overruled,
            "raised": item.raised,
            "lowered": item.overruled - item.raised,
            "bar": share_bar(item.exact) if item.exact is not None else Markup(),
            "exact": percent(item.exact) if item.exact is not None else "",
            "kappa": kappa_words(item.kappa),
            "weighted": kappa_words(item.weighted_kappa),
        }
        for item in found.criteria
    )


def _checks(found: HumanAgreement) -> tuple[tuple[str, int, int, str], ...]:
    return tuple(
        (
            item.check,
            item.overruled,
            item.looked,
            "; ".join(f"{_outcome(own)} → {_outcome(person)}: {number}" for own, person, number in item.turns),
        )
        for item in found.checks
    )


def _outcome(value: str) -> str:
    return OUTCOMES[value][1] if value in OUTCOMES else value  # type: ignore[index]


def _days(found: HumanAgreement) -> tuple[tuple[str, int, Markup, str, str], ...]:
    return tuple(
        (
            item.day,
            item.looked,
            share_bar(item.exact) if item.exact is not None else Markup(),
            percent(item.exact) if item.exact is not None else "",
            kappa_words(item.weighted_kappa),
        )
        for item in found.days
    )


def kappa_words(value: float | None) -> str:
    """Return a kappa as it is read; a dash where all levels are one and the same."""
    return numbers.NONE if value is None else f"{value:.2f}"


# ---------------------------------------------------------------- recalibrating
def recalibrate() -> str | Response:
    """Show the rubric's numbers, and what moving them would do."""
    if not g.person:
        return redirect("/name", 303)  # type: ignore[return-value]
    loading = recalibration().load()
    try:
        values = really_moved(plain_values(request.args, desk().rubric), desk().rubric)
    except ValueError as error:
        abort(400, str(error))
    titles = {item.id: item.title for item in desk().rubric.criteria}
    groups: dict[str, list[Dial]] = {}
    for item in dials(desk().rubric):
        groups.setdefault(item.criterion, []).append(item)
    return page(
        "review/recalibrate.html.j2",
        loading=loading,
        groups=tuple((titles[name], tuple(items)) for name, items in groups.items()),
        values=values,
        number=_number,
        effect=_view(recalibration().effect(values)) if loading.ready and values else None,
        applied=request.args.get("applied", "")[:60],
        rubric_id=desk().rubric.id,
        rubric_sha256=desk().rubric.sha256[:12],
    )


def show_effect() -> str:
    """Return the part of the page that tells what moving does: for the page's script."""
    if not recalibration().load().ready:
        abort(503, "The class is still being read.")
    try:
        values = really_moved(plain_values(request.args, desk().rubric), desk().rubric)
    except ValueError as error:
        abort(400, str(error))
    return page(
        "review/effect.html.j2",
        effect=_view(recalibration().effect(values)) if values else None,
        values=values,
        number=_number,
    )


def apply() -> Response:
    """Judge the class by the moved rubric from now on."""
    reason = request.form.get("reason", "").strip()[:2000]
    if not reason:
        abort(400, "A reason is needed: it stands in the audit trail.")
    if not recalibration().load().ready:
        abort(503, "The class is still being read.")
    if request.form.get("rubric") != desk().rubric.sha256[:12]:
        abort(409, "Somebody else has applied another rubric meanwhile: look again.")
    try:
        values = really_moved(plain_values(request.form, desk().rubric), desk().rubric)
        if not values:
            abort(400, "No number was moved.")
        name = recalibration().apply(values, g.person, reason)
    except (ValueError, RubricError) as error:
        abort(400, str(error))
    return redirect(f"/recalibrate?applied={name}", 303)  # type: ignore[return-value]


def _view(found: Effect) -> EffectView:
    names = level_names(desk().rubric)
    titles = {item.id: item.title for item in desk().rubric.criteria}
    words = [*(names[level] for level in LEVELS), "No level"]
    spread = tuple(
        (titles[name], tuple(item for item in zip(words, before, after, strict=True) if item[1] or item[2]))
        for name, (before, after) in found.spread.items()
    )
    ordered = sorted(found.moved, key=lambda item: -len(item.levels))
    return EffectView(
        changing=found.changing_level,
        total=found.total,
        points_only=len(found.moved) - found.changing_level,
        means=(points(found.mean_points[0]), points(found.mean_points[1])),
        spread=spread,
        moved=tuple(
            MovedView(
                key=desk().names.key(item.submission),
                name=desk().names.alias(item.submission) if g.blind else item.submission,
                levels=tuple(
                    (titles[name], names[old] if old else "no level", names[new] if new else "no level")
                    for name, old, new in item.levels
                ),
                points=f"{points(item.points[0])} → {points(item.points[1])}",
                difference=_difference(item.points),
            )
            for item in ordered[:MOST_NAMED]
        ),
        unnamed=max(0, len(found.moved) - MOST_NAMED),
    )


def _difference(pair: tuple[float | None, float | None]) -> str:
    if pair[0] is None or pair[1] is None:
        return ""
    change = pair[1] - pair[0]
    sign = "+" if change > 0 else "\N{MINUS SIGN}"
    return f"{sign}{points(abs(change))}" if change else "±0"


def _number(value: float) -> str:
    """Return a number as a form holds it."""
    return f"{value:.10g}"
