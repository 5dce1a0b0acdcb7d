"""Numbers as files of course systems have them."""

from __future__ import annotations

import re

from grader.sheets import Sheet

_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
NOT_GRADED = frozenset({"", "-"})
"""What stands in a cell without a mark."""
_COMMA = re.compile(r"\d+,\d+")
_POINT = re.compile(r"\d+\.\d+")


def as_number(text: str) -> float | None:
    """Return a cell's number, with a decimal point or comma; None where it is none."""
    plain = text.strip()
    return float(plain.replace(",", ".")) if _NUMBER.fullmatch(plain) else None


def number(value: float, mark: str = ".") -> str:
    """Return points as a cell: at most two decimals, none where they are zero."""
    return f"{value:.2f}".rstrip("0").rstrip(".").replace(".", mark)


def holds_another(cell: str, value: str) -> bool:
    """Return whether a cell that is filled holds another mark than a value: `40.00` and `40` are one."""
    before, after = cell.strip(), value.strip()
    if before in NOT_GRADED or before == after:
        return False
    return as_number(before) is None or as_number(before) != as_number(after)


def decimal_mark(sheet: Sheet) -> str:
    """Return what a file puts before decimals: a comma where some number has one and none has a point."""
    cells = [sheet.get(row, column).strip() for row in range(1, len(sheet.rows)) for column in range(_width(sheet))]
    commas = any(_COMMA.fullmatch(cell) for cell in cells)
    return "," if commas and not any(_POINT.fullmatch(cell) for cell in cells) else "."


def _width(sheet: Sheet) -> int:
    return len(sheet.rows[0].cells)
