"""Sentences by topic, and the verdict on whether a topic is spoken of."""

from __future__ import annotations

from collections.abc import Sequence

from grader.checks.observed import why_unread
from grader.checks.verdicts import Verdict, failed, passed, unknown
from grader.model import Evidence, Passage

LONGEST_QUOTE = 160
"""Characters of a sentence that are quoted back to the student."""


def about(evidence: Evidence, *topics: str) -> tuple[Passage, ...]:
    """Return the sentences that speak of any of the topics, in the notebook's order."""
    return tuple(item for item in evidence.prose.passages if item.topic in topics)


def explained(passages: Sequence[Passage]) -> tuple[Passage, ...]:
    """Return those that explain, rather than only name."""
    return tuple(item for item in passages if item.strength == "explained")


def quote(passage: Passage) -> str:
    """Return a sentence as it is quoted back, cut where it is long."""
    return quoted(passage.quote)


def quoted(sentence: str) -> str:
    """Return a sentence in quotation marks, cut where it is long."""
    text = " ".join(sentence.split())
    return f"“{text if len(text) <= LONGEST_QUOTE else text[: LONGEST_QUOTE - 1] + '…'}”"


def found_in_prose(evidence: Evidence, passages: Sequence[Passage], *, said: str, missing: str, fix: str) -> Verdict:
    """Pass where there is a sentence, quoting it; fail where the text was read and has none; else unknown."""
    if passages:
        return passed(
            f"{said}: {quote(passages[0])}",
            origin="static",
            cells=[item.cell for item in passages],
            measured={"passages": len(passages)},
        )
    if reason := why_unread(evidence.prose):
        return unknown(f"{missing.rstrip('.')}, as far as can be told: {reason}.", origin="static")
    return failed(missing, fix=fix, origin="static", cells=evidence.prose.closing_cells)
