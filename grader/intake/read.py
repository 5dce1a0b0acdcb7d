"""Reading one notebook file: hostile until read, a typed Submission afterwards."""

from __future__ import annotations

import hashlib
import json
import logging
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, cast

from grader.errors import SubmissionError
from grader.intake.beside import hash_files
from grader.intake.files import opened
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

MAX_BRACKETS = 1_000_000
"""Lists and mappings in a notebook's JSON, brackets inside texts counted too: real ones had 40,000 at most."""

MAX_COMMAS = 8_000_000
"""Entries of lists and mappings: a notebook full of interactive plots has 3 million numbers."""

MAX_SOURCE_CHARACTERS = 4_000_000
"""Text of all cells together: pictures pasted into markdown fit, data does not. A class is held in memory at once."""

CODE_PIECES = ",\n(.[;:{-*<>!%&|@^"
MAX_CODE_PIECES = 200_000
"""Such characters in all code cells together: parsed, each becomes a node or more. 5,000 lines have about 60,000; a
picture pasted in as one long string has hardly any."""

MAX_KEPT_CHARACTERS = 8_000_000
"""Text kept of all saved outputs together, for the same reason: 200 outputs of full length."""

MAX_COUNT = 10**9
"""Execution counts and format numbers beyond it are no counts: JSON allows thousands of digits."""

OTHER_FILES = (
    (b"%pdf", "a PDF"),
    (b"pk\x03\x04", "an archive or an Office document"),
    (b"\x89png", "a picture"),
    (b"<!doctype", "a web page"),
    (b"<html", "a web page"),
    (b"import ", "a Python script"),
    (b"from ", "a Python script"),
    (b"#", "a script or a text"),
)
"""How files begin that students rename to .ipynb."""

KINDS: tuple[CellKind, ...] = ("code", "markdown", "raw")
OutputKind = Literal["stream", "display_data", "execute_result", "error"]
OUTPUT_KINDS: tuple[OutputKind, ...] = ("stream", "display_data", "execute_result", "error")

PICTURES = ("image/", "application/vnd.plotly.")
"""How the media types of pictures begin; plotly's figures come as their data, drawn by who reads the notebook."""


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
        cells=read_cells(cells),
        saved_format=f"{_integer(document.get('nbformat'), 4)}.{_integer(document.get('nbformat_minor'), 0)}",
    )


def load_pdf(path: Path, submission_id: str) -> Submission:
    """Take a PDF export; its text is read later, in a sandbox.

    Raises:
        SubmissionError: it is none, can't be opened, or is larger than is sensible.
    """
    raw = _read_bytes(path)
    if b"%PDF-" not in raw[:1024]:
        raise SubmissionError("is no PDF, whatever its name says; hand in the notebook")
    return Submission(submission_id, path, None, hashlib.sha256(raw).hexdigest(), "", ())


def _read_bytes(path: Path) -> bytes:
    with opened(path) as (descriptor, facts), open(descriptor, "rb", closefd=False) as file:
        # The size it has and the bytes it gives: a file may grow while it is read.
        raw = file.read(MAX_NOTEBOOK_BYTES + 1) if facts.st_size <= MAX_NOTEBOOK_BYTES else b""
        if facts.st_size > MAX_NOTEBOOK_BYTES or len(raw) > MAX_NOTEBOOK_BYTES:
            size = max(facts.st_size, len(raw)) // 1024**2
            raise SubmissionError(f"is {size} MB large; clear its outputs and save it again")
    if not raw.strip(b"\0 \t\r\n"):
        raise SubmissionError("is empty; the upload may have been cut off, ask for it again")
    return raw


def _parse(raw: bytes) -> dict[str, Any]:
    for start, kind in OTHER_FILES:
        if raw.lstrip()[:16].lower().startswith(start):
            raise SubmissionError(f"is {kind} under a notebook's name; hand in the .ipynb file itself")
    encoding = json.detect_encoding(raw)
    try:
        text = raw.decode(encoding)
        _check_structure(text)
        document = json.loads(text, parse_constant=lambda _: None)
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


def _check_structure(text: str) -> None:
    """Refuse what would fill the memory once parsed: a million empty brackets are 3 MB of text and 60 MB of lists."""
    if text.count("{") + text.count("[") > MAX_BRACKETS or text.count(",") > MAX_COMMAS:
        raise SubmissionError("has far more entries than a notebook has; clear its outputs and save it again")


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


def read_cells(raw: Sequence[object]) -> tuple[Cell, ...]:
    """Return typed cells of what a notebook lists as its cells.

    Raises:
        SubmissionError: they hold more text or code than a student writes.
    """
    read: list[Cell] = []
    characters, pieces, room = 0, 0, MAX_KEPT_CHARACTERS
    for index, item in enumerate(raw):
        cell = _cell(index, _mapping(item), room)
        characters += len(cell.source)
        if characters > MAX_SOURCE_CHARACTERS:
            raise SubmissionError(
                f"has {characters:,} characters of code and text by cell {index + 1}; keep data in files of their own"
            )
        pieces += sum(map(cell.source.count, CODE_PIECES)) if cell.kind == "code" else 0
        if pieces > MAX_CODE_PIECES:
            raise SubmissionError(f"has far more code by cell {index + 1} than a notebook; keep data in files")
        room -= sum(len(output.text) + len(output.html) for output in cell.outputs)
        read.append(cell)
    return tuple(read)


def _cell(index: int, cell: Mapping[str, Any], room: int) -> Cell:
    count = cell.get("execution_count")
    outputs = cell.get("outputs")
    return Cell(
        index=index,
        kind=next((known for known in KINDS if known == cell.get("cell_type")), "raw"),
        source=_text(cell.get("source")),
        execution_count=_integer(count, 0) if _integer(count, -1) >= 0 else None,
        outputs=tuple(_outputs(outputs, room)) if isinstance(outputs, list) else (),
    )


def _outputs(outputs: list[object], room: int) -> list[SavedOutput]:
    """Return the first outputs as text; once `room` characters were kept, only their kinds."""
    kept: list[SavedOutput] = []
    for raw in outputs[:MAX_OUTPUTS]:
        output = read_output(_mapping(raw))
        if output is None:
            continue
        room -= len(output.text) + len(output.html)
        kept.append(output if room >= 0 else replace(output, text="", html=""))
    return kept


OF_A_SELF_CHECK = "data-grader-check"
"""What marks the verdict that `%grader_check` showed: our own words and numbers, no output of the student's."""

LONGEST_MARK = 200
"""Characters in which the mark stands."""


def read_output(raw: Mapping[str, Any]) -> SavedOutput | None:
    """Return one nbformat 4 output as typed text, or None where it is of no known kind, or of a self-check."""
    kind = next((known for known in OUTPUT_KINDS if raw.get("output_type") == known), None)
    if kind is None:
        return None
    data = _mapping(raw.get("data"))
    if OF_A_SELF_CHECK in _text(data.get("text/html"))[:LONGEST_MARK]:
        return None
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
        image_png=any(isinstance(key, str) and key.startswith(PICTURES) for key in data),
    )


def shorten(text: str) -> str:
    """Cut a long output in the middle, saying so: scores stand at the end as often as at the beginning."""
    if len(text) <= MAX_OUTPUT_CHARACTERS:
        return text
    half = MAX_OUTPUT_CHARACTERS // 2
    return f"{text[:half]}\n[... {len(text) - 2 * half:,} characters left out ...]\n{text[-half:]}"


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "".join(part for part in value if isinstance(part, str))
    return ""


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _integer(value: object, otherwise: int) -> int:
    sensible = isinstance(value, int) and not isinstance(value, bool) and abs(value) < MAX_COUNT
    return cast("int", value) if sensible else otherwise
