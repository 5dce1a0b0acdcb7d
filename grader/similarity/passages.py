"""The passages of two submissions: the longest runs of fingerprints that both have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from grader.model import Excerpt
from grader.similarity.texts import RUN, Stream, SubmissionText, own_source

MOST_PLACES = 8
"""Places of one fingerprint in a submission that are tried: code that repeats itself so often matches at the first."""
MOST_CHARACTERS = 1_600
"""Of one passage that are shown: thirty lines tell."""
CONTEXT_LINES = 1


@dataclass(frozen=True, slots=True)
class Match:
    """A passage by its first and last token in both streams. `telling` are its tokens that few others have.

    `spread` is how many submissions have the commonest of these.
    """

    left: tuple[int, int]
    right: tuple[int, int]
    telling: int
    spread: int


def matches(left: Stream, right: Stream, spread: np.ndarray, least: int) -> tuple[Match, ...]:
    """Return the passages of at least so many telling tokens, the longest that begin at each place, none twice.

    `spread` says of each of the left one's fingerprints how many submissions have it, 0 for those that tell nothing.
    Between two that tell something others may stand: a shared function is one passage though it has a usual line.
    """
    places: dict[int, list[int]] = {}
    for at, fingerprint in enumerate(right.fingerprints.tolist()):
        places.setdefault(fingerprint, []).append(at)
    ours, theirs = left.fingerprints.tolist(), right.fingerprints.tolist()
    taken = np.zeros(len(theirs), bool)
    found: list[Match] = []
    at = 0
    while at < len(ours):
        if spread[at] < 2 or ours[at] not in places:
            at += 1
            continue
        begins = [place for place in places[ours[at]][:MOST_PLACES] if not taken[place]]
        lengths = [(_length(ours, theirs, left, right, at, place), place) for place in begins]
        length, place = max(lengths, key=lambda item: (item[0], -item[1]), default=(0, 0))
        length = _trimmed(spread, at, length)
        telling = np.flatnonzero(spread[at : at + length] >= 2)
        tokens = _covered(telling, RUN[left.kind])
        if tokens >= least:
            taken[place : place + length] = True
            most = int(spread[at : at + length].max())
            found.append(Match(_ends(left, at, length), _ends(right, place, length), tokens, most))
            at += length
        else:
            at += 1
    return tuple(found)


def _length(ours: Sequence[int], theirs: Sequence[int], left: Stream, right: Stream, at: int, place: int) -> int:
    """Return how many fingerprints agree from here on, inside one cell of either."""
    cells = left.cells[left.first[at]], right.cells[right.first[place]]
    length = 0
    while (
        at + length < len(ours)
        and place + length < len(theirs)
        and ours[at + length] == theirs[place + length]
        and left.cells[left.first[at + length]] == cells[0]
        and right.cells[right.first[place + length]] == cells[1]
    ):
        length += 1
    return length


def _trimmed(spread: np.ndarray, at: int, length: int) -> int:
    """Return the length without fingerprints at the end that tell nothing."""
    telling = np.flatnonzero(spread[at : at + length] >= 2)
    return int(telling[-1]) + 1 if len(telling) else 0


def _covered(telling: np.ndarray, run: int) -> int:
    """Return how many tokens lie in fingerprints that start at these places."""
    if not len(telling):
        return 0
    return int(np.minimum(np.diff(telling), run).sum()) + run


def _ends(stream: Stream, at: int, length: int) -> tuple[int, int]:
    return int(stream.first[at]), int(stream.first[at + length - 1]) + RUN[stream.kind] - 1


def excerpts(
    match: Match, streams: tuple[Stream, Stream], texts: tuple[SubmissionText, SubmissionText]
) -> tuple[Excerpt, Excerpt]:
    """Return a passage as it stands in both, with the rest of its lines and a line around it."""
    left, right = (
        _excerpt(stream, ends, text)
        for stream, ends, text in zip(streams, (match.left, match.right), texts, strict=True)
    )
    return left, right


def _excerpt(stream: Stream, ends: tuple[int, int], text: SubmissionText) -> Excerpt:
    index = int(stream.cells[ends[0]])
    source = next(own_source(cell) for cell in text.cells if cell.index == index)
    start, end = int(stream.starts[ends[0]]), int(stream.ends[ends[1]])
    begin = start
    for _ in range(CONTEXT_LINES + 1):
        begin = max(0, source.rfind("\n", 0, max(0, begin - 1)) + 1) if begin else 0
    last = end
    for _ in range(CONTEXT_LINES + 1):
        found = source.find("\n", last + 1) if last < len(source) else -1
        last = len(source) if found < 0 else found
    passage = source[start:end]
    if len(passage) > MOST_CHARACTERS:
        passage = f"{passage[:MOST_CHARACTERS]} \N{HORIZONTAL ELLIPSIS}"
    return Excerpt(index, source.count("\n", 0, begin) + 1, source[begin:start], passage, source[end:last])
