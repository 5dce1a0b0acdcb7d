"""One form for one split: however a class writes it, equal rows and labels are trained on once.

Students divide the same pictures by 255, shift them, add a channel axis, shuffle, and encode labels in other ways.
References are therefore trained on a form in which none of that is left, and the cache is keyed by this form: who comes
first does not matter, not even for the last digit.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.errors import ReferenceTrainingError, VerificationError
from grader.model import Labels, ReferenceData, Rows
from grader.probe.fingerprint import exact_hashes
from grader.verification.arrays import Array, open_array
from grader.verification.labels import Truth, read_labels
from grader.verification.pictures import image_shape

MOST_LEVELS = 512
"""Pictures of 8 bits have 256 grey levels at most, however they were scaled; more are measurements, left alone."""

STEPS = 10_000
"""Levels are told apart by this share of their range. A level k/255, k/15 or k/16 lies at least 1e-6 of the range away
from the middle between two steps, where float32 errs by 1e-7: copies of one picture always meet in one step."""

SAMPLED_VALUES = 1 << 20
"""Values looked at to tell whether there are few levels."""

CHUNK_VALUES = 1 << 22


@dataclass(frozen=True, slots=True)
class Levels:
    """The range that the values of pictures are counted in."""

    low: float
    span: float

    def steps(self, rows: Array) -> NDArray[np.int32]:
        """Return rows of shape (rows, values) as whole steps of the range, 0 to STEPS where they lie inside of it."""
        out = np.empty(rows.shape, dtype=np.int32)
        size = max(1, CHUNK_VALUES // max(1, rows.shape[1]))
        for start in range(0, len(rows), size):
            part = np.asarray(rows[start : start + size], dtype=np.float64)
            out[start : start + size] = np.rint((part - self.low) * (STEPS / self.span))
        return out


def canonical_split(data: ReferenceData, folder: Path) -> ReferenceData:
    """Return the same split with rows in one order and one scale, written to `folder`, and keyed by that.

    Pictures of few levels become whole steps of their range; other values stay as float32. Training rows are sorted by
    their content (the order of test rows changes no score), classes that occur are counted in their order. Where only
    a sample of rows was kept, which ones depends on the order they came in: such a split stays as it is.

    Raises:
        ReferenceTrainingError: what was recorded can't be read.
    """
    if data.train.index is not None or data.test.index is not None:
        return _as_recorded(data)
    try:
        train, test = (open_array(rows.values, "the recorded rows") for rows in (data.train, data.test))
        truths = (
            read_labels(data.train_labels, data.train.total, data.task),
            read_labels(data.test_labels, data.test.total, data.task),
        )
    except VerificationError as error:
        raise ReferenceTrainingError(f"Reference networks can't be trained: {error}.") from error
    if train.dtype.kind not in "buif" or test.dtype.kind not in "buif" or not len(train) or not len(test):
        return _as_recorded(data)
    if train.shape[1:] != test.shape[1:] or len(train) != data.train.total or len(test) != data.test.total:
        return _as_recorded(data)
    shape = image_shape(train.shape[1:], data.input_kind)
    levels = find_levels(train) if shape else None
    names = _classes(truths)
    digest = hashlib.sha256(f"{data.task}\0{shape or train.shape[1:]}\0{names}".encode())
    form = shape or train.shape[1:]
    trained = _sorted(_in_form(train, levels), _codes(truths[0], names))
    scored, scored_labels = _in_form(test, levels), _codes(truths[1], names)
    digest.update(trained.content + _sorted(scored, scored_labels).content)
    train_rows, train_labels = _write(trained.rows.reshape(-1, *form), trained.labels, folder / "train")
    test_rows, test_labels = _write(scored.reshape(-1, *form), scored_labels, folder / "test")
    return replace(
        data,
        key=digest.hexdigest(),
        train=Rows(data.train.id, train_rows, data.train.total),
        train_labels=Labels(train_labels, names),
        test=Rows(data.test.id, test_rows, data.test.total),
        test_labels=Labels(test_labels, names),
    )


def _as_recorded(data: ReferenceData) -> ReferenceData:
    """Return the split as it is, keyed by the bytes of its files.

    Not by the hashes that the kernel sent: whoever forged those of another split would train the class's reference.
    """
    digest = hashlib.sha256(f"{data.task}\0{data.input_kind}\0{data.train_labels.classes}".encode())
    digest.update(f"\0{data.test_labels.classes}\0{data.train.total}\0{data.test.total}".encode())
    files = (
        *(file for rows in (data.train, data.test) for file in (rows.values, rows.index)),
        *(labels.values for labels in (data.train_labels, data.test_labels)),
    )
    for file in files:
        if file is None:
            digest.update(b"whole")
            continue
        with file.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return replace(data, key=digest.hexdigest())


def find_levels(rows: Array) -> Levels | None:
    """Return the range of pictures that have few levels, None for values that are measurements."""
    flat = rows.reshape(-1)
    step = max(1, len(flat) // SAMPLED_VALUES)
    if len(np.unique(np.asarray(flat[::step], dtype=np.float32))) > MOST_LEVELS:
        return None
    low, high = float(rows.min()), float(rows.max())
    return Levels(low, high - low) if np.isfinite(high - low) and high > low else None


def _in_form(rows: Array, levels: Levels | None) -> NDArray[Any]:
    flat = rows.reshape(len(rows), -1)
    return levels.steps(flat) if levels is not None else np.asarray(flat, dtype=np.float32)


def _classes(truths: Sequence[Truth]) -> tuple[str, ...]:
    """Return the classes that occur on either side, in the order of the first; () for numbers."""
    if not all(truth.classes for truth in truths):
        return ()
    present = [{truth.classes[code] for code in np.unique(truth.values)} for truth in truths]
    return tuple(dict.fromkeys(name for truth in truths for name in truth.classes if name in present[0] | present[1]))


def _codes(truth: Truth, names: tuple[str, ...]) -> NDArray[Any]:
    if not names:
        return np.asarray(truth.values if not truth.classes else truth.numbers(), dtype=np.float64)
    table = np.array([names.index(name) if name in names else -1 for name in truth.classes], dtype=np.int64)
    return table[truth.values]


@dataclass(frozen=True, slots=True)
class Side:
    """Rows and labels of one side in the order of the rows' hashes, and the bytes that tell it from others."""

    rows: NDArray[Any]
    labels: NDArray[Any]
    content: bytes


def _sorted(rows: NDArray[Any], labels: NDArray[Any]) -> Side:
    """Sort a side by its rows' hashes, equal rows by their labels."""
    hashes = exact_hashes(rows)
    order = np.lexsort((labels if labels.ndim == 1 else labels[:, 0], hashes))
    return Side(rows[order], labels[order], hashes[order].tobytes() + labels[order].tobytes())


def _write(rows: NDArray[Any], labels: NDArray[Any], path: Path) -> tuple[Path, Path]:
    files = path.with_suffix(".npy"), path.with_name(f"{path.name}-labels.npy")
    np.save(files[0], rows, allow_pickle=False)
    np.save(files[1], labels, allow_pickle=False)
    return files
