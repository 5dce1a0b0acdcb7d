"""Known data sets in the layout of `~/.keras/datasets`."""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from grader.errors import DatasetError

FASHION_MNIST = "fashion-mnist"
SIDE = 28
TRAIN_ROWS = 60_000
TEST_ROWS = 10_000
CLASSES = 10
UNSIGNED_BYTES = 0x08
"""The type code of idx files whose values are unsigned bytes, third byte of the magic number."""


@dataclass(frozen=True, slots=True)
class Split:
    """Official split of an image data set: uint8 pictures (rows, height, width) and int64 labels."""

    train: NDArray[np.uint8]
    train_labels: NDArray[np.int64]
    test: NDArray[np.uint8]
    test_labels: NDArray[np.int64]


def load_fashion_mnist(data: Path) -> Split:
    """Read Fashion-MNIST from `data/fashion-mnist/*.gz`.

    Raises:
        DatasetError: a file is missing, damaged, or holds something else.
    """
    folder = data / FASHION_MNIST
    train, test = (_idx(folder, f"{part}-images-idx3-ubyte.gz", 3) for part in ("train", "t10k"))
    train_labels, test_labels = (_idx(folder, f"{part}-labels-idx1-ubyte.gz", 1) for part in ("train", "t10k"))
    expected = {"train": TRAIN_ROWS, "t10k": TEST_ROWS}
    for part, images, labels in (("train", train, train_labels), ("t10k", test, test_labels)):
        rows = expected[part]
        if images.shape != (rows, SIDE, SIDE) or labels.shape != (rows,) or labels.max() >= CLASSES:
            raise DatasetError(f"The {part} files in {folder} are not Fashion-MNIST: {_fetch(data)}")
    return Split(train, train_labels.astype(np.int64), test, test_labels.astype(np.int64))


def _idx(folder: Path, name: str, dimensions: int) -> NDArray[np.uint8]:
    """Read an idx file of unsigned bytes: two zero bytes, type, dimensions, the sizes as big-endian int32, values."""
    path = folder / name
    if not path.is_file():
        raise DatasetError(f"{path} is not there: {_fetch(folder.parent)}")
    header = 4 + 4 * dimensions
    most = header + TRAIN_ROWS * SIDE * SIDE
    try:
        with gzip.open(path) as stream:
            content = stream.read(most + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise DatasetError(f"{path} is damaged ({error}): {_fetch(folder.parent)}") from error
    if content[:4] != bytes((0, 0, UNSIGNED_BYTES, dimensions)) or len(content) < header:
        raise DatasetError(f"{path} is not an idx file of {dimensions} dimensions: {_fetch(folder.parent)}")
    shape = struct.unpack(f">{dimensions}I", content[4:header])
    if len(content) - header != math.prod(shape):
        raise DatasetError(f"{path} is shorter or longer than its header says: {_fetch(folder.parent)}")
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)


def _fetch(data: Path) -> str:
    return (
        f"give --data a folder laid out like ~/.keras/datasets, with the four .gz files in {data / FASHION_MNIST} "
        "(`keras.datasets.fashion_mnist.load_data()` on a machine with network fetches them)."
    )
