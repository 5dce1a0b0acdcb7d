"""Keras's data sets as files: what each loader looks for in a folder laid out like `~/.keras/datasets`, and adding one.

Loaders find what is offered whatever its checksum (the probe's `dataset_files`), so that a file recognised by its
content, under the name its loader asks for, is all that is needed.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import math
import os
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from grader.errors import DatasetError

CHECKSUMS = "SHA256SUMS"
"""Written beside what was added, in the form that `sha256sum --check` reads."""

DOWNLOAD_S = 1800.0
"""CIFAR's 170 MB on a line of one megabit a second."""

FASHION_MEAN = 50.0
"""Between the mean pixels of Fashion-MNIST (73 of 255) and MNIST (33): tells their idx files apart."""

WORDS_OF_REUTERS = 50_000
"""Between the sizes of the word indices of Reuters (30,979) and IMDB (88,584)."""


@dataclass(frozen=True, slots=True)
class KnownDataset:
    """A loader of `keras.datasets`: `files` lists groups of names, of each of which one has to be there."""

    name: str
    files: tuple[tuple[str, ...], ...]
    extras: tuple[str, ...] = ()

    def present(self, folder: Path) -> tuple[Path, ...]:
        """Return what is there of it, extras included."""
        named = [next((folder / file for file in group if (folder / file).exists()), None) for group in self.files]
        return (*filter(None, named), *(folder / file for file in self.extras if (folder / file).exists()))

    def missing(self, folder: Path) -> tuple[str, ...]:
        """Return the names that are wanted and not there, the usual one of each group."""
        return tuple(group[0] for group in self.files if not any((folder / file).exists() for file in group))

    def is_satisfied(self, folder: Path) -> bool:
        """Whether `load_data()` finds all it needs."""
        return not self.missing(folder)


_FASHION = tuple(f"fashion-mnist/{part}" for part in (
    "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz",
))  # fmt: skip

KNOWN_DATASETS = (
    KnownDataset("mnist", (("mnist.npz",),)),
    KnownDataset("fashion_mnist", tuple((file,) for file in _FASHION)),
    KnownDataset("cifar10", (("cifar-10-python.tar.gz", "cifar-10-batches-py-target", "cifar-10-batches-py",
                              "cifar-10-batches-py-target_archive", "cifar-10-batches-py.tar.gz"),)),
    KnownDataset("cifar100", (("cifar-100-python.tar.gz", "cifar-100-python-target", "cifar-100-python",
                               "cifar-100-python-target_archive"),)),
    KnownDataset("imdb", (("imdb.npz",),), ("imdb_word_index.json",)),
    KnownDataset("reuters", (("reuters.npz",),), ("reuters_word_index.json",)),
    KnownDataset("boston_housing", (("boston_housing.npz",),)),
    KnownDataset("california_housing", (("california_housing.npz",),)),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Added:
    """A file or folder that was put into the data folder: as which, its size in bytes and its digest."""

    source: Path
    name: str
    bytes: int
    sha256: str


def dataset_named(name: str) -> KnownDataset | None:
    """Return the loader of that name (`cifar-10` is `cifar10`), or None."""
    plain = name.lower().replace("-", "").replace("_", "")
    return next((item for item in KNOWN_DATASETS if item.name.replace("_", "") == plain), None)


def size_of(path: Path) -> int:
    """Return the bytes of a file, or of all files in a folder."""
    if path.is_file():
        return path.stat().st_size
    return sum(item.stat().st_size for item in path.rglob("*") if item.is_file())


def add_dataset(source: Path, data: Path) -> tuple[Added, ...]:
    """Copy an archive, or what a folder holds of them, to where its loader looks, and note the checksums.

    Raises:
        DatasetError: nothing in it was recognised, or it can't be read or written.
    """
    found = list(_recognised(source))
    if not found:
        known = ", ".join(item.name for item in KNOWN_DATASETS)
        raise DatasetError(f"{source} was not recognised as a file of one of Keras's data sets ({known})")
    try:
        added = tuple(_copied(file, name, data) for file, name in found)
        _note_checksums(data, added)
    except OSError as error:
        raise DatasetError(f"{data} can't be written to ({error.strerror}); name another folder with --data") from error
    return added


def download_dataset(known: KnownDataset, data: Path) -> tuple[Added, ...]:
    """Fetch a data set by Keras's own loader, and add it.

    Raises:
        DatasetError: there is no network here, or the loader failed otherwise.
    """
    calls = [f"keras.datasets.{known.name}.load_data()"]
    calls += [f"keras.datasets.{known.name}.get_word_index()"] if known.extras else []
    code = f"import keras; {'; '.join(calls)}"
    with tempfile.TemporaryDirectory(prefix="keras-home-") as home:
        environment = {**os.environ, "KERAS_HOME": home, "KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}
        try:
            done = subprocess.run(
                [sys.executable, "-I", "-c", code],
                env=environment,
                capture_output=True,
                text=True,
                timeout=DOWNLOAD_S,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise DatasetError(
                f"{known.name} was not there after {DOWNLOAD_S:.0f} s; {_by_hand(known, data)}"
            ) from error
        if done.returncode:
            said = done.stderr.strip().rpartition("\n")[2][:300]
            raise DatasetError(f"{known.name} could not be fetched ({said}). {_by_hand(known, data)}")
        return add_dataset(Path(home, "datasets"), data)


def _by_hand(known: KnownDataset, data: Path) -> str:
    names = ", ".join((*(group[0] for group in known.files), *known.extras))
    return (
        f'On a machine with network run `python -c "import keras; keras.datasets.{known.name}.load_data()"`, bring '
        f"its ~/.keras/datasets here, and give that folder to `grader data add FOLDER --data {data}` (wanted: {names})."
    )


# ---------------------------------------------------------------- recognising
def _recognised(source: Path) -> Iterator[tuple[Path, str]]:
    """Yield each file or folder that is a data set's, and the name its loader wants."""
    name = _name_of(source)
    if name:
        yield source, name
    elif source.is_dir():
        for item in sorted(source.iterdir()):
            if not item.is_symlink():
                yield from _recognised(item)


def _name_of(path: Path) -> str:
    """Return the name under which a loader looks for this; empty where it is none's."""
    try:
        if path.is_dir():
            return _name_of_folder(path)
        for read in (_name_of_npz, _name_of_tar, _name_of_idx, _name_of_words):
            name = read(path)
            if name:
                return name
    except (OSError, EOFError, ValueError, zlib.error, zipfile.BadZipFile, tarfile.TarError, struct.error):
        return ""  # damaged, or something else altogether
    return ""


def _name_of_folder(path: Path) -> str:
    inside = {item.name for item in path.iterdir()}
    if {"data_batch_1", "data_batch_5", "test_batch"} <= inside:
        return "cifar-10-batches-py-target/cifar-10-batches-py"
    return "cifar-100-python-target/cifar-100-python" if {"train", "test", "meta"} == inside else ""


def _name_of_npz(path: Path) -> str:
    if not zipfile.is_zipfile(path):
        return ""
    with zipfile.ZipFile(path) as archive:
        arrays = {
            name.removesuffix(".npy"): _header(archive, name) for name in archive.namelist() if name.endswith(".npy")
        }
    if set(arrays) == {"x_train", "y_train", "x_test", "y_test"}:
        shape, is_object = arrays["x_train"]
        return "imdb.npz" if is_object else "mnist.npz" if len(shape) == 3 else ""
    if set(arrays) == {"x", "y"}:
        shape, is_object = arrays["x"]
        columns = {13: "boston_housing.npz", 8: "california_housing.npz"}
        return "reuters.npz" if is_object else columns.get(shape[1], "") if len(shape) == 2 else ""
    return ""


def _header(archive: zipfile.ZipFile, name: str) -> tuple[tuple[int, ...], bool]:
    """Return an array's shape, and whether it is one of objects; nothing of it is loaded."""
    with archive.open(name) as file:
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read(file)
    return shape, dtype.hasobject


def _name_of_tar(path: Path) -> str:
    if not tarfile.is_tarfile(path):
        return ""
    with tarfile.open(path) as archive:
        names = set(archive.getnames())
    if "cifar-10-batches-py/data_batch_1" in names:
        return "cifar-10-python.tar.gz"
    return "cifar-100-python.tar.gz" if "cifar-100-python/train" in names else ""


def _name_of_idx(path: Path) -> str:
    """Return which of Fashion-MNIST's four files this is: MNIST's look alike and have darker pictures."""
    with path.open("rb") as file:
        if file.read(2) != b"\x1f\x8b":
            return ""
    with gzip.open(path) as stream:
        zero, kind, dimensions = struct.unpack(">HBB", stream.read(4))
        if (zero, kind) != (0, 8) or dimensions not in {1, 3}:
            return ""
        shape = struct.unpack(f">{dimensions}I", stream.read(4 * dimensions))
        values = np.frombuffer(stream.read(min(math.prod(shape), 1 << 26)), np.uint8)
    part = "train" if shape[0] > 10_000 else "t10k"
    if dimensions == 3:
        return f"fashion-mnist/{part}-images-idx3-ubyte.gz" if values.mean() > FASHION_MEAN else ""
    counts = np.bincount(values, minlength=10)  # Fashion-MNIST has as many of each class, MNIST has not
    return f"fashion-mnist/{part}-labels-idx1-ubyte.gz" if len(set(counts.tolist())) == 1 else ""


def _name_of_words(path: Path) -> str:
    if path.suffix != ".json":
        return ""
    words = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(words, dict) or not words or not all(isinstance(place, int) for place in words.values()):
        return ""
    named = next((name for name in ("imdb", "reuters") if name in path.name.lower()), "")
    return f"{named or ('imdb' if len(words) > WORDS_OF_REUTERS else 'reuters')}_word_index.json"


# ---------------------------------------------------------------- copying
def _copied(source: Path, name: str, data: Path) -> Added:
    target = data / name
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        if source.resolve() != target.resolve():
            shutil.copytree(source, target, dirs_exist_ok=True)
    elif not target.exists() or not source.samefile(target):
        unfinished = target.with_name(f"{target.name}.part")
        shutil.copyfile(source, unfinished)
        unfinished.replace(target)
    return Added(source, name, size_of(target), "" if target.is_dir() else _sha256(target))


def _note_checksums(data: Path, added: Sequence[Added]) -> None:
    path = data / CHECKSUMS
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    new = {item.name: f"{item.sha256}  {item.name}" for item in added if item.sha256}
    kept = [line for line in lines if line.partition("  ")[2] not in new]
    if new:
        path.write_text("".join(f"{line}\n" for line in (*kept, *new.values())), encoding="utf-8")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
