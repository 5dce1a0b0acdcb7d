"""SVG elements as escaped markup, and the arithmetic of axes."""

from __future__ import annotations

import functools
import math

from markupsafe import Markup, escape

from grader.reports.language import told
from grader.reports.text import phrase


def element(name: str, *children: Markup | str, **attributes: str | float) -> Markup:
    """Return one element; attribute names drop a trailing `_` and turn `_` into `-`, everything is escaped."""
    written = "".join(
        [
            f' {_attribute_name(key)}="{_escaped(value) if isinstance(value, str) else _number(value)}"'
            for key, value in attributes.items()
        ]
    )
    content = "".join([child if isinstance(child, Markup) else escape(phrase(child)) for child in children])
    return Markup(f"<{name}{written}>{content}</{name}>")  # noqa: S704 - names are our own, all else is escaped above


@functools.cache
def _attribute_name(key: str) -> str:
    return key.rstrip("_").replace("_", "-")


@functools.lru_cache(maxsize=512)
def _escaped(value: str) -> str:
    """Return an attribute's text escaped: most are classes and anchors, the same few in every chart."""
    return str(escape(phrase(value)))


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def drawing(width: float, height: float, label: str, *children: Markup, class_: str = "chart") -> Markup:
    """Return an SVG picture that scales with its column; `label` says in words what it shows."""
    return element(
        "svg",
        *children,
        class_=class_,
        viewBox=f"0 0 {_number(width)} {_number(height)}",
        role="img",
        aria_label=told(label),
    )


NARROWEST = 1e-12
"""Share of the values' size below which their span is lost in the rounding of floats: one mark is enough then."""
WIDEST_CHARACTER = 7.0
"""Average width of a character of chart text, in the chart's units (13 px system fonts)."""


def fitting(words: str, width: float) -> str:
    """Cut words, with an ellipsis, to about what fits into a width: SVG text neither wraps nor scrolls."""
    most = max(4, int(width / WIDEST_CHARACTER))
    return words if len(words) <= most else words[: most - 1].rstrip() + "\N{HORIZONTAL ELLIPSIS}"


def text(x: float, y: float, words: str, class_: str = "label", anchor: str = "start", *, width: float = 400) -> Markup:
    """Return a line of text at a point, cut to the room it has."""
    return element("text", fitting(told(words), width), x=x, y=y, class_=class_, text_anchor=anchor)


def ticks(low: float, high: float, wanted: int = 4) -> tuple[float, ...]:
    """Return round numbers that span low..high, at steps of 1, 2 or 5 times a power of ten."""
    span = high - low
    if not math.isfinite(span) or span <= max(abs(low), abs(high)) * NARROWEST:
        return (low,)
    rough = span / wanted
    power = 10.0 ** math.floor(math.log10(rough))
    step = power * next(factor for factor in (1, 2, 5, 10) if rough <= factor * power * 1.0001)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return tuple(round(index * step, 12) for index in range(first, last + 1))


def spread_apart(positions: list[float], gap: float, low: float, high: float) -> list[float]:
    """Move label positions so that neighbours are at least `gap` apart inside low..high, their order kept."""
    order = sorted(range(len(positions)), key=lambda index: positions[index])
    placed = list(positions)
    floor = low
    for index in order:
        placed[index] = max(placed[index], floor)
        floor = placed[index] + gap
    ceiling = high
    for index in reversed(order):
        placed[index] = min(placed[index], ceiling)
        ceiling = placed[index] - gap
    return placed
