"""Rows that belong together (of one speaker, one patient, one folder), and groups that stand on both sides of a split.

What tells groups is taken from columns of tables that were read and from names of files; whether they matter from the
rows: where they do, a training row's nearest neighbour is of its own group far oftener than chance has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray

from grader.evidence.arrays import IntArray, UIntArray, load_array
from grader.evidence.files import known_values, rows_file
from grader.evidence.fits import Fit
from grader.evidence.identity import translated
from grader.evidence.labels import LabelVector
from grader.evidence.near_copies import spread_over
from grader.evidence.observing import Observation
from grader.evidence.records import Columns, FilesRead
from grader.model import GroupCrossing

FEWEST_GROUPS = 10
"""A column with fewer values is an attribute (a colour, a region), not somebody; file names may tell three speakers."""

LARGEST_SHARE = 0.5
"""Share of rows the largest group may have; beyond it the column tells an exception, not groups."""

TOGETHER = 0.7
"""Share of rows with a neighbour of their own group, from which the rows of a group are alike."""

MARGIN = 0.25
"""The same above what chance has: an attribute that inputs follow somewhat is no group."""

PURE = 0.98
"""A column whose few values go with the labels is the label in other words."""

MAX_SAMPLED, MAX_COMPARED = 200, 12_000
MAX_VALUES = 40_000_000
"""Values of the training rows that are compared: 160 MB as float32."""

CONSTANT = 0.95
"""Share of groups within which an input has one value, from which it is the group, or a property of it."""

Matrix = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Groups:
    """One way to tell rows apart: a code for each row of what was read."""

    name: str
    source: str
    codes: IntArray
    fewest: int


@dataclass(frozen=True, slots=True)
class _Side:
    """Training or held-out rows by their places in what was read."""

    rows: str
    places: IntArray


def find_group_crossing(
    seen: Observation, scored: str | None, fits: Sequence[Fit], labels: LabelVector | None
) -> GroupCrossing | None:
    """Return the grouping by which rows are most alike, with how many held-out groups were trained on; else None.

    `labels` are those of the rows that the last fit trained on.
    """
    fit = next((item for item in reversed(fits) if item.train), None)
    if scored is None or fit is None or fit.train is None:
        return None
    found: list[tuple[float, GroupCrossing]] = []
    for groups in _ways(seen):
        count = len(groups.codes)
        train, held = _side(seen, fit.train, count), _side(seen, scored, count)
        if train is None or held is None or not _may_group(groups, train, labels):
            continue
        together, chance = _alike(seen, train, groups, labels)
        if together >= TOGETHER and together >= chance + MARGIN:
            found.append((together - chance, _crossing(groups, train, held, together, chance)))
    return max(found, key=lambda item: item[0])[1] if found else None


def _ways(seen: Observation) -> Iterator[_Groups]:
    for table in seen.log.of("data.columns", Columns):
        for column in table.columns:
            codes = load_array(seen.artifacts.get(column.codes), "iu", table.count)
            if codes is not None:
                yield _Groups(column.name, "a column of the table", codes.astype(np.int64), FEWEST_GROUPS)
    for read in seen.log.of("data.files", FilesRead):
        yield from _of_names(read.names)


def _of_names(names: Sequence[str]) -> Iterator[_Groups]:
    """Return the ways in which names of files tell them apart: folders, and parts of the name between its marks."""
    by_kind: dict[str, list[str]] = {}
    for name in names:
        by_kind.setdefault(PurePosixPath(name).suffix.lower(), []).append(name)
    for alike in by_kind.values():
        parts = [_parts(name) for name in alike]
        for label in dict.fromkeys(key for item in parts for key in item):
            values = [item.get(label, "") for item in parts]
            if all(values) and len(set(values)) > 1:
                codes = np.unique(values, return_inverse=True)[1].reshape(-1)
                yield _Groups(f"{label} ({values[0]}, ...)", "names of files", codes.astype(np.int64), 2)


def _parts(name: str) -> dict[str, str]:
    path = PurePosixPath(name)
    found = {f"folder {place}": part for place, part in enumerate(reversed(path.parts[:-1]), start=1)}
    words = [word for word in re.split(r"[_\-. ]+", path.stem) if word]
    return found | {f"part {place} of the name": word for place, word in enumerate(words, start=1)}


def _side(seen: Observation, rows: str, count: int) -> _Side | None:
    """Return where rows stood among `count` rows that were read, None where that can't be told."""
    for keys, places in _keyed(seen, count):
        for stage in seen.rows.stages(rows):
            found = translated(stage, keys, places) if len(stage) else None
            if found is not None and int(found.max()) < count:
                return _Side(rows, found.astype(np.int64))
    return None


def _keyed(seen: Observation, count: int) -> Iterator[tuple[UIntArray, UIntArray]]:
    """Return row hashes with the places they stand for: by the index that split frames kept, else by order."""
    for split in seen.rows.splits:
        pairs = [
            (seen.rows.exact(output), load_array(seen.artifacts.get(places), "iu"))
            for output, places in zip(split.outputs, split.places, strict=False)
        ]
        known = [(keys, places) for keys, places in pairs if keys is not None and places is not None]
        if all(len(keys) == len(places) and places.min(initial=0) >= 0 for keys, places in known) and known:
            yield (
                np.concatenate([keys for keys, _ in known]),
                np.concatenate([places for _, places in known]).astype(np.uint64),
            )
    for record in list(seen.rows.records.values()):
        whole = seen.rows.exact(record.id) if record.count == count and record.parent is None else None
        if whole is not None:
            yield whole, np.arange(count, dtype=np.uint64)


def _may_group(groups: _Groups, train: _Side, labels: LabelVector | None) -> bool:
    """Whether codes may tell groups: several rows each, none of them most of the rows, and not the labels again."""
    codes = groups.codes[train.places]
    _, places, sizes = np.unique(codes, return_inverse=True, return_counts=True)
    if len(sizes) < groups.fewest or len(sizes) > len(codes) // 2 or sizes.max() > LARGEST_SHARE * len(codes):
        return False
    known = labels.as_classes() if labels is not None and len(labels.values) == len(codes) else None
    if known is None or len(sizes) > 2 * len(known.classes):
        return True
    table = np.zeros((len(sizes), len(known.classes)), dtype=np.int64)
    np.add.at(table, (places.reshape(-1), known.values), 1)
    return bool(table.max(axis=1).sum() < PURE * len(codes))


def _alike(seen: Observation, train: _Side, groups: _Groups, labels: LabelVector | None) -> tuple[float, float]:
    """Return the share of training rows whose nearest other is of their own group, and the share by chance."""
    file, values = rows_file(seen, train.rows), known_values(seen, train.rows)
    if file is None or values is None or len(values) > len(train.places):
        return 0.0, 1.0
    index = load_array(file.index, "iu", len(values)) if file.index else np.arange(len(values))
    if index is None:
        return 0.0, 1.0
    chosen = spread_over(len(values), min(MAX_COMPARED, max(MAX_SAMPLED, MAX_VALUES // values[0].size)))
    rows, codes = values[chosen], groups.codes[train.places][index[chosen]]
    kinds = _codes_of(labels, len(train.places))[index[chosen]]
    flat = _inputs(rows, codes)
    if flat is None:
        return 0.0, 1.0
    sample = spread_over(len(flat), MAX_SAMPLED)
    squared = (flat**2).sum(axis=1)[None, :] - 2 * flat[sample] @ flat.T
    squared[np.arange(len(sample)), sample] = np.inf
    nearest = squared.argmin(axis=1)
    same = codes[sample][:, None] == codes[None, :]
    of_kind = kinds[sample][:, None] == kinds[None, :]
    chance = (same & of_kind).sum(axis=1) / of_kind.sum(axis=1)
    return float(np.mean(codes[nearest] == codes[sample])), float(chance.mean())


def _codes_of(labels: LabelVector | None, count: int) -> IntArray:
    known = labels.as_classes() if labels is not None and len(labels.values) == count else None
    return np.zeros(count, dtype=np.int64) if known is None else known.values.astype(np.int64)


def _inputs(rows: NDArray[np.generic], codes: IntArray) -> Matrix | None:
    """Return rows ready to be compared, without the inputs of a table that are the group or a property of it."""
    flat = np.nan_to_num(rows.reshape(len(rows), -1).astype(np.float32))
    if rows.ndim != 2:
        return flat
    order = np.argsort(codes, kind="stable")
    starts = np.flatnonzero(np.diff(codes[order], prepend=codes[order][0] - 1))
    spread = np.maximum.reduceat(flat[order], starts) - np.minimum.reduceat(flat[order], starts)
    several = np.diff(np.append(starts, len(order))) > 1
    kept = np.mean(spread[several] == 0, axis=0) < CONSTANT if several.any() else np.zeros(flat.shape[1], np.bool_)
    flat = flat[:, kept]
    scale = flat.std(axis=0)
    return np.asarray((flat - flat.mean(axis=0)) / np.where(scale > 0, scale, 1), np.float32) if kept.any() else None


def _crossing(groups: _Groups, train: _Side, held: _Side, together: float, chance: float) -> GroupCrossing:
    tested, used = groups.codes[held.places], groups.codes[train.places]
    crossing = np.isin(tested, used)
    return GroupCrossing(
        column=groups.name,
        source=groups.source,
        groups=len(np.unique(tested)),
        crossing=len(np.unique(tested[crossing])),
        rows=len(tested),
        rows_crossing=int(crossing.sum()),
        together=together,
        chance=chance,
    )
