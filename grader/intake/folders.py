"""What lies in a folder that was handed in, as far as it matters for finding submissions."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from grader.resources import holds_results

MAX_DEPTH = 4
"""How deep a student's folder is searched for a notebook: unpacked archives wrap one or two folders."""


def visible(folder: Path) -> list[Path]:
    """Return what lies in a folder, hidden things and earlier results left out; nothing where it can't be opened."""
    try:
        return sorted(entry for entry in folder.iterdir() if not _is_ours_or_hidden(entry))
    except OSError:
        return []


def _is_ours_or_hidden(entry: Path) -> bool:
    try:
        return entry.name.startswith((".", "__")) or holds_results(entry)
    except OSError:
        return False  # a folder nobody may look into: reported, not passed over


def is_notebook(entry: Path) -> bool:
    """Whether an entry is a notebook by its name, or a link to one; checkpoints of Jupyter's are none."""
    return (
        entry.suffix.lower() == ".ipynb"
        and not entry.name.endswith("-checkpoint.ipynb")
        and (not os.path.isdir(entry) or os.path.islink(entry))
    )


def is_folder(entry: Path) -> bool:
    """Whether an entry is a folder, and not a link to one."""
    return os.path.isdir(entry) and not os.path.islink(entry)


def is_pdf(entry: Path) -> bool:
    """Whether an entry is a PDF by its name."""
    return entry.suffix.lower() == ".pdf" and not os.path.isdir(entry)


def unwrapped(folder: Path) -> Path:
    """Return the folder inside folders that hold nothing else: what packers wrap around what they pack."""
    for _ in range(MAX_DEPTH):
        entries = visible(folder)
        if len(entries) != 1 or not is_folder(entries[0]):
            break
        folder = entries[0]
    return folder


def notebooks_in(folder: Path, depth: int) -> Iterator[Path]:
    """Yield the notebooks in a folder, and in those at most `depth` below it."""
    for entry in visible(folder):
        if is_notebook(entry):
            yield entry
        elif depth > 0 and is_folder(entry):
            yield from notebooks_in(entry, depth - 1)
