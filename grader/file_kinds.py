"""Kinds of files by their names, and what the beginning of a text file says of its contents."""

from __future__ import annotations

import csv
import json
from pathlib import PurePosixPath

from grader.model.project import FileKind

MAX_NAMES = 100
"""Columns or keys kept of one file."""

MAX_NAME = 120

_KINDS: dict[FileKind, str] = {
    "model": "keras h5 hdf5 pt pth ckpt safetensors onnx tflite pb pkl pickle joblib torchscript",
    "table": "csv tsv xlsx xls parquet",
    "image": "png jpg jpeg gif bmp webp tif tiff svg",
    "audio": "wav mp3 flac ogg m4a",
    "json": "json jsonl",
    "document": "md markdown rst pdf docx",
    "text": "txt log yaml yml toml cfg ini",
    "code": "py sh bat",
    "notebook": "ipynb",
    "array": "npy npz",
}
_BY_SUFFIX = {suffix: kind for kind, suffixes in _KINDS.items() for suffix in suffixes.split()}


def kind_of_file(name: str) -> FileKind:
    """Return what a file is, going by its name."""
    return _BY_SUFFIX.get(PurePosixPath(name.lower()).suffix.lstrip("."), "other")


def columns_of(head: str, name: str) -> tuple[str, ...]:
    """Return the header of a table of text by its beginning; empty where the first line is no header."""
    line = head.lstrip("\ufeff").partition("\n")[0].rstrip("\r")
    separator = "\t" if name.lower().endswith(".tsv") else max(",;\t", key=line.count)
    try:
        cells = next(iter(csv.reader([line[:20_000]], delimiter=separator)), [])
    except csv.Error:
        return ()
    names = tuple(cell.strip()[:MAX_NAME] for cell in cells[:MAX_NAMES])
    return () if not any(names) or all(_is_number(item) for item in names if item) else names


def keys_of(text: str) -> tuple[str, ...]:
    """Return the names at the top of a JSON object, or of the first object in a list; empty for anything else."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return ()
    if isinstance(value, list) and value:
        value = value[0]
    return tuple(str(key)[:MAX_NAME] for key in list(value)[:MAX_NAMES]) if isinstance(value, dict) else ()


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
