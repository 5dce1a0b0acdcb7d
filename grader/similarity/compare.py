"""Which submissions of a class have passages in common that few others have."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix, triu

from grader.model import SharedPassage, Similarity, SimilarPair
from grader.similarity.custom import customary
from grader.similarity.passages import Match, excerpts, matches
from grader.similarity.texts import RUN, Kind, Stream, SubmissionText, streams_of

SHARED_BY_MANY = 1 / 3
"""Share of the class from which text counts as everybody's: it came from the course, whoever wrote it first."""
RARE = 40
"""Submissions up to which a fingerprint brings two together: what more of a large class share decides nothing."""
LEAST = {"code": 30, "prose": 14}
"""Tokens (words) in a row that make a passage: about four lines of code, a long sentence."""
LEAST_TOGETHER = {"code": 80, "prose": 24}
"""Tokens (words) of all passages of a pair that is shown; either will do."""
MOST_COMPARED = 600
"""Pairs looked at closely, by how many rare fingerprints they share."""
MOST_PAIRS = 60
"""Pairs shown: more than anybody reads."""
MOST_PASSAGES = 8


def find_similar(texts: Sequence[SubmissionText]) -> Similarity:
    """Return the pairs of a class that share unusual passages.

    Time grows with the class's text and with how much of it is shared by few, not with the number of pairs.
    """
    streams = [streams_of(text) for text in texts]
    kinds = tuple(_Shared.of([both[place] for both in streams]) for place in range(2))
    candidates = list(_candidates(kinds, len(texts)))
    found = [
        pair
        for left, right in candidates[:MOST_COMPARED]
        if (pair := _pair(texts[left], texts[right], (left, right), kinds)) is not None
    ]
    found.sort(key=lambda pair: (-pair.weight, pair.left, pair.right))
    total = len(texts) * (len(texts) - 1) // 2
    shown = tuple(found[:MOST_PAIRS])
    return Similarity(len(texts), total, len(found), shown, complete=len(candidates) <= MOST_COMPARED)


@dataclass(frozen=True, slots=True)
class _Shared:
    """One kind of text of a class. `spread` says of each of a submission's fingerprints how many have it; 0: custom."""

    kind: Kind
    streams: Sequence[Stream]
    spread: Sequence[np.ndarray]

    @classmethod
    def of(cls, streams: Sequence[Stream]) -> _Shared:
        kind = streams[0].kind if streams else "code"
        each = [np.unique(stream.fingerprints) for stream in streams]
        joined = np.concatenate(each) if each else np.zeros(0, np.uint64)
        values, counts = np.unique(joined, return_counts=True)
        most = max(2, math.ceil(len(streams) * SHARED_BY_MANY) - 1)
        counts[(counts > most) | np.isin(values, customary(kind))] = 0
        spread = [counts[np.searchsorted(values, stream.fingerprints)] for stream in streams]
        return cls(kind, streams, spread)

    def incidence(self) -> csr_matrix:
        """Return submissions by rare shared fingerprints: how rare each is, as the square root of its weight."""
        size = len(self.streams)
        rare = [(spread >= 2) & (spread <= RARE) for spread in self.spread]
        pairs = [
            np.unique(np.stack([stream.fingerprints[kept], spread[kept].astype(np.uint64)]), axis=1)
            for stream, spread, kept in zip(self.streams, self.spread, rare, strict=True)
        ]
        rows = np.repeat(np.arange(size), [pair.shape[1] for pair in pairs])
        joined = np.concatenate(pairs, axis=1) if pairs else np.zeros((2, 0), np.uint64)
        _, columns = np.unique(joined[0], return_inverse=True)
        weights = np.sqrt(np.log2((size + 1) / np.maximum(joined[1], 1).astype(float)))
        return csr_matrix((weights, (rows, columns)), shape=(size, int(columns.max(initial=-1)) + 1))


def _candidates(kinds: Sequence[_Shared], size: int) -> Iterator[tuple[int, int]]:
    """Yield pairs that share rare fingerprints, those that share most first."""
    together = csr_matrix((size, size))
    for kind in kinds:
        incidence = kind.incidence()
        together = together + incidence @ incidence.T
    upper = triu(together, k=1).tocoo()
    order = np.argsort(-upper.data, kind="stable")[: MOST_COMPARED + 1]
    yield from ((int(upper.row[at]), int(upper.col[at])) for at in order)


def _pair(
    left: SubmissionText, right: SubmissionText, places: tuple[int, int], kinds: Sequence[_Shared]
) -> SimilarPair | None:
    passages: list[tuple[float, SharedPassage]] = []
    lengths: dict[str, int] = {}
    sizes = [sum(kind.streams[place].size for kind in kinds) for place in places]
    for kind in kinds:
        streams = kind.streams[places[0]], kind.streams[places[1]]
        found = matches(*streams, kind.spread[places[0]], LEAST[kind.kind])
        lengths[kind.kind] = sum(match.telling for match in found)
        for match in found:
            weight = _weight(match, len(kind.streams)) * RUN["code"] / RUN[kind.kind]
            shown = excerpts(match, streams, (left, right))
            passages.append((weight, SharedPassage(kind.kind, *shown, match.telling, match.spread - 2)))
    if all(lengths[kind] < least for kind, least in LEAST_TOGETHER.items()):
        return None
    passages.sort(key=lambda item: -item[0])
    shown_first = tuple(passage for _, passage in passages[:MOST_PASSAGES])
    share = min(1.0, sum(lengths.values()) / max(1, min(sizes)))
    weight = sum(weight for weight, _ in passages)
    return SimilarPair(
        left.submission, right.submission, shown_first, lengths["code"], lengths["prose"], share, weight
    )  # fmt: skip


def _weight(match: Match, submissions: int) -> float:
    return match.telling * math.log2((submissions + 1) / match.spread)
