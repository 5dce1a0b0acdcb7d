"""Units that answer 0 to every row are counted in the clean process, beside the score."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import pytest

import grader.verification

sys.path.append(str(Path(grader.verification.__file__).parent))  # in the box, inside.py finds its neighbour there
from grader.model import SilentUnits
from grader.verification.inside import silent_units
from grader.verification.recompute import read_replies

ROWS = np.random.default_rng(0).uniform(size=(60, 12)).astype(np.float32)


def network(*layers):
    return keras.Sequential([keras.Input((12,)), *layers, keras.layers.Dense(3, activation="softmax")])


def test_a_layer_pushed_below_zero_is_silent():
    """A huge negative bias, as one step too long leaves it: no unit answers; the next layer still has its own say."""
    keras.utils.set_random_seed(1)
    first, second = keras.layers.Dense(16, activation="relu"), keras.layers.Dense(10)
    model = network(first, second, keras.layers.ReLU())
    first.set_weights([first.get_weights()[0], np.full(16, -100.0)])
    second.set_weights([second.get_weights()[0], np.ones(10)])
    assert [item[1:] for item in silent_units(model, ROWS, None)] == [[16, 16], [10, 0]]


def test_convolutions_are_counted_by_filter():
    """A filter is silent where no place of any picture answers."""
    keras.utils.set_random_seed(1)
    conv = keras.layers.Conv2D(4, 3, activation="relu")
    model = keras.Sequential([keras.Input((8, 8, 1)), conv, keras.layers.Flatten(), keras.layers.Dense(2)])
    kernel, bias = conv.get_weights()
    conv.set_weights([np.abs(kernel), np.where(np.arange(4) < 1, -100.0, bias)])
    pictures = np.random.default_rng(0).integers(1, 255, (40, 8, 8, 1)).astype(np.uint8)
    assert [item[1:] for item in silent_units(model, pictures, 255)] == [[4, 1]]


def test_nothing_to_look_at():
    """No ReLU, or too few rows: nothing is said."""
    assert silent_units(network(keras.layers.Dense(8, activation="tanh")), ROWS, None) == []
    assert silent_units(network(keras.layers.Dense(8, activation="relu")), ROWS[:5], None) == []


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ([["dense", 16, 16]], (SilentUnits("dense", 16, 16),)),
        ([["dense", 16, 17], ["x"], 3, ["y", "1", 1]], ()),
        ("all of them", ()),
        (None, ()),
    ],
)
def test_only_what_is_well_formed_is_believed(told, kept):
    """The box opens the student's file: its reply is looked at field by field."""
    answer = b'{"begin": "j0"}\n{"job": "j0", "predictions": "%s", "step": 1, "silent": %s}\n'
    import base64
    import io
    import json

    buffer = io.BytesIO()
    np.save(buffer, np.zeros((4, 3), np.float32))
    lines = answer % (base64.b64encode(buffer.getvalue()), json.dumps(told).encode())
    found = read_replies(lines, {"j0"}).outcomes["j0"]
    assert found.silent == kept
    assert replace(found, silent=()).step == 1
