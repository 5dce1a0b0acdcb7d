"""PyTorch modules: what they are made of, the digest of their weights, and exporting them as graphs."""

from __future__ import annotations

import contextlib
import copy
import hashlib
import io
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from .torch_graph import Operation
from .torch_program import NotWrittenError, written

SETTINGS = (
    "in_features", "out_features", "in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation",
    "groups", "p", "num_features", "normalized_shape", "num_embeddings", "embedding_dim", "hidden_size", "num_layers",
    "bidirectional", "batch_first", "negative_slope", "dim", "start_dim", "num_heads", "dropout", "output_size",
)  # fmt: skip
"""Attributes of PyTorch's own layers that say what they are."""

KERAS_NAMES = {"out_features": "units", "out_channels": "filters", "p": "rate"}
"""Settings that Keras and the checks know by another name; they are told under both."""

LEAST_EXAMPLE = 2
"""Rows of the example a module is exported with: with a single one PyTorch takes the number of rows for fixed."""

MOST_EXAMPLE = 4

NON_LAYERS = ("torch.nn.modules.loss", "torch.nn.modules.container", "torchmetrics")


@dataclass
class Seen:
    """What the first watched call of a module showed: shapes, the order of its layers, and its operations."""

    inputs: tuple[Any, ...] = ()
    """Examples of a few rows, one for each tensor given."""
    input_shape: tuple[int, ...] = ()
    output_shape: tuple[int, ...] = ()
    order: list[Any] = field(default_factory=list)
    shapes: dict[int, tuple[int, ...]] = field(default_factory=dict)
    operations: list[Operation] = field(default_factory=list)
    activation: str = ""


def is_module(thing: Any) -> bool:
    """Tell whether something is a module of PyTorch, without importing it."""
    torch = sys.modules.get("torch")
    kind = getattr(getattr(torch, "nn", None), "Module", None)
    return kind is not None and isinstance(thing, kind)


def plain(module: Any) -> Any:
    """Return the module that `torch.compile` made a faster double of; any other as it is."""
    if type(module).__name__ == "OptimizedModule" and type(module).__module__.startswith("torch."):
        return module._modules.get("_orig_mod", module)
    return module


def kind_of(module: Any) -> str:
    """Return the name of a module's class; of what TorchScript made of one, the name that one had."""
    if type(module).__module__.startswith("torch.jit."):
        return str(getattr(module, "original_name", "") or type(module).__name__)
    return type(module).__name__


def parameters_of(module: Any) -> list[Any]:
    """Return the initialised parameters of a module; lazy ones have none before the first call."""
    return [tensor for tensor, own in _tensors(module) if own]


def _tensors(module: Any) -> list[tuple[Any, bool]]:
    """Return parameters (True) and buffers (False) in the order of the modules, each once."""
    found: dict[int, tuple[Any, bool]] = {}
    for part in modules_of(module):
        for held, own in ((part._parameters, True), (part._buffers, False)):
            for tensor in held.values():
                if tensor is not None and not hasattr(tensor, "materialize"):
                    found.setdefault(id(tensor), (tensor, own))
    return list(found.values())


def modules_of(module: Any) -> list[Any]:
    """Return a module and all inside it, in order, each once; not by its own methods, which can be overridden."""
    found: dict[int, Any] = {}

    def walk(part: Any) -> None:
        if id(part) in found:
            return
        found[id(part)] = part
        for child in part._modules.values():
            if child is not None:
                walk(child)

    walk(module)
    return list(found.values())


def weights_digest(module: Any) -> str:
    """Return a hash of all parameters and buffers in order, names left out; empty for a module without any."""
    import numpy as np

    tensors = _tensors(module)
    if not any(own for _, own in tensors):
        return ""
    summary = hashlib.blake2b(digest_size=16)
    for tensor, _ in tensors:
        values = tensor.detach().cpu()
        if str(values.dtype) == "torch.bfloat16":
            values = values.float()
        array = np.ascontiguousarray(values.numpy())
        summary.update(repr((array.shape, str(array.dtype))).encode())
        summary.update(array.reshape(-1).view(np.uint8).data)
    return summary.hexdigest()


def weight_bytes(module: Any) -> int:
    """Return the bytes of all parameters and buffers."""
    return sum(int(tensor.nbytes) for tensor, _ in _tensors(module))


# ------------------------------------------------------------ description
def description(module: Any, seen: Seen, pretrained: str = "") -> dict[str, Any]:
    """Return the fields of `model.described`."""
    parameters = parameters_of(module)
    return {
        "library": "torch",
        "class": kind_of(module),
        "family": "sequential" if kind_of(module) == "Sequential" else "subclassed",
        "layers": _layers(module, seen),
        "parameters": sum(int(item.numel()) for item in parameters),
        "trainable_parameters": sum(int(item.numel()) for item in parameters if item.requires_grad),
        "input_shape": _batched(seen.input_shape),
        "output_shape": _batched(seen.output_shape),
        "output_activation": seen.activation,
        "pretrained": pretrained,
    }


def _layers(module: Any, seen: Seen) -> list[dict[str, Any]]:
    """Return the layers in the order they were called, functions that act as a layer in between."""
    names = {id(part): name for name, part in module.named_modules()}
    called = {id(part): part for part in seen.order}
    parts = [part for part in [*called.values(), *modules_of(module)] if is_layer(part)]
    after: dict[int, list[str]] = {}
    first: list[str] = []
    owners = {id(weight): part for part in parts for weight in part._parameters.values() if weight is not None}
    modules = {kind_of(part) for part in parts}
    last: Any = None
    for operation in seen.operations:
        last = last if operation.reshapes else owners.get(operation.weight, last)
        if operation.layer and operation.layer not in modules:
            (first if last is None else after.setdefault(id(last), [])).append(operation.layer)
    layers = [_function(kind) for kind in first]
    for part in dict.fromkeys(parts):
        layers.append(_layer(part, names.get(id(part), ""), seen))
        layers += [_function(kind) for kind in after.get(id(part), ())]
    return layers


def is_layer(part: Any) -> bool:
    """Tell whether a module is a layer rather than a container of others, a loss or a metric."""
    if type(part).__module__.startswith(NON_LAYERS):
        return False
    return not part._modules or any(item is not None for item in part._parameters.values())


def _function(kind: str) -> dict[str, Any]:
    return {"name": f"functional {kind}", "class": kind, "parameters": 0, "trainable": True, "output_shape": [],
            "settings": {}}  # fmt: skip


def _layer(part: Any, name: str, seen: Seen) -> dict[str, Any]:
    weights = [item for item in part._parameters.values() if item is not None and not hasattr(item, "materialize")]
    own = type(part).__module__.startswith("torch.")
    return {
        "name": name or kind_of(part).lower(),
        "class": kind_of(part),
        "parameters": sum(int(item.numel()) for item in weights),
        "trainable": any(item.requires_grad for item in weights) if weights else True,
        "output_shape": _batched(seen.shapes.get(id(part), ())),
        "settings": _settings(part) if own else {},
    }


def _settings(part: Any) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for name in SETTINGS:
        value = getattr(part, name, None)
        if isinstance(value, (bool, int, float, str)) or (isinstance(value, tuple) and len(value) <= 4):
            out[name] = out[KERAS_NAMES.get(name, name)] = list(value) if isinstance(value, tuple) else value
    return out


def _batched(shape: tuple[int, ...]) -> list[Any]:
    return [None, *shape[1:]] if shape else []


# ------------------------------------------------------------ sealing
def own_hooks(module: Any) -> str:
    """Return why a module can't be exported without code of the notebook that is no part of it, or an empty text."""
    for part in modules_of(module):
        for held in (part._forward_hooks, part._forward_pre_hooks):
            for hook in held.values():
                kind = hook if hasattr(hook, "__module__") else type(hook)
                if not str(getattr(kind, "__module__", "")).startswith("torch."):
                    return "the module carries forward hooks of the notebook's own"
    return ""


def exported(module: Any, inputs: tuple[Any, ...]) -> bytes:
    """Return a module in evaluation mode as an archive of its operations and weights.

    The module and the state of every random generator are left as they are: a copy is exported.

    Raises:
        Exception: what torch.export raised, or why its graph can't be written.
    """
    problem = own_hooks(module)
    if type(module).__module__.startswith("torch.jit."):
        problem = "TorchScript holds a program of its own, which can't be written as plain operations"
    if problem:
        raise NotWrittenError(problem)
    with undisturbed():
        try:
            return written(_exported(_replica(module), inputs))
        except Exception as error:
            if "data-dependent" in str(error):
                raise NotWrittenError("what its forward does depends on the values given") from None
            raise


def called_copy(module: Any, inputs: tuple[Any, ...]) -> tuple[Any, Any]:
    """Return a copy of a module in evaluation mode and what it answers."""
    replica = _replica(module)
    with undisturbed(), sys.modules["torch"].enable_grad():
        return replica, replica(*inputs)


def _replica(module: Any) -> Any:
    """Return a copy in evaluation mode that shares nothing; results of earlier calls kept in it stay uncopied."""
    torch = sys.modules["torch"]
    memo: dict[int, Any] = {}
    for part in modules_of(module):
        for value in vars(part).values():
            if isinstance(value, torch.Tensor) and value.grad_fn is not None:
                memo[id(value)] = value
    replica = copy.deepcopy(module, memo)
    for part in modules_of(replica):
        part.training = False
        for weight in part._parameters.values():
            if weight is not None:
                weight.grad = None
    return replica


def _exported(replica: Any, inputs: tuple[Any, ...]) -> Any:
    torch = sys.modules["torch"]
    from torch.export import Dim, export

    free = tuple({0: Dim.AUTO} for _ in inputs)
    with torch.no_grad():
        return export(replica, inputs, dynamic_shapes={"args": free} if _takes_any(replica) else free, strict=False)


def _takes_any(replica: Any) -> bool:
    code = getattr(replica.forward, "__code__", None)
    return bool(code is not None and code.co_flags & 0x04 and code.co_argcount <= 1)


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Leave random generators, warnings and what is printed as they are, whatever the student's forward does."""
    torch = sys.modules["torch"]
    numpy = sys.modules.get("numpy")
    states = torch.get_rng_state(), random.getstate(), numpy.random.get_state() if numpy else None
    import logging
    import warnings

    warn, level = warnings.warn, logging.root.manager.disable
    warnings.warn = lambda *_args, **_kwargs: None
    logging.disable(logging.CRITICAL)
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        warnings.warn = warn
        logging.disable(level)
        torch.set_rng_state(states[0])
        random.setstate(states[1])
        if numpy is not None:
            numpy.random.set_state(states[2])
