"""Rules of the last layer: which units, activations, losses and labels fit together, and how to mend what doesn't."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

LOSSES = {
    "sparse_categorical_crossentropy": "sparse",
    "categorical_crossentropy": "categorical",
    "categorical_focal_crossentropy": "categorical",
    "kl_divergence": "categorical",
    "kldivergence": "categorical",
    "kullback_leibler_divergence": "categorical",
    "binary_crossentropy": "binary",
    "binary_focal_crossentropy": "binary",
    "mse": "distance",
    "mae": "distance",
    "mean_squared_error": "distance",
    "mean_absolute_error": "distance",
    "mean_squared_logarithmic_error": "distance",
    "mean_absolute_percentage_error": "distance",
    "log_cosh": "distance",
    "logcosh": "distance",
    "huber": "distance",
    "huber_loss": "distance",
    "crossentropyloss": "sparse_logits",
    "nllloss": "log_probabilities",
    "bcewithlogitsloss": "binary_logits",
    "bceloss": "binary",
    "mseloss": "distance",
    "l1loss": "distance",
    "smoothl1loss": "distance",
    "huberloss": "distance",
}
"""Losses by what they expect: names of Keras (functions and classes alike) and PyTorch, lower case."""
RANGES = {
    "sigmoid": (0.0, 1.0),
    "softmax": (0.0, 1.0),
    "hard_sigmoid": (0.0, 1.0),
    "tanh": (-1.0, 1.0),
    "relu": (0.0, math.inf),
}
"""Activations whose range is bounded: a regression target outside it can't be reached."""


@dataclass(frozen=True, slots=True)
class Output:
    """The last layer and what it is trained against."""

    units: int
    activation: str
    loss: str
    expects: str
    from_logits: bool
    classes: int | None
    form: str
    low: float | None
    high: float | None


Fault = tuple[str, str] | None
Rule = Callable[[Output], Fault]


def _too_few_units(out: Output) -> Fault:
    if out.classes is None or out.units >= out.classes or (out.units == 1 and out.classes == 2):
        return None
    if out.units == 1 and out.activation == "softmax":
        return None  # said better by _softmax_of_one
    return (
        f"The model answers with {out.units} unit{'s'[: out.units > 1]}, but there are {out.classes} classes.",
        f"End with Dense({out.classes}, activation='softmax').",
    )


SOFTMAX_OF_ONE = (
    "Softmax over a single unit is always 1: the model can't tell anything apart.",
    "Use Dense(1, activation='sigmoid') for two classes, or one softmax unit per class.",
)


def _softmax_of_one(out: Output) -> Fault:
    return SOFTMAX_OF_ONE if out.units == 1 and out.activation == "softmax" else None


def _logits(out: Output) -> Fault:
    if out.from_logits and out.activation in {"softmax", "sigmoid"}:
        return (
            f"The last layer already applies {out.activation}, and the loss applies it again (from_logits=True).",
            f"Remove activation='{out.activation}', or use the loss without from_logits=True.",
        )
    wants = {"sparse": {"softmax"}, "categorical": {"softmax"}, "binary": {"sigmoid"}}.get(out.expects)
    unfit = {"", "linear", "relu", "leaky_relu", "elu", "selu", "gelu", "tanh", "softplus"}
    if wants and not out.from_logits and out.activation in unfit:
        right = next(iter(wants))
        return (
            f"{out.loss} expects probabilities, but the last layer has {out.activation or 'no'} activation.",
            f"Give the last layer activation='{right}', or the loss from_logits=True.",
        )
    return None


def _label_form(out: Output) -> Fault:
    if out.expects == "sparse" and out.form == "one_hot":  # PyTorch's takes one-hot rows as probabilities
        return (
            f"{out.loss} expects class numbers, but the labels are one-hot.",
            "Use categorical_crossentropy, or labels as class numbers.",
        )
    if out.expects == "categorical" and out.form in {"int", "binary"}:
        return (
            "categorical_crossentropy expects one-hot labels, but they are class numbers.",
            "Use sparse_categorical_crossentropy, or to_categorical(y).",
        )
    return None


def _binary_loss(out: Output) -> Fault:
    if out.expects not in {"binary", "binary_logits"} or out.classes is None or out.classes <= 2:
        return None
    if out.units == 1 or out.form != "one_hot":
        return (
            f"{out.loss} is for two classes, but there are {out.classes}.",
            f"Use Dense({out.classes}, activation='softmax') with sparse_categorical_crossentropy.",
        )
    return None


def _distance_loss(out: Output) -> Fault:
    if out.expects != "distance" or (out.activation in {"softmax", "sigmoid"} and out.form in {"one_hot", "binary"}):
        return None
    return (
        f"{out.loss} measures distances between numbers; the task is to tell classes apart.",
        "Use softmax with sparse_categorical_crossentropy (class numbers) or categorical_crossentropy (one-hot).",
    )


def _sparse_single_unit(out: Output) -> Fault:
    if out.units != 1 or out.expects not in {"sparse", "categorical", "sparse_logits"}:
        return None
    return (
        f"{out.loss} needs one unit per class, but the model has a single one.",
        "Use binary_crossentropy with Dense(1, activation='sigmoid'), or one softmax unit per class.",
    )


def _label_range(out: Output) -> Fault:
    if out.expects not in {"sparse", "sparse_logits"} or out.high is None or out.low is None:
        return None
    if out.low >= 0 and out.high < out.units:
        return None
    return (
        f"The labels run from {out.low:g} to {out.high:g}, but {out.units} units stand for 0 to {out.units - 1}.",
        "Number the classes from 0 (LabelEncoder), and give the last layer one unit per class.",
    )


def _sigmoids_against_one_another(out: Output) -> Fault:
    if out.activation != "sigmoid" or out.units < 2 or out.expects not in {"sparse", "categorical"}:
        return None
    return (
        f"{out.loss} expects shares that add up to 1, but each of the {out.units} sigmoid units answers by itself.",
        f"End with Dense({out.units}, activation='softmax').",
    )


def _softmax_in_yes_or_no(out: Output) -> Fault:
    if out.activation != "softmax" or out.expects != "binary" or out.units <= 2:
        return None
    return (
        f"{out.loss} asks {out.units} separate yes-or-no questions, but softmax answers one question: which class.",
        "Use categorical_crossentropy (one-hot labels) or sparse_categorical_crossentropy (class numbers).",
    )


def _distance_of_shares(out: Output) -> Fault:
    if out.expects != "distance" or out.activation not in {"softmax", "sigmoid"}:
        return None
    right = "binary_crossentropy" if out.units == 1 else "categorical_crossentropy"
    return (
        f"{out.loss} trains classes slowly: a sure and wrong answer costs little more than an unsure one.",
        f"Use {right}, which was made for {out.activation}.",
    )


def _regression_loss(out: Output) -> Fault:
    if out.expects == "distance":
        return None
    return (f"{out.loss} is for classes, but the task is to predict a number.", "Use the loss 'mse' or 'mae'.")


def _regression_range(out: Output) -> Fault:
    if out.activation not in RANGES or out.low is None or out.high is None:
        return None
    low, high = RANGES[out.activation]
    if out.units == 1 and out.activation == "softmax":
        return _softmax_of_one(out)
    if out.low >= low and out.high <= high:
        return None
    reach = f"The last layer's {out.activation} can only answer between {low:g} and {high:g}"
    return f"{reach}, but the targets run from {out.low:g} to {out.high:g}.", "Leave the last layer without activation."


CLASSIFICATION_RULES: tuple[Rule, ...] = (
    _softmax_of_one,
    _distance_loss,
    _sparse_single_unit,
    _binary_loss,
    _too_few_units,
    _label_form,
    _label_range,
    _logits,
)
"""What can't be right; the first that fits is said."""
CLASSIFICATION_ADVICE: tuple[Rule, ...] = (_sigmoids_against_one_another, _softmax_in_yes_or_no, _distance_of_shares)
"""What trains all the same, only worse: shown, and moves no level."""
REGRESSION_RULES: tuple[Rule, ...] = (_regression_loss, _regression_range)


def loss_name(loss: str) -> str:
    """Return a loss's name in one spelling: `SparseCategoricalCrossentropy`, `keras.losses.mse` -> snake case."""
    plain = loss.rpartition(".")[2].strip("<>() ")
    if plain.lower() in LOSSES:
        return plain.lower()
    snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in plain).strip("_")
    return snake.replace("cross_entropy", "crossentropy")
