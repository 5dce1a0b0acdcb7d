"""Answers kept by what was asked, in the folder of results: the same text is never paid for twice."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from grader.durable import write_atomically
from grader.opinions.endpoint import Endpoint
from grader.opinions.questions import INSTRUCTIONS
from grader.opinions.replies import LONGEST_REPLY

FOLDER = ".opinions"
"""Folder of the results in which answers lie, a file each."""

MOST_BYTES = 8 * LONGEST_REPLY


@dataclass(frozen=True, slots=True)
class Answers:
    """The answers kept in one folder."""

    folder: Path

    def get(self, key: str) -> str | None:
        """Return the answer of a key, None where there is none that could be read."""
        try:
            content = (self.folder / f"{key}.json").read_bytes()
            document = json.loads(content) if len(content) <= MOST_BYTES else None
        except (OSError, ValueError, RecursionError):
            return None
        answer = document.get("content") if isinstance(document, dict) else None
        return answer if isinstance(answer, str) else None

    def put(self, key: str, content: str) -> None:
        """Keep an answer.

        Raises:
            StorageFullError: the disk is full.
            ResultsError: the folder can't be written to.
        """
        write_atomically(self.folder / f"{key}.json", json.dumps({"content": content}, ensure_ascii=True) + "\n")


def key_of(endpoint: Endpoint, text: str, checks: Mapping[str, str], sample: int) -> str:
    """Return the key of one answer: everything it depends on, but the key to the server and the random marker."""
    parts = [endpoint.url, endpoint.model, INSTRUCTIONS, text, dict(checks), sample]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
