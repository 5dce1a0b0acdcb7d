"""Horizontal bars that compare a few scores."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from markupsafe import Markup

from grader.reports.charts.svg import drawing, element, text

WIDTH, ROW = 380.0, 46.0
VALUE_WIDTH = 116.0
"""Room at the right for the values, written in a column of their own."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: `spread` is a standard deviation drawn as a whisker; `style` is `student`, `reference`, `baseline`."""

    label: str
    value: float
    style: str
    spread: float = 0.0


def share_bar(share: float) -> Markup:
    """Draw one share (0..1) as a thin bar; decoration beside the number that says the same."""
    width = 100.0
    return element(
        "svg",
        element("rect", x=0, y=0, width=width, height=8, rx=2, class_="share-all"),
        element("rect", x=0, y=0, width=max(1.5, width * share), height=8, rx=2, class_="share"),
        class_="share-bar",
        viewBox=f"0 0 {width:.0f} 8",
        preserveAspectRatio="none",
        aria_hidden="true",
    )


def bar_chart(title: str, bars: tuple[Bar, ...], largest: float | None, written: Callable[[float], str]) -> Markup:
    """Draw bars from zero, each labelled above and valued at its end; `largest` fixes the scale's end (1 for shares).

    Bars whose value is no finite number are named with `no number` and drawn without length.
    """
    lengths = [bar.value + bar.spread for bar in bars if math.isfinite(bar.value)]
    end = largest if largest is not None else max([*lengths, 0.0])
    unit = (WIDTH - VALUE_WIDTH) / end if end > 0 else 0.0
    parts = [part for index, bar in enumerate(bars) for part in _bar(bar, index * ROW, unit, written)]
    own = [bar for bar in bars if bar.style == "student" and math.isfinite(bar.value)]
    parts = [_student_line(bar, unit, len(bars)) for bar in own] + parts
    words = "; ".join(f"{bar.label} {_written(bar, written)}" for bar in bars)
    return drawing(WIDTH, max(ROW * len(bars), 20), f"{title}: {words or 'nothing to compare'}.", *parts)


def _written(bar: Bar, written: Callable[[float], str]) -> str:
    if not math.isfinite(bar.value):
        return "no number"
    return written(bar.value) + (f" ± {written(bar.spread)}" if bar.spread > 0 else "")


def _student_line(bar: Bar, unit: float, rows: int) -> Markup:
    """Carry the student's value down through the other bars: small differences from it become visible."""
    x = max(0.0, bar.value * unit)
    return element("line", x1=x, x2=x, y1=ROW - 11, y2=ROW * rows - 8, class_="student-line")


def _bar(bar: Bar, top: float, unit: float, written: Callable[[float], str]) -> list[Markup]:
    length = max(0.0, bar.value * unit) if math.isfinite(bar.value) else 0.0
    parts = [
        text(0, top + 14, bar.label, "label strong" if bar.style == "student" else "label", width=WIDTH),
        element("rect", x=0, y=top + 20, width=max(length, 1.5), height=15, rx=2, class_=f"bar {bar.style}"),
    ]
    if bar.spread > 0 and math.isfinite(bar.value):
        low, high = max(0.0, (bar.value - bar.spread) * unit), (bar.value + bar.spread) * unit
        parts.append(element("path", d=f"M{low:.1f} {top + 23:.1f}v9m0-4.5H{high:.1f}m0-4.5v9", class_="whisker"))
    parts.append(text(WIDTH, top + 32, _written(bar, written), "label strong", "end"))
    return parts
