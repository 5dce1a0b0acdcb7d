"""Checks of training: scaled inputs, falling loss, and what the curves say."""

from __future__ import annotations

import math

from grader.checks.observed import TRAINING_CALLS, why_unseen
from grader.checks.registry import CHECKS, Limits, Threshold, check
from grader.checks.results import model_of
from grader.checks.verdicts import Verdict, advised, failed, not_applicable, passed, unknown
from grader.model import Evidence, ModelFacts, TrainingRun

RESCALING = ("rescaling", "normalization", "batchnormalization", "layernormalization", "batchnorm")
TAKES_ANY_RANGE = ("embedding", "textvectorization", "stringlookup", "integerlookup", "hashing", "categoryencoding")
SCALED_INSIDE = ("efficientnet", "convnext", "mobilenetv3", "regnet")
"""Backbones of keras.applications whose own first layer rescales pixels 0..255."""
BACKBONE_RANGE = 255.0


LARGE, LARGEST = 1_000, 1e9
"""Losses between these are written as whole numbers: larger ones need powers of ten, smaller ones decimals."""


@check(
    "training.inputs_scaled",
    title="Inputs scaled",
    help="Inputs reach the first weights in a sane range; rescaling inside the model counts.",
    thresholds=(Threshold("largest", 20, "standardised columns rarely pass ten deviations; raw pixels reach 255"),),
)
def inputs_scaled(evidence: Evidence, limits: Limits) -> Verdict:
    """The first weights see small numbers."""
    model = model_of(evidence)
    training = last_training(evidence)
    if training is None or model is None:
        return _no_training(evidence)
    cells = [training.cell, model.cell]
    if rescaled := _rescaled_inside(model):
        return passed(f"The model itself rescales its inputs ({rescaled}).", cells=cells)
    rows = evidence.row_set(training.train_rows)
    if rows is None or rows.low is None or rows.high is None:
        return unknown("The range of the training inputs was not seen.", cells=cells)
    largest = max(abs(rows.low), abs(rows.high))
    measured = {"low": rows.low, "high": rows.high}
    span = f"{rows.low:.4g} to {rows.high:.4g}"
    if model.pretrained and largest <= BACKBONE_RANGE:
        return passed(f"Inputs run from {span}, as {model.pretrained} may expect.", cells=cells, measured=measured)
    if largest <= limits["largest"]:
        return passed(f"Inputs run from {span}.", cells=cells, measured=measured)
    return advised(
        f"Inputs reach the first weights unscaled: they run from {span}.",
        fix="Divide pixels by 255, or standardise columns with StandardScaler fitted on the training rows.",
        cells=cells,
        measured=measured,
    )


@check(
    "training.loss_falls",
    title="Loss finite and falling",
    help="The training loss of the final model stays finite and ends below where it began.",
)
def loss_falls(evidence: Evidence, _limits: Limits) -> Verdict:
    """The final model trains cleanly. With a single epoch only finiteness can be seen."""
    training = last_training(evidence)
    if training is None:
        return _no_training(evidence)
    own = [item for item in evidence.trainings if item.model == training.model and item.completed] or [training]
    losses = [value for item in own for value in item.series("loss")]
    cells = [item.cell for item in own]
    if not losses and not any(item.completed for item in own):
        return unknown("The training stopped before its first epoch was over.", cells=cells)
    if not losses:
        return _without_losses(evidence, own, cells)
    measured = {"first": losses[0], "last": losses[-1], "epochs": len(losses)}
    if not all(math.isfinite(value) for value in losses):
        return failed(
            "The loss became infinite or not a number during training.",
            fix="Use a smaller learning rate, scale the inputs, and check that loss and labels fit.",
            cells=cells,
            measured={"epochs": len(losses)},
        )
    if len(losses) > 1 and min(losses[1:]) >= losses[0]:
        return failed(
            f"The training loss never fell below its first value ({losses[0]:.4g}; last {losses[-1]:.4g}).",
            fix="Try a smaller learning rate, scaled inputs, and a loss that fits the labels.",
            cells=cells,
            measured=measured,
        )
    diverged = next(
        (item for item in evidence.diagnoses if item.training == own[-1].id and item.kind == "diverged"), None
    )
    if diverged is not None:
        return failed(
            diverged.sentence,
            fix="Use a smaller learning rate, scale the inputs, and check that loss and labels fit.",
            cells=cells,
            measured=measured,
        )
    if len(losses) == 1:
        return passed(f"The loss is finite after the one epoch ({losses[0]:.4g}).", cells=cells, measured=measured)
    return passed(
        f"The training loss fell from {_plain(losses[0])} to {_plain(losses[-1])}.", cells=cells, measured=measured
    )


@check(
    "training.diagnosis",
    title="What the curves say",
    help="Never fails: tells overfit, underfit, good fit or diverged, with the epoch it begins.",
)
def diagnosis(evidence: Evidence, _limits: Limits) -> Verdict:
    """What the curves of the final model's last training say."""
    if not evidence.trainings:
        return not_applicable("There was no training to diagnose.", origin="kernel")
    training = last_training(evidence)
    known = {item.training: item for item in evidence.diagnoses}
    found = known.get(training.id) if training is not None else None
    if found is None or found.kind == "unknown":
        return unknown(
            found.sentence if found is not None and found.sentence else "The curves are too short to be diagnosed.",
            cells=[training.cell] if training is not None else [],
        )
    plain = {"overfit": "overfits", "underfit": "underfits", "good_fit": "fits well", "diverged": "diverges"}
    begins = f" from epoch {found.epoch}" if found.epoch is not None else ""
    return passed(
        found.sentence or f"The model {plain[found.kind]}{begins}.",
        cells=[training.cell] if training is not None else [],
        measured={"kind": found.kind, "epoch": found.epoch, "gap": found.gap},
    )


def last_training(evidence: Evidence) -> TrainingRun | None:
    """Return the last training of the final model, else the last one."""
    model = model_of(evidence)
    own = [item for item in evidence.trainings if model is not None and item.model == model.id]
    candidates = own or list(evidence.trainings)
    return candidates[-1] if candidates else None


def _plain(loss: float) -> str:
    """Return a loss without powers of ten, as far as that can be read."""
    return f"{loss:,.0f}" if LARGE <= abs(loss) < LARGEST else f"{loss:.3g}"


def _without_losses(evidence: Evidence, own: list[TrainingRun], cells: list[int]) -> Verdict:
    """A loop of the student's own reports no losses: what it achieved says whether it trained cleanly."""
    changed = any(item.weights_changed and not item.epochs_done for item in own)
    achieved = CHECKS["model.learns"].run(evidence, {})
    if changed and achieved.outcome == "pass" and achieved.origin == "verified":
        return passed(
            "The training loop is the student's own and reports no loss per epoch; the model it made answers much "
            "better than guessing, so the loss fell.",
            origin="verified",
            cells=cells,
        )
    return unknown("The loss per epoch was not seen (a training loop of your own).", cells=cells)


def _no_training(evidence: Evidence) -> Verdict:
    if reason := why_unseen(evidence, TRAINING_CALLS):
        return unknown(f"No training was seen: {reason}.")
    return failed("No model was trained.", fix="Train a model with fit.")


def _rescaled_inside(model: ModelFacts) -> str:
    if model.pretrained.lower().startswith(SCALED_INSIDE):
        return model.pretrained
    for layer in model.layers:
        kind = layer.kind.lower()
        if kind.startswith((*RESCALING, *TAKES_ANY_RANGE)):
            return layer.kind
        if layer.parameters:
            return ""
    return ""
