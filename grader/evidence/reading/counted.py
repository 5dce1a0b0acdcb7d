"""Scores that are told by counting: `348 of 360 right`, `109 wrong out of 10,000`, `35 de 36`."""

from __future__ import annotations

import re

from grader.evidence.reading import claim_words as words
from grader.evidence.reading.mentions import mentioned_classes
from grader.model.reading import NumberClaim

_COUNT = r"\d{1,3}(?:[,.\u00a0 ]\d{3})+|\d+"
_COUNTED = re.compile(
    rf"(?<![\d.,])(?P<part>{_COUNT})(?P<between>(?: [^\W\d]+){{0,3}}?)"
    r" (?:out of|of|de)(?: all| every| the| my| los| las| mis)*(?: (?:test|new|unseen))? "
    rf"(?P<whole>{_COUNT})(?![.,]?\d|\s?%)",
    re.IGNORECASE,
)
_COUNTED_OF = re.compile(
    rf"\b(?:of|from|de)(?: all| the| los| las)? (?P<whole>{_COUNT})(?: [^\W\d]+){{1,4}}?,?(?: [^\W\d]+){{0,3}}?"
    rf" (?P<part>{_COUNT})(?![.,]?\d|\s?%)",
    re.IGNORECASE,
)
_WRONG = re.compile(r"\b(?:wrong\w*|mis\w+|errors?|mistakes?|fail\w*|mal|fall\w+|equivoc\w+|errores)\b", re.IGNORECASE)
_RIGHT = re.compile(r"\b(?:right\w*|correct\w*|bien|aciert\w+|acert\w+|recogni\w+|reconoc\w+|read)\b", re.IGNORECASE)
_CLAUSE = re.compile(r"[;:]|,(?!\d)|\bbut\b|\bpero\b|\band\b(?= \w+ (?:were|was|is|are)\b)")
_HUNDRED = 100


def read_counted(text: str, cell: int, where: str, class_names: tuple[str, ...]) -> tuple[NumberClaim, ...]:
    """Return shares of rows that a sentence gives as counts, as an accuracy or an error with the number of rows.

    Of round hundreds nothing is counted: `91 of 100` puts a percentage in words. Counts of one class are not the score.
    """
    found: list[NumberClaim] = []
    for match in (*_COUNTED.finditer(text), *_COUNTED_OF.finditer(text)):
        part, whole = (int(re.sub(r"\D", "", match[name])) for name in ("part", "whole"))
        if not 0 < part <= whole or whole <= 10 or whole == _HUNDRED:
            continue
        clause = _clause_of(text, match.start(), match.end())
        wrong = _WRONG.search(clause) is not None
        if mentioned_classes(clause, class_names) or words.BASELINE.search(clause) or words.HYPOTHETICAL.search(clause):
            continue
        if not wrong and not _RIGHT.search(clause) and 2 * part < whole:
            continue
        found.append(
            NumberClaim(
                "error" if wrong else "accuracy", part / whole, "unstated", text[:400], cell, "prose", 6,
                clause=clause, rows=whole,
            )
        )  # fmt: skip
    return tuple(found) if where == "prose" else ()


def _clause_of(text: str, start: int, end: int) -> str:
    left = max((match.end() for match in _CLAUSE.finditer(text, 0, start)), default=0)
    right = next((match.start() for match in _CLAUSE.finditer(text, end)), len(text))
    return text[left:right]
