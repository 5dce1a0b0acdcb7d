"""Clauses: the parts of a sentence within which a number and its words belong together."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from grader.evidence.reading.numbers import Number

_CLAUSE = re.compile(
    r";|(?<!i\.e)(?<!e\.g)(?<!\bvs)(?<!approx)\.\s|"
    r",? (?:but|while|whereas|however|although|though|compared (?:to|with)|versus|vs\.?|"
    r"than|against|pero|mientras(?: que)?|aunque|frente a|que el|que la)\b|, (?=the |el |la |it |"
    r"and (?:the|my) |y (?:el|la) |(?:meaning|which means|so|i\.e\.|that is|could|would|es decir|o sea|podría)\b)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Clause:
    text: str
    start: int
    numbers: tuple[Number, ...]


def split_clauses(text: str, numbers: tuple[Number, ...]) -> list[Clause]:
    borders = [0, *(match.start() for match in _CLAUSE.finditer(text)), len(text)]
    return [
        Clause(text[start:end], start, tuple(number for number in numbers if start <= number.start < end))
        for start, end in pairwise(borders)
    ]
