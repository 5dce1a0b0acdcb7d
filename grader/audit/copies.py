"""Files that are copies of others, and pictures that look the same without being copies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from grader.audit.replies import Looked
from grader.model.own_data import SameFiles

CLOSE = 0.15
"""Look-alikes lie within this share of the distance at which pictures of this collection usually have their nearest:
a JPEG saved again or scaled lies within a tenth, the next photo of a burst beyond a third."""

FEWEST = 8
"""Of fewer pictures no usual distance can be told."""

MOST_PATHS = 6
"""Paths kept of one group."""

BLOCK = 512


def equal_files(looked: Sequence[Looked]) -> tuple[SameFiles, ...]:
    """Return groups of files whose bytes are the same, the largest first."""
    by_content: dict[str, list[Looked]] = defaultdict(list)
    for item in looked:
        if item.content:
            by_content[item.content].append(item)
    groups = [group for group in by_content.values() if len(group) > 1]
    return tuple(_same(group, exact=True) for group in sorted(groups, key=len, reverse=True))


def look_alikes(looked: Sequence[Looked]) -> tuple[SameFiles, ...]:
    """Return pairs of pictures that all but equal each other; of equal files only the first is looked at."""
    first: dict[str, Looked] = {}
    for item in looked:
        if item.small is not None and item.content:
            first.setdefault(item.content, item)
    pictures = [item for item in first.values() if item.small is not None and int(np.ptp(item.small)) > 0]
    if len(pictures) < FEWEST:
        return ()
    flat = np.stack([item.small.reshape(-1) for item in pictures if item.small is not None]).astype(np.float32)
    nearest, distance = _nearest(flat)
    positive = distance[distance > 0]
    if not len(positive):
        return ()
    limit = CLOSE * float(np.median(positive))
    close = [(int(place), int(nearest[place])) for place in np.flatnonzero(distance <= limit)]
    pairs = {(min(pair), max(pair)) for pair in close}
    return tuple(_same([pictures[left], pictures[right]], exact=False) for left, right in sorted(pairs))


def _nearest(flat: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return each row's nearest other row and its distance."""
    norms = (flat**2).sum(axis=1)
    places, distances = np.empty(len(flat), np.int64), np.empty(len(flat), np.float32)
    for start in range(0, len(flat), BLOCK):
        part = slice(start, start + BLOCK)
        squared = norms[part, None] - 2 * flat[part] @ flat.T + norms[None, :]
        squared[np.arange(len(squared)), np.arange(start, start + len(squared))] = np.inf
        places[part] = squared.argmin(axis=1)
        distances[part] = np.sqrt(((flat[part] - flat[places[part]]) ** 2).sum(axis=1))
    return places, distances


def _same(group: Sequence[Looked], *, exact: bool) -> SameFiles:
    return SameFiles(
        paths=tuple(item.file.path for item in group[:MOST_PATHS]),
        exact=exact,
        across_parts=_differ(item.file.part for item in group),
        across_labels=_differ(item.file.label for item in group),
    )


def _differ(values: Iterable[str]) -> bool:
    return len({value for value in values if value}) > 1
