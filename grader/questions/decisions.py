"""About the student's own decisions: epochs, dropout, early stopping, augmentation, optimizer, split, size."""

from __future__ import annotations

import math
from collections.abc import Iterator

from grader.checks.results import model_of
from grader.checks.training import last_training
from grader.model import Evidence, LayerFacts, ModelFacts, Question, TrainingRun
from grader.questions.wording import loss, ordinal, quoted, share

CLEARLY_WORSE = 1.05
"""A validation loss that ends a twentieth above its lowest has turned, whatever its noise."""

STILL_FALLING = 0.98
"""A validation loss whose last epoch is its best, and still two percent below the one before, was cut off."""

LARGE_SHARE = 0.6
"""A layer with so much of all parameters decides the network's size."""

RANDOM_LAYERS = "Random"
"""Keras's layers of augmentation are called RandomFlip, RandomRotation, ..."""


def about_decisions(evidence: Evidence) -> Iterator[Question]:
    """Yield questions on how the final model was built and trained."""
    model, training = model_of(evidence), last_training(evidence)
    turned = _turn(training) if training is not None else None
    if training is not None:
        yield from _epochs(training, turned)
        yield from _augmentation(training, model)
        yield from _optimizer(training, model)
        yield from _split(evidence, training)
    if model is not None:
        yield from _dropout(model, turned)
        yield from _size(model)


# ---------------------------------------------------------------- training
def _turn(training: TrainingRun) -> int | None:
    """Return the epoch (from 1) of the lowest validation loss, None where it never rose clearly after it."""
    watched = training.series("val_loss")
    if len(watched) < 2 or not all(map(math.isfinite, watched)):
        return None
    lowest = min(watched)
    return watched.index(lowest) + 1 if watched[-1] > lowest * CLEARLY_WORSE and lowest > 0 else None


def _epochs(training: TrainingRun, turned: int | None) -> Iterator[Question]:
    watched = training.series("val_loss")
    count = f"{training.epochs_done} epoch{'s' if training.epochs_done != 1 else ''}"
    stopper = next((item for item in training.callbacks if item.kind == "EarlyStopping"), None)
    cell = (training.cell,)
    if turned is not None:
        patience = dict(stopper.settings).get("patience", "") if stopper is not None else ""
        how = f"early stopping waited {patience} epochs more" if patience else "you went on"
        yield Question(
            "epochs",
            f"The validation loss was lowest in epoch {turned} ({loss(min(watched))}) and {loss(watched[-1])} after "
            f"{count}: {how}. What did the network learn after epoch {turned}, and which epoch's weights were scored?",
            "overfitting where the two curves part; the best epoch's weights restored, or training stopped there; that "
            "accuracy may rise while the loss does.",
            cell,
            85,
        )
    elif len(watched) > 1 and watched[-1] == min(watched) and watched[-1] < watched[-2] * STILL_FALLING:
        yield Question(
            "epochs",
            f"The validation loss was still falling in the last of your {count} ({loss(watched[-2])} to "
            f"{loss(watched[-1])}). Why stop there, and how would you know when to?",
            "that training was not over; early stopping on validation rows; what more epochs cost.",
            cell,
            76,
        )
    elif not watched and training.epochs_done:
        yield Question(
            "epochs",
            f"You trained {count} without validation rows. How did you decide on that number, and what can't you see?",
            "that the training loss alone never shows overfitting; validation rows apart from the test.",
            cell,
            78,
        )


def _augmentation(training: TrainingRun, model: ModelFacts | None) -> Iterator[Question]:
    layers = tuple(item.kind for item in model.layers if item.kind.startswith(RANDOM_LAYERS)) if model else ()
    used = tuple(dict.fromkeys((*training.augmentation, *layers)))
    if used:
        yield Question(
            "augmentation",
            f"You alter the training rows ({', '.join(quoted(item) for item in used[:4])}). For which class could that "
            "make a wrong picture, and how do you know that it helped?",
            "a change that keeps the label for every class (a 6 turned round is a 9); validation scores with and "
            "without it; never on validation or test rows.",
            (training.cell,),
            64,
        )


def _optimizer(training: TrainingRun, model: ModelFacts | None) -> Iterator[Question]:
    rate = training.learning_rate or (model.learning_rate if model is not None else None)
    name = model.optimizer if model is not None else ""
    if not name or not rate or not math.isfinite(rate):
        return
    first, last = training.series("loss")[:1], training.series("loss")[-1:]
    fell = f"; the loss went from {loss(first[0])} to {loss(last[0])}" if first and first != last else ""
    yield Question(
        "optimizer",
        f"You trained with {name} at a learning rate of {rate:.3g}{fell}. What would the loss curve look like at ten "
        "times that rate, and at a tenth of it?",
        "leaps or divergence above, creeping below; what a step changes; a default is a start, not a reason.",
        (training.cell,),
        50,
    )


# ---------------------------------------------------------------- the network
def _dropout(model: ModelFacts, turned: int | None) -> Iterator[Question]:
    drops = [(place, item) for place, item in enumerate(model.layers) if "dropout" in item.kind.lower()]
    if not drops:
        return
    place, layer = drops[0]
    settings = dict(layer.settings)
    rate = settings.get("rate") or settings.get("p") or ""
    of = f" of {rate}" if rate else ""
    when = f", when the validation loss rose from epoch {turned + 1}" if turned is not None else ""
    yield Question(
        "dropout",
        f"Why dropout{of} {_where(model.layers, place)}{when}? What changes with twice as much, and with none?",
        "that units are left out at random in training only; a run with and without it compared on validation rows; "
        "where in the network most weights overfit.",
        () if model.cell is None else (model.cell,),
        82 if turned is not None else 72,
    )


def _where(layers: tuple[LayerFacts, ...], place: int) -> str:
    """Say after which layer one stands: `after the second pooling`, `after the first dense layer`."""
    before = next((item for item in reversed(layers[:place]) if _spoken(item)), None)
    if before is None:
        return "at the input"
    same = [item for item in layers[:place] if _spoken(item) == _spoken(before)]
    every = [item for item in layers if _spoken(item) == _spoken(before)]
    which = f"{ordinal(len(same) - 1)} " if len(every) > 1 else ""
    return f"after the {which}{_spoken(before)}"


def _spoken(layer: LayerFacts) -> str:
    """Return what a layer is called in a question; empty for those that nobody counts."""
    kind = layer.kind.lower()
    for part, name in (
        ("pool", "pooling layer"),
        ("conv", "convolution"),
        ("dense", "dense layer"),
        ("linear", "dense layer"),
        ("lstm", "LSTM layer"),
        ("gru", "GRU layer"),
        ("embedding", "embedding"),
        ("flatten", "flattening"),
    ):
        if part in kind:
            return name
    return ""


def _size(model: ModelFacts) -> Iterator[Question]:
    largest = max(model.layers, key=lambda item: item.parameters, default=None)
    if largest is None or model.parameters <= 0 or not largest.parameters:
        return
    part = largest.parameters / model.parameters
    if part < LARGE_SHARE or len(model.layers) < 3 or not _spoken(largest):
        return
    yield Question(
        "size",
        f"{share(part)} of your {model.parameters:,} parameters are in one {_spoken(largest)} "
        f"({largest.parameters:,}). Where does that number come from, and how would you halve it?",
        "inputs times units, plus biases; more pooling before it; what a smaller layer costs in score.",
        () if model.cell is None else (model.cell,),
        45,
    )


# ---------------------------------------------------------------- the split
def _split(evidence: Evidence, training: TrainingRun) -> Iterator[Question]:
    scoring = evidence.scoring(evidence.final_scoring)
    tested = scoring.rows if scoring is not None and scoring.role == "test" else None
    sets = {"train": training.train_rows, "validation": training.validation_rows, "test": tested}
    rows = {name: found.rows for name, rows_id in sets.items() if (found := evidence.row_set(rows_id)) is not None}
    held = [f"{rows[name]:,} {name}" for name in ("validation", "test") if name in rows]
    if "train" not in rows or not held:
        return
    missing = "" if len(held) == 2 else f", and no {'validation' if 'test' in rows else 'test'} rows"
    yield Question(
        "split",
        f"You train on {rows['train']:,} rows and hold back {' and '.join(held)} rows{missing}. What would you lose "
        "with half as many held back, and what with twice as many?",
        "the score gets less certain with fewer, the model worse with fewer to train on; what each part is for; "
        "stratified, and split before anything is fitted.",
        (training.cell,),
        52 if missing else 42,
    )
