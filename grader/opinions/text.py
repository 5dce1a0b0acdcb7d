"""What is sent of a submission: the student's own text, without names, and without sentences that address a grader."""

from __future__ import annotations

import re
from collections.abc import Collection

from grader.evidence.reading.whole_text import read_whole_text
from grader.model import Evidence
from grader.opinions.anonymous import anonymous

LONGEST = 24_000
"""Characters that are sent: four times the longest write-up of 227 public notebooks; some 6,000 tokens."""

CUT = "\n\n[...]\n\n"

FEWEST_WORDS = 25
"""Fewer words than this explain nothing in any language: nobody is asked."""


def text_to_send(evidence: Evidence, others: Collection[str] = ()) -> str:
    """Return the text that an opinion is asked on; empty where there is too little of it.

    `others` are the ids of the class, which are names as well.
    """
    text = read_whole_text(evidence.cells)
    for passage in evidence.prose.passages:
        if passage.topic == "grader_address":
            text = _loosely(passage.quote).sub(" ", text)
    if len(re.findall(r"[^\W\d_]+", text)) < FEWEST_WORDS:
        return ""
    return anonymous(_cut(text), evidence.submission, others)


def _cut(text: str) -> str:
    """Return a long text without its middle: the write-up stands at the end, so most of what is kept is that."""
    head = LONGEST // 4
    return text if len(text) <= LONGEST else text[:head] + CUT + text[len(text) - (LONGEST - head) :]


def _loosely(quote: str) -> re.Pattern[str]:
    """Return what finds a sentence however its words are set apart."""
    return re.compile(r"\W+".join(map(re.escape, re.findall(r"\w+", quote))) or r"(?!)", re.IGNORECASE)
