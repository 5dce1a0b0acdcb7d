"""Numbers in a sentence: which could be scores, as they were written, and which are something else."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

_NUMBER = re.compile(
    r"(?<![\w.,/\u00d7^-])(?P<sign>[≈~<>+±-]?\s?)(?P<digits>\d{1,3}(?:[.,]\d{3})+(?![\d])|\d+(?:[.,]\d+)?(?:e-?\d+)?)"
    r"(?P<percent>\s*(?:%|per ?cent\b|por ciento\b))?(?P<scale>\s?(?:k|m|million|millones|mil)\b)?",
    re.IGNORECASE,
)
_JOINED = re.compile(r"^(?:\s?[x\u00d7/]\s?\d|[-\u2013]\d|[a-z]|:\d)", re.IGNORECASE)
"""What makes a number part of something else: 28x28, 60/20/20, 90-92, 3rd, 10:30."""
_APPROXIMATE = re.compile(
    r"(?:about|around|roughly|nearly|almost|over|above|below|under|approximately|approx\.?|circa|"
    r"close to|more than|less than|fewer than|at least|up to|"
    r"some|just|slightly|a bit|casi(?: del?)?|cerca del?|alrededor del?|aproximadamente|unos?|"
    r"más del?|menos del?|poco|superior al?|~|≈)\s*(?:a |the |el |un )?[≈~<>]?\s*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Number:
    """One number: its value as a plain float, whether percent, its decimals as written, and where it stands."""

    value: float
    percent: bool
    decimals: int
    start: int
    end: int
    approximate: bool
    text: str


def read_numbers(text: str) -> tuple[Number, ...]:
    """Return the numbers that stand alone: not sizes (28x28), ratios (60/20/20), ranges (90-92) or changes (+3 %)."""
    found: list[Number] = []
    for match in _NUMBER.finditer(text):
        if match["sign"].strip() in {"+", "-", "±"} or _JOINED.match(text[match.end() :]):
            continue
        value, decimals = _value(match["digits"], percent=bool(match["percent"]))
        scale = (match["scale"] or "").strip().lower()
        value *= {"k": 1e3, "mil": 1e3, "m": 1e6, "million": 1e6, "millones": 1e6}.get(scale, 1.0)
        approximate = match["sign"].strip() in {"≈", "~", "<", ">"} or bool(_APPROXIMATE.search(text[: match.start()]))
        found.append(
            Number(
                value,
                bool(match["percent"]),
                decimals,
                match.start(),
                match.end(),
                approximate or bool(scale),
                match[0].strip(),
            )
        )
    return tuple(_without_ranges(text, found))


def _value(digits: str, *, percent: bool) -> tuple[float, int]:
    """Read 0.913, 0,913, 91,3 and 235,146. A comma before three digits groups thousands, except after a zero."""
    if "e" in digits.lower():
        return float(digits.replace(",", ".")), 0
    grouped = re.fullmatch(r"[1-9]\d{0,2}(?:[.,]\d{3})+", digits)
    if grouped and not percent and ("," in digits or digits.count(".") > 1):
        return float(re.sub(r"[.,]", "", digits)), 0
    plain = digits.replace(",", ".")
    if plain.count(".") > 1:
        return float(plain.replace(".", "")), 0
    return float(plain), len(plain.partition(".")[2])


def _without_ranges(text: str, found: list[Number]) -> list[Number]:
    """Drop both ends of "between 0.90 and 0.92" and "90 to 92 %": which of them is the claim can't be said."""
    dropped: set[int] = set()
    for number, (left, right) in enumerate(pairwise(found)):
        between = text[left.end : right.start].strip().lower()
        lead = text[: left.start].rstrip().lower()
        spanned = between in {"and", "y"} and lead.endswith(("between", "entre"))
        reached = between in {"to", "a"} and not lead.endswith(("from", "de", "del"))
        if spanned or reached or between in {"-", "\u2013"}:
            dropped |= {number, number + 1}
    return [item for number, item in enumerate(found) if number not in dropped]
