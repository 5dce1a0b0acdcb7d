"""Scored rows that are all but equal to training rows: with a little noise, mirrored, turned, moved or made brighter.

Hashes see none of these. Here the recorded values themselves are compared, by the host. How close is too close is
taken from the data: rows of the scored set lie some distance from each other, and copies lie far closer than that.
What the data repeats by itself (frames of one film, coarse measurements) repeats within the scored rows as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.evidence.files import known_values
from grader.evidence.observing import Observation
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

PLAIN = 0.05
"""Contrast, in units of the spread of all values, below which a picture is plain: nothing is read into it."""

Matrix = NDArray[np.float32]


def find_near_copies(seen: Observation, scored: str | None, trained_on: Sequence[str]) -> NearCopies | None:
    """Return how many of the scored rows have a copy among the training rows, None where values were not kept."""
    left = known_values(seen, scored)
    if left is None or scored is None or len(left) < FEWEST or left[0].size < FEWEST_VALUES:
        return None
    sample = left[spread_over(len(left), MAX_SAMPLED)]
    parts = [
        part for rows in trained_on if (part := known_values(seen, rows)) is not None and part[0].size == left[0].size
    ]
    if not parts:
        return None
    view = _view(left)
    own = nearest(view.flat(sample), [view.flat(left)], skip_self=True)
    positive = own[own > 0]
    if not len(positive):
        return None
    limit = CLOSE * float(np.median(positive))
    variants = _variants(sample, view)
    room = int(MAX_PRODUCTS / (len(sample) * len(variants) * left[0].size))
    compared = [part[spread_over(len(part), min(MAX_COMPARED, max(FEWEST, room // len(parts))))] for part in parts]
    near = (nearest(np.concatenate(variants), _blocks(compared, view)) <= limit).reshape(len(variants), -1).any(axis=0)
    total = sum(len(part) for part in compared)
    return NearCopies(
        left=scored,
        sampled=len(sample),
        near=int(near.sum()),
        expected=min(1.0, float(np.mean(own <= limit)) * max(1.0, total / len(left))),
    )


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
