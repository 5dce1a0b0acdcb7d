"""What goes wrong in training is told with its likeliest cause, and an ordinary training is left in peace."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from examples import GOOD, TABLE, find, labels, model, outcome, rows, training, verified

from grader.model import CallbackFacts, LayerFacts, SilentUnits

FALLING = (1.1, 0.8, 0.6, 0.5, 0.42, 0.36)
SYMPTOMS = ("training.loss_finite", "training.progress", "training.learning_rate", "training.no_collapse")


def trained(loss, *, optimizer="Adam", accuracy=None, **changes):
    """GOOD with another training loss, and optionally another training accuracy."""
    history = (("loss", tuple(loss)), *((("accuracy", tuple(accuracy)),) if accuracy else ()))
    run = training(history=history, epochs_done=len(loss), **changes)
    return replace(GOOD, models=(model(optimizer=optimizer),), trainings=(run,))


@pytest.mark.parametrize("check", SYMPTOMS)
@pytest.mark.parametrize("evidence", [GOOD, trained(FALLING, learning_rate=0.001), TABLE])
def test_an_ordinary_training_has_no_symptom(check, evidence):
    """A loss that falls at a usual rate is none of these checks' business."""
    assert outcome(check, evidence) in {"pass", "not_applicable"}


def test_missing_inputs_are_why_the_loss_is_no_number():
    """The first epoch without a number is named, and the missing values that made it so."""
    gaps = tuple(replace(item, nans=1) if item.id == "train" else item for item in GOOD.row_sets)
    found = find("training.loss_finite", replace(trained([0.7, math.nan, math.nan]), row_sets=gaps))
    assert (found.outcome, found.moves_level, found.measured["epoch"]) == ("fail", False, 2)
    assert "1 value of the training inputs is missing" in found.summary


def test_missing_inputs_are_why_a_network_collapses():
    """The loss may stay a number all the same: one answer for all rows, no better than guessing, and the cause."""
    flat = verified(matrix=((34, 0, 0), (33, 0, 0), (33, 0, 0)), accuracy=0.34, majority_accuracy=0.34)
    gaps = tuple(replace(item, nans=9) if item.id == "train" else item for item in GOOD.row_sets)
    for check in ("training.no_collapse", "model.learns"):
        found = find(check, replace(GOOD, verified=(flat,), row_sets=gaps))
        assert "9 values of the training inputs are missing" in found.summary
        assert "isna" in found.fix
        assert "missing" not in find(check, replace(GOOD, verified=(flat,))).summary
        assert outcome(check, replace(GOOD, row_sets=gaps)) == "pass", "a network that learns copes with them"


def test_a_high_rate_is_why_the_loss_is_no_number():
    """Without missing values, an unusual learning rate is the likeliest cause."""
    assert "learning rate of 30" in find("training.loss_finite", trained([5, math.inf], learning_rate=30.0)).summary


GUESSING = [1.3, 1.1, 1.1, 1.1, 1.1]
"""Three equal classes: a constant answer loses ln 3 = 1.0986."""


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"learning_rate": 5.0}, "learning rate of 5"),
        ({"learning_rate": 1e-9}, "learning rate of 1e-09"),
        ({}, "nothing was learned from the training rows."),
    ],
)
def test_a_loss_at_the_level_of_guessing(changes, says):
    """Falling from a bad start to what a constant answer loses is no learning, whatever `falls` says."""
    found = find("training.progress", trained(GUESSING, **changes))
    assert (found.outcome, found.moves_level) == ("fail", False)
    assert says in found.summary


def test_a_regularised_loss_above_guessing_has_learnt_all_the_same():
    """A weight penalty lifts the loss: the accuracy shows that something was learnt."""
    assert outcome("training.progress", trained(GUESSING, accuracy=(0.4, 0.6, 0.7, 0.8, 0.85))) == "pass"


def test_other_causes_of_standing_still():
    """Frozen layers, unscaled inputs and deep stacks of sigmoids are named where they are seen."""
    frozen = replace(trained(GUESSING), models=(model(trainable_parameters=0),))
    assert "frozen" in find("training.progress", frozen).summary
    raw = tuple(replace(item, high=255.0) for item in GOOD.row_sets)
    assert "unscaled" in find("training.progress", replace(trained(GUESSING), row_sets=raw)).summary
    layers = tuple(
        LayerFacts(f"d{n}", "Dense", 10, trainable=True, settings=(("activation", "sigmoid"),)) for n in range(6)
    )
    deep = replace(trained(GUESSING), models=(model(layers=layers),))
    assert "gradients fade" in find("training.progress", deep).summary


@pytest.mark.parametrize(
    ("loss", "rate", "optimizer", "says"),
    [
        ((1.2, 4.0, 9.0), 1.0, "Adam", "grows"),
        ((1.0, 0.8, 0.9, 0.6, 0.9, 0.7, 1.0, 0.6), 0.3, "Adam", "leaps"),
        (GUESSING, 5.0, "SGD", "level of guessing"),
        ((1.09, 1.08, 1.07, 1.06, 1.05, 1.04), 1e-5, "Adam", "too short"),
        (GUESSING, 1e-9, "SGD", "too short"),
    ],
)
def test_signs_of_a_learning_rate_that_does_not_fit(loss, rate, optimizer, says):
    """The sign in the curve and an unusual rate together are told, as advice."""
    found = find("training.learning_rate", trained(loss, optimizer=optimizer, learning_rate=rate))
    assert (found.outcome, found.moves_level) == ("fail", False)
    assert says in found.summary


def test_a_loss_that_never_was_a_number_tells_nothing_of_an_ordinary_rate():
    """All NaN from the first epoch: another check says so, and this one judges no rate by it."""
    never = (math.nan,) * 8
    assert outcome("training.learning_rate", trained(never, learning_rate=0.001)) == "not_applicable"
    assert "too long" in find("training.learning_rate", trained(never, learning_rate=5.0)).summary


@pytest.mark.parametrize(
    ("loss", "changes"),
    [
        ((1.0, 0.8, 0.9, 0.6, 0.9, 0.7, 1.0, 0.6), {"learning_rate": 0.001}),  # noise of a tiny set at the usual rate
        (FALLING, {"learning_rate": 0.05}),  # bold, and it works
        ((1.0, 0.1, 0.01, 0.003, 0.005, 0.002, 0.004), {"learning_rate": 0.05}),  # at its floor all leaps are small
        ((1.09, 1.08, 1.07, 1.06, 1.05, 1.04), {"learning_rate": 1e-4}),  # a common choice
        (
            (1.09, 1.08, 1.07, 1.06, 1.05, 1.04),
            {"learning_rate": 1e-6, "callbacks": (CallbackFacts("LearningRateScheduler"),)},
        ),
        (FALLING, {"learning_rate": None}),
    ],
)
def test_no_alarm_without_both_the_sign_and_the_rate(loss, changes):
    """Noise at a usual rate, and an unusual rate that works, are left alone."""
    assert outcome("training.learning_rate", trained(loss, **changes)) == "pass"


def test_fine_tuning_is_rightly_slow():
    """A pretrained backbone is trained at a rate that would be too low for new weights."""
    slow = trained((1.09, 1.08, 1.07, 1.06, 1.05, 1.04), learning_rate=1e-5)
    assert outcome("training.learning_rate", replace(slow, models=(model(pretrained="MobileNetV2"),))) == "pass"


def test_a_collapse_to_one_class():
    """All rows answered alike; the class is called by its name."""
    found = find(
        "training.no_collapse", replace(GOOD, verified=(verified(matrix=((34, 0, 0), (33, 0, 0), (33, 0, 0))),))
    )
    assert (found.outcome, found.moves_level, found.origin) == ("fail", False, "verified")
    assert "“shirts”" in found.summary


def test_a_common_class_that_is_never_answered():
    """A third of the rows is no rare class; two rows of a hundred are."""
    missed = replace(GOOD, verified=(verified(matrix=((34, 0, 0), (33, 0, 0), (3, 0, 30))),))
    assert "“coats” (33 rows)" in find("training.no_collapse", missed).summary
    rare = replace(GOOD, verified=(verified(matrix=((60, 0, 3), (2, 0, 0), (3, 0, 32))),))
    assert outcome("training.no_collapse", rare) == "pass"


# ---------------------------------------------------------------- layers
def stack(*kinds, kind="sequential", units=64, **changes):
    """GOOD with these layers: `Dense` has no activation, `Dense+relu` has one."""
    layers = tuple(
        LayerFacts(
            f"l{at}",
            name.partition("+")[0],
            100 if name.startswith(("Dense", "Conv")) else 0,
            trainable=True,
            output_shape=(None, units if at < len(kinds) - 1 else 3),
            settings=(("activation", name.partition("+")[2] or "linear"),),
        )
        for at, name in enumerate(kinds)
    )
    return replace(GOOD, models=(model(layers=layers, kind=kind, input_shape=(None, 64), **changes),))


@pytest.mark.parametrize(
    ("kinds", "says"),
    [
        (("Dense", "Dense", "Dense+softmax"), "3 layers have no activation"),
        (("Dense", "Dropout", "BatchNormalization", "Dense+softmax"), "2 layers have no activation"),
        (("Conv2D", "Flatten", "Dense+softmax"), "2 layers have no activation"),
        (("Dense+relu", "Dense", "Dense+softmax"), "l1 and l2"),
    ],
)
def test_layers_that_are_one(kinds, says):
    """Linear maps with nothing but linear layers between them are one: advice."""
    found = find("model.nonlinear", stack(*kinds))
    assert (found.outcome, found.moves_level) == ("fail", False)
    assert says in found.summary


@pytest.mark.parametrize(
    "kinds",
    [
        ("Dense+relu", "Dense+softmax"),
        ("Dense", "BatchNormalization", "Activation+relu", "Dense+softmax"),
        ("Dense", "LeakyReLU", "Dense+softmax"),
        ("Conv2D", "MaxPooling2D", "Flatten", "Dense+softmax"),
        ("Conv2D", "Relu", "Conv2D+relu", "Dense+softmax"),
        ("Dense", "TheirOwnLayer", "Dense+softmax"),
        ("Embedding", "GlobalAveragePooling1D", "Dense+softmax"),
    ],
)
def test_layers_with_something_between(kinds):
    """An activation by any name, pooling by the largest, a layer of the student's own: nothing to say."""
    assert outcome("model.nonlinear", stack(*kinds)) in {"pass", "not_applicable"}


def test_a_bottleneck_is_a_choice():
    """A narrow layer without activation, as in an autoencoder, is no mistake."""
    evidence = stack("Dense+relu", "Dense", "Dense+relu", "Dense+softmax")
    (known,) = evidence.models
    layers = tuple(replace(item, output_shape=(None, 8)) if item.name == "l1" else item for item in known.layers)
    assert outcome("model.nonlinear", replace(evidence, models=(replace(known, layers=layers),))) == "pass"
    assert outcome("model.nonlinear", evidence) == "fail"


def test_what_is_between_layers_is_not_always_seen():
    """A subclassed network has its activations in code; of a graph with branches only a wholly linear one is sure."""
    assert outcome("model.nonlinear", stack("Dense", "Dense", kind="subclassed")) == "unknown"
    assert outcome("model.nonlinear", stack("Dense+relu", "Dense", "Dense", "Dense", kind="functional")) == "pass"
    assert outcome("model.nonlinear", stack("Dense", "Dense", "Dense", kind="functional")) == "fail"


def weighed(evidence, *parameters):
    """The same network with so many weights in each of its layers."""
    (known,) = evidence.models
    layers = tuple(replace(item, parameters=count) for item, count in zip(known.layers, parameters, strict=True))
    return replace(evidence, models=(replace(known, layers=layers),))


CHAINS = [
    (("Dense+relu", "Dense+softmax"), (4160, 195), "pass"),
    (("Dense", "Dense+softmax"), (4160, 195), "fail"),
    (("Dense", "Dropout", "Dense+softmax"), (4160, 0, 195), "fail"),
    (("Conv2D", "Conv2D+relu", "Flatten", "Dense+softmax"), (640, 36928, 0, 195), "fail"),
    (("Dense+relu", "Dense", "Dense+softmax"), (4160, 4160, 195), "fail"),
]


@pytest.mark.parametrize(("kinds", "parameters", "said"), CHAINS)
@pytest.mark.parametrize("kind", ["sequential", "functional"])
def test_a_chain_is_judged_alike_however_it_is_written(kind, kinds, parameters, said):
    """Sequential, or functional with each layer on the one before it, as its weights tell: the same verdict."""
    evidence = weighed(stack(*kinds, kind=kind), *parameters)
    assert outcome("model.nonlinear", evidence) == said


def test_outputs_beside_each_other_are_no_chain():
    """Two dense layers on 20 inputs each: the second has no weights for the first one's 64 outputs."""
    assert outcome("model.nonlinear", weighed(stack("Dense", "Dense", kind="functional"), 1344, 63)) == "not_applicable"
    joined = weighed(stack("Dense", "Dense", "Concatenate", kind="functional"), 4160, 4160, 0)
    assert outcome("model.nonlinear", joined) == "not_applicable"


def frozen(**changes):
    evidence = stack("Conv2D+relu", "Flatten", "Dense+softmax", **changes)
    (known,) = evidence.models
    layers = tuple(replace(item, trainable=item.kind != "Conv2D") for item in known.layers)
    return replace(evidence, models=(replace(known, layers=layers),))


def test_random_weights_that_never_learn():
    """Freezing a layer that nothing has trained yet is told; a backbone, or a second training, is not."""
    found = find("model.layers_trainable", frozen())
    assert (found.outcome, found.moves_level, found.measured["frozen"]) == ("fail", False, ["l0"])
    assert outcome("model.layers_trainable", GOOD) == "pass"
    assert outcome("model.layers_trainable", frozen(pretrained="VGG16")) == "pass"
    assert outcome("model.layers_trainable", replace(frozen(), trainings=(training(), training(id="t2")))) == "unknown"


# ---------------------------------------------------------------- the last layer, advice
@pytest.mark.parametrize(
    ("changes", "form", "says"),
    [
        ({"output_activation": "sigmoid"}, "int", "each of the 3 sigmoid units"),
        ({"loss": "binary_crossentropy"}, "one_hot", "yes-or-no"),
        ({"loss": "mse"}, "one_hot", "slowly"),
    ],
)
def test_outputs_that_train_all_the_same(changes, form, says):
    """What learns, only worse, is advice and costs no level."""
    sets = tuple(replace(item, labels=labels(item.rows, form=form)) for item in GOOD.row_sets)
    found = find("model.output_matches_labels", replace(GOOD, row_sets=sets, models=(model(**changes),)))
    assert (found.outcome, found.moves_level) == ("fail", False)
    assert says in found.summary


def test_the_honest_twins_of_these_outputs():
    """One-hot labels with categorical cross-entropy, and sigmoid units with the binary one, fit."""
    sets = tuple(replace(item, labels=labels(item.rows, form="one_hot")) for item in GOOD.row_sets)
    one_hot = replace(GOOD, row_sets=sets)
    for changes in (
        {"loss": "categorical_crossentropy"},
        {"loss": "binary_crossentropy", "output_activation": "sigmoid"},
    ):
        assert outcome("model.output_matches_labels", replace(one_hot, models=(model(**changes),))) == "pass"
    assert rows("x", 3, "test").nans == 0


# ---------------------------------------------------------------- units
def looked_at(*layers, **changes):
    silent = tuple(SilentUnits(f"l{at}", *counts) for at, counts in enumerate(layers))
    evidence = trained(FALLING, **changes)
    return replace(evidence, verified=(verified(silent_units=silent),))


def test_a_layer_that_fell_silent():
    """Most units of a layer answer 0 to every row: told with the rate that did it, as advice."""
    found = find("training.units_alive", looked_at((32, 5), (16, 16), learning_rate=5.0))
    assert (found.outcome, found.moves_level, found.origin) == ("fail", False, "verified")
    assert found.summary.startswith("All 16 units of the layer l1 answer 0 to every row, after training at a learning")


@pytest.mark.parametrize("layers", [((32, 12), (16, 3)), ((4, 4),), ((64, 40),)])
def test_silent_units_of_ordinary_networks(layers):
    """A third is ordinary, and so is more of a wide layer; of a handful of units nothing is said."""
    assert outcome("training.units_alive", looked_at(*layers)) == "pass"


@pytest.mark.parametrize(("accuracy", "expected"), [(0.9, "pass"), (0.45, "fail")])
def test_silent_units_that_nobody_misses(accuracy, expected):
    """Three quarters of a layer silent: worth telling where the network hardly beats the guesser."""
    evidence = looked_at((16, 12))
    few = replace(evidence.verified[0], accuracy=accuracy, majority_accuracy=0.4)
    assert outcome("training.units_alive", replace(evidence, verified=(few,))) == expected


def test_backbones_are_not_looked_at():
    """What others trained is as it is, and without ReLU layers there is nothing to see."""
    assert outcome("training.units_alive") == "not_applicable"
    evidence = replace(looked_at((32, 32)), models=(model(pretrained="VGG16"),))
    assert outcome("training.units_alive", evidence) == "not_applicable"
