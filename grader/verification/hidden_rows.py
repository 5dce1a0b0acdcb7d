"""Bringing an instructor's rows to the form a model was given: what the notebook did to its own is unknown to us.

The rows recorded with the student's score show the form. The obvious steps are tried in order, first of shape and then
of scale, and the first whose numbers are like the recorded ones is taken; none is a reason, not a guess. Which answers
come of it plays no part.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from grader.errors import VerificationError
from grader.verification.arrays import Array
from grader.verification.hidden_data import HiddenData

Floats = NDArray[np.float64]

SAMPLED = 2_000
"""Rows by which scales are compared."""

SPREAD_RATIO = 2.5
"""Two samples of one kind of data differ less in their spread; /255 differs a hundred times more."""

SHIFT = 0.6
"""... and less in their means, in spreads."""

FEATURE_RATIO = 3.0
"""... and the same of the middle feature, whose estimate is poorer."""

GREY = np.array([0.299, 0.587, 0.114])
"""Brightness of red, green and blue, as Pillow and OpenCV take it."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """Rows as a model takes them (float32), and the steps that made them so, in words."""

    rows: NDArray[np.float32]
    steps: tuple[str, ...]


def prepare_rows(hidden: HiddenData, recorded: Array) -> Prepared:
    """Return the hidden rows in the form of the recorded ones.

    Args:
        hidden: the instructor's rows.
        recorded: rows as the model was given them, of shape (rows, ...).

    Raises:
        VerificationError: no obvious step makes the shapes or the scales agree.
    """
    shaped, steps = _shaped(hidden, tuple(recorded.shape[1:]))
    known = _sampled(recorded)
    for step, rows in _scaled(shaped, known):
        if alike(_sampled(rows), known):
            return Prepared(rows.astype(np.float32), (*steps, *([step] if step else [])))
    raise VerificationError(
        f"The hidden test's values ({_range(shaped)}) are of another scale than what the model was given "
        f"({_range(known)}), and none of the usual scalings brings them together"
    )


def alike(rows: Floats, known: Floats) -> bool:
    """Return whether two samples of rows are of one scale: as a whole, and for the middle feature."""
    spread, other = float(known.std()), float(rows.std())
    if spread == 0 or other == 0 or not np.isfinite(rows).all():
        return bool(np.array_equal(np.unique(rows), np.unique(known)))
    if not 1 / SPREAD_RATIO <= other / spread <= SPREAD_RATIO or abs(rows.mean() - known.mean()) > SHIFT * spread:
        return False
    left, right = rows.reshape(len(rows), -1), known.reshape(len(known), -1)
    spreads, others = right.std(axis=0), left.std(axis=0)
    varied = (spreads > 0) & (others > 0)
    if not varied.any():
        return False
    shift = np.median(np.abs(left.mean(axis=0) - right.mean(axis=0))[varied] / spreads[varied])
    ratio = np.median(np.abs(np.log(others[varied] / spreads[varied])))
    return bool(shift <= 1.0 and ratio <= math.log(FEATURE_RATIO))


def _sampled(rows: Array) -> Floats:
    step = max(1, len(rows) // SAMPLED)
    return np.asarray(rows[::step][:SAMPLED], dtype=np.float64)


def _range(rows: Array) -> str:
    return f"{float(rows.min()):.4g} to {float(rows.max()):.4g}"


# ---------------------------------------------------------------- scale
def _scaled(rows: Floats, known: Floats) -> Iterator[tuple[str, Floats]]:
    """Yield the rows in each of the usual scales, with the step in words."""
    low, high = float(rows.min()), float(rows.max())
    yield "", rows
    if high > 1:
        yield "divided by 255", rows / 255.0
        yield "brought from 0..255 to -1..1", rows / 127.5 - 1.0
        yield f"divided by {high:.4g}, its highest value", rows / high
    elif high > 0:
        yield "multiplied by 255", rows * 255.0
    flat, other = rows.reshape(len(rows), -1), known.reshape(len(known), -1)
    if rows.ndim > 2 and high > low:
        mapped = float(known.min()) + (rows - low) * (float(known.max() - known.min()) / (high - low))
        yield f"brought from {low:.4g}..{high:.4g} to {_range(known)}", mapped
    if _standardised(other):
        spread = flat.std(axis=0)
        values = (flat - flat.mean(axis=0)) / np.where(spread > 0, spread, 1)
        yield (
            "standardised feature by feature, by the hidden rows' own means and deviations",
            values.reshape(rows.shape),
        )
    span = flat.max(axis=0) - flat.min(axis=0)
    fitted = (flat - flat.min(axis=0)) / np.where(span > 0, span, 1)
    yield "brought to 0..1 feature by feature, by the hidden rows' own extremes", fitted.reshape(rows.shape)


def _standardised(known: Floats) -> bool:
    """Return whether the middle feature has about the mean 0 and the deviation 1."""
    spreads = known.std(axis=0)
    varied = spreads > 0
    if not varied.any():
        return False
    middle = float(np.median(spreads[varied]))
    return abs(float(np.median(known.mean(axis=0)[varied]))) < 0.5 and 0.5 < middle < 2


# ---------------------------------------------------------------- shape
def _shaped(hidden: HiddenData, wanted: tuple[int, ...]) -> tuple[Floats, tuple[str, ...]]:
    if hidden.rows is None:
        height, width, channels = _picture(wanted)
        rows = np.stack([_opened(path, height, width, channels) for path in hidden.pictures])
        flat = rows.reshape(len(rows), *wanted)
        return flat, (f"pictures read at {height} x {width} with {channels} channel{'s' * (channels > 1)}",)
    rows = np.asarray(hidden.rows, dtype=np.float64)
    given = rows.shape[1:]
    if given == wanted:
        return rows, ()
    if math.prod(given) == math.prod(wanted):
        step = "a channel axis added" if (*given, 1) == wanted else "the channel axis dropped"
        if abs(len(given) - len(wanted)) != 1 or 1 not in (given[-1], wanted[-1]):
            step = f"reshaped from {_sides(given)} to {_sides(wanted)}"
        return rows.reshape(len(rows), *wanted), (step,)
    base = given[:-1] if given[-1] == 1 and len(given) == 3 else given
    if len(base) == 2 and wanted == (*base, 3):
        return np.repeat(rows.reshape(len(rows), *base, 1), 3, axis=-1), ("grey repeated as three channels",)
    if len(given) == 3 and given[-1] == 3 and math.prod(wanted) == math.prod(given[:-1]):
        return (rows @ GREY).reshape(len(rows), *wanted), ("colours turned into grey",)
    raise VerificationError(f"The hidden test's rows are {_sides(given)}, and the model takes {_sides(wanted)}")


def _picture(wanted: tuple[int, ...]) -> tuple[int, int, int]:
    match wanted:
        case (height, width):
            return height, width, 1
        case (height, width, (1 | 3) as channels):
            return height, width, channels
        case (values,):
            for channels in (1, 3):
                side = math.isqrt(values // channels)
                if side * side * channels == values:
                    return side, side, channels
    raise VerificationError(f"The hidden test holds pictures, and the model takes rows of {_sides(wanted)}")


def _opened(path: object, height: int, width: int, channels: int) -> Floats:
    with Image.open(str(path)) as picture:
        plain = picture.convert("L" if channels == 1 else "RGB").resize((width, height), Image.Resampling.BILINEAR)
        return np.asarray(plain, dtype=np.float64).reshape(height, width, channels)


def _sides(shape: tuple[int, ...]) -> str:
    return " x ".join(str(side) for side in shape)
