"""Who handed in the same as whom: measured once, and said to staff. It is no verdict: a class may share a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from grader.model import Submission, Unreadable
from grader.reuse.keys import content_key


@dataclass(frozen=True, slots=True)
class Alike:
    """The digest of what each submission consists of, by its id."""

    contents: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def among(cls, submissions: Iterable[Submission]) -> Alike:
        """Compare all files of all of them."""
        return cls({item.id: content_key(item) for item in submissions})

    def content(self, submission: str) -> str:
        """Return the digest of what a submission consists of, empty where it could not be read."""
        return self.contents.get(submission, "")

    def groups(self, submissions: Sequence[Submission | Unreadable]) -> list[list[Submission | Unreadable]]:
        """Return the submissions with equal ones together, in the order of the first of each."""
        found: dict[str, list[Submission | Unreadable]] = {}
        for item in submissions:
            found.setdefault(self.contents.get(item.id, f"alone {item.id}"), []).append(item)
        return list(found.values())


NOBODY_ALIKE = Alike()
