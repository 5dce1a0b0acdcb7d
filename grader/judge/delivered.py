"""What was to be handed in, and what of it is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from grader.judge.levels import holds, says_nothing
from grader.judge.words import sentence_of
from grader.model import Delivered, Finding, Requirement, Rubric, RunFacts


def deliverables_of(rubric: Rubric, findings: Mapping[str, Finding], run: RunFacts) -> tuple[Delivered, ...]:
    """Return what is there of the rubric's deliverables, in its order."""
    return tuple(
        _delivered(item.title, item.requires, {} if says_nothing(run) else findings) for item in rubric.deliverables
    )


def _delivered(title: str, requires: Sequence[Requirement], findings: Mapping[str, Finding]) -> Delivered:
    names = tuple(dict.fromkeys(name for item in requires for name in item.checks))
    opened = [item for item in requires if not holds(item, findings, unseen_passes=False)]
    if not opened:
        passed = (findings[name] for name in names if findings[name].outcome == "pass")
        return Delivered(title, "pass", next((item.summary for item in passed), "This does not apply here."), names)
    missing = [item for item in opened if not holds(item, findings, unseen_passes=True)]
    return Delivered(title, "fail" if missing else "unknown", sentence_of((missing or opened)[0], findings), names)
