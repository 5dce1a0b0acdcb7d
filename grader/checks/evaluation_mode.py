"""Was the model scored as it will be used, with dropout off?"""

from __future__ import annotations

from grader.checks.registry import Limits, check
from grader.checks.results import final_result
from grader.checks.verdicts import Verdict, advised, not_applicable, passed
from grader.model import Evidence


@check(
    "evaluation.in_evaluation_mode",
    title="Scored in evaluation mode",
    help="PyTorch: model.eval() came before the score, so that dropout is off and batch normalisation uses what it "
    "learned. Advice.",
)
def in_evaluation_mode(evidence: Evidence, _limits: Limits) -> Verdict:
    """The final score is that of the network, not of chance in its layers."""
    result = final_result(evidence)
    model = evidence.model(result.scoring.model) if result is not None else None
    if result is None or model is None or model.library != "torch":
        return not_applicable("No PyTorch model was scored.", origin="kernel")
    cells = [result.scoring.cell]
    if not result.scoring.at_random:
        return passed("No layer acted at random while the model was scored.", cells=cells)
    return advised(
        "The model was scored in training mode: dropout left out units at random, or batch normalisation went by the "
        "batch, so the same rows get other answers each time.",
        fix="Call model.eval() before scoring, and model.train() before training goes on.",
        cells=cells,
    )
