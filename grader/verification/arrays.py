"""Arrays from untrusted bytes: `.npy` without pickle, whose header agrees with its size."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from grader.errors import VerificationError

Array = NDArray[Any]

NUMBERS = "biuf"
"""Kinds of dtype that hold plain numbers."""

READERS: dict[tuple[int, int], Callable[[BinaryIO], tuple[tuple[int, ...], bool, np.dtype[Any]]]] = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def array_from_bytes(data: bytes, what: str) -> Array:
    """Return the numbers in `.npy` bytes.

    Raises:
        VerificationError: not `.npy`, not numbers (objects would need pickle), or a header that promises other sizes.
    """
    shape, fortran, dtype, offset = _header(io.BytesIO(data), len(data), what)
    array = np.frombuffer(data, dtype=dtype, offset=offset)
    return array.reshape(shape, order="F" if fortran else "C")


def open_array(path: Path, what: str) -> Array:
    """Map the numbers of a `.npy` file into memory, read-only; the header is checked before anything is allocated.

    Raises:
        VerificationError: as `array_from_bytes`, or the file can't be read.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as stream:
            shape, fortran, dtype, offset = _header(stream, size, what)
        if math.prod(shape) == 0:
            return np.zeros(shape, dtype)
        return np.memmap(path, dtype=dtype, mode="r", offset=offset, shape=shape, order="F" if fortran else "C")
    except OSError as error:
        raise VerificationError(f"{what} can't be read: {error.strerror}") from error


def _header(stream: BinaryIO, size: int, what: str) -> tuple[tuple[int, ...], bool, np.dtype[Any], int]:
    try:
        version = np.lib.format.read_magic(stream)
        shape, fortran, dtype = READERS[version](stream)
    except (ValueError, KeyError, EOFError, SyntaxError, TypeError, RecursionError, MemoryError) as error:
        raise VerificationError(f"{what} is not a .npy array") from error
    if dtype.kind not in NUMBERS:
        raise VerificationError(f"{what} holds {dtype}, not numbers")
    if not shape or any(side < 0 for side in shape) or math.prod(shape) * dtype.itemsize != size - stream.tell():
        raise VerificationError(f"{what} is a single number, or has another size than its header says")
    return shape, fortran, dtype, stream.tell()
