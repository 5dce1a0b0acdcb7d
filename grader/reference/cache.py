"""Reference results on disk, one file a split, so that a class on the same split trains once."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import cattrs

from grader.model import ReferenceResult

try:
    import fcntl
except ImportError:  # Windows has none: two racing processes then both train, and the later result stays
    fcntl = None  # type: ignore[assignment]


CUT_KEPT_S = 3600.0
"""What a busy machine cut short is trained again after an hour: a class waits for it once, a later one gets it whole.
"""


@dataclass(frozen=True, slots=True)
class Stored:
    """Results of the recipes that have a score, and sentences about those that have none.

    `cut` where a slow or busy machine kept the training from its plan.
    """

    cut: bool
    results: tuple[ReferenceResult, ...]
    unscored: tuple[str, ...]


def read_stored(path: Path) -> Stored | None:
    """Return what is stored and still serves; None where there is nothing or it can't be read: it is trained anew."""
    try:
        stored = cattrs.structure(json.loads(path.read_text(encoding="utf-8")), Stored)
        old = time.time() - path.stat().st_mtime > CUT_KEPT_S
    except (OSError, ValueError, cattrs.errors.BaseValidationError):
        return None
    return None if stored.cut and old else stored


def write_stored(path: Path, stored: Stored) -> None:
    """Replace the file in one step: a reader sees the old results or the new ones."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=path.stem, suffix=".part")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            json.dump(cattrs.unstructure(stored), stream, indent=1)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Hold the lock of that entry, against threads and processes alike; it falls with the process that held it."""
    with path.with_suffix(".lock").open("w") as stream:
        if fcntl is not None:
            fcntl.flock(stream, fcntl.LOCK_EX)
        yield
