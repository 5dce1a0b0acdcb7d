"""One line on which a score stands between what a guess gets and what the references get."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from grader.reports.charts.svg import WIDEST_CHARACTER, drawing, element, spread_apart, text
from grader.reports.language import told

WIDTH, HEIGHT = 380.0, 76.0
LINE = 36.0
MARGIN = 8.0


@dataclass(frozen=True, slots=True)
class Mark:
    """A score on the line; `style` is `student`, `reference` or `baseline`."""

    label: str
    value: float
    style: str


def score_strip(title: str, marks: Sequence[Mark], end: float | None, written: Callable[[float], str]) -> Markup:
    """Draw marks on a line from zero to `end` (to the largest where None): the student's above it, others below."""
    shown = [mark for mark in marks if math.isfinite(mark.value)]
    last = end if end is not None else max((mark.value for mark in shown), default=0.0) * 1.1
    if not shown or last <= 0:
        return Markup("")
    places = [MARGIN + (WIDTH - 2 * MARGIN) * min(1.0, max(0.0, mark.value / last)) for mark in shown]
    parts = [element("line", x1=MARGIN, x2=WIDTH - MARGIN, y1=LINE, y2=LINE, class_="axis")]
    below = [at for at, mark in enumerate(shown) if mark.style != "student"]
    labels = [told(f"{shown[at].label} {written(shown[at].value)}") for at in below]
    for at, x, label in zip(below, _centres(labels, [places[at] for at in below]), labels, strict=True):
        parts.append(element("path", d=f"M{places[at]:.1f} {LINE - 7}v14", class_=f"tick {shown[at].style}"))
        parts.append(element("path", d=f"M{places[at]:.1f} {LINE + 8}L{x:.1f} {LINE + 20}", class_="leader"))
        parts.append(text(x, LINE + 34, label, "label small", "middle"))
    for mark, x in zip(shown, places, strict=True):
        if mark.style == "student":
            parts.append(element("path", d=f"M{x - 7:.1f} {LINE - 13}h14l-7 12z", class_="dot student"))
            half = len(written(mark.value)) * WIDEST_CHARACTER / 2 + 4
            parts.append(
                text(min(max(x, half), WIDTH - half), LINE - 18, written(mark.value), "label strong", "middle")
            )
    words = "; ".join(f"{mark.label} {written(mark.value)}" for mark in shown)
    return drawing(WIDTH, HEIGHT, f"{title}: {words}.", *parts)


def _centres(labels: Sequence[str], wanted: Sequence[float]) -> list[float]:
    """Move labels apart so that none covers another and none leaves the picture."""
    if not labels:
        return []
    widest = max(len(label) for label in labels) * WIDEST_CHARACTER * 0.95
    return spread_apart(list(wanted), widest, widest / 2, WIDTH - widest / 2)
