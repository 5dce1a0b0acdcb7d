"""Ids that can be a folder's name anywhere, made from whatever students and their systems call files."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

MAX_ID_BYTES = 200
"""File systems allow 255 bytes in a name; a number that tells two apart, and a suffix, must still fit."""

_RESERVED_BY_WINDOWS = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)

OUR_FILES = (
    "index.html",
    "similar.html",
    "rendering.json",
    "grades.csv",
    "students.json",
    "exports",
    "gradebook.db",
    "gradebook.db-wal",
    "gradebook.db-shm",
    "gradebook.db-journal",
)
"""What stands beside the students' folders among the results: a student called so would stand in its way."""


def safe_id(name: str) -> str:
    """Return `name` as an id: letters and digits of any script, `-_. @+`; no dot or dash at its start."""
    text = unicodedata.normalize("NFC", name)
    text = "".join(letter if letter.isalnum() or letter in "-_. @+" else "_" for letter in text)
    text = re.sub(r"\s+", " ", text).strip(" .")
    text = text.encode()[:MAX_ID_BYTES].decode(errors="ignore").strip(" .")
    if text.startswith("-"):
        text = f"_{text[1:]}"  # or commands would take it for an option
    if _RESERVED_BY_WINDOWS.fullmatch(text):
        text = f"_{text}"
    return text or "unnamed"


@dataclass(slots=True)
class Ids:
    """Gives out ids, each once, as no file system would mistake for one another."""

    _taken: dict[str, int] = field(default_factory=lambda: dict.fromkeys(map(_key, OUR_FILES), 1))

    def new(self, name: str) -> str:
        """Return an id for `name`; those that case or Unicode form alone would tell apart get a number."""
        base = safe_id(name)
        number = self._taken.get(_key(base), 0) + 1
        while number > 1 and _key(f"{base}-{number}") in self._taken:
            number += 1
        self._taken[_key(base)] = number
        unique = base if number == 1 else f"{base}-{number}"
        self._taken.setdefault(_key(unique), 1)
        return unique


def _key(name: str) -> str:
    """Return what a file system blind to case and Unicode form would know a name by."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
