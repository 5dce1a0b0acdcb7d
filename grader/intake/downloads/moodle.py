"""Moodle's "Download all submissions": a folder `Ada Lovelace_123_assignsubmission_file_` per student.

An online text lies in a folder of its own (`_assignsubmission_onlinetext_`); older sites, and those that download
without folders, put the same in front of each file's name. From 4.1 on the last `_` of a folder may be missing. The
number is the participant's, the same as behind "Participant" in the grading worksheet. None of it is translated.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from grader.intake.downloads.shape import HandedIn, is_folder, only_name, work_in
from grader.model import HandIn, Student

_PART = re.compile(r"(?P<name>[^_]+)_(?P<id>\d+)_assignsubmission_(?P<kind>[a-z0-9]+)(?:_(?P<file>.*))?", re.DOTALL)


def read_moodle(entries: Sequence[Path]) -> list[HandedIn] | None:
    """Return the students of a Moodle download, None where this is none: all work in the folder is named so."""
    if not (work := work_in(entries)) or any(_PART.fullmatch(entry.name) is None for entry in work):
        return None
    matches = [(entry, _PART.fullmatch(entry.name)) for entry in entries]
    by_student: dict[tuple[str, str], list[tuple[Path, dict[str, str]]]] = defaultdict(list)
    for entry, match in matches:
        if match is not None:
            by_student[match["id"], match["name"].strip()].append((entry, match.groupdict()))
    if len({number for number, _ in by_student}) < len(by_student):
        return None  # one number for two names: not Moodle's
    blind = only_name([name for _, name in by_student])
    found = [_handed_in(number, name, parts) for (number, name), parts in by_student.items()]
    return [_unnamed(item) for item in found] if blind else found


def _handed_in(number: str, name: str, parts: list[tuple[Path, dict[str, str]]]) -> HandedIn:
    hand_in = HandIn("moodle", (Student(name=name, moodle_id=number),))
    folders = [entry for entry, _ in parts if is_folder(entry)]
    if len(parts) == 1 and folders:
        return HandedIn(f"{name}_{number}", hand_in, folder=folders[0])
    files = [(_name_of(entry, part), entry) for entry, part in parts if not is_folder(entry)]
    files += [(str(path.relative_to(folder)), path) for folder in folders for path in _files_under(folder)]
    return HandedIn(f"{name}_{number}", hand_in, files=tuple(files))


def _name_of(entry: Path, part: dict[str, str]) -> str:
    return part["file"] or entry.name


def _files_under(folder: Path) -> list[Path]:
    """Return the files of a folder, without following links."""
    return sorted(
        Path(place, name)
        for place, _, names in os.walk(folder)
        for name in names
        if os.path.isfile(Path(place, name)) and not os.path.islink(Path(place, name))
    )


def _unnamed(item: HandedIn) -> HandedIn:
    students = tuple(replace(student, name="") for student in item.hand_in.students)
    return replace(item, hand_in=replace(item.hand_in, students=students))
