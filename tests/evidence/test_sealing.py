"""What leaves a run for recomputation: which scorings, with which labels, in which encoding."""

from __future__ import annotations

import numpy as np
import pytest
from run_builder import RunBuilder

from grader.evidence.files import vocabulary
from grader.evidence.sealing import MAX_SEALED, reference_data, sealed_scorings


@pytest.fixture
def made(tmp_path):
    return RunBuilder(tmp_path)


def pictures(count, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (count, 8, 8)).astype(np.uint8), rng.integers(0, 10, count)


def seal(made):
    return sealed_scorings(made.evidence(), made.run())


def labels_of(sealed):
    return np.load(sealed.labels.values, allow_pickle=False)


def test_evaluate_gives_rows_labels_and_training_labels(made):
    """An evaluated model leaves with its rows, its labels and the labels it was trained on."""
    x, y = pictures(200)
    made.model()
    made.fit("m1", x[:150], y[:150])
    made.evaluate("m1", x[150:], y[150:])
    (sealed,) = seal(made)
    assert sealed.model.read_bytes() == b"a sealed model"
    assert np.array_equal(np.load(sealed.rows.values), x[150:].astype(np.float32))
    assert np.array_equal(labels_of(sealed), y[150:])
    assert np.array_equal(np.load(sealed.train_labels.values), y[:150])
    assert sealed.labels.classes == tuple("0123456789")
    assert (sealed.task, sealed.input_kind, sealed.from_logits) == ("classification", "image", False)


def test_index_is_the_output_unit_even_where_a_class_is_missing(made):
    """Test labels without class 3 keep the numbers of the model's units."""
    x, y = pictures(200)
    y[150:][y[150:] == 3] = 4
    made.model()
    made.fit("m1", x[:150], y[:150])
    made.evaluate("m1", x[150:], y[150:])
    assert np.array_equal(labels_of(seal(made)[0]), y[150:])


def test_one_hot_and_whole_number_labels_are_the_same_classes(made):
    """Training on one-hot labels and scoring with class numbers gives one list of classes."""
    x, y = pictures(200)
    made.model(loss="categorical_crossentropy")
    made.fit("m1", x[:150], np.eye(10)[y[:150]])
    made.evaluate("m1", x[150:], y[150:])
    (sealed,) = seal(made)
    assert np.array_equal(labels_of(sealed), y[150:])
    assert np.array_equal(np.load(sealed.train_labels.values), y[:150])


def test_predicted_rows_get_the_labels_they_were_split_with(made):
    """`predict` names no labels: those the split gave the same rows are used."""
    x, y = pictures(200)
    x_train, x_test, y_train, y_test = made.split(x, y, 50)
    made.model()
    made.fit("m1", x_train, y_train)
    made.predict("m1", x_test)
    assert np.array_equal(labels_of(seal(made)[0]), y_test)


def test_equal_rows_of_unequal_labels_keep_their_order(made):
    """Two wines of the same measurements may be of two kinds: predicted rows take the labels of their own places."""
    x, y = pictures(200)
    x_train, x_test, y_train, y_test = made.split(x, y, 50)
    x_test[[3, 40]], y_test[3], y_test[40] = x_test[7], 1, 2
    x_test[41:44], y_test[41:44] = x_test[44], [5, 6, 7]
    made.model()
    made.fit("m1", x_train, y_train)
    made.evaluate("m1", x_test, y_test)
    made.predict("m1", x_test)
    assert all(np.array_equal(labels_of(sealed), y_test) for sealed in seal(made))


def test_predicted_rows_are_matched_one_by_one_through_a_scaler(made):
    """Labels of rows that were scaled and reordered after the split are found row by row."""
    x, y = np.random.default_rng(2).normal(size=(200, 5)), np.arange(200) % 3
    x_train, x_test, y_train, y_test = made.split(x, y, 50)
    made.transform(x_test, x_test * 2 + 1)
    made.model(units=3)
    made.fit("m1", x_train, y_train)
    made.predict("m1", (x_test * 2 + 1)[::-1])
    assert np.array_equal(labels_of(seal(made)[0]), y_test[::-1])


def test_sets_that_lack_different_classes_are_joined_by_class_and_not_by_code(made):
    """Two loaded parts with other classes each: rows of both get their own class, whatever its place in its list."""
    x, y = pictures(200)
    y = np.where(np.arange(200) < 100, 1 + y % 2, 2 * (y % 2))
    parts = [{"rows": made.rows(x[part]), "labels": made.labels(y[part])} for part in (slice(0, 100), slice(100, 200))]
    made.send("data.loaded", function="load", parts=parts)
    made.model(units=3)
    made.fit("m1", x[:150], y[:150])
    made.predict("m1", x[60:])
    assert np.array_equal(labels_of(seal(made)[0]), y[60:])


def test_predicted_pictures_are_matched_through_plain_scaling(made):
    """Labels from a loader reach pictures divided by 255 by their canonical form."""
    x, y = pictures(200)
    made.labelled(x, y)
    made.send("data.loaded", function="sklearn.datasets.load_digits", parts=[{"rows": "r1", "labels": "l1"}])
    made.model()
    made.fit("m1", x[:150] / 255, y[:150])
    made.predict("m1", x[150:] / 255)
    assert np.array_equal(labels_of(seal(made)[0]), y[150:])


def test_predicted_rows_get_the_labels_of_the_metric_given_their_predictions(made):
    """Where rows were never seen labelled, the metric that was given the predictions knows the truth."""
    x, y = pictures(200)
    answers = np.eye(10)[np.roll(y[150:], 1)] * 0.9
    made.model()
    made.fit("m1", x[:150], y[:150])
    scoring = made.predict("m1", x[150:], predictions=answers)
    made.metric("sklearn.metrics.accuracy_score", y[150:], answers.argmax(axis=1), value=0.1)
    evidence = made.evidence()
    (call,) = evidence.metric_calls
    assert (call.scoring, call.true_role) == (scoring, "test")
    assert np.array_equal(labels_of(seal(made)[0]), y[150:])


def test_scoring_on_its_own_answers_is_checked_against_the_source(made):
    """Labels made up at the scoring lose against those the rows were split with, and it is noted."""
    x, y = pictures(400)
    x_train, x_test, y_train, y_test = made.split(x, y, 100)
    made.model()
    made.fit("m1", x_train, y_train)
    made.evaluate("m1", x_test, np.roll(y_test, 1))
    (sealed,) = seal(made)
    assert np.array_equal(labels_of(sealed), y_test)
    assert "not those the rows came with" in sealed.seal_note


def test_relabelled_tasks_keep_their_own_classes(made):
    """Ten classes made two by the student are the student's two classes, at predict too."""
    x, y = pictures(400)
    x_train, x_test, y_train, y_test = made.split(x, y, 100)
    made.model(units=1, loss="binary_crossentropy", output_activation="sigmoid")
    made.fit("m1", x_train, (y_train > 4).astype(np.float32))
    made.predict("m1", x_test)
    (sealed,) = seal(made)
    assert sealed.labels.classes == ("0", "1")
    assert np.array_equal(labels_of(sealed), y_test > 4)


def test_regression_labels_stay_numbers(made):
    """Numbers to predict leave as float64 without classes."""
    x, y = np.random.default_rng(2).normal(size=(200, 5)), np.random.default_rng(3).normal(size=200)
    made.model(units=1, loss="mse", output_activation="linear")
    made.fit("m1", x[:150], y[:150])
    made.evaluate("m1", x[150:], y[150:])
    (sealed,) = seal(made)
    assert (sealed.task, sealed.labels.classes, sealed.from_logits) == ("regression", (), False)
    assert np.array_equal(labels_of(sealed), y[150:])


@pytest.mark.parametrize(
    ("activation", "from_logits", "units", "expected"),
    [
        ("linear", True, 10, True),
        ("linear", None, 10, True),
        ("softmax", True, 10, False),
        ("sigmoid", False, 1, False),
        ("linear", True, 1, True),
    ],
)
def test_logits_are_told_by_the_output_and_the_loss(made, activation, from_logits, units, expected):
    """Linear outputs of a classifier are logits; a softmax output never is, whatever the loss was told."""
    x, y = pictures(200)
    made.model(units=units, output_activation=activation, layers=[])
    made.events[-1].fields["from_logits"] = from_logits
    made.fit("m1", x[:150], y[:150] % max(2, units))
    made.evaluate("m1", x[150:], y[150:] % max(2, units))
    assert seal(made)[0].from_logits is expected


def test_final_scoring_comes_first_and_the_number_is_capped(made):
    """Many models scored on the test set: the result first, at most MAX_SEALED, each state once."""
    x, y = pictures(200)
    for number in range(10):
        made.model(f"m{number}")
        made.fit(f"m{number}", x[:150], y[:150])
        made.evaluate(f"m{number}", x[150:], y[150:])
        made.predict(f"m{number}", x[150:])
    evidence = made.evidence()
    found = sealed_scorings(evidence, made.run())
    assert len(found) == MAX_SEALED
    assert found[0].scoring == evidence.final_scoring
    assert len({item.model_id for item in found}) == MAX_SEALED


def test_predictions_for_show_are_not_recomputed(made):
    """A picture predicted after the result is not worth a recomputation."""
    x, y = pictures(200)
    made.model()
    made.fit("m1", x[:150], y[:150])
    result = made.evaluate("m1", x[150:], y[150:])
    made.evaluate("m1", x[160:161], y[160:161])
    assert [item.scoring for item in seal(made)] == [result]


def test_an_unsealed_model_leaves_with_its_predictions_and_the_reason(made):
    """Where sealing failed the claimed predictions leave alone, and the note says why."""
    x, y = pictures(200)
    made.model()
    made.fit("m1", x[:150], y[:150])
    made.send("model.sealed", model="m1", weights=made.weights("m1"), why_not="a Lambda layer holds Python code")
    made.score("m1", x[150:], y[150:], seal=False, predictions=np.eye(10)[y[150:]])
    (sealed,) = seal(made)
    assert sealed.model is None
    assert sealed.predictions is not None
    assert sealed.seal_note == "a Lambda layer holds Python code"


def test_predictions_of_another_length_are_not_taken(made):
    """Claimed predictions that don't answer row for row are no evidence."""
    x, y = pictures(200)
    made.model()
    made.fit("m1", x[:150], y[:150])
    made.score("m1", x[150:], y[150:], predictions=np.eye(10)[y[150:]][:20])
    assert seal(made)[0].predictions is None


def test_ids_that_look_alike_do_not_share_a_file(made):
    """The labels of one scoring can't be overwritten by another whose id differs in punctuation only."""
    x, y = pictures(300)
    made.model()
    made.fit("m1", x[:150], y[:150])
    for name, part in (("s.1", slice(150, 220)), ("s_1", slice(200, 300))):
        made.evaluate("m1", x[part], y[part])
        made.events[-1].fields["score"] = name
    assert {item.labels.values for item in seal(made)} != {seal(made)[0].labels.values}
    assert all(len(labels_of(item)) == item.rows.total for item in seal(made))


def test_nothing_leaves_without_rows_or_labels(made):
    """Rows whose values were not kept, and rows nobody labelled, can't be recomputed."""
    x, y = pictures(200)
    made.model()
    made.fit("m1", x[:150], y[:150])
    made.predict("m1", x[150:])
    assert seal(made) == ()
    made.evaluate("m1", x[150:], y[150:])
    made.artifacts = {name: path for name, path in made.artifacts.items() if "e" in name}
    assert seal(made) == ()


def test_reference_data_holds_the_students_own_split(made):
    """Reference recipes get the training rows (without the validation tail) and the test rows, under one key."""
    x, y = pictures(200)
    made.model()
    made.fit("m1", x[:150], y[:150], validation_split=0.2)
    made.evaluate("m1", x[150:], y[150:])
    data = reference_data(made.evidence(), made.run())
    assert np.array_equal(np.load(data.train.values), x[:120])
    assert np.array_equal(np.load(data.train_labels.values), y[:120])
    assert np.array_equal(np.load(data.test.values), x[150:])
    assert data.key == reference_data(made.evidence(), made.run()).key


def test_reference_key_tells_splits_apart(tmp_path):
    """Another split of the same rows has another key."""
    keys = set()
    for border in (140, 150):
        made = RunBuilder(tmp_path / str(border))
        x, y = pictures(200)
        made.model()
        made.fit("m1", x[:border], y[:border])
        made.evaluate("m1", x[border:], y[border:])
        keys.add(reference_data(made.evidence(), made.run()).key)
    assert len(keys) == 2


def test_no_reference_without_held_out_rows(made):
    """A notebook that only scored its training rows has no split to compare on."""
    x, y = pictures(200)
    made.model()
    made.fit("m1", x, y)
    made.evaluate("m1", x, y)
    assert reference_data(made.evidence(), made.run()) is None


def test_vocabulary_orders_classes_like_the_output_units():
    """Whole numbers stand for themselves where they fit the units; names are sorted."""
    assert vocabulary(("7", "3"), 10) == tuple("0123456789")
    assert vocabulary(("7", "9"), 2) == ("7", "9")
    assert vocabulary(("-1", "1"), 1) == ("-1", "1")
    assert vocabulary(("sneaker", "boot"), 2) == ("boot", "sneaker")
