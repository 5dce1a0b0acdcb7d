"""Scored rows that are all but equal to training rows: with a little noise, mirrored, turned, moved or made brighter.

Hashes see none of these. Here the recorded values themselves are compared, by the host. How close is too close is
taken from the data: rows of the scored set lie some distance from each other, and copies lie far closer than that.
What the data repeats by itself (frames of one film, coarse measurements) repeats within the scored rows as well; where
only some of these were loaded and others were made of them, it repeats within those that were loaded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.evidence.arrays import found_in
from grader.evidence.files import known_values, values_and_places
from grader.evidence.identity import RowStore
from grader.evidence.observing import Observation
from grader.evidence.surplus import (
    SAME_SIZE,
    copies_of_each,
    made_with_noise,
    more_than_were_read,
    so_many_to_a_file,
)
from grader.model import NearCopies

MAX_SAMPLED = 128
"""Scored rows that are looked at: a share of a half is then known within nine points (two standard errors)."""

MAX_COMPARED = 60_000
"""Most training rows that are compared, all of Fashion-MNIST; of more every n-th."""

MAX_PRODUCTS = 5e10
"""Most multiplications in all, some two seconds on one core; fewer training rows are taken where rows are wide."""

BLOCK_VALUES = 4_000_000
"""Values of training rows held as float32 at once: 16 MB."""

CLOSE = 0.1
"""Copies lie within a tenth of the distance at which rows of the data have their nearest neighbour."""

FEWEST = 8
"""Of fewer rows no spacing can be told."""

FEWEST_VALUES = 4
"""Rows of fewer values lie close to each other by chance."""

BORDERED = 12
"""Smallest side of a picture that is looked at without its border, so that copies moved by a pixel are found."""

SOME = 0.1
"""Share of the scored rows that must have been loaded, and that must not have been, for the others to be made."""

CHANNELS = frozenset({1, 3, 4})
"""Grey, colour, and colour with transparency."""

PLAIN = 0.05
"""Contrast, in units of the spread of all values, below which a picture is plain: nothing is read into it."""

Matrix = NDArray[np.float32]


def find_near_copies(seen: Observation, scored: str | None, trained_on: Sequence[str]) -> NearCopies | None:
    """Return how many of the scored rows have a copy among the training rows, None where values were not kept."""
    known = values_and_places(seen, scored)
    if known is None or scored is None or len(known[0]) < FEWEST or known[0][0].size < FEWEST_VALUES:
        return None
    left = _channels_last(known[0])
    sample = left[spread_over(len(left), MAX_SAMPLED)]
    parts = [
        _channels_last(part)
        for rows in trained_on
        if (part := known_values(seen, rows)) is not None and part[0].size == left[0].size
    ]
    if not parts:
        return None
    view = _view(left)
    natural = left[_as_loaded(seen.rows, scored)[known[1]]]
    own = nearest(view.flat(natural[spread_over(len(natural), MAX_SAMPLED)]), [view.flat(natural)], skip_self=True)
    positive = own[own > 0]
    if not len(positive):
        return None
    limit = CLOSE * float(np.median(positive))
    variants = _variants(sample, view)
    room = int(MAX_PRODUCTS / (len(sample) * len(variants) * left[0].size))
    compared = [part[spread_over(len(part), min(MAX_COMPARED, max(FEWEST, room // len(parts))))] for part in parts]
    near = (nearest(np.concatenate(variants), _blocks(compared, view)) <= limit).reshape(len(variants), -1).any(axis=0)
    total = sum(len(part) for part in compared)
    expected = min(1.0, float(np.mean(own <= limit)) * max(1.0, total / len(natural)))
    if expected and _made_by_hand(seen, (scored, *trained_on), sample, view, limit):
        expected = 0.0
    return NearCopies(left=scored, sampled=len(sample), near=int(near.sum()), expected=expected)


def _made_by_hand(
    seen: Observation, rows: Sequence[str], sample: NDArray[np.generic], view: _View, limit: float
) -> bool:
    """Whether the repeats can't have come with the data: each row has as many copies, and these were made.

    Made: there are more rows than the table had that was read, or the neighbour of nearly every measured row has noise
    in all columns; of pictures and recordings, there are just so many to a file.
    """
    used = tuple(dict.fromkeys((*rows, *(name for fit in seen.lineage.fits for name in fit.steered_by))))
    hashes, values = [], []
    for name in used:
        known, exact = values_and_places(seen, name), seen.rows.exact(name)
        if known is not None and exact is not None and known[0][0].size == sample[0].size:
            values.append(_channels_last(known[0]))
            hashes.append(exact[known[1]])
    places = np.unique(np.concatenate(hashes), return_index=True)[1] if hashes else np.zeros(0, dtype=np.int64)
    if not 0 < len(places) <= MAX_COMPARED:
        return False
    different = np.concatenate(values)[places]
    copies = copies_of_each(view.flat(sample), _blocks([different], view), limit)
    if not copies or view.picture:
        return so_many_to_a_file(seen, len(places), copies + 1)
    return more_than_were_read(seen, used) or _beside_noise(different, view)


def _beside_noise(rows: NDArray[np.generic], view: _View) -> bool:
    """Whether the rows of a table are of two kinds, and each measured one lies beside one with noise added."""
    made = made_with_noise(rows) if rows.ndim == 2 else None
    if made is None:
        return False
    flat, measured = view.flat(rows), np.flatnonzero(~made)
    asked = measured[spread_over(len(measured), MAX_SAMPLED)]
    squared = ((flat**2).sum(axis=1)[None, :] - 2 * flat[asked] @ flat.T).astype(np.float64)
    squared[np.arange(len(asked)), asked] = np.inf
    return bool(made[squared.argmin(axis=1)].mean() >= SAME_SIZE)


def _as_loaded(rows: RowStore, scored: str) -> NDArray[np.bool_]:
    """Return which of the scored rows a loader gave, as they are or before they were transformed.

    All of them where that is nearly all or nearly none: then there is nothing to tell by.
    """
    stages = rows.stages(scored)
    canonical = rows.canonical(scored)
    for part in dict.fromkeys(part for load in rows.loads for part, _ in load.parts if part is not None):
        exact, outlines = rows.exact(part), rows.canonical(part)
        found = [found_in(stage, exact) for stage in stages] if exact is not None else []
        found += [found_in(canonical, outlines)] if canonical is not None and outlines is not None else []
        for given in found:
            if SOME <= given.mean() <= 1 - SOME:
                return given
    return np.ones(len(stages[0]) if stages else rows.records[scored].count, dtype=np.bool_)


@dataclass(frozen=True, slots=True)
class Nearest:
    """Which of the training rows were compared, and for each held-out row which of these lies nearest, and how near.

    `spacing` is the distance at which held-out rows lie from each other, save for the loneliest tenth.
    """

    compared: NDArray[np.int64]
    places: NDArray[np.int64]
    distances: Matrix
    spacing: float


def nearest_of(
    rows: NDArray[np.generic], sample: NDArray[np.int64], parts: Sequence[NDArray[np.generic]]
) -> Nearest | None:
    """Return the nearest training row of each sampled row, pictures also mirrored, turned and moved; None of too few.

    `compared` counts through all parts, one after the other.
    """
    if len(rows) < FEWEST or rows[0].size < FEWEST_VALUES:
        return None
    rows, parts = _channels_last(rows), [_channels_last(part) for part in parts]
    view = _view(rows)
    variants = _variants(rows[sample], view)
    total = sum(len(part) for part in parts)
    room = int(MAX_PRODUCTS / (len(sample) * len(variants) * rows[0].size))
    compared = spread_over(total, min(MAX_COMPARED, max(FEWEST, room)))
    asked = np.concatenate(variants)
    best = np.full(len(asked), np.inf, dtype=np.float32)
    places = np.zeros(len(asked), dtype=np.int64)
    start = 0
    for block in _blocks([_taken(parts, compared)], view):
        squared = (block**2).sum(axis=1)[None, :] - 2 * asked @ block.T
        found = squared.argmin(axis=1)
        nearer = squared[np.arange(len(asked)), found] + (asked**2).sum(axis=1)
        places = np.where(nearer < best, found + start, places)
        best = np.minimum(best, nearer)
        start += len(block)
    by_variant = best.reshape(len(variants), -1)
    chosen = by_variant.argmin(axis=0)
    own = nearest(variants[0], [view.flat(rows)], skip_self=True)
    return Nearest(
        compared,
        places.reshape(len(variants), -1)[chosen, np.arange(len(sample))],
        np.sqrt(np.maximum(by_variant.min(axis=0), 0)),
        float(np.quantile(own, 0.9)),
    )


def _taken(parts: Sequence[NDArray[np.generic]], chosen: NDArray[np.int64]) -> NDArray[np.generic]:
    """Return these rows of all parts, counted through."""
    taken, start = [], 0
    for part in parts:
        taken.append(part[chosen[(chosen >= start) & (chosen < start + len(part))] - start])
        start += len(part)
    return np.concatenate(taken)


def spread_over(count: int, most: int) -> NDArray[np.int64]:
    """Return at most so many places, spread evenly over `count`."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(np.int64))


@dataclass(frozen=True, slots=True)
class _View:
    """How rows are looked at: in units of their spread; pictures without their border, brightness and contrast."""

    shape: tuple[int, ...]
    centre: Any
    scale: Any
    margin: int
    picture: bool

    def flat(self, rows: NDArray[np.generic], down: int = 0, right: int = 0) -> Matrix:
        """Return rows as (rows, values), pictures moved by so many pixels within their border."""
        whole = rows.reshape(len(rows), *self.shape)
        if self.margin:
            high, wide, edge = self.shape[0], self.shape[1], self.margin
            whole = whole[:, edge + down : high - edge + down, edge + right : wide - edge + right]
        flat = (whole.reshape(len(rows), -1).astype(np.float32) - self.centre) / self.scale
        flat = np.nan_to_num(flat, posinf=0.0, neginf=0.0)
        if self.picture:
            flat = flat - flat.mean(axis=1, keepdims=True)
            flat = flat / np.maximum(flat.std(axis=1, keepdims=True), PLAIN)
        return np.asarray(flat, dtype=np.float32)


def _view(rows: NDArray[np.generic]) -> _View:
    """Return the view: scaled column by column for tables, by one spread where rows are pictures or sequences."""
    flat = np.ma.masked_invalid(
        rows.reshape(len(rows), -1).astype(np.float32)
    )  # a blank cell says nothing of its column
    shape, picture = rows.shape[1:], _is_picture(rows)
    if rows.ndim == 2:
        scale = flat.std(axis=0).filled(0)
        scale = np.where(scale > 0, scale, 1.0).astype(np.float32)
        return _View(shape, flat.mean(axis=0).filled(0), scale, 0, picture=False)
    spread = np.float32(float(np.ma.filled(flat.std(), 0)) or 1.0)
    margin = 1 if picture and min(shape[:2]) >= BORDERED else 0
    return _View(shape, np.float32(0), spread, margin, picture)


def _channels_last(rows: NDArray[np.generic]) -> NDArray[np.generic]:
    """Return pictures as they are looked at; PyTorch has their channels before height and width."""
    if rows.ndim == 4 and rows.shape[1] in CHANNELS and rows.shape[3] > max(CHANNELS):
        return np.moveaxis(rows, 1, 3)
    return rows


def _is_picture(rows: NDArray[np.generic]) -> bool:
    return rows.ndim == 3 or (rows.ndim == 4 and rows.shape[3] <= 4)


def _blocks(parts: Sequence[NDArray[np.generic]], view: _View) -> Iterator[Matrix]:
    for part in parts:
        step = max(1, BLOCK_VALUES // part[0].size)
        for start in range(0, len(part), step):
            yield view.flat(part[start : start + step])


def nearest(rows: Matrix, blocks: Iterable[Matrix], *, skip_self: bool = False) -> Matrix:
    """Return each row's distance to its nearest row in the blocks, by |a - b|^2 = |a|^2 - 2ab + |b|^2.

    Equal rows come out within rounding of 0, and are measured again exactly. With `skip_self` the first equal row of
    the blocks is the row itself.
    """
    best = np.full(len(rows), np.inf, dtype=np.float32)
    own = (rows**2).sum(axis=1)
    for block in blocks:
        squared = own[:, None] - 2 * rows @ block.T + (block**2).sum(axis=1)[None, :]
        if skip_self:
            squared[np.arange(len(rows)), squared.argmin(axis=1)] = np.inf
        place = squared.argmin(axis=1)
        exact = np.sqrt(((rows - block[place]) ** 2).sum(axis=1))
        best = np.minimum(best, np.where(np.isfinite(squared[np.arange(len(rows)), place]), exact, np.inf))
    return best.astype(np.float32)


def nearest_places(rows: NDArray[np.float64], others: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """Return the places of each row's nearest others, in no order."""
    found = []
    step = max(1, BLOCK_VALUES // len(others))
    for start in range(0, len(rows), step):
        part = rows[start : start + step]
        squared = (others**2).sum(axis=1)[None, :] - 2 * part @ others.T
        found.append(np.argpartition(squared, min(count, len(others) - 1), axis=1)[:, :count])
    return np.concatenate(found)


def _variants(rows: NDArray[np.generic], view: _View) -> list[Matrix]:
    """Return the rows as they are and, for pictures, mirrored, turned, and moved by a pixel."""
    if not view.picture:
        return [view.flat(rows)]
    found = [rows, rows[:, :, ::-1], rows[:, ::-1], rows[:, ::-1, ::-1]]
    if rows.shape[1] == rows.shape[2]:
        turned = np.swapaxes(rows, 1, 2)
        found += [turned, turned[:, :, ::-1], turned[:, ::-1], turned[:, ::-1, ::-1]]
    moves = ((0, 1), (0, -1), (1, 0), (-1, 0)) if view.margin else ()
    return [*(view.flat(item) for item in found), *(view.flat(rows, down, right) for down, right in moves)]
