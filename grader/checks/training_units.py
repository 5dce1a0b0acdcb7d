"""`training.units_alive`: do the network's units still answer, or has training silenced them?"""

from __future__ import annotations

from grader.checks.registry import Limits, Threshold, check
from grader.checks.results import final_result, model_of, twins
from grader.checks.training import last_training
from grader.checks.training_rates import high_rate, rate_words
from grader.checks.verdicts import Verdict, advised, not_applicable, passed
from grader.model import Evidence, Verified

FIX = (
    "Use a smaller learning rate and scaled inputs, or LeakyReLU instead of relu: a unit that answers 0 to every row "
    "gets no gradient, and stays so."
)


@check(
    "training.units_alive",
    title="Units alive",
    help="Most units of every ReLU layer of the final model answer to some of the scored rows. Advice.",
    thresholds=(
        Threshold("share", 0.7, "ordinary networks have layers with a third and now and then a half of silent units"),
        Threshold("units", 8, "of fewer units a few silent ones are most of them"),
        Threshold("learned", 0.3, "rid of a third of a guesser's errors, a network gets on without the silent"),
    ),
)
def units_alive(evidence: Evidence, limits: Limits) -> Verdict:
    """No layer has mostly fallen silent."""
    verified = _looked_at(evidence)
    model = model_of(evidence)
    if verified is None or model is None:
        return not_applicable("No ReLU layers were looked at.", origin="kernel")
    if model.pretrained:
        return not_applicable("The network is built on a pretrained one.", origin=verified.origin)
    measured = {"layers": [[item.layer, item.units, item.silent] for item in verified.silent_units]}
    dead = [
        item
        for item in verified.silent_units
        if item.units >= limits["units"] and item.silent >= limits["share"] * item.units
    ]
    if not dead:
        return passed(
            "The units of the ReLU layers answer.", origin=verified.origin, cells=[model.cell], measured=measured
        )
    worst = max(dead, key=lambda item: item.silent / item.units)
    if worst.silent < worst.units and _errors_saved(verified) >= limits["learned"]:
        return passed(
            f"{worst.silent:,} of the {worst.units:,} units of the layer {worst.layer} answer 0 to every row; the "
            "network has learned all the same, and could be smaller.",
            origin=verified.origin,
            cells=[model.cell],
            measured=measured,
        )
    training = last_training(evidence)
    rate = f", after training at a {rate_words(training)}" if training and high_rate(training, model) else ""
    many = "All" if worst.silent == worst.units else f"{worst.silent:,} of the"
    return advised(
        f"{many} {worst.units:,} units of the layer {worst.layer} answer 0 to every row{rate}: they are dead.",
        fix=FIX,
        origin=verified.origin,
        cells=[model.cell],
        measured=measured,
    )


def _errors_saved(verified: Verified) -> float:
    """Return which share of a guesser's errors the network does not make, 0 where that is not known."""
    if verified.accuracy is not None and verified.majority_accuracy is not None and verified.majority_accuracy < 1:
        return (verified.accuracy - verified.majority_accuracy) / (1 - verified.majority_accuracy)
    if verified.mae is not None and verified.baseline_mae:
        return 1 - verified.mae / verified.baseline_mae
    return 0.0


def _looked_at(evidence: Evidence) -> Verified | None:
    result = final_result(evidence)
    if result is None:
        return None
    known = [result.verified, *(evidence.verification(item.id) for item in twins(evidence, result.scoring))]
    return next((item for item in known if item is not None and item.silent_units), None)
