"""A sealed graph, opened inside the sandbox: what is refused before it runs, and what shows that it looks answers up.

Standalone, beside `inside.py`. A graph is code of the student's that was traced: it may compute with the rows and with
its weights, and do nothing else. That it gives these answers proves little where it holds them: so answers must rest on
the weights that were trained, and on more of a row than its last decimals.
"""

from __future__ import annotations

import importlib
import io
import json
import math
import zipfile
from typing import Any

import numpy as np

Array = Any
"""A numpy array of some kind and shape."""

GRAPH, WEIGHTS, ABOUT = "graph.pb", "weights.npz", "graph.json"
INPUT = "grader_rows"

MOST_UNPACKED = 2 * 1024**3
MOST_GRAPH_BYTES = 16 * 1024**2
MOST_CONSTANTS = 16_384
"""Most numbers that a graph may hold beside its weights: a table of positions or of means, not one of rows."""

FAMILIES = (
    "array_ops", "bitwise_ops", "clustering_ops", "control_flow_ops", "functional_ops", "image_ops", "linalg_ops",
    "list_ops", "logging_ops", "manip_ops", "math_ops", "nn_ops", "resource_variable_ops", "special_math_ops",
    "spectral_ops", "stateless_random_ops", "stateless_random_ops_v2",
)  # fmt: skip
"""Modules of TensorFlow's operations that compute. Files, sockets, Python, data sets and tables are in others."""

READING = frozenset({
    "Assert", "Case", "If", "PartitionedCall", "Placeholder", "ReadVariableOp", "ResourceGather", "ResourceGatherNd",
    "StatefulPartitionedCall", "VariableShape", "While",
})  # fmt: skip
"""Operations that TensorFlow calls stateful, and that change nothing."""

REFUSED = frozenset({"ImmutableConst", "Abort", "RemoteCall", "SymbolicGradient"})
"""Of these families, and more than computing."""

PROBED_ROWS = 256
"""Rows on which it is tried whether answers rest on weights and rows."""

SHUFFLES = 6
"""Other weights that are tried. A network of one weight agrees with itself by luck half of the time, not six times."""

SAME = 0.9
"""Share of answers, class by class, from which two sets of answers are the same."""

JITTER = 0.01
"""Noise added to a row, of each feature's spread: a photograph taken twice differs more."""

STEADY = 0.6
"""Share of answers, class by class, that must stand such noise. Honest networks keep more than 0.95 of them."""


class RefusedGraphError(Exception):
    """The file is no graph that may be run, or one that shows nothing."""


def is_graph(path: str) -> bool:
    """Tell whether a sealed file holds a graph."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return GRAPH in archive.namelist()


class SealedGraph:
    """A graph with its weights, to be run on rows."""

    def __init__(self, path: str) -> None:
        """Open and refuse, or be ready.

        Raises:
            RefusedGraphError: it does more than compute, holds too much, or is not what the probe writes.
        """
        definition, self._values, about = _members(path)
        check_operations(definition)
        self.batch = _fixed_batch(about.get("shape"))
        self._output = str(about["output"])
        self._captures = [(str(node), str(name), kind == "variable") for node, name, kind in about["captures"]]
        check_constants(definition, [self._values[name] for _, name, variable in self._captures if not variable])
        self._shape = about.get("shape")
        self._function, self._variables, self._dtype = self._imported(definition)

    def _imported(self, definition: Any) -> tuple[Any, list[Any], Any]:
        import tensorflow as tf

        variables = {name: tf.Variable(self._values[name]) for _, name, variable in self._captures if variable}
        constants = {name: tf.constant(self._values[name]) for _, name, variable in self._captures if not variable}
        rows = next((node for node in definition.node if node.name == INPUT and node.op == "Placeholder"), None)
        if rows is None:
            raise RefusedGraphError("the sealed graph takes no rows")
        dtype = tf.dtypes.as_dtype(rows.attr["dtype"].type)

        def run(values: Any) -> Any:
            fed = {f"{INPUT}:0": values}
            graph = tf.compat.v1.get_default_graph()
            for node, name, variable in self._captures:
                fed[f"{node}:0"] = graph.capture(variables[name].handle if variable else constants[name])
            return tf.graph_util.import_graph_def(definition, fed, [self._output], name="")[0]

        function = tf.compat.v1.wrap_function(run, [tf.TensorSpec(self._shape, dtype)])
        return function, list(variables.values()), dtype

    def __call__(self, rows: Array) -> Array:
        """Return the outputs for a batch of rows, one per row."""
        import tensorflow as tf

        if self._shape is not None and len(self._shape) == rows.ndim + 1 and self._shape[-1] == 1:
            rows = rows[..., None]  # as Keras does with rows of one number
        outputs = np.asarray(self._function(tf.constant(rows.astype(self._dtype.as_numpy_dtype))))
        if outputs.ndim == 0 or len(outputs) != len(rows):
            raise RefusedGraphError("it doesn't give one answer per row")
        return outputs

    # ------------------------------------------------------------ does it rest on anything?
    def check_it_computes(self, rows: Array, answer: Any) -> None:
        """Raise RefusedGraphError where the answers come from elsewhere than the weights and the rows.

        Args:
            rows: rows as they are given to the graph.
            answer: gives the outputs for such rows, whatever their number.
        """
        rows = rows[:: max(1, len(rows) // PROBED_ROWS)][:PROBED_ROWS]
        said = answer(rows)
        if _constant(said):
            return
        if self._variables and all(_same(said, self._with_other_weights(rows, answer, at)) for at in range(SHUFFLES)):
            raise RefusedGraphError("its answers are the same whatever its weights are: they don't come from training")
        if not self._variables:
            raise RefusedGraphError("it has no weights, so its answers don't come from training")
        noisy = _jittered(rows)
        if noisy is not None and _agreement(said, answer(noisy)) < STEADY:
            raise RefusedGraphError("its answers change with the last decimals of a row, as a table of rows would")

    def _with_other_weights(self, rows: Array, answer: Any, at: int) -> Array:
        random = np.random.default_rng(at)
        kept = [variable.numpy() for variable in self._variables]
        try:
            for variable, values in zip(self._variables, kept):
                if values.dtype.kind == "f":
                    # Variances and the like must stay positive: with NaN nothing would be shown.
                    signs = random.choice(np.array([-1 if (values < 0).any() else 1, 1], values.dtype), values.shape)
                    variable.assign(random.permutation(values.reshape(-1)).reshape(values.shape) * signs)
            outputs: Array = answer(rows)
            return outputs
        finally:
            for variable, values in zip(self._variables, kept):
                variable.assign(values)


def _members(path: str) -> tuple[Any, dict[str, Array], dict[str, Any]]:
    from tensorflow.core.framework import graph_pb2

    with zipfile.ZipFile(path) as archive:
        sizes = {member.filename: member.file_size for member in archive.infolist()}
        if set(sizes) != {GRAPH, WEIGHTS, ABOUT} or sum(sizes.values()) > MOST_UNPACKED:
            raise RefusedGraphError("the sealed graph has other parts than it should, or is too large")
        if sizes[GRAPH] > MOST_GRAPH_BYTES or sizes[ABOUT] > MOST_GRAPH_BYTES:
            raise RefusedGraphError("the sealed graph holds more than a network")
        definition = graph_pb2.GraphDef.FromString(archive.read(GRAPH))
        about = json.loads(archive.read(ABOUT))
        with np.load(io.BytesIO(archive.read(WEIGHTS)), allow_pickle=False) as held:
            return definition, {name: held[name] for name in held.files}, about


def _fixed_batch(shape: Any) -> int | None:
    size = shape[0] if isinstance(shape, list) and shape else None
    return size if isinstance(size, int) and size > 0 else None


def check_operations(definition: Any) -> None:
    """Refuse a graph with any operation that is not known to compute only."""
    allowed = allowed_operations()
    own = {function.signature.name for function in definition.library.function}
    bodies = [definition.node, *(function.node_def for function in definition.library.function)]
    for node in (node for body in bodies for node in body):
        if node.op not in allowed and node.op not in own:
            raise RefusedGraphError(f"it does more than compute (the operation {node.op})")


def allowed_operations() -> frozenset[str]:
    """Return the names of TensorFlow's operations that only compute."""
    from tensorflow.python.framework import op_def_registry

    found = set(READING)
    for family in FAMILIES:
        try:
            module = importlib.import_module(f"tensorflow.python.ops.gen_{family}")
        except ImportError:  # another TensorFlow has others
            continue
        for name in dir(module):
            known = op_def_registry.get(name) if name[:1].isupper() else None
            if known is not None and not known.is_stateful:
                found.add(name)
    return frozenset(found - REFUSED)


def check_constants(definition: Any, captured: list[Array]) -> None:
    """Refuse a graph that holds more numbers beside its weights than a network needs."""
    total = sum(values.size for values in captured)
    bodies = [definition.node, *(function.node_def for function in definition.library.function)]
    for node in (node for body in bodies for node in body):
        tensor = node.attr["value"].tensor if node.op == "Const" else None
        if tensor is not None:
            total += _stored_numbers(tensor)
    if total > MOST_CONSTANTS:
        raise RefusedGraphError(f"it holds {total:,} numbers beside its weights: they may be the answers")


def _stored_numbers(tensor: Any) -> int:
    """Return how many different numbers a constant stores: a tensor of one repeated value stores one."""
    if tensor.tensor_content:
        return math.prod(side.size for side in tensor.tensor_shape.dim)
    return sum(
        len(value) for field, value in tensor.ListFields() if field.name.endswith("_val") and hasattr(value, "__len__")
    )


# ---------------------------------------------------------------- comparing answers
def _classes(outputs: Array) -> Array:
    """Return the answered class of each row; for one unit, whether it lies in the upper half of what was answered."""
    flat = outputs.reshape(len(outputs), -1)
    if flat.shape[1] > 1:
        return flat.argmax(axis=1)
    return (flat[:, 0] > (flat.min() + flat.max()) / 2).astype(np.int64)


def _constant(outputs: Array) -> bool:
    return len(np.unique(_classes(np.nan_to_num(outputs)))) < 2


def _same(left: Array, right: Array) -> bool:
    """Return whether the answers are the same; those that are no numbers show nothing else."""
    return not np.isfinite(right).all() or _agreement(left, right) >= SAME


def _agreement(left: Array, right: Array) -> float:
    """Return the share of `left`'s answers that `right` gives too, averaged over the classes that `left` answers."""
    if not np.isfinite(right).all() or left.shape != right.shape:
        return 0.0
    before, after = _classes(left), _cut_alike(left, right)
    return float(np.mean([(after[before == kind] == kind).mean() for kind in np.unique(before)]))


def _cut_alike(left: Array, right: Array) -> Array:
    flat = left.reshape(len(left), -1)
    if flat.shape[1] > 1:
        return _classes(right)
    return (right.reshape(len(right)) > (flat.min() + flat.max()) / 2).astype(np.int64)


def _jittered(rows: Array) -> Array | None:
    """Return the rows with a little noise; None where they may be words or classes, whose numbers can't be varied."""
    whole = rows.dtype.kind != "f" or bool((rows == np.rint(rows)).all())
    random = np.random.default_rng(0)
    if whole and rows.ndim < 3:
        return None
    if rows.dtype.kind != "f":
        low, high = np.iinfo(rows.dtype).min, np.iinfo(rows.dtype).max
        moved = rows.astype(np.int64) + random.integers(-1, 2, size=rows.shape)
        return np.clip(moved, low, high).astype(rows.dtype)
    spread = rows.astype(np.float64).std(axis=0)
    noise = random.normal(size=rows.shape) * JITTER * np.maximum(spread, spread.mean() * JITTER)
    return (rows + noise).astype(rows.dtype)
