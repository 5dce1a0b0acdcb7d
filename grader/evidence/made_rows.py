"""Rows that were made from others before the split: altered copies of a whole set, and what resampling made.

Told by order and counts, however the copies look: a set joined to altered copies of itself holds them at one distance
(`versions`); a resampler gives the rows it was given, and more.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from grader.evidence.arrays import BoolArray, UIntArray, found_in
from grader.evidence.files import known_values
from grader.evidence.identity import RowStore
from grader.evidence.near_copies import nearest_places, spread_over
from grader.evidence.observing import Observation
from grader.evidence.versions import count_versions_apart
from grader.model import Interpolated

MAX_SAMPLED = 256
"""Held-out rows that are looked at for a place between two training rows."""

NEIGHBOURS = 24
"""SMOTE joins a row to one of its five nearest: with what else was made around them two dozen reach both ends."""

FEWEST_COLUMNS = 4
"""Among rows of fewer values some lie between two others by chance."""

STRAIGHT = 3e-4
"""Angle, in radians, by which directions to both ends may miss a straight line: float32 misses it by a hundredth of
that, while of 276 pairs in three dimensions one comes so near in 40,000 rows.
"""

FLAT = 0.1
"""Share of the widest spread that the third widest must have around a row: on a curve or a surface, as of columns that
are functions of one or two others, any three neighbours stand nearly in line.
"""


NEW_SHARE = 0.5
"""Values between two others are new ones; where measurements are coarse, a row's values are known, and lines many."""


def count_made_before_split(seen: Observation, test: str | None, trained: Sequence[str]) -> int | None:
    """Return how many held-out rows were made of rows that trained, or the other way round; None where no such
    making was seen.
    """
    held = seen.rows.exact(test)
    if held is None or test is None or not trained:
        return None
    found = [
        count
        for count in (count_versions_apart(seen, test, trained), _resampled(seen.rows, test, trained))
        if count is not None
    ]
    return max(found, default=None)


def _resampled(rows: RowStore, test: str, trained: Sequence[str]) -> int | None:
    """Return how many test rows a resampler made or copied, out of a set whose rows were trained on as well.

    A resampler gives back the rows it was given, and more of the same width.
    """
    most: int | None = None
    held = rows.exact(test)
    sets = [hashes for name in trained if (hashes := rows.exact(name)) is not None]
    if held is None or not sets:
        return None
    twice = found_in(held, np.concatenate(sets))
    for step in rows.transforms:
        given, made = rows.exact(step.rows_in), rows.exact(step.rows_out)
        if given is None or made is None or len(made) <= len(given) or not found_in(given, made).all():
            continue
        if any(_any_in(rows, name, made).any() for name in trained):
            again = _any_in(rows, test, _copied(given, made)) & twice
            most = max(most or 0, int((_any_in(rows, test, np.setdiff1d(made, given)) | again).sum()))
    return most


def _copied(given: UIntArray, made: UIntArray) -> UIntArray:
    """Return the rows that came out oftener than they went in."""
    before, counts = np.unique(given, return_counts=True)
    after, made_counts = np.unique(made, return_counts=True)
    oftener = made_counts.copy()
    oftener[np.isin(after, before)] -= counts
    return np.asarray(after[np.isin(after, before) & (oftener > 0)], dtype=np.uint64)


def _any_in(rows: RowStore, name: str, known: UIntArray) -> BoolArray:
    """Return which rows are among the known ones, now or before they were transformed."""
    stages = rows.stages(name)
    if not stages:
        return np.zeros(0, dtype=np.bool_)
    return np.asarray(np.any([found_in(stage, known) for stage in stages], axis=0), dtype=np.bool_)


def find_interpolated(seen: Observation, scored: str | None, trained: Sequence[str]) -> Interpolated | None:
    """Return how many held-out rows of a table lie exactly between two training rows, as SMOTE makes them.

    None where values are not known, or where rows lie so by chance: columns shuffled among rows are the comparison.
    """
    held = known_values(seen, scored)
    if held is None or scored is None or held.ndim != 2 or held.shape[1] < FEWEST_COLUMNS:
        return None
    known = (known_values(seen, rows) for rows in trained)
    parts = [part for part in known if part is not None and part.shape[1:] == held.shape[1:]]
    if not parts or sum(len(part) for part in parts) < NEIGHBOURS:
        return None
    train = np.concatenate(parts).astype(np.float64)
    centre, scale = np.nan_to_num(train.mean(axis=0)), np.nan_to_num(train.std(axis=0))
    scale = np.where(scale > 0, scale, 1.0)
    train = np.nan_to_num((train - centre) / scale)
    sample = np.nan_to_num((held[spread_over(len(held), MAX_SAMPLED)].astype(np.float64) - centre) / scale)
    shuffled = np.random.default_rng(0).permuted(sample, axis=0)
    return Interpolated(scored, len(sample), _between(sample, train), _between(shuffled, train))


def _between(rows: NDArray[np.float64], train: NDArray[np.float64]) -> int:
    """Return how many rows lie on the line between two of their nearest training rows, and are neither of them."""
    rows = rows[_new_values(rows, train) >= NEW_SHARE]
    if not len(rows):
        return 0
    count = 0
    for row, places in zip(rows, nearest_places(rows, train, NEIGHBOURS), strict=True):
        ends = train[places] - row
        lengths = np.sqrt((ends**2).sum(axis=1))
        ends = ends[lengths > np.finfo(np.float32).eps * np.sqrt(len(row)) * 8]
        directions = ends / np.sqrt((ends**2).sum(axis=1, keepdims=True))
        count += _in_line(directions)
    return count


def _new_values(rows: NDArray[np.float64], train: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of each row's values that no training row has in the same column."""
    known = [np.isin(rows[:, column], train[:, column]) for column in range(rows.shape[1])]
    return np.asarray(1 - np.mean(known, axis=0), dtype=np.float64)


def _in_line(directions: NDArray[np.float64]) -> bool:
    """Whether two directions are opposite, among others that spread in three dimensions or more."""
    if len(directions) <= 2 or (directions @ directions.T).min() > -np.cos(STRAIGHT):
        return False
    spread = np.linalg.svd(directions, compute_uv=False)
    return bool(spread[2] >= FLAT * spread[0])
