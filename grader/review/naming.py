"""What a submission is called in addresses, and on pages while names are hidden.

Keys are made from the id with a secret of the gradebook: an address leads to nobody's name, and stays the same from
call to call.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from grader.model import CellFacts, Evidence, Grade, Judgement, SavedOutput
from grader.opinions.anonymous import anonymous

KEY_LENGTH = 10
"""Letters of a key: of a thousand submissions no two share one, but for a chance of one in 10^9."""

ALIAS_LENGTH = 5
"""Letters of it that people read."""

HIDDEN_FILE = "notebook"
"""Stands for a notebook's file name, which often holds its author's."""


@dataclass(frozen=True, slots=True)
class Names:
    """Keys of submissions and back. `secret` is the gradebook's."""

    secret: str

    def key(self, submission: str) -> str:
        """Return the key of a submission: lower-case letters and digits."""
        digest = hmac.new(self.secret.encode(), submission.encode("utf-8", "replace"), hashlib.sha256).digest()
        return base64.b32encode(digest).decode().lower()[:KEY_LENGTH]

    def alias(self, submission: str) -> str:
        """Return what a submission is called while names are hidden."""
        return f"Submission {self.key(submission)[:ALIAS_LENGTH].upper()}"

    def by_key(self, submissions: Iterable[str]) -> Mapping[str, str]:
        """Return ids by key."""
        return {self.key(item): item for item in submissions}


@dataclass(frozen=True, slots=True)
class Cover:
    """Hides whose a submission is: `alias` stands for its id, `own` are the id and the names of who handed it in.

    What the rules don't know for a name stays in a student's text, and so do names drawn into pictures.
    """

    alias: str
    own: tuple[str, ...]

    def over(self, text: str) -> str:
        """Return text as free of names as can be told by rule."""
        for name in self.own:
            text = anonymous(text, name)
        return text

    def grade(self, grade: Grade) -> Grade:
        """Return a grade under the alias."""
        return replace(
            grade,
            submission=self.alias,
            notebook=HIDDEN_FILE,
            review_reasons=tuple(map(self.over, grade.review_reasons)),
            findings=tuple(replace(item, summary=self.over(item.summary)) for item in grade.findings),
            judgements=tuple(map(self._judgement, grade.judgements)),
        )

    def evidence(self, evidence: Evidence) -> Evidence:
        """Return evidence under the alias."""
        cells = tuple(map(self._cell, evidence.cells))
        return replace(evidence, submission=self.alias, notebook=HIDDEN_FILE, cells=cells)

    def _judgement(self, item: Judgement) -> Judgement:
        return replace(
            item,
            reasons=tuple(map(self.over, item.reasons)),
            review_reasons=tuple(map(self.over, item.review_reasons)),
        )

    def _cell(self, cell: CellFacts) -> CellFacts:
        return replace(
            cell,
            source=self.over(cell.source),
            message=self.over(cell.message),
            saved=tuple(map(self._output, cell.saved)),
            rerun=tuple(map(self._output, cell.rerun)),
            file=HIDDEN_FILE if cell.file else "",
        )

    def _output(self, output: SavedOutput) -> SavedOutput:
        return replace(output, text=self.over(output.text))
