"""Notebooks with classes and loops of their own, and an instructor's hidden test, through the real command."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import nbformat
import numpy as np
import pytest
from sklearn.datasets import load_digits

from grader.resources import PACKAGE
from tests.pipeline.conftest import DATA, FIT, MATRIX, MODEL, SCORE

pytestmark = pytest.mark.slow

GRADER = str(Path(sys.executable).with_name("grader"))

NET = """
import tensorflow as tf
class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.filters = keras.layers.Conv2D(16, 3, activation="relu")
        self.flat, self.drop = keras.layers.Flatten(), keras.layers.Dropout(0.2)
        self.out = keras.layers.Dense(10, activation="softmax")
    def call(self, pictures, training=False):
        return self.out(self.drop(self.flat(self.filters(pictures)), training=training))
"""
LOOP = """
X_train, X_val, y_train, y_val = train_test_split(X_train, y_train, test_size=0.2, random_state=1)
pairs = tf.data.Dataset.from_tensor_slices((X_train, y_train)).shuffle(2000).batch(64)
held = tf.data.Dataset.from_tensor_slices((X_val, y_val)).batch(64)
model, optimizer, loss_of = Net(), keras.optimizers.Adam(0.003), keras.losses.SparseCategoricalCrossentropy()
train_loss, val_loss = keras.metrics.Mean(), keras.metrics.Mean()
@tf.function
def train_step(a, b):
    with tf.GradientTape() as tape:
        loss = loss_of(b, model(a, training=True))
    optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables))
    train_loss(loss)
    return loss
@tf.function
def val_step(a, b):
    val_loss(loss_of(b, model(a, training=False)))
for epoch in range(8):
    train_loss.reset_state(); val_loss.reset_state()
    for a, b in pairs:
        train_step(a, b)
    for a, b in held:
        val_step(a, b)
    print(epoch, float(train_loss.result()), float(val_loss.result()))
"""
OWN_SCORE = """
predicted = model.predict(X_test, verbose=0).argmax(axis=1)
print("Test accuracy:", (predicted == y_test).mean())
"""

CLASS = {
    "plain": (DATA, MODEL, FIT, SCORE, MATRIX),
    "own_loop": (DATA, NET, LOOP, OWN_SCORE, MATRIX),
    "tabular": (DATA, "X_train, X_test = X_train.reshape(-1, 64)[:, :40], X_test.reshape(-1, 64)[:, :40]",
                ("model = keras.Sequential([keras.layers.Dense(10, activation='softmax')])\n"
                "model.compile('adam', 'sparse_categorical_crossentropy', metrics=['accuracy'])"), FIT, SCORE),
}  # fmt: skip


def grade(folder: Path) -> str:
    command = [GRADER, "grade", str(folder / "class"), "--out", str(folder / "out"), "--reference-budget", "0"]
    command += ["--hidden-test", str(folder / "hidden.npz")]
    return subprocess.run(command, capture_output=True, text=True, timeout=900, check=True).stderr


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The class, graded with digits as the instructor has them: 0 to 16, without a channel axis."""
    folder = tmp_path_factory.mktemp("hidden")
    for student, sources in CLASS.items():
        notebook = nbformat.v4.new_notebook()
        notebook.cells = [nbformat.v4.new_code_cell(source.strip()) for source in sources]
        (folder / "class" / student).mkdir(parents=True)
        nbformat.write(notebook, folder / "class" / student / "project.ipynb")
    digits = load_digits()
    np.savez(folder / "hidden.npz", x=digits.images[-400:], y=digits.target[-400:])
    grade(folder)
    return folder


def grade_of(place: Path, student: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((place / "out" / student / "grade.json").read_text())
    return document


def finding(place: Path, student: str, check: str) -> dict[str, Any]:
    return next(item for item in grade_of(place, student)["findings"] if item["check"] == check)


@pytest.mark.parametrize("student", ["plain", "own_loop"])
def test_every_final_model_is_scored_on_the_hidden_rows(place: Path, student: str) -> None:
    """In the form it was trained on, which is reported; the finding rests on what was recomputed."""
    hidden = grade_of(place, student)["measured"]["hidden_test"]
    assert hidden["prepared"] == ["a channel axis added", "divided by 16, its highest value"]
    assert (hidden["rows"], hidden["note"]) == (400, "")
    assert hidden["accuracy"] > 0.8
    found = finding(place, student, "evaluation.hidden_test")
    assert (found["outcome"], found["origin"]) == ("pass", "verified")
    assert "Hidden test" in (place / "out" / student / "report.html").read_text()


def test_rows_of_another_form_are_explained(place: Path) -> None:
    """A model of forty columns can't take pictures: unknown, with both forms, and no level hangs on it."""
    grade = grade_of(place, "tabular")
    assert grade["measured"]["hidden_test"]["accuracy"] is None
    assert "8 x 8, and the model takes 40" in grade["measured"]["hidden_test"]["note"]
    assert finding(place, "tabular", "evaluation.hidden_test")["outcome"] == "unknown"
    schema = json.loads((PACKAGE / "reports" / "grade.schema.json").read_text())
    jsonschema.validate(grade, schema)


def test_a_subclassed_model_and_its_own_loop_are_judged_like_others(place: Path) -> None:
    """Recomputed outside, with the epochs and losses of the loop, and validation told from test."""
    assert finding(place, "own_loop", "evaluation.score_verified")["origin"] == "verified"
    assert finding(place, "own_loop", "split.held_out_test")["outcome"] == "pass"
    assert finding(place, "own_loop", "evaluation.test_used_once")["outcome"] == "pass"
    falls = finding(place, "own_loop", "training.loss_falls")
    assert (falls["outcome"], falls["measured"]["epochs"]) == ("pass", 8)
    assert finding(place, "own_loop", "training.diagnosis")["outcome"] == "pass"
    evidence = json.loads((place / "out" / "own_loop" / "evidence.json").read_text())
    assert [item["origin"] for item in evidence["starts"]] == ["verified"]


def test_another_hidden_test_runs_the_notebooks_again(place: Path) -> None:
    """The same file runs nothing; its contents are what counts."""
    assert grade(place).count("stored run, judged again") == len(CLASS)
    digits = load_digits()
    np.savez(place / "hidden.npz", x=digits.images[:200], y=digits.target[:200])
    assert "stored run, judged again" not in grade(place)
    assert grade_of(place, "plain")["measured"]["hidden_test"]["rows"] == 200
