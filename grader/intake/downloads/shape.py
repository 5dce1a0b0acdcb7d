"""What every course system's download comes down to: per student, files with the names they were handed in under."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.model import HandIn

WORK = frozenset({".ipynb", ".zip", ".pdf", ".py", ".html"})
"""Endings of what is handed in; other files in a class's folder (lists, notes of the instructor) are nobody's work."""


@dataclass(frozen=True, slots=True)
class HandedIn:
    """One student's (or group's) part of a download.

    `name` is what the submission goes by. Where its files lie among those of others, `files` pairs the name each was
    handed in under with where it lies; else `folder` is all of it. `problem` says why there is nothing.
    """

    name: str
    hand_in: HandIn
    folder: Path | None = None
    files: tuple[tuple[str, Path], ...] = ()
    problem: str = ""


def work_in(entries: Iterable[Path]) -> list[Path]:
    """Return those entries of a class's folder that are somebody's work, going by their endings, and all folders."""
    return [entry for entry in entries if is_folder(entry) or entry.suffix.lower() in WORK]


def is_folder(entry: Path) -> bool:
    """Whether this is a folder, also behind a link; one that can't be looked at is none."""
    return os.path.isdir(entry)


def listed(folder: Path) -> list[Path]:
    """Return what lies in a folder, hidden things left out; nothing where it can't be opened."""
    try:
        return sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    except OSError:
        return []


def only_name(names: Sequence[str]) -> bool:
    """Whether several students go by one name: a placeholder of blind marking ("Participant"), that tells nothing."""
    return len(names) > 1 and len(set(names)) == 1
