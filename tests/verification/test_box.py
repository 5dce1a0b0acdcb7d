"""Real models in a real box: the recomputed figures are those of Keras and scikit-learn, hostile files cost a note.

One box (with the restarts that crashing models force) serves the whole module.
"""

from __future__ import annotations

import json
import warnings
import zipfile

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_digits
from sklearn.metrics import confusion_matrix, mean_absolute_error, r2_score, root_mean_squared_error

from grader.sandbox import Limits, detect_tier
from grader.verification import recompute, verify

pytestmark = pytest.mark.slow

DIGITS = load_digits()
IMAGES = (DIGITS.images / 16).astype(np.float32)
HUGE_UNITS = 2_000_000_000


@pytest.fixture(scope="module")
def keras():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what TensorFlow's import deprecates is none of ours
        import keras

        yield keras


def network(keras, shape, units, activation):
    """An untrained net: its answers are arbitrary, which is all that comparing needs."""
    keras.utils.set_random_seed(7)
    inputs = keras.Input(shape)
    hidden = keras.layers.Dense(16, activation="relu")(keras.layers.Flatten()(inputs))
    return keras.Model(inputs, keras.layers.Dense(units, activation=activation)(hidden))


def evaluated(model, rows, labels, loss):
    model.compile("adam", loss, metrics=["accuracy"])
    return model.evaluate(rows, labels, verbose=0)[1]


def rewritten(source, target, member, content):
    """Copy a `.keras` archive with one member's content replaced."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, content if name == member else old.read(name))
    return target


@pytest.fixture(scope="module")
def expected(keras, bench):
    """Scorings by name with what Keras said in the process that made them."""
    made = {}
    softmax = network(keras, (8, 8), 10, "softmax")
    made["softmax"] = (
        bench.scoring("softmax", softmax, IMAGES, DIGITS.target, train_labels=DIGITS.target[:900]),
        evaluated(softmax, IMAGES, DIGITS.target, "sparse_categorical_crossentropy"),
    )
    made["one_hot"] = (
        bench.scoring("one_hot", softmax, IMAGES[..., None], DIGITS.target),
        evaluated(softmax, IMAGES, np.eye(10)[DIGITS.target], "categorical_crossentropy"),
    )
    logits = network(keras, (8, 8), 10, None)
    made["logits"] = (
        bench.scoring("logits", logits, IMAGES, DIGITS.target, from_logits=True),
        evaluated(logits, IMAGES, DIGITS.target, keras.losses.SparseCategoricalCrossentropy(from_logits=True)),
    )
    sigmoid = network(keras, (64,), 1, "sigmoid")
    binary, flat = (DIGITS.target > 4).astype(int), IMAGES.reshape(-1, 64)
    made["sigmoid"] = (
        bench.scoring("sigmoid", sigmoid, flat, binary, classes=("0", "1")),
        evaluated(sigmoid, flat, binary, "binary_crossentropy"),
    )
    one = network(keras, (64,), 1, None)
    made["one_unit"] = (bench.scoring("one_unit", one, flat, DIGITS.target), evaluated(one, flat, DIGITS.target, "mse"))
    fixed = keras.Sequential(
        [keras.Input((8, 8, 1), batch_size=50), keras.layers.BatchNormalization(), keras.layers.Dropout(0.5),
         keras.layers.Conv2D(4, 3), keras.layers.Flatten(), keras.layers.Dense(10)]
    )  # fmt: skip
    answers = fixed.predict(IMAGES[:150, ..., None], batch_size=50, verbose=0)[:120].argmax(axis=1)
    made["fixed_batch"] = (
        bench.scoring("fixed_batch", fixed, IMAGES[:120, ..., None], DIGITS.target[:120]),
        float((answers == DIGITS.target[:120]).mean()),
    )
    return made


@pytest.fixture(scope="module")
def special(keras, bench):
    """Scorings whose expectation is not one accuracy."""
    softmax = network(keras, (8, 8), 10, "softmax")
    picked = np.random.default_rng(1).permutation(len(IMAGES))[:300]
    packed = np.rint(DIGITS.images / 16 * 255).astype(np.uint8)
    table = load_diabetes()
    numbers = network(keras, (10,), 1, None)
    made = {
        "sampled": bench.scoring("sampled", softmax, IMAGES[picked], DIGITS.target, index=picked),
        "packed": bench.scoring("packed", softmax, packed, DIGITS.target, scale=255.0),
        "regression": bench.scoring(
            "regression", numbers, table.data.astype(np.float32), table.target, classes=(), task="regression",
            train_labels=table.target[:200], input_kind="table",
        ),
        "no_flatten": bench.scoring(
            "no_flatten", keras.Sequential([keras.Input((8, 8)), keras.layers.Dense(10)]), IMAGES, DIGITS.target
        ),
        "two_outputs": bench.scoring(
            "two_outputs", keras.Model(softmax.inputs, [softmax.output, softmax.output]), IMAGES, DIGITS.target
        ),
    }  # fmt: skip
    made["truth"] = (softmax.predict(IMAGES, verbose=0), softmax.predict((packed / 255).astype("float32"), verbose=0),
                     numbers.predict(table.data.astype("float32"), verbose=0)[:, 0], table.target)  # fmt: skip
    return made


@pytest.fixture(scope="module")
def hostile(keras, bench):
    """Model files as a student's process could leave them on purpose."""
    plain = bench.folder / "plain.keras"
    network(keras, (8, 8), 10, "softmax").save(plain)
    truncated = bench.folder / "cut.keras"
    truncated.write_bytes(plain.read_bytes()[: plain.stat().st_size // 2])
    bomb = bench.folder / "zipbomb.keras"
    with (
        zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("config.json", "w", force_zip64=True) as member,
    ):
        for _ in range(2200):
            member.write(bytes(1024 * 1024))
    with zipfile.ZipFile(bomb, "a") as archive:
        archive.writestr("model.weights.h5", b"")
    escaping = bench.folder / "escape.keras"
    escaping.write_bytes(plain.read_bytes())
    with zipfile.ZipFile(escaping, "a") as archive:
        archive.writestr("../../etc/cron.d/x", b"")
    with_code = keras.Sequential([keras.Input((8, 8)), keras.layers.Lambda(lambda x: x * 2), keras.layers.Flatten()])
    config = json.loads(zipfile.ZipFile(plain).read("config.json"))
    for layer in config["config"]["layers"]:
        if layer["class_name"] == "Dense":
            layer["config"]["units"] = HUGE_UNITS
    huge = rewritten(plain, bench.folder / "huge_units.keras", "config.json", json.dumps(config))
    slow = keras.Sequential(
        [keras.Input((8, 8, 1)), keras.layers.UpSampling2D(64), *(keras.layers.Conv2D(64, 15) for _ in range(3)),
         keras.layers.GlobalMaxPooling2D(), keras.layers.Dense(10)]
    )  # fmt: skip
    files = {"truncated": truncated, "bomb": bomb, "escaping": escaping, "huge": huge}
    made = {name: bench.scoring(f"h-{name}", path, IMAGES, DIGITS.target) for name, path in files.items()}
    claims = np.eye(10)[DIGITS.target]
    made["lambda"] = bench.scoring("h-lambda", with_code, IMAGES, DIGITS.target, predictions=claims)
    made["hangs"] = bench.scoring("h-hangs", slow, IMAGES[..., None], DIGITS.target)
    made["pickle"] = bench.scoring("h-pickle", plain, np.array([[None] * 64] * 1797, dtype=object), DIGITS.target)
    return made


@pytest.fixture(scope="module")
def results(expected, special, hostile):
    """All of them recomputed in one call."""
    scorings = [scoring for scoring, _ in expected.values()]
    scorings += [scoring for name, scoring in special.items() if name != "truth"]
    scorings += hostile.values()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recompute, "JOB_SECONDS", 20.0)
        verified = verify(tuple(scorings), tier=detect_tier().tier, limits=Limits())
    return {item.scoring: item for item in verified}


@pytest.mark.parametrize("name", ["softmax", "one_hot", "logits", "sigmoid", "one_unit"])
def test_accuracy_is_what_evaluate_said(results, expected, name):
    """A deterministic model's accuracy, recomputed, equals Keras's own evaluate to four digits, for each kind of head."""
    assert results[name].origin == "verified"
    assert results[name].accuracy == pytest.approx(expected[name][1], abs=5e-5)
    assert results[name].rows_used == results[name].rows_total == len(IMAGES)


def test_matrix_and_mistakes_are_of_these_rows(results, special):
    """The matrix is scikit-learn's; each mistake names a row that is wrong, with its picture."""
    predicted = special["truth"][0].argmax(axis=1)
    result = results["softmax"]
    assert np.array(result.matrix).tolist() == confusion_matrix(DIGITS.target, predicted).tolist()
    assert result.predicted_classes == len(np.unique(predicted))
    for mistake in result.mistakes:
        assert DIGITS.target[mistake.row] == int(mistake.true) != int(mistake.predicted) == predicted[mistake.row]
        assert mistake.picture
    assert [item.confidence for item in result.mistakes] == sorted(
        (m.confidence for m in result.mistakes), reverse=True
    )


def test_a_sample_of_rows_is_scored_against_its_own_labels(results, special):
    """Where only some rows were recorded the index finds their labels, and mistakes name rows of the whole set."""
    predicted = special["truth"][0].argmax(axis=1)
    picked = np.load(special["sampled"].rows.index)
    result = results["sampled"]
    assert result.accuracy == pytest.approx((predicted == DIGITS.target)[picked].mean())
    assert (result.rows_used, result.rows_total) == (300, 1797)
    assert all(predicted[mistake.row] == int(mistake.predicted) for mistake in result.mistakes)


def test_packed_rows_are_unpacked_as_the_model_saw_them(results, special):
    """Rows packed to uint8 with scale 255 are predicted as float32(values / 255)."""
    predicted = special["truth"][1].argmax(axis=1)
    assert results["packed"].accuracy == pytest.approx((predicted == DIGITS.target).mean())


def test_regression_errors_are_those_of_scikit_learn(results, special):
    """MAE, RMSE and R² equal scikit-learn's; the baseline always answers the training median."""
    *_, predicted, truth = special["truth"]
    result = results["regression"]
    assert result.mae == pytest.approx(mean_absolute_error(truth, predicted), rel=1e-5)
    assert result.rmse == pytest.approx(root_mean_squared_error(truth, predicted), rel=1e-5)
    assert result.r2 == pytest.approx(r2_score(truth, predicted), rel=1e-4)
    assert result.baseline_mae == pytest.approx(np.abs(truth - np.median(truth[:200])).mean())
    assert result.task == "regression"
    assert result.accuracy is None


def test_a_fixed_batch_size_takes_any_number_of_rows(results, expected):
    """A model built for batches of 50 answers 120 rows as it answers them among 150."""
    assert results["fixed_batch"].rows_used == 120
    assert results["fixed_batch"].accuracy == pytest.approx(expected["fixed_batch"][1])


def test_outputs_that_are_no_answers_are_said(results):
    """A dense net without Flatten answers 8 x 10 numbers per picture; two outputs are not one answer either."""
    assert results["no_flatten"].accuracy is None
    assert "8 x 10 numbers per row" in results["no_flatten"].note
    assert "several outputs" in results["two_outputs"].note


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("truncated", "not a .keras archive"),
        ("bomb", "would unpack to 2.3 GB"),
        ("escaping", "names files outside itself"),
        ("huge", ""),
        ("hangs", "ended its process"),
        ("pickle", ""),
    ],
)
def test_a_hostile_file_costs_a_note(results, name, reason):
    """Truncated, bloated, escaping, crashing or hanging files: no figures, and the note says what happened."""
    result = results[f"h-{name}"]
    assert result.accuracy is None
    assert result.origin == "kernel"
    assert result.note.startswith("Not recomputed: ")
    assert reason in result.note


def test_lambda_layers_are_refused_and_the_runs_predictions_marked(results):
    """Safe mode runs no code from a model file; the kernel's own predictions are scored as what they are: claims."""
    result = results["h-lambda"]
    assert result.origin == "kernel"
    assert result.accuracy == 1.0
    assert "Lambda" in result.note


def test_no_rows_are_no_score(bench):
    """Nothing to score is said, not divided by."""
    scoring = bench.scoring("none", None, IMAGES[:0], DIGITS.target[:0], predictions=np.zeros((0, 10)))
    (result,) = verify((scoring,), tier="none", limits=Limits())
    assert result.accuracy is None
    assert "no rows" in result.note
