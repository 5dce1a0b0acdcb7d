"""One run more, only for those whose level hangs on whether their score comes out again.

The outputs a notebook was saved with are run one, ours is run two. Where the two don't agree (another machine, an older
library, no outputs at all) and everything else for the level is there, a third run settles it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from grader.checks import run_checks
from grader.checks.results import final_result
from grader.execution import RunSettings
from grader.judge import hangs_on
from grader.model import Evidence, Repeat, Rubric

CHECK = "code.reproducible"

SLOWER = 1.25
"""A run may take a quarter longer than the one before, beside others on a busy machine."""


def with_repeat(
    evidence: Evidence, rubric: Rubric, settings: RunSettings, run_again: Callable[[RunSettings], Evidence]
) -> Evidence:
    """Return the evidence with what one run more came to, where a level hangs on it.

    `run_again` runs the submission with the settings it is given, and measures its final score. Both runs together
    stay within the time limit of one; where they would not, the note says so.
    """
    if not _decides(evidence, rubric):
        return evidence
    left = settings.limits.wall_s - evidence.run.wall_s
    if left < SLOWER * evidence.run.wall_s:
        return replace(evidence, repeat=Repeat(note="running it once more would pass the time limit"))
    shorter = replace(settings, limits=replace(settings.limits, wall_s=left))
    return replace(evidence, repeat=repeat_of(run_again(shorter)))


def repeat_of(second: Evidence) -> Repeat:
    """Return what counts of a run that was made only to see whether its score is the same."""
    run = second.run
    result = final_result(second)
    if run.status != "ok":
        said = run.message or run.status.replace("_", " ")
        return Repeat(run.status, wall_s=run.wall_s, note=f"run once more, it did not come to its end: {said}")
    if second.cut_trainings:
        return Repeat(run.status, wall_s=run.wall_s, note="run once more, its training was cut at the budget")
    if result is None or result.value is None:
        return Repeat(run.status, wall_s=run.wall_s, note="run once more, it gave no score that could be measured")
    return Repeat(
        run.status, result.metric, result.value, "verified" if result.origin == "verified" else "kernel", run.wall_s
    )


def _decides(evidence: Evidence, rubric: Rubric) -> bool:
    if evidence.run.status != "ok" or evidence.cut_trainings:
        return False
    result = final_result(evidence)
    findings = run_checks(evidence, rubric.thresholds, rubric.checks)
    settled = any(item.check == CHECK and item.outcome == "pass" for item in findings)
    return (
        not settled
        and result is not None
        and result.value is not None
        and hangs_on(rubric, findings, evidence.run, CHECK)
    )
