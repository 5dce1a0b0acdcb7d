"""How a class spread over the levels of a criterion."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from grader.model import LEVELS, Level
from grader.reports.charts.svg import drawing, element, text

WIDTH, HEIGHT = 260.0, 132.0
BASE, TOP = 108.0, 18.0


def level_distribution(title: str, counts: Mapping[Level | None, int]) -> Markup:
    """Draw one column per level with its number of submissions; those without a level are a column of their own."""
    columns: list[tuple[str, int, str]] = [(level.capitalize(), counts.get(level, 0), level) for level in LEVELS]
    if counts.get(None):
        columns.append(("No level", counts[None], "no-level"))
    highest = max([number for _, number, _ in columns] + [1])
    width = WIDTH / len(columns)
    parts: list[Markup] = []
    for index, (name, number, style) in enumerate(columns):
        height = (BASE - TOP) * number / highest
        middle = width * (index + 0.5)
        parts += [
            element(
                "rect",
                x=width * index + 5,
                y=BASE - height,
                width=width - 10,
                height=height,
                rx=2,
                class_=f"column {style}",
            ),
            text(middle, BASE - height - 5, str(number), "label strong", "middle"),
            text(middle, BASE + 15, name, "label small", "middle"),
        ]
    parts.append(element("line", x1=0, x2=WIDTH, y1=BASE, y2=BASE, class_="axis"))
    words = ", ".join(f"{name} {number}" for name, number, _ in columns)
    return drawing(WIDTH, HEIGHT, f"{title}: {words}.", *parts)
