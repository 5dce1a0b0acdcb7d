"""An exported graph of PyTorch as plain operations and arrays: no pickle, nothing that has to be evaluated to be read.

An archive of `program.json` (nodes in order, inputs, the output) and `weights.npz`. Only operations of ATen and a few
of Python's own on sizes are written; whoever reads it can tell what each does by its name.
"""

from __future__ import annotations

import io
import json
import math
import sys
import zipfile
from typing import Any

PYTHON = (
    "getitem",
    "add",
    "sub",
    "mul",
    "floordiv",
    "mod",
    "neg",
    "truediv",
    "pow",
    "eq",
    "ne",
    "lt",
    "le",
    "gt",
    "ge",
)
"""Functions of Python's `operator` that stand in exported graphs, on sizes and lists."""

PARAMETER, BUFFER, CONSTANT = "parameter", "buffer", "constant"


class NotWrittenError(Exception):
    """The graph holds something that has no plain form."""


def written(program: Any) -> bytes:
    """Return an exported program (torch.export) as an archive.

    Raises:
        NotWrittenError: an operation or argument is of another kind than the archive can hold.
    """
    import numpy as np

    torch = sys.modules["torch"]
    kinds = {spec.arg.name: (spec.kind.name, spec.target) for spec in program.graph_signature.input_specs}
    inputs, arrays, nodes, output = [], {}, [], None
    for node in program.graph.nodes:
        if node.op == "placeholder":
            kind, target = kinds[node.name]
            inputs.append(_input(node, kind))
            if kind != "USER_INPUT":
                tensor = program.constants[target] if kind == "CONSTANT_TENSOR" else program.state_dict.get(target)
                tensor = program.constants[target] if tensor is None else tensor
                arrays[node.name] = np.ascontiguousarray(tensor.detach().cpu().numpy())
        elif node.op == "call_function":
            args = [_argument(item, torch) for item in node.args]
            named = {name: _argument(item, torch) for name, item in node.kwargs.items()}
            nodes.append({"name": node.name, "target": _target(node.target, torch), "args": args, "kwargs": named})
        elif node.op == "output":
            places = [
                at for at, spec in enumerate(program.graph_signature.output_specs) if spec.kind.name == "USER_OUTPUT"
            ]
            output = _argument(node.args[0][places[0]], torch)
        else:
            raise NotWrittenError(f"a part of its graph ({node.op} {node.target}) has no plain form")
    about = {"inputs": inputs, "nodes": nodes, "output": output}
    file, values = io.BytesIO(), io.BytesIO()
    np.savez(values, **arrays)  # type: ignore[arg-type]  # its other keyword is no name of a node
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("program.json", json.dumps(about))
        archive.writestr("weights.npz", values.getvalue())
    return file.getvalue()


def _input(node: Any, kind: str) -> dict[str, Any]:
    if kind == "USER_INPUT":
        value = node.meta.get("val")
        if not hasattr(value, "shape"):
            raise NotWrittenError("it takes something that is no tensor")
        shape = [size if isinstance(size, int) else None for size in value.shape]
        return {"name": node.name, "kind": "rows", "shape": shape, "dtype": str(value.dtype).rpartition(".")[2]}
    named = {"PARAMETER": PARAMETER, "BUFFER": BUFFER, "CONSTANT_TENSOR": CONSTANT}
    if kind not in named:
        raise NotWrittenError(f"it holds something that is no tensor ({kind})")
    return {"name": node.name, "kind": named[kind]}


def _target(target: Any, torch: Any) -> str:
    if isinstance(target, torch._ops.OpOverload) and target.namespace == "aten":
        return str(target)
    if getattr(target, "__module__", "") == "_operator" and target.__name__ in PYTHON:
        return f"operator.{target.__name__}"
    raise NotWrittenError(f"an operation of its graph ({getattr(target, '__name__', target)}) has no plain form")


def _argument(value: Any, torch: Any) -> Any:
    if isinstance(value, torch.fx.Node):
        return {"node": value.name}
    if isinstance(value, (list, tuple)):
        return [_argument(item, torch) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return {"number": str(value)}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    for kind, name in ((torch.dtype, "dtype"), (torch.memory_format, "format"), (torch.layout, "layout")):
        if isinstance(value, kind):
            return {name: str(value).rpartition(".")[2]}
    if isinstance(value, torch.device):
        return {"device": "cpu"}
    raise NotWrittenError(f"an argument of its graph ({type(value).__name__}) has no plain form")
