"""Where results that can be used again are kept: a folder of the user's own."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from grader.errors import ResultsError
from grader.reuse.keys import environment_digest, key_of, source_digest
from grader.reuse.store import Store

VARIABLE = "GRADER_CACHE"
"""Names another folder; empty, nothing is kept."""

SIZE_VARIABLE = "GRADER_CACHE_GB"

USUAL_GB = 5.0
"""A run with its recorded rows takes 1 to 60 MB: a few classes of the usual size."""

RESULTS, REFERENCES = "results", "references"
"""Parts of the folder: entries of a Store, and reference trainings by split."""

REFERENCES_DIGITS = 16
"""Hexadecimal digits that tell graders and libraries apart: 64 bits, for a handful of folders."""


def cache_folder(environment: Mapping[str, str] = os.environ) -> Path | None:
    """Return the folder, None where nothing is to be kept; it need not be there yet."""
    named = environment.get(VARIABLE)
    if named is not None:
        return Path(named).expanduser().absolute() if named.strip() else None
    base = environment.get("XDG_CACHE_HOME", "")
    return (Path(base) if os.path.isabs(base) else Path.home() / ".cache") / "grader"


def open_store(folder: Path, environment: Mapping[str, str] = os.environ, *, reads: bool = True) -> Store:
    """Return the store of a folder, bounded as the environment says.

    Raises:
        ResultsError: GRADER_CACHE_GB is no size.
    """
    said = environment.get(SIZE_VARIABLE, "")
    try:
        size = float(said) if said else USUAL_GB
        return Store(folder / RESULTS, int(size * 1024**3), reads=reads)
    except (ValueError, OverflowError) as problem:
        raise ResultsError(f"{SIZE_VARIABLE}={said} is no number of gigabytes") from problem


def references_folder(folder: Path) -> Path:
    """Return where a folder holds the reference trainings of this very grader and these libraries.

    They are found there by split, plan and recipe alone: another grader's or another TensorFlow's come out otherwise.
    """
    made_by = {"grader": source_digest(), "environment": environment_digest(sys.executable)}
    return folder / REFERENCES / key_of("references", made_by)[:REFERENCES_DIGITS]


def used_bytes(folder: Path) -> int:
    """Return how many bytes are kept."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())


def require_apart(folder: Path, shown: Path) -> None:
    """Raise ResultsError where the folder lies in one that notebooks are shown: they would read others' results."""
    if folder.resolve().is_relative_to(shown.resolve()):
        raise ResultsError(f"the cache {folder} lies in {shown}, which notebooks see: set {VARIABLE} to another folder")
