"""Keras 2, as a course has it: watched, verified and graded like Keras 3.

These tests need such an environment: GRADER_TEST_KERAS2_PYTHON names an interpreter with TensorFlow 2.8 to 2.15,
GRADER_TEST_TF_KERAS_PYTHON one with TensorFlow 2.16 or later and tf_keras. They are skipped where it isn't named.
"""

from __future__ import annotations

import pytest

from tests.environments.conftest import Graded, grade, named_by

pytestmark = pytest.mark.slow

SETUP = """
import numpy as np, tensorflow as tf
from tensorflow import keras
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
tf.random.set_seed(7); np.random.seed(7)
digits = load_digits()
X = (digits.images / 16.0)[..., np.newaxis].astype("float32")[:600]
X_train, X_test, y_train, y_test = train_test_split(X, digits.target[:600], test_size=0.25, random_state=7)
"""
SEQUENTIAL = """
model = keras.Sequential([
    keras.layers.Conv2D(16, 3, activation="relu", input_shape=(8, 8, 1)),
    keras.layers.Flatten(), keras.layers.Dropout(0.1), keras.layers.Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(X_train, y_train, epochs=10, validation_split=0.2, verbose=0)
"""
FUNCTIONAL = """
inputs = keras.Input((8, 8, 1))
x = keras.layers.Conv2D(16, 3, activation="relu")(inputs)
model = keras.Model(inputs, keras.layers.Dense(10, activation="softmax")(keras.layers.Flatten()(x)))
model.compile(keras.optimizers.Adam(0.005), keras.losses.SparseCategoricalCrossentropy(), metrics=["accuracy"])
train = tf.data.Dataset.from_tensor_slices((X_train[:360], y_train[:360])).shuffle(360).batch(32)
valid = tf.data.Dataset.from_tensor_slices((X_train[360:], y_train[360:])).batch(32)
history = model.fit(train, validation_data=valid, epochs=8, verbose=0)
"""
LOOP = """
inputs = keras.Input((8, 8, 1))
model = keras.Model(inputs, keras.layers.Dense(10, activation="softmax")(keras.layers.Flatten()(inputs)))
optimizer, loss = keras.optimizers.Adam(0.01), keras.losses.SparseCategoricalCrossentropy()
model.compile(optimizer, loss, metrics=["accuracy"])
for epoch in range(12):
    for start in range(0, len(X_train), 64):
        with tf.GradientTape() as tape:
            value = loss(y_train[start:start + 64], model(X_train[start:start + 64], training=True))
        gradients = tape.gradient(value, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))
"""
SCORE = """
from sklearn.metrics import confusion_matrix
print("Test accuracy:", model.evaluate(X_test, y_test, verbose=0)[1])
print(confusion_matrix(y_test, model.predict(X_test, verbose=0).argmax(axis=1)))
"""
CLASS = {"sequential": SEQUENTIAL, "functional": FUNCTIONAL, "loop": LOOP}

BY_LUCK = {"training.diagnosis", "evaluation.weakness_named", "evaluation.errors_shown", "model.trains"}
"""Findings that hang on the weights a model happens to start with, which two libraries draw differently."""


def graded_class(tmp_path, write_notebook, *options: str) -> Graded:
    for student, training in CLASS.items():
        write_notebook(SETUP, training, SCORE, folder=tmp_path / "class" / student)
    graded = grade(tmp_path / "class", tmp_path / "out", *options)
    assert graded.returncode == 0, graded.stderr
    return graded


@pytest.fixture(scope="module")
def today(tmp_path_factory) -> Graded:
    """The class in the grader's own Keras 3."""
    import nbformat

    folder = tmp_path_factory.mktemp("today")
    for student, training in CLASS.items():
        (folder / "class" / student).mkdir(parents=True)
        cells = [nbformat.v4.new_code_cell(source) for source in (SETUP, training, SCORE)]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), folder / "class" / student / "notebook.ipynb")
    return grade(folder / "class", folder / "out")


def assert_same(graded: Graded, today: Graded) -> None:
    for student in CLASS:
        assert graded.run(student)["status"] == "ok"
        one, other = graded.findings(student), today.findings(student)
        differing = {check: (one[check], other[check]) for check in other if one[check] != other[check]}
        assert {check: pair for check, pair in differing.items() if check not in BY_LUCK} == {}, student
        assert one["evaluation.score_verified"] == ("pass", "verified"), student


def test_keras_2_gives_the_evidence_that_keras_3_gives(tmp_path, write_notebook, today) -> None:
    """In TensorFlow 2.8 to 2.15 every finding has the same outcome and the same origin: the score is recomputed."""
    python = named_by("GRADER_TEST_KERAS2_PYTHON")
    assert_same(graded_class(tmp_path, write_notebook, "--python", python), today)


def test_tf_keras_gives_the_evidence_that_keras_3_gives(tmp_path, write_notebook, today) -> None:
    """So it is with the legacy package beside a later TensorFlow, chosen by its variable in grader.toml."""
    python = named_by("GRADER_TEST_TF_KERAS_PYTHON")
    (tmp_path / "grader.toml").write_text(
        f'[environments]\ndefault = "legacy"\n[environments.legacy]\npython = "{python}"\n'
        'variables = { TF_USE_LEGACY_KERAS = "1" }\n'
    )
    graded = graded_class(tmp_path, write_notebook)
    assert graded.run("loop")["interpreter"]["variables"] == {"TF_USE_LEGACY_KERAS": "1"}
    assert_same(graded, today)


def test_what_keras_2_still_had_runs_there(tmp_path, write_notebook) -> None:
    """`fit_generator` and `save_weights` under any name: failures of today run in the environment they were made for."""
    python = named_by("GRADER_TEST_KERAS2_PYTHON")
    old = """
def batches():
    while True:
        yield X_train[:64], y_train[:64]
model.fit_generator(batches(), steps_per_epoch=2, epochs=1, verbose=0)
model.save_weights("w.h5")
"""
    graded = grade(write_notebook(SETUP, SEQUENTIAL, old, SCORE), tmp_path / "out", "--python", python)
    assert graded.run()["status"] == "ok", graded.run()["diagnosis"]
    assert graded.findings()["evaluation.score_verified"] == ("pass", "verified")


@pytest.mark.parametrize("variable", ["GRADER_TEST_KERAS2_PYTHON", "GRADER_TEST_TF_KERAS_PYTHON"])
def test_a_budget_cuts_keras_2_as_it_cuts_keras_3(tmp_path, write_notebook, variable) -> None:
    """A thousand steps of rows in memory and of a data set; whose rows are whose is told as in a full run."""
    python = named_by(variable)
    (tmp_path / "grader.toml").write_text(
        f'[environments]\ndefault = "legacy"\n[environments.legacy]\npython = "{python}"\n'
        'variables = { TF_USE_LEGACY_KERAS = "1" }\n'
    )
    more = SEQUENTIAL.replace("epochs=10", "epochs=10, batch_size=2")
    stream = FUNCTIONAL.replace("batch(32)", "batch(2)").replace("epochs=8", "epochs=10")
    capped = grade(write_notebook(SETUP, more, SCORE, stream, SCORE), tmp_path / "out", "--budget", "quick")
    assert capped.run()["status"] == "ok", capped.run()
    assert [item["cell"] for item in capped.run()["budget"]["cut"]] == [1, 3]
    assert capped.findings()["split.held_out_test"][0] == capped.findings()["split.stable"][0] == "pass"
