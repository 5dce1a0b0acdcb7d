"""Checks of what went wrong in training, with the likeliest cause: losses that break, stand still or leap about.

They speak beside `training.loss_falls` and `model.learns`, which decide: each is advice, and says what to mend.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from grader.checks.missing import MISSING_FIX, missing_values
from grader.checks.registry import Limits, Threshold, check
from grader.checks.results import is_regression, labels_of, model_of, series_of
from grader.checks.training import last_training
from grader.checks.training_rates import high_rate, low_rate, rate_words, rates_of
from grader.checks.verdicts import Verdict, advised, not_applicable, passed, unknown
from grader.model import Evidence, TrainingRun

NO_TRAINING = "No training was seen whose losses could be looked at."

CROSS_ENTROPIES = ("crossentropy", "cross_entropy", "bce")


@check(
    "training.loss_finite",
    title="Loss stays a number",
    help="No loss of the final model's trainings becomes infinite or not a number; says from which epoch, and the "
    "likeliest cause. Advice beside training.loss_falls.",
)
def loss_finite(evidence: Evidence, _limits: Limits) -> Verdict:
    """Every loss is a number."""
    training = last_training(evidence)
    if training is None or not training.series("loss"):
        return not_applicable(NO_TRAINING, origin="kernel")
    broken = {
        name: epoch
        for name in ("loss", "val_loss")
        if (epoch := next((at for at, value in enumerate(training.series(name), 1) if not math.isfinite(value)), None))
    }
    if not broken:
        return passed("Every loss is a finite number.", cells=[training.cell])
    name, epoch = min(broken.items(), key=lambda item: item[1])
    what = "The validation loss" if name == "val_loss" else "The loss"
    why, fix = _why_not_finite(evidence, training)
    return advised(
        f"{what} is no number from epoch {epoch} on{why}.",
        fix=fix,
        cells=[training.cell],
        measured={"epoch": epoch, "series": name},
    )


def _why_not_finite(evidence: Evidence, training: TrainingRun) -> tuple[str, str]:
    if missing := missing_values(evidence, training, watched=True):
        return f": {missing}", MISSING_FIX
    model = model_of(evidence)
    if high_rate(training, model):
        return f" at a {rate_words(training)}", "Divide the learning rate by ten, until the loss stays finite."
    rows = evidence.row_set(training.train_rows)
    if rows is not None and rows.high is not None and max(abs(rows.high), abs(rows.low or 0.0)) > UNSCALED:
        return (
            f", with inputs up to {rows.high:,.4g}",
            "Scale the inputs (pixels / 255, StandardScaler), then train again.",
        )
    return "", "Look for a division by 0 or a logarithm of 0, and try a smaller learning rate."


UNSCALED = 100
"""Inputs of a hundred and more make the first gradients so large that a usual rate may overshoot."""


@check(
    "training.progress",
    title="Training gets somewhere",
    help="The final model's training ends better than an answer that knows no more than how common each class is "
    "(regression: than where it began). Advice, with the likeliest cause.",
    thresholds=(
        Threshold("share", 0.02, "a loss within 2 % of the constant answer's has learnt nothing that could be used"),
        Threshold("epochs", 3, "a loss may need an epoch or two to begin to fall"),
    ),
)
def progress(evidence: Evidence, limits: Limits) -> Verdict:
    """The training loss left the level of guessing."""
    training = last_training(evidence)
    losses = training.series("loss") if training is not None else ()
    if training is None or not losses or not all(map(math.isfinite, losses)):
        return not_applicable(NO_TRAINING, origin="kernel")
    if len(losses) < limits["epochs"]:
        return not_applicable(f"{len(losses)} epochs are too few to tell.", origin="kernel")
    measured = {"first": losses[0], "last": losses[-1], "epochs": len(losses)}
    still = _stands_still(evidence, training, losses, limits["share"])
    if still is None:
        return unknown("What a constant answer would lose could not be worked out.", cells=[training.cell])
    if not still:
        return passed(f"The training loss ended at {losses[-1]:.3g}, well below guessing.", cells=[training.cell])
    why, fix = _why_still(evidence, training)
    return advised(
        f"{still}: nothing was learned from the training rows{why}.", fix=fix, cells=[training.cell], measured=measured
    )


def _stands_still(evidence: Evidence, training: TrainingRun, losses: Sequence[float], share: float) -> str | None:
    """Return how the loss stood still, an empty text where it did not, None where that can't be told."""
    model = model_of(evidence)
    labels = labels_of(evidence)
    if is_regression(evidence) or model is None or not any(word in model.loss.lower() for word in CROSS_ENTROPIES):
        flat = len(losses) > 1 and abs(losses[0] - min(losses)) <= share * abs(losses[0])
        return f"The training loss hardly moved, from {losses[0]:.4g} to {losses[-1]:.4g}" if flat else ""
    if labels is None or not sum(labels.counts):
        return None
    shares = [count / sum(labels.counts) for count in labels.counts if count]
    if len(shares) < 2:
        return None
    guessing = -sum(value * math.log(value) for value in shares)
    name = series_of((name for name, _ in training.history), "accuracy", validation=False)
    accuracy = training.series(name)[-1] if name is not None and training.series(name) else None
    learnt = accuracy is not None and accuracy > max(shares) + share
    if learnt:
        return ""
    if model.output_shape and model.output_shape[-1] not in {1, None} and "binary" in model.loss.lower():
        return None  # one loss per unit: the constant answer's loss is another
    if min(losses[-2:]) < (1 - share) * guessing:
        return ""
    return (
        f"The training loss ended at {losses[-1]:.3g}, where always answering with each class's share loses "
        f"{guessing:.3g}"
    )


def _why_still(evidence: Evidence, training: TrainingRun) -> tuple[str, str]:
    model = model_of(evidence)
    if model is not None and model.parameters and not model.trainable_parameters:
        return " (every layer is frozen)", "Let the layers learn: trainable = True before compile."
    rows = evidence.row_set(training.train_rows)
    if missing := missing_values(evidence, training):
        return f": {missing}", MISSING_FIX
    if high_rate(training, model):
        return f", at a {rate_words(training)}", "Divide the learning rate by ten, until the loss falls."
    if low_rate(training, model):
        return f", at a {rate_words(training)}", "Multiply the learning rate by ten, until the loss falls."
    if rows is not None and rows.high is not None and max(abs(rows.high), abs(rows.low or 0.0)) > UNSCALED:
        return (
            f", with unscaled inputs (up to {rows.high:,.4g})",
            "Scale the inputs (pixels / 255, StandardScaler), then train again.",
        )
    if model is not None and (deep := _squashing(model.layers)) >= DEEP_SQUASHING:
        return (
            f": gradients fade on their way through {deep} layers of sigmoid or tanh",
            "Use relu in the hidden layers, and BatchNormalization where there are many.",
        )
    return "", "Check that rows and labels belong together, then try another learning rate and more units."


DEEP_SQUASHING = 4
"""The slope of a sigmoid is at most 1/4: through four of them a gradient is less than 1/200 of what it was."""


def _squashing(layers: Sequence[object]) -> int:
    settings = (dict(getattr(layer, "settings", ())).get("activation", "") for layer in layers)
    return sum(name in {"sigmoid", "tanh", "hard_sigmoid"} for name in settings)


@check(
    "training.learning_rate",
    title="Learning rate fits",
    help="No sign of a learning rate that is far too high (the training loss leaps about or grows) or far too low (it "
    "still creeps down at the end): the sign and an unusual rate together. Advice.",
    thresholds=(
        Threshold("epochs", 5, "a trend in leaps or creeping takes a handful of epochs to be seen"),
        Threshold("leaps", 0.05, "the training loss of an epoch is a mean over all rows: one in twenty is no noise"),
        Threshold("learnt", 0.5, "a loss that lost half of its first value is on its way, whatever the rate"),
    ),
)
def learning_rate(evidence: Evidence, limits: Limits) -> Verdict:
    """The steps are neither far too long nor far too short."""
    training = last_training(evidence)
    losses = training.series("loss") if training is not None else ()
    if training is None or not losses:
        return not_applicable(NO_TRAINING, origin="kernel")
    model = model_of(evidence)
    rates = rates_of(training)
    measured = {"learning_rate": rates[0] if rates else None, "epochs": len(losses)}
    finite = [value for value in losses if math.isfinite(value)]
    grew = len(finite) < len(losses) or (len(finite) > 1 and finite[-1] > BLOWN_UP * finite[0] > 0)
    stuck = bool(finite) and len(losses) >= limits["epochs"] and bool(_stands_still(evidence, training, finite, STILL))
    if high_rate(training, model) and (grew or stuck or _leaps(finite, limits)):
        how = "grows" if grew else "stays at the level of guessing" if stuck else "leaps up and down between epochs"
        return advised(
            f"The training loss {how} at a {rate_words(training)}: the steps are too long.",
            fix="Divide the learning rate by ten (Adam's default is 0.001, SGD's 0.01) and compare the curves.",
            cells=[training.cell],
            measured=measured,
        )
    if not finite:
        return not_applicable("The loss is no number from the first epoch on, whatever the rate.", origin="kernel")
    if len(losses) < limits["epochs"]:
        return not_applicable(f"{len(losses)} epochs are too few to see whether the rate fits.", origin="kernel")
    if low_rate(training, model) and (stuck or _creeps(finite, limits)):
        return advised(
            f"After {len(losses)} epochs the training loss has only come from {losses[0]:.3g} to {losses[-1]:.3g} at a "
            f"{rate_words(training)}: the steps are too short.",
            fix="Multiply the learning rate by ten (Adam's default is 0.001, SGD's 0.01), or train much longer.",
            cells=[training.cell],
            measured=measured,
        )
    return passed("Nothing in the loss speaks against the learning rate.", cells=[training.cell], measured=measured)


STILL = 0.02
"""The share of training.progress: a loss so near to guessing has learnt nothing."""

BLOWN_UP = 2.0
"""A training loss that ends at twice its first value has diverged; the same as in the diagnosis."""


def _leaps(losses: Sequence[float], limits: Limits) -> bool:
    """Whether the training loss rises and falls by a lot in its second half, and is not down at its floor.

    An honest loss near zero has large leaps of itself, which don't matter.
    """
    half = losses[len(losses) // 2 :]
    if len(losses) < limits["epochs"] or len(half) < 3 or min(half) <= 0:
        return False
    steps = [right - left for left, right in pairwise(half)]
    rises = [step for step in steps if step > limits["leaps"] * max(half)]
    falls = [step for step in steps if -step > limits["leaps"] * max(half)]
    return bool(rises) and bool(falls) and min(half) > FLOOR * min(losses[0], FIRST_LOSS)


FLOOR = 0.1
"""Below a tenth of the first loss it does not matter any more how the loss leaps."""

FIRST_LOSS = 2.5
"""What guessing loses among a dozen classes: a first epoch that blew up is no measure."""


def _creeps(losses: Sequence[float], limits: Limits) -> bool:
    """Whether the loss falls in nearly every epoch, and has not got far."""
    if len(losses) < limits["epochs"]:
        return False
    falling = sum(right < left for left, right in pairwise(losses))
    return falling >= CREEPING * (len(losses) - 1) and losses[-1] > limits["learnt"] * losses[0] > 0


CREEPING = 0.8
"""A loss that falls in four epochs of five is not at its floor."""
