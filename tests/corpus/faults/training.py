"""Faults of model and training: what doesn't fit together, doesn't learn, or can't."""

from __future__ import annotations

import re
from dataclasses import replace
from random import Random

from corpus.draft import Draft

from .registry import BOTH, array_parts, fault, fitted

LEARNS_BADLY = "model. training. evaluation.errors_shown evaluation.baseline_compared"


def _large_columns(draft: Draft) -> bool:
    return draft.data.name in {"cancer", "birds", "wine_quality"} and "scaler" in draft.marks


@fault(
    "training",
    "training.inputs_scaled",
    may=LEARNS_BADLY,
    fits=lambda draft: _large_columns(draft) or (draft.data.kind == "image" and "flows" not in draft.marks),
)
def unscaled(draft: Draft, rng: Random) -> Draft:
    """Inputs reach the first layer as they come: pixels up to 255, columns in the hundreds."""
    if "folders" in draft.marks:
        return draft.but(net=replace(draft.net, hidden=draft.net.hidden[1:]))
    if draft.data.kind == "image":
        return draft.but(load=draft.load + "X = np.round(255 * X)\n")
    return draft.but(prepare="\n".join(line for line in draft.prepare.splitlines() if "scaler" not in line))


def _nothing_trained_before(draft: Draft) -> bool:
    return fitted(draft) and draft.style not in {"frozen_base", "cross_validated"}


@fault("training", "training.loss_falls", may=LEARNS_BADLY, fits=_nothing_trained_before)
def far_too_fast(draft: Draft, rng: Random) -> Draft:
    """The learning rate is a million times too large: the loss explodes."""
    return draft.but(net=replace(draft.net, optimizer="keras.optimizers.SGD(1e8)"))


@fault(
    "training",
    "model.trains",
    may=LEARNS_BADLY,
    when="late",
    fits=lambda draft: fitted(draft) and draft.style in {"sequential", "functional"},
    of=BOTH,
)
def nothing_trainable(draft: Draft, rng: Random) -> Draft:
    """The whole network is frozen before it is compiled."""
    return draft.but(model=draft.model.replace("model.compile(", "model.trainable = False\nmodel.compile("))


@fault(
    "training",
    "model.trains",
    may=LEARNS_BADLY + " split. evaluation. code. data.",
    when="late",
    fits=_nothing_trained_before,
    of=BOTH,
)
def never_trained(draft: Draft, rng: Random) -> Draft:
    """fit is never called."""
    plain = draft.style in {"subclassed", "own_step"}
    built = f"model.build((None, *{draft.data.shape}))" if plain else "model.summary()"
    return draft.but(train=built, curves="", after_training="")


def _has_several_classes(draft: Draft) -> bool:
    return draft.data.classes > 2 and draft.style != "torch_loop"


def _fitted_once(draft: Draft) -> bool:
    return fitted(draft) and draft.style != "cross_validated"


@fault(
    "training",
    "model.output_matches_labels",
    may=LEARNS_BADLY,
    fits=lambda draft: _has_several_classes(draft) and draft.feed.arrays and _fitted_once(draft),
)
def squared_error_of_classes(draft: Draft, rng: Random) -> Draft:
    """A column of class numbers is compared with a softmax by squared error."""
    output = f'layers.Dense({draft.data.classes}, activation="softmax")'
    columns = {
        name: re.sub(r"\b(y_\w+)", r"\1.reshape(-1, 1)", getattr(draft.feed, name))
        for name in ("train", "watch", "watched", "test")
    }
    return draft.but(net=replace(draft.net, output=output, loss='"mse"'), feed=replace(draft.feed, **columns))


@fault(
    "training",
    "model.output_matches_labels",
    may=LEARNS_BADLY,
    fits=lambda draft: draft.binary and "torch" not in draft.marks,
)
def softmax_of_one(draft: Draft, rng: Random) -> Draft:
    """A single unit with softmax, which is always one."""
    return draft.but(net=replace(draft.net, output='layers.Dense(1, activation="softmax")'))


@fault("training", "model.output_matches_labels", may=LEARNS_BADLY, fits=_has_several_classes)
def no_softmax(draft: Draft, rng: Random) -> Draft:
    """The output has no softmax, and the loss is not told so."""
    bent = rng.choice(("", ', activation="relu"'))
    output = f"layers.Dense({draft.data.classes}{bent})"
    return draft.but(net=replace(draft.net, output=output, loss='"sparse_categorical_crossentropy"'))


@fault(
    "training",
    "model.cnn_for_images",
    may=LEARNS_BADLY,
    fits=lambda draft: draft.data.kind == "image" and draft.style != "torch_loop",
)
def dense_for_pictures(draft: Draft, rng: Random) -> Draft:
    """Pictures are flattened into a dense network."""
    return _with_layers(draft, "layers.Flatten()", 'layers.Dense(32, activation="relu")')


def _can_be_linear(draft: Draft) -> bool:
    return draft.style in {"sequential", "functional"} and draft.data.kind != "text"


@fault("training", "model.nonlinear", may=LEARNS_BADLY, fits=_can_be_linear)
def only_linear(draft: Draft, rng: Random) -> Draft:
    """Dense layers follow each other without an activation: together they are one."""
    if draft.data.kind == "image":
        return _with_layers(draft, "layers.Conv2D(8, 3)", "layers.Flatten()", "layers.Dense(16)")
    return _with_layers(draft, "layers.Dense(32)", "layers.Dense(16)")


@fault("training", "model.learns", may=LEARNS_BADLY + " data.labels_aligned", fits=array_parts, of=BOTH)
def labels_out_of_step(draft: Draft, rng: Random) -> Draft:
    """Rows are shuffled without their labels."""
    return draft.but(before_split="np.random.shuffle(X)\n")


@fault("training", "model.learns", may=LEARNS_BADLY, fits=fitted)
def penalised_away(draft: Draft, rng: Random) -> Draft:
    """The penalty on weights is so large that nothing else is learnt: all rows get one answer."""
    penalty = f", kernel_regularizer=keras.regularizers.L2({rng.choice(('100.0', '300.0'))}))"

    def penalised(layer: str) -> str:
        return layer[:-1] + penalty if layer.startswith(("layers.Dense(", "layers.Conv2D(")) else layer

    hidden = tuple(penalised(layer) for layer in draft.net.hidden)
    return draft.but(net=replace(draft.net, hidden=hidden, output=penalised(draft.net.output)))


def _with_layers(draft: Draft, *hidden: str) -> Draft:
    """Other hidden layers; what rescales stays."""
    kept = tuple(layer for layer in draft.net.hidden if "Rescaling" in layer or layer == "normalise")
    return draft.but(net=replace(draft.net, hidden=(*kept, *hidden)))
