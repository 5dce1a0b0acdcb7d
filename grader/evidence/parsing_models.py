"""Parsers of events about models: architecture, compile, fit, sealing, scoring, metrics."""

from __future__ import annotations

from typing import Any

from grader.evidence.fields import (
    Fields,
    OddFieldError,
    as_bool,
    as_count,
    as_dimension,
    as_finite,
    as_identifier,
    as_mapping,
    as_number,
    as_plain,
    as_text,
)
from grader.evidence.records import (
    Compiled,
    Described,
    FitBegan,
    FitEnded,
    FitEpoch,
    Metric,
    Scored,
    Sealed,
    Start,
    WeightsKept,
    WeightsLoaded,
)
from grader.model import CallbackFacts, LayerFacts, TrainingCut

MAX_LAYERS = 2_000
"""Most layers kept of one model: the deepest pretrained backbones have some 800."""

MAX_EPOCHS = 100_000
"""Longest history kept: no course notebook trains longer within a time limit."""

MAX_MATRIX_SIDE = 200
"""Largest matrix kept from a metric: CIFAR-100 has 100 classes."""

HOW = frozenset({"evaluate", "predict", "call", "score"})
FAMILIES = frozenset({"sequential", "functional", "subclassed"})


def _layer(value: Any) -> LayerFacts:
    fields = Fields(as_mapping(value))
    trainable = fields.maybe("trainable", as_bool)
    return LayerFacts(
        name=fields.text("name"),
        kind=fields.must("class", as_text),
        parameters=fields.maybe("parameters", as_count) or 0,
        trainable=trainable is not False,
        output_shape=fields.whole("output_shape", as_dimension, 8),
        settings=fields.pairs("settings", as_plain, 40),
    )


def _described(fields: Fields, cell: int, order: int) -> Described:
    family = fields.text("family")
    return Described(
        id=fields.must("model", as_identifier),
        library=fields.text("library"),
        kind=fields.text("class"),
        family=family if family in FAMILIES else "other",
        layers=fields.items("layers", _layer, MAX_LAYERS),
        parameters=fields.maybe("parameters", as_count) or 0,
        trainable_parameters=fields.maybe("trainable_parameters", as_count) or 0,
        input_shape=fields.whole("input_shape", as_dimension, 8),
        output_shape=fields.whole("output_shape", as_dimension, 8),
        output_activation=fields.text("output_activation"),
        pretrained=fields.text("pretrained"),
        cell=cell,
        order=order,
    )


def _compiled(fields: Fields, cell: int, order: int) -> Compiled:
    return Compiled(
        model=fields.must("model", as_identifier),
        loss=fields.text("loss"),
        from_logits=fields.maybe("from_logits", as_bool),
        optimizer=fields.text("optimizer"),
        learning_rate=fields.maybe("learning_rate", as_finite),
        metrics=fields.items("metrics", as_text, 50),
        cell=cell,
        order=order,
    )


def _callback(value: Any) -> CallbackFacts:
    fields = Fields(as_mapping(value))
    return CallbackFacts(
        kind=fields.must("class", as_text),
        monitor=fields.text("monitor"),
        settings=fields.pairs("settings", as_plain, 40),
    )


def _fit_began(fields: Fields, cell: int, order: int) -> FitBegan:
    split = fields.maybe("validation_split", as_finite) or 0.0
    if not 0.0 <= split < 1.0:
        raise OddFieldError
    return FitBegan(
        id=fields.must("fit", as_identifier),
        model=fields.must("model", as_identifier),
        rows=fields.maybe("rows", as_identifier),
        labels=fields.maybe("labels", as_identifier),
        validation_rows=fields.maybe("validation_rows", as_identifier),
        validation_labels=fields.maybe("validation_labels", as_identifier),
        validation_split=split,
        epochs=fields.maybe("epochs", as_count) or 0,
        batch_size=fields.maybe("batch_size", as_count),
        callbacks=fields.items("callbacks", _callback, 50),
        weights=fields.text("weights"),
        augmentation=fields.items("augmentation", as_text, 50),
        cell=cell,
        order=order,
        custom=fields.text("loop") == "custom",
    )


def _fit_epoch(fields: Fields, _cell: int, _order: int) -> FitEpoch:
    epoch = fields.must("epoch", as_count)
    if epoch >= MAX_EPOCHS:
        raise OddFieldError
    return FitEpoch(fit=fields.must("fit", as_identifier), epoch=epoch, logs=fields.pairs("logs", as_number))


def _fit_ended(fields: Fields, _cell: int, order: int) -> FitEnded:
    return FitEnded(
        fit=fields.must("fit", as_identifier),
        completed=fields.must("completed", as_bool),
        weights=fields.text("weights"),
        seconds=max(0.0, fields.maybe("seconds", as_finite) or 0.0),
        rows=fields.maybe("rows", as_identifier),
        validation_rows=fields.maybe("validation_rows", as_identifier),
        unstable=fields.maybe("unstable", as_bool),
        order=order,
        later_rows=fields.maybe("later_rows", as_identifier),
        drawn_from=fields.maybe("drawn_from", as_identifier),
        validation_drawn_from=fields.maybe("validation_drawn_from", as_identifier),
        built_with=fields.text("built_with"),
        put_in=fields.text("put_in"),
        error=fields.text("error"),
        steps=fields.maybe("steps", as_count),
        cut=fields.maybe("capped", _cut),
    )


def _cut(value: Any) -> TrainingCut:
    fields = Fields(as_mapping(value))
    return TrainingCut(
        steps=fields.must("steps", as_count),
        steps_asked=fields.maybe("steps_asked", as_count),
        ended_early=fields.must("ended_early", as_bool),
        fewer_validated=fields.must("fewer_validated", as_bool),
    )


def _sealed(fields: Fields, _cell: int, _order: int) -> Sealed:
    return Sealed(
        model=fields.must("model", as_identifier),
        weights=fields.text("weights"),
        artifact=fields.maybe("artifact", as_identifier),
        why=fields.text("why_not") or fields.text("why"),
    )


def _scored(fields: Fields, cell: int, order: int) -> Scored:
    how = fields.must("how", as_text)
    if how not in HOW:
        raise OddFieldError
    return Scored(
        id=fields.must("score", as_identifier),
        model=fields.must("model", as_identifier),
        how=how,
        rows=fields.maybe("rows", as_identifier),
        labels=fields.maybe("labels", as_identifier),
        weights=fields.text("weights"),
        returned=fields.pairs("returned", as_number),
        predictions=fields.maybe("predictions", as_identifier),
        cell=cell,
        order=order,
        during=fields.maybe("during", as_identifier) or "",
        at_random=fields.maybe("active", as_bool) is True,
    )


def _matrix_row(value: Any) -> tuple[float, ...]:
    if not isinstance(value, list) or len(value) > MAX_MATRIX_SIDE:
        raise OddFieldError
    return tuple(as_finite(item) for item in value)


def _metric(fields: Fields, cell: int, order: int) -> Metric:
    return Metric(
        function=fields.must("function", as_text),
        true=fields.maybe("true", as_identifier),
        predicted=fields.maybe("predicted", as_identifier),
        count=fields.must("count", as_count),
        value=fields.maybe("value", as_finite),
        matrix=fields.whole("matrix", _matrix_row, MAX_MATRIX_SIDE),
        text=fields.text("text"),
        score=fields.maybe("score", as_identifier),
        cell=cell,
        order=order,
    )


def _start(fields: Fields, _cell: int, order: int) -> Start:
    return Start(
        model=fields.must("model", as_identifier),
        weights=fields.must("weights", as_text),
        artifact=fields.must("artifact", as_identifier),
        order=order,
    )


def _weights_loaded(fields: Fields, _cell: int, order: int) -> WeightsLoaded:
    return WeightsLoaded(
        model=fields.must("model", as_identifier),
        how=fields.text("how"),
        order=order,
        weights=fields.text("weights"),
    )


def _weights_kept(fields: Fields, _cell: int, order: int) -> WeightsKept:
    return WeightsKept(
        model=fields.must("model", as_identifier),
        weights=fields.must("weights", as_text),
        during=fields.text("during"),
        order=order,
    )


PARSERS = {
    "model.described": _described,
    "model.compiled": _compiled,
    "fit.began": _fit_began,
    "fit.epoch": _fit_epoch,
    "fit.ended": _fit_ended,
    "model.sealed": _sealed,
    "model.scored": _scored,
    "metric.computed": _metric,
    "model.start": _start,
    "weights.loaded": _weights_loaded,
    "weights.kept": _weights_kept,
}
