"""Reference results on disk, one file a split, so that a class on the same split trains once."""

from __future__ import annotations

import json
import os
import tempfile
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


@dataclass(frozen=True, slots=True)
class Stored:
    """Results with the budget they were trained under; `cut` where that budget ended one of them early."""

    budget_s: float
    cut: bool
    results: tuple[ReferenceResult, ...]

    def serves(self, budget_s: float) -> bool:
        """Return whether training again under that budget could not do better."""
        return not self.cut or budget_s <= self.budget_s


def read_stored(path: Path) -> Stored | None:
    """Return what is stored, None where there is nothing or it can't be read: it is then trained again."""
    try:
        return cattrs.structure(json.loads(path.read_text(encoding="utf-8")), Stored)
    except (OSError, ValueError, cattrs.errors.BaseValidationError):
        return None


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
