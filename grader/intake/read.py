"""Reading one notebook file: hostile until read, a typed Submission afterwards."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import stat
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from grader.errors import SubmissionError
from grader.model import Cell, SavedOutput, Submission
from grader.model.submission import CellKind

MAX_NOTEBOOK_BYTES = 64 * 1024 * 1024
"""The largest of 227 real notebooks had 3.8 MB; beyond this a file is a mistake or an attack."""

MAX_CELLS = 5_000
"""The messiest real notebook had 118 code cells."""

MAX_OUTPUT_CHARACTERS = 20_000
"""Text kept of one saved output: more is never read by a check nor shown in a report."""

MAX_OUTPUTS = 200
"""Outputs kept of one cell."""

MAX_HASHED_FILES = 20_000
"""Files beside a notebook whose names and contents tell one submission from a changed one."""

MAX_HASHED_BYTES = 64 * 1024 * 1024
"""A larger file is identified by its size and time of change: hashing gigabytes at each call helps nobody."""

MAX_HASHED_TOTAL = 1024 * 1024 * 1024
"""Once this much was hashed, the files that follow are identified by size and time of change as well."""

OUTPUT_KINDS = ("stream", "display_data", "execute_result", "error")


def load_notebook(path: Path, submission_id: str, folder: Path | None) -> Submission:
    """Read one notebook file of nbformat 3 or 4 (or older, as far as nbformat converts it).

    Args:
        path: the `.ipynb` file; links are refused.
        submission_id: the student's id, already safe as a folder name.
        folder: where the files beside the notebook lie, or None.

    Raises:
        SubmissionError: with a sentence on what is wrong with the file.
    """
    raw = _read_bytes(path)
    document = _normalise(_parse(raw))
    language = _language(document)
    if language not in {"python", "ipython"}:
        raise SubmissionError(f"is written in {language}; only Python notebooks can be run")
    cells = document.get("cells")
    if not isinstance(cells, list):
        raise SubmissionError("has no list of cells, so it is not a notebook; export it again from Jupyter or Colab")
    if len(cells) > MAX_CELLS:
        raise SubmissionError(f"has {len(cells):,} cells; more than {MAX_CELLS:,} is not a student's notebook")
    return Submission(
        id=submission_id,
        notebook=path,
        folder=folder,
        sha256=hashlib.sha256(raw).hexdigest(),
        files_sha256=hash_files(folder, path) if folder else "",
        cells=tuple(_cell(index, cell) for index, cell in enumerate(cells)),
        saved_format=f"{_integer(document.get('nbformat'), 4)}.{_integer(document.get('nbformat_minor'), 0)}",
    )


def _read_bytes(path: Path) -> bytes:
    """Read a regular file once, through one descriptor, so that what was checked is what is read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError as error:
        if path.is_symlink():
            raise SubmissionError("is a link to another file; copy the notebook itself here") from error
        raise SubmissionError(f"can't be opened ({error.strerror}); check the file's permissions") from error
    with os.fdopen(descriptor, "rb") as file:
        facts = os.fstat(file.fileno())
        if not stat.S_ISREG(facts.st_mode):
            raise SubmissionError("is not a regular file; hand in the notebook itself")
        if facts.st_size > MAX_NOTEBOOK_BYTES:
            size = facts.st_size // 1024**2
            raise SubmissionError(f"is {size} MB large; clear its outputs and save it again")
        raw = file.read(MAX_NOTEBOOK_BYTES + 1)
    if not raw.strip():
        raise SubmissionError("is empty; the upload may have been cut off, ask for it again")
    return raw


def _parse(raw: bytes) -> dict[str, Any]:
    encoding = json.detect_encoding(raw)
    try:
        document = json.loads(raw.decode(encoding), parse_constant=lambda _: None)
    except UnicodeDecodeError as error:
        raise SubmissionError(f"is not text ({error.reason} at byte {error.start}); save it again as .ipynb") from error
    except json.JSONDecodeError as error:
        raise SubmissionError(
            f"is not a complete notebook ({error.msg}, line {error.lineno}); download or save it again"
        ) from error
    except (RecursionError, ValueError) as error:
        raise SubmissionError("is nested or written like no notebook is; save it again from Jupyter") from error
    if not isinstance(document, dict):
        raise SubmissionError("holds JSON that is not a notebook; export it again from Jupyter or Colab")
    return document


def _normalise(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document as nbformat 4; older formats go through nbformat's own conversion."""
    version = document.get("nbformat")
    if version is None and "worksheets" not in document and "cells" not in document:
        raise SubmissionError("holds JSON that is not a notebook; export it again from Jupyter or Colab")
    major = _integer(version, 3 if "worksheets" in document else 4)
    if major >= 4:
        return document
    logging.getLogger("traitlets").setLevel(logging.CRITICAL)  # nbformat logs what we report ourselves
    import nbformat  # noqa: PLC0415 - only old notebooks pay for it

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # conversions warn about missing cell ids, which nobody here needs
            converted = nbformat.convert(nbformat.from_dict(document | {"nbformat": major}), 4)
    except Exception as error:
        raise SubmissionError(
            f"is in the old notebook format {major} and can't be converted ({type(error).__name__}); "
            "open and save it in a current Jupyter"
        ) from error
    return cast("dict[str, Any]", converted)


def _language(document: Mapping[str, Any]) -> str:
    metadata = _mapping(document.get("metadata"))
    for section, key in (("language_info", "name"), ("kernelspec", "language")):
        value = _mapping(metadata.get(section)).get(key)
        if isinstance(value, str) and value.strip():
            return value.strip().lower()[:40]
    return "python"


def _cell(index: int, raw: object) -> Cell:
    cell = _mapping(raw)
    kind = cell.get("cell_type")
    count = cell.get("execution_count")
    outputs = cell.get("outputs")
    return Cell(
        index=index,
        kind=cast("CellKind", kind) if kind in ("code", "markdown", "raw") else "raw",
        source=_text(cell.get("source")),
        execution_count=count if isinstance(count, int) and not isinstance(count, bool) else None,
        outputs=tuple(_outputs(outputs)) if isinstance(outputs, list) else (),
    )


def _outputs(outputs: list[object]) -> list[SavedOutput]:
    return [output for raw in outputs[:MAX_OUTPUTS] if (output := read_output(_mapping(raw))) is not None]


def read_output(raw: Mapping[str, Any]) -> SavedOutput | None:
    """Return one nbformat 4 output as typed text, or None where it is of no known kind."""
    kind = raw.get("output_type")
    if kind not in OUTPUT_KINDS:
        return None
    data = _mapping(raw.get("data"))
    if kind == "stream":
        text = _text(raw.get("text"))
    elif kind == "error":
        text = f"{_text(raw.get('ename'))}: {_text(raw.get('evalue'))}"
    else:
        text = _text(data.get("text/plain"))
    return SavedOutput(
        kind=kind,
        text=shorten(text),
        html=shorten(_text(data.get("text/html"))),
        image_png=any(isinstance(key, str) and key.startswith("image/") for key in data),
    )


def shorten(text: str) -> str:
    """Cut a long output in the middle, saying so: scores stand at the end as often as at the beginning."""
    if len(text) <= MAX_OUTPUT_CHARACTERS:
        return text
    half = MAX_OUTPUT_CHARACTERS // 2
    return f"{text[:half]}\n[... {len(text) - 2 * half:,} characters left out ...]\n{text[-half:]}"


def hash_files(folder: Path, notebook: Path) -> str:
    """Digest names and contents of the files beside a notebook; links are named but never followed."""
    digest = hashlib.sha256()
    seen, budget = 0, MAX_HASHED_TOTAL
    for directory, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = Path(directory, name)
            if path == notebook or name.startswith("."):
                continue
            seen += 1
            if seen > MAX_HASHED_FILES:
                return digest.hexdigest()
            digest.update(os.fsencode(path.relative_to(folder)) + b"\0")
            identity, cost = _file_identity(path, min(budget, MAX_HASHED_BYTES))
            digest.update(identity)
            budget -= cost
    return digest.hexdigest()


def _file_identity(path: Path, most: int) -> tuple[bytes, int]:
    """Return what tells this file from a changed one, and how many bytes had to be read for it (at most `most`)."""
    try:
        facts = path.lstat()
        if not stat.S_ISREG(facts.st_mode):
            return b"not a regular file", 0
        if facts.st_size > most:
            return f"{facts.st_size} {facts.st_mtime_ns}".encode(), 0
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest(), facts.st_size
    except OSError:
        return b"unreadable", 0


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(part for part in value if isinstance(part, str))
    return ""


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _integer(value: object, otherwise: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else otherwise
