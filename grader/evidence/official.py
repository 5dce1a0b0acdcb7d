"""Known data sets' official splits, recognised by the hashes of their rows, whatever the variables are called.

Pictures are known by canonical hashes, which survive `/255`, shifts and other shapes; tables by exact ones, followed
back through watched transforms. Of each hash 32 bits are kept: of 60,000 rows one or two are then found by chance.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from grader.evidence.arrays import UIntArray, found_in, load_array
from grader.evidence.identity import RowStore
from grader.model import OfficialRows, RowSet
from grader.resources import shipped

FOLDER = "official"
"""Folder of known splits: beside the reference recipes, and in a folder of data sets those that a course added."""

PARTS = ("train", "test")
KEPT_BITS = np.uint64(32)

RECOGNISED = 0.95
"""Share of rows that must be known: repaired labels leave rows alone, and a few rows may have been mended by hand."""

SAMPLED = 200
"""Rows tried first: what is none of a data set is told from them at once."""

MOST_SETS = 60
"""Row sets looked at: ten-fold cross-validation of three models uses sixty."""

MOST_FILES = 100
MOST_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True, eq=False)
class KnownData:
    """A data set's hashes by part, sorted, one per row. Without an official split all rows are in `train`.

    `kind` says of which hashes they are: `canonical` or `exact`.
    """

    name: str
    kind: str
    train: NDArray[np.uint32]
    test: NDArray[np.uint32]


def kept(hashes: UIntArray) -> NDArray[np.uint32]:
    """Return the bits of hashes that known splits hold."""
    return (hashes >> KEPT_BITS).astype(np.uint32)


def as_bytes(data: KnownData) -> bytes:
    """Return a known split as the `.npz` that `known_splits` reads, the same bytes for the same hashes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, hashes in zip(PARTS, (data.train, data.test), strict=True):
            array = io.BytesIO()
            np.save(array, np.sort(hashes).astype("<u4"), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{data.kind}-{part}.npy"), array.getvalue())
    return buffer.getvalue()


@lru_cache(maxsize=8)
def known_splits(data: Path | None = None) -> tuple[KnownData, ...]:
    """Return the splits that are shipped and those in `data/official/*.npz`; a file that is none is left out."""
    folders = [shipped("reference") / FOLDER, *([data / FOLDER] if data is not None else [])]
    files = [path for folder in folders for path in sorted(folder.glob("*.npz"))[:MOST_FILES]]
    found = {path.stem: known for path in files if (known := _read(path)) is not None}
    return tuple(found.values())


def _read(path: Path) -> KnownData | None:
    try:
        if path.stat().st_size > MOST_BYTES:
            return None
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            names = {name.partition("-")[2]: name for name in file.files}
            kind = file.files[0].partition("-")[0]
            train, test = (np.sort(np.asarray(file[names[part]], dtype=np.uint32)) for part in PARTS)
    except (OSError, ValueError, KeyError, IndexError, zipfile.BadZipFile):
        return None
    return KnownData(path.stem, kind, train, test) if kind in {"exact", "canonical"} else None


def recognise(store: RowStore, sets: Sequence[RowSet], known: Sequence[KnownData]) -> tuple[OfficialRows, ...]:
    """Return, for each row set that is made of a known data set's rows, how many are of which official part."""
    found = (recognise_rows(store, item.id, known) for item in sets[:MOST_SETS])
    return tuple(item for item in found if item is not None)


def with_official_origins(sets: Sequence[RowSet], official: Sequence[OfficialRows]) -> tuple[RowSet, ...]:
    """Return the row sets, those of unknown origin with the official part that all their rows are of."""
    parts = {item.rows: item for item in official if item.part != "both"}
    return tuple(
        replace(item, origin_hint=_origin(parts[item.id])) if not item.origin_hint and item.id in parts else item
        for item in sets
    )


def _origin(official: OfficialRows) -> str:
    return f"{official.dataset}/{official.part}" if official.official_test else official.dataset


def recognise_rows(store: RowStore, rows: str, known: Sequence[KnownData]) -> OfficialRows | None:
    """Return which known data set a row set is made of, and of which parts; None where it is of none."""
    for data in known:
        hashes = known_hashes(store, rows, data)
        if hashes is None:
            continue
        in_test, in_train = found_in(hashes, data.test), found_in(hashes, data.train)
        # A picture that both parts hold is counted with the side that most of its set is on.
        both = in_test & in_train
        test, train = int((in_test & ~both).sum()), int((in_train & ~both).sum())
        shared = int(both.sum())
        test, train = (test + shared, train) if test > train else (test, train + shared)
        return OfficialRows(rows, data.name, train, test, len(hashes), len(data.train), len(data.test))
    return None


def known_hashes(store: RowStore, rows: str, data: KnownData) -> NDArray[np.uint32] | None:
    """Return the kept bits of a row set's hashes where nearly all are the data set's, else None."""
    candidates = [store.canonical(rows)] if data.kind == "canonical" else list(store.stages(rows))
    for hashes in candidates:
        if hashes is None or not len(hashes):
            continue
        bits = kept(hashes)
        sample = bits[np.linspace(0, len(bits) - 1, min(SAMPLED, len(bits))).astype(np.int64)]
        if all(_share(part, data) >= RECOGNISED for part in (sample, bits)):
            return bits
    return None


def _share(hashes: NDArray[np.uint32], data: KnownData) -> float:
    return float(np.mean(found_in(hashes, data.train) | found_in(hashes, data.test)))


def digests_of(name: str, parts: Sequence[tuple[Path | None, Path | None, int]], *, pictures: bool) -> KnownData | None:
    """Return a loader's rows as a known split, from files of (exact, canonical) hashes and the number of rows.

    None where the files are not what they should be.
    """
    hashes = [load_array(canonical if pictures else exact, "u", count) for exact, canonical, count in parts]
    if not hashes or any(item is None for item in hashes):
        return None
    train, test = ([kept(item) for item in hashes if item is not None] + [np.zeros(0, np.uint32)])[:2]
    return KnownData(name, "canonical" if pictures else "exact", np.sort(train), np.sort(test))
