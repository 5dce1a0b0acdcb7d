"""A known data set's whole official training part, put together from what one run kept of it.

One student takes a fifth of the official training rows for validation, another a tenth: on their own rows each of a
class would need references of their own. Where a run's training and validation rows together are the official training
part, references are trained on that, and once for the whole class.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.evidence.arrays import found_in
from grader.evidence.files import load_values, rows_file, write_rows
from grader.evidence.labels import LabelVector
from grader.evidence.observing import Observation
from grader.evidence.official import KnownData, known_hashes, recognise_rows
from grader.model import Rows


@dataclass(frozen=True, slots=True)
class WholePart:
    """The official training rows with their labels, and the words that say so."""

    rows: Rows
    labels: LabelVector
    words: str


def whole_training_part(
    seen: Observation, train: str, labels: LabelVector, scored: str, known: Sequence[KnownData]
) -> WholePart | None:
    """Return the official training part where the training rows and one other kept set make it up, row for row.

    None where the scored rows are not of the official test part, or a row is missing or too many.
    """
    official = recognise_rows(seen.rows, scored, known)
    data = next((item for item in known if official is not None and item.name == official.dataset), None)
    if official is None or data is None or official.part != "test":
        return None
    mine = known_hashes(seen.rows, train, data)
    if mine is None or len(mine) >= len(data.train):
        return None
    for other, record in seen.rows.records.items():
        if record.count != len(data.train) - len(mine):
            continue
        theirs = known_hashes(seen.rows, other, data)
        if theirs is None or not _makes_up(mine, theirs, data.train):
            continue
        whole = _joined(seen, (train, other), labels)
        if whole is not None:
            words = f"all {len(data.train):,} rows of {data.name}'s official training part"
            return WholePart(whole[0], whole[1], words)
    return None


def _makes_up(mine: NDArray[np.uint32], theirs: NDArray[np.uint32], whole: NDArray[np.uint32]) -> bool:
    """Return whether two sets are, with as many of each row, all of a third. Rows that were mended count as missing."""
    return bool(np.array_equal(np.sort(np.concatenate([mine, theirs])), whole))


def _joined(seen: Observation, sets: tuple[str, str], labels: LabelVector) -> tuple[Rows, LabelVector] | None:
    files = [rows_file(seen, rows) for rows in sets]
    others = seen.labels.of_rows(sets[1])
    if others is None:
        others = seen.labels.by_content(sets[1], (*seen.labels.used, *seen.labels.sources))
    vector = _joined_labels(labels, others)
    if vector is None or any(file is None or file.index is not None for file in files):
        return None
    parts = [(load_values(file.values), file.scale) for file in files if file is not None]
    arrays = [array for array, _ in parts if array is not None]
    if len(arrays) < 2 or arrays[0].shape[1:] != arrays[1].shape[1:]:
        return None
    scales = {scale for _, scale in parts}
    if len(scales) > 1:
        arrays = [_scaled(array, scale) for array, (_, scale) in zip(arrays, parts, strict=True)]
    rows = write_rows(seen, "+".join(sets), np.concatenate(arrays), parts[0][1] if len(scales) == 1 else None)
    return None if rows is None else (rows, vector)


def _scaled(rows: NDArray[Any], scale: float | None) -> NDArray[Any]:
    return np.asarray(rows if scale is None else rows / scale, dtype=np.float32)


def _joined_labels(left: LabelVector, right: LabelVector | None) -> LabelVector | None:
    mine, theirs = left.as_classes(), right.as_classes() if right is not None else None
    if mine is None or theirs is None or not found_in(_names(theirs), _names(mine)).all():
        return None
    names = {name: place for place, name in enumerate(mine.classes)}
    return LabelVector(np.concatenate([mine.values, theirs.coded(names)]), mine.classes)


def _names(vector: LabelVector) -> NDArray[Any]:
    return np.array(vector.classes)
