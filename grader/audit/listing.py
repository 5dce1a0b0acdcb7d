"""Which files beside a notebook are data: by their names and places alone, without opening any."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from grader.model.own_data import Part

MOST_FILES = 6_000
"""Files looked into; of more, as many of each folder as its share. A class project's photos are a tenth of that."""

MOST_LISTED = 50_000
MOST_DEPTH = 12
SKIPPED = re.compile(r"^(\.|__pycache__$|__MACOSX$|Thumbs\.db$|desktop\.ini$)", re.IGNORECASE)

KINDS = {
    "picture": (".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff"),
    "sound": (".wav",),
    "table": (".csv", ".tsv"),
}
NO_DATA = (
    ".ipynb",
    ".py",
    ".md",
    ".txt",
    ".toml",
    ".yaml",
    ".yml",
    ".cfg",
    ".ini",
    ".keras",
    ".h5",
    ".weights",
    ".pdf",
)
"""What a project holds besides data."""

PARTS: dict[str, Part] = {
    "train": "train",
    "training": "train",
    "trainset": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
    "testset": "test",
    "holdout": "test",
    "unseen": "test",
}

FEWEST_NAMED = 20
"""So many files in one folder, each with a first part that others share, and their names tell classes."""

MOST_NAMED = 40
SEPARATOR = re.compile(r"[_\- .]")


@dataclass(frozen=True, slots=True)
class DataFile:
    """One file: its path from the notebook's folder, what its ending says it is, and the class and part it lies in."""

    path: str
    kind: str
    part: Part
    label: str
    by_name: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    """Data files in order of their paths; `total` counts those that were left out too, `others` what is not opened."""

    files: tuple[DataFile, ...]
    total: int
    others: int


def list_files(folder: Path) -> Listing:
    """List the data files of a folder; links and special files are none."""
    found, others = [], 0
    for path in _walk(folder):
        ending = PurePosixPath(path).suffix.lower()
        kind = next((kind for kind, endings in KINDS.items() if ending in endings), "")
        if kind:
            found.append(_placed(path, kind))
        elif ending not in NO_DATA:
            others += 1
    named = _named_by_file(found)
    return Listing(_spread(named, MOST_FILES), len(named), others)


def _walk(folder: Path) -> Iterator[str]:
    waiting, listed = [("", 0)], 0
    while waiting and listed < MOST_LISTED:
        place, depth = waiting.pop()
        try:
            entries = sorted(os.scandir(folder / place), key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in entries:
            path = f"{place}/{entry.name}" if place else entry.name
            if SKIPPED.match(entry.name) or not _printable(path):
                continue
            if entry.is_dir(follow_symlinks=False) and depth < MOST_DEPTH:
                waiting.append((path, depth + 1))
            elif entry.is_file(follow_symlinks=False) and listed < MOST_LISTED:
                listed += 1
                yield path


def _printable(path: str) -> bool:
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _placed(path: str, kind: str) -> DataFile:
    folders = PurePosixPath(path).parts[:-1]
    parts = [PARTS[name.lower()] for name in folders if name.lower() in PARTS]
    labels = [name for name in folders if name.lower() not in PARTS]
    return DataFile(path, kind, parts[-1] if parts else "", labels[-1] if labels else "")


def _named_by_file(files: Sequence[DataFile]) -> tuple[DataFile, ...]:
    """Take the first part of file names as class where all of a kind lie in one folder: `7_jackson_12.wav` is a 7."""
    renamed: dict[str, DataFile] = {}
    for kind in ("picture", "sound"):
        own = [item for item in files if item.kind == kind]
        if len(own) < FEWEST_NAMED or len({item.label for item in own}) > 1:
            continue
        first = {item.path: SEPARATOR.split(PurePosixPath(item.path).stem)[0] for item in own}
        counts = Counter(first.values())
        if 2 <= len(counts) <= MOST_NAMED and min(counts.values()) >= 2:
            renamed |= {item.path: DataFile(item.path, kind, item.part, first[item.path], by_name=True) for item in own}
    ordered: Iterable[DataFile] = sorted(files, key=lambda item: item.path)
    return tuple(renamed.get(item.path, item) for item in ordered)


def _spread(files: Sequence[DataFile], most: int) -> tuple[DataFile, ...]:
    """Return evenly spaced files: each folder keeps its share."""
    if len(files) <= most:
        return tuple(files)
    return tuple(files[place * len(files) // most] for place in range(most))
