"""Numbers a student states: which metric, of which rows, about which model.

Precision before recall: a number that can't be placed is left out, and a split that can't be placed is `unstated`,
because a claim that is misread would be held against the student as untrue.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Literal

from grader.evidence.reading import claim_words as words
from grader.evidence.reading.clauses import Clause, split_clauses
from grader.evidence.reading.counted import read_counted
from grader.evidence.reading.mentions import mentioned_classes
from grader.evidence.reading.numbers import Number, read_numbers
from grader.evidence.reading.plausibility import is_plausible
from grader.evidence.reading.rows import Split, rows_of
from grader.model.reading import NumberClaim

Where = Literal["prose", "comment", "saved_output", "rerun_output"]
MAX_QUOTE = 400
MIN_BARE_DECIMALS = 2
MIN_BARE_SCORE = 0.5
"""A share that no metric names is taken for an accuracy from here on; below, it could as well be a loss."""
SEVERAL = "several"
"""Subject of figures of the same metric and rows that one sentence puts side by side: "0.92, then 0.95, then 0.97"."""


def read_claims(text: str, cell: int, where: Where, class_names: tuple[str, ...] = ()) -> tuple[NumberClaim, ...]:
    """Return the numbers that one sentence states as measured or set. Wishes, shares of rows and changes are none."""
    numbers = read_numbers(text)
    if not numbers:
        return ()
    if _are_shares_of_whole(text, numbers):
        return ()
    counted = read_counted(text, cell, where, class_names) if where == "prose" else ()
    clauses = {number: clause for clause in split_clauses(text, numbers) for number in clause.numbers}
    metrics = {
        number: metric
        for clause in dict.fromkeys(clauses.values())
        for number, metric in _placed(clause, text, class_names)
    }
    metrics = _marked_several(metrics, rows_of(text, tuple(number for number in numbers if number in metrics)))
    splits = rows_of(text, tuple(number for number in numbers if number in metrics))
    return (
        *(
            replace(_claim(metrics[number], number, splits[number], text, cell, where), clause=clauses[number].text)
            for number in numbers
            if number in metrics
        ),
        *counted,
    )


def _marked_several(
    metrics: dict[Number, tuple[str, str]], splits: dict[Number, Split]
) -> dict[Number, tuple[str, str]]:
    """Mark figures of one metric, one split and no named model side by side: at most one is the final one."""
    keys = [(metric, splits[number]) for number, metric in metrics.items() if not metric[1]]
    return {
        number: (metric[0], SEVERAL)
        if not metric[1] and metric[0] not in words.COUNTS and keys.count((metric, splits[number])) > 1
        else metric
        for number, metric in metrics.items()
    }


def _are_shares_of_whole(text: str, numbers: tuple[Number, ...]) -> bool:
    """Whether the percentages divide something up (60 %, 20 % and 20 %): they add up to 100, and no score is named."""
    shares = [number.value for number in numbers if number.percent]
    return (
        len(shares) >= 2
        and abs(sum(shares) - 100) < 0.5
        and not re.search(r"accura|\bacc\b|exactitud|error", text, re.IGNORECASE)
    )


def _claim(metric: tuple[str, str], number: Number, split: Split, text: str, cell: int, where: Where) -> NumberClaim:
    name, subject = metric
    value, digits = number.value, number.decimals
    base = name.removeprefix("class_").removeprefix("baseline_")
    if base in words.SHARES and (number.percent or value > 1):
        value, digits = round(value / 100, 10), digits + 2
    # Which of several figures the named rows belong to can't be told for all of them.
    split = "unstated" if subject == SEVERAL else split
    split = "unstated" if base in words.COUNTS or base in {"dropout", "learning_rate"} else split
    return NumberClaim(name, value, split, text[:MAX_QUOTE], cell, where, digits, number.approximate, subject=subject)


def _placed(clause: Clause, text: str, class_names: tuple[str, ...]) -> list[tuple[Number, tuple[str, str]]]:
    """Return each number of a clause that is a claim, with its metric and the model it speaks of."""
    if words.HYPOTHETICAL.search(clause.text) or words.ON_THE_WAY.search(clause.text):
        return []
    subject = _subject(clause.text)
    placed: list[tuple[Number, tuple[str, str]]] = []
    for number in clause.numbers:
        metric = _metric(number, clause, text)
        if metric is None or not is_plausible(metric, number, clause):
            continue
        placed.append((number, (_qualified(metric, clause.text, class_names), subject)))
    return placed


def _qualified(metric: str, clause: str, class_names: tuple[str, ...]) -> str:
    """Mark figures of one class, and of guessing: they are not the model's score."""
    if metric in words.COUNTS or metric in {"dropout", "learning_rate", "loss"}:
        return metric
    if words.BASELINE.search(clause):
        return f"baseline_{metric}"
    if metric not in words.SHARES:
        return metric
    per_class = re.search(
        r"\b(?:class|clase|digit|dígito|label)s? (?:\d(?!\d)|[\"'])|\b(?:weak|worst|lowest|hardest|"
        r"peor)\w*|\bper[- ]class\b|\bpor clase\b",
        clause,
        re.IGNORECASE,
    )
    return f"class_{metric}" if per_class or mentioned_classes(clause, class_names) else metric


def _subject(clause: str) -> str:
    found = [(match.lastgroup or "", match[0].lower()) for match in words.SUBJECTS.finditer(clause)]
    if not found:
        return ""
    group, text = found[0]
    return text if group in {"numbered", "other", "variant", "pretrained", "forest"} else group


def _metric(number: Number, clause: Clause, text: str) -> str | None:
    """Return the metric whose words stand nearest the number, in its clause first, else the sentence's only one."""
    start = number.start - clause.start
    end = number.end - clause.start
    if number.percent and (words.CHANGE.match(clause.text[end:]) or words.CHANGE_BEFORE.search(clause.text[:start])):
        return None
    if number.percent and words.TELLS_WRONG.match(clause.text[end:]):
        return "error"
    near = _nearest(clause.text, start, end)
    if near is not None:
        return near
    everywhere = {name for name, _, _ in _metric_words(text)} - words.COUNTS - {"dropout", "learning_rate"}
    fits = number.percent or (0 < number.value <= 1 and number.decimals >= 2)
    said_before = bool(_metric_words(text[: number.start]))
    if len(everywhere) == 1 and fits and (number.percent or said_before) and _names_result(clause.text):
        return everywhere.pop()
    told = _names_result(clause.text) or words.READ_SHARE.search(clause.text[:start]) or _tells_right(clause.text[end:])
    if not everywhere and number.percent and told:
        return "accuracy"
    return "accuracy" if not everywhere and _is_bare_score(number, clause.text[:start], clause.text[end:]) else None


def _is_bare_score(number: Number, before: str, after: str) -> bool:
    """Whether a number that nothing names is a score: it is reached on rows, or a line begins with it and its rows."""
    share = number.decimals >= MIN_BARE_DECIMALS and MIN_BARE_SCORE <= number.value < 1
    in_hundred = number.decimals >= 1 and 100 * MIN_BARE_SCORE <= number.value < 100
    said_of_rows = words.ON_ROWS.match(after.lstrip(" %")) is not None
    begins = words.REACHED.search(before) or words.OPENING.fullmatch(before)
    return (share or in_hundred) and bool((said_of_rows and begins) or words.ROWS_LABEL.fullmatch(before))


def _names_result(clause: str) -> bool:
    return bool(words.RESULT_VERB.search(clause) or words.ON_ROWS.search(clause))


def _metric_words(text: str) -> list[tuple[str, int, int]]:
    found: list[tuple[str, int, int]] = []
    for name, pattern in words.METRICS:
        for match in pattern.finditer(text):
            if not any(start < match.end() and match.start() < end for _, start, end in found):
                found.append((name, match.start(), match.end()))
    return sorted(found, key=lambda item: item[1])


def _nearest(clause: str, start: int, end: int) -> str | None:
    """Return the metric nearest to a number. A word right before it wins over one after: `accuracy 0.91 loss 0.3`."""
    best: tuple[float, str] | None = None
    for name, left, right in _metric_words(clause):
        if right <= start:
            between, weight = clause[right:start], 1.0
            if name in words.ERRORS and "," in between:
                continue
        elif left >= end:
            between, weight = clause[end:left], 1.2
            if not _follows_directly(between) and not (name == "accuracy" and _tells_right(clause[end:right])):
                continue
        else:
            continue
        # Another number in between has the better right to the word.
        distance = weight * len(between) + 40 * len(re.findall(r"\d+(?:[.,]\d+)?", between))
        if best is None or distance < best[0]:
            best = (distance, name)
    return best[1] if best is not None else None


def _tells_right(after: str) -> bool:
    """Whether what follows a number is "of the test images are classified correctly", with no other number in it."""
    return (
        len(after) <= 90
        and re.fullmatch(
            r"\s*%?\s*(?:of|de|del|were|are|se|is)\b(?: the| all| los|"
            r" las)*(?: \d[\d.,]*)?[^\d;:]*(?:correct\w*|right|acierta|aciertos|bien|correctly classified)\b",
            after,
            re.IGNORECASE,
        )
        is not None
    )


def _follows_directly(between: str) -> bool:
    return (
        re.fullmatch(
            r"\s*(?:of |de |test |training |train |validation |val |overall |the |are |were |is |in )*", between
        )
        is not None
    )
