"""Reload sealed models and predict recorded rows, inside a sandbox. Standalone: numpy, Keras or PyTorch, and
`graphs` and `programs` beside it.

Started with one argument, JSON: {"arguments": {"jobs": [...], "job_seconds": s, "job_bytes": n}, "inputs": {name:
path}}. A job is {"job": id, "model": input name, "rows": input name, "scale": number or null}.

Answer on standard output, JSON lines: {"ready": true} once the library is there; for each job {"begin": id}, then
either {"job": id, "predictions": base64 of a `.npy`, "step": every how many rows, "silent": [[layer, units, silent
ones]]} or {"job": id, "failed": reason}. So the host knows which job a crash belongs to. No label comes here: the host
compares.
"""

from __future__ import annotations

import base64
import contextlib
import faulthandler
import importlib
import io
import json
import math
import os
import sys
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

import graphs  # type: ignore[import-not-found]  # beside this script in the box
import numpy as np
import programs  # type: ignore[import-not-found]  # beside this script in the box

NEEDED_MEMBERS = {"config.json"}

WEIGHTS = ("model.weights.h5", "weights.npz")
"""Where the weights are: in what Keras saves since 2.12, and in what was put together for an older one."""

METADATA = "metadata.json"

MOST_MEMBERS = 2_000
"""A `.keras` archive holds three files and, for vectorisers, one vocabulary each."""

MOST_UNPACKED = 2 * 1024**3
"""Most bytes the archive may unpack to: 500 million float32 weights, ten times any backbone used in courses."""

BATCH_BYTES = 64 * 1024**2
"""Memory that the widest layer may take for one batch."""

LARGEST_BATCH = 256

GRAPH_WIDTH = 16
"""How much wider than its rows a graph's widest layer is taken to be: a graph doesn't tell."""

MOST_LAYERS = 64
"""Most layers whose units are looked at: deeper networks are backbones that somebody else trained."""

FEWEST_LOOKED_AT = 32
"""Of fewer rows a unit may be silent by chance."""

NAME_CHARACTERS = 100

CHUNK_BYTES = 128 * 1024**2
"""Rows unpacked to float32 at once."""

REASON_CHARACTERS = 600


class RefusedModelError(Exception):
    """The file is not a `.keras` archive that may be opened."""


def check_archive(path: str) -> None:
    """Refuse what is not a plain `.keras` zip of sane size, before anything in it is unpacked."""
    if not zipfile.is_zipfile(path):
        raise RefusedModelError("the sealed file is not a .keras archive")
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
    names = {member.filename for member in members}
    if not names >= NEEDED_MEMBERS:
        raise RefusedModelError("the .keras archive lacks " + ", ".join(sorted(NEEDED_MEMBERS - names)))
    if not names & set(WEIGHTS):
        raise RefusedModelError("the .keras archive lacks its weights")
    if len(members) > MOST_MEMBERS or len(names) != len(members):
        raise RefusedModelError("the .keras archive has too many or repeated members")
    if any(name.startswith(("/", "\\")) or ".." in name.replace("\\", "/").split("/") for name in names):
        raise RefusedModelError("the .keras archive names files outside itself")
    unpacked = sum(member.file_size for member in members)
    if unpacked > MOST_UNPACKED:
        raise RefusedModelError(f"the .keras archive would unpack to {unpacked / 1e9:.1f} GB")


def load_model(path: str) -> Any:
    """Load in safe mode: no Lambda layer, no pickled code, no import of foreign modules; of a graph, what computes."""
    if graphs.is_graph(path):
        return graphs.SealedGraph(path)
    if programs.is_program(path):
        return programs.SealedProgram(path)
    check_archive(path)
    keras = keras_of(path)
    with zipfile.ZipFile(path) as archive:
        in_parts = WEIGHTS[0] not in archive.namelist()
    if in_parts:
        return put_together(keras, path)
    return keras.saving.load_model(path, custom_objects={}, compile=False, safe_mode=True)


def keras_of(path: str) -> Any:
    """Import the Keras that saved an archive: `tf_keras` where it was Keras 2 and the one called keras is not."""
    import keras

    with zipfile.ZipFile(path) as archive:
        about = json.loads(archive.read(METADATA)) if METADATA in archive.namelist() else {}
    saved_by = str(about.get("keras_version", ""))
    if saved_by.startswith("2.") and not keras.__version__.startswith("2."):
        return importlib.import_module("tf_keras")
    return keras


def put_together(keras: Any, path: str) -> Any:
    """Build a model of its configuration, and give it its weights. What holds Python code is not built."""
    with zipfile.ZipFile(path) as archive:
        config = archive.read("config.json").decode()
        with archive.open("weights.npz") as file, np.load(io.BytesIO(file.read()), allow_pickle=False) as held:
            weights = [held[f"w{place}"] for place in range(len(held.files))]
    if "Lambda" in class_names(json.loads(config)):
        raise RefusedModelError("a Lambda layer holds Python code")
    model = keras.models.model_from_json(config, custom_objects={})
    model.set_weights(weights)
    return model


def class_names(config: Any) -> set[str]:
    """Return the class names anywhere in a configuration."""
    if isinstance(config, dict):
        own = {str(config["class_name"])} if "class_name" in config else set()
        return own.union(*(class_names(value) for value in config.values()))
    return set().union(*(class_names(value) for value in config)) if isinstance(config, list) else set()


def load_rows(path: str) -> np.ndarray:
    """Open rows without reading them all and without pickle; texts can't be mapped and are read."""
    rows: np.ndarray = np.load(path, mmap_mode="r", allow_pickle=False)
    if rows.dtype.kind not in "fiubUS":
        raise RefusedModelError(f"rows of type {rows.dtype} can't be given to a model")
    return rows


def unpacked(rows: np.ndarray, scale: float | None) -> Any:
    """Return the rows as the model saw them: `float32(values / scale)` where they were packed."""
    if rows.dtype.kind in "US":
        import tensorflow as tf

        return tf.constant(rows.tolist())
    # The division runs in float64 and is rounded once: what `x / 255.0` then float32 gave in the notebook.
    return np.asarray(rows) if scale is None else (rows / scale).astype(np.float32)


def batch_rows(model: Any, rows: np.ndarray) -> int:
    """Return how many rows at once keep the widest layer within BATCH_BYTES."""
    widest = math.prod(rows.shape[1:]) or 1
    if isinstance(model, graphs.SealedGraph):
        return max(1, min(LARGEST_BATCH, BATCH_BYTES // (4 * widest * GRAPH_WIDTH)))
    for layer in model._flatten_layers():  # noqa: SLF001 - Keras offers no public walk over nested layers
        try:
            widest = max(widest, math.prod(size or 1 for size in layer.output.shape[1:]))
        except (AttributeError, ValueError, TypeError):
            continue
    return max(1, min(LARGEST_BATCH, BATCH_BYTES // (4 * widest)))


def predict(model: Any, rows: np.ndarray, scale: float | None) -> np.ndarray:
    """Return the model's outputs as float32, one per row."""
    fixed = _fixed_batch(model)
    batch = fixed or batch_rows(model, rows)
    row_bytes = 4 * max(1, math.prod(rows.shape[1:]))
    chunk = max(batch, CHUNK_BYTES // row_bytes // batch * batch)
    parts = []
    for start in range(0, len(rows), chunk):
        values = unpacked(rows[start : start + chunk], scale)
        missing = -len(values) % fixed if fixed else 0
        if missing:
            # A model built for one batch size takes no smaller last batch: fill it up and drop the filling.
            values = np.concatenate([values, np.repeat(values[-1:], missing, axis=0)])
        outputs = outputs_of(model, values, batch)
        if not isinstance(outputs, np.ndarray):
            raise RefusedModelError("the model has several outputs")
        parts.append(outputs[: len(outputs) - missing].astype(np.float32))
    return np.concatenate(parts)


def outputs_of(model: Any, values: Any, batch: int) -> Any:
    """Return the outputs for rows, batch by batch."""
    if not isinstance(model, graphs.SealedGraph):
        return model.predict(values, batch_size=batch, verbose=0)
    return np.concatenate([model(values[at : at + batch]) for at in range(0, len(values), batch)])


def silent_units(model: Any, rows: np.ndarray, scale: float | None) -> list[list[Any]]:
    """Return [layer, units, units that answered 0 to all of some rows] for each ReLU layer of the model's own graph.

    Nothing where a layer's answers can't be had, or would take too much memory for enough rows.
    """
    layers = [(layer, layer.output) for layer in model.layers if _is_rectified(layer)][:MOST_LAYERS]
    row_bytes = sum(4 * math.prod(size or 1 for size in output.shape[1:]) for _, output in layers)
    count = min(LARGEST_BATCH, len(rows), BATCH_BYTES // max(1, row_bytes))
    if not layers or count < FEWEST_LOOKED_AT or _fixed_batch(model) or len(model.inputs) != 1:
        return []
    functional = next(kind for kind in type(model).__mro__ if kind.__name__ == "Model")
    inner = functional(model.inputs[0], [output for _, output in layers])
    at = np.linspace(0, len(rows) - 1, count).astype(int)
    answers = inner(unpacked(rows[at], scale), training=False)
    answers = answers if isinstance(answers, (list, tuple)) else [answers]
    found = []
    for (layer, _), answer in zip(layers, answers, strict=True):
        values = np.asarray(answer)
        highest = values.reshape(-1, values.shape[-1]).max(axis=0)
        found.append([str(layer.name)[:NAME_CHARACTERS], len(highest), int((highest <= 0).sum())])
    return found


def _is_rectified(layer: Any) -> bool:
    activation = getattr(layer, "activation", None)
    return type(layer).__name__ == "ReLU" or getattr(activation, "__name__", "") == "relu"


def _fixed_batch(model: Any) -> int | None:
    if isinstance(model, graphs.SealedGraph):
        fixed: int | None = model.batch
        return fixed
    try:
        size = model.inputs[0].shape[0]
    except (AttributeError, IndexError, TypeError):
        return None
    return int(size) if size else None


def encoded(array: np.ndarray) -> str:
    """Return an array as `.npy` bytes in base64."""
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return base64.b64encode(buffer.getvalue()).decode("ascii")


def run_job(job: Mapping[str, Any], model: Any, inputs: Mapping[str, str], most_bytes: int) -> dict[str, Any]:
    """Predict one set of rows; very wide outputs are thinned to every `step`-th row."""
    rows = load_rows(inputs[job["rows"]])
    outputs = predict(model, rows, job["scale"])
    if isinstance(model, graphs.SealedGraph):
        model.check_it_computes(unpacked(rows, job["scale"]), lambda values: predict(model, values, None))
    step = max(1, math.ceil(outputs.nbytes / most_bytes))
    reply = {"job": job["job"], "predictions": encoded(outputs[::step]), "step": step}
    with contextlib.suppress(Exception):  # beside the score itself
        reply["silent"] = silent_units(model, rows, job["scale"])
    return reply


def run_jobs(arguments: Mapping[str, Any], inputs: Mapping[str, str], answers: TextIO) -> None:
    """Do the jobs in order; one that raises is answered as failed, one that hangs ends the process."""

    def answer(message: Mapping[str, Any]) -> None:
        answers.write(json.dumps(message) + "\n")
        answers.flush()

    name, model = "", None
    for job in arguments["jobs"]:
        answer({"begin": job["job"]})
        # Works while C++ holds the interpreter: a thread of the C library ends the process.
        faulthandler.dump_traceback_later(arguments["job_seconds"], exit=True)
        try:
            if job["model"] != name:
                name, model = "", None
                model = load_model(inputs[job["model"]])
                name = job["model"]
            reply = run_job(job, model, inputs, arguments["job_bytes"])
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            reply = {"job": job["job"], "failed": reason[:REASON_CHARACTERS]}
        faulthandler.cancel_dump_traceback_later()
        answer(reply)


def import_libraries(models: Sequence[str]) -> None:
    """Import what the models need, so that a library that is missing is told from a model that is broken."""
    of_torch = [programs.is_program(path) for path in models]
    if any(of_torch):
        importlib.import_module("torch")
    if not all(of_torch) or not of_torch:
        import keras

        if hasattr(keras, "config"):  # Keras 2 has none
            keras.config.disable_traceback_filtering()


def main() -> None:
    """Read the request, answer line by line."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever libraries print must not mix with the answers
    request = json.loads(sys.argv[1])
    import_libraries([request["inputs"][job["model"]] for job in request["arguments"]["jobs"]])
    answers.write(json.dumps({"ready": True}) + "\n")
    answers.flush()
    run_jobs(request["arguments"], request["inputs"], answers)


if __name__ == "__main__":
    main()
