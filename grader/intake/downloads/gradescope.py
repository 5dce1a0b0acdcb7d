"""Gradescope's "Export Submissions": folders `submission_123` and a `submission_metadata.yml` that says whose they are.

Its keys are Ruby's symbols (`:submitters:`, `:name:`, `:sid:`, `:email:`); a group has several submitters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from grader.errors import SubmissionError
from grader.intake.downloads.shape import HandedIn, is_folder
from grader.intake.files import opened
from grader.model import HandIn, Student

METADATA = "submission_metadata.yml"

MAX_METADATA_BYTES = 64 * 1024**2
"""A class of 300 with every earlier attempt and its results had 20 MB."""

LONGEST_NAME = 80
"""Characters of a group's names that its submission goes by."""


def read_gradescope(entries: Sequence[Path]) -> list[HandedIn] | None:
    """Return the submissions of a Gradescope export, None where this is none.

    A folder that the list says nothing about is kept, and so is a submission whose folder isn't there.
    """
    listing = next((entry for entry in entries if entry.name == METADATA), None)
    folders = {entry.name: entry for entry in entries if is_folder(entry)}
    if listing is None or not folders:
        return None
    metadata = _read(listing)
    if metadata is None:
        return None
    known = [_handed_in(str(name), facts, folders.get(str(name))) for name, facts in metadata.items()]
    unknown = [HandedIn(name, HandIn("gradescope"), folder) for name, folder in folders.items() if name not in metadata]
    return [*known, *unknown]


def _handed_in(name: str, facts: object, folder: Path | None) -> HandedIn:
    facts = facts if isinstance(facts, Mapping) else {}
    submitters = facts.get(":submitters") or facts.get("submitters") or []
    people = [item for item in submitters if isinstance(item, Mapping)] if isinstance(submitters, list) else []
    students = tuple(
        Student(_text(item, "name"), email=_text(item, "email"), sis_id=_text(item, "sid")) for item in people
    )
    label = "+".join(student.name or student.email for student in students)[:LONGEST_NAME]
    number = name.rpartition("_")[2]
    when = facts.get(":created_at") or facts.get("created_at") or ""
    return HandedIn(
        name=f"{label}_{number}" if label else name,
        hand_in=HandIn("gradescope", students, handed_in_at=str(when)),
        folder=folder,
        problem="" if folder else f"is listed in {METADATA}, but its folder isn't in the export; export it again",
    )


def _text(item: Mapping[Any, Any], key: str) -> str:
    value = item.get(f":{key}", item.get(key))
    return "" if value is None else str(value).strip()


class _Loader(yaml.SafeLoader):
    """Reads plain data; what Ruby wrote as an object of its own is passed over."""


_Loader.add_multi_constructor("!", lambda _loader, _suffix, _node: None)
_Loader.add_multi_constructor("tag:", lambda _loader, _suffix, _node: None)


def _read(path: Path) -> Mapping[Any, Any] | None:
    try:
        with opened(path, "list of submissions") as (descriptor, facts):
            if facts.st_size > MAX_METADATA_BYTES:
                return None
            with open(descriptor, encoding="utf-8", errors="replace", closefd=False) as file:
                found = yaml.load(file, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except (SubmissionError, yaml.YAMLError, ValueError, RecursionError):
        return None
    return found if isinstance(found, Mapping) else None
