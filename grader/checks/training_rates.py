"""Learning rates: what a training used, and whether that is far from what its optimizer is used with."""

from __future__ import annotations

from grader.model import ModelFacts, TrainingRun

DEFAULT_RATES = {"sgd": 0.01, "adadelta": 0.001}
"""Defaults of Keras's optimizers that are not 0.001, or whose name is not among the adaptive ones."""

USUAL_RATE = 0.001
"""Default of Adam and its kin."""

HIGH = {"sgd": 0.3, "adadelta": 10.0, "adagrad": 0.3}
"""Rates from which on an optimizer is used with care only: SGD is often right at 0.1, and Adagrad divides its own."""

USUAL_HIGH = 0.02
"""Adam, RMSprop and their kin move every weight by the rate itself, and often work at 0.01."""

LOW_SHARE = 0.05
"""A twentieth of the default and less is what one fine-tunes with, not what one trains new weights with."""

RATE_SERIES = ("learning_rate", "lr")
"""Names under which Keras's schedules log the rate of each epoch."""

SCHEDULES = ("learningratescheduler", "cosinedecay", "warmup", "cyclic", "onecycle")


def rates_of(training: TrainingRun) -> tuple[float, ...]:
    """Return the rates of a training, as logged per epoch, else the one it began with; empty where none is known."""
    logged = next((training.series(name) for name in RATE_SERIES if training.series(name)), ())
    return logged or ((training.learning_rate,) if training.learning_rate is not None else ())


def high_rate(training: TrainingRun, model: ModelFacts | None) -> bool:
    """Whether the highest rate is one that the optimizer seldom takes."""
    rates = rates_of(training)
    return bool(rates) and max(rates) >= HIGH.get(_optimizer(model), USUAL_HIGH)


def low_rate(training: TrainingRun, model: ModelFacts | None) -> bool:
    """Whether new weights were trained with a rate for fine-tuning. A schedule may rightly begin so low."""
    rates = rates_of(training)
    scheduled = any(word in item.kind.lower() for item in training.callbacks for word in SCHEDULES)
    if not rates or scheduled or (model is not None and model.pretrained):
        return False
    return max(rates) <= LOW_SHARE * DEFAULT_RATES.get(_optimizer(model), USUAL_RATE)


def rate_words(training: TrainingRun) -> str:
    """Return the rate in words, `learning rate of 0.3`; only where one is known."""
    return f"learning rate of {max(rates_of(training)):.3g}"


def _optimizer(model: ModelFacts | None) -> str:
    return model.optimizer.lower().rpartition(".")[2] if model is not None else ""
