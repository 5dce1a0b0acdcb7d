"""Why a person should look: at a criterion, and at a submission."""

from __future__ import annotations

from collections.abc import Mapping

from grader.judge.levels import GRADER_FAILED, criterion_checks, says_nothing
from grader.judge.measured import scores
from grader.judge.words import name_of, words_of
from grader.model import LEVELS, Criterion, Evidence, Finding, Judgement, Level

LARGEST_GAP = 0.05
"""Saved and re-run score further apart than this are looked at by a person, whatever the tolerance says."""

MOST_UNSEEN = 3
"""So many of the things that could not be told are named where a level is open."""


def reasons_for_criterion(
    criterion: Criterion, findings: Mapping[str, Finding], low: Level, high: Level
) -> tuple[str, ...]:
    """Say in words for people why somebody should look; the findings name the checks."""
    names = criterion_checks(criterion)
    reasons = []
    if low != high:
        unseen = [name for name in names if name not in findings or findings[name].outcome in {"unknown", "error"}]
        sentences = [
            findings[name].summary if name in findings else f"{words_of(name)}: not checked." for name in unseen
        ]
        more = f" And {len(unseen) - MOST_UNSEEN} more." if len(unseen) > MOST_UNSEEN else ""
        between = " and ".join(name_of(criterion.levels[LEVELS.index(level)]) for level in (low, high))
        reasons.append(f"between {between}: {' '.join(dict.fromkeys(sentences[:MOST_UNSEEN]))}{more}")
    own = (findings[name] for name in names if name in findings)
    # What could not be told asks for nobody where it decides nothing.
    reasons += [item.review for item in own if item.review and (low != high or item.outcome != "unknown")]
    return tuple(dict.fromkeys(reasons))


def reasons_for_submission(
    evidence: Evidence, judgements: tuple[Judgement, ...], findings: tuple[Finding, ...], *, own_notebook: bool
) -> tuple[str, ...]:
    """Say why somebody should look at the submission: what its criteria ask for, and what the whole run does."""
    run = evidence.run
    reasons = [f"{item.title}: {why}" for item in judgements for why in item.review_reasons]
    if run.only_read:
        reasons.append(f"{run.message or 'nothing was run'}: it was graded on what it shows")
    elif says_nothing(run):
        reasons.append(f"the run failed on the grader's side ({run.message or run.status.replace('_', ' ')})")
    if run.isolation == "none" and run.status not in GRADER_FAILED and not own_notebook:
        reasons.append("the notebook ran without isolation: what was measured could have been altered")
    if evidence.verification_note:
        reasons.append(f"the scores could not be recomputed outside the run: {evidence.verification_note}")
    reasons += _tampering(evidence)
    if run.channel_faults:
        reasons.append(f"the record of the run was damaged {run.channel_faults} times: it may have been tampered with")
    judged = {name for item in judgements for name in item.findings}
    reasons += [item.review for item in findings if item.review and item.check not in judged]
    gap = None if evidence.cut_trainings else _gap(findings)
    if gap is not None and gap > LARGEST_GAP:
        reasons.append(f"the saved and the re-run score are {gap * 100:.1f} percentage points apart")
    return tuple(dict.fromkeys(reasons))


def _tampering(evidence: Evidence) -> list[str]:
    """Say where the watching was undone, and that the scored weights are not those of the training.

    Also where no level hangs on it: a person should know.
    """
    said = [
        f"the record of the run was broken or written to in cell {gap.cell + 1} ({gap.detail})"
        for gap in evidence.run.watch_gaps[:1]
    ]
    final = evidence.scoring(evidence.final_scoring)
    if final is not None and final.unwatched:
        said.append(f"the scored model is not the one that was trained: {final.unwatched}")
    return said


def _gap(findings: tuple[Finding, ...]) -> float | None:
    told = scores(findings)
    saved, rerun = told["saved"], told["verified"] if told["verified"] is not None else told["rerun"]
    if saved is None or rerun is None or not (0 <= saved <= 1 and 0 <= rerun <= 1):
        return None
    return abs(saved - rerun)
