"""Small data sets in the layouts that Keras's loaders read, so that each can be tried without the real ones."""

from __future__ import annotations

import gzip
import io
import json
import pickle
import struct
import tarfile
from pathlib import Path

import numpy as np


def write_all(folder: Path) -> None:
    """Write an archive for every loader of `keras.datasets`, each of a few rows."""
    folder.mkdir(parents=True, exist_ok=True)
    write_arrays(folder)
    write_sentences(folder)
    write_fashion(folder / "fashion-mnist")
    write_cifar10(folder / "cifar-10-python.tar.gz")
    write_cifar100(folder / "cifar-100-python.tar.gz")


def write_arrays(folder: Path) -> None:
    """MNIST, and the two sets of house prices."""
    pictures = np.arange(6 * 28 * 28, dtype="uint8").reshape(6, 28, 28)
    labels = np.arange(6, dtype="uint8")
    np.savez(folder / "mnist.npz", x_train=pictures, y_train=labels, x_test=pictures[:2], y_test=labels[:2])
    for name, columns in (("boston_housing", 13), ("california_housing", 8)):
        rows = np.arange(10 * columns, dtype="float64").reshape(10, columns)
        np.savez(folder / f"{name}.npz", x=rows, y=rows[:, 0])


def write_sentences(folder: Path) -> None:
    """IMDB and Reuters: ragged lists of words as objects, and the words' numbers."""
    folder.mkdir(parents=True, exist_ok=True)
    ragged = np.empty(4, dtype=object)
    for place in range(4):
        ragged[place] = list(range(1, place + 3))
    labels = np.array([0, 1, 0, 1])
    np.savez(folder / "imdb.npz", x_train=ragged, y_train=labels, x_test=ragged, y_test=labels)
    np.savez(folder / "reuters.npz", x=ragged, y=labels)
    for name in ("imdb", "reuters"):
        (folder / f"{name}_word_index.json").write_text(json.dumps({"the": 1, "film": 2}))


def write_fashion(folder: Path) -> None:
    """Fashion-MNIST's four idx files; the labels have as many of each class, the pictures are bright."""
    folder.mkdir(parents=True, exist_ok=True)
    for part, rows in (("train", 10_010), ("t10k", 20)):
        labels = (np.arange(rows) % 10).astype("uint8")
        (folder / f"{part}-labels-idx1-ubyte.gz").write_bytes(
            gzip.compress(struct.pack(">HBBI", 0, 8, 1, rows) + labels.tobytes(), 1)
        )
        pictures = np.full((rows, 28, 28), 100, dtype="uint8")
        (folder / f"{part}-images-idx3-ubyte.gz").write_bytes(
            gzip.compress(struct.pack(">HBBIII", 0, 8, 3, rows, 28, 28) + pictures.tobytes(), 1)
        )


def write_cifar10(path: Path) -> None:
    """CIFAR-10: five training batches and a test batch; one row each, which Keras repeats over the batch."""
    batch = {b"data": np.full((1, 3072), 7, dtype="uint8"), b"labels": [3]}
    names = [*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"]
    _write_tar(path, {f"cifar-10-batches-py/{name}": pickle.dumps(batch, protocol=3) for name in names})


def write_cifar100(path: Path) -> None:
    """CIFAR-100: two parts with labels of two kinds."""
    part = {b"data": np.zeros((4, 3072), dtype="uint8"), b"fine_labels": [1, 2, 3, 4], b"coarse_labels": [0, 0, 1, 1]}
    content = pickle.dumps(part, protocol=3)
    _write_tar(path, {f"cifar-100-python/{name}": content for name in ("train", "test", "meta")})


def _write_tar(path: Path, files: dict[str, bytes]) -> None:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
