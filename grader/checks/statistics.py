"""The few statistics the checks need, exact where that is cheap, in the standard library."""

from __future__ import annotations

import math
from collections.abc import Sequence


def standard_error(share: float, rows: int) -> float:
    """Return the binomial standard error of a share measured on `rows` rows (0.5 where there are none).

    Laplace's rule keeps it above zero at shares of 0 and 1, where the plain formula would promise certainty.
    """
    if rows <= 0:
        return 0.5
    smoothed = (share * rows + 1) / (rows + 2)
    return math.sqrt(smoothed * (1 - smoothed) / rows)


def binomial_tail(successes: int, trials: int, chance: float) -> float:
    """Return P(X >= successes) for X ~ Binomial(trials, chance)."""
    if successes <= 0 or chance >= 1:
        return 1.0
    if chance <= 0 or successes > trials:
        return 0.0
    logs = [_log_probability(count, trials, chance) for count in range(successes, trials + 1)]
    peak = max(logs)
    return min(1.0, math.exp(peak) * sum(math.exp(value - peak) for value in logs))


def rank_tail(share: float, first: int, second: int) -> float:
    """Return P(share or more) for the share of pairs in which one of `first` values lies below one of `second`.

    Both drawn alike, it is a half on average; the normal approximation of Mann and Whitney's U.
    """
    if first <= 0 or second <= 0:
        return 1.0
    spread = math.sqrt((first + second + 1) / (12 * first * second))
    return math.erfc((share - 0.5) / spread / math.sqrt(2)) / 2


def _log_probability(count: int, trials: int, chance: float) -> float:
    ways = math.lgamma(trials + 1) - math.lgamma(count + 1) - math.lgamma(trials - count + 1)
    return ways + count * math.log(chance) + (trials - count) * math.log1p(-chance)


def correlation(left: Sequence[float], right: Sequence[float]) -> float:
    """Return Pearson's r of two series of equal length; 0 where one of them is constant."""
    size = len(left)
    if size < 2:
        return 0.0
    mean_left, mean_right = sum(left) / size, sum(right) / size
    cross = sum((a - mean_left) * (b - mean_right) for a, b in zip(left, right, strict=True))
    spread = math.sqrt(sum((a - mean_left) ** 2 for a in left) * sum((b - mean_right) ** 2 for b in right))
    return cross / spread if spread else 0.0


def rounding(digits: int) -> float:
    """Return the largest error that stating a number with `digits` decimals can make, cut or rounded."""
    return float(10.0**-digits)
