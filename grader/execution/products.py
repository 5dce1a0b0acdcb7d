"""Which files a notebook writes itself: handed in with it, they are what an earlier run left."""

from __future__ import annotations

import re

from grader.model import Submission

_NAME = re.compile(r"""['"]([^'"\n]*?)([^'"\n/\\]+\.(\w+))['"]""")

_MODELS = frozenset(
    {"keras", "h5", "hdf5", "pb", "tflite", "onnx", "pt", "pth", "ckpt", "pkl", "pickle", "joblib", "log"}
)
"""Endings of saved models and logs: named anywhere (a constant at the top), they are the notebook's own to write."""

_DRAWN = frozenset({"png", "jpg", "jpeg", "pdf", "svg", "csv", "tsv", "json", "npy", "npz", "html", "xlsx"})
_WRITING = re.compile(
    r"savefig|\bto_(?:csv|json|excel|html|pickle)|CSVLogger|\bsave(?:z\w*|txt)?\s*\(|imwrite|imsave|plot_model|to_file"
)
"""Other endings are data as often as products: these calls, on the same line, tell."""


def written_files(submission: Submission) -> frozenset[str]:
    """Return the names of files that the notebook's code writes, as far as they stand in it; read, never run."""
    found = set()
    for cell in submission.cells:
        if cell.kind != "code":
            continue
        for line in cell.source.splitlines():
            writes = _WRITING.search(line) is not None
            for _, name, ending in _NAME.findall(line):
                if ending.lower() in _MODELS or (writes and ending.lower() in _DRAWN):
                    found.add(name)
    return frozenset(found)
