"""Which files a notebook writes itself, and in which folders: handed in with it, they are what an earlier run left."""

from __future__ import annotations

import re
from collections.abc import Iterator

from grader.model import Submission

_NAME = re.compile(r"""['"]([^'"\n]*?)([^'"\n/\\]+\.(\w+))['"]""")

_MODELS = frozenset(
    {"keras", "h5", "hdf5", "pb", "tflite", "onnx", "pt", "pth", "ckpt", "pkl", "pickle", "joblib", "log"}
)
"""Endings of saved models and logs: named anywhere (a constant at the top), they are the notebook's own to write."""

_DRAWN = frozenset(
    {"png", "jpg", "jpeg", "pdf", "svg", "csv", "tsv", "json", "yaml", "npy", "npz", "html", "xlsx", "txt", "md"}
)
_WRITING = re.compile(
    r"""savefig|\bopen\s*\([^)\n]*,\s*(?:mode\s*=\s*)?['"][wax]|write_(?:text|bytes)|\bto_(?:csv|json|excel|html|pickle)"""
    r"|CSVLogger|\bsave(?:z\w*|txt)?\s*\(|imwrite|imsave|plot_model|to_file"
)
"""Other endings are data as often as products: these calls, on the same line, tell."""

_SEPARATOR = re.compile(r"[/\\\\]+")
_NO_NAMES = frozenset({"", ".", ".."})
_MAKING = re.compile(r"makedirs|mkdir")
_STRING = re.compile(r"""['"]([^'"\n]+)['"]""")


def written_files(submission: Submission) -> frozenset[str]:
    """Return the names of files that the code writes, and of folders that they or others are made in.

    As far as they stand in the code, that of the project's modules too; read, never run.
    """
    found: set[str] = set()
    for cell in (*submission.cells, *submission.modules):
        if cell.kind == "code":
            for line in cell.source.splitlines():
                found.update(_written_by(line))
    return frozenset(found - _NO_NAMES)


def _written_by(line: str) -> Iterator[str]:
    writes = _WRITING.search(line) is not None
    for folder, name, ending in _NAME.findall(line):
        if ending.lower() in _MODELS or (writes and ending.lower() in _DRAWN):
            yield from (*_SEPARATOR.split(folder), name)
    if _MAKING.search(line):
        for path in _STRING.findall(line):
            yield from _SEPARATOR.split(path)
