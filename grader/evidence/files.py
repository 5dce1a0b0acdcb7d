"""Rows and labels as files that leave the run: checked, cut to parts, written beside the artifacts."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.evidence.arrays import load_array
from grader.evidence.labels import LabelVector
from grader.evidence.observing import Observation
from grader.evidence.records import RowsSeen
from grader.model import Labels, ModelFacts, Rows, Task

MAX_RANK = 5
"""Rows are at most short videos: time, height, width, channels."""

DERIVED = "derived"
"""Folder beside the artifacts for label and row files that the host made from them."""


def write_labels(
    seen: Observation,
    name: str,
    vector: LabelVector,
    train: LabelVector | None,
    model: ModelFacts | None,
    task: Task,
) -> tuple[Labels | None, Labels | None]:
    """Write labels (and training labels) under one list of classes; (None, None) where they don't suit the task."""
    if task == "regression":
        numbers = _as_numbers(vector)
        others = _as_numbers(train) if train else None
        if numbers is None:
            return None, None
        return (
            _labels_file(seen, f"labels-{name}", numbers, ()),
            _labels_file(seen, f"train-labels-{name}", others, ()) if others is not None else None,
        )
    classes, train_classes = vector.as_classes(), train.as_classes() if train else None
    if classes is None:
        return None, None
    units = model.output_shape[-1] if model and model.output_shape else None
    names = vocabulary((*classes.classes, *(train_classes.classes if train_classes else ())), units)
    codes = {item: place for place, item in enumerate(names)}
    return (
        _labels_file(seen, f"labels-{name}", classes.coded(codes), names),
        _labels_file(seen, f"train-labels-{name}", train_classes.coded(codes), names) if train_classes else None,
    )


def vocabulary(names: Sequence[str], units: int | None) -> tuple[str, ...]:
    """Return the classes so that the index is the output unit's number where labels are whole numbers that fit.

    Whole numbers below the number of units stand for themselves (a test set may lack a class); others are sorted as
    scikit-learn and Keras's directory readers do.
    """
    unique = sorted(set(names))
    if all(re.fullmatch(r"-?\d+", name) for name in unique):
        numbers = sorted(int(name) for name in unique)
        if units is not None and units > 1 and numbers[0] >= 0 and numbers[-1] < units <= 1_000:
            return tuple(str(number) for number in range(units))
        if units == 1 and set(numbers) <= {0, 1}:
            return ("0", "1")
        return tuple(str(number) for number in numbers)
    return tuple(unique)


def _as_numbers(vector: LabelVector) -> NDArray[np.float64] | None:
    if vector.values.ndim != 1:
        return None
    if not vector.classes:
        return vector.values.astype(np.float64)
    try:
        table = np.array([float(name) for name in vector.classes], dtype=np.float64)
    except ValueError:
        return None
    return np.asarray(table[vector.values], dtype=np.float64)


def _labels_file(seen: Observation, name: str, values: NDArray[Any], classes: tuple[str, ...]) -> Labels | None:
    if classes:
        values = values.astype(np.int64)
        if len(values) and values.min() < 0:
            return None
    path = _derived(seen, name, values)
    return None if path is None else Labels(values=path, classes=classes)


def rows_file(seen: Observation, rows: str | None) -> Rows | None:
    """Return the file of a row set's values, cut from its parent's where the set is a part; None where not kept."""
    record = seen.rows.records.get(rows or "")
    if record is None or rows is None:
        return None
    if record.parent is not None:
        return _part_file(seen, record)
    values = seen.artifacts.get(record.values or "")
    index = seen.artifacts.get(record.values_index) if record.values_index else None
    if values is None or (record.values_index and index is None) or not _sound(values, index, record.count):
        return None
    return Rows(id=rows, values=values, total=record.count, index=index, scale=record.scale)


def channels_last(seen: Observation, rows: Rows) -> Rows:
    """Return colour pictures with their channels last, as reference networks take them; all else as it is.

    PyTorch's pictures have their channels before height and width.
    """
    array = load_values(rows.values)
    if array is None or array.ndim != 4 or array.shape[1] != 3 or array.shape[3] in {1, 3, 4}:
        return rows
    path = _derived(seen, f"pictures-{rows.id}", np.moveaxis(array, 1, 3))
    return rows if path is None else replace(rows, values=path)


def write_rows(seen: Observation, name: str, values: NDArray[Any], scale: float | None) -> Rows | None:
    """Write rows that were put together of several sets."""
    path = _derived(seen, f"rows-{name}", values)
    return None if path is None else Rows(id=name, values=path, total=len(values), scale=scale)


def load_values(path: Path) -> NDArray[Any] | None:
    """Return recorded rows, None where they are not numbers or not sound."""
    return load_array(path, "uifb", None, tuple(range(1, MAX_RANK + 1)))


def known_values(seen: Observation, rows: str | None) -> NDArray[Any] | None:
    """Return the recorded values of a row set (all of it, or a sample) in the scale the model saw; None without any."""
    known = rows_file(seen, rows)
    array = load_values(known.values) if known is not None else None
    if known is None or array is None or not len(array) or array.dtype.kind not in "uif":
        return None
    return np.asarray(array / known.scale, dtype=np.float32) if known.scale else array


def values_and_places(seen: Observation, rows: str | None) -> tuple[NDArray[Any], NDArray[np.int64]] | None:
    """Return the recorded values of rows with their places in the set, None where they are not known."""
    known, values = rows_file(seen, rows), known_values(seen, rows)
    if known is None or values is None:
        return None
    if known.index is None:
        return values, np.arange(len(values))
    places = load_array(known.index, "iu", len(values))
    return None if places is None else (values, places.astype(np.int64))


def values_and_labels(
    seen: Observation, rows: str | None, labels: LabelVector | None
) -> tuple[NDArray[Any], LabelVector] | None:
    """Return the recorded values of rows with the labels of just these, None where either is not known."""
    known, values = rows_file(seen, rows), known_values(seen, rows)
    if known is None or values is None or labels is None or len(labels.values) != known.total:
        return None
    if known.index is None:
        return values, labels
    places = load_array(known.index, "iu", len(values))
    return None if places is None else (values, LabelVector(labels.values[places], labels.classes))


def _sound(values: Path, index: Path | None, count: int) -> bool:
    """Return whether the files hold what they should: one row for each, or for each that the index names."""
    array = load_values(values)
    if array is None:
        return False
    if index is None:
        return len(array) == count
    places = load_array(index, "iu", len(array))
    return places is not None and (not len(places) or bool(places.min() >= 0 and places.max() < count))


def _part_file(seen: Observation, record: RowsSeen) -> Rows | None:
    whole = rows_file(seen, record.parent)
    array = load_values(whole.values) if whole else None
    if whole is None or array is None or record.start is None:
        return None
    stop = record.start + record.count
    name = hashlib.sha256(record.id.encode()).hexdigest()[:16]
    if whole.index is None:
        path = _derived(seen, f"rows-{name}", array[record.start : stop])
        return None if path is None else Rows(id=record.id, values=path, total=record.count, scale=whole.scale)
    places = load_array(whole.index, "iu", len(array))
    if places is None:
        return None
    inside = (places >= record.start) & (places < stop)
    path = _derived(seen, f"rows-{name}", array[inside])
    index = _derived(seen, f"index-{name}", (places[inside] - record.start).astype(np.int64))
    if path is None or index is None:
        return None
    return Rows(id=record.id, values=path, total=record.count, index=index, scale=whole.scale)


def _derived(seen: Observation, name: str, values: NDArray[Any]) -> Path | None:
    """Write an array beside the artifacts, whole or not at all. Ids are the kernel's: two never share a file."""
    anchor = next(iter(seen.artifacts.values()), None)
    if anchor is None:
        return None
    folder = anchor.parent / DERIVED
    folder.mkdir(exist_ok=True)
    distinct = hashlib.sha256(name.encode()).hexdigest()[:8]
    path = folder / f"{re.sub(r'[^A-Za-z0-9-]', '_', name)}-{distinct}.npy"
    partial = path.with_suffix(".partial")
    with partial.open("wb") as stream:
        np.save(stream, np.ascontiguousarray(values), allow_pickle=False)
    partial.replace(path)
    return path
