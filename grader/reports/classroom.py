"""The class page: everybody at a glance, who needs a person and why, and how the class spread over the levels."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from markupsafe import Markup

from grader.model import LEVELS, Criterion, CriterionResult, Level, Result, Rubric
from grader.reports.charts import level_distribution, share_bar
from grader.reports.numbers import cell_number, count, duration, points
from grader.reports.page import render
from grader.reports.text import capitalised, house_style
from grader.reports.wording import in_sentence, level_names, missed_words, status_words

STAFF_PAGE = "staff.html"
"""File of a submission's folder that is for staff only."""

MOST_MISSED = 6
"""Lines of what is missed most: what one lesson can take up."""


@dataclass(frozen=True, slots=True)
class LevelCell:
    """A level in the class table; `position` sorts (0: no level)."""

    name: str
    position: int
    style: str
    uncertain: bool


@dataclass(frozen=True, slots=True)
class MissedView:
    """What several submissions miss: how many of those judged, in words, and the criterion it belongs to."""

    count: int
    judged: int
    words: str
    criterion: str
    bar: Markup


@dataclass(frozen=True, slots=True)
class RowView:
    """One submission's line. Links are relative to the class page; `staff_link` is empty where there is none."""

    submission: str
    link: str
    staff_link: str
    notebook: str
    status: str
    status_words: str
    failed_cell: int | None
    levels: tuple[LevelCell, ...]
    points: str
    points_number: float
    max_points: str
    needs_review: bool
    review_reasons: tuple[str, ...]
    message: str
    time: str
    seconds: float


def render_index(
    rows: Sequence[Result], rubric: Rubric | None = None, staff_pages: Collection[str] = frozenset()
) -> str:
    """Return the class page. Sorting is a small script in the page; without it the page only doesn't sort.

    `staff_pages` are the submissions that have a page for staff.
    """
    columns = _columns(rows, rubric)
    names = level_names(rubric)
    views = tuple(_row_view(row, columns, names, STAFF_PAGE if row.submission in staff_pages else "") for row in rows)
    return render(
        "index.html.j2",
        rubric_title=rubric.title if rubric else "Results",
        columns=tuple(columns.values()),
        rows=views,
        queue=tuple(view for view in views if view.needs_review),
        failures=tuple(view for view in views if view.status != "ok"),
        totals=_totals(rows),
        distributions=_distributions(rows, columns, names),
        missed=_most_missed(rows, columns, rubric),
    )


def _most_missed(
    rows: Sequence[Result], columns: dict[str, str], rubric: Rubric | None
) -> tuple[tuple[str, tuple[MissedView, ...]], ...]:
    """Return what most submissions missed, by what it stands in the way of: what to teach once more."""
    judged = sum(any(item.level is not None for item in row.criteria) for row in rows)
    lines = [(item, check) for row in rows for item in row.criteria if item.level is not None for check in item.missed]
    often = Counter((item.criterion, check) for item, check in lines)
    top = {(one.id, name) for one in rubric.criteria for name in _top_level_checks(one)} if rubric else set()
    groups = []
    names = level_names(rubric)
    up_to, top_level = in_sentence(LEVELS[-2], names), in_sentence(LEVELS[-1], names)
    for title, wanted in ((f"Up to {up_to}", False), (f"For {top_level}", True)):
        chosen = [(key, number) for key, number in often.items() if number > 1 and (key in top) is wanted]
        chosen.sort(key=lambda pair: (-pair[1], pair[0]))
        views = tuple(
            MissedView(number, judged, missed_words(check), columns.get(criterion, ""), share_bar(number / judged))
            for (criterion, check), number in chosen[:MOST_MISSED]
        )
        if views:
            groups.append((title if rubric else "", views))
    return tuple(groups)


def _top_level_checks(criterion: Criterion) -> frozenset[str]:
    return frozenset(name for item in criterion.levels[-1].requires for name in item.checks)


def _columns(rows: Sequence[Result], rubric: Rubric | None) -> dict[str, str]:
    """Return criterion ids with their titles: the rubric's order, else that of first appearance."""
    if rubric is not None:
        return {item.id: item.title for item in rubric.criteria}
    return {item.criterion: item.title for row in rows for item in row.criteria}


def _row_view(row: Result, columns: dict[str, str], names: Mapping[Level, str], staff_page: str) -> RowView:
    folder = quote(row.submission.encode("utf-8", "replace"), safe="")
    by_criterion = {item.criterion: item for item in row.criteria}
    reasons = tuple(capitalised(reason) for reason in row.review_reasons)
    if row.needs_review and not reasons:
        uncertain = [item.title for item in row.criteria if item.needs_review]
        reasons = (f"The level is uncertain: {', '.join(uncertain)}",) if uncertain else ("Marked for review.",)
    return RowView(
        submission=row.submission,
        link=f"{folder}/report.html",
        staff_link=f"{folder}/{staff_page}" if staff_page else "",
        notebook=row.notebook,
        status=row.status,
        status_words=status_words(row.status),
        failed_cell=_failed_cell(row),
        levels=tuple(_level_cell(by_criterion.get(name), names) for name in columns),
        points=points(row.points),
        points_number=-1.0 if row.points is None else row.points,
        max_points=points(row.max_points),
        needs_review=row.needs_review,
        review_reasons=tuple(house_style(reason) for reason in reasons),
        message=row.message or "",
        time=duration(row.wall_s),
        seconds=row.wall_s,
    )


def _failed_cell(row: Result) -> int | None:
    """Return the number of the failing cell, None where there is none or the message names it itself."""
    if row.failed_cell is None:
        return None
    number = cell_number(row.failed_cell)
    return None if f"cell {number} " in (row.message or "").lower() else number


def _level_cell(item: CriterionResult | None, names: Mapping[Level, str]) -> LevelCell:
    if item is None or item.level is None:
        return LevelCell("No level", 0, "no-level", uncertain=False)
    return LevelCell(names[item.level], LEVELS.index(item.level) + 1, item.level, uncertain=item.low != item.high)


def _totals(rows: Sequence[Result]) -> tuple[tuple[str, str], ...]:
    """Return the class in numbers, as (name, value)."""
    judged = [row.points for row in rows if row.points is not None]
    largest = max((row.max_points for row in rows), default=0.0)
    return (
        ("submissions", count(len(rows))),
        ("ran without a failing cell", count(sum(row.status == "ok" for row in rows))),
        ("to review", count(sum(row.needs_review for row in rows))),
        (f"points, median of {points(largest)}", points(statistics.median(judged)) if judged else points(None)),
        ("running time in all", duration(sum(row.wall_s for row in rows))),
    )


def _distributions(
    rows: Sequence[Result], columns: dict[str, str], names: Mapping[Level, str]
) -> tuple[tuple[str, Markup], ...]:
    charts = []
    for name, title in columns.items():
        levels: Counter[Level | None] = Counter(
            next((item.level for item in row.criteria if item.criterion == name), None) for row in rows
        )
        charts.append((title, level_distribution(title, levels, names)))
    return tuple(charts)
