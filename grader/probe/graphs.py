"""Graphs of models that can't be loaded without the student's code: what they compute, as plain TensorFlow operations.

Keras (or a `tf.function` of the student's) has traced such a model already when it predicted or evaluated. The part of
that trace between the rows and the answers is taken, so nothing of the student's runs a second time. Only a model that
was called eagerly is traced for it, and only where its `call` computes and does nothing else.
"""

from __future__ import annotations

import contextlib
import dis
import io
import json
import random
import threading
import types
import weakref
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from .keras_models import weights_of
from .models import obstacle
from .watch import Probe, library_file

GRAPH, WEIGHTS, ABOUT = "graph.pb", "weights.npz", "graph.json"
"""Members of the archive: a GraphDef, the values its variables have, and how to feed it."""

INPUT = "grader_rows"
"""Name of the placeholder that stands for the rows."""

MAX_TRACES = 16
"""Models whose last trace is held; a trace holds the model's variables with it."""

MAX_GRAPH_BYTES = 16 * 1024 * 1024
"""A graph without its weights is some hundred KB even of the deepest backbones; more is data, not a network."""

CHANGES = ("STORE_ATTR", "STORE_SUBSCR", "STORE_GLOBAL", "STORE_DEREF", "DELETE_ATTR", "DELETE_SUBSCR", "DELETE_GLOBAL")
"""Bytecode that leaves something behind: whoever counts calls would count ours."""

SPEAKS = frozenset({
    "print", "display", "open", "write", "append", "extend", "insert", "update", "pop", "remove", "clear", "setattr",
    "numpy", "assign", "assign_add", "assign_sub", "add_loss", "add_metric", "update_state", "py_function",
    "numpy_function", "exec", "eval", "input", "breakpoint", "log", "info", "debug", "warning", "sleep", "time",
})  # fmt: skip
"""Names in a `call` that mean it does more than compute; some are harmless, then the model stays unsealed."""


class NoGraphError(Exception):
    """Why there is no graph of a model, as half a sentence."""


@dataclass(frozen=True)
class Trace:
    """One symbolic call of a model: the tensor of its rows and the tensor of its answers, in one graph."""

    model: Any
    rows: Any
    answers: Any


class Depth(threading.local):
    """How many models' calls are going on in a thread: those inside another one are a part of it."""

    def __init__(self) -> None:
        """Start outside of all."""
        self.depth = 0


class Graphs:
    """The last trace of each model that needs one, by the model object."""

    def __init__(self, probe: Probe) -> None:
        """Start with nothing traced."""
        self._probe = probe
        self._traces: OrderedDict[int, Trace] = OrderedDict()
        self._given: OrderedDict[int, tuple[Any, Any]] = OrderedDict()
        self._local = Depth()
        self.own = False
        """Whether a trace of ours is going on: what it calls is no work of the student's."""
        self.taping: Any = None
        """Tells whether a gradient tape is recording."""
        probe.models.graph_of = self.archive

    # ------------------------------------------------------------ watching calls
    @contextlib.contextmanager
    def calling(self, model: Any, args: Any, kwargs: Any) -> Iterator[Callable[[Any], None]]:
        """Watch one `model(x)`, wherever it is called from; the function given takes its result."""
        x = args[0] if args else kwargs.get("inputs")
        training = kwargs.get("training", args[1] if len(args) > 1 else None)
        local = self._local
        answers = not local.depth and training in (None, False) and hasattr(x, "dtype") and not self._trains()
        local.depth += 1

        def take(result: Any) -> None:
            if answers and hasattr(result, "dtype") and obstacle(model):
                self._note(model, x, result)

        try:
            yield take
        finally:
            local.depth -= 1

    def _trains(self) -> bool:
        stack = self._probe.watch.stack
        return (bool(stack) and stack[-1][0] in ("fit", "batch")) or (self.taping is not None and self.taping())

    def _note(self, model: Any, x: Any, result: Any) -> None:
        graph = getattr(result, "graph", None) if type(result).__name__ in ("SymbolicTensor", "Tensor") else None
        key = id(model)
        reference = weakref.ref(model, lambda _: self._forget(key))
        if graph is None:
            shape = getattr(x, "shape", ())
            self._given[key] = (reference, (tuple(shape), _dtype_name(x)))
            _cut(self._given)
        elif hasattr(graph, "captures"):
            self._traces[key] = Trace(reference, x, result)
            self._traces.move_to_end(key)
            _cut(self._traces)

    def _forget(self, key: int) -> None:
        self._traces.pop(key, None)
        self._given.pop(key, None)

    # ------------------------------------------------------------ sealing
    def archive(self, model: Any, start: list[Any] | None = None) -> bytes:
        """Return a zip of the model's graph and weights; with `start`, of these values of its weights.

        Raises:
            NoGraphError: the model has no trace, or one that is more than its weights and rows.
        """
        trace = self._traces.get(id(model))
        if trace is None or trace.model() is not model:
            trace = self._retrace(model)
        graph = trace.answers.graph
        source = _entry(trace.rows, graph)
        definition = graph.as_graph_def()
        kept = _between(definition, source, trace.answers)
        return _packed(model, graph, definition, kept, source, trace.answers, start)

    def _retrace(self, model: Any) -> Trace:
        """Trace a model that was only called eagerly, with nothing of it left to be seen."""
        held = self._given.get(id(model))
        if held is None or held[0]() is not model:
            raise NoGraphError("no call of it on one array of rows was seen")
        doer = does_more(model)
        if doer:
            raise NoGraphError(f"its code does more than compute ({doer}), so that it was not run once more")
        import tensorflow as tf

        shape, dtype = held[1]
        taken: list[Any] = []

        def compute(rows: Any) -> Any:
            taken.extend((rows, model(rows, training=False) if _takes_training(model) else model(rows)))
            return taken[-1]

        self.own = True
        try:
            with _same_random_numbers():
                concrete = tf.function(compute).get_concrete_function(tf.TensorSpec((None, *shape[1:]), dtype))
        finally:
            self.own = False
        if len(taken) != 2 or not hasattr(taken[1], "op"):
            raise NoGraphError("it gives several outputs")
        self._traces[id(model)] = trace = Trace(weakref.ref(model), taken[0], taken[1])
        del concrete
        return trace


def _cut(table: OrderedDict[int, Any]) -> None:
    while len(table) > MAX_TRACES:
        table.popitem(last=False)


def _dtype_name(x: Any) -> str:
    """Return the kind of numbers as a graph gets them: Keras computes with float32 whatever floats it is given."""
    name = str(getattr(x.dtype, "name", x.dtype))
    return "float32" if name.startswith("float") else name


def _takes_training(model: Any) -> bool:
    code = getattr(type(model).call, "__code__", None)
    return code is not None and "training" in code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]


@contextlib.contextmanager
def _same_random_numbers() -> Iterator[None]:
    import numpy as np

    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002 - the state students' code draws from
    try:
        yield
    finally:
        random.setstate(python)
        np.random.set_state(numpy)  # noqa: NPY002


# ---------------------------------------------------------------- does `call` only compute?
def does_more(model: Any) -> str:
    """Return what in the code of a model's own classes does more than compute, or an empty text."""
    parts = _parts(model)
    kinds = {kind for part in parts for kind in type(part).__mro__ if not _of_library(kind.__module__)}
    methods = [(name, method) for kind in kinds for name, method in vars(kind).items()]
    waiting = [method for name, method in methods if name in ("call", "__call__")]
    waiting += [getattr(part, "function", None) for part in parts if type(part).__name__ == "Lambda"]
    seen: set[Any] = set()
    while waiting:
        function = waiting.pop()
        code = getattr(function, "__code__", None)
        if code is None or code in seen or library_file(code.co_filename):
            continue
        seen.add(code)
        scope = getattr(function, "__globals__", {})
        for part in _codes(code):
            found = _change_in(part)
            if found:
                return found
            waiting += [scope[name] for name in part.co_names if isinstance(scope.get(name), types.FunctionType)]
            waiting += [method for name, method in methods if name in part.co_names]
    return ""


def _of_library(module: str) -> bool:
    return module.startswith(("keras.", "tf_keras.", "tensorflow.", "builtins", "typing"))


def _parts(model: Any) -> list[Any]:
    found = getattr(model, "_flatten_layers", None)
    return [model, *(found() if found is not None else ())]


def _codes(code: Any) -> list[Any]:
    inner = [item for item in code.co_consts if isinstance(item, types.CodeType)]
    return [code, *(deeper for item in inner for deeper in _codes(item))]


def _change_in(code: Any) -> str:
    for step in dis.get_instructions(code):
        if step.opname in CHANGES:
            return f"{code.co_name} keeps {step.argval}" if isinstance(step.argval, str) else f"{code.co_name} keeps"
    return next((f"{code.co_name} uses {name}" for name in code.co_names if name in SPEAKS), "")


# ---------------------------------------------------------------- from a trace to an archive
def _entry(rows: Any, graph: Any) -> Any:
    """Return where the rows enter the graph: what a step was given, before it scaled or cast them itself.

    The rows themselves where that isn't a single tensor.
    """
    captured = {id(inner.op) for _, inner in graph.captures}
    entries: dict[str, Any] = {}
    waiting, seen = [rows], set()
    while waiting:
        tensor = waiting.pop()
        if tensor.name in seen:
            continue
        seen.add(tensor.name)
        if tensor.op.type in ("Placeholder", "IteratorGetNext"):
            if id(tensor.op) not in captured:
                entries[tensor.name] = tensor
            continue
        waiting += list(tensor.op.inputs)
    found = list(entries.values())
    return found[0] if len(found) == 1 and found[0].dtype.name not in ("resource", "variant") else rows


def _between(definition: Any, source: Any, answers: Any) -> dict[str, Any]:
    """Return the nodes that the answers are computed by, up to the rows, by name."""
    nodes = {node.name: node for node in definition.node}
    kept: dict[str, Any] = {}
    waiting = [answers.op.name]
    while waiting:
        name = waiting.pop()
        if name in kept:
            continue
        kept[name] = node = nodes[name]
        for text in node.input:
            wanted, control = _reference(text), text.startswith("^")
            if control and wanted[0] == source.op.name:
                continue
            if wanted != (source.op.name, source.value_index):
                waiting.append(wanted[0])
    return kept


def _reference(text: str) -> tuple[str, int]:
    name, _, place = text.lstrip("^").partition(":")
    return name, int(place or 0)


def _packed(
    model: Any, graph: Any, definition: Any, kept: dict[str, Any], source: Any, answers: Any, start: list[Any] | None
) -> bytes:
    import numpy as np

    values, captures = _captured(model, graph, kept, start)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        data = _pruned(definition, kept, source).SerializeToString()
        if len(data) > MAX_GRAPH_BYTES:
            raise NoGraphError("its graph holds more than a network")
        archive.writestr(GRAPH, data)
        shape = source.shape.as_list() if source.shape.rank is not None else None
        about = {"output": answers.name, "captures": captures, "shape": shape}
        archive.writestr(ABOUT, json.dumps(about))
        with archive.open(WEIGHTS, "w", force_zip64=True) as file:
            np.savez(file, **values)
    return buffer.getvalue()


def _pruned(definition: Any, kept: dict[str, Any], source: Any) -> Any:
    """Return a GraphDef of the kept nodes and the functions they call, the rows as a placeholder."""
    out = type(definition)()
    out.versions.CopyFrom(definition.versions)
    rows = out.node.add()
    rows.name, rows.op = INPUT, "Placeholder"
    rows.attr["dtype"].type = source.dtype.as_datatype_enum
    for node in kept.values():
        copy = out.node.add()
        copy.CopyFrom(node)
        del copy.input[:]
        for text in node.input:
            if not text.startswith("^") and _reference(text) == (source.op.name, source.value_index):
                copy.input.append(INPUT)
            elif not (text.startswith("^") and _reference(text)[0] == source.op.name):
                copy.input.append(text)
    _add_functions(definition, out)
    return out


def _add_functions(definition: Any, out: Any) -> None:
    library = {function.signature.name: function for function in definition.library.function}
    waiting, seen = list(out.node), set()
    while waiting:
        for value in waiting.pop().attr.values():
            for name in [value.func.name, *(item.name for item in value.list.func)]:
                if name in library and name not in seen:
                    seen.add(name)
                    out.library.function.add().CopyFrom(library[name])
                    waiting += list(library[name].node_def)


def _captured(
    model: Any, graph: Any, kept: dict[str, Any], start: list[Any] | None
) -> tuple[dict[str, Any], list[list[Any]]]:
    """Return the values of what the graph takes from outside: weights of the model, and constants."""
    weights = weights_of(model)
    handles = {id(getattr(getattr(weight, "_value", weight), "handle", None)): at for at, weight in enumerate(weights)}
    values: dict[str, Any] = {}
    captures: list[list[Any]] = []
    for given, inner in graph.captures:
        if inner.op.name not in kept:
            continue
        outer = _outermost(given)
        name = f"c{len(captures)}"
        if inner.dtype.name == "resource":
            at = handles.get(id(outer))
            if at is None:
                raise NoGraphError("it uses variables or tables that are not among its weights")
            held = getattr(weights[at], "_value", weights[at])
            values[name] = held.numpy() if start is None else start[at]
        elif hasattr(outer, "numpy"):
            values[name] = outer.numpy()
        else:
            raise NoGraphError("it uses a tensor of another graph")
        if values[name].dtype.kind not in "biuf":
            raise NoGraphError(f"it uses values of type {values[name].dtype}")
        captures.append([inner.op.name, name, "variable" if inner.dtype.name == "resource" else "constant"])
    return values, captures


def _outermost(tensor: Any) -> Any:
    """Follow a capture of nested functions to the eager tensor it stands for."""
    graph = None if hasattr(tensor, "numpy") else getattr(tensor, "graph", None)
    while graph is not None:
        outer = next((outer for outer, inner in getattr(graph, "captures", ()) if inner is tensor), None)
        if outer is None:
            return tensor
        tensor = outer
        graph = None if hasattr(tensor, "numpy") else getattr(tensor, "graph", None)
    return tensor
