"""Of which rows a number is said: training, validation or test."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Literal

from grader.evidence.reading.clauses import split_clauses
from grader.evidence.reading.numbers import Number

Split = Literal["train", "validation", "test", "unstated"]
_SPLITS = re.compile(
    r"(?P<validation>\b(?:validation|validación|validacion|val|dev)(?:_|\b))"
    r"|(?P<test>\b(?:test|held[- ]?out|holdout|unseen|never (?:seen|saw)|prueba|testeo|"
    r"not? ha(?:bía|n)? visto|new (?:images|digits|data|photos|pictures|examples|rows|samples|patients|wines))(?:_|\b))"
    r"|(?P<train>\b(?:training|train|entrenamiento)(?:_|\b))",
    re.IGNORECASE,
)
_TRAINING_AS_ACTIVITY = re.compile(
    r"^(?:training|train|entrenamiento)\b(?! (?:and|or|y|vs\.?|versus|was|is|were|got|gets|reached|gave|had)\b)"
    r"(?![_ ]?(?:accuracy|acc|loss|error|score|set|data|split|images|rows|samples|examples|curve|"
    r"mae|rmse|mse|r2|f1|part|partition)|\s*[:=,)]|\s*(?:is |was |of |at )?(?:about |"
    r"around )?\d)(?!\W*$)",
    re.IGNORECASE,
)
"""`training` where it is what was done ("training took 10 s", "after training"), not the rows it was done on."""
_ROWS_BEFORE = re.compile(
    r"(?:accuracy|loss|error|score|mae|rmse|pérdida|exactitud|precisión|conjunto|datos) (?:de|del|"
    r"en|on|in|of|for) (?:el |la |the )?$",
    re.IGNORECASE,
)
_LISTED = re.compile(r"\s*(?:,|and|or|y|e|/|&)?\s*(?:and|y)?\s*", re.IGNORECASE)
ADJACENT_CHARACTERS = 25
"""Room for "accuracy of about " between a split's name and its number."""


def rows_of(text: str, numbers: tuple[Number, ...]) -> dict[Number, Split]:
    """Place the split words of a sentence on its numbers: one for all, or in pairs, in order; else nothing is said."""
    words = _split_words(text)
    names = {name for name, _, _ in words}
    if not words or not numbers:
        return dict.fromkeys(numbers, "unstated")
    if len(names) == 1:
        return _one_split(names.pop(), words, numbers, text)
    return _paired(words, numbers, text)


def _split_words(text: str) -> list[tuple[Split, int, int]]:
    found: list[tuple[Split, int, int]] = []
    for match in _SPLITS.finditer(text):
        name: Split = "train" if match["train"] else "validation" if match["validation"] else "test"
        activity = _TRAINING_AS_ACTIVITY.match(text[match.start() :]) and not _ROWS_BEFORE.search(text[: match.start()])
        if name == "train" and activity:
            continue
        if re.match(r"\s*split\b|_split|_size", text[match.end() :], re.IGNORECASE):
            continue
        found.append((name, match.start(), match.end()))
    return found


def _one_split(
    name: Split, words: list[tuple[Split, int, int]], numbers: tuple[Number, ...], text: str
) -> dict[Number, Split]:
    clauses = split_clauses(text, numbers)
    if len(numbers) == 1 or len(clauses) == 1:
        return dict.fromkeys(numbers, name)
    placed: dict[Number, Split] = dict.fromkeys(numbers, "unstated")
    for clause in clauses:
        if any(clause.start <= start < clause.start + len(clause.text) for _, start, _ in words):
            placed |= dict.fromkeys((number for number in clause.numbers if number in placed), name)
    # "On the test set the dense net got 94 % while the CNN got 97 %": said first, it holds for the whole sentence.
    first = words[0][1] < numbers[0].start and re.match(r"^\W*(?:on|in|for|en|with|over)\b", text, re.IGNORECASE)
    return dict.fromkeys(numbers, name) if first else placed


def _paired(words: list[tuple[Split, int, int]], numbers: tuple[Number, ...], text: str) -> dict[Number, Split]:
    marks = [(start, "s", name) for name, start, _ in words] + [(number.start, "n", "") for number in numbers]
    order: list[tuple[str, str]] = []
    for _, kind, name in sorted(marks):
        if not (kind == "s" and order and order[-1] == ("s", name)):
            order.append((kind, name))
    shape = "".join(kind for kind, _ in order)
    names = [name for kind, name in order if kind == "s"]
    count = len(numbers)
    in_order = shape in {"sn" * count, "ns" * count} or (
        count >= 2 and shape in {"s" * count + "n" * count, "n" * count + "s" * count}
    )
    if not in_order:
        return _adjacent(words, numbers, text)
    return {number: _as_split(name) for number, name in zip(numbers, names, strict=True)}


def _adjacent(words: list[tuple[Split, int, int]], numbers: tuple[Number, ...], text: str) -> dict[Number, Split]:
    """Place only what stands side by side: "test accuracy of 0.91" (a word, at most 25 characters, no other number)."""
    placed: dict[Number, Split] = {}
    if any(_LISTED.fullmatch(text[left[2] : right[1]]) for left, right in pairwise(words)):
        return dict.fromkeys(numbers, "unstated")  # "on training, validation and test"
    for number in numbers:
        near = {
            name
            for name, start, end in words
            if 0 <= number.start - end <= ADJACENT_CHARACTERS or 0 <= start - number.end <= ADJACENT_CHARACTERS // 2
        }
        placed[number] = near.pop() if len(near) == 1 and len(numbers) == 1 else "unstated"
    return placed


def _as_split(name: str) -> Split:
    return "train" if name == "train" else "validation" if name == "validation" else "test"
