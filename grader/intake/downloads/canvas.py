"""Canvas's "Download Submissions": `lovelaceada_LATE_123_456_project.ipynb`, all students' files in one folder.

The name is the sortable one in lower case, without spaces or punctuation; then the user's number, the attachment's,
and the file's own name. A text entry or a link comes as `..._123_text.html` or `..._123_link.html`; an anonymous
assignment has `anon_` and five letters in the place of name and user.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from grader.intake.downloads.shape import HandedIn, is_folder, work_in
from grader.model import HandIn, Student

_UPLOAD = re.compile(r"(?P<name>\w+?)(?P<late>_LATE)?_(?P<user>\d+)_(?P<attachment>\d+)_(?P<file>.+)", re.DOTALL)
_ANONYMOUS = re.compile(r"(?P<late>LATE_)?anon_(?P<user>[0-9A-Za-z]{5})_(?P<attachment>\d+)_(?P<file>.+)", re.DOTALL)
_ENTRY = re.compile(r"(?P<name>\w+?)(?P<late>_LATE)?_(?P<user>\d+)_(?P<file>(?:text|link)\.html)")


def read_canvas(entries: Sequence[Path]) -> list[HandedIn] | None:
    """Return the students of a Canvas download, None where this is none.

    It is one where all work in the folder is named so, no attachment's number comes twice, and each user's number goes
    with one name: files that people numbered themselves hardly meet all of that.
    """
    if not (work := work_in(entries)) or any(is_folder(entry) or _matched(entry) is None for entry in work):
        return None
    matches = [(entry, _matched(entry)) for entry in entries]
    found = [(entry, match.groupdict()) for entry, match in matches if match is not None]
    attachments = [parts["attachment"] for _, parts in found if "attachment" in parts]
    names = defaultdict(set)
    for _, parts in found:
        names[parts["user"]].add(parts.get("name", ""))
    if len(set(attachments)) < len(attachments) or any(len(given) > 1 for given in names.values()):
        return None
    by_user: dict[str, list[tuple[Path, dict[str, str]]]] = defaultdict(list)
    for entry, parts in found:
        by_user[parts["user"]].append((entry, parts))
    return [_handed_in(user, files) for user, files in by_user.items()]


def _matched(entry: Path) -> re.Match[str] | None:
    # An uploaded file may be called `link.html` too, and then has two numbers before it.
    return _ANONYMOUS.fullmatch(entry.name) or _UPLOAD.fullmatch(entry.name) or _ENTRY.fullmatch(entry.name)


def _handed_in(user: str, files: list[tuple[Path, dict[str, str]]]) -> HandedIn:
    name = files[0][1].get("name", "")
    late = any(parts["late"] for _, parts in files)
    student = Student(name=name, canvas_id=user) if name else Student()
    return HandedIn(
        name=f"{name}_{user}" if name else f"anon_{user}",
        hand_in=HandIn("canvas", (student,) if name else (), late=late),
        files=tuple((parts["file"], entry) for entry, parts in files),
    )
