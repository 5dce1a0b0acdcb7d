"""A sealed graph of PyTorch, opened inside the sandbox: read as plain operations, and refused like any other graph.

Standalone, beside `inside.py` and `graphs.py`. The archive holds no pickle and nothing is evaluated: each node names an
operation of ATen, which is looked up, or one of a few of Python's own.
"""

from __future__ import annotations

import io
import json
import operator
import zipfile
from typing import Any

import graphs  # type: ignore[import-not-found]  # beside this module in the box
import numpy as np

PROGRAM, WEIGHTS = "program.json", "weights.npz"

PYTHON = frozenset({
    "getitem", "add", "sub", "mul", "floordiv", "mod", "neg", "truediv", "pow", "eq", "ne", "lt", "le", "gt", "ge",
})  # fmt: skip

REFUSED = frozenset({"from_file", "set_data", "_print", "record_stream", "_cuda_getCurrentRawStream"})
"""Operations of ATen that do more than compute."""

DTYPES = frozenset({
    "float32", "float64", "float16", "int64", "int32", "int16", "int8", "uint8", "bool", "complex64", "complex128",
})  # fmt: skip
FORMATS = frozenset({"contiguous_format", "preserve_format", "channels_last", "channels_last_3d"})


def is_program(path: str) -> bool:
    """Tell whether a sealed file holds a program of PyTorch."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return PROGRAM in archive.namelist()


class Weight:
    """A parameter or buffer, with what the trial by other weights asks of one."""

    def __init__(self, tensor: Any) -> None:
        """Hold the tensor that the program reads."""
        self.tensor = tensor

    def numpy(self) -> Any:
        """Return a copy of the values."""
        return self.tensor.numpy().copy()

    def assign(self, values: Any) -> None:
        """Put other values in their place."""
        self.tensor.copy_(_tensor(values))


class SealedProgram(graphs.SealedGraph):  # type: ignore[misc]  # what it inherits is untyped here
    """A program with its weights, to be run on rows."""

    def __init__(self, path: str) -> None:
        """Open and refuse, or be ready.

        Raises:
            RefusedGraphError: it does more than compute, holds too much, or is not what the probe writes.
        """
        about, arrays = _members(path)
        self._nodes = [(str(item["name"]), _operation(str(item["target"])), item) for item in about["nodes"]]
        self._output = about["output"]
        rows = [item for item in about["inputs"] if item["kind"] == "rows"]
        if len(rows) != 1:
            raise graphs.RefusedGraphError("the model takes several inputs")
        self._rows, shape = str(rows[0]["name"]), rows[0]["shape"]
        self._dtype = _named("dtype", rows[0]["dtype"])
        self.batch = shape[0] if shape and isinstance(shape[0], int) else None
        kinds = {str(item["name"]): item["kind"] for item in about["inputs"]}
        self._held = {name: _tensor(values) for name, values in arrays.items()}
        fixed = sum(values.size for name, values in arrays.items() if kinds.get(name) == "constant")
        fixed += sum(_numbers(item["args"]) + _numbers(item["kwargs"]) for item in about["nodes"])
        if fixed > graphs.MOST_CONSTANTS:
            raise graphs.RefusedGraphError(f"it holds {fixed:,} numbers beside its weights: they may be the answers")
        self._variables = [Weight(self._held[name]) for name in arrays if kinds.get(name) in {"parameter", "buffer"}]

    def __call__(self, rows: Any) -> Any:
        """Return the outputs for a batch of rows, one per row."""
        import torch

        if len(rows) == 1 and self.batch is None:  # it was exported with more: `squeeze` leaves a single row's axis out
            return self(np.repeat(rows, 2, axis=0))[:1]
        with torch.inference_mode():
            known = {**self._held, self._rows: _tensor(rows).to(self._dtype)}
            for name, operation, item in self._nodes:
                named = {key: _value(value, known) for key, value in item["kwargs"].items()}
                known[name] = operation(*[_value(value, known) for value in item["args"]], **named)
            outputs = _value(self._output, known).to(torch.float32).numpy()
        if outputs.ndim == 0 or len(outputs) != len(rows):
            raise graphs.RefusedGraphError("it doesn't give one answer per row")
        return np.array(outputs)


def _members(path: str) -> tuple[dict[str, Any], dict[str, Any]]:
    with zipfile.ZipFile(path) as archive:
        sizes = {member.filename: member.file_size for member in archive.infolist()}
        if set(sizes) != {PROGRAM, WEIGHTS} or sum(sizes.values()) > graphs.MOST_UNPACKED:
            raise graphs.RefusedGraphError("the sealed program has other parts than it should, or is too large")
        if sizes[PROGRAM] > graphs.MOST_GRAPH_BYTES:
            raise graphs.RefusedGraphError("the sealed program holds more than a network")
        about = json.loads(archive.read(PROGRAM))
        with np.load(io.BytesIO(archive.read(WEIGHTS)), allow_pickle=False) as held:
            return about, {name: held[name] for name in held.files}


def _operation(target: str) -> Any:
    """Return the function a node names, refused unless it is known to compute only."""
    import torch

    family, _, name = target.partition(".")
    if family == "operator" and name in PYTHON:
        return getattr(operator, name)
    packet, _, overload = name.partition(".")
    allowed = family == "aten" and packet.isidentifier() and overload.isidentifier() and packet not in REFUSED
    found = getattr(getattr(torch.ops.aten, packet, None), overload, None) if allowed else None
    if not isinstance(found, torch._ops.OpOverload):  # noqa: SLF001 - PyTorch names the type nowhere else
        raise graphs.RefusedGraphError(f"it does more than compute (the operation {target[:80]})")
    return found


def _value(value: Any, known: dict[str, Any]) -> Any:
    if isinstance(value, list):
        return [_value(item, known) for item in value]
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "node":
        return known[content]
    if kind == "number":
        return float(content)
    return _named(kind, content)


def _named(kind: str, name: Any) -> Any:
    import torch

    if kind == "device":
        return torch.device("cpu")
    if (kind, name) == ("layout", "strided"):
        return torch.strided
    if (kind == "dtype" and name in DTYPES) or (kind == "format" and name in FORMATS):
        return getattr(torch, name)
    raise graphs.RefusedGraphError(f"an argument of the program is not known ({kind})")


def _numbers(value: Any) -> int:
    """Return how many numbers an argument holds."""
    if isinstance(value, dict):
        return sum(_numbers(item) for item in value.values())
    if isinstance(value, list):
        return sum(_numbers(item) for item in value)
    return int(isinstance(value, (int, float)))


def _tensor(values: Any) -> Any:
    import torch

    return torch.from_numpy(np.array(values))
