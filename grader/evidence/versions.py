"""Rows that stand in one set in several versions: the rows as they were, and altered copies, made by the notebook.

Told by order, however the copies look: a set joined to copies of itself repeats its labels in their order; or the
nearest training row of a held-out row is, nearly always, the one that stands just so many places before or after it.
Data that came with its versions (a table read with as many rows, a set that was loaded) is not the notebook's doing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from grader.evidence.arrays import BoolArray, UIntArray, found_in
from grader.evidence.files import values_and_places
from grader.evidence.identity import RowStore, translated
from grader.evidence.labels import LabelStore
from grader.evidence.near_copies import nearest_of, spread_over
from grader.evidence.observing import Observation
from grader.evidence.records import Columns, FilesRead

FEWEST_COPIED = 50
"""Shorter sequences of labels are repeated by chance, or by a pattern (0, 1, 2, 0, 1, 2)."""

FEWEST_CHANGES = 20
"""Labels that come class by class repeat from folder to folder; in mixed order they repeat only where rows do."""

MOST_VERSIONS = 20
"""Most versions of each row that are looked for."""

MOST_ASKED = 64
"""Test rows whose nearest training row is looked for: a second of large pictures, and pairs enough."""

FEWEST_PAIRS = 12
"""Held-out rows with a version among the training rows, of which the nearest row is asked: by chance none hits."""

PAIRED = 0.75
"""Share of them whose nearest training row is such a version. Turned or moved pictures find another one at times."""

CLOSER = 0.33
"""Where nothing shows that copies were made, they must lie this much closer: waves that come again lie as rows do."""

SURPLUS = 1.2
"""Rows for each that was read, from which on rows were made."""

ALL_BUT = 0.02
"""Share of the rows by which a table may be longer than what was made of it, and the rows still be its own."""


@dataclass(frozen=True, slots=True)
class Versions:
    """A set of rows that holds `count` originals in several versions.

    The versions stand one set after the other, or `beside` each other: row, copy, next row, its copy.
    """

    hashes: UIntArray
    count: int
    beside: bool = False

    def originals(self, places: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the number of the original of the rows at these places."""
        return places // (len(self.hashes) // self.count) if self.beside else places % self.count

    def by_original(self, values: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return values of the whole set as (originals, versions)."""
        return values.reshape(self.count, -1) if self.beside else values.reshape(-1, self.count).T

    @property
    def altered(self) -> bool:
        """Whether the second versions differ from the first: equal rows are an overlap, told elsewhere."""
        if self.beside:
            step = len(self.hashes) // self.count
            return not np.array_equal(self.hashes[::step], self.hashes[1::step])
        return not np.array_equal(self.hashes[: self.count], self.hashes[self.count : 2 * self.count])


def count_versions_apart(seen: Observation, test: str, trained: Sequence[str]) -> int | None:
    """Return how many test rows have another version of the same original among the training rows.

    None where no set of versions was seen that both came from.
    """
    best: int | None = None
    neighbours = _Neighbours(seen, test)
    for hashes, by_labels in _wholes(seen.rows, seen.labels):
        held = places_in(seen.rows, test, hashes)
        used = [(rows, place) for rows in trained if (place := places_in(seen.rows, rows, hashes)) is not None]
        if held is None or not used:
            continue
        versions = by_labels or _by_neighbours(neighbours, _Pairs(hashes, held, used))
        if versions is not None and versions.altered:
            originals = np.unique(versions.originals(np.concatenate([place for _, place in used])))
            best = max(best or 0, int(np.isin(versions.originals(held), originals).sum()))
    return best


def _wholes(rows: RowStore, labels: LabelStore) -> Iterator[tuple[UIntArray, Versions | None]]:
    """Yield the sets that may hold versions, with what their labels tell."""
    for item in rows.records.values():
        hashes = rows.exact(item.id) if item.parent is None and item.count >= 2 * FEWEST_COPIED else None
        if hashes is None:
            continue
        vector = labels.of_rows(item.id)
        known = vector is not None and vector.values.ndim == 1 and len(vector.values) == len(hashes)
        count = _repeated_after(vector.values) if known and vector is not None else None
        yield hashes, Versions(hashes, count) if count is not None else None


def _repeated_after(labels: NDArray[np.generic]) -> int | None:
    """Return after how many rows the labels repeat in their order, None where they don't or do by a pattern."""
    for versions in range(MOST_VERSIONS, 1, -1):
        count, rest = divmod(len(labels), versions)
        if rest or count < FEWEST_COPIED:
            continue
        first = labels[:count]
        if np.count_nonzero(first[1:] != first[:-1]) < FEWEST_CHANGES or _has_pattern(first):
            continue
        if np.array_equal(labels[count:], labels[:-count]):
            return count
    return None


def _has_pattern(labels: NDArray[np.generic]) -> bool:
    """Whether labels follow a short cycle, as 0, 1, ..., 9, 0, 1, ... does."""
    return any(np.array_equal(labels[step:], labels[:-step]) for step in range(1, FEWEST_COPIED))


def places_in(rows: RowStore, name: str, hashes: UIntArray) -> NDArray[np.int64] | None:
    """Return at which places of a set rows stand, now or before they were transformed; None where they don't."""
    numbers = np.arange(len(hashes), dtype=np.uint64)
    for stage in rows.stages(name):
        found = translated(stage, hashes, numbers) if len(stage) else None
        if found is not None:
            return found.astype(np.int64)
    return None


@dataclass(frozen=True, slots=True)
class _Pairs:
    """A set, and the places in it of the held-out rows and of the rows that were trained on."""

    hashes: UIntArray
    held: NDArray[np.int64]
    used: list[tuple[str, NDArray[np.int64]]]

    def hypotheses(self) -> Iterator[Versions]:
        """Yield the ways in which the set may hold versions, those of fewest versions first.

        Pairs are also pairs among sets of four: the fewest that explain what is seen are the right ones.
        """
        for versions in range(2, MOST_VERSIONS + 1):
            count, rest = divmod(len(self.hashes), versions)
            if not rest and count >= FEWEST_COPIED:
                yield Versions(self.hashes, count)
                yield Versions(self.hashes, count, beside=True)


@dataclass(frozen=True, slots=True)
class _Sources:
    """How many rows came from outside: loaded, read as a table, read file by file."""

    counts: frozenset[int]
    loaded: UIntArray = field(default_factory=lambda: np.zeros(0, dtype=np.uint64))

    def gave(self, hashes: UIntArray) -> bool:
        """Whether the rows of a set, as many as they are, came as they stand."""
        as_many = any(len(hashes) <= count <= len(hashes) * (1 + ALL_BUT) for count in self.counts)
        return as_many or bool(len(self.loaded) and found_in(hashes, self.loaded).mean() > 1 - ALL_BUT)

    def show_making_of(self, versions: Versions) -> bool:
        """Whether copies are seen to be made: one version only was loaded, or as many rows as originals were read.

        Where versions stand in sets one after the other, more rows than were read say so as well.
        """
        if versions.count in self.counts:
            return True
        known = versions.by_original(found_in(versions.hashes, self.loaded))
        if (known.sum(axis=1) == 1).mean() > PAIRED:
            return True
        most = max(self.counts, default=0)
        return not versions.beside and versions.count <= most < len(versions.hashes) / SURPLUS


def _sources(seen: Observation) -> _Sources:
    parts = [part for load in seen.rows.loads for part, _ in load.parts if part is not None]
    known = [hashes for part in parts if (hashes := seen.rows.exact(part)) is not None]
    counts = {len(hashes) for hashes in known}
    counts |= {table.count for table in seen.log.of("data.columns", Columns)}
    counts |= {len(files.names) for files in seen.log.of("data.files", FilesRead)}
    return _Sources(frozenset(counts), np.concatenate(known) if known else np.zeros(0, dtype=np.uint64))


@dataclass(frozen=True, slots=True)
class _Near:
    """Places in their own sets: of some test rows, of the training rows compared (by set), and which lay nearest.

    `close` tells which of these lie far closer than rows of the data do.
    """

    sampled: NDArray[np.int64]
    compared: dict[str, NDArray[np.int64]]
    nearest: NDArray[np.int64]
    close: BoolArray


class _Neighbours:
    """The nearest training rows of some test rows, looked for once for each choice of training sets."""

    def __init__(self, seen: Observation, test: str) -> None:
        self.sources = _sources(seen)
        self._seen = seen
        self._test = test
        self._found: dict[tuple[str, ...], _Near | None] = {}

    def among(self, used: tuple[str, ...]) -> _Near | None:
        """Return the nearest rows in these sets; None where values are not known."""
        if used not in self._found:
            self._found[used] = self._look(used)
        return self._found[used]

    def _look(self, used: tuple[str, ...]) -> _Near | None:
        known = values_and_places(self._seen, self._test)
        if known is None:
            return None
        sets = {name: values_and_places(self._seen, name) for name in used}
        parts = {name: part for name, part in sets.items() if part and part[0].shape[1:] == known[0].shape[1:]}
        some = spread_over(len(known[0]), MOST_ASKED)
        nearest = nearest_of(known[0], some, [values for values, _ in parts.values()]) if parts else None
        if nearest is None:
            return None
        compared, start = {}, 0
        for name, (values, places) in parts.items():
            inside = (nearest.compared >= start) & (nearest.compared < start + len(values))
            compared[name] = places[nearest.compared[inside] - start]
            start += len(values)
        close = nearest.distances <= CLOSER * nearest.spacing
        return _Near(known[1][some], compared, nearest.places, close)


def _by_neighbours(neighbours: _Neighbours, pairs: _Pairs) -> Versions | None:
    """Return the versions that the nearest training rows of held-out rows tell of, None where they tell of none."""
    sources = neighbours.sources
    near = None if sources.gave(pairs.hashes) else neighbours.among(tuple(name for name, _ in pairs.used))
    if near is None:
        return None
    places = dict(pairs.used)
    trained = np.concatenate([places[name][at] for name, at in near.compared.items()])
    own, found_at = pairs.held[near.sampled], trained[near.nearest]
    others = trained[~np.isin(trained, own)]
    for versions in pairs.hypotheses():
        originals = versions.originals(own)
        has = np.isin(originals, versions.originals(others))
        hits = (originals == versions.originals(found_at)) & (found_at != own)
        if has.sum() < FEWEST_PAIRS or hits[has].mean() < PAIRED:
            continue
        close = not versions.beside and (hits & near.close)[has].mean() >= PAIRED
        if close or sources.show_making_of(versions):
            return versions
    return None
