"""What the files beside a notebook hold: photos, recordings and tables, as they were found when they were opened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

FileKind = Literal["picture", "sound"]
Part = Literal["", "train", "validation", "test"]


@dataclass(frozen=True, slots=True)
class FileGroup:
    """Pictures or recordings of one class in one part.

    `label` is the folder's name, or the first part of the files' names where `by_name`; `part` is told by a folder
    called train, test or the like. `forms` counts how they are made (`100 x 100 RGB`, `8,000 Hz mono`), the commonest
    first.
    """

    kind: FileKind
    part: Part
    label: str
    files: int
    forms: tuple[tuple[str, int], ...] = ()
    by_name: bool = False
    sample: str = ""
    """One of them as a small PNG in base64 (of a recording its spectrogram), made by the host."""


@dataclass(frozen=True, slots=True)
class UnreadableFile:
    """A file that could not be opened as what its name says."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class SameFiles:
    """Files of equal content, or pictures that look the same.

    `across_parts`: they lie in different parts (train and test); `across_labels`: in different classes.
    """

    paths: tuple[str, ...]
    exact: bool
    across_parts: bool
    across_labels: bool


@dataclass(frozen=True, slots=True)
class TableFile:
    """A table of text. `classes` counts the values of columns that have few."""

    path: str
    rows: int
    columns: int
    missing: tuple[tuple[str, int], ...] = ()
    """Columns with empty cells, and how many."""
    constant: tuple[str, ...] = ()
    repeated_rows: int = 0
    uneven_rows: int = 0
    """Rows with more or fewer cells than the heading."""
    classes: tuple[tuple[str, tuple[tuple[str, int], ...]], ...] = ()
    whole: bool = True


@dataclass(frozen=True, slots=True)
class OwnData:
    """The files beside a notebook. Counts of `same` are of all that were found, the list holds the first."""

    pictures: int = 0
    sounds: int = 0
    tables: tuple[TableFile, ...] = ()
    others: int = 0
    groups: tuple[FileGroup, ...] = ()
    unreadable: tuple[UnreadableFile, ...] = ()
    unreadable_files: int = 0
    same: tuple[SameFiles, ...] = ()
    copies: int = 0
    """Files that are copies of another one, byte for byte."""
    look_alikes: int = 0
    """Pictures that all but equal another one without being its copy."""
    silent: int = 0
    """Recordings without any sound."""
    note: str = ""
    """What was not looked into, and why."""
