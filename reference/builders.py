"""Small Keras builders of the reference networks: linear, dense and convolutional.

They run inside a sandbox, started by `train.py`; nothing of the host is imported here. Every builder takes the shape
of one row, the number of outputs, the activation of the head and the recipe's settings.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

SMALL_MAP = 7
"""Blocks are added until the feature map is at most this wide: 28 x 28 gets two, 100 x 100 four, 8 x 8 one."""

LARGEST_SIDE = 112
"""Wider pictures are averaged down first: a reference must stay cheap on two cores."""

LARGEST_FLAT_SIDE = 64
"""The same for nets on flattened pixels, whose first layer grows with the square of the side."""


def linear(shape: Sequence[int], outputs: int, activation: str | None, settings: Mapping[str, Any]) -> Any:
    """One dense layer on the flattened row: logistic, softmax or linear regression."""
    return dense(shape, outputs, activation, {**settings, "hidden": []})


def dense(shape: Sequence[int], outputs: int, activation: str | None, settings: Mapping[str, Any]) -> Any:
    """Fully connected net on the flattened row; `hidden` lists the units, `dropout` follows each hidden layer."""
    import keras

    layers = [keras.layers.Input(tuple(shape)), *_shrunk(shape, LARGEST_FLAT_SIDE), keras.layers.Flatten()]
    for units in settings["hidden"]:
        layers.append(keras.layers.Dense(units, activation="relu"))
        layers.extend(_dropout(settings))
    layers.append(keras.layers.Dense(outputs, activation=activation))
    return keras.Sequential(layers)


def cnn(shape: Sequence[int], outputs: int, activation: str | None, settings: Mapping[str, Any]) -> Any:
    """Blocks of 3 x 3 convolution and 2 x 2 pooling until the map is small, one dense layer, the head.

    `filters` lists the filters of the first blocks (the last value goes on), `hidden` the units of the dense layers.
    """
    import keras

    shrunk = _shrunk(shape, LARGEST_SIDE)
    layers: list[Any] = [keras.layers.Input(tuple(shape)), *shrunk]
    side = min(shape[0], shape[1]) // (math.ceil(max(shape[:2]) / LARGEST_SIDE) if shrunk else 1)
    filters = list(settings["filters"])
    block = 0
    while block == 0 or side > SMALL_MAP:
        # A picture of fewer than 4 pixels a side has no room for a convolution without padding.
        padding = "valid" if side >= 4 else "same"
        layers.append(keras.layers.Conv2D(filters[min(block, len(filters) - 1)], 3, padding=padding, activation="relu"))
        side = side - 2 if padding == "valid" else side
        if side >= 2:
            layers.append(keras.layers.MaxPooling2D())
            side //= 2
        block += 1
    layers.append(keras.layers.Flatten())
    layers.extend(_dropout(settings))
    layers.extend(keras.layers.Dense(units, activation="relu") for units in settings["hidden"])
    layers.append(keras.layers.Dense(outputs, activation=activation))
    return keras.Sequential(layers)


def _dropout(settings: Mapping[str, Any]) -> list[Any]:
    import keras

    rate = settings.get("dropout", 0.0)
    return [keras.layers.Dropout(rate)] if rate else []


def _shrunk(shape: Sequence[int], largest: int) -> list[Any]:
    import keras

    if len(shape) != 3 or max(shape[:2]) <= largest:
        return []
    return [keras.layers.AveragePooling2D(math.ceil(max(shape[:2]) / largest), padding="valid")]


BUILDERS: dict[str, Callable[[Sequence[int], int, str | None, Mapping[str, Any]], Any]] = {
    "linear": linear,
    "dense": dense,
    "cnn": cnn,
}
