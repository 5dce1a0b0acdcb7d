"""Whether a number can be what the word beside it says: a share, a count, a rate, an error."""

from __future__ import annotations

import re

from grader.evidence.reading import claim_words as words
from grader.evidence.reading.clauses import Clause
from grader.evidence.reading.numbers import Number


def is_plausible(metric: str, number: Number, clause: Clause) -> bool:
    before = clause.text[: number.start - clause.start]
    after = clause.text[number.end - clause.start :]
    if metric in words.COUNTS:
        return _is_count(metric, number, before, after, clause.text)
    if metric == "dropout":
        return 0 < number.value < 1 or (number.percent and number.value < 100)
    if metric == "learning_rate":
        return 0 < number.value < 1 and not number.percent
    if metric in words.SHARES:
        return _is_share(metric, number, before, after, clause.text)
    if re.match(r"\s*(?:epochs?|épocas?|images?|layers?|classes|times|seconds)\b", after, re.IGNORECASE) or _is_epoch(
        before
    ):
        return False
    return not number.percent and (number.decimals > 0 or metric in {"mae", "rmse", "mse"})


def _is_epoch(before: str) -> bool:
    return (
        re.search(
            r"\b(?:epochs?|épocas?|fold|step|run|seed|cell|figure|fig\.?|table|section|part|class|clase|"
            r"digit|dígito|top)\s*#?$",
            before,
            re.IGNORECASE,
        )
        is not None
    )


def _is_share(metric: str, number: Number, before: str, after: str, clause: str) -> bool:
    if _is_epoch(before) or re.search(r"\b(?:loss|pérdida)\W*(?:of|is|was|de)?\W*$", before, re.IGNORECASE):
        return False
    if number.percent:
        if number.value > 100 or words.SPLITTING.search(clause):
            return False
        if words.READ_SHARE.search(before):
            return True
        if metric == "error" and words.TELLS_WRONG.match(after):
            return True
        if metric != "error" and re.search(
            r"\b(?:correct\w*|right|aciert\w+|acert\w+|bien)\b", after[:80], re.IGNORECASE
        ):
            return True
        return not words.OTHER_SHARE_AFTER.match(after) or bool(
            re.search(r"accurac|\bacc\b|exactitud|precisión", before, re.IGNORECASE)
        )
    if 0 <= number.value <= 1 and number.decimals >= 1:
        return True
    bare = (
        20 <= number.value <= 100 and metric == "accuracy" and not re.match(r"\s*(?:\w+s\b|of\b|out\b|de\b|/)", after)
    )
    said_of_rows = number.decimals >= 1 and words.ON_ROWS.match(after.lstrip())
    return bare and bool(words.BARE_AFTER_LABEL.search(before) or (said_of_rows and number.value >= 50))


def _is_count(metric: str, number: Number, before: str, after: str, clause: str) -> bool:
    if number.percent or (number.decimals and number.value < 1000):
        return False
    if metric == "epochs":
        directly = re.match(r"\s*(?:full |training )?(?:epochs|épocas)\b", after, re.IGNORECASE)
        return bool(directly and words.EPOCHS_TRAINED.search(clause) and not words.EPOCHS_POINT.search(before))
    if metric == "parameters":
        return (
            bool(re.match(r"\s*(?:\w+ ){0,2}?(?:parameters|params|parámetros|weights)\b", after, re.IGNORECASE))
            and number.value >= 100
        )
    return bool(re.search(r"(?:size|batches|lotes?)\s*(?:of|is|=|:|de|was)?\s*$", before, re.IGNORECASE))
