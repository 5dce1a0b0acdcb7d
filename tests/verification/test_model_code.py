"""Model files made to run code when they are opened: in the clean box safe mode holds, and nothing is recomputed."""

from __future__ import annotations

import json
import warnings
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.model import Verified
from grader.sandbox import Limits, detect_tier
from grader.verification import verify

pytestmark = pytest.mark.slow

ROWS = np.random.default_rng(0).random((40, 8, 8)).astype(np.float32)
KINDS = np.arange(40) % 10


def call_of(module: str, name: str) -> dict[str, Any]:
    """How Keras writes down a function: where to import it from."""
    return {"module": module, "class_name": "function", "config": name, "registered_name": name}


def layer(module: str, name: str, /, **config: Any) -> dict[str, Any]:
    """How Keras writes down a layer."""
    return {"module": module, "class_name": name, "config": {"name": "odd", **config}, "registered_name": None}


ODD_LAYERS = {
    "os-system": layer("os", "system", command="kill -9 $PPID"),
    "exit-by-name": {**layer("builtins", "exit"), "registered_name": "builtins>exit"},
    "eval": layer("builtins", "eval", source="__import__('os')._exit(7)"),
    "activation": layer("keras.layers", "Activation", activation=call_of("os", "_exit")),
    "initializer": layer("keras.layers", "Dense", units=3, kernel_initializer=call_of("os", "abort")),
    "unsafe-mode": layer(
        "keras.layers", "Activation", activation=call_of("keras.config", "enable_unsafe_deserialization")
    ),
    "fetches": layer("keras.layers", "Activation", activation=call_of("keras.utils", "get_file")),
    "lambda": layer(
        "keras.layers",
        "Lambda",
        function={"class_name": "__lambda__", "config": {"code": "4wAAAAA=\n", "defaults": None, "closure": None}},
    ),
    "torch": layer("keras.layers", "TorchModuleWrapper", module="gASVAAAAAAAAAC4="),
}
"""A layer in the config that stands for a call: by module, by registered name, as an activation, as pickled code."""


@pytest.fixture(scope="module")
def results(bench: Any) -> dict[str, Verified]:
    """All of them, and an honest model, in one box."""
    import keras

    plain = keras.Sequential(
        [keras.Input((8, 8)), keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")]
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras's own, of NumPy
        scorings = [bench.scoring("honest", plain, ROWS, KINDS)]
    source = bench.folder / "honest.keras"
    for name, odd in ODD_LAYERS.items():
        scorings.append(bench.scoring(name, with_layer(source, bench.folder / f"{name}.keras", odd), ROWS, KINDS))
    return {item.scoring: item for item in verify(tuple(scorings), tier=detect_tier().tier, limits=Limits())}


def with_layer(source: Path, target: Path, odd: dict[str, Any]) -> Path:
    """Write an archive with one more layer in its config."""
    with zipfile.ZipFile(source) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(members["config.json"])
    config["config"]["layers"].insert(1, odd)
    members["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return target


@pytest.mark.parametrize("name", sorted(ODD_LAYERS))
def test_a_config_that_names_code_runs_none(results: dict[str, Verified], name: str) -> None:
    """The layer is refused by Keras, in the process that goes on: it was neither ended nor made to answer."""
    result = results[name]
    assert (result.origin, result.accuracy) == ("kernel", None)
    assert result.note.startswith("Not recomputed: ")
    assert "ended" not in result.note


def test_the_honest_model_beside_them_is_recomputed(results: dict[str, Verified]) -> None:
    """One box opens them all."""
    assert results["honest"].origin == "verified"
    assert results["honest"].accuracy is not None
