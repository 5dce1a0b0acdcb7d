"""Passages that submissions have in common: what staff look at, never a verdict and never in a grade."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Part of one cell: the shared passage with the lines it stands in. `cell` counts from 0; `line` from 1."""

    cell: int
    line: int
    before: str
    passage: str
    after: str


@dataclass(frozen=True, slots=True)
class SharedPassage:
    """One passage of a pair. `length` is in tokens of code or words of prose, those shared by many left out.

    `others` are the submissions beside the two that have the commonest part of it as well; 0: nobody else has any.
    """

    kind: Literal["code", "prose"]
    left: Excerpt
    right: Excerpt
    length: int
    others: int


@dataclass(frozen=True, slots=True)
class SimilarPair:
    """Two submissions with passages in common, the longest first. `share` (0..1) is of the shorter one's text."""

    left: str
    right: str
    passages: tuple[SharedPassage, ...]
    code_tokens: int
    prose_words: int
    share: float
    weight: float
    """Length by rarity: what the pairs are ordered by."""


@dataclass(frozen=True, slots=True)
class Similarity:
    """What comparing a class came to: the pairs worth a look, the weightiest first, and how many of them there are."""

    submissions: int
    compared: int
    """Pairs of submissions there are."""
    found: int
    """Pairs that share unusual passages; at least so many where `complete` is false."""
    pairs: tuple[SimilarPair, ...]
    complete: bool = True
    """Whether every pair with rare fingerprints in common was looked at closely."""
