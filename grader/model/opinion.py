"""What a language model was asked to say of a student's prose, as a second opinion: data, like all evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Opinion:
    """One prose check as a language model sees it. It never changes a level: where it differs, a person looks.

    `verdict` is what most of its answers say, `none` where none has two votes and more than the other; `quotes` are
    spans of the text that was sent, word for word, from the answers of that verdict.
    """

    check: str
    verdict: Literal["pass", "fail", "none"]
    votes_pass: int = 0
    votes_fail: int = 0
    discarded: int = 0
    """Answers that said nothing usable: malformed, with invented quotes, too late, none at all."""
    quotes: tuple[str, ...] = ()
    model: str = ""
    """Name of the language model, as it was asked for."""
    note: str = ""
    """Why answers were discarded, the commonest reason first."""
