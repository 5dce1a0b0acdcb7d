"""Wrong predictions are shown as small PNGs whatever the rows' shape and scale."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from grader.verification.pictures import LARGEST_SIDE, draw_rows, image_shape

RAMP = np.tile(np.arange(64, dtype=np.float64).reshape(1, 8, 8), (3, 1, 1)) / 63


def pixels(text):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(text))))


@pytest.mark.parametrize(
    "rows",
    [RAMP, RAMP * 255, RAMP * 2 - 1, (RAMP - RAMP.mean()) / RAMP.std(), RAMP[..., None], RAMP.reshape(3, 64)],
    ids=["0..1", "0..255", "-1..1", "standardised", "channel", "flattened"],
)
def test_every_scaling_gives_the_same_picture(rows):
    """A ramp from black to white is one whether it was scaled, standardised or flattened."""
    (picture,) = draw_rows(rows, [1], "image")
    assert np.abs(pixels(picture).astype(int) - np.rint(RAMP[1] * 255).astype(int)).max() <= 1


def test_large_photos_are_made_small():
    """A photo of 200 x 100 becomes one of 64 x 32, in colour."""
    photos = np.random.default_rng(0).random((2, 200, 100, 3))
    (picture,) = draw_rows(photos, [0], "image")
    assert pixels(picture).shape == (LARGEST_SIDE, LARGEST_SIDE // 2, 3)


@pytest.mark.parametrize(
    ("shape", "kind", "expected"),
    [
        ((64,), "image", (8, 8, 1)),
        ((3072,), "image", (32, 32, 3)),
        ((64,), "table", None),
        ((64,), "unknown", None),
        ((13,), "image", None),
        ((28, 28, 2), "image", None),
        ((100, 40), "sequence", None),
    ],
)
def test_which_rows_are_pictures(shape, kind, expected):
    """A table of 64 columns is no picture; a flattened row is one where the task is on images."""
    assert image_shape(shape, kind) == expected


def test_rows_of_nan_draw_nothing():
    """Rows without a single finite value have no picture."""
    assert draw_rows(np.full((2, 8, 8), np.nan), [0], "image") == ("",)
