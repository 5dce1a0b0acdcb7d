"""What of a submission is compared: its author's own code and prose, cell by cell, as streams of tokens."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from grader.model import CellFacts
from grader.similarity.tokens import Token, code_tokens, comment_words, prose_words

Kind = Literal["code", "prose"]
RUN: dict[Kind, int] = {"code": 14, "prose": 7}
"""Tokens (words) of one fingerprint: two lines of a call are alike by custom, seven words in a row hardly ever."""

Hashes = np.ndarray[tuple[int], np.dtype[np.uint64]]
Numbers = np.ndarray[tuple[int], np.dtype[np.int32]]


@dataclass(frozen=True, slots=True)
class SubmissionText:
    """A submission's cells, as far as they are its author's own (`own`, where a template was filled in)."""

    submission: str
    cells: tuple[CellFacts, ...]


@dataclass(frozen=True, slots=True)
class Stream:
    """Tokens of one kind in order. Fingerprint i is of the RUN tokens from `first[i]` on; none crosses cells."""

    kind: Kind
    cells: Numbers
    starts: Numbers
    ends: Numbers
    fingerprints: Hashes
    first: Numbers

    @property
    def size(self) -> int:
        """How many tokens there are."""
        return len(self.starts)


def streams_of(text: SubmissionText) -> tuple[Stream, Stream]:
    """Return a submission's code and prose."""
    code = [cell for cell in text.cells if cell.kind == "code"]
    tokens = code_tokens([own_source(cell) for cell in code])
    words = [
        (cell.index, prose_words(own_source(cell)) if cell.kind == "markdown" else comment_words(own_source(cell)))
        for cell in text.cells
        if cell.kind in {"markdown", "code"}
    ]
    return (
        _stream("code", [(cell.index, found) for cell, found in zip(code, tokens, strict=True)]),
        _stream("prose", words),
    )


def own_source(cell: CellFacts) -> str:
    """Return what of a cell is its author's: all of it, or what was filled into the template."""
    return cell.source if cell.own is None else cell.own


def _stream(kind: Kind, cells: Sequence[tuple[int, Sequence[Token]]]) -> Stream:
    run = RUN[kind]
    hashes: list[Hashes] = []
    first: list[int] = []
    at = 0
    for _, tokens in cells:
        if len(tokens) >= run:
            found = _fingerprints(np.array([_digest(token.text) for token in tokens], dtype=np.uint64), run)
            hashes.append(found)
            first += range(at, at + len(found))
        at += len(tokens)
    flat = [(cell, token.start, token.end) for cell, tokens in cells for token in tokens]
    places = np.array(flat, dtype=np.int32).reshape(-1, 3)
    joined: Hashes = np.concatenate(hashes) if hashes else np.zeros(0, np.uint64)
    return Stream(kind, places[:, 0], places[:, 1], places[:, 2], joined, np.array(first, dtype=np.int32))


_FACTOR = 0x9E3779B97F4A7C15
"""An odd constant without pattern (2^64 by the golden ratio): powers of it tell positions in a run apart."""


def _fingerprints(digests: Hashes, run: int) -> Hashes:
    """Return a hash of every run of tokens, by multiplication modulo 2^64."""
    powers = np.array([pow(_FACTOR, place + 1, 2**64) for place in range(run)], dtype=np.uint64)
    windows = np.lib.stride_tricks.sliding_window_view(digests, run)
    summed: Hashes = (windows * powers).sum(axis=1, dtype=np.uint64)
    return summed


@functools.lru_cache(maxsize=200_000)
def _digest(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "little")
