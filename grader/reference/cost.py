"""What training a network costs, estimated from sizes alone.

Costs are *nominal seconds*: seconds on the reference machine, two otherwise idle cores of an Intel Xeon (Rocket Lake,
AVX-512) with TensorFlow's CPU build. The constants were measured there once, with float32, Adam and two threads, on
rows of 8 x 8 to 100 x 100 pixels and tables of 13 to 500 columns; they are rounded up. They decide how much is
trained, so that a plan is the same on every machine; they are not adapted to the machine at hand.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from grader.reference.recipes import Recipe

STEP_S = {"linear": 0.15e-3, "dense": 0.25e-3, "cnn": 0.7e-3}
"""A step on no rows: dispatching its operations."""

START_S = {"linear": 0.6, "dense": 0.6, "cnn": 0.8}
"""Building the network and tracing its graphs, once for all seeds."""

SEED_S = 0.15
"""New weights and the last predictions, for each seed."""

DENSE_STEP_S_PER_WEIGHT = 4.6e-9
"""Gradient and Adam's moments of one weight of a dense layer, for each step whatever its rows."""

DENSE_S_PER_MULTIPLY_ADD = 48e-12
CONVOLUTION_S_PER_MULTIPLY_ADD = 30e-12
S_PER_ACTIVATION = 2e-9
"""Bias, ReLU, pooling and their gradients, for each value that a convolution gives."""

S_PER_INPUT = 1.5e-9
"""Gathering one value of a row into its batch."""

FORWARD_SHARE = 0.55
"""A forward pass against a whole training step."""

SMALL_MAP = 7
LARGEST_SIDE = 112
LARGEST_FLAT_SIDE = 64
"""As in `reference/builders.py`, which says why."""


@dataclass(frozen=True, slots=True)
class Size:
    """What one row costs in a network: multiply-adds of its layers, values of its feature maps and of the row."""

    dense: int
    convolution: int = 0
    activations: int = 0
    inputs: int = 0

    @property
    def row_s(self) -> float:
        """Nominal seconds of training on one row once, the step's own cost left out."""
        return (
            self.dense * DENSE_S_PER_MULTIPLY_ADD
            + self.convolution * CONVOLUTION_S_PER_MULTIPLY_ADD
            + self.activations * S_PER_ACTIVATION
            + self.inputs * S_PER_INPUT
        )


def network_size(recipe: Recipe, shape: Sequence[int], outputs: int) -> Size:
    """Return the size of a recipe's network for rows of that shape; `outputs` are the units of its head."""
    inputs = math.prod(shape)
    if recipe.builder == "cnn":
        return _cnn_size(recipe, shape, outputs, inputs)
    flat = math.prod(_shrunk(shape, LARGEST_FLAT_SIDE))
    hidden = [] if recipe.builder == "linear" else recipe.settings["hidden"]
    return Size(_chain([flat, *hidden, outputs]), inputs=inputs)


def _cnn_size(recipe: Recipe, shape: Sequence[int], outputs: int, inputs: int) -> Size:
    """Follow the blocks of `builders.cnn`."""
    height, width, channels = _shrunk(shape, LARGEST_SIDE)
    filters = list(recipe.settings["filters"])
    convolution = activations = block = 0
    while block == 0 or min(height, width) > SMALL_MAP:
        count = filters[min(block, len(filters) - 1)]
        if min(height, width) >= 4:
            height, width = height - 2, width - 2
        convolution += height * width * 9 * channels * count
        activations += height * width * count
        if min(height, width) >= 2:
            height, width = height // 2, width // 2
        channels, block = count, block + 1
    dense = _chain([height * width * channels, *recipe.settings["hidden"], outputs])
    return Size(dense, convolution, activations, inputs)


def _chain(units: Sequence[int]) -> int:
    return sum(before * after for before, after in pairwise(units))


def _shrunk(shape: Sequence[int], largest: int) -> tuple[int, ...]:
    if len(shape) != 3 or max(shape[:2]) <= largest:
        return tuple(shape)
    by = math.ceil(max(shape[:2]) / largest)
    return shape[0] // by, shape[1] // by, shape[2]


def training_s(recipe: Recipe, size: Size, *, steps: int, batch: int, watched: int, answered: int, seeds: int) -> float:
    """Return the nominal seconds of training a recipe from all its seeds, early stopping left out of account.

    `steps` of `batch` rows are taken for each seed; `watched` and `answered` are rows that only pass forward, for
    validation (over all epochs) and for the predictions.
    """
    step = STEP_S[recipe.builder] + size.dense * DENSE_STEP_S_PER_WEIGHT + batch * size.row_s
    forward = (watched + answered) * size.row_s * FORWARD_SHARE
    return START_S[recipe.builder] + seeds * (SEED_S + steps * step + forward)
