"""Who a row is: exact and canonical hashes per row, carried back through transforms, splits and slices.

Two rows are the same where their exact hashes agree. Canonical hashes (per-row min-max to 8 bits) survive global
scaling only, so they decide nothing where they are common by chance. Transforms map rows one for one, by position:
that is how a scaled row is known to be the raw one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from grader.evidence.arrays import UIntArray, block_of, found_in, load_array, own_repeats, rows_within
from grader.evidence.parsing import Log
from grader.evidence.records import FitBegan, FitEnded, Loaded, Moved, RowsSeen, Split

MAX_STEPS_BACK = 6
"""How many transforms are followed back: scaling, encoding, selection and reshaping together need fewer."""

CONTAINED = 0.99
"""Share of rows that must be found to call a set part of another: a cut stream may lack its last batch."""

CANONICAL_MIN_VALUES = 16
"""Rows shorter than this have too few canonical forms: after min-max, three features leave little more than one."""

MAX_DIVISIONS = 100
"""Most splits and loaders followed: ten-fold cross-validation, repeated, still fits."""

HashesOf = Callable[[str | None], UIntArray | None]
"""One of RowStore.exact and RowStore.canonical."""


class RowStore:
    """All rows of one run: records by id, hash arrays read on demand, and where rows came from.

    Parts that Keras itself splits off (`validation_split`) are given ids of their own, `r3[:80]` and `r3[80:]`.
    """

    def __init__(self, log: Log, artifacts: Mapping[str, Path]) -> None:
        self.records: dict[str, RowsSeen] = {record.id: record for record in log.of("rows.seen", RowsSeen)}
        self.artifacts = artifacts
        self.splits = log.of("split.made", Split)
        self.loads = log.of("data.loaded", Loaded)
        self.transforms = log.of("preprocessing.transformed", Moved)
        self.augmentations = log.of("augmentation", Moved)
        self._exact: dict[str, UIntArray | None] = {}
        self._canonical: dict[str, UIntArray | None] = {}
        self._stages: dict[str, tuple[UIntArray, ...]] = {}
        self._repeats: dict[str, float] = {}
        self._places: dict[str, Mapping[str, int]] = {}
        self._loaded: dict[str, tuple[tuple[str, HashesOf], ...]] = {}
        self._divided: tuple[tuple[str, tuple[str, ...], str | None], ...] | None = None

    def exact(self, rows: str | None) -> UIntArray | None:
        """Return the exact hash of every row in order, or None where they are not known."""
        if rows is None:
            return None
        if rows not in self._exact:
            self._exact[rows] = self._hashes(rows, "exact")
        return self._exact[rows]

    def canonical(self, rows: str | None) -> UIntArray | None:
        """Return the canonical hashes, or None where unknown or too coarse to mean anything."""
        if rows is None:
            return None
        if rows not in self._canonical:
            record = self.records.get(rows)
            fine = record is not None and math.prod(record.shape) >= CANONICAL_MIN_VALUES
            self._canonical[rows] = self._hashes(rows, "canonical") if fine else None
        return self._canonical[rows]

    def _hashes(self, rows: str, kind: str) -> UIntArray | None:
        record = self.records.get(rows)
        if record is None:
            return None
        artifact = record.exact if kind == "exact" else record.canonical
        if record.parent is not None and record.start is not None:
            whole = self.exact(record.parent) if kind == "exact" else self.canonical(record.parent)
            return None if whole is None else whole[record.start : record.start + record.count]
        hashes = load_array(self.artifacts.get(artifact or ""), "u", record.count)
        return None if hashes is None or hashes.dtype.itemsize != 8 else hashes

    def part(self, rows: str, start: int, stop: int) -> str:
        """Return the id of rows `start` to `stop` of `rows`, made known as a row set of its own."""
        whole = self.records[rows]
        name = f"{rows}[{start}:]" if stop >= whole.count else f"{rows}[{start}:{stop}]".replace("[0:", "[:")
        if name not in self.records:
            self.records[name] = RowsSeen(
                id=name,
                count=min(stop, whole.count) - start,
                shape=whole.shape,
                dtype=whole.dtype,
                source=whole.source,
                exact=None,
                canonical=None,
                low=whole.low,
                high=whole.high,
                mean=whole.mean,
                values=None,
                values_index=None,
                scale=whole.scale,
                complete=whole.complete,
                cell=whole.cell,
                order=whole.order,
                start=start,
                parent=rows,
            )
        return name

    def repeat_rate(self, rows: str) -> float:
        """Return the share of rows that repeat within their own set of themselves (0 where unknown)."""
        if rows not in self._repeats:
            hashes = self.exact(rows)
            self._repeats[rows] = own_repeats(hashes) / len(hashes) if hashes is not None and len(hashes) else 0.0
        return self._repeats[rows]

    def stages(self, rows: str | None) -> tuple[UIntArray, ...]:
        """Return the exact hashes of these rows now and before each transform, aligned row by row, newest first."""
        if rows is None:
            return ()
        if rows not in self._stages:
            hashes = self.exact(rows)
            self._stages[rows] = () if hashes is None else self._walk_back(hashes)
        return self._stages[rows]

    def _walk_back(self, hashes: UIntArray) -> tuple[UIntArray, ...]:
        found = [hashes]
        tried: set[int] = set()
        frontier = [hashes]
        for _ in range(MAX_STEPS_BACK):
            earlier: list[UIntArray] = []
            for number, step in enumerate(self.transforms):
                if number in tried:
                    continue
                for current in frontier:
                    before = self._before(step, current)
                    if before is not None:
                        tried.add(number)
                        earlier.append(before)
                        break
            if not earlier:
                break
            found.extend(earlier)
            frontier = earlier
        return tuple(found)

    def _before(self, step: Moved, hashes: UIntArray) -> UIntArray | None:
        """Return what these rows were before `step`, or None where the step didn't make them."""
        source, made = self.exact(step.rows_in), self.exact(step.rows_out)
        if source is None or made is None or len(source) != len(made) or not len(hashes):
            return None
        if len(made) == len(hashes) and np.array_equal(made, hashes):
            return source
        return translated(hashes, made, source)

    def places(self, rows: str) -> Mapping[str, int]:
        """Return which part of which split or loader a row set is (or is a block of), through nested splits."""
        if rows not in self._places:
            self._places[rows] = self._trace(rows)
        return self._places[rows]

    def _trace(self, rows: str) -> Mapping[str, int]:
        found: dict[str, int] = {}
        queue = list(self.stages(rows))
        while queue:
            current = queue.pop()
            for source, parts, whole in self._divisions():
                place = next((place for place, part in enumerate(parts) if self._is_block(current, part)), None)
                if place is not None and source not in found:
                    found[source] = place
                    queue.extend(self.stages(whole))
        return found

    def _divisions(self) -> tuple[tuple[str, tuple[str, ...], str | None], ...]:
        """Return every division of rows into parts that share no place: (name, parts, what was divided)."""
        if self._divided is None:
            found: list[tuple[str, tuple[str, ...], str | None]] = []
            for number, split in enumerate(self.splits[:MAX_DIVISIONS]):
                for whole in dict.fromkeys(split.inputs):
                    parts = self._parts_of(whole, split)
                    if parts:
                        found.append((f"split {number} of {whole}", parts, whole))
            for number, load in enumerate(self.loads[:MAX_DIVISIONS]):
                loaded = tuple(dict.fromkeys(rows for rows, _ in load.parts if rows is not None))
                if len(loaded) > 1:
                    found.append((f"load {number}", loaded, None))
            self._divided = tuple(found)
        return self._divided

    def _parts_of(self, whole: str, split: Split) -> tuple[str, ...]:
        """Return the outputs that divide `whole`: all their rows are in it, and together they don't exceed it."""
        hashes = self.exact(whole)
        if hashes is None:
            return ()
        parts: list[str] = []
        for output in dict.fromkeys(split.outputs):
            made = self.exact(output)
            if made is not None and len(made) and rows_within(made, hashes) == len(made):
                parts.append(output)
        total = sum(self.records[rows].count for rows in parts)
        return tuple(parts) if len(parts) > 1 and total <= len(hashes) else ()

    def _is_block(self, hashes: UIntArray, rows: str) -> bool:
        whole = self.exact(rows)
        return whole is not None and block_of(hashes, whole)

    def loaded_around(self, rows: str) -> tuple[tuple[str, HashesOf], ...]:
        """Return the loader's parts that hold most of these rows, each with the kind of hash they agree in."""
        if rows not in self._loaded:
            found: list[tuple[str, HashesOf]] = []
            for part in dict.fromkeys(part for load in self.loads for part, _ in load.parts if part is not None):
                for hashes_of in (self.exact, self.canonical):
                    mine, whole = hashes_of(rows), hashes_of(part)
                    if mine is not None and whole is not None and 2 * rows_within(mine, whole) > len(mine):
                        found.append((part, hashes_of))
                        break
            self._loaded[rows] = tuple(found)
        return self._loaded[rows]

    def copies_apart(self, left: str, right: str) -> int:
        """Return how many rows of `left` are in `right` too although the loader gave them only once.

        Such rows were copied before the split: its parts share no place and yet share rows.
        """
        most = 0
        for part, hashes_of in self.loaded_around(left):
            mine, theirs, whole = hashes_of(left), hashes_of(right), hashes_of(part)
            if mine is not None and theirs is not None and whole is not None:
                unique, counts = np.unique(whole, return_counts=True)
                once = unique[counts == 1]
                most = max(most, int((found_in(mine, once) & found_in(mine, theirs)).sum()))
        return most

    def shared_by_lineage(self, left: str, right: str) -> int | None:
        """Return how many rows of `left` came from the same place as rows of `right`; None where that isn't known.

        Two different parts of one split share none, however many equal rows the data holds, unless rows were copied
        before that split.
        """
        left_places, right_places = self.places(left), self.places(right)
        if any(left_places[name] != right_places[name] for name in left_places.keys() & right_places.keys()):
            return self.copies_apart(left, right)
        hashes, others = self.exact(left), self.exact(right)
        if hashes is not None and others is not None and block_of(hashes, others):
            return len(hashes)
        return None


def translated(hashes: UIntArray, keys: UIntArray, values: UIntArray) -> UIntArray | None:
    """Return `values` at the first place of each hash in `keys`, or None where some are not there."""
    order = np.argsort(keys, kind="stable")
    places = np.searchsorted(keys, hashes, sorter=order)
    found = order[np.minimum(places, len(keys) - 1)] if len(keys) else np.zeros(len(hashes), dtype=np.int64)
    if not len(keys) or np.mean(keys[found] == hashes) < CONTAINED:
        return None
    return values[found]


def fit_rows(store: RowStore, began: FitBegan, ended: FitEnded | None) -> tuple[str | None, str | None]:
    """Return the row sets one fit trained on and watched.

    With `validation_split` Keras takes the last rows, floor(n * (1 - split)) on, before any shuffling
    (keras.src.trainers.data_adapters.array_slicing.train_validation_split).
    """
    rows = (ended.rows if ended else None) or began.rows
    watched = (ended.validation_rows if ended else None) or began.validation_rows
    if began.validation_split <= 0 or rows not in store.records or rows is None:
        return rows, watched
    count = store.records[rows].count
    border = math.floor(count * (1.0 - began.validation_split))
    if not 0 < border < count:
        return rows, watched
    whole, tail = store.exact(rows), store.exact(watched)
    if watched is not None and (whole is None or tail is None or not np.array_equal(whole[border:], tail)):
        return rows, watched
    return store.part(rows, 0, border), watched or store.part(rows, border, count)
