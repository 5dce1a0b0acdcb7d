"""Making a data set known: its loader is run offline in the sandbox, and the hashes of its rows are kept.

Only hashes are kept, from which no row can be had back. The loader runs as a notebook would, so that hashes are made by
the very code that makes them of students' rows.
"""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

from grader.durable import write_atomically
from grader.errors import DatasetError
from grader.evidence.observing import observe
from grader.evidence.official import FOLDER, KnownData, as_bytes, digests_of
from grader.execution import RunSettings, run_submission
from grader.model import Cell, Submission

PICTURE_SIDE = 8
"""Rows of two or three dimensions and at least so many values a side are pictures."""


FLAT_PICTURES = frozenset({"digits", "olivetti_faces", "lfw_people"})
"""Loaders of scikit-learn that give pictures as flat rows."""


def learn_split(loader: str, settings: RunSettings) -> KnownData:
    """Run a loader (`keras.datasets.cifar10`, `sklearn.datasets.load_digits`) and return its rows' hashes.

    Raises:
        DatasetError: the loader failed, or its rows can't be hashed; the message says why.
    """
    call = loader if loader.rpartition(".")[2].startswith(("load_", "fetch_")) else f"{loader}.load_data"
    source = f"import {call.rpartition('.')[0]}\nloaded = {call}()"
    with tempfile.TemporaryDirectory(prefix="grader-known-") as folder:
        run = run_submission(_notebook(Path(folder), source), Path(folder) / "run", settings)
        seen = observe(run)
        loads = [load for load in seen.rows.loads if load.parts]
        if not loads:
            raise DatasetError(f"{loader} gave no rows: {run.message or 'its loader was not watched'}")
        records = [seen.rows.records[rows] for rows, _ in loads[-1].parts[:2] if rows in seen.rows.records]
        parts = [
            (run.artifacts.get(item.exact or ""), run.artifacts.get(item.canonical or ""), item.count)
            for item in records
        ]
        name = _name(loader)
        pictures = name in FLAT_PICTURES or (bool(records) and _are_pictures(records[0].shape))
        known = digests_of(name, parts, pictures=pictures)
    if known is None:
        raise DatasetError(f"{loader} gave rows that can't be hashed")
    return known


def add_split(loader: str, data: Path, settings: RunSettings) -> Path:
    """Write a loader's split to `data/official`, where grading with that folder finds it; return the file.

    Raises:
        DatasetError: as `learn_split`.
        ResultsError: the folder can't be written to.
    """
    known = learn_split(loader, settings)
    path = data / FOLDER / f"{known.name}.npz"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, as_bytes(known))
    return path


def _name(loader: str) -> str:
    words = [word for word in loader.split(".") if word != "load_data"]
    return words[-1].removeprefix("load_").removeprefix("fetch_")


def _are_pictures(shape: tuple[int, ...]) -> bool:
    return len(shape) in {2, 3} and min(shape[:2]) >= PICTURE_SIDE


def _notebook(folder: Path, source: str) -> Submission:
    notebook = folder / "loader.ipynb"
    notebook.write_text("{}", encoding="utf-8")
    digest = hashlib.sha256(source.encode()).hexdigest()
    return Submission("loader", notebook, None, digest, "", (Cell(0, "code", source),))
