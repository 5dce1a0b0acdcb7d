"""Reading `.npy` artifacts that a student's process wrote: no pickle, no surprise in size, kind or shape."""

from __future__ import annotations

import ast
import math
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from grader.probe.wire import MAX_ARTIFACT_BYTES

UIntArray = NDArray[np.uint64]
IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

MAGIC = b"\x93NUMPY"
MAX_HEADER_BYTES = 4096
"""A header holds a kind, an order and a shape: numpy itself pads it to 64 or 128 bytes."""


def load_array(path: Path | None, kinds: str, count: int | None = None, ranks: tuple[int, ...] = (1,)) -> Any | None:
    """Return the array in `path`, or None where it is missing, not of the kinds asked for, or tampered with.

    Args:
        path: a `.npy` file, or None.
        kinds: numpy kind letters allowed (`u`, `i`, `f`, `b`). Objects are never read.
        count: rows the first dimension must have, where known.
        ranks: numbers of dimensions allowed.
    """
    if path is None:
        return None
    try:
        dtype, shape, order, offset = _header(path)
        if not _acceptable(dtype, shape, kinds, count, ranks):
            return None
        if path.stat().st_size - offset != math.prod(shape) * dtype.itemsize:
            return None
        array = np.fromfile(path, dtype=dtype, offset=offset)
        return array.astype(dtype.newbyteorder("="), copy=False).reshape(shape, order=order)
    except (OSError, ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None


def _acceptable(
    dtype: np.dtype[Any], shape: tuple[int, ...], kinds: str, count: int | None, ranks: tuple[int, ...]
) -> bool:
    if dtype.hasobject or dtype.kind not in kinds or dtype.itemsize > 8 or len(shape) not in ranks:
        return False
    return count is None or (len(shape) > 0 and shape[0] == count)


def _header(path: Path) -> tuple[np.dtype[Any], tuple[int, ...], Literal["C", "F"], int]:
    """Read kind, shape, memory order and data offset without numpy's reader, which allocates what a header claims."""
    if path.stat().st_size > MAX_ARTIFACT_BYTES:
        raise ValueError(path.name)
    with path.open("rb") as stream:
        start = stream.read(12)
        if start[:6] != MAGIC or start[6] not in {1, 2, 3}:
            raise ValueError(path.name)
        length_bytes = 2 if start[6] == 1 else 4
        offset = 8 + length_bytes
        length = int.from_bytes(start[8:offset], "little")
        if length > MAX_HEADER_BYTES:
            raise ValueError(path.name)
        stream.seek(offset)
        header = ast.literal_eval(stream.read(length).decode("latin-1").strip())
    if not isinstance(header, dict) or set(header) != {"descr", "fortran_order", "shape"}:
        raise ValueError(path.name)
    descr, shape, fortran = header["descr"], header["shape"], header["fortran_order"]
    if not isinstance(descr, str) or not isinstance(shape, tuple) or not isinstance(fortran, bool):
        raise TypeError(path.name)
    if not all(isinstance(side, int) and not isinstance(side, bool) and side >= 0 for side in shape):
        raise ValueError(path.name)
    return np.dtype(descr), shape, "F" if fortran else "C", offset + length


MANY_TIMES = 4
FEWEST_GROUPS = 5
MANY_ONCE = 0.3
"""Repeats of measured data thin out: where this share of the rows stands there once, fewer stand there four times and
more than three times. Where at least so many do, and twice as many as stand there three times, somebody repeated them,
as oversampling does."""


def own_repeats(values: UIntArray) -> int:
    """Return how many rows occur more than once within `values` of their own: not because somebody repeated them."""
    _, counts = np.unique(values, return_counts=True)
    often = int(np.sum(counts >= MANY_TIMES))
    thinning = often < max(FEWEST_GROUPS, 2 * int(np.sum(counts == MANY_TIMES - 1)))
    mostly_repeated = int(np.sum(counts == 1)) < MANY_ONCE * len(values)
    own = counts > 1 if thinning or mostly_repeated else (counts > 1) & (counts < MANY_TIMES)
    return int(counts[own].sum())


def rows_repeating(values: UIntArray) -> int:
    """Return how many rows occur more than once within `values`."""
    ordered = np.sort(values)
    same = ordered[1:] == ordered[:-1]
    repeats = np.zeros(len(ordered), dtype=np.bool_)
    repeats[1:] |= same
    repeats[:-1] |= same
    return int(repeats.sum())


def found_in(left: NDArray[Any], right: NDArray[Any]) -> BoolArray:
    """Return, for each row of `left`, whether it occurs in `right`. Sorting beats numpy's isin five times here."""
    if not len(right):
        return np.zeros(len(left), dtype=np.bool_)
    known = np.sort(right)
    places = np.minimum(np.searchsorted(known, left), len(known) - 1)
    return np.asarray(known[places] == left, dtype=np.bool_)


def rows_within(left: UIntArray, right: UIntArray) -> int:
    """Return how many rows of `left` also occur in `right`."""
    return int(found_in(left, right).sum())


def block_of(part: UIntArray, whole: UIntArray) -> bool:
    """Return whether `part` stands in `whole` as one block, in order: what slicing gives."""
    size = len(part)
    if size == 0 or size > len(whole):
        return False
    starts = np.flatnonzero(whole[: len(whole) - size + 1] == part[0])
    return any(np.array_equal(whole[start : start + size], part) for start in starts[:64])
