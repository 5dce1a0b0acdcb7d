"""Numbers as people read them: `91.2 %`, `1,000 rows`, `2 min 5 s`. What is not a number is said to be none."""

from __future__ import annotations

import math

NARROW_SPACE = "\N{NARROW NO-BREAK SPACE}"
NONE = "\N{EN DASH}"
"""Stands where there is no number."""

SMALLEST_DECIMAL = 0.001
"""Below this three decimals would show zero: powers of ten are used."""
LARGEST_DECIMAL = 1_000_000


def percent(share: float | None) -> str:
    """Return a share (0..1) in percent with one decimal; 100 and 0 only where it is exactly that."""
    if share is None or not math.isfinite(share):
        return NONE
    if share in {0, 1}:
        return f"{share * 100:.0f}{NARROW_SPACE}%"
    if 0.9995 <= share < 1:
        return f"over 99.9{NARROW_SPACE}%"
    if 0 < share < 0.0005:
        return f"under 0.1{NARROW_SPACE}%"
    return f"{share * 100:.1f}{NARROW_SPACE}%"


def decimal(value: float | None) -> str:
    """Return a number with about three telling digits."""
    if value is None:
        return NONE
    if not math.isfinite(value):
        return "not a number" if math.isnan(value) else "infinite"
    size = abs(value)
    if size and (size < SMALLEST_DECIMAL or size >= LARGEST_DECIMAL):
        return f"{value:.1e}"
    if float(value).is_integer():
        return f"{value:,.0f}"
    return f"{value:,.1f}" if size >= 100 else f"{value:.2f}" if size >= 10 else f"{value:.3f}"


def count(number: float | None, singular: str = "", plural: str = "") -> str:
    """Return a whole number with thousands separated, with its noun where one is given (`1 row`, `1,000 rows`)."""
    if number is None or not math.isfinite(number):
        return NONE
    text = f"{number:,.0f}"
    if not singular:
        return text
    return f"{text} {singular if number == 1 else plural or singular + 's'}"


def points(value: float | None) -> str:
    """Return points without needless decimals (`3`, `2.5`)."""
    return NONE if value is None or not math.isfinite(value) else f"{value:.2f}".rstrip("0").rstrip(".")


def duration(seconds: float | None) -> str:
    """Return a time span in the unit that suits it."""
    if seconds is None or not math.isfinite(seconds):
        return NONE
    if seconds <= 0:
        return NONE
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"


def joined(items: tuple[str, ...]) -> str:
    """Join words as a sentence does: `a`, `a and b`, `a, b and c`."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else ""


def quoted(name: str) -> str:
    """Return a name in quotation marks: class names are often digits or plain words."""
    return f"\N{LEFT DOUBLE QUOTATION MARK}{name}\N{RIGHT DOUBLE QUOTATION MARK}"


def cell_number(index: int) -> int:
    """Return a cell's number as people count: from 1, text cells included. Data files keep the index, from 0.

    Messages of the run and of the command line count the same way.
    """
    return index + 1
