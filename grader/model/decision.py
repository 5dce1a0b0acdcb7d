"""What people decide in the place of the grader: levels, findings, that a submission was looked at, and comments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

DecisionKind = Literal["level", "finding", "reviewed"]
"""What a decision is about: a criterion's level, a check's outcome, or the reasons to look at a submission."""


@dataclass(frozen=True, slots=True)
class Override:
    """A person's word in place of the grader's, on one submission.

    `target` is a criterion with a level as `value`, or a check with an outcome. Of `reviewed` the target is empty and
    the value `yes`. `computed` is what the grader itself said at that time (of `reviewed`: its reasons to look and its
    levels, as JSON); None where that is not known. `made_at` is ISO 8601, UTC.
    """

    submission: str
    kind: DecisionKind
    target: str
    value: str
    author: str
    reason: str
    made_at: str
    computed: str | None = None


@dataclass(frozen=True, slots=True)
class Comment:
    """A sentence to the student, or a private note among staff. `criterion` is empty where it is on the whole work."""

    number: int
    submission: str
    criterion: str
    text: str
    private: bool
    author: str
    made_at: str


@dataclass(frozen=True, slots=True)
class Decisions:
    """All that people have decided on one submission: levels by criterion, outcomes by check.

    `version` is the number of the audit trail's last line when they were read, 0 where there was none.
    """

    levels: Mapping[str, Override] = field(default_factory=dict)
    findings: Mapping[str, Override] = field(default_factory=dict)
    reviewed: Override | None = None
    comments: tuple[Comment, ...] = ()
    version: int = 0


UNDECIDED = Decisions()
"""Nobody has decided anything."""


@dataclass(frozen=True, slots=True)
class Decided:
    """The mark of a person's decision on a finding or a judgement.

    `computed` is the outcome or level that the evidence gives now; `contradicted` says, in a sentence, that it was
    another when the person decided.
    """

    reason: str
    computed: str | None
    contradicted: str = ""


@dataclass(frozen=True, slots=True)
class Remark:
    """A comment as the student reads it; `criterion` is empty where it is on the whole work."""

    criterion: str
    text: str
