"""Passes that don't stand: the record of the run was tampered with, or the scored weights came from somewhere else.

What the kernel said is a claim. Where it contradicts itself or falls silent, a check that passed by it becomes
`unknown` and a person is asked; what was seen to be wrong stays wrong.
"""

from __future__ import annotations

from dataclasses import replace

from grader.checks.starts import knew_before
from grader.checks.verdicts import Verdict
from grader.model import Evidence, WatchGap

RESTS_ON_TRAINING = frozenset(
    {
        "evaluation.not_on_training_data",
        "evaluation.test_used_once",
        "model.trains",
        "split.held_out_test",
        "split.no_near_duplicates",
        "split.no_overlap",
        "split.stable",
    }
)
"""Checks that speak of which rows made the scored weights."""

RESTS_ON_REPLIES = frozenset({"code.runs_top_to_bottom"})
"""Checks that believe how the kernel says a cell ended."""

FALLEN = {"static": (), "kernel": ("silent", "unhooked", "forged"), "verified": ("forged",)}
"""Which gaps bring down a pass, by where its evidence comes from."""

SAID = {
    "silent": "the watching fell silent ({})",
    "unhooked": "the watching of {} was taken out",
    "forged": "the record was written to by the notebook ({})",
    "hidden": "what happened is not what was replied ({})",
}


def doubted(check_id: str, verdict: Verdict, evidence: Evidence) -> Verdict:
    """Return the verdict, as `unknown` with a review where it passed by evidence that can't be relied on."""
    if verdict.outcome != "pass":
        return verdict
    gap = _gap_under(check_id, verdict, evidence)
    if gap is not None:
        why = f"in cell {gap.cell + 1} {SAID[gap.kind].format(gap.detail)}"
        review = f"what was seen of the run can't be relied on: {why}"
        return _unknown(verdict, f"This can't be relied on: {why}.", review, gap.cell)
    final = evidence.scoring(evidence.final_scoring) if check_id in RESTS_ON_TRAINING else None
    if final is None:
        return verdict
    if final.unwatched:
        said = f"On which rows the scored model was trained is not known: {final.unwatched}."
        review = f"the scored model is not the one that was trained: {final.unwatched}"
        return _unknown(verdict, said, review, final.cell)
    early = knew_before(evidence)
    if early is not None:
        said = (
            f"Before its first training in this notebook the model already reached {early}: on which rows is not known."
        )
        return _unknown(verdict, said, f"the model reached {early} before it was trained", final.cell)
    return verdict


def _gap_under(check_id: str, verdict: Verdict, evidence: Evidence) -> WatchGap | None:
    """Return the first gap that the verdict falls into: recomputed ones fall only where the record was forged."""
    kinds = set(FALLEN[verdict.origin])
    if check_id in RESTS_ON_REPLIES:
        kinds |= {"silent", "hidden"}
    return next((gap for gap in evidence.run.watch_gaps if gap.kind in kinds), None)


def _unknown(verdict: Verdict, summary: str, review: str, cell: int) -> Verdict:
    cells = tuple(sorted({*verdict.cells, cell}))
    return replace(verdict, outcome="unknown", summary=summary, review=review, cells=cells, fix=None)
