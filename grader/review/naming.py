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


def hidden_grade(grade: Grade, alias: str) -> Grade:
    """Return a grade under another name."""
    own = grade.submission
    return replace(
        grade,
        submission=alias,
        notebook=HIDDEN_FILE,
        review_reasons=tuple(anonymous(item, own) for item in grade.review_reasons),
        findings=tuple(replace(item, summary=anonymous(item.summary, own)) for item in grade.findings),
        judgements=tuple(_hidden_judgement(item, own) for item in grade.judgements),
    )


def _hidden_judgement(item: Judgement, own: str) -> Judgement:
    return replace(
        item,
        reasons=tuple(anonymous(text, own) for text in item.reasons),
        review_reasons=tuple(anonymous(text, own) for text in item.review_reasons),
    )


def hidden_evidence(evidence: Evidence, alias: str) -> Evidence:
    """Return evidence under another name, with the student's text as free of names as can be told by rule.

    What the rules don't know for a name stays, and so do names drawn into pictures.
    """
    own = evidence.submission
    cells = tuple(_hidden_cell(cell, own) for cell in evidence.cells)
    return replace(evidence, submission=alias, notebook=HIDDEN_FILE, cells=cells)


def _hidden_cell(cell: CellFacts, own: str) -> CellFacts:
    return replace(
        cell,
        source=anonymous(cell.source, own),
        message=anonymous(cell.message, own),
        saved=tuple(_hidden_output(item, own) for item in cell.saved),
        rerun=tuple(_hidden_output(item, own) for item in cell.rerun),
        file="" if not cell.file else HIDDEN_FILE,
    )


def _hidden_output(output: SavedOutput, own: str) -> SavedOutput:
    return replace(output, text=anonymous(output.text, own))
