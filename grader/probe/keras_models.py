"""Keras models: what they are made of, the digest of their weights, and saving them."""

from __future__ import annotations

import hashlib
import json
import math
import sys
import zipfile
from typing import Any

SETTINGS = (
    "units", "filters", "kernel_size", "activation", "recurrent_activation", "rate", "strides", "pool_size", "padding",
    "dilation_rate", "kernel_regularizer", "bias_regularizer", "activity_regularizer", "kernel_initializer",
    "input_dim", "output_dim", "momentum", "epsilon", "return_sequences", "bidirectional", "dropout",
    "recurrent_dropout", "num_heads", "key_dim", "scale", "offset", "factor", "mode", "target_shape", "size",
    "height_factor", "width_factor", "use_bias", "negative_slope", "alpha", "stddev", "max_tokens", "data_format",
)  # fmt: skip

AUGMENTING = ("Random", "AutoContrast", "AugMix", "CutMix", "MixUp", "RandAugment", "Solarization", "Equalization")


def description(model: Any, pretrained_source: Any) -> dict[str, Any]:
    """Return the fields of `model.described`."""
    layers = flattened(model)
    sources = [source for source in (pretrained_source(layer) for layer in [model, *layers]) if source]
    return {
        "library": type(model).__module__.split(".")[0] if _family(model) != "subclassed" else "keras",
        "class": type(model).__name__,
        "family": _family(model),
        "layers": [_layer(layer) for layer in layers],
        "parameters": parameters_of(weights_of(model)),
        "trainable_parameters": parameters_of(weights_of(model, trainable=True)),
        "input_shape": _shape(model, "inputs"),
        "output_shape": _shape(model, "outputs"),
        "output_activation": _output_activation(layers),
        "pretrained": sources[0] if sources else "",
    }


def _family(model: Any) -> str:
    kinds = [kind.__name__ for kind in type(model).__mro__]
    if "Sequential" in kinds:
        return "sequential"
    return "functional" if "Functional" in kinds else "subclassed" if "Model" in kinds else "other"


def parameters_of(weights: Any) -> int:
    """Return how many numbers these weights hold."""
    return sum(int(math.prod(weight.shape)) for weight in weights)


def _shape(model: Any, name: str) -> list[Any]:
    try:
        tensors = getattr(model, name)
    except (AttributeError, ValueError, RuntimeError):
        return []
    return list(tensors[0].shape) if isinstance(tensors, list) and tensors else []


def _layer(layer: Any) -> dict[str, Any]:
    kind = type(layer)
    return {
        "name": str(layer.name),
        "class": kind.__name__,
        "parameters": parameters_of(weights_of(layer)),
        "trainable": bool(getattr(layer, "trainable", False)),
        "output_shape": _layer_shape(layer),
        "settings": layer_settings(layer) if _is_own(kind) and hasattr(layer, "weights") else {},
    }


def _is_own(kind: type) -> bool:
    return kind.__module__.startswith(("keras.", "tf_keras."))


def _layer_shape(layer: Any) -> list[Any]:
    try:
        shape = layer.output.shape
    except (AttributeError, ValueError, RuntimeError):
        return []
    return list(shape)


def layer_settings(layer: Any) -> dict[str, Any]:
    """Return the settings of a layer that say what it is, objects by their class and numbers."""
    config = layer.get_config()
    out = {name: _setting(config[name]) for name in SETTINGS if config.get(name) is not None}
    inner = getattr(layer, "layer", None) or getattr(layer, "forward_layer", None)
    if inner is not None and hasattr(inner, "get_config"):
        out.update({f"layer.{name}": value for name, value in layer_settings(inner).items()})
        out["layer"] = type(inner).__name__
    return out


def _setting(value: Any) -> Any:
    if isinstance(value, dict):
        name = value.get("class_name", value.get("config"))
        numbers = value.get("config")
        if isinstance(numbers, dict):
            inside = {key: item for key, item in numbers.items() if isinstance(item, (int, float)) and item}
            return f"{name}({', '.join(f'{key}={item:.6g}' for key, item in sorted(inside.items()))})"
        return str(name)
    return value


def _output_activation(layers: list[Any]) -> str:
    if not layers:
        return ""
    last = layers[-1]
    if type(last).__name__ in ("Softmax", "ReLU", "LeakyReLU"):
        return type(last).__name__.lower()
    activation = getattr(last, "activation", None)
    return str(getattr(activation, "__name__", "") or "") if activation is not None else ""


def flattened(model: Any) -> list[Any]:
    """Return the layers of a model, nested ones in their place; bare `keras.ops` of a graph stand among them."""
    out: list[Any] = []
    members: Any = getattr(model, "operations", None) or getattr(model, "layers", ())
    for layer in members:
        inner = getattr(layer, "layers", None)
        if isinstance(inner, list) and inner:
            out.extend(flattened(layer))
        elif type(layer).__name__ != "InputLayer":
            out.append(layer)
    return out


def augmenting_layers(model: Any) -> list[str]:
    """Return the class names of the model's layers that vary their input at random while training."""
    names = [type(layer).__name__ for layer in flattened(model)]
    return [name for name in names if name.startswith(AUGMENTING)]


def weights_of(model: Any, *, trainable: bool = False) -> list[Any]:
    """Return the weights of a model or layer: none yet where it was not built, which Keras 2 makes an error."""
    try:
        return list(model.trainable_weights if trainable else model.weights)
    except (AttributeError, ValueError):  # a bare operation has none at all
        return []


def weights_digest(model: Any) -> str:
    """Return a hash of all weights in order, names left out; empty for a model without weights yet."""
    import numpy as np

    summary = hashlib.blake2b(digest_size=16)
    weights = weights_of(model)
    for weight in weights:
        values = np.ascontiguousarray(values_of(weight))
        summary.update(repr((values.shape, str(values.dtype))).encode())
        summary.update(values.reshape(-1).view(np.uint8).data)
    return summary.hexdigest() if weights else ""


def values_of(weight: Any) -> Any:
    """Return a weight's values as an array."""
    # Keras's own `numpy()` goes by way of `__array__`, of which numpy warns.
    value = getattr(weight, "value", weight)
    return value.numpy() if hasattr(value, "numpy") else weight.numpy()


def obstacle(model: Any) -> str:
    """Return why a saved model couldn't be loaded without the student's code, or an empty text."""
    for layer in [model, *flattened(model)]:
        kind = type(layer)
        if not kind.__module__.startswith(("keras.", "tf_keras.")):
            return f"class {kind.__name__} is defined in the notebook"
        if kind.__name__ == "Lambda":
            return "a Lambda layer holds Python code"
    return ""


def save_model(model: Any, path: str) -> None:
    """Save a model by its own Keras: as a `.keras` archive, or, before Keras 2.12, as its configuration and weights.

    Not by the model's own `save` or `to_json`, which a student may have overridden.
    """
    kinds = [kind for kind in type(model).__mro__ if kind.__module__.startswith(("keras.", "tf_keras."))]
    root = kinds[0].__module__.partition(".")[0]
    for name in (f"{root}.src.saving.saving_lib", f"{root}.saving.saving_lib"):
        library = sys.modules.get(name)
        if library is not None:
            library.save_model(model, path)
            return
    trainer: Any = next(kind for kind in kinds if kind.__name__ == "Model")
    _save_parts(path, trainer.to_json(model), weights_of(model))


def _save_parts(path: str, config: str, weights: list[Any]) -> None:
    import numpy as np

    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", config)
        archive.writestr("metadata.json", json.dumps({"keras_version": sys.modules["keras"].__version__}))
        with archive.open("weights.npz", "w", force_zip64=True) as file:
            np.savez(file, **{f"w{place}": weight.numpy() for place, weight in enumerate(weights)})
