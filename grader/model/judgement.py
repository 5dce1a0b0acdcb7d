"""Findings, rubrics, judgements and the grade."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from grader.model.decision import Decided, Remark

Outcome = Literal["pass", "fail", "unknown", "not_applicable", "error"]
Origin = Literal["static", "kernel", "verified"]
Level = Literal["emerging", "developing", "proficient", "exemplary"]

LEVELS: tuple[Level, ...] = ("emerging", "developing", "proficient", "exemplary")


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found.

    `origin` names the best evidence it rests on: `static` (read), `kernel` (claimed by the run), `verified`
    (recomputed outside). `summary` is a sentence for the student; `fix` how to mend a failure. `moves_level` is
    false for findings that are certain but harmless, or serious but only likely: they are shown as advice.
    """

    check: str
    outcome: Outcome
    origin: Origin
    summary: str
    cells: tuple[int, ...] = ()
    measured: Mapping[str, Any] = field(default_factory=dict)
    fix: str | None = None
    moves_level: bool = True
    review: str | None = None
    """Why a person should look at this, where one should."""
    decided: Decided | None = None
    """Set where a person put this outcome in the place of the check's own."""


@dataclass(frozen=True, slots=True)
class ClaimBeside:
    """What a text says, beside what was measured. Both are phrases for a table; `quote` is the whole sentence.

    `certain`: a contradiction that no honest reading of the sentence explains.
    """

    about: str
    said: str
    measured: str
    verdict: Literal["agrees", "contradicted", "not_checkable"]
    quote: str
    cell: int
    certain: bool = False


@dataclass(frozen=True, slots=True)
class Requirement:
    """Checks of which at least `at_least` must pass (all of one: a plain requirement; several: alternatives)."""

    checks: tuple[str, ...]
    at_least: int = 1


@dataclass(frozen=True, slots=True)
class LevelRule:
    """A level's descriptor, word for word, and what it requires beyond the level below."""

    level: Level
    descriptor: str
    requires: tuple[Requirement, ...] = ()
    name: str = ""
    """What a course calls this level, where it has a name of its own for it."""

    @property
    def title(self) -> str:
        """The level's name as people read it."""
        return self.name or self.level.capitalize()


@dataclass(frozen=True, slots=True)
class Criterion:
    """One row of the rubric. `levels` are in rising order; `points` maps level to points before `weight`."""

    id: str
    title: str
    levels: tuple[LevelRule, ...]
    points: Mapping[str, float]
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Deliverable:
    """One thing the assignment asks to be handed in, and the checks that tell whether it is there."""

    title: str
    requires: tuple[Requirement, ...]


@dataclass(frozen=True, slots=True)
class Rubric:
    """A rubric, loaded and checked. `sha256` covers the file's bytes; `thresholds` override the checks' own."""

    id: str
    title: str
    criteria: tuple[Criterion, ...]
    sha256: str
    advice: tuple[str, ...] = ()
    """Checks reported without moving any level."""
    thresholds: Mapping[str, float] = field(default_factory=dict)
    deliverables: tuple[Deliverable, ...] = ()
    """In the order in which the assignment lists them; they move no level."""

    @property
    def checks(self) -> frozenset[str]:
        """Every check it names: those that levels require, that are advice, and that tell of deliverables."""
        rules = (rule for criterion in self.criteria for rule in criterion.levels)
        needs = [need for rule in rules for need in rule.requires]
        needs += [need for item in self.deliverables for need in item.requires]
        return frozenset(self.advice).union(*(need.checks for need in needs))


@dataclass(frozen=True, slots=True)
class Judgement:
    """One criterion judged. `level` is None where the grader or the machine failed; `low`..`high` is the range."""

    criterion: str
    title: str
    level: Level | None
    low: Level | None
    high: Level | None
    needs_review: bool
    points: float | None
    max_points: float
    reasons: tuple[str, ...]
    next_step: str | None
    findings: tuple[str, ...]
    descriptor: str = ""
    review_reasons: tuple[str, ...] = ()
    decided: Decided | None = None
    """Set where a person put this level in the place of the judged one."""
    own_level: Level | None = None
    """The level that the evidence alone gives, whatever people decided of this criterion or of findings."""


@dataclass(frozen=True, slots=True)
class Highlight:
    """A criterion that stands out, and the sentence that says why or what to do."""

    criterion: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Delivered:
    """Whether one deliverable is there: `fail` where it was seen to be missing, `unknown` where it can't be told."""

    title: str
    outcome: Literal["pass", "fail", "unknown"]
    sentence: str
    findings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Grade:
    """The whole of one submission's result: what `grade.json` holds."""

    submission: str
    notebook: str
    sha256: str
    run: Mapping[str, Any]
    rubric_id: str
    rubric_sha256: str
    judgements: tuple[Judgement, ...]
    findings: tuple[Finding, ...]
    measured: Mapping[str, Any]
    points: float | None
    max_points: float
    review_reasons: tuple[str, ...] = ()
    next_thing: Highlight | None = None
    """The one step to take before all others; None where nothing was seen wrong, or nothing could be judged."""
    strongest: Highlight | None = None
    """The success most worth naming; None where nothing was met."""
    deliverables: tuple[Delivered, ...] = ()
    comments: tuple[Remark, ...] = ()
    """What people say to the student."""
    reviewed: bool = False
    """A person has looked at it, and nothing asks for another look since."""

    @property
    def needs_review(self) -> bool:
        """Whether a person has to look at it before it counts."""
        return bool(self.review_reasons) or any(item.needs_review for item in self.judgements)
