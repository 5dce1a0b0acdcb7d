"""The class table's rows: everybody once, with levels, points, status and time as they are shown and sorted."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from grader.model import LEVELS, CriterionResult, Level, Result, Rubric
from grader.reports.links import REPORT_PAGE, STAFF_PAGE, page_link
from grader.reports.numbers import cell_number, duration, points
from grader.reports.text import capitalised, house_style
from grader.reports.wording import level_names, status_words


@dataclass(frozen=True, slots=True)
class LevelCell:
    """A level in the class table; `position` sorts (0: no level)."""

    name: str
    position: int
    style: str
    uncertain: bool
    decided: bool = False
    """A person set it."""


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
    names: str = ""
    """Whose it is, where that is known and its id doesn't say it."""


def columns_of(rows: Sequence[Result], rubric: Rubric | None) -> dict[str, str]:
    """Return criterion ids with their titles: the rubric's order, else that of first appearance."""
    if rubric is not None:
        return {item.id: item.title for item in rubric.criteria}
    return {item.criterion: item.title for row in rows for item in row.criteria}


def row_views(
    rows: Sequence[Result],
    columns: Mapping[str, str],
    rubric: Rubric | None,
    staff_pages: Collection[str],
    people: Mapping[str, str],
) -> tuple[RowView, ...]:
    """Return the table's rows, in the order of the results.

    `staff_pages` are those that have a page for staff; `people` names the students of submissions.
    """
    names = level_names(rubric)
    views = (_row_view(row, columns, names, has_staff_page=row.submission in staff_pages) for row in rows)
    return tuple(replace(view, names=_told_besides(people.get(view.submission, ""), view.submission)) for view in views)


def _told_besides(name: str, submission: str) -> str:
    return "" if name.casefold() in submission.casefold() else name


def _row_view(row: Result, columns: Mapping[str, str], names: Mapping[Level, str], *, has_staff_page: bool) -> RowView:
    by_criterion = {item.criterion: item for item in row.criteria}
    return RowView(
        submission=row.submission,
        link=page_link(row.submission, REPORT_PAGE),
        staff_link=page_link(row.submission, STAFF_PAGE) if has_staff_page else "",
        notebook=row.notebook,
        status=row.status,
        status_words=status_words(row.status),
        failed_cell=_failed_cell(row),
        levels=tuple(_level_cell(by_criterion.get(name), names) for name in columns),
        points=points(row.points),
        points_number=-1.0 if row.points is None else row.points,
        max_points=points(row.max_points),
        needs_review=row.needs_review,
        review_reasons=tuple(house_style(reason) for reason in _reasons(row)),
        message=row.message or "",
        time=duration(row.wall_s),
        seconds=row.wall_s,
    )


def _reasons(row: Result) -> tuple[str, ...]:
    reasons = tuple(capitalised(reason) for reason in row.review_reasons)
    if reasons or not row.needs_review:
        return reasons
    uncertain = [item.title for item in row.criteria if item.needs_review]
    return (f"The level is uncertain: {', '.join(uncertain)}",) if uncertain else ("Marked for review.",)


def _failed_cell(row: Result) -> int | None:
    """Return the number of the failing cell, None where there is none or the message names it itself."""
    if row.failed_cell is None:
        return None
    number = cell_number(row.failed_cell)
    return None if f"cell {number} " in (row.message or "").lower() else number


def _level_cell(item: CriterionResult | None, names: Mapping[Level, str]) -> LevelCell:
    if item is None or item.level is None:
        return LevelCell("No level", 0, "no-level", uncertain=False)
    place, uncertain = LEVELS.index(item.level) + 1, item.low != item.high
    return LevelCell(names[item.level], place, item.level, uncertain=uncertain, decided=bool(item.decided))
