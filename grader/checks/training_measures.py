"""Checks of what is done against overfitting: augmentation, schedules, early stopping with the best weights kept."""

from __future__ import annotations

import re

from grader.checks.code_calls import cells_with, code_calls
from grader.checks.model_architecture import AUGMENTERS
from grader.checks.networks import trained_networks
from grader.checks.observed import TRAINING_CALLS, why_unseen
from grader.checks.registry import Limits, Threshold, check_on_request
from grader.checks.results import series_of
from grader.checks.training_curves import log_shown
from grader.checks.verdicts import Verdict, failed, not_applicable, passed, unknown
from grader.model import CallbackFacts, Evidence, TrainingRun

BATCH_NORM = ("batchnorm",)
SCHEDULING_CALLBACKS = ("reducelronplateau", "learningratescheduler", "warmup")
SCHEDULES = frozenset(
    {
        "ReduceLROnPlateau", "LearningRateScheduler", "ExponentialDecay", "CosineDecay", "CosineDecayRestarts",
        "PiecewiseConstantDecay", "InverseTimeDecay", "PolynomialDecay", "StepLR", "MultiStepLR", "ExponentialLR",
        "CosineAnnealingLR", "OneCycleLR", "LambdaLR",
    }
)  # fmt: skip
AUGMENTATIONS = re.compile(
    r"^(?:Random(?!State|Search|Forest|UnderSampler|OverSampler)\w+|random_(?:flip|crop|brightness|contrast|rotation)\w*|"
    r"AutoContrast|RandAugment|AugMix|MixUp|CutMix|ColorJitter|TrivialAugmentWide)$"
)
BEST_BY_HAND = re.compile(r"\bbest_?\w*\s*=|\bmejor_?\w*\s*=", re.IGNORECASE)
PATIENCE_BY_HAND = re.compile(r"patien\w+|pacien\w+|\bwait\b|no_improve\w*|epochs_without\w*|\bbreak\b", re.IGNORECASE)
KEPT_BY_HAND = re.compile(r"torch\.save\(|deepcopy\(|\.state_dict\(\)|save_weights\(|get_weights\(|\.save\(")


@check_on_request(
    "training.improved",
    title="An improvement tried",
    help="At least one of augmentation, batch normalisation, a learning-rate schedule and early stopping is used.",
    thresholds=(Threshold("fewest", 1, "the course asks for at least one of the four"),),
)
def improved(evidence: Evidence, limits: Limits) -> Verdict:
    """Something beyond the plain network is tried."""
    if not evidence.trainings:
        return _untrained(evidence)
    found = {
        "augmentation": augmented_cells(evidence),
        "batch normalisation": _normalised(evidence),
        "a learning-rate schedule": _scheduled(evidence),
        "early stopping": stopped_early(evidence),
    }
    used = [name for name, cells in found.items() if cells]
    cells = [cell for places in found.values() for cell in places]
    if len(used) >= limits["fewest"]:
        return passed(f"Tried to improve the network: {', '.join(used)}.", cells=cells, measured={"used": used})
    return failed(
        "Neither augmentation nor batch normalisation, a learning-rate schedule or early stopping is tried.",
        fix="Add one, for instance EarlyStopping(monitor='val_loss', patience=3), and show what it changes.",
        cells=[item.cell for item in evidence.trainings],
        measured={"used": used},
    )


@check_on_request(
    "training.augmented",
    title="Training pictures augmented",
    help="Training rows are altered at random while training (flipped, shifted, turned); not asked of tables and text.",
)
def augmented(evidence: Evidence, _limits: Limits) -> Verdict:
    """Random changes of the inputs are part of training."""
    if evidence.input_kind in {"table", "text", "sequence"}:
        return not_applicable("The inputs are no pictures that could be flipped or shifted.", origin="kernel")
    if not evidence.trainings:
        return _untrained(evidence)
    if cells := augmented_cells(evidence):
        return passed("Training pictures are altered at random.", cells=cells)
    return failed(
        "No augmentation is used.",
        fix="Put RandomFlip, RandomRotation or RandomTranslation before the first convolution: there they act in "
        "training only.",
        cells=[item.cell for item in evidence.trainings],
    )


@check_on_request(
    "training.early_stopping",
    title="Early stopping",
    help="A training is stopped by what validation data say.",
)
def early_stopping(evidence: Evidence, _limits: Limits) -> Verdict:
    """Validation data decide when to stop."""
    if not evidence.trainings:
        return _untrained(evidence)
    if cells := stopped_early(evidence):
        return passed("Training stops early, by validation data.", cells=cells)
    if reason := _own_loops(evidence):
        return unknown(f"Whether training stops early could not be seen: {reason}.")
    return failed(
        "No training is stopped early.",
        fix="fit(..., callbacks=[EarlyStopping(monitor='val_loss', patience=3, restore_best_weights=True)]).",
        cells=[item.cell for item in evidence.trainings],
    )


@check_on_request(
    "training.best_checkpoint",
    title="Early stopping with the best weights kept",
    help="Training is stopped by validation data, and the weights of the best epoch are brought back or saved.",
)
def best_checkpoint(evidence: Evidence, _limits: Limits) -> Verdict:
    """What is used afterwards is the best epoch, not the last."""
    if not evidence.trainings:
        return _untrained(evidence)
    stopped = [item for item in evidence.trainings if any(map(_stops, item.callbacks))]
    kept = [item for item in stopped if any(map(_keeps_best, item.callbacks))]
    if kept:
        how = sorted({callback.kind for item in kept for callback in item.callbacks if _keeps_best(callback)})
        return passed(
            f"Training stops early, and the best epoch's weights are kept ({', '.join(how)}).",
            cells=[item.cell for item in kept],
        )
    by_hand = [cell for cell in _stopped_by_hand(evidence) if cell in cells_with(evidence, KEPT_BY_HAND)]
    if by_hand:
        return passed("The loop stops early and keeps the best weights.", origin="static", cells=by_hand)
    if not stopped and (reason := _own_loops(evidence)):
        return unknown(f"Whether the best weights are kept could not be seen: {reason}.")
    unkept = "Training stops early, but the best epoch's weights are not kept."
    return failed(
        unkept if stopped else "Training never stops early.",
        fix="EarlyStopping(monitor='val_loss', patience=3, restore_best_weights=True), or ModelCheckpoint(..., "
        "save_best_only=True) beside it.",
        cells=[item.cell for item in stopped or evidence.trainings],
    )


@check_on_request(
    "training.four_curves",
    title="Four curves",
    help="Loss and metric of training and of validation rows are all plotted.",
)
def four_curves(evidence: Evidence, _limits: Limits) -> Verdict:
    """Training loss, validation loss, training metric and validation metric can all be seen."""
    shown = [(line.cell, name) for line in evidence.drawings for name in log_shown(line, evidence.trainings)]
    names = {name for _, name in shown}
    parts = {
        "training loss": any(name == "loss" for name in names),
        "validation loss": any(name == "val_loss" for name in names),
        "training metric": any(not name.startswith("val_") and name != "loss" for name in names),
        "validation metric": any(name.startswith("val_") and name != "val_loss" for name in names),
    }
    missing = [name for name, there in parts.items() if not there]
    cells = [cell for cell, _ in shown]
    if not missing:
        return passed("Loss and metric are plotted, for training and validation rows.", cells=cells)
    if reason := why_unseen(evidence, ("plot", "lineplot", "subplots", "show", "figure", "plot_history")):
        return unknown(f"Whether all four curves are plotted could not be seen: {reason}.", cells=cells)
    if evidence.trainings and _own_loops(evidence) and any(item.kind == "line" for item in evidence.drawings):
        return unknown("Lines are plotted, but not all of the loop's own numbers were seen.", cells=cells)
    return failed(
        f"Not all four curves are plotted: missing {' and '.join(missing)}.",
        fix="Plot history.history['loss'], ['val_loss'], ['accuracy'] and ['val_accuracy'] over the epochs.",
        cells=cells,
        measured={"missing": missing},
    )


@check_on_request(
    "training.curves_compared",
    title="Learning curves compared",
    help="The curves of two or more trainings are plotted, so that models can be compared.",
    thresholds=(Threshold("trainings", 2, "comparing takes at least two trainings"),),
)
def curves_compared(evidence: Evidence, limits: Limits) -> Verdict:
    """Curves of several models stand side by side."""
    drawn = {
        training.id: line.cell
        for line in evidence.drawings
        for training in evidence.trainings
        if log_shown(line, (training,))
    }
    models = {item.model for item in evidence.trainings if item.id in drawn}
    measured = {"trainings": len(drawn), "models": len(models)}
    if len(models) >= limits["trainings"]:
        return passed(
            f"The curves of {len(models)} models are plotted.", cells=sorted(set(drawn.values())), measured=measured
        )
    if reason := why_unseen(evidence, ("plot", "lineplot", "subplots", "show", "figure", "plot_history")):
        return unknown(f"Whether curves are compared could not be seen: {reason}.")
    if _own_loops(evidence) and any(item.kind == "line" for item in evidence.drawings):
        return unknown("Lines are plotted, but not all of the loops' own numbers were seen.")
    return failed(
        "The learning curves of two models are not shown." if drawn else "No learning curves are shown.",
        fix="Plot val_accuracy of the baseline and of the CNN in one figure.",
        cells=sorted(set(drawn.values())),
        measured=measured,
    )


@check_on_request(
    "training.overfits_few",
    title="A few examples learnt by heart",
    help="As a sanity check the network is trained on about ten examples until it knows them by heart.",
    thresholds=(
        Threshold("rows", 40, "ten examples are asked for; up to one batch is the same check"),
        Threshold("accuracy", 0.95, "a sound network knows ten pictures by heart: all of them, or nearly"),
        Threshold("loss_share", 0.1, "where there is no accuracy, the loss has fallen to a tenth of where it began"),
    ),
)
def overfits_few(evidence: Evidence, limits: Limits) -> Verdict:
    """The network can learn a handful of rows by heart, so that its wiring is sound."""
    if not evidence.trainings:
        return _untrained(evidence)
    sizes = {item.id: rows.distinct for item in evidence.trainings if (rows := evidence.row_set(item.train_rows))}
    few = [item for item in evidence.trainings if 0 < sizes.get(item.id, 0) <= limits["rows"]]
    learnt = [item for item in few if _by_heart(item, limits)]
    if learnt:
        return passed(
            f"The network learns {sizes[learnt[0].id]} examples by heart, so its wiring is sound.",
            cells=[learnt[0].cell],
            measured={"rows": sizes[learnt[0].id]},
        )
    if few and all(not item.history for item in few):
        return unknown("A few examples are trained on; how well they were learnt was not seen.", cells=[few[0].cell])
    if few:
        return failed(
            f"The network was trained on {sizes[few[0].id]} examples, and does not know them by heart.",
            fix="Train longer on them; if the loss stays up, look for the fault in labels, loss, activation or rate.",
            cells=[item.cell for item in few],
            measured={"rows": sizes[few[0].id]},
        )
    if any(item.train_rows is None for item in evidence.trainings):
        return unknown("The rows of some trainings were not seen.", cells=[item.cell for item in evidence.trainings])
    return failed(
        "There is no sanity check on a few examples.",
        fix="model.fit(x_train[:10], y_train[:10], epochs=100): the training accuracy must come to 100 %.",
        measured={"fewest_rows": min(sizes.values(), default=None)},
    )


def augmented_cells(evidence: Evidence) -> list[int]:
    """Return cells of augmentation: as it acted in a training, as a layer of a trained network, or as it is written."""
    acted = [item.cell for item in evidence.trainings if item.augmentation]
    layers = [
        network.trainings[0].cell
        for network in trained_networks(evidence)
        if any(layer.kind.lower().startswith(AUGMENTERS) for layer in network.model.layers)
    ]
    written = [call.cell for call in code_calls(evidence) if AUGMENTATIONS.match(call.last)]
    return sorted({*acted, *layers}) or sorted(set(written))


def stopped_early(evidence: Evidence) -> list[int]:
    """Return cells of trainings that validation data may stop: by a callback, or in a loop of the student's own."""
    called = [item.cell for item in evidence.trainings if any(map(_stops, item.callbacks))]
    return called or _stopped_by_hand(evidence)


def _stopped_by_hand(evidence: Evidence) -> list[int]:
    if not any(item.custom_loop for item in evidence.trainings):
        return []
    waiting = set(cells_with(evidence, PATIENCE_BY_HAND))
    return [cell for cell in cells_with(evidence, BEST_BY_HAND) if cell in waiting]


def _stops(callback: CallbackFacts) -> bool:
    return callback.kind.lower().rpartition(".")[2].startswith("earlystopping")


def _keeps_best(callback: CallbackFacts) -> bool:
    settings = dict(callback.settings)
    return any(settings.get(name, "").lower() == "true" for name in ("restore_best_weights", "save_best_only"))


def _normalised(evidence: Evidence) -> list[int]:
    return [
        network.trainings[0].cell
        for network in trained_networks(evidence)
        if any(layer.kind.lower().startswith(BATCH_NORM) for layer in network.model.layers)
    ]


def _scheduled(evidence: Evidence) -> list[int]:
    called = [
        item.cell
        for item in evidence.trainings
        if any(callback.kind.lower().startswith(SCHEDULING_CALLBACKS) for callback in item.callbacks)
    ]
    return called or sorted({call.cell for call in code_calls(evidence, SCHEDULES)})


def _by_heart(training: TrainingRun, limits: Limits) -> bool:
    name = series_of((name for name, _ in training.history), "accuracy", validation=False)
    if name is not None and training.series(name):
        return max(training.series(name)) >= limits["accuracy"]
    losses = training.series("loss")
    return len(losses) > 1 and min(losses) <= limits["loss_share"] * losses[0]


def _own_loops(evidence: Evidence) -> str:
    return "a training loop of your own" if any(item.custom_loop for item in evidence.trainings) else ""


def _untrained(evidence: Evidence) -> Verdict:
    if reason := why_unseen(evidence, TRAINING_CALLS):
        return unknown(f"No training was seen: {reason}.")
    return failed("No network was trained.", fix="Train a network with fit.")
