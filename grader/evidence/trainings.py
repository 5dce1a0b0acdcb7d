"""Models and trainings as facts, from described, compiled, fit and seal events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

from grader.evidence.fits import Fit
from grader.evidence.lineage import Lineage
from grader.evidence.parsing import Log
from grader.evidence.records import Compiled, Described, FitEnded, FitEpoch, LabelsSeen, Moved, Scored, Sealed
from grader.model import Budget, ModelFacts, TrainingCut, TrainingRun
from grader.model.watched import LayerFacts

ACTIVATION_LAYERS = {"Softmax": "softmax", "Sigmoid": "sigmoid"}
"""Layers that are an activation by themselves (keras.layers.Softmax, torch.nn.Sigmoid)."""

History = tuple[tuple[str, tuple[float, ...]], ...]
"""One series per log name, one value per epoch."""

FEWEST_EPOCHS = 2
"""What the first epoch looks at is not known from epochs before it."""

NEURAL_LIBRARIES = frozenset({"keras", "tensorflow", "tf_keras", "torch", "pytorch", "jax", "flax"})


def collect_models(log: Log) -> tuple[ModelFacts, ...]:
    """Return every model as it was last described, with its last compile."""
    described = {record.id: record for record in log.of("model.described", Described)}
    compiled = {record.model: record for record in log.of("model.compiled", Compiled)}
    first_cell = {record.id: record.cell for record in reversed(log.of("model.described", Described))}
    ids = dict.fromkeys([*described, *compiled])
    return tuple(_model(name, described.get(name), compiled.get(name), first_cell.get(name)) for name in ids)


def _model(name: str, described: Described | None, compiled: Compiled | None, cell: int | None) -> ModelFacts:
    layers = described.layers if described else ()
    return ModelFacts(
        id=name,
        library=described.library if described else "",
        kind=cast("object", described.family if described else "other"),  # type: ignore[arg-type]
        layers=layers,
        parameters=described.parameters if described else 0,
        trainable_parameters=described.trainable_parameters if described else 0,
        input_shape=described.input_shape if described else (),
        output_shape=described.output_shape if described else (),
        output_activation=_activation(described.output_activation if described else "", layers),
        loss=compiled.loss if compiled else "",
        from_logits=compiled.from_logits if compiled else None,
        optimizer=compiled.optimizer if compiled else "",
        learning_rate=compiled.learning_rate if compiled else None,
        metrics=compiled.metrics if compiled else (),
        pretrained=described.pretrained if described else "",
        cell=cell if cell is not None and cell >= 0 else (compiled.cell if compiled else None),
    )


def _activation(named: str, layers: tuple[LayerFacts, ...]) -> str:
    """Return the output activation: as named, else read from the last layer when that is an activation itself."""
    if named and named != "linear":
        return named
    if not layers:
        return named
    last = layers[-1]
    return ACTIVATION_LAYERS.get(last.kind, "") or dict(last.settings).get("activation", "") or named


def is_neural(model: ModelFacts | None) -> bool:
    """Return whether a model is a neural network: what the final result is looked for among."""
    if model is None:
        return False
    return model.library.lower().split(".")[0] in NEURAL_LIBRARIES or bool(model.layers)


OWN_LOOP_ENDED = "BudgetSpent"
"""The exception by which a budget ends a training loop of the notebook's own."""


def with_cuts(trainings: Sequence[TrainingRun], fits: Sequence[Fit], budget: Budget) -> tuple[TrainingRun, ...]:
    """Return the trainings with what the run's budget took from them; in a run without one nothing was taken."""
    if not budget.caps:
        return tuple(trainings)
    return tuple(_with_cut(training, fit) for training, fit in zip(trainings, fits, strict=True))


def _with_cut(training: TrainingRun, fit: Fit) -> TrainingRun:
    ended = fit.ended
    if ended is None:
        return training
    if ended.error == OWN_LOOP_ENDED:
        return replace(training, completed=True, cut=TrainingCut(ended.steps or 0, ended_early=True))
    return replace(training, cut=ended.cut)


def collect_trainings(log: Log, lineage: Lineage) -> tuple[TrainingRun, ...]:
    """Return every fit with its history, in order."""
    epochs: dict[str, list[FitEpoch]] = {}
    for record in log.of("fit.epoch", FitEpoch):
        epochs.setdefault(record.fit, []).append(record)
    compiles = log.of("model.compiled", Compiled)
    scored = log.of("model.scored", Scored)
    found = (_training(fit, tuple(epochs.get(fit.began.id, ())), compiles) for fit in lineage.fits)
    applied = log.of("augmentation", Moved)
    given = {record.id: record.facts for record in log.of("labels.seen", LabelsSeen)}
    described = log.of("model.described", Described)
    return tuple(
        replace(
            item,
            completed=item.completed or _was_left(fit, item.epochs_done, scored),
            drawn_from=lineage.originals(fit),
            augmentation=_augmentation(fit, applied),
            labels=given.get(fit.began.labels or ""),
            history=_of_its_own(item.history, fit, lineage.fits),
            trainable_parameters=_trainable(fit, described),
        )
        for item, fit in zip(found, lineage.fits, strict=True)
    )


def _was_left(fit: Fit, epochs: int, scored: Sequence[Scored]) -> bool:
    """Whether a loop of the student's own was over when its cell failed further down.

    After the last of several epochs the same weights were asked for rows that no epoch had looked at.
    """
    ended = fit.ended
    if ended is None or not fit.began.custom or epochs < FEWEST_EPOCHS:
        return False
    seen = {fit.train, fit.watched, *fit.looked_at}
    return any(
        item.model == fit.model and item.weights == ended.weights and not item.during and item.rows not in seen
        for item in scored
        if fit.began.order < item.order < ended.order
    )


def _trainable(fit: Fit, described: tuple[Described, ...]) -> int | None:
    """Return the trainable parameters that the model was last described with before the fit began."""
    before = [item for item in described if item.id == fit.model and item.order < fit.began.order]
    return (before[-1].trainable_parameters or None) if before else None


def _of_its_own(history: History, fit: Fit, fits: Sequence[Fit]) -> History:
    """Return a history without losses where a loop trained several networks in turns.

    The loss of one of two that work against each other may rise while both learn.
    """
    rivals = (other for other in fits if other.began.custom and other.began.cell == fit.began.cell)
    if not fit.began.custom or all(other.model == fit.model for other in rivals):
        return history
    return tuple((name, values) for name, values in history if name not in {"loss", "val_loss"})


def _augmentation(fit: Fit, applied: tuple[Moved, ...]) -> tuple[str, ...]:
    """Return what altered the rows of a fit at random: in the model, or before it in a pipeline.

    A pipeline that was given a random step altered the rows where each epoch brought new ones.
    """
    if fit.ended is None or not fit.ended.later_rows:
        return fit.began.augmentation
    before = (item.kind for item in applied if item.order < fit.began.order and item.rows_out is None)
    return tuple(dict.fromkeys((*fit.began.augmentation, *before)))


def _training(fit: Fit, epochs: tuple[FitEpoch, ...], compiles: tuple[Compiled, ...]) -> TrainingRun:
    began, ended = fit.began, fit.ended
    rates = [item.learning_rate for item in compiles if item.model == fit.model and item.order < began.order]
    return TrainingRun(
        id=began.id,
        model=began.model,
        cell=began.cell,
        train_rows=fit.train,
        validation_rows=fit.watched,
        validation_split=began.validation_split,
        epochs_asked=began.epochs or (len(epochs) if began.custom else 0),
        epochs_done=len(epochs),
        batch_size=began.batch_size,
        history=_history(epochs),
        callbacks=began.callbacks,
        weights_changed=_changed(began.weights or _built_with(ended, len(epochs)), ended.weights) if ended else None,
        completed=ended is not None and ended.completed,
        augmentation=began.augmentation,
        learning_rate=rates[-1] if rates else None,
        seconds=ended.seconds if ended else 0.0,
        custom_loop=began.custom,
    )


def _history(epochs: tuple[FitEpoch, ...]) -> History:
    """Return one series per log name, in the order of the epochs; a log missing in an epoch has no value there."""
    series: dict[str, list[float]] = {}
    for record in sorted(epochs, key=lambda item: item.epoch):
        for name, value in record.logs:
            series.setdefault(name, []).append(value)
    return tuple((name, tuple(values)) for name, values in sorted(series.items()))


def _built_with(ended: FitEnded, epochs: int) -> str:
    """Return the earliest weights known of a model that fit built: those after the first of several epochs."""
    return ended.built_with if epochs > 1 else ""


def _changed(before: str, after: str) -> bool | None:
    return before != after if before and after else None


def seals(log: Log, artifacts: Mapping[str, Path]) -> Mapping[tuple[str, str], Sealed]:
    """Return the seal of each (model, weights digest): the first that arrived whole, else the first reason why not."""
    found: dict[tuple[str, str], Sealed] = {}
    for record in log.of("model.sealed", Sealed):
        key = (record.model, record.weights)
        whole = record.artifact in artifacts
        if key not in found or (whole and found[key].artifact not in artifacts):
            found[key] = record
    return found


def sealed_note(scored: Scored, seal: Sealed | None, artifacts: Mapping[str, Path]) -> str:
    """Return why a scoring's model can't be recomputed; empty where it can."""
    if seal is None:
        return "The model was not sealed at this scoring."
    if seal.artifact is None:
        return seal.why or "The model could not be sealed."
    if seal.artifact not in artifacts:
        return "The sealed model did not arrive whole."
    return "" if scored.weights else "The scored weights are not known."
