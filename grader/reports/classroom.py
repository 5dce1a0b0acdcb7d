"""The class page: everybody at a glance, what to teach next, who needs a person and why.

Its size does not grow with the class, but for the table: lists name so many, and the table's filter finds the rest.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from markupsafe import Markup

from grader.model import Level, Result, Rubric
from grader.reports.charts import Dot, cohort_chart, level_distribution
from grader.reports.class_rows import RowView, columns_of, row_views
from grader.reports.lessons import lessons
from grader.reports.links import SubmissionLink, submission_link
from grader.reports.numbers import count, duration, percent, points
from grader.reports.page import render
from grader.reports.wording import level_names

MOST_QUEUED = 100
"""Submissions of the review queue that are written out with their reasons: more than a person reads in a day."""
MOST_FAILED = 60
"""Failures written out; the table below shows all."""
MOST_FURTHEST = 5
"""Submissions furthest below the reference that are named: each may hide a mistake that no check knows."""
MOST_SLOW = 3
ERRORS = frozenset({"mae", "rmse", "mse"})
"""Metrics where less is better: their distance from the reference is a share of the reference's error."""


@dataclass(frozen=True, slots=True)
class Cohort:
    """The class against the reference, for one kind of score; `furthest` are the furthest below, with how far."""

    chart: Markup
    unit: str
    furthest: tuple[tuple[SubmissionLink, str], ...]


def render_index(
    rows: Sequence[Result],
    rubric: Rubric | None = None,
    staff_pages: Collection[str] = frozenset(),
    similar_page: str = "",
    people: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """Return the class page. Sorting and filtering are a small script in the page; without it the page is whole.

    `staff_pages` are the submissions that have a page for staff; `similar_page` is that of passages in common; `people`
    names the students of submissions, where that is known.
    """
    columns = columns_of(rows, rubric)
    views = row_views(rows, columns, rubric, staff_pages, people)
    queue = sorted((view for view in views if view.needs_review), key=_urgency)
    failures = [view for view in views if view.status != "ok"]
    return render(
        "index.html.j2",
        rubric_title=rubric.title if rubric else "Results",
        columns=tuple(columns.values()),
        rows=views,
        levels=tuple(level_names(rubric).values()),
        queue=tuple(queue[:MOST_QUEUED]),
        queued=len(queue),
        failures=tuple(failures[:MOST_FAILED]),
        failed=len(failures),
        failed_by=tuple(Counter(view.status_words for view in failures).most_common()),
        slowest=_slowest(rows),
        totals=_totals(rows),
        distributions=_distributions(rows, columns, level_names(rubric)),
        lessons=lessons(rows, columns, rubric),
        cohorts=_cohorts(rows),
        similar_page=similar_page,
    )


def _urgency(view: RowView) -> tuple[bool, int]:
    """Order the queue: those without any level first, then those with most reasons."""
    return view.points_number >= 0, -len(view.review_reasons)


def _slowest(rows: Sequence[Result]) -> tuple[tuple[SubmissionLink, str], ...]:
    slow = sorted((row for row in rows if row.wall_s > 0), key=lambda row: -row.wall_s)[:MOST_SLOW]
    return tuple((submission_link(row.submission), duration(row.wall_s)) for row in slow)


def _totals(rows: Sequence[Result]) -> tuple[tuple[str, str], ...]:
    """Return the class in numbers, as (name, value)."""
    judged = [row.points for row in rows if row.points is not None]
    largest = max((row.max_points for row in rows), default=0.0)
    times = [row.wall_s for row in rows if row.wall_s > 0]
    return (
        ("submissions", count(len(rows))),
        ("ran without a failing cell", count(sum(row.status == "ok" for row in rows))),
        ("to review", count(sum(row.needs_review for row in rows))),
        (f"points, median of {points(largest)}", points(statistics.median(judged)) if judged else points(None)),
        ("running time, median", duration(statistics.median(times) if times else None)),
        ("running time in all", duration(sum(times))),
    )


def _distributions(
    rows: Sequence[Result], columns: Mapping[str, str], names: Mapping[Level, str]
) -> tuple[tuple[str, Markup], ...]:
    charts = []
    for name, title in columns.items():
        levels: Counter[Level | None] = Counter(
            next((item.level for item in row.criteria if item.criterion == name), None) for row in rows
        )
        charts.append((title, level_distribution(title, levels, names)))
    return tuple(charts)


def _cohorts(rows: Sequence[Result]) -> tuple[Cohort, ...]:
    """Return the class against the reference: shares by their difference, errors by their ratio."""
    shares = [row for row in rows if row.metric not in ERRORS]
    errors = [row for row in rows if row.metric in ERRORS]
    made = (
        _cohort(shares, "percentage points above or below the reference on the same rows"),
        _cohort(errors, "percent by which the error is smaller or larger than the reference's"),
    )
    return tuple(item for item in made if item is not None)


def _cohort(rows: Sequence[Result], unit: str) -> Cohort | None:
    placed = [(row, distance) for row in rows if (distance := _above(row)) is not None and row.points is not None]
    if len(placed) < 2:
        return None
    largest = max(row.max_points for row, _ in placed)
    dots = [Dot(row.points or 0.0, distance) for row, distance in placed]
    below = sorted((item for item in placed if item[1] < 0), key=lambda item: item[1])[:MOST_FURTHEST]
    told = tuple((submission_link(row.submission), _against(row)) for row, _ in below)
    return Cohort(cohort_chart("The class against the reference", dots, largest, unit), unit, told)


def _above(row: Result) -> float | None:
    """Return how far a score lies above the reference's: a difference of shares, or the share of its error saved."""
    if row.score is None or row.reference_score is None:
        return None
    if row.metric not in ERRORS:
        return row.score - row.reference_score
    return (row.reference_score - row.score) / row.reference_score if row.reference_score else None


def _against(row: Result) -> str:
    if row.metric in ERRORS:
        return f"error {row.score:.4g} against {row.reference_score:.4g}"
    return f"{percent(row.score)} against {percent(row.reference_score)}"
