"""Checks of predictions as they are used: for one input, and for many."""

from __future__ import annotations

import re

from grader.checks.code_calls import code_calls
from grader.checks.observed import SCORING_CALLS, why_unseen
from grader.checks.registry import Limits, Threshold, check_on_request
from grader.checks.results import shown_output
from grader.checks.verdicts import Verdict, failed, passed, unknown
from grader.model import Evidence, Scoring

PREDICTING = ("predict", "call")
PREDICTING_CALLS = ("predict", "predict_on_batch", "predict_step", "argmax", "no_grad", "inference_mode")
ONE_ROW = re.compile(
    r"\[\s*(\w+)\s*:\s*\1\s*\+\s*1|\[\s*0?\s*:\s*1\s*\]|\[\s*None\b|newaxis|expand_dims|unsqueeze\(\s*0|"
    r"reshape\(\s*\(?\s*1\s*,|\[\s*\[\s*\w+\s*\]\s*\]"
)
"""Ways to make a batch of one."""


@check_on_request(
    "prediction.single_shown",
    title="Prediction for one input",
    help="The trained network answers one single input, and the answer is shown.",
)
def single_shown(evidence: Evidence, _limits: Limits) -> Verdict:
    """One input is put to the network."""
    single = [item for item in _predictions(evidence) if _size(evidence, item) == 1]
    shown = [item.cell for item in single if shown_output(evidence, item.cell) or _drawn(evidence, item.cell)]
    if shown:
        return passed("The network is asked about one single input.", cells=shown)
    written = _written_for_one(evidence)
    if written and _predictions(evidence):
        return passed("The network is asked about inputs one at a time.", origin="static", cells=written)
    if reason := why_unseen(evidence, (*SCORING_CALLS, *PREDICTING_CALLS)):
        return unknown(f"Whether a single input is predicted could not be seen: {reason}.")
    fix = "Give it a batch of one, model.predict(x_test[:1]), and print the class beside the true one."
    if single:
        return failed("One single input is predicted, but the answer is not shown.", fix=fix, cells=[single[0].cell])
    return failed("No single input is predicted.", fix=fix)


@check_on_request(
    "prediction.batch_shown",
    title="Prediction for a batch",
    help="The trained network answers several inputs in one call.",
    thresholds=(Threshold("fewest", 2, "a batch of one is a single prediction"),),
)
def batch_shown(evidence: Evidence, limits: Limits) -> Verdict:
    """Several inputs are put to the network at once."""
    sizes = {item.cell: _size(evidence, item) for item in _predictions(evidence)}
    several = {cell: size for cell, size in sizes.items() if size >= limits["fewest"]}
    if several:
        return passed(
            f"The network is asked about {max(several.values()):,} inputs at once.",
            cells=several,
            measured={"rows": max(several.values())},
        )
    if reason := why_unseen(evidence, (*SCORING_CALLS, *PREDICTING_CALLS)):
        return unknown(f"Whether a batch is predicted could not be seen: {reason}.")
    return failed("No batch of inputs is predicted.", fix="Predict several at once: model.predict(x_test[:10]).")


def _predictions(evidence: Evidence) -> list[Scoring]:
    return [item for item in evidence.scorings if item.how in PREDICTING and not item.during]


def _size(evidence: Evidence, scoring: Scoring) -> int:
    rows = evidence.row_set(scoring.rows)
    return rows.rows if rows is not None else 0


def _drawn(evidence: Evidence, cell: int) -> bool:
    return any(item.cell == cell for item in evidence.drawings)


def _written_for_one(evidence: Evidence) -> list[int]:
    """Return cells that predict a batch of one as it is written, and show something."""
    asking = {call.cell for call in code_calls(evidence, ("predict", "predict_on_batch"))}
    asking |= {call.cell for call in code_calls(evidence) if call.last == "model" and call.arguments}
    batches = {call.cell for call in code_calls(evidence) if ONE_ROW.search(f"{call.name}({call.given})")}
    cells = {cell.index: cell for cell in evidence.cells}
    found = asking & {index for index in batches | asking if ONE_ROW.search(cells[index].source)}
    return sorted(index for index in found if shown_output(evidence, index) or _drawn(evidence, index))
