"""Is one curve a smoothed form of another? The ways people smooth: running means, and exponential ones."""

from __future__ import annotations

import math
from collections.abc import Sequence

from grader.checks.statistics import correlation

EQUAL = 1e-4
"""Relative difference of numbers that are the same after a trip through float32."""

WIDEST = 15
"""Widest running mean that is looked for, in epochs."""

NEAR = 2
"""Epochs before and after between whose values any centred smoothing stays."""

FOLLOWS = 0.75
"""R squared from which on: all curves that fall are alike in direction, those of one training also in height."""

FEWEST = 3
"""Of fewer points everything is a smoothed form of everything."""


def is_smoothed(shown: Sequence[float], series: Sequence[float], likeness: float) -> bool:
    """Whether `shown` is `series`, smoothed. `likeness` is Pearson's r from which on the way need not be known.

    Values that are not there (the first of a rolling mean) are left out; the curve may lack up to ten epochs.
    """
    missing = next((at for at, value in enumerate(shown) if math.isfinite(value)), len(shown))
    kept = [value for value in shown[missing:] if math.isfinite(value)]
    if len(kept) != len(shown) - missing or not FEWEST <= len(kept) <= len(series) <= len(kept) + WIDEST:
        return False
    return _running_mean(kept, series) or _exponential(kept, series) or _alike(kept, series[-len(kept) :], likeness)


def _alike(shown: Sequence[float], part: Sequence[float], likeness: float) -> bool:
    inside = min(part) - EQUAL <= min(shown) and max(shown) <= max(part) + EQUAL
    if inside and correlation(shown, part) >= likeness and _explained_share(shown, part) >= FOLLOWS:
        return True
    around = [part[max(0, at - NEAR) : at + NEAR + 1] for at in range(len(part))]
    near = all(min(band) - EQUAL <= value <= max(band) + EQUAL for value, band in zip(shown, around, strict=True))
    return near and len(shown) > 4 * NEAR  # in fewer epochs the bands are nearly the whole range


def _explained_share(shown: Sequence[float], part: Sequence[float]) -> float:
    """Return R squared: how much of the curve's ups and downs the other one accounts for."""
    mean = sum(part) / len(part)
    total = sum((value - mean) ** 2 for value in part)
    return 1 - sum((a - b) ** 2 for a, b in zip(shown, part, strict=True)) / total if total else 1.0


def _running_mean(shown: Sequence[float], series: Sequence[float]) -> bool:
    """Whether it is the mean of each so many values, without the edges or with means of fewer there."""
    for width in range(2, min(WIDEST, len(series)) + 1):
        count = len(series) - width + 1
        edges = len(shown) - count
        if count >= FEWEST and edges in {0, width - 1}:
            parts = (shown[start : start + count] for start in {0, edges})
            if any(_are_means(part, series, width) for part in parts):
                return True
    return False


def _are_means(shown: Sequence[float], series: Sequence[float], width: int) -> bool:
    return all(is_equal(value, sum(series[at : at + width]) / width) for at, value in enumerate(shown))


def _exponential(shown: Sequence[float], series: Sequence[float]) -> bool:
    """Whether each value is a share of the one before and the rest of the new one, weighted in full or corrected."""
    if len(shown) != len(series) or not is_equal(shown[0], series[0]):
        return False
    return any(
        0 < keep < 1 and are_equal(shown, _smoothed(series, keep, corrected))
        for corrected in (False, True)
        if (keep := _kept(shown, series, corrected)) is not None
    )


def _kept(shown: Sequence[float], series: Sequence[float], corrected: bool) -> float | None:  # noqa: FBT001
    """Return the share kept of the value before, from the first step."""
    old, new, value = shown[0], series[1], shown[1]
    below = (value - old) if corrected else (old - new)
    above = (new - value) if corrected else (value - new)
    return above / below if below else None


def _smoothed(series: Sequence[float], keep: float, corrected: bool) -> list[float]:  # noqa: FBT001
    found, total, weight = [], series[0], 1.0
    for at, value in enumerate(series):
        if at and corrected:
            total, weight = keep * total + value, keep * weight + 1
        elif at:
            total = keep * total + (1 - keep) * value
        found.append(total / weight)
    return found


def is_equal(shown: float, value: float) -> bool:
    """Whether a number that is shown is the other one, up to a trip through float32."""
    return abs(shown - value) <= EQUAL * max(1.0, abs(value))


def are_equal(shown: Sequence[float], series: Sequence[float]) -> bool:
    """Whether two series hold the same numbers, up to a trip through float32."""
    return len(shown) == len(series) and all(map(is_equal, shown, series))
