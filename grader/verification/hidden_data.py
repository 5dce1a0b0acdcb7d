"""An instructor's hidden test, read and checked: the file of `--hidden-test`.

Three forms, told by what is there: a `.npz` with the arrays `x` (one row each) and `y` (one label each); a `.csv` with
a header, numbers in all columns but the label's, which is the one called `label`, else the last; a folder with a folder
of pictures per class. Nothing is unpickled.
"""

from __future__ import annotations

import hashlib
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from grader.errors import HiddenTestError
from grader.verification.arrays import Array

LABEL = "label"

PICTURES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp"})

MOST_ROWS = 100_000
"""More rows make no score surer, and every submission predicts them all."""

CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class HiddenData:
    """Rows and labels of an instructor's. `rows` has the shape (rows, ...); it is None where `pictures` are files.

    `labels` are whole numbers, numbers, or texts; one a row.
    """

    source: str
    sha256: str
    labels: Array
    rows: Array | None = None
    pictures: tuple[Path, ...] = ()

    @property
    def count(self) -> int:
        """The number of rows."""
        return len(self.labels)


def load_hidden_test(path: Path) -> HiddenData:
    """Read and check the file or folder of `--hidden-test`.

    Raises:
        HiddenTestError: it is not there, of no known form, or its rows and labels don't fit each other.
    """
    if path.is_dir():
        found = _from_folder(path)
    elif not path.is_file():
        raise HiddenTestError(f"--hidden-test {path} is not there")
    elif path.suffix.lower() == ".npz":
        found = _from_npz(path)
    elif path.suffix.lower() == ".csv":
        found = _from_csv(path)
    else:
        raise HiddenTestError(
            f"--hidden-test {path} is none of: a .npz with x and y, a .csv with a header, a folder of pictures a class"
        )
    if not 0 < found.count <= MOST_ROWS:
        raise HiddenTestError(f"--hidden-test {path} has {found.count:,} rows; give 1 to {MOST_ROWS:,}")
    return found


def _from_npz(path: Path) -> HiddenData:
    try:
        with np.load(path, allow_pickle=False) as held:
            if not {"x", "y"} <= set(held.files):
                there = ", ".join(held.files) or "none"
                raise HiddenTestError(f"--hidden-test {path} must hold the arrays x and y; it holds {there}")
            rows, labels = held["x"], held["y"]
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise HiddenTestError(f"--hidden-test {path} can't be read: {error}") from error
    if rows.dtype.kind not in "biuf" or rows.ndim < 2:
        raise HiddenTestError(f"--hidden-test {path}: x is {_told(rows)}; it must be numbers, one row after the other")
    if len(rows) != len(labels):
        raise HiddenTestError(f"--hidden-test {path}: x has {len(rows)} rows and y has {len(labels)} labels")
    return HiddenData(path.name, _digest([path], path.parent), _one_each(labels, path), rows)


def _one_each(labels: Array, path: Path) -> Array:
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim == 2 and set(np.unique(labels).tolist()) <= {0, 1} and (labels.sum(axis=1) == 1).all():
        labels = labels.argmax(axis=1)  # one-hot
    if labels.ndim != 1 or labels.dtype.kind not in "biufU":
        raise HiddenTestError(f"--hidden-test {path}: y is {_told(labels)}; it must be one label a row, or one-hot")
    if labels.dtype.kind == "f" and not np.isfinite(labels).all():
        raise HiddenTestError(f"--hidden-test {path}: some labels are missing (NaN)")
    return labels


def _from_csv(path: Path) -> HiddenData:
    import pandas as pd  # noqa: PLC0415 - half a second that only a table costs

    try:
        table = pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise HiddenTestError(f"--hidden-test {path} can't be read: {error}") from error
    if len(table.columns) < 2:
        raise HiddenTestError(f"--hidden-test {path} needs a header, columns of numbers and one of labels")
    label = next((name for name in table.columns if str(name).strip().lower() == LABEL), table.columns[-1])
    features = table.drop(columns=[label])
    texts = [str(name) for name in features.columns if not pd.api.types.is_numeric_dtype(features[name])]
    if texts:
        raise HiddenTestError(
            f"--hidden-test {path}: only the label ({label}) may be text, and {', '.join(texts[:5])} is no column of "
            "numbers; write it as the numbers the notebooks make of it"
        )
    missing = int(table.isna().any(axis=1).sum())
    if missing:
        raise HiddenTestError(f"--hidden-test {path}: {missing} of {len(table)} lines have empty fields")
    numeric = pd.api.types.is_numeric_dtype(table[label])
    labels = table[label].to_numpy() if numeric else table[label].astype(str).to_numpy(dtype=np.str_)
    return HiddenData(path.name, _digest([path], path.parent), labels, features.to_numpy(dtype=np.float64))


def _from_folder(path: Path) -> HiddenData:
    folders = sorted(item for item in path.iterdir() if item.is_dir() and not item.name.startswith("."))
    found = [(file, folder.name) for folder in folders for file in sorted(folder.iterdir()) if _is_picture(file)]
    if not found:
        raise HiddenTestError(f"--hidden-test {path} holds no folders of pictures, one for each class")
    for file, _ in found:
        try:
            with Image.open(file) as picture:
                picture.verify()
        except (OSError, SyntaxError, ValueError) as error:
            raise HiddenTestError(f"--hidden-test {path}: {file.relative_to(path)} is no picture") from error
    files = tuple(file for file, _ in found)
    labels = np.array([name for _, name in found], dtype=np.str_)
    return HiddenData(path.name, _digest(files, path), labels, pictures=files)


def _is_picture(file: Path) -> bool:
    return file.is_file() and file.suffix.lower() in PICTURES


def _told(array: Array) -> str:
    return f"an array of {array.dtype} with the shape {'x'.join(str(side) for side in array.shape)}"


def _digest(files: list[Path] | tuple[Path, ...], root: Path) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(str(file.relative_to(root)).encode())
        with file.open("rb") as stream:
            while piece := stream.read(CHUNK):
                digest.update(piece)
    return digest.hexdigest()
