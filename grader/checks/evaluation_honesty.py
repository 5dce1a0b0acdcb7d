"""Checks that the numbers shown are the measured ones."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from grader.checks.claims import (
    agrees_with_saved,
    differing_claims,
    metric_of,
    result_claims,
    saved_score,
    stated_claim,
)
from grader.checks.observed import SCORING_CALLS, why_unseen
from grader.checks.registry import Limits, Threshold, check
from grader.checks.results import (
    StudentResult,
    agreement,
    claim_value,
    claimed_value,
    final_result,
    metric_unit,
    result_of,
    same_run,
    seed_spread,
    twins,
)
from grader.checks.verdicts import Verdict, advised, failed, not_applicable, passed, unknown
from grader.model import Evidence, NumberClaim

DEVIATIONS = Threshold(
    "deviations", 2, "another training of the same network scores within two standard errors on the same rows"
)
HONEST_FIX = "Print the value your scoring returned, run all cells once more, and copy that number into the text."


@check(
    "evaluation.score_verified",
    title="Score verified",
    help="The stated, saved, re-run and independently recomputed scores agree, within rounding and the standard error "
    "of the test set's size.",
    thresholds=(DEVIATIONS,),
)
def score_verified(evidence: Evidence, limits: Limits) -> Verdict:
    """Four sources of one number agree."""
    result = final_result(evidence)
    if result is None:
        if reason := why_unseen(evidence, SCORING_CALLS):
            return unknown(f"There is no score to verify: {reason}.")
        return failed("There is no score to verify.", fix="Score the trained model on the test rows.")
    stated, saved = stated_claim(evidence), saved_score(evidence, result)
    measured: dict[str, Any] = {
        "metric": result.metric,
        "stated": _value(stated, result),
        "saved": _value(saved, result),
        "rerun": result.claimed,
        "verified": result.recomputed,
        "rows": result.size,
    }
    cells = [result.scoring.cell, *(item.cell for item in (stated, saved) if item is not None)]
    true = result.recomputed
    if true is None:
        note = result.scoring.seal_note or (result.verified.note if result.verified else "") or "no sealed model"
        return unknown(
            f"The score could not be recomputed outside the notebook ({note.rstrip('.')}).",
            cells=cells,
            measured=measured,
        )
    return _compared(evidence, result, true, stated, saved, measured, cells, limits["deviations"])


@check(
    "evaluation.printed_score_genuine",
    title="Printed scores are computed",
    help="The scores the notebook prints are those its models have: none is typed in, none differs from the "
    "recomputed one.",
)
def printed_score_genuine(evidence: Evidence, _limits: Limits) -> Verdict:
    """What the run printed as a test score is what its models score."""
    printed = [
        item
        for item in result_claims(evidence, "rerun_output", "saved_output", "comment")
        if item.literal or (item.where == "rerun_output" and item.split == "test")
    ]
    if not printed:
        return not_applicable("No test score is printed by code of its own.", origin="kernel")
    result = final_result(evidence)
    wrong = differing_claims(evidence, printed, 0)
    typed = [item for item in printed if item.literal]
    cells = [item.cell for item in wrong or typed or printed]
    best = metric_unit(result.metric, result.value) if result is not None and result.value is not None else "unknown"
    measured = {
        "printed": [claim_value(item, metric_of(item, evidence)) for item in printed],
        "verified": result.recomputed if result is not None else None,
    }
    if wrong:
        return _made_up(evidence, wrong, best, measured)
    if typed:
        unmeasured = result is None or result.value is None
        said = f"The score “{typed[0].quote}” is typed into the code"
        if unmeasured and why_unseen(evidence, SCORING_CALLS) is None:
            return failed(f"{said}, and no model was scored.", fix=HONEST_FIX, cells=cells, measured=measured)
        if unmeasured:
            return unknown(f"{said}, and could not be compared with a measured one.", cells=cells, measured=measured)
        return advised(f"{said}; a measured score agrees with it.", fix=HONEST_FIX, cells=cells, measured=measured)
    if result is None and why_unseen(evidence, SCORING_CALLS) is None:
        return failed(
            f"A test score is printed (“{printed[0].quote}”), but no model was scored on test rows.",
            fix="Call it what it is (validation accuracy), or score rows that were kept for the end.",
            cells=cells,
            measured=measured,
        )
    return passed(
        f"The printed scores are what the model gives ({best}).",
        origin=result.origin if result is not None else "kernel",
        cells=cells,
        measured=measured,
    )


def _made_up(evidence: Evidence, wrong: list[NumberClaim], best: str, measured: Mapping[str, Any]) -> Verdict:
    """A printed number no model has; unknown where some scored model's figure is missing."""
    claim = wrong[0]
    cells = [item.cell for item in wrong]
    number = metric_unit(metric_of(claim, evidence), claim_value(claim, metric_of(claim, evidence)) or 0.0)
    # A loop's looks at its rows between two steps are no scores that anybody prints as the result.
    unmeasured = [item for item in evidence.scorings if not item.during and result_of(evidence, item).value is None]
    if unmeasured and not claim.literal:
        return unknown(
            f"The printed {number} could not be compared: the score of one of the models is not known.",
            cells=cells,
            measured=measured,
        )
    how = "is typed into the code" if claim.literal else "is printed"
    return failed(
        f"The score {number} {how} (“{claim.quote}”), but the measured one is {best}.",
        fix=HONEST_FIX,
        origin="verified" if measured.get("verified") is not None else "kernel",
        cells=cells,
        measured=measured,
        review=f"a printed score ({number}) is not the measured one ({best})",
    )


def _compared(
    evidence: Evidence,
    result: StudentResult,
    true: float,
    stated: NumberClaim | None,
    saved: NumberClaim | None,
    measured: Mapping[str, Any],
    cells: list[int],
    deviations: float,
) -> Verdict:
    unit = metric_unit(result.metric, true)
    claims = (claimed_value(item, result.metric) for item in (result.scoring, *twins(evidence, result.scoring)))
    denied = next((item for item in claims if item is not None and not same_run(result, item)), None)
    if denied is not None:
        rerun = metric_unit(result.metric, denied)
        return failed(
            f"The notebook's own score is {rerun}, but recomputed from its model and rows it is {unit}.",
            fix="Score the whole test set with the model as it is, and don't change the score afterwards.",
            origin="verified",
            cells=cells,
            measured=measured,
            review=f"the run's score ({rerun}) and the recomputed one ({unit}) differ",
        )
    if stated is not None and differing_claims(evidence, [stated], deviations):
        return _stated_differs(evidence, stated, result, unit, measured, cells)
    if saved is not None and abs((measured["saved"] or 0) - true) > math.hypot(
        agreement(true, result.metric, result.size, saved.digits, deviations),
        deviations * math.sqrt(2) * seed_spread(evidence, result.metric),  # of two trainings, each by its own chance
    ):
        said = f"The saved output shows {metric_unit(result.metric, measured['saved'])}, the re-run gives {unit}"
        return unknown(
            f"{said}: more than another training of the same network explains.",
            origin="verified",
            cells=cells,
            measured=measured,
            review=f"saved {metric_unit(result.metric, measured['saved'])} against {unit} when run again",
        )
    plain = {"stated": "stated", "saved": "saved", "rerun": "re-run"}
    sources = [word for name, word in plain.items() if measured[name] is not None]
    agreeing = (
        f"; it agrees with the score as {' and '.join(filter(None, [', '.join(sources[:-1]), sources[-1]]))}"
        if sources
        else ""
    )
    return passed(
        f"Recomputed independently, the score is {unit} on {result.size:,} rows{agreeing}.",
        origin="verified",
        cells=cells,
        measured=measured,
    )


def _stated_differs(
    evidence: Evidence,
    stated: NumberClaim,
    result: StudentResult,
    unit: str,
    measured: Mapping[str, Any],
    cells: list[int],
) -> Verdict:
    said = f"The text states {metric_unit(metric_of(stated, evidence), measured['stated'] or stated.value)}"
    if agrees_with_saved(evidence, stated):
        return unknown(
            f"{said}, as the saved output does, but run again it is {unit}.",
            origin="verified",
            cells=cells,
            measured=measured,
            review=f"stated and saved score agree with each other, but not with the recomputed {unit}",
        )
    return failed(
        f"{said}, but the measured {result.metric} is {unit}.",
        fix=HONEST_FIX,
        origin="verified",
        cells=cells,
        measured=measured,
    )


def _value(claim: NumberClaim | None, result: StudentResult) -> float | None:
    return claim_value(claim, result.metric) if claim is not None else None
