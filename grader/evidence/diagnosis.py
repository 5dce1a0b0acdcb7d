"""What the curves of one training say: overfit, underfit, good fit or diverged, and from which epoch on.

After Goodfellow, Bengio, Courville, Deep Learning (2016): underfitting is a training error that isn't low enough,
overfitting a gap between training and test error that is too large (5.2); where to stop is the lowest validation loss
that is not beaten for a number of epochs, the patience (7.8).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from grader.model import Diagnosis, TrainingRun

Curve = NDArray[np.float64]

MIN_EPOCHS = 4
"""Fewer points show no trend: three smooth to one."""

SMOOTHING = 3
"""Width of the running median, in epochs: one noisy epoch vanishes, a lasting turn stays where it was."""

PATIENCE = 3
"""Epochs a rise must last: the smallest patience in common use with Keras's EarlyStopping."""

RISE = 0.05
"""A validation loss this far above its lowest (as a share of it) has risen: re-runs of one setting differ by less."""

NOISE_FACTOR = 5.0
"""... and by four standard deviations of the curve's noise: the lowest of some forty jittering epochs lies two below
their middle, and the end may lie one above."""

FLOOR_BAND = 3.0
"""A rise begins where the curve leaves its floor: what jitter on a flat floor reaches above its lowest epoch."""

ACCURACY_GAP = 0.10
"""Training accuracy this far above validation accuracy is a gap that is too large: ten more mistakes in a hundred."""

LOSS_RATIO = 2.0
"""Without accuracies: a validation loss of twice the training loss, while it no longer falls, is such a gap."""

MILD_GAP = 0.02
"""... unless hardly an answer differs: below two more mistakes in a hundred both sets are answered alike, and the ratio
is one of two numbers near zero."""

CLEAR_RISE = 0.25
"""A validation loss that ends a quarter above its lowest parts so far that nobody calls it none; less, or a validation
loss that only stands still, is overfitting that one instructor names and another calls small."""

BLOW_UP = 2.0
"""A training loss that ends at twice its first value has diverged; a noisy plateau stays below."""

HUGE_LOSS = 20.0
"""A cross-entropy above this has blown up: Keras cuts probabilities at 1e-7, which is 16 at the worst."""

SKILL = 0.5
"""Less than half of the way from guessing to no mistakes on the *training* rows: the model has not learned them."""

STILL_FALLING = 0.05
"""A loss that still falls by a twentieth per epoch at the end: there was more to learn."""

STILL_RISING = 0.01
"""... and where accuracies are known, the validation accuracy must still rise by a point per epoch: near the top the
loss goes on falling while no answer changes."""

ACCURACY_NAMES = ("accuracy", "acc", "categorical_accuracy", "sparse_categorical_accuracy", "binary_accuracy")


def diagnose(training: TrainingRun, chance: float = 0.0) -> Diagnosis:
    """Return what the curves of `training` say, with a sentence for the student.

    Args:
        training: one training with its history.
        chance: accuracy of always answering the commonest class, 0 where unknown (then `underfit` for want of skill
            is only said where there is progress to measure).
    """
    loss, watched = training.series("loss"), training.series("val_loss")
    broken = _first_not_finite(loss) or _first_not_finite(watched)
    if broken:
        return _said(training, "diverged", broken, f"The loss stopped being a number in epoch {broken}: it diverged.")
    if training.cut is not None:
        text = f"What its curves say is not told: the training was {training.how_cut}."
        return _said(training, "unknown", None, text)
    if len(loss) < MIN_EPOCHS:
        text = f"The training has too few epochs ({len(loss)}) to show a trend in its curves."
        return _said(training, "unknown", None, text)
    fitted = _smooth(loss)
    if fitted[-1] > BLOW_UP * fitted[0] > 0:
        start = int(np.argmin(fitted)) + 2
        text = f"The training loss grew from epoch {start} on, instead of falling: training diverged."
        return _said(training, "diverged", start, text)
    accuracy = _accuracy(training, "")
    if fitted[-1] > HUGE_LOSS and _unlearned(accuracy, chance):
        text = f"The training loss was still {fitted[-1]:.3g} at the end, and nothing was learned: training diverged."
        return _said(training, "diverged", 1, text)
    if len(watched) != len(loss):
        return _without_validation(training, accuracy, chance)
    return _compare(training, fitted, _smooth(watched), chance)


def _compare(training: TrainingRun, fitted: Curve, held: Curve, chance: float) -> Diagnosis:
    gap = _gap(training, fitted, held)
    turn = _turn(training.series("val_loss"), held, fitted)
    if turn is not None:
        text = (
            f"From epoch {turn} the validation loss rose ({held.min():.3g} at its lowest, {held[-1]:.3g} at the end) "
            "while the training loss kept falling: the network began to learn the training rows by heart (overfitting)."
        )
        return _said(training, "overfit", turn, text, gap, mild=not (_wide(training) or _rose_far(held)))
    start = _gap_start(training, fitted, held)
    if start is not None:
        text = (
            f"From epoch {start} on the training rows were predicted much better than the validation rows, and the "
            "gap stayed: overfitting."
        )
        return _said(training, "overfit", start, text, gap)
    stall = _stall(training, fitted, held)
    if stall is not None:
        text = (
            f"From epoch {stall} on the validation loss no longer improved ({held.min():.3g} at its lowest, "
            f"{held[-1]:.3g} at the end) while the training loss kept falling, to {fitted[-1]:.3g}: mild overfitting."
        )
        return _said(training, "overfit", stall, text, gap, mild=True)
    accuracy = _accuracy(training, "")
    if _unlearned(accuracy, chance):
        text = (
            f"Even on its own training rows the model reached an accuracy of only {accuracy[-1]:.2f}: underfitting. "
            "It may be too small, or its learning rate unsuited."
        )
        return _said(training, "underfit", 1, text, gap)
    if _cut_off(training, fitted, held):
        text = "Both losses were still falling fast when training ended: it was stopped too early (underfitting)."
        return _said(training, "underfit", len(fitted), text, gap)
    text = "Training and validation loss fell together and stayed close: a good fit."
    return _said(training, "good_fit", None, text, gap)


def _without_validation(training: TrainingRun, accuracy: Curve, chance: float) -> Diagnosis:
    if _unlearned(accuracy, chance):
        text = f"Even on its own training rows the model reached an accuracy of only {accuracy[-1]:.2f}: underfitting."
        return _said(training, "underfit", 1, text)
    text = "No validation loss was recorded, so the curves can't show overfitting."
    return _said(training, "unknown", None, text)


def _said(
    training: TrainingRun, kind: str, epoch: int | None, sentence: str, gap: float | None = None, *, mild: bool = False
) -> Diagnosis:
    return Diagnosis(training.id, kind, epoch, gap, sentence, mild)  # type: ignore[arg-type]


def _first_not_finite(values: tuple[float, ...]) -> int | None:
    return next((epoch for epoch, value in enumerate(values, 1) if not math.isfinite(value)), None)


def _smooth(values: tuple[float, ...]) -> Curve:
    """Return the running median; at the ends the window is cut, so that no epoch is invented."""
    half = SMOOTHING // 2
    curve = np.asarray(values, dtype=np.float64)
    return np.array([np.median(curve[max(0, at - half) : at + half + 1]) for at in range(len(curve))])


def _accuracy(training: TrainingRun, prefix: str) -> Curve:
    for name in ACCURACY_NAMES:
        values = training.series(prefix + name)
        if values and all(math.isfinite(value) for value in values):
            return _smooth(values)
    return np.zeros(0)


def _turn(raw: tuple[float, ...], held: Curve, fitted: Curve) -> int | None:
    """Return the first epoch (1-based) of a rise of the validation loss that lasts until the end."""
    lowest = int(np.argmin(held))
    after = held[lowest + 1 :]
    if len(after) < PATIENCE or fitted[-1] >= fitted[lowest]:
        return None
    floor, noise = float(held[lowest]), _scatter(raw)
    end = float(np.median(after[-PATIENCE:]))
    if end - floor <= max(RISE * abs(floor), NOISE_FACTOR * noise) or not (after[-PATIENCE:] > floor).all():
        return None
    return int(np.flatnonzero(held[:-PATIENCE] <= floor + FLOOR_BAND * noise)[-1]) + 2


def _stall(training: TrainingRun, fitted: Curve, held: Curve) -> int | None:
    """Return the first epoch after which the validation loss no longer improved while the training loss halved it.

    The rule of early stopping: the lowest validation loss has not been beaten for PATIENCE epochs. A training loss that
    fell on meanwhile, to less than half the validation loss, tells it from training that has simply converged.
    """
    lowest = int(np.argmin(held))
    if len(held) - 1 - lowest < PATIENCE or fitted[-1] * LOSS_RATIO > held[-1] or not fitted[-1] < fitted[lowest]:
        return None
    ours, theirs = _accuracy(training, ""), _accuracy(training, "val_")
    if len(ours) and len(ours) == len(theirs) and ours[-1] - theirs[-1] < MILD_GAP:
        return None
    return lowest + 2


def _wide(training: TrainingRun) -> bool:
    """Return whether the accuracies part by ACCURACY_GAP or more at the end."""
    ours, theirs = _accuracy(training, ""), _accuracy(training, "val_")
    return len(ours) > 0 and len(ours) == len(theirs) and float(ours[-1] - theirs[-1]) >= ACCURACY_GAP


def _rose_far(held: Curve) -> bool:
    return float(held[-1]) >= (1 + CLEAR_RISE) * float(held.min())


def _scatter(raw: tuple[float, ...]) -> float:
    """Return how far a curve strays from its own course: its bends count, a steady rise or fall doesn't.

    For white noise the median of |second difference| / 2 is 0.83 standard deviations (0.6745 * sqrt(6) / 2).
    """
    curve = np.asarray(raw, dtype=np.float64)
    return float(np.median(np.abs(curve[2:] - 2 * curve[1:-1] + curve[:-2]) / 2))


def _gap(training: TrainingRun, fitted: Curve, held: Curve) -> float | None:
    """Return the gap at the end: of accuracies where there are, else of losses relative to the training loss."""
    ours, theirs = _accuracy(training, ""), _accuracy(training, "val_")
    if len(ours) and len(ours) == len(theirs):
        return round(float(ours[-1] - theirs[-1]), 6)
    return round(float((held[-1] - fitted[-1]) / fitted[-1]), 6) if fitted[-1] > 0 else None


def _gap_start(training: TrainingRun, fitted: Curve, held: Curve) -> int | None:
    """Return the first epoch from which the gap stays too large until the end."""
    ours, theirs = _accuracy(training, ""), _accuracy(training, "val_")
    if len(ours) and len(ours) == len(theirs):
        wide = ours - theirs >= ACCURACY_GAP
    elif not _still_falling(held):
        wide = (held >= LOSS_RATIO * fitted) & (fitted > 0)
    else:
        return None
    if len(wide) < PATIENCE or not wide[-PATIENCE:].all():
        return None
    narrow = np.flatnonzero(~wide)
    return int(narrow[-1]) + 2 if len(narrow) else 1


def _unlearned(accuracy: Curve, chance: float) -> bool:
    return len(accuracy) > 0 and chance > 0 and float(accuracy[-1]) < chance + SKILL * (1 - chance)


def _cut_off(training: TrainingRun, fitted: Curve, held: Curve) -> bool:
    """Return whether training ended while the model was still getting better fast."""
    accuracy = _accuracy(training, "val_")
    if len(accuracy) > PATIENCE and accuracy[-1] - accuracy[-1 - PATIENCE] < STILL_RISING * PATIENCE:
        return False
    return _still_falling(held) and _still_falling(fitted)


def _still_falling(curve: Curve) -> bool:
    """Return whether the curve fell by STILL_FALLING per epoch, on average, over its last PATIENCE steps."""
    if len(curve) <= PATIENCE or curve[-PATIENCE - 1] <= 0:
        return False
    left = float(curve[-1] / curve[-PATIENCE - 1])
    return left < (1 - STILL_FALLING) ** PATIENCE
