"""All models of a run, of Keras or PyTorch: their names and descriptions, and sealing them at the moment of scoring."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import threading
import warnings
import weakref
from collections.abc import Callable, Iterator
from typing import Any

from . import keras_models, torch_models
from .arrays import is_symbolic
from .channel import Channel, jsonable
from .keras_models import weights_of
from .wire import CHUNK_BYTES, MAX_ARTIFACT_BYTES, MAX_SEALS

SEALS_PER_CELL = 8
"""Most seals made while one cell runs; the state a cell leaves behind is sealed beyond that, at its end."""

MAX_STARTS = 3
"""Most models of a run that are sent as their first training finds them: the result is mostly of the first or last."""

MAX_START_WEIGHTS = 4_000_000
"""Largest model sent so early, 16 MB: networks that beginners train; a large backbone is told by its loading."""


class Models:
    """All models of the run, by object."""

    def __init__(self, channel: Channel) -> None:
        """Start empty."""
        self._channel = channel
        self._names: dict[int, tuple[Any, str]] = {}
        self._described: dict[str, str] = {}
        self._pretrained: dict[int, tuple[Any, str]] = {}
        self._sealed: set[tuple[str, str]] = set()
        self._seals = 0
        self._seals_in_cell = 0
        self._waiting: dict[str, tuple[Any, str]] = {}
        self._count = 0
        self._trained: set[str] = set()
        self._made: set[str] = set()
        self._starts = 0
        self._first_weights: dict[str, tuple[str, list[Any]]] = {}
        self.graph_of: Callable[..., bytes] | None = None
        """Gives the archive of a model's graph: how those are sealed that can't be loaded without student's code."""
        self._torch: dict[int, tuple[Any, torch_models.Seen]] = {}

    def torch_seen(self, module: Any) -> torch_models.Seen | None:
        """Return what calls of a PyTorch module showed, None where it was not called yet."""
        held = self._torch.get(id(module))
        return held[1] if held is not None and held[0]() is module else None

    def torch_know(self, module: Any, seen: torch_models.Seen) -> None:
        """Remember what a call of a PyTorch module showed."""
        self._torch[id(module)] = (weakref.ref(module), seen)

    def name(self, model: Any) -> str:
        """Return the id of a model object."""
        held = self._names.get(id(model))
        if held is not None and held[0]() is model:
            return held[1]
        self._count += 1
        name = f"m{self._count}"
        self._names[id(model)] = (weakref.ref(model), name)
        return name

    def note_pretrained(self, model: Any, source: str) -> None:
        """Remember that a model and all of its layers came with trained weights."""
        for layer in [model, *getattr(model, "layers", ())]:
            self._pretrained[id(layer)] = (weakref.ref(layer), source)

    def pretrained_source(self, layer: Any) -> str:
        """Return where a layer's weights came from, or an empty text."""
        held = self._pretrained.get(id(layer))
        return held[1] if held is not None and held[0]() is layer else ""

    def describe(self, model: Any) -> str:
        """Send `model.described` where the model is new or has changed, and return its id."""
        name = self.name(model)
        try:
            if torch_models.is_module(model):
                seen = self.torch_seen(model) or torch_models.Seen()
                fields = torch_models.description(model, seen, self.pretrained_source(model))
            else:
                fields = keras_models.description(model, self.pretrained_source)
        except Exception as error:
            # A layer of the student's own may fail when asked about itself; what the model did still counts.
            self._channel.send("probe.fault", where="describe", error=f"{type(error).__name__}: {error}"[:500])
            return name
        text = json.dumps(jsonable(fields), sort_keys=True)
        if self._described.get(name) != text:
            self._described[name] = text
            self._channel.send("model.described", model=name, **fields)
        return name

    def seal(self, model: Any, weights: str) -> None:
        """Send the model as it is now, unless this state was sent or too many were."""
        name = self.name(model)
        self._waiting.pop(name, None)
        if not weights or (name, weights) in self._sealed:
            return
        if self._seals >= MAX_SEALS:
            self._sealed.add((name, weights))
            self._channel.send("model.sealed", model=name, weights=weights, why_not="too many sealed models")
            return
        if self._seals_in_cell >= SEALS_PER_CELL:
            self._waiting[name] = (weakref.ref(model), weights)
            return
        self._seal_now(model, name, weights)

    def seal_start(self, model: Any, weights: str) -> None:
        """Send a model as its first training finds it; not where an earlier training left these weights."""
        known = not weights or weights in self._trained
        if known or self._starts >= MAX_STARTS or _weight_bytes(model) > 4 * MAX_START_WEIGHTS:
            return
        self._starts += 1
        if obstacle(model):
            # What it computes is known once it has scored: its graph is then sent with these weights too.
            values = [np_copy(keras_models.values_of(weight)) for weight in weights_of(model)]
            self._first_weights.setdefault(self.name(model), (weights, values))
            return
        with contextlib.suppress(Exception):  # what can't be saved now is told when it is scored
            artifact = self._send_saved(model)
            self._channel.send("model.start", model=self.name(model), weights=weights, artifact=artifact)

    def note_trained(self, weights: str) -> None:
        """Remember that a training left these weights."""
        self._trained.add(weights)
        self.note_made(weights)

    def note_made(self, weights: str) -> None:
        """Remember weights that a training found, or came to by its own steps."""
        self._made.add(weights)

    def is_made(self, weights: str) -> bool:
        """Tell whether a training found these weights or came to them."""
        return weights in self._made

    def end_cell(self) -> None:
        """Seal what was put off in this cell, where the model is still in the state that was scored."""
        self._seals_in_cell = 0
        waiting, self._waiting = self._waiting, {}
        for name, (reference, weights) in waiting.items():
            model = reference()
            if model is not None and self._seals < MAX_SEALS and weights_digest(model) == weights:
                self._seal_now(model, name, weights)
            else:
                self._channel.send("model.sealed", model=name, weights=weights, why_not="too many states in one cell")

    def _seal_now(self, model: Any, name: str, weights: str) -> None:
        self._sealed.add((name, weights))
        self._seals += 1
        self._seals_in_cell += 1
        problem = obstacle(model)
        artifact = None
        try:
            artifact = self._send_graph(model, name) if problem else self._send_saved(model)
            problem = "" if artifact else "larger than the channel carries"
        except Exception as error:
            first = str(error).strip().partition("\n")[0]
            why = (
                first
                if type(error).__name__ in ("NoGraphError", "NotWrittenError")
                else f"{type(error).__name__}: {first}"
            )
            problem = "; ".join(part for part in (problem, why) if part)[:300]
        self._channel.send("model.sealed", model=name, weights=weights, artifact=artifact, why_not=problem or None)

    def _send_graph(self, model: Any, name: str) -> str | None:
        """Send the model's graph, and once the same graph with the weights its first training found."""
        if self.graph_of is None or _weight_bytes(model) > MAX_ARTIFACT_BYTES:
            return None
        with _without_warnings():
            data = self.graph_of(model)
        artifact = self._channel.send_artifact("graph", len(data), [data])
        weights, values = self._first_weights.pop(name, ("", []))
        if artifact and values and len(values) == len(weights_of(model)):
            with contextlib.suppress(Exception):
                data = self.graph_of(model, values)
                start = self._channel.send_artifact("graph", len(data), [data])
                self._channel.send("model.start", model=name, weights=weights, artifact=start)
        return artifact

    def _send_saved(self, model: Any) -> str | None:
        if _weight_bytes(model) > MAX_ARTIFACT_BYTES:
            return None
        if torch_models.is_module(model):
            return self._send_exported(model)
        with tempfile.TemporaryDirectory(prefix="seal-") as folder:
            path = os.path.join(folder, "model.keras")
            with _without_warnings():
                keras_models.save_model(model, path)
            return self._channel.send_artifact("keras", os.path.getsize(path), _pieces(path))

    def _send_exported(self, module: Any) -> str | None:
        seen = self.torch_seen(module)
        if seen is None or not seen.inputs:
            raise ValueError("no call of the module was seen")
        content = torch_models.exported(module, seen.inputs)
        return self._channel.send_artifact("program", len(content), [content])


def _pieces(path: str) -> Iterator[bytes]:
    with open(path, "rb") as file:
        while piece := file.read(CHUNK_BYTES):
            yield piece


@contextlib.contextmanager
def _without_warnings() -> Iterator[None]:
    """Silence this thread's warnings without touching filters or the registries of warnings already shown."""
    original, owner = warnings.warn, threading.get_ident()

    def warn(*args: Any, **kwargs: Any) -> None:
        if threading.get_ident() != owner:
            original(*args, **kwargs)

    warnings.warn = warn
    try:
        yield
    finally:
        warnings.warn = original


def weights_digest(model: Any) -> str:
    """Return a hash of all weights in order, names left out; empty for a model without weights yet."""
    if torch_models.is_module(model):
        return torch_models.weights_digest(model)
    return keras_models.weights_digest(model)


def obstacle(model: Any) -> str:
    """Return why a saved model couldn't be loaded without the student's code, or an empty text."""
    return "" if torch_models.is_module(model) else keras_models.obstacle(model)


def augmenting_layers(model: Any) -> list[str]:
    """Return the class names of the model's layers that vary their input at random while training."""
    return [] if torch_models.is_module(model) else keras_models.augmenting_layers(model)


def _weight_bytes(model: Any) -> int:
    if torch_models.is_module(model):
        return torch_models.weight_bytes(model)
    return 4 * keras_models.parameters_of(weights_of(model))


def np_copy(values: Any) -> Any:
    """Return a copy of values that later steps of training don't change."""
    import numpy as np

    return np.array(values)


def leading_rows(value: Any) -> int | None:
    """Return the number of rows of concrete model inputs; None for symbolic or row-less ones."""
    while isinstance(value, (list, tuple, dict)) and value:
        value = next(iter(value.values())) if isinstance(value, dict) else value[0]
    if is_symbolic(value) or not hasattr(value, "shape"):
        return None
    shape = value.shape
    return int(shape[0]) if len(shape) >= 1 and shape[0] else None
