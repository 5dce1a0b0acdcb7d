"""How a class spread over the levels of a criterion."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from grader.model import LEVELS, Level
from grader.reports.charts.svg import drawing, element, text
from grader.reports.wording import LEVEL_NAMES

WIDTH, ROW = 200.0, 25.0
NAMES, NUMBERS = 78.0, 28.0
"""Room for the levels' names at the left and for the numbers behind the longest bar."""


def level_distribution(
    title: str, counts: Mapping[Level | None, int], names: Mapping[Level, str] = LEVEL_NAMES
) -> Markup:
    """Draw a bar per level, the highest on top, with its number of submissions; `None` counts those without one."""
    rows: list[tuple[str, int, str]] = [(names[level], counts.get(level, 0), level) for level in reversed(LEVELS)]
    if counts.get(None):
        rows.append(("No level", counts[None], "no-level"))
    unit = (WIDTH - NAMES - NUMBERS) / max([number for _, number, _ in rows] + [1])
    parts: list[Markup] = []
    for index, (name, number, style) in enumerate(rows):
        top = index * ROW
        length = max(1.5, number * unit)
        parts += [
            text(0, top + 16, name, "label"),
            element("rect", x=NAMES, y=top + 4, width=length, height=16, rx=2, class_=f"column {style}"),
            text(NAMES + length + 6, top + 16, str(number), "label strong"),
        ]
    words = ", ".join(f"{name} {number}" for name, number, _ in rows)
    return drawing(WIDTH, ROW * len(rows), f"{title}: {words}.", *parts)
