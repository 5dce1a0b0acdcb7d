"""Windows of a series on both sides of a split: held-out rows that are training rows moved on by a step.

Where rows are windows (lags, stretches of a signal), a row's last values are the next row's earlier ones, and its
label stands among the inputs of the row after. Dealt out at random, held-out rows then lie between training rows.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from grader.evidence.files import known_values
from grader.evidence.near_copies import Matrix, nearest, spread_over
from grader.evidence.observing import Observation
from grader.model import InputKind, SeriesCrossing

MAX_SAMPLED = 256
"""Held-out rows that are looked at: a share of a half is then known within six points."""

FIRST_SAMPLED = 32
"""Held-out rows that are tried first: rows of most tables are no windows, and that shows in a few."""

MAX_COMPARED = 40_000
"""Most training rows compared; of longer series the last ones before and after a row are enough."""

MAX_PRODUCTS = 4e9
"""Most multiplications of one comparison (of nine): a fifth of a second on one core."""

MAX_WIDTH = 4_000
"""Values of the widest window that is compared: a few seconds of sound are no lags."""

FEWEST_VALUES = 4
"""Shorter windows agree in their remaining values by chance."""

STEPS = (1, 2, 3)
"""Steps by which windows usually move on."""

TOLERANCES = (1e-4, 0.05)
"""Largest mean difference, in standard deviations, of values that are the same: as they are, or scaled by column."""

ENOUGH = 0.25
"""Share of held-out rows moved against training rows from which rows are windows at all, beyond a split's borders."""


def find_series_crossing(
    seen: Observation, scored: str | None, trained_on: Sequence[str], kind: InputKind
) -> SeriesCrossing | None:
    """Return how many held-out rows continue training rows, None where rows are no windows or values are not known."""
    held = known_values(seen, scored)
    if held is None or scored is None or kind == "image" or not _can_be_windows(held):
        return None
    known = (known_values(seen, rows) for rows in trained_on)
    parts = [part for part in known if part is not None and part.shape[1:] == held.shape[1:]]
    if not parts:
        return None
    # One after the other, without gaps: every n-th window would be moved by n steps and more.
    room = int(MAX_PRODUCTS / (MAX_SAMPLED * held[0].size))
    train = np.concatenate(parts)[-min(MAX_COMPARED, room) :]
    sample = held[spread_over(len(held), MAX_SAMPLED)]
    rows, others = _standardised(sample, train)
    moving = rows.reshape(len(rows), -1).std(axis=1) > 0
    rows = rows[moving]
    if not len(rows):
        return None
    first = rows[spread_over(len(rows), FIRST_SAMPLED)]
    for step in STEPS:
        found = _crossing(scored, first, others, step)
        if found is not None:
            return _crossing(scored, rows, others, step) if len(first) < len(rows) else found
    return None


def _can_be_windows(rows: NDArray[np.generic]) -> bool:
    """Whether rows are (steps,) or (steps, features) with steps enough to tell a shift."""
    if rows.ndim not in {2, 3} or rows.shape[1] < FEWEST_VALUES:
        return False
    return rows[0].size <= MAX_WIDTH and (rows.ndim == 2 or rows.shape[1] > rows.shape[2])


def _standardised(sample: NDArray[np.generic], train: NDArray[np.generic]) -> tuple[Matrix, Matrix]:
    """Return rows as float32 with each column's mean and deviation taken out: scalers work column by column."""
    centre = np.nan_to_num(train.astype(np.float32).mean(axis=0))
    scale = np.nan_to_num(train.astype(np.float32).std(axis=0))
    scale = np.where(scale > 0, scale, 1.0).astype(np.float32)
    parts = (np.nan_to_num((part.astype(np.float32) - centre) / scale) for part in (sample, train))
    first, second = (np.asarray(part, dtype=np.float32) for part in parts)
    return first, second


def _crossing(scored: str, rows: Matrix, train: Matrix, step: int) -> SeriesCrossing | None:
    """Return how many rows are training rows moved by a step, None where they agree as often unmoved."""
    if rows.shape[1] - step < FEWEST_VALUES - 1:
        return None
    to_earlier = _distance(rows[:, :-step], train[:, step:])
    to_later = _distance(rows[:, step:], train[:, :-step])
    unmoved = _distance(rows[:, step:], train[:, step:])
    for tolerance in TOLERANCES:
        after, before = to_earlier <= tolerance, to_later <= tolerance
        either, alike = int((before | after).sum()), int((unmoved <= tolerance).sum())
        # Where rows repeat as they are, that they also match when moved says nothing.
        if either >= ENOUGH * len(rows) and 2 * alike <= either:
            both = int((before & after).sum())
            return SeriesCrossing(
                scored, len(rows), int(before.sum()), int(after.sum()), both, alike, step, rows.shape[1]
            )
    return None


def _distance(rows: Matrix, train: Matrix) -> Matrix:
    """Return each row's distance to the nearest training row, per value."""
    flat, others = rows.reshape(len(rows), -1), train.reshape(len(train), -1)
    return np.asarray(nearest(flat, [others]) / np.sqrt(flat.shape[1]), dtype=np.float32)
