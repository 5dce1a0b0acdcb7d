"""Rows as pictures: which row shapes are images, and small PNGs of single rows."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Sequence

import numpy as np
from PIL import Image

from grader.model import InputKind
from grader.verification.arrays import Array

LARGEST_SIDE = 64
"""Pixels of a picture's longer side in evidence: 24 photos stay below half a megabyte."""

RANGE_ROWS = 256
"""Rows from which the range of values is taken, so that all pictures of a set share one scale."""

CHANNELS = (1, 3)


def image_shape(row_shape: Sequence[int], kind: InputKind) -> tuple[int, int, int] | None:
    """Return height, width and channels of rows of that shape, or None where they are no pictures.

    A flattened row is a picture only where the task is known to be on images: a table may have 64 columns too.
    """
    if kind not in {"image", "unknown"}:
        return None
    match tuple(row_shape):
        case (height, width) if height > 1 and width > 1:
            return height, width, 1
        case (height, width, channels) if channels in CHANNELS and height > 1 and width > 1:
            return height, width, channels
        case (channels, height, width) if channels in CHANNELS and height > 1 and width > 1:
            return height, width, channels
        case (values,) if kind == "image":
            return _unflattened(values)
    return None


def channels_last(rows: Array) -> Array:
    """Return pictures as Keras and this project hold them; PyTorch's have their channels before height and width."""
    first = rows.ndim == 4 and rows.shape[1] in CHANNELS and rows.shape[3] not in CHANNELS
    return np.moveaxis(rows, 1, 3) if first else rows


def _unflattened(values: int) -> tuple[int, int, int] | None:
    for channels in CHANNELS:
        side = math.isqrt(values // channels)
        if side > 1 and side * side * channels == values:
            return side, side, channels
    return None


def draw_rows(rows: Array, picked: Sequence[int], kind: InputKind) -> tuple[str, ...]:
    """Return one PNG as base64 for each picked row; empty texts where the rows are no pictures.

    Whatever the scaling (0..255, 0..1, -1..1, standardised), the set's lowest value becomes black, its highest white;
    0 stays black where no value is negative.
    """
    shape = image_shape(rows.shape[1:], kind)
    if shape is None or not len(picked):
        return ("",) * len(picked)
    chosen = channels_last(np.asarray(rows[list(picked)], dtype=np.float64))
    sample = np.concatenate([np.asarray(rows[:RANGE_ROWS], dtype=np.float64).reshape(-1), chosen.reshape(-1)])
    finite = sample[np.isfinite(sample)]
    if not finite.size:
        return ("",) * len(picked)
    low = min(0.0, float(finite.min()))
    span = (float(finite.max()) - low) or 1.0
    grey = np.nan_to_num(np.clip((chosen - low) / span, 0, 1) * 255).round().astype(np.uint8)
    return tuple(_png(picture) for picture in grey.reshape(-1, *shape))


def _png(picture: Array) -> str:
    image = Image.fromarray(picture[:, :, 0] if picture.shape[2] == 1 else picture)
    image.thumbnail((LARGEST_SIDE, LARGEST_SIDE))
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return base64.b64encode(buffer.getvalue()).decode("ascii")
