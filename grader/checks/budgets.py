"""Verdicts on what a training learnt, where the grader's own budget cut it: what failed may be our doing.

Everything structural (splits, leaks, shapes, layers, figures, who was scored on what) is measured as exactly as in a
full run, and stands. So does what a text lacks.
"""

from __future__ import annotations

import math
from dataclasses import replace

from grader.checks.verdicts import Verdict
from grader.model import Evidence, Outcome, TrainingRun

RESTS_ON_LEARNING = frozenset(
    {
        "code.reproducible",
        "code.same_when_graded",
        "evaluation.confident_errors_shown",
        "evaluation.hidden_test",
        "evaluation.improvement_computed",
        "evaluation.not_best_of_seeds",
        "evaluation.printed_score_genuine",
        "evaluation.score_verified",
        "evaluation.weakness_named",
        "model.binary_band",
        "model.cnn_band",
        "model.dense_band",
        "model.learns",
        "model.reference_band",
        "project.failure_cases",
        "prose.claims_checked",
        "readme.performance",
        "training.diagnosis",
        "training.learning_rate",
        "training.loss_falls",
        "training.no_collapse",
        "training.overfits_few",
        "training.progress",
        "training.units_alive",
        "understanding.consistent",
        "write_up.score_honest",
    }
)
"""Checks that speak of scores, of progress, or of a text beside them: fewer steps give other ones."""

RESTS_ON_EPOCHS = frozenset(
    {"training.curves_compared", "training.curves_genuine", "training.curves_shown", "training.four_curves"}
)
"""Checks of curves: with epochs left out, one may be a single point, or be drawn over epochs that never were."""

LABEL = "Measured under a budget."


def under_budget(check_id: str, verdict: Verdict, evidence: Evidence) -> Verdict:
    """Return the verdict as it can stand where a training was cut: a failure becomes `unknown`, a pass says so.

    Advice, which stands in no level's way, becomes `not_applicable`, which doesn't either. A loss that is no longer a
    number stays a failure: more steps don't mend it.
    """
    cut = evidence.cut_trainings
    if not cut or verdict.outcome not in {"pass", "fail"}:
        return verdict
    if check_id not in RESTS_ON_LEARNING and not (check_id in RESTS_ON_EPOCHS and any(map(_lost_epochs, cut))):
        return verdict
    measured = {**verdict.measured, "budget": str(evidence.run.budget)}
    if verdict.outcome == "pass" or (check_id == "training.loss_falls" and _broke_down(evidence)):
        return replace(verdict, summary=f"{verdict.summary} {LABEL}", measured=measured)
    said = f"This can't be told: a training was {cut[-1].how_cut}. Seen so far: {verdict.summary}"
    outcome: Outcome = "unknown" if verdict.moves_level else "not_applicable"
    return replace(verdict, outcome=outcome, summary=said, measured=measured, fix=None, review=None)


def _lost_epochs(training: TrainingRun) -> bool:
    return training.cut is not None and training.cut.ended_early


def _broke_down(evidence: Evidence) -> bool:
    return any(not math.isfinite(value) for item in evidence.trainings for value in item.series("loss"))
