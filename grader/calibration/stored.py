"""A graded class as it is stored, judged by the rubric that is to be calibrated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from grader.checks import run_checks
from grader.gradebook import Gradebook
from grader.judge import judge
from grader.model import Evidence, Finding, Judgement, Level, Rubric
from grader.regrading import EVIDENCE
from grader.storage import read_evidence

Levels = Mapping[str, Level]
"""The level of each criterion of one submission; criteria without one are left out."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One submission: what was measured of it, what the checks find, and the judgements that follow."""

    evidence: Evidence
    findings: tuple[Finding, ...]
    judgements: tuple[Judgement, ...]

    @property
    def submission(self) -> str:
        """Its id."""
        return self.evidence.submission

    @property
    def levels(self) -> Levels:
        """The level of each criterion that could be judged."""
        return levels_of(self.judgements)


@dataclass(frozen=True, slots=True)
class StoredClass:
    """The class, and whether the grades stored beside it are of another rubric."""

    submissions: tuple[Judged, ...]
    other_rubric: bool


def levels_of(judgements: tuple[Judgement, ...]) -> Levels:
    """Return the level of each criterion that could be judged."""
    return {item.criterion: item.level for item in judgements if item.level is not None}


def read_class(out: Path, rubric: Rubric) -> StoredClass:
    """Judge the class in a folder of results by a rubric, in memory.

    Raises:
        ResultsError: the folder holds no results, or evidence can't be read.
    """
    with Gradebook.open_existing(out) as book:
        rows = book.results()
    judged = []
    for row in rows:
        evidence = read_evidence(out / row.submission / EVIDENCE)
        findings = run_checks(evidence, rubric.thresholds, rubric.checks)
        judged.append(Judged(evidence, findings, judge(rubric, findings, evidence.run)))
    return StoredClass(tuple(judged), any(row.rubric_sha256 != rubric.sha256 for row in rows))
