"""The cohort against the reference: a dot per submission, or per handful of submissions that lie on one spot."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from grader.reports.charts.svg import drawing, element, text, ticks
from grader.reports.numbers import count

WIDTH, HEIGHT = 560.0, 300.0
LEFT, RIGHT, TOP, BOTTOM = 52.0, 14.0, 16.0, 42.0
COLUMNS, ROWS = 44, 26
"""Cells of a grid that dots are gathered in: a class of ten thousand draws no more than these."""
LOWEST = -0.4
"""Dots further below the reference stand on the lower edge: one failed training must not squeeze all others."""
SMALLEST, LARGEST = 3.2, 8.5
"""Radii of a dot of one submission and of the fullest spot."""


@dataclass(frozen=True, slots=True)
class Dot:
    """One submission: `x` are its points, `y` how far it lies above (or below) the reference, 0..1 or as a share."""

    x: float
    y: float


def cohort_chart(title: str, dots: Sequence[Dot], most_points: float, y_label: str) -> Markup:
    """Draw points awarded (x) against the distance from the reference (y), whose line is drawn at 0."""
    shown = [dot for dot in dots if math.isfinite(dot.x) and math.isfinite(dot.y)]
    if not shown:
        return Markup("")
    inside = [max(LOWEST, dot.y) for dot in shown]
    marks = ticks(min(0.0, *inside), max(0.0, *inside))
    low, high = (marks[0], marks[-1]) if len(marks) > 1 else (-0.01, 0.01)
    area = _Area(0.0, max(most_points, *(dot.x for dot in shown)) or 1.0, low, high)
    parts = [_grid_line(area, mark) for mark in marks]
    parts += [_column_label(area, mark) for mark in ticks(0.0, area.right) if mark <= area.right]
    parts.append(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 4, "points", "label muted", "middle"))
    parts.append(text(LEFT + 4, area.y(0.0) - 6, "as good as the reference", "label mark-label"))
    parts += _dots(area, shown)
    below = sum(dot.y < 0 for dot in shown)
    words = (
        f"{title}: {count(len(shown), 'submission')}, {count(below)} of them below the reference; "
        f"{y_label} from {_signed(min(dot.y for dot in shown))} to {_signed(max(dot.y for dot in shown))}."
    )
    return drawing(WIDTH, HEIGHT, words, *parts)


@dataclass(frozen=True, slots=True)
class _Area:
    """From points and distances to places in the picture."""

    left: float
    right: float
    low: float
    high: float

    def x(self, value: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (value - self.left) / (self.right - self.left)

    def y(self, value: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value - self.low) / (self.high - self.low)


def _grid_line(area: _Area, value: float) -> Markup:
    y = area.y(value)
    style = "mark" if value == 0 else "grid-line"
    line = element("line", x1=LEFT, x2=WIDTH - RIGHT, y1=y, y2=y, class_=style)
    return line + text(LEFT - 6, y + 4, _signed(value), "label muted", "end")


def _column_label(area: _Area, value: float) -> Markup:
    return text(area.x(value), HEIGHT - BOTTOM + 18, f"{value:g}", "label muted", "middle")


def _signed(value: float) -> str:
    rounded = round(value * 100)
    sign = "+" if rounded > 0 else "\N{MINUS SIGN}" if rounded < 0 else ""
    return f"{sign}{abs(rounded)}"


def _dots(area: _Area, shown: Sequence[Dot]) -> list[Markup]:
    """Gather dots of one spot: its area grows with their number."""
    columns = (round(_at(dot.x, area.left, area.right) * COLUMNS) for dot in shown)
    rows = (round(_at(max(LOWEST, dot.y), area.low, area.high) * ROWS) for dot in shown)
    spots = Counter(zip(columns, rows, strict=True))
    most = max(spots.values())
    parts = []
    for (column, row), number in sorted(spots.items()):
        x = area.left + (area.right - area.left) * column / COLUMNS
        y = area.low + (area.high - area.low) * row / ROWS
        growth = math.sqrt((number - 1) / (most - 1)) if most > 1 else 0.0
        radius = SMALLEST + (LARGEST - SMALLEST) * growth
        parts.append(
            element(
                "circle", element("title", count(number, "submission")), cx=area.x(x), cy=area.y(y), r=radius,
                class_="dot cohort",
            )
        )  # fmt: skip
    return parts


def _at(value: float, low: float, high: float) -> float:
    return (value - low) / (high - low)
