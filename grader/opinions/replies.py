"""A language model's answer, believed in nothing: of the right form, and with quotes that stand in the text."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

LONGEST_REPLY = 40_000
"""Characters of an answer: ten verdicts with two quotes of forty words each are a fifth of it."""

MOST_QUOTES = 5
LONGEST_QUOTE = 600
FEWEST_QUOTED_WORDS = 3
"""A quote of one or two words stands in every text."""

_THOUGHT = re.compile(r"^\s*<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL | re.IGNORECASE)
_FENCED = re.compile(r"^\s*```(?:json)?\s*\n(?P<inside>.*)\n\s*```\s*$", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Vote:
    """One usable answer on one check."""

    verdict: Literal["pass", "fail"]
    quotes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ballot:
    """One answer: the votes that count, and why others don't, by check. `fault` is why nothing of it counts."""

    votes: Mapping[str, Vote]
    faults: Mapping[str, str]
    fault: str = ""


def read_ballot(content: str, text: str, checks: Mapping[str, str]) -> Ballot:
    """Return what counts of an answer to `checks` about `text`; never raises."""
    opinions = _opinions(content)
    if isinstance(opinions, str):
        return Ballot({}, {}, opinions)
    known = _plain(text)
    votes: dict[str, Vote] = {}
    faults: dict[str, str] = {}
    for check in checks:
        vote = _vote(opinions.get(check), known)
        if isinstance(vote, Vote):
            votes[check] = vote
        else:
            faults[check] = vote
    return Ballot(votes, faults)


def _opinions(content: str) -> dict[str, Any] | str:
    """Return the answers by check, or why there are none."""
    if len(content) > LONGEST_REPLY:
        return "the answer was too long"
    bare = _THOUGHT.sub("", content)
    fenced = _FENCED.match(bare)
    try:
        document = json.loads(fenced["inside"] if fenced else bare)
    except (ValueError, RecursionError):
        return "the answer was no JSON"
    opinions = document.get("opinions") if isinstance(document, dict) else None
    return opinions if isinstance(opinions, dict) else "the answer was not of the form asked for"


def _vote(answer: Any, known: str) -> Vote | str:
    if answer is None:
        return "nothing was said of it"
    if not isinstance(answer, dict) or answer.get("verdict") not in {"pass", "fail"}:
        return "the verdict was none"
    quotes = answer.get("quotes", [])
    if not isinstance(quotes, list) or len(quotes) > MOST_QUOTES or not all(map(_is_quote, quotes)):
        return "the quotes were none"
    if not all(_plain(quote) in known for quote in quotes):
        return "a quote does not stand in the text"
    if answer["verdict"] == "pass" and not quotes:
        return "no quote for what was said to be there"
    return Vote(answer["verdict"], tuple(" ".join(quote.split()) for quote in quotes))


def _is_quote(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST_QUOTE and len(value.split()) >= FEWEST_QUOTED_WORDS


def _plain(text: str) -> str:
    """Return text with its white space made one: a line break inside a sentence is no other wording."""
    return " ".join(text.split())
