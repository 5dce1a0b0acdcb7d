"""Roles, overlaps and the final scoring, from what happened to rows and never from their names."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
from run_builder import RunBuilder

from grader.checks import CHECKS

PIXELS = (8, 8)
SECONDS_OF_WORK = 4.0


@pytest.fixture
def made(tmp_path):
    return RunBuilder(tmp_path)


def pictures(count, seed=0):
    """Distinct grey pictures with labels."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (count, *PIXELS)).astype(np.uint8), rng.integers(0, 10, count)


def test_held_out_rows_are_test(made):
    """Rows that only a scoring outside fit used are test rows, and share nothing with training."""
    x, y = pictures(200)
    made.model()
    made.fit("m1", x[:150], y[:150])
    scoring = made.evaluate("m1", x[150:], y[150:])
    evidence = made.evidence()
    final = evidence.scoring(scoring)
    assert (evidence.final_scoring, evidence.final_model) == (scoring, "m1")
    assert final.role == "test"
    assert final.sealed
    overlap = evidence.overlap(final.rows, evidence.trainings[0].train_rows)
    assert (overlap.exact, overlap.canonical, overlap.left_rows) == (0, 0, 50)


def test_two_classes_are_known_by_what_they_were_called_where_they_were_loaded(made):
    """Sevens and nines picked out and called 0 and 1 are still sevens and nines; ten classes need no such look."""
    x, y = pictures(400)
    x_train, _, y_train, _ = made.split(x, y, 100)
    shoes = np.isin(y_train, [7, 9])
    made.model("m1", units=1, loss="binary_crossentropy")
    made.fit("m1", x_train[shoes] / np.float32(255), (y_train[shoes] == 9).astype(int))
    made.model("m2")
    made.fit("m2", x_train, y_train)
    assert [item.source_classes for item in made.evidence().trainings] == [("7", "9"), ()]


def test_a_frozen_backbone_is_told_by_what_each_training_could_change(made):
    """How many parameters were trainable when a training began, not in the end."""
    x, y = pictures(60)
    made.model(trainable_parameters=90)
    made.fit("m1", x, y)
    made.model(trainable_parameters=650)
    made.fit("m1", x, y)
    assert [item.trainable_parameters for item in made.evidence().trainings] == [90, 650]


def test_watched_test_set_is_validation(made):
    """A test set given as validation_data is spent: scoring it afterwards is a scoring of validation rows."""
    x, y = pictures(200)
    made.model()
    made.fit("m1", x[:150], y[:150], validation=(x[150:], y[150:]))
    made.evaluate("m1", x[150:], y[150:])
    evidence = made.evidence()
    assert evidence.scorings[0].role == "validation"
    assert evidence.row_set(evidence.scorings[0].rows).role == "validation"


def test_set_watched_by_an_earlier_model_is_spent_for_the_next(made):
    """Choosing a model on a set and then reporting another model on it uses it for a decision."""
    x, y = pictures(200)
    made.model("m1")
    made.fit("m1", x[:150], y[:150], validation=(x[150:], y[150:]))
    made.model("m2")
    made.fit("m2", x[:150], y[:150])
    made.evaluate("m2", x[150:], y[150:])
    assert made.evidence().scorings[0].role == "validation"


def test_scoring_training_rows_is_train(made):
    """Evaluating on what was trained on is a training score, under whatever name."""
    x, y = pictures(200)
    made.model()
    made.fit("m1", x, y)
    made.evaluate("m1", x.copy(), y)
    assert made.evidence().scorings[0].role == "train"


@pytest.mark.parametrize("part", [slice(100, 140), slice(0, 200, 3)])
def test_part_of_training_rows_is_train(made, part):
    """A slice or a scattered subset of training rows is still training rows."""
    x, y = pictures(200)
    made.model()
    made.fit("m1", x, y)
    made.evaluate("m1", x[part], y[part])
    evidence = made.evidence()
    assert evidence.scorings[0].role == "train"
    overlap = evidence.overlap(evidence.scorings[0].rows, evidence.trainings[0].train_rows)
    assert overlap.exact == overlap.left_rows == len(y[part])


@pytest.mark.parametrize("scale", [lambda x: x / 255.0, lambda x: x / 127.5 - 1])
def test_scaled_copies_of_training_rows_are_train(made, scale):
    """Canonical hashes know training pictures again after plain scaling."""
    x, y = pictures(200)
    made.model()
    made.fit("m1", x, y)
    made.evaluate("m1", scale(x[:80].astype(np.float64)), y[:80])
    evidence = made.evidence()
    assert evidence.scorings[0].role == "train"
    overlap = evidence.overlap(evidence.scorings[0].rows, evidence.trainings[0].train_rows)
    assert (overlap.exact, overlap.canonical) == (0, 80)


def test_mixture_keeps_the_role_of_its_majority_and_the_overlap_is_measured(made):
    """A test set with a fifth of training rows stays a test set whose overlap is on record."""
    x, y = pictures(200)
    made.model()
    made.fit("m1", x[:150], y[:150])
    made.evaluate("m1", x[140:190], y[140:190])
    evidence = made.evidence()
    final = evidence.scoring(evidence.final_scoring)
    assert final.role == "test"
    overlap = evidence.overlap(final.rows, evidence.trainings[0].train_rows)
    assert (overlap.exact, overlap.left_rows, overlap.duplicate_rate) == (10, 50, 0.0)


def test_validation_split_is_cut_as_keras_does(made):
    """With validation_split the last rows are watched, the others trained on; scoring the tail is validation."""
    x, y = pictures(200)
    made.model()
    made.fit("m1", x, y, validation_split=0.25)
    made.evaluate("m1", x[150:], y[150:])
    made.evaluate("m1", x[:150], y[:150])
    evidence = made.evidence()
    training = evidence.trainings[0]
    assert [evidence.row_set(rows).rows for rows in (training.train_rows, training.validation_rows)] == [150, 50]
    assert [scoring.role for scoring in evidence.scorings] == ["validation", "train"]
    assert sum(evidence.row_set(training.validation_rows).labels.counts) == 50
    assert evidence.overlap(training.validation_rows, training.train_rows).exact == 0


def test_repeating_table_rows_do_not_make_an_honest_split_a_leak(made):
    """In data whose rows repeat, held-out rows have twins in training: lineage and chance both say so."""
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 3, (400, 3)).astype(np.float64), rng.integers(0, 2, 400)
    x_train, x_test, y_train, y_test = made.split(x, y, 100)
    made.model(units=1)
    made.fit("m1", x_train, y_train)
    made.evaluate("m1", x_test, y_test)
    evidence = made.evidence()
    final = evidence.scoring(evidence.final_scoring)
    overlap = evidence.overlap(final.rows, evidence.trainings[0].train_rows)
    assert final.role == "test"
    assert overlap.exact > 90
    assert overlap.by_lineage == 0
    assert overlap.duplicate_rate > 0.9


def test_copies_made_before_the_split_are_not_the_datas_own_repeats(made):
    """Rows doubled after loading and then split are shared by test and training, and chance doesn't explain it."""
    x, y = pictures(200)
    made.send("data.loaded", function="sklearn.datasets.load_digits", parts=[{"rows": made.rows(x), "labels": None}])
    doubled = np.concatenate([x, x]) / 16.0
    x_train, x_test, y_train, y_test = made.split(doubled, np.concatenate([y, y]), 100)
    made.model()
    made.fit("m1", x_train, y_train)
    made.evaluate("m1", x_test, y_test)
    evidence = made.evidence()
    overlap = evidence.overlap(evidence.scorings[0].rows, evidence.trainings[0].train_rows)
    assert overlap.duplicate_rate == 0.0
    assert overlap.by_lineage == overlap.exact > 50


def test_raw_rows_share_the_role_of_their_scaled_copies(made):
    """The unscaled test set that only a split returned is the test set, by canonical form."""
    x, y = pictures(200)
    x_train, x_test, y_train, y_test = made.split(x, y, 50)
    made.model()
    made.fit("m1", x_train / 255.0, y_train)
    made.evaluate("m1", x_test / 255.0, y_test)
    evidence = made.evidence()
    _, raw_test = evidence.splits[0].outputs
    assert evidence.row_set(raw_test).role == "test"


def test_a_large_run_is_read_in_a_second(made):
    """60,000 training and 10,000 test rows: the set work stays within a few seconds of work."""
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (70_000, 20)).astype(np.uint8), rng.integers(0, 10, 70_000)
    x_train, x_test, y_train, _ = made.split(x, y, 10_000)
    made.transform(x_train, x_train / 255.0)
    made.transform(x_test, x_test / 255.0)
    made.model()
    made.fit("m1", x_train / 255.0, y_train, validation_split=0.1)
    made.predict("m1", x_test / 255.0)
    began = time.thread_time()
    evidence = made.evidence()
    assert time.thread_time() - began < SECONDS_OF_WORK
    assert evidence.scorings[0].role == "test"


def test_repeats_without_lineage_are_weighed_against_chance(made):
    """Without a split seen, a held-out share no larger than the data's own repeat rate keeps the role test."""
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 6, (400, 3)).astype(np.float64), rng.integers(0, 2, 400)
    order = rng.permutation(400)
    made.model(units=1)
    made.fit("m1", x[order[:300]], y[order[:300]])
    made.evaluate("m1", x[order[300:]], y[order[300:]])
    evidence = made.evidence()
    assert evidence.scorings[0].role == "test"
    assert evidence.overlap(evidence.scorings[0].rows, evidence.trainings[0].train_rows).exact > 50


def test_nested_splits_and_scaling_are_followed(made):
    """Lineage goes through split, scaler and second split: validation, test and training share no place."""
    x, y = np.random.default_rng(1).normal(size=(300, 6)), np.arange(300) % 2
    x_rest, x_test, y_rest, y_test = made.split(x, y, 60)
    mean, spread = x_rest.mean(axis=0), x_rest.std(axis=0)
    made.fitted(x_rest)
    made.transform(x_rest, (x_rest - mean) / spread)
    made.transform(x_test, (x_test - mean) / spread)
    x_train, x_val, y_train, y_val = made.split((x_rest - mean) / spread, y_rest, 40, seed=1)
    made.model(units=1)
    made.fit("m1", x_train, y_train, validation=(x_val, y_val))
    made.evaluate("m1", (x_test - mean) / spread, y_test)
    evidence = made.evidence()
    training, final = evidence.trainings[0], evidence.scoring(evidence.final_scoring)
    assert final.role == "test"
    assert evidence.overlap(final.rows, training.train_rows).by_lineage == 0
    assert evidence.overlap(training.validation_rows, training.train_rows).by_lineage == 0
    scaler = evidence.preprocessing[0]
    assert (scaler.rows, scaler.test_rows_included, scaler.train_rows_included) == (240, 0, 200)


def test_scaler_fitted_before_the_split_included_the_test_rows(made):
    """A scaler fitted on everything saw all test rows, known although they were scaled and then split."""
    x, y = np.random.default_rng(1).normal(size=(300, 6)), np.arange(300) % 2
    scaled = (x - x.mean(axis=0)) / x.std(axis=0)
    made.fitted(x)
    made.transform(x, scaled)
    x_train, x_test, y_train, y_test = made.split(scaled, y, 60)
    made.model(units=1)
    made.fit("m1", x_train, y_train)
    made.evaluate("m1", x_test, y_test)
    assert made.evidence().preprocessing[0].test_rows_included == 60


@pytest.mark.parametrize(("adapted", "included"), [(300, 60), (240, None), (200, None)])
def test_words_of_all_sentences_are_told_by_their_count(made, adapted, included):
    """No row of numbers is known by its sentence, but sentences of the training part are fewer than all rows."""
    x, y = np.random.default_rng(1).integers(0, 80, (300, 9)), np.arange(300) % 2
    hashes = made.artifact(np.arange(adapted, dtype=np.uint64))
    made.send(
        "rows.seen", rows="texts", count=adapted, shape=[], dtype="<U63", source="array", complete=True, exact=hashes
    )
    kind = "TextVectorization"
    made.send("preprocessing.fitted", object=f"{kind}:1", rows="texts", stateless=False, **{"class": kind})
    made.model(units=1)
    made.fit("m1", x[:200], y[:200], validation=(x[200:240], y[200:240]))
    made.evaluate("m1", x[240:], y[240:])
    assert made.evidence().preprocessing[0].test_rows_included == included


def test_a_class_that_was_repeated_before_the_split_is_no_repeat_of_the_data(made):
    """Ten rows of the rare class repeated fifteen times and then split: the overlap is the notebook's doing.

    A few pairs that the data holds anyway stay explained, and so do the many repeats of a coarse table.
    """
    rng = np.random.default_rng(0)
    rare, common = rng.normal(size=(10, 6)), rng.normal(size=(290, 6))
    common[:12] = common[12:24]
    x, y = np.concatenate([np.repeat(rare, 15, axis=0), common]), np.repeat([0, 1], [150, 290])
    x_train, x_test, y_train, y_test = made.split(x, y, 90)
    made.model(units=1)
    made.fit("m1", x_train, y_train)
    made.evaluate("m1", x_test, y_test)
    evidence = made.evidence()
    final = evidence.scoring(evidence.final_scoring)
    assert evidence.overlap(final.rows, evidence.trainings[0].train_rows).duplicate_rate < 0.08
    assert CHECKS["split.no_overlap"].run(evidence, {}).outcome == "fail"


def test_a_scaler_is_traced_through_rows_that_were_made_up(made):
    """Rows that SMOTE adds never were anything else; those it was given still tell what the scaler was fitted on."""
    x, y = np.random.default_rng(1).normal(size=(300, 6)), np.arange(300) % 2
    x_train, x_test, y_train, y_test = made.split(x, y, 60)
    scaled = x_train / 3
    made.fitted(x_train)
    made.transform(x_train, scaled)
    made.transform(x_test, x_test / 3)
    grown = np.concatenate([scaled, (scaled[:40] + scaled[40:80]) / 2])
    made.transform(scaled, grown, "SMOTE")
    made.model(units=1)
    made.fit("m1", grown, np.concatenate([y_train, y_train[:40]]))
    made.evaluate("m1", x_test / 3, y_test)
    scaler = made.evidence().preprocessing[0]
    assert (scaler.test_rows_included, scaler.train_rows_included) == (0, 240)


def test_twins_by_chance_are_not_rows_a_scaler_saw(made):
    """Where rows repeat and no split was seen, test rows that only equal fitted ones don't count as included."""
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 6, (400, 3)).astype(np.float64), rng.integers(0, 2, 400)
    made.fitted(x[:300])
    made.model(units=1)
    made.fit("m1", x[:300], y[:300])
    made.evaluate("m1", x[300:], y[300:])
    assert made.evidence().preprocessing[0].test_rows_included == 0


def test_each_fold_is_judged_by_its_own_model(made):
    """In cross-validation the rows a fold holds out are test rows of that fold's model, trained on by the others."""
    x, y = pictures(120)
    for fold in range(3):
        held = np.arange(120) % 3 == fold
        made.model(f"m{fold}")
        made.fit(f"m{fold}", x[~held], y[~held])
        made.evaluate(f"m{fold}", x[held], y[held])
    assert {scoring.role for scoring in made.evidence().scorings} == {"test"}


@pytest.mark.parametrize("matrix", [True, False])
def test_folds_are_not_the_result_of_a_model_trained_on_all_of_them(made, matrix):
    """After cross-validation a network is trained on all folds; the result is its score once a matrix is made of it."""
    x, y = pictures(150)
    for fold in range(3):
        held = np.arange(120) % 3 == fold
        made.model(f"m{fold}")
        made.fit(f"m{fold}", x[:120][~held], y[:120][~held])
        made.evaluate(f"m{fold}", x[:120][held], y[:120][held])
    made.model("m9")
    made.fit("m9", x[:120], y[:120])
    answers = np.eye(10)[y[:120]] + np.linspace(0, 0.3, 120)[:, None]
    made.score("m9", x[:120], how="predict", predictions=answers)
    if matrix:
        table = np.diag(np.bincount(y[:120], minlength=10)).tolist()
        made.metric("sklearn.metrics.confusion_matrix", y[:120], answers.argmax(axis=1), matrix=table)
    evidence = made.evidence()
    final = evidence.scoring(evidence.final_scoring)
    assert (final.model, final.role) == (("m9", "train") if matrix else ("m2", "test"))


def test_a_scoring_is_judged_by_what_came_before_it(made):
    """Training on the test rows after the result (to hand in the best model) doesn't spoil the result."""
    x, y = pictures(200)
    made.model()
    made.fit("m1", x[:150], y[:150])
    made.evaluate("m1", x[150:], y[150:])
    made.fit("m1", x, y)
    made.evaluate("m1", x[150:], y[150:])
    assert [scoring.role for scoring in made.evidence().scorings] == ["test", "train"]


def test_one_model_through_all_folds_has_seen_them(made):
    """The same model object trained fold after fold has trained on what the last fold holds out."""
    x, y = pictures(120)
    made.model()
    for fold in range(3):
        held = np.arange(120) % 3 == fold
        made.fit("m1", x[~held], y[~held])
    made.evaluate("m1", x[held], y[held])
    assert made.evidence().scorings[0].role == "train"


def test_model_loaded_from_a_file_keeps_the_lineage_of_its_weights(made):
    """A copy without any fit of its own is judged by the fits of the model whose weights it has."""
    x, y = pictures(200)
    made.model("m1")
    made.fit("m1", x[:150], y[:150])
    made.model("m2")
    made.send("weights.loaded", model="m2", how="load_model")
    made.evaluate("m2", x[:60], y[:60])
    assert made.evidence().scorings[0].role == "train"


def test_a_few_predictions_for_show_do_not_replace_the_result(made):
    """The final scoring is the last one of a real test set, not the picture predicted after it."""
    x, y = pictures(600)
    made.model()
    made.fit("m1", x[:300], y[:300])
    result = made.evaluate("m1", x[300:], y[300:])
    made.predict("m1", x[310:311])
    made.predict("m1", x[320:420])
    evidence = made.evidence()
    assert [scoring.role for scoring in evidence.scorings] == ["test"] * 3
    assert evidence.final_scoring == result


def test_last_of_several_models_is_final_and_a_linear_baseline_is_not(made):
    """Of several networks the last counts; a scikit-learn baseline scored after it does not."""
    x, y = pictures(200)
    made.model("m1")
    made.model("m2")
    for model in ("m1", "m2"):
        made.fit(model, x[:150], y[:150])
        made.evaluate(model, x[150:], y[150:])
    made.model("m3", library="sklearn", layers=[], **{"class": "LogisticRegression"})
    made.fit("m3", x[:150], y[:150])
    made.score("m3", x[150:], y[150:], how="score")
    assert made.evidence().final_model == "m2"


def test_without_test_rows_the_validation_score_is_final(made):
    """Where nothing was held out but validation rows, their scoring is the result, with that role."""
    x, y = pictures(200)
    made.model()
    made.fit("m1", x[:150], y[:150], validation=(x[150:], y[150:]))
    watched = made.evaluate("m1", x[150:], y[150:])
    made.evaluate("m1", x[:150], y[:150])
    evidence = made.evidence()
    assert (evidence.final_scoring, evidence.scoring(watched).role) == (watched, "validation")


def test_rows_that_are_not_known_have_no_role(made):
    """A hash artifact that never arrived makes role and overlap unknown, not clean."""
    x, y = pictures(200)
    made.model()
    made.fit("m1", x[:150], y[:150])
    made.evaluate("m1", x[150:], y[150:])
    lost = next(event.fields["exact"] for event in made.events if event.kind == "rows.seen")
    del made.artifacts[lost]
    evidence = made.evidence()
    assert evidence.scorings[0].role == "other"
    assert evidence.overlaps == ()
    assert not evidence.row_set(evidence.trainings[0].train_rows).complete


def test_augmented_copies_in_the_test_set_are_found_by_lineage(made):
    """Pictures turned before the split: the test rows whose originals were trained on are counted."""
    x, y = pictures(100)
    turned = x[:, :, ::-1].copy()
    made.send("augmentation", rows_in=made.rows(x), rows_out=made.rows(turned), **{"class": "RandomFlip"})
    everything, labels = np.concatenate([x, turned]), np.concatenate([y, y])
    made.model()
    made.fit("m1", np.concatenate([x, turned[:40]]), np.concatenate([y, y[:40]]))
    made.evaluate("m1", turned[40:], y[40:])
    assert len(everything) == len(labels) == 200
    assert made.evidence().augmentation_before_split == 60


def test_originals_of_an_augmenting_stream_are_training_rows(made):
    """A generator's altered pictures match nothing by content; the set of equal size and classes is their source."""
    x, y = pictures(200)
    x_train, x_test, y_train, y_test = made.split(x, y, 50)
    altered, order = np.roll(x_train, 1, axis=1), np.random.default_rng(3).permutation(150)
    made.rows(altered[order], source="generator")
    made.model()
    made.fit("m1", altered[order], y_train[order])
    made.evaluate("m1", x_test, y_test)
    made.evaluate("m1", x_train, y_train)
    assert [scoring.role for scoring in made.evidence().scorings] == ["test", "train"]


def test_wrapped_model_counts_as_the_one_that_was_fitted(made):
    """A softmax put on top keeps the weights: the result stays with the model that has loss and curves."""
    x, y = pictures(200)
    made.model("m1")
    fit = made.fit("m1", x[:150], y[:150])
    result = made.evaluate("m1", x[150:], y[150:])
    made.model("m2")
    made.score("m2", x[150:], how="predict")
    last = made.events[-1].fields
    last["weights"] = made.weights("m1")
    evidence = made.evidence()
    assert (evidence.final_scoring, evidence.final_model) == (result, "m1")
    assert evidence.scorings[1].trained_by == (fit,)


def _pipeline(made, steps, start="d0", **settings):
    """Make one data set of another, step by step."""
    for number, op in enumerate(steps, start=1):
        made.send("data.op", op=op, dataset=f"{start}{number}", source=f"{start}{number - 1}" if number > 1 else start,
                  settings=settings)  # fmt: skip


def test_reshuffled_stream_has_no_stable_membership(made):
    """shuffle() before take()/skip() draws both sides anew: held-out rows were partly trained on."""
    x, y = pictures(200)
    _pipeline(made, ("shuffle", "batch", "take"))
    made.rows(x[:150], source="tf.data")
    made.rows(x[100:], source="tf.data")
    made.model()
    made.fit("m1", x[:150], y[:150])
    made.evaluate("m1", x[100:], y[100:])
    assert made.evidence().unstable_membership is True


def test_a_reshuffled_stream_that_brought_every_row_in_the_end_has_no_stable_membership(made):
    """After some epochs of a redrawn stream every held-out row was trained on: the first pass tells that it moved."""
    x, y = pictures(200)
    _pipeline(made, ("shuffle", "take"))
    made.rows(x[:150], source="tf.data")
    later, _ = made.rows(x[150:], source="tf.data"), made.rows(x[120:170], source="tf.data")
    made.model()
    made.fit("m1", x[:150], y[:150])
    made.events[-1].fields["later_rows"] = later
    made.evaluate("m1", x[120:170], y[120:170])
    assert made.evidence().unstable_membership is True


def test_a_training_stream_cut_by_steps_per_epoch_is_stable(made):
    """Scoring a whole training stream of which each epoch took a part shows more of the same rows: nothing moved."""
    x, y = pictures(200)
    _pipeline(made, ("shuffle", "take"))
    for part in (slice(0, 80), slice(80, 200), slice(0, 200)):
        made.rows(x[part], source="tf.data")
    made.model()
    made.fit("m1", x[:80], y[:80])
    made.events[-1].fields["later_rows"] = made.rows(x[80:])
    made.evaluate("m1", x, y)
    assert made.evidence().unstable_membership is False


def test_a_shuffled_folder_cut_into_validation_and_test_has_no_stable_membership(made):
    """A folder's data set is shuffled anew at every use: take() and skip() of it draw other rows each time."""
    x, y = pictures(300)
    made.send("data.loaded", function="keras.utils.image_dataset_from_directory", parts=[], datasets=["d0"],
              settings={"directory": "pics", "shuffle": True, "seed": 1})  # fmt: skip
    _pipeline(made, ("take",))
    for part in (slice(0, 150), slice(150, 250), slice(200, 300)):
        made.rows(x[part], source="tf.data")
    made.model()
    made.fit("m1", x[:150], y[:150], validation=(x[150:250], y[150:250]))
    made.evaluate("m1", x[200:300], y[200:300])
    assert made.evidence().unstable_membership is True


def test_folders_split_with_differing_seeds_overlap_but_do_not_move(made):
    """Parts of a folder drawn with two seeds share rows from the start; cutting the ordered one moves nothing."""
    x, y = pictures(300)
    for name, shuffle in (("d0", True), ("d1", False)):
        made.send("data.loaded", function="keras.utils.image_dataset_from_directory", parts=[], datasets=[name],
                  settings={"directory": "pics", "shuffle": shuffle, "seed": 1})  # fmt: skip
    _pipeline(made, ("shard",), start="d1")
    for part in (slice(0, 150), slice(100, 200)):
        made.rows(x[part], source="tf.data")
    made.model()
    made.fit("m1", x[:150], y[:150])
    made.evaluate("m1", x[100:200], y[100:200])
    evidence = made.evidence()
    assert evidence.unstable_membership is False
    assert evidence.overlap(evidence.scorings[0].rows, evidence.trainings[0].train_rows).exact == 50


def test_a_shuffled_stream_that_drops_its_last_batch_is_stable(made):
    """Scoring the training stream again without its last batch shows nearly the same rows: nothing moved."""
    x, y = pictures(200)
    _pipeline(made, ("shuffle", "batch", "take"))
    made.rows(x[:192], source="tf.data")
    made.rows(x[5:197], source="tf.data")
    made.model()
    made.fit("m1", x[:192], y[:192])
    made.evaluate("m1", x[5:197], y[5:197])
    assert made.evidence().unstable_membership is False


def test_arrays_are_stable(made):
    """Rows held in arrays don't move."""
    x, y = pictures(200)
    made.model()
    made.fit("m1", x[:150], y[:150])
    assert made.evidence().unstable_membership is False


def test_loader_parts_are_named_and_followed_through_scaling(made):
    """Rows of a known loader keep its name after `/255`, whatever the variables are called."""
    x, y = pictures(200)
    parts = [{"rows": made.rows(x[:150]), "labels": made.labels(y[:150])}, {"rows": made.rows(x[150:]), "labels": None}]
    made.send("data.loaded", function="keras.datasets.fashion_mnist.load_data", parts=parts)
    made.model()
    made.fit("m1", x[:150] / 255.0, y[:150])
    made.evaluate("m1", x[150:] / 255.0, y[150:])
    evidence = made.evidence()
    assert evidence.row_set(evidence.trainings[0].train_rows).origin_hint == "fashion_mnist/train"
    assert evidence.row_set(evidence.scorings[0].rows).origin_hint == "fashion_mnist/test"


def test_shuffled_labels_are_noticed_and_renamed_ones_are_not(made, tmp_path):
    """Labels shuffled apart from their rows agree with nothing; merged or renamed classes agree fully."""
    x, y = pictures(300)
    for name, labels, low, high in [("shuffled", np.roll(y, 7), 0.0, 0.4), ("merged", (y > 4).astype(int), 1.0, 1.0)]:
        made = RunBuilder(tmp_path / name)
        x_train, _, y_train, _ = made.split(x, y, 50)
        used = labels if name == "shuffled" else (y_train > 4).astype(int)
        made.model()
        made.fit("m1", x_train, used[: len(x_train)])
        assert low <= made.evidence().label_agreement <= high


def test_evidence_does_not_depend_on_repeated_announcements(made):
    """Rows announced again when their values are kept add values only."""
    x, y = pictures(200)
    made.rows(x[150:])
    made.model()
    made.fit("m1", x[:150], y[:150])
    made.evaluate("m1", x[150:], y[150:])
    evidence = made.evidence()
    assert evidence.run.channel_faults == 0
    assert replace(evidence) == made.evidence()


def _looks_of_a_callback(made, rows, labels, states):
    """Score rows inside the fit that was made last, once per state of the weights."""
    for state in states:
        made.send(
            "model.scored", score=f"c{state}", model="m1", how="evaluate", rows=made.rows(rows), weights=state,
            labels=made.labels(labels), returned={"accuracy": 0.9}, during="f1",
        )  # fmt: skip


def test_rows_a_callback_scored_every_epoch_are_spent(made):
    """A callback that scores the test rows while the weights change watches them as validation_data would."""
    x, y = pictures(200)
    made.model()
    made.fit("m1", x[:150], y[:150])
    _looks_of_a_callback(made, x[150:], y[150:], ["e1", "e2"])
    scoring = made.evaluate("m1", x[150:], y[150:])
    evidence = made.evidence()
    assert evidence.final_scoring == scoring
    assert evidence.scoring(scoring).role == "validation"
    assert [item.during for item in evidence.scorings] == ["f1", "f1", ""]


def test_rows_looked_at_in_another_order_each_time_are_one_set(made):
    """A shuffling pipeline brings the validation rows in a new order at every look; they are watched all the same."""
    x, y = pictures(200)
    made.model()
    made.fit("m1", x[:150], y[:150])
    for state in range(3):
        order = np.random.default_rng(state).permutation(30)
        _looks_of_a_callback(made, x[150:180][order], y[150:180][order], [f"e{state}"])
    made.evaluate("m1", x[180:], y[180:])
    assert [item.role for item in made.evidence().scorings] == ["validation"] * 3 + ["test"]


def test_one_look_at_the_end_of_training_spends_nothing(made):
    """A callback's scoring in `on_train_end` is one use; the scoring after fit is the result."""
    x, y = pictures(200)
    made.model()
    made.fit("m1", x[:150], y[:150])
    _looks_of_a_callback(made, x[150:], y[150:], [made.weights("m1")])
    scoring = made.evaluate("m1", x[150:], y[150:])
    evidence = made.evidence()
    assert (evidence.final_scoring, evidence.scoring(scoring).role) == (scoring, "test")


def test_a_callbacks_scoring_is_never_the_result_where_another_is(made):
    """What a callback scored during fit does not become the final scoring, whatever its rows."""
    x, y = pictures(200)
    made.model()
    made.fit("m1", x[:120], y[:120], validation=(x[120:150], y[120:150]))
    _looks_of_a_callback(made, x[150:], y[150:], ["e1"])
    scoring = made.evaluate("m1", x[120:150], y[120:150])
    assert made.evidence().final_scoring == scoring


def test_noisy_copies_scored_later_are_not_the_result(made):
    """A look at how noise hurts comes after the score; the rows as they were split off stay the result."""
    x, y = pictures(400)
    x_train, x_test, y_train, y_test = made.split(x, y, 100)
    made.model()
    made.fit("m1", x_train, y_train)
    scoring = made.evaluate("m1", x_test, y_test)
    noise = np.random.default_rng(1).normal(0, 20, x_test.shape)
    made.evaluate("m1", x_test + noise, y_test)
    made.score("m1", x_test - noise, how="predict")
    assert made.evidence().final_scoring == scoring


def test_test_rows_filtered_after_they_were_scored_do_not_replace_the_result(made):
    """Scoring only the rows a model is sure of, once its answers are known, leaves the whole test set the result."""
    x, y = pictures(400)
    made.model()
    made.fit("m1", x[:300], y[:300])
    whole = made.score("m1", x[300:], how="predict")
    made.evaluate("m1", x[300:380], y[300:380])
    assert made.evidence().final_scoring == whole


def test_the_same_rows_scaled_and_scored_again_are_the_result(made):
    """A second scoring after the scaling was mended is the later, better one: its rows are the same rows."""
    x, y = pictures(400)
    x_train, x_test, y_train, y_test = made.split(x, y, 100)
    made.model()
    made.fit("m1", x_train / 255.0, y_train)
    made.evaluate("m1", x_test, y_test)
    scoring = made.evaluate("m1", x_test / 255.0, y_test)
    assert made.evidence().final_scoring == scoring


def test_another_test_set_scored_later_is_the_result(made):
    """Other held-out rows with labels of their own replace an earlier result."""
    x, y = pictures(400)
    made.model()
    made.fit("m1", x[:200], y[:200])
    made.evaluate("m1", x[200:300], y[200:300])
    scoring = made.evaluate("m1", x[300:], y[300:])
    assert made.evidence().final_scoring == scoring


def test_folds_scored_by_one_model_that_trains_on_are_training_rows(made):
    """Cross-validation that never makes a fresh model tests every fold but the first on rows it trained on."""
    x, y = pictures(300)
    made.model()
    for fold in range(3):
        held = np.arange(300) // 100 == fold
        made.fit("m1", x[~held], y[~held])
        last = made.evaluate("m1", x[held], y[held])
    evidence = made.evidence()
    assert evidence.final_scoring == last
    assert evidence.scoring(last).role == "train"


def test_folds_with_fresh_models_are_held_out(made):
    """With a new model per fold each fold is held out of the training of its own model."""
    x, y = pictures(300)
    for fold in range(3):
        held = np.arange(300) // 100 == fold
        made.model(f"m{fold}")
        made.fit(f"m{fold}", x[~held], y[~held])
        made.evaluate(f"m{fold}", x[held], y[held])
    evidence = made.evidence()
    assert {item.role for item in evidence.scorings} == {"test"}


def test_layers_without_weights_have_no_score_of_their_own(made):
    """What augments or rescales has learnt nothing: calling it on rows after the training is no result."""
    x, y = pictures(200)
    made.model()
    made.fit("m1", x[:100], y[:100])
    scoring = made.evaluate("m1", x[100:150], y[100:150])
    made.model("m2", parameters=0, trainable_parameters=0, library="keras")
    made.score("m2", x[150:], how="call")
    evidence = made.evidence()
    assert evidence.final_scoring == scoring
    assert evidence.scorings[1].trained_by == ()


def test_a_random_step_of_a_pipeline_augments_the_training(made):
    """Where each epoch brought new rows out of a pipeline with a random step, that step is the augmentation."""
    x, y = pictures(200)
    made.send("augmentation", **{"class": "RandomTranslation"})
    made.model()
    made.fit("m1", x[:100], y[:100])
    ended = made.events[-1].fields
    ended["later_rows"] = made.rows(pictures(100, seed=9)[0])
    made.fit("m1", x[:150], y[:150])
    assert [item.augmentation for item in made.evidence().trainings] == [("RandomTranslation",), ()]


def test_rows_whose_altered_copies_a_generator_made_are_training_rows(made):
    """`ImageDataGenerator.flow(x)` trains on copies of x: scoring x is scoring training rows, y being irrelevant."""
    x, y = pictures(200)
    copies = np.random.default_rng(5).permutation(x.reshape(-1)).reshape(x.shape)
    made.model()
    made.fit("m1", copies, y)
    ended = made.events[-1].fields
    ended["drawn_from"] = made.rows(x)
    made.evaluate("m1", x[:50], y[:50])
    evidence = made.evidence()
    assert evidence.scorings[0].role == "train"
    assert evidence.trainings[0].drawn_from == (ended["drawn_from"],)


def test_rows_that_a_generator_cut_off_are_known(made):
    """`flow(x, subset="training")` draws from rows that nothing else was given; overlaps are judged against them."""
    x, y = pictures(200)
    made.model()
    made.fit("m1", np.random.default_rng(5).permutation(x[:80].reshape(-1)).reshape(x[:80].shape), y[:80])
    ended = made.events[-1].fields
    ended["drawn_from"] = made.rows(x[:80])
    made.evaluate("m1", x[100:], y[100:])
    assert made.evidence().row_set(ended["drawn_from"]).complete


def test_a_training_keeps_the_labels_in_the_form_it_was_given(made):
    """Rows split with class numbers and fitted with one-hot labels: the loss saw one-hot labels."""
    x, y = pictures(200)
    x_train, _, y_train, _ = made.split(x, y, 50)
    made.model(loss="categorical_crossentropy")
    made.fit("m1", x_train, np.eye(10)[y_train])
    evidence = made.evidence()
    training = evidence.trainings[0]
    assert training.labels.form == "one_hot"
    assert evidence.row_set(training.train_rows).labels.form == "int"


@pytest.mark.parametrize(
    ("loads", "unlike"),
    [
        ([("training", 1), ("validation", 1)], 0),
        ([("training", 1), ("validation", 2)], 1),
        ([("training", 1), ("validation", 1), ("training", 2), ("validation", 2)], 0),
        ([("training", 1)], 0),
    ],
    ids=["one seed", "two seeds", "divided anew", "one part"],
)
def test_folders_divided_by_unlike_seeds(made, loads, unlike):
    """The two subsets of a folder complement each other only where seed and share are the same."""
    for subset, seed in loads:
        settings = {"directory": "pics", "shuffle": True, "seed": seed, "subset": subset, "validation_split": 0.25}
        made.send("data.loaded", function="image_dataset_from_directory", parts=[], datasets=[], settings=settings)
    assert len(made.evidence().unlike_divisions) == unlike
