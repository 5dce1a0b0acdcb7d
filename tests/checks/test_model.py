"""The network and its training: what fits together, what learns, what is only unusual."""

from __future__ import annotations

from dataclasses import replace

import pytest
from examples import GOOD, TABLE, find, labels, model, outcome, rows, saying, scoring, training, verified, without

from grader.model import Diagnosis, LayerFacts, RowSet


def with_model(**changes):
    return replace(GOOD, models=(model(**changes),))


def labelled(**changes):
    """GOOD with other labels on every row set."""
    return tuple(replace(item, labels=labels(item.rows, **changes)) for item in GOOD.row_sets)


TWO = {"classes": ("0", "1"), "counts": (150, 150), "form": "binary", "high": 1.0}


def two_classes(**changes):
    return replace(GOOD, row_sets=labelled(**TWO), verified=(), models=(model(**changes),))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"output_shape": (None, 1), "output_activation": "softmax"}, "always 1"),
        ({"output_shape": (None, 1), "output_activation": "sigmoid", "loss": "binary_crossentropy"}, "3"),
        ({"output_shape": (None, 2)}, "3 classes"),
        ({"from_logits": True}, "already applies softmax"),
        ({"output_activation": "relu"}, "probabilities"),
        ({"output_activation": "linear"}, "probabilities"),
        ({"loss": "mse", "output_activation": "relu"}, "distances"),
        ({"loss": "categorical_crossentropy"}, "one-hot"),
        ({"output_shape": (None, 1), "output_activation": "sigmoid"}, "single"),
    ],
)
def test_outputs_that_do_not_fit_are_told_apart(changes, says):
    """Each mismatch of units, activation, loss and labels fails with the sentence that explains it."""
    found = find("model.output_matches_labels", with_model(**changes))
    assert found.outcome == "fail"
    assert says in found.summary


@pytest.mark.parametrize(
    "changes",
    [
        {"output_activation": "linear", "from_logits": True},
        {"loss": "SparseCategoricalCrossentropy"},
        {"loss": "keras.losses.SparseCategoricalCrossentropy"},
        {"output_shape": (None, 10)},
    ],
)
def test_other_correct_ways_to_write_it(changes):
    """Logits with from_logits, class names of losses, more units than classes seen: all right."""
    assert outcome("model.output_matches_labels", with_model(**changes)) == "pass"


def test_one_sigmoid_unit_for_two_classes_fits():
    """The textbook binary classifier is right, and so are two softmax units."""
    sigmoid = {"output_shape": (None, 1), "output_activation": "sigmoid", "loss": "binary_crossentropy"}
    assert outcome("model.output_matches_labels", two_classes(**sigmoid)) == "pass"
    assert outcome("model.output_matches_labels", two_classes(output_shape=(None, 2))) == "pass"


def test_labels_beyond_the_units():
    """Classes numbered from one overrun the units."""
    shifted = replace(GOOD, row_sets=labelled(low=1.0, high=3.0))
    assert "run from 1 to 3" in find("model.output_matches_labels", shifted).summary


def test_a_custom_loss_is_not_judged():
    """What the check doesn't know is unknown, not wrong."""
    assert outcome("model.output_matches_labels", with_model(loss="my_loss")) == "unknown"


def test_regression_outputs():
    """A bounded activation can't reach the targets; a classification loss is no error measure."""
    assert outcome("model.output_matches_labels", TABLE) == "pass"
    bounded = replace(TABLE, models=(replace(TABLE.models[0], output_activation="sigmoid"),))
    assert "between 0 and 1" in find("model.output_matches_labels", bounded).summary
    entropy = replace(TABLE, models=(replace(TABLE.models[0], loss="binary_crossentropy"),))
    assert outcome("model.output_matches_labels", entropy) == "fail"


DENSE = (LayerFacts("f", "Flatten", 0, trainable=True), LayerFacts("d", "Dense", 10, trainable=True))


def test_a_dense_net_on_images_is_not_a_cnn():
    """Flattened images are still images; tables need no convolution; a backbone has its own."""
    assert outcome("model.cnn_for_images", with_model(layers=DENSE)) == "fail"
    assert outcome("model.cnn_for_images", with_model(layers=DENSE, pretrained="MobileNetV2")) == "pass"
    assert outcome("model.cnn_for_images", replace(with_model(layers=DENSE), input_kind="table")) == "not_applicable"
    assert outcome("model.cnn_for_images", replace(with_model(layers=DENSE), input_kind="unknown")) == "unknown"


def test_training_that_completed_and_changed_weights():
    """No weight changed: failed. Not seen whether: unknown. Never completed: failed."""
    assert outcome("model.trains", replace(GOOD, trainings=(training(weights_changed=False),))) == "fail"
    assert outcome("model.trains", replace(GOOD, trainings=(training(weights_changed=None),))) == "unknown"
    assert outcome("model.trains", replace(GOOD, trainings=(training(completed=False),))) == "fail"


def test_unwatched_frameworks_leave_training_unknown():
    """A PyTorch loop that no hook saw is not `nothing trained`."""
    torch = replace(GOOD, trainings=(), models=(), code=replace(GOOD.code, imports=("torch.nn",)))
    assert outcome("model.trains", torch) == "unknown"


def test_no_better_than_the_commonest_class():
    """On imbalanced classes 70 % can be nothing: the majority is what must be beaten, beyond chance."""
    guess = replace(GOOD, verified=(verified(accuracy=0.72, majority_accuracy=0.7),))
    assert outcome("model.learns", guess) == "fail"
    assert outcome("model.learns", replace(GOOD, verified=(verified(accuracy=0.9, majority_accuracy=0.7),))) == "pass"


@pytest.mark.parametrize(
    ("accuracy", "majority", "rows", "said"),
    [
        (0.528, 0.389, 36, "unknown"),
        (0.5, 0.361, 36, "unknown"),
        (0.36, 0.361, 36, "fail"),
        (0.8, 0.361, 36, "pass"),
        (0.45, 0.4, 400, "fail"),
        (0.528, 0.389, 360, "pass"),
    ],
)
def test_a_few_rows_tell_a_good_model_from_none_only_roughly(accuracy, majority, rows, said):
    """Nineteen of 36 right where guessing has fourteen: luck, or a fair model; of more rows it can be told."""
    known = verified(accuracy=accuracy, majority_accuracy=majority, rows_total=rows, rows_used=rows)
    assert outcome("model.learns", replace(GOOD, verified=(known,))) == said
    flat = replace(known, predicted_classes=1)
    assert said == "pass" or outcome("model.learns", replace(GOOD, verified=(flat,))) == "fail"


def test_a_collapse_is_named():
    """A model that always answers one class is told so."""
    flat = verified(accuracy=0.34, majority_accuracy=0.34, predicted_classes=1)
    assert "same class" in find("model.learns", replace(GOOD, verified=(flat,))).summary


def test_learning_without_a_scoring_is_read_from_validation():
    """Validation accuracy of the history counts, as a claim."""
    found = find("model.learns", replace(GOOD, scorings=(), verified=(), final_scoring=None))
    assert (found.outcome, found.origin) == ("pass", "kernel")


def test_regression_must_beat_the_median():
    """An error like the median's is nothing learnt."""
    assert outcome("model.learns", TABLE) == "pass"
    flat = replace(TABLE, verified=(replace(TABLE.verified[0], mae=64.0),))
    assert outcome("model.learns", flat) == "fail"


def test_tuning_by_mechanism_or_comparison():
    """Early stopping or dropout will do; so will two settings compared on validation data; one bare model won't."""
    bare = with_model(layers=DENSE)
    plain = training(callbacks=())
    one = replace(bare, trainings=(plain,))
    assert outcome("model.choices_tuned", one) == "fail"
    wider = replace(model(layers=(DENSE[0], replace(DENSE[1], settings=(("units", "64"),)))), id="m2")
    two = replace(one, models=(*bare.models, wider), trainings=(plain, replace(plain, id="t2", model="m2")))
    assert find("model.choices_tuned", two).measured["configurations"] == 2
    blind = tuple(replace(item, validation_rows=None) for item in two.trainings)
    assert outcome("model.choices_tuned", replace(two, trainings=blind)) == "fail"


def test_the_same_model_trained_twice_is_no_comparison():
    """Two trainings of one setting compare nothing."""
    bare = replace(with_model(layers=DENSE), trainings=(training(callbacks=()), training(id="t2", callbacks=())))
    assert outcome("model.choices_tuned", bare) == "fail"


def test_a_choice_needs_a_reason_in_words():
    """Named is not justified; a language that can't be read is unknown."""
    assert outcome("model.choices_justified", without(GOOD, "choice_reason")) == "fail"
    named = replace(next(p for p in GOOD.prose.passages if p.topic == "choice_reason"), strength="named")
    assert outcome("model.choices_justified", saying(GOOD, named)) == "fail"
    turkish = replace(
        without(GOOD, "choice_reason"), prose=replace(without(GOOD, "choice_reason").prose, language="tr")
    )
    assert outcome("model.choices_justified", turkish) == "unknown"


def test_the_reference_band_is_only_advice():
    """Below the band is advice; far below asks for a person; no reference doesn't apply."""
    low = find("model.reference_band", replace(GOOD, verified=(verified(accuracy=0.5),)))
    assert (low.outcome, low.moves_level) == ("fail", False)
    assert low.review
    assert outcome("model.reference_band", replace(GOOD, references=())) == "not_applicable"


def raw_pixels(**changes):
    pixels: tuple[RowSet, ...] = (rows("train", 300, "train", high=255.0), *GOOD.row_sets[1:])
    return replace(GOOD, row_sets=pixels, models=(model(**changes),))


@pytest.mark.parametrize("first", ["Rescaling", "Normalization", "BatchNormalization", "Embedding"])
def test_rescaling_inside_the_model_counts(first):
    """Raw pixels are advice, unless the first layer takes them."""
    assert outcome("training.inputs_scaled", raw_pixels()) == "fail"
    layers = (LayerFacts("first", first, 4, trainable=True), *model().layers)
    assert outcome("training.inputs_scaled", raw_pixels(layers=layers)) == "pass"


def test_efficientnet_scales_inside():
    """EfficientNet expects 0..255."""
    assert outcome("training.inputs_scaled", raw_pixels(pretrained="EfficientNetB0")) == "pass"


@pytest.mark.parametrize(
    ("losses", "expected"),
    [
        ((0.9, 0.5, 0.3), "pass"),
        ((0.9, 1.2, 0.8), "pass"),
        ((0.9, 0.95, 1.4), "fail"),
        ((0.9, float("nan")), "fail"),
        ((0.9,), "pass"),
        ((), "unknown"),
    ],
)
def test_a_clean_training_falls(losses, expected):
    """Finite and falling; one noisy epoch is fine, one epoch alone shows only that it is finite."""
    evidence = replace(GOOD, trainings=(training(history=(("loss", losses),)),))
    assert outcome("training.loss_falls", evidence) == expected


def test_the_diagnosis_never_fails():
    """It informs: measured kind and epoch; unknown where the curves say nothing; not applicable untrained."""
    overfit = replace(GOOD, diagnoses=(Diagnosis("t1", "overfit", 4, 0.2, "From epoch 4 on it overfits."),))
    found = find("training.diagnosis", overfit)
    assert found.outcome == "pass"
    assert found.measured == {"kind": "overfit", "epoch": 4, "gap": 0.2}
    assert outcome("training.diagnosis", replace(GOOD, diagnoses=())) == "unknown"
    assert outcome("training.diagnosis", replace(GOOD, trainings=())) == "not_applicable"


def test_training_rows_alone_still_show_learning():
    """Scored on training rows only, the evaluation is at fault, not the model."""
    only_train = replace(GOOD, scorings=(scoring(rows="train", role="train"),), verified=(verified(rows="train"),))
    found = find("model.learns", only_train)
    assert found.outcome == "pass"
    assert "training rows" in found.summary


def test_a_loop_of_ones_own_trains():
    """A custom loop reports no epochs; that it ended with other weights is training."""
    loop = training(epochs_done=0, history=(), weights_changed=True)
    assert outcome("model.trains", replace(GOOD, trainings=(loop,))) == "pass"
    assert "epoch" not in find("model.trains", replace(GOOD, trainings=(loop,))).summary
    assert find("training.loss_falls", replace(GOOD, trainings=(loop,))).origin == "verified"
    unmeasured = replace(GOOD, trainings=(loop,), verified=())
    assert outcome("training.loss_falls", unmeasured) == "unknown"


def test_a_subclassed_models_units_are_those_of_its_last_layer():
    """Keras knows no output shape of a subclassed model; its last dense layer says how many answers there are."""
    model = GOOD.models[0]
    last = replace(model.layers[-1], kind="Dense", output_shape=(), settings=(("units", "3"),), parameters=30)
    inside = replace(model, kind="subclassed", output_shape=(), layers=(*model.layers[:-1], last))
    assert outcome("model.output_matches_labels", replace(GOOD, models=(inside,))) == "pass"
    few = replace(inside, layers=(*model.layers[:-1], replace(last, settings=(("units", "2"),))))
    assert outcome("model.output_matches_labels", replace(GOOD, models=(few,))) == "fail"


def test_a_loop_without_a_seen_loss_is_judged_by_units_and_skill():
    """Units as many as classes, and verified skill: the loss must fit; too few units stay unknown."""
    fitting = replace(GOOD, models=(replace(GOOD.models[0], loss=""),))
    assert find("model.output_matches_labels", fitting).origin == "verified"
    few = replace(GOOD, models=(replace(GOOD.models[0], loss="", output_shape=(None, 2)),))
    assert outcome("model.output_matches_labels", few) == "unknown"


def test_a_softmax_of_one_unit_is_wrong_whatever_the_loss():
    """No loss can mend an answer that is always one."""
    alone = replace(GOOD.models[0], loss="", output_shape=(None, 1), output_activation="softmax")
    assert outcome("model.output_matches_labels", replace(GOOD, models=(alone,))) == "fail"


def test_a_diverged_training_is_not_clean():
    """A loss that fell first and blew up then is not falling."""
    diverged = (Diagnosis(GOOD.trainings[-1].id, "diverged", 3, None, "The training loss grew from epoch 3 on."),)
    assert outcome("training.loss_falls", replace(GOOD, diagnoses=diverged)) == "fail"


def test_labels_count_in_the_form_fit_was_given():
    """Rows split with class numbers and fitted with `to_categorical(y)` are one-hot to the loss."""
    categorical = replace(GOOD, models=(model(loss="categorical_crossentropy"),))
    assert outcome("model.output_matches_labels", categorical) == "fail"
    given = replace(labels(100), form="one_hot", low=0.0, high=1.0)
    one_hot = replace(categorical, trainings=(training(labels=given),))
    assert outcome("model.output_matches_labels", one_hot) == "pass"
