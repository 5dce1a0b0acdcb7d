"""Checks of the layers: is there anything between two linear maps, and can all of them learn?"""

from __future__ import annotations

import re
from itertools import pairwise

from grader.checks.registry import Limits, check
from grader.checks.results import model_of
from grader.checks.verdicts import Verdict, advised, not_applicable, passed, unknown
from grader.model import Evidence, LayerFacts, ModelFacts

DIMENSIONS = re.compile(r"[123]d")

MAPS = frozenset({"dense", "conv", "convolution", "depthwiseconv", "separableconv", "separableconvolution",
                  "convtranspose", "linear"})  # fmt: skip
"""Layers that are a linear map of their inputs but for the activation they may carry; without their dimensions."""

LINEAR = frozenset({
    "inputlayer", "flatten", "reshape", "permute", "cropping", "zeropadding", "upsampling", "averagepooling",
    "globalaveragepooling", "avgpool", "dropout", "spatialdropout", "gaussiannoise", "gaussiandropout", "alphadropout",
    "rescaling", "normalization", "batchnormalization", "batchnorm", "add", "subtract", "average", "concatenate",
    "identity", "resizing", "centercrop", "activityregularization", "randomflip", "randomrotation", "randomzoom",
    "randomtranslation", "randomcontrast", "randombrightness", "randomcrop",
})  # fmt: skip
"""Layers that bend nothing: two linear maps with only these between them are one linear map."""

DENSE = frozenset({"dense", "linear"})

JOINING = frozenset({"add", "subtract", "multiply", "average", "maximum", "minimum", "concatenate", "dot"})
"""Layers in which branches come together."""

LEARNING_MAPS = MAPS | {"lstm", "gru", "simplernn", "bidirectional"}
"""Layers whose random weights are worth nothing before they are trained. Not Embedding: it may hold given vectors."""


@check(
    "model.nonlinear",
    title="Layers with something to bend between them",
    help="Between two dense or convolutional layers stands an activation (relu, tanh, ...) or another layer that is "
    "not linear. A narrow layer without activation is a bottleneck, and fine. Advice.",
)
def nonlinear(evidence: Evidence, _limits: Limits) -> Verdict:
    """No two layers that together are no more than one."""
    model = model_of(evidence)
    if model is None or not model.layers:
        return not_applicable("No model was seen whose layers could be looked at.", origin="kernel")
    if model.pretrained:
        return not_applicable("The network is built on a pretrained one.", origin="kernel")
    maps = [layer for layer in model.layers if _is(layer, MAPS)]
    chain = model.kind == "sequential" or (model.kind == "functional" and _is_chain(model))
    if len(maps) < (3 if model.kind == "functional" and not chain else 2):  # two may be two outputs beside each other
        return not_applicable("The network has too few layers of weights to tell.", origin="kernel")
    if model.kind not in {"sequential", "functional"}:
        return unknown("What the network does between its layers is in code of its own.", cells=[model.cell])
    flat = [(left, right) for left, right in _neighbours(model) if not _bottleneck(left, right, model)]
    bent = len(flat) < len(maps) - 1
    if not chain and bent:
        flat = []  # the order of the list is not the order of the graph: branches stand beside each other
    measured = {"maps": len(maps), "without": [[left.name, right.name] for left, right in flat]}
    if not flat:
        return passed("Activations stand between the layers.", cells=[model.cell], measured=measured)
    if not bent:
        return advised(
            f"The {len(maps)} layers have no activation between them: together they can't do more than one layer.",
            fix="Give every layer but the last an activation: Dense(64, activation='relu').",
            cells=[model.cell],
            measured=measured,
        )
    left, right = flat[0]
    return advised(
        f"Between the layers {left.name} and {right.name} there is no activation: together they can't do more than "
        "one layer.",
        fix=f"Give {left.name} an activation, such as activation='relu'.",
        cells=[model.cell],
        measured=measured,
    )


@check(
    "model.layers_trainable",
    title="Layers can learn",
    help="No layer is frozen with its first random weights. Frozen pretrained or earlier trained layers are fine. "
    "Advice.",
)
def layers_trainable(evidence: Evidence, _limits: Limits) -> Verdict:
    """What is frozen has something to keep."""
    model = model_of(evidence)
    own = [item for item in evidence.trainings if model is not None and item.model == model.id]
    if model is None or not own or not model.layers:
        return not_applicable("No training of a model was seen.", origin="kernel")
    frozen = [layer for layer in model.layers if not layer.trainable and layer.parameters and _is(layer, LEARNING_MAPS)]
    if not frozen:
        return passed("All layers with weights could learn.", cells=[model.cell])
    if model.pretrained:
        return passed("What is frozen was trained before.", cells=[model.cell])
    loaded = any(call.rpartition(".")[2] in WEIGHTS_FROM_ELSEWHERE for cell in evidence.cells for call in cell.calls)
    if len(evidence.trainings) > 1 or loaded:
        return unknown("Layers are frozen; whether they had been trained before was not seen.", cells=[model.cell])
    names = ", ".join(layer.name for layer in frozen[:MOST_NAMED]) + (", ..." if len(frozen) > MOST_NAMED else "")
    return advised(
        f"Frozen with first random weights, so that nothing there ever learns: {names}.",
        fix="Leave out trainable = False: only layers that have already been trained are worth freezing.",
        cells=[model.cell, own[0].cell],
        measured={"frozen": [layer.name for layer in frozen], "trainable_parameters": model.trainable_parameters},
    )


WEIGHTS_FROM_ELSEWHERE = frozenset({"load_model", "load_weights", "set_weights", "from_pretrained", "load_state_dict"})
"""Calls by which a layer can hold weights that no training of this notebook made."""

MOST_NAMED = 4
"""Layers named in a sentence."""


def _is(layer: LayerFacts, kinds: frozenset[str]) -> bool:
    return DIMENSIONS.sub("", layer.kind.lower()) in kinds


def _neighbours(model: ModelFacts) -> list[tuple[LayerFacts, LayerFacts]]:
    """Return the pairs of linear maps that follow each other with nothing but linear layers between them."""
    maps = [at for at, layer in enumerate(model.layers) if _is(layer, MAPS)]
    return [
        (model.layers[left], model.layers[right])
        for left, right in pairwise(maps)
        if not _activation(model.layers[left]) and all(_is(item, LINEAR) for item in model.layers[left + 1 : right])
    ]


def _is_chain(model: ModelFacts) -> bool:
    """Whether a graph's layers stand one behind the other: each dense layer has the weights of what it follows.

    Two outputs beside each other don't follow one another, nor does what joins branches.
    """
    if any(_is(layer, JOINING) for layer in model.layers):
        return False
    maps = [at for at, layer in enumerate(model.layers) if _is(layer, MAPS)]
    return all(_fits(model.layers[at - 1], model.layers[at]) for at in maps[1:])


def _fits(before: LayerFacts, layer: LayerFacts) -> bool:
    """Whether a layer has the weights for what comes out of another: so many for each of its columns or channels."""
    into, out = ((shape[-1] or 0) if shape else 0 for shape in (before.output_shape, layer.output_shape))
    if not into * out or not layer.parameters:
        return False
    sizes = (layer.parameters, layer.parameters - out)  # without biases, and with them
    if _is(layer, DENSE):
        return into * out in sizes
    return any(size > 0 and size % (into * out) == 0 for size in sizes)


def _activation(layer: LayerFacts) -> str:
    return dict(layer.settings).get("activation", "").lower().replace("linear", "")


def _bottleneck(left: LayerFacts, right: LayerFacts, model: ModelFacts) -> bool:
    """Whether a layer is narrower than both its neighbours: then it is a choice, as in an autoencoder."""
    at = model.layers.index(left)
    before = model.layers[at - 1].output_shape if at else model.input_shape
    sizes = [shape[-1] if shape else None for shape in (before, left.output_shape, right.output_shape)]
    if any(size is None for size in sizes):
        return False
    into, own, out = (size or 0 for size in sizes)
    return own < min(into, out)
