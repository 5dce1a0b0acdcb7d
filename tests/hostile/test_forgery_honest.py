"""Honest habits that look like forgeries from afar, and are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.model import Evidence
from grader.storage import read_evidence

from .forgeries import DATA, MATRIX, MODEL, SCORE, SETUP, Work
from .test_forgery import Graded, grade_class

pytestmark = pytest.mark.slow

CHECKPOINT = """
best = keras.callbacks.ModelCheckpoint("best.keras", monitor="val_loss", save_best_only=True)
model.fit(x_train, y_train, validation_split=0.2, epochs=3, callbacks=[best], verbose=0)
model = keras.models.load_model("best.keras")
model.evaluate(x_test, y_test, verbose=0)
"""
STOPPING = """
stop = keras.callbacks.EarlyStopping(patience=1, restore_best_weights=True, start_from_epoch=1)
model.fit(x_train, y_train, validation_split=0.2, epochs=4, callbacks=[stop], verbose=0)
model.save_weights("later.weights.h5")
model.evaluate(x_test, y_test, verbose=0)
"""
BEST_OF_LOOP = """
best_loss, best_weights = np.inf, None
for epoch in range(3):
    history = model.fit(x_train, y_train, validation_split=0.2, epochs=1, verbose=0)
    if history.history["val_loss"][0] < best_loss:
        best_loss, best_weights = history.history["val_loss"][0], model.get_weights()
model.set_weights(best_weights)
model.load_weights("later.weights.h5")
model.evaluate(x_test, y_test, verbose=0)
"""
OWN_LOOP = """
import tensorflow as tf
adam, measure = keras.optimizers.Adam(), keras.losses.SparseCategoricalCrossentropy()
kept, lowest = None, np.inf
for epoch in range(2):
    for start in range(0, len(x_train), 64):
        with tf.GradientTape() as tape:
            loss = measure(y_train[start:start + 64], model(x_train[start:start + 64], training=True))
        adam.apply_gradients(zip(tape.gradient(loss, model.trainable_weights), model.trainable_weights))
    if float(loss) < lowest:
        lowest, kept = float(loss), model.get_weights()
model.set_weights(kept)
model.evaluate(x_test, y_test, verbose=0)
"""
BACKBONE = """
backbone = keras.Sequential(model.layers[:-1])
backbone.trainable = False
head = keras.Sequential([keras.layers.Input((8, 8, 1)), backbone, keras.layers.Dense(10, activation="softmax")])
head.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
head.fit(x_train, y_train, validation_split=0.2, epochs=2, verbose=0)
backbone.trainable = True
head.compile(keras.optimizers.Adam(1e-4), "sparse_categorical_crossentropy", metrics=["accuracy"])
head.fit(x_train, y_train, validation_split=0.2, epochs=1, verbose=0)
answers = np.stack([head(x_test, training=True) for _ in range(3)]).mean(axis=0)
model = head
"""
LINES = """%%time
!echo shell
import warnings, logging, gc, contextlib, io, threading, sys
gc.collect(); warnings.filterwarnings("ignore")
with contextlib.redirect_stdout(io.StringIO()):
    print("hidden")
thread = threading.Thread(target=print); thread.start(); thread.join()
"""
CAPTURED = "%%capture kept\nprint('captured')"
PLAIN_CLASS = """
class Small(keras.Model):
    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(10, activation="softmax")
    def call(self, x):
        return self.dense(keras.ops.reshape(x, (-1, 64)))
    def fit(self, *args, **kwargs):
        print("training")
        return super().fit(*args, **kwargs)
small = Small()
small.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
small.fit(x_train, y_train, epochs=1, verbose=0)
"""
PICKED = """
surest = model.predict(x_test, verbose=0).max(axis=1) > 0.5
print("accuracy of the surest:", model.evaluate(x_test[surest], y_test[surest], verbose=0)[1])
"""

HABITS = Work(
    "habits",
    {
        "setup": (SETUP, LINES, CAPTURED, ""),
        "data": DATA,
        "model": MODEL,
        "fit": (CHECKPOINT, STOPPING, BEST_OF_LOOP, OWN_LOOP, PLAIN_CLASS, BACKBONE),
        "curves": "raise KeyError('an honest mistake')",
        "score": (SCORE, PICKED),
        "matrix": MATRIX,
    },
)


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Graded:
    """The notebook of habits, graded."""
    return grade_class([HABITS], tmp_path_factory.mktemp("honest"))


@pytest.fixture(scope="module")
def evidence(graded: Graded) -> Evidence:
    """Its evidence."""
    return read_evidence(Path(graded.folder, "habits", "evidence.json"))


def test_the_watching_is_whole(evidence: Evidence) -> None:
    """Magics, shell lines, threads, failing and empty cells, and a model's own `fit` leave the record whole."""
    assert evidence.run.watch_gaps == ()
    assert evidence.run.channel_faults == 0
    assert evidence.run.probe_faults == ()


def test_weights_are_followed(evidence: Evidence) -> None:
    """Checkpoints, restored and kept weights, own loops and fine-tuning are the watched trainings' work."""
    assert len(evidence.scorings) >= 6
    assert {item.unwatched for item in evidence.scorings} == {""}


def test_beginning_from_a_training_of_ones_own_is_no_borrowing(graded: Graded) -> None:
    """A head on a backbone that this notebook trained knew nothing before its first training."""
    assert graded.finding("habits", "model.trains")["outcome"] == "pass"


def test_a_look_at_the_surest_answers_is_no_picking(graded: Graded) -> None:
    """The score of all test rows is the result, also where that of picked ones is shown beside it."""
    assert graded.finding("habits", "evaluation.test_score_reported")["outcome"] == "pass"
