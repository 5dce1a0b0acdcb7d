"""Numbers to be predicted that were scaled or logged before a training: how, told from the numbers themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from grader.model import Units

Step = Literal["linear", "log", "log1p"]

FEWEST = 5
"""Labels from which a straight line through all of them is no accident."""

OFF_THE_LINE = 1e-4
"""Standard deviations that float32 arithmetic puts a scaled label off the line, at most."""

STEPS: tuple[tuple[Step, float, Callable[[NDArray[Any]], NDArray[Any]]], ...] = (
    ("linear", -np.inf, np.asarray),
    ("log1p", -1.0, np.log1p),
    ("log", 0.0, np.log),
)
"""Steps people take before a scaler, with the bound that labels must lie above."""


def units_between(before: NDArray[Any], after: NDArray[Any]) -> Units | None:
    """Return how labels of shape (rows,) became those a training was given; None where they are the same, or unlike."""
    if before.ndim != 1 or before.shape != after.shape or len(before) < FEWEST:
        return None
    source, used = before.astype(np.float64), after.astype(np.float64)
    spread = float(used.std())
    if not (np.isfinite(source).all() and np.isfinite(used).all()) or spread == 0 or np.allclose(source, used):
        return None
    for step, bound, apply in STEPS:
        if source.min() <= bound:
            continue
        taken = apply(source)
        centred = taken - taken.mean()
        if not centred.any():
            return None
        factor = float((centred * used).sum() / (centred * centred).sum())
        offset = float(used.mean() - factor * taken.mean())
        if factor and np.abs(factor * taken + offset - used).max() <= OFF_THE_LINE * spread:
            return Units(step, factor, offset)
    return None
