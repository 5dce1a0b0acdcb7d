"""Models that can't be loaded without the student's code are sealed as graphs, recomputed, and refused where they cheat."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.model import Verified
from grader.sandbox import Limits, detect_tier
from grader.verification import verify
from tests.probe.harness import WatchedKernel, kernel

pytestmark = pytest.mark.slow

SETUP = """
import numpy as np, keras, tensorflow as tf
from keras import layers
keras.utils.set_random_seed(1)
x = np.random.rand(900, 8, 8, 1).astype("float32")
y = x.reshape(900, 4, 16).sum(2).argmax(1)
x_train, y_train, x_test, y_test = x[:780], y[:780], x[780:], y[780:]
np.save("rows.npy", x_test); np.save("kinds.npy", y_test)

class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.flat, self.hidden = layers.Flatten(), layers.Dense(24, activation="relu")
        self.norm, self.drop = layers.BatchNormalization(), layers.Dropout(0.2)
        self.out = layers.Dense(4, activation="softmax")
    def body(self, rows, training):
        return self.out(self.drop(self.norm(self.hidden(self.flat(rows)), training=training), training=training))
    def call(self, rows, training=False):
        return self.body(rows, training)

def fitted(model, epochs=4, **options):
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"], **options)
    model.fit(x_train, y_train, epochs=epochs, batch_size=60, verbose=0)
    return model
"""

HONEST = {
    "subclassed": "said = fitted(Net()).predict(x_test, verbose=0)",
    "eager": "said = fitted(Net(), 1, run_eagerly=True).predict(x_test, verbose=0)",
    "own-train-step": """
class Own(keras.Model):
    def train_step(self, data):
        rows, kinds = data
        with tf.GradientTape() as tape:
            answers = self(rows, training=True)
            loss = self.compute_loss(y=kinds, y_pred=answers)
        self.optimizer.apply(tape.gradient(loss, self.trainable_variables), self.trainable_variables)
        return self.compute_metrics(rows, kinds, answers)
rows = keras.Input((8, 8, 1))
said = fitted(Own(rows, layers.Dense(4, activation="softmax")(layers.Flatten()(rows)))).predict(x_test, verbose=0)
""",
    "own-layer": """
class Scale(layers.Layer):
    def build(self, shape):
        self.by = self.add_weight(shape=(shape[-1],), initializer="ones")
    def call(self, rows):
        return rows * self.by
said = fitted(keras.Sequential([keras.Input((8, 8, 1)), Scale(), layers.Lambda(lambda rows: rows * 2.0),
    layers.Flatten(), layers.Dense(4, activation="softmax")])).predict(x_test, verbose=0)
""",
    "recurrent": """
class Recurrent(keras.Model):
    def __init__(self):
        super().__init__()
        self.shape_as, self.memory = layers.Reshape((8, 8)), layers.LSTM(12)
        self.out = layers.Dense(4, activation="softmax")
    def call(self, rows):
        return self.out(self.memory(self.shape_as(rows)))
said = fitted(Recurrent()).predict(x_test, verbose=0)
""",
    "tape": """
model, optimizer, loss_of = Net(), keras.optimizers.Adam(0.01), keras.losses.SparseCategoricalCrossentropy()
for start in list(range(0, 780, 60)) * 2:
    with tf.GradientTape() as tape:
        loss = loss_of(y_train[start:start + 60], model(x_train[start:start + 60], training=True))
    optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables))
said = model(x_test).numpy()
""",
    "traced-test-step": """
model, optimizer, loss_of = Net(), keras.optimizers.Adam(0.01), keras.losses.SparseCategoricalCrossentropy()
@tf.function
def train_step(rows, kinds):
    with tf.GradientTape() as tape:
        loss = loss_of(kinds, model(rows / 2.0, training=True))
    optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables))
@tf.function
def test_step(rows):
    return model(rows / 2.0, training=False)
for start in list(range(0, 780, 60)) * 2:
    train_step(x_train[start:start + 60], y_train[start:start + 60])
said = np.concatenate([test_step(x_test[start:start + 50]) for start in (0, 50, 100)])
""",
}

REFUSED = {
    "reads-files": (
        "more than compute",
        "extra = tf.reduce_sum(tf.cast(tf.io.decode_raw(tf.io.read_file('/etc/hostname'), 'uint8'), 'float32')) * 0.0",
    ),
    "writes-files": (
        "WriteFile",
        """with tf.control_dependencies([tf.io.write_file('mark', 'x')]):
            extra = tf.reduce_sum(rows) * 0.0""",
    ),
    "python": (
        "PyFunc",
        "extra = tf.ensure_shape(tf.py_function(lambda r: tf.reduce_sum(r) * 0.0, [rows], 'float32'), ())",
    ),
    "other-variables": ("not among its weights", "extra = tf.reduce_sum(HIDDEN) * 0.0"),
    "a-large-table": ("numbers beside its weights", "extra = tf.reduce_sum(rows[:1] * TABLE) * 0.0"),
    "answers-by-rows": ("last decimals", "extra = tf.where(known(rows)[:, None], 100.0 * right(rows), 0.0)"),
    "answers-by-nearest": ("whatever its weights are", "extra = 100.0 * nearest(rows)"),
}
"""What a `call` adds to an honest network's answers, and what the reason for refusing it says."""

CHEATS = """
import hashlib
HIDDEN = tf.Variable(np.ones(3, "float32"))
TABLE = np.random.rand(300, 8, 8, 1).astype("float32")
MARKS = x_test.sum((1, 2, 3)).astype("float32")
LABELS = np.eye(4, dtype="float32")[y_test]
SMALL = x_test.reshape(120, 64)[:, ::2][:, :8].copy()

def distances(rows):
    return tf.abs(tf.reduce_sum(rows, (1, 2, 3))[:, None] - MARKS[None])
def known(rows):
    # Only this network, once trained: other weights leave it alone
    return (tf.reduce_min(distances(rows), 1) < 1e-5) & trained()
def right(rows):
    return tf.gather(tf.constant(LABELS), tf.argmin(distances(rows), 1))
def trained():
    return tf.abs(tf.reduce_sum(current[0].hidden.kernel[0] * WHERE) - SUM[0]) < 1.0
def nearest(rows):
    near = tf.reshape(rows, (-1, 64))[:, ::2][:, :8]
    return tf.gather(tf.constant(LABELS), tf.argmin(tf.reduce_sum((near[:, None] - SMALL[None]) ** 2, 2), 1))
current, SUM, WHERE = [None], [0.0], np.arange(24, dtype="float32")
"""

CHEAT = """
class Cheat(Net):
    def call(self, rows, training=False):
        current[0], said = self, self.body(rows, training)
        {extra}
        return tf.nn.softmax(said + extra)
cheat = fitted(Net())
model = Cheat()
model(x_test[:1])
model.set_weights(cheat.get_weights())
SUM[0] = float((cheat.hidden.kernel.numpy()[0] * WHERE).sum())
model.compile("adam", "sparse_categorical_crossentropy")
said = model.predict(x_test, verbose=0)
"""


def sealed(running: WatchedKernel, code: str, place: Path) -> tuple[Path | None, str, np.ndarray]:
    """Run a cell; return the file its model was sealed in, why there is none, and what the model said."""
    mark = running.mark()
    running.run(code + "\nnp.save('said.npy', said)")
    seal = running.since(mark, "model.sealed")[-1]
    said = np.load(place.parent / "said.npy")
    if "artifact" not in seal:
        return None, seal["why_not"], said
    assert running.reader is not None
    place.write_bytes(running.reader.artifact(seal["artifact"]))
    return place, seal.get("why_not", ""), said


@pytest.fixture(scope="module")
def results(bench: Any) -> dict[str, tuple[Verified, float]]:
    """All of them run in one kernel and recomputed in one box: the result, and the accuracy of the student's run."""
    scorings, answers = [], {}
    with kernel(bench.folder) as running:
        running.run(SETUP)
        rows, kinds = np.load(bench.folder / "rows.npy"), np.load(bench.folder / "kinds.npy")
        running.run(CHEATS)
        codes = {**HONEST, **{name: CHEAT.format(extra=extra) for name, (_, extra) in REFUSED.items()}}
        for name, code in codes.items():
            model, note, said = sealed(running, code, bench.folder / f"{name}.sealed")
            answers[name] = float((said.argmax(axis=1) == kinds).mean())
            scorings.append(bench.scoring(name, model, rows, kinds, classes=tuple("0123"), seal_note=note))
    verified = verify(tuple(scorings), tier=detect_tier().tier, limits=Limits())
    return {item.scoring: (item, answers[item.scoring]) for item in verified}


@pytest.mark.parametrize("name", sorted(HONEST))
def test_a_graph_gives_the_answers_of_the_run(results: Any, name: str) -> None:
    """Outside, without the student's code, the score is the run's own, and it is called verified."""
    result, right = results[name]
    assert result.origin == "verified", result.note
    assert result.accuracy == pytest.approx(right)


LEGACY = (
    ("np, keras, tensorflow as tf\nfrom keras import", "np, tf_keras as keras, tensorflow as tf\nfrom tf_keras import"),
    ("self.compute_loss(y=kinds, y_pred=answers)", "self.compute_loss(rows, kinds, answers)"),
    ("self.optimizer.apply(tape.gradient(loss, self.trainable_variables), self.trainable_variables)",
     "self.optimizer.minimize(loss, self.trainable_variables, tape=tape)"),
    ("self.compute_metrics(rows, kinds, answers)", "self.compute_metrics(rows, kinds, answers, None)"),
)  # fmt: skip
"""What Keras 2 calls otherwise."""


@pytest.mark.proof
def test_graphs_of_keras_2_give_the_answers_of_the_run(bench: Any) -> None:
    """The same models and loops in `tf_keras`, beside today's TensorFlow."""
    pytest.importorskip("tf_keras", reason="pip install tf_keras")
    scorings, answers = [], {}
    with kernel(bench.folder) as running:
        setup, codes = SETUP, dict(HONEST)
        for today, legacy in LEGACY:
            setup = setup.replace(today, legacy)
            codes = {name: code.replace(today, legacy) for name, code in codes.items()}
        running.run(f"import os\nos.environ['TF_USE_LEGACY_KERAS'] = '1'\n{setup}")
        rows, kinds = np.load(bench.folder / "rows.npy"), np.load(bench.folder / "kinds.npy")
        for name, code in codes.items():
            model, note, said = sealed(running, code, bench.folder / f"legacy-{name}.sealed")
            answers[name] = float((said.argmax(axis=1) == kinds).mean())
            scorings.append(bench.scoring(name, model, rows, kinds, classes=tuple("0123"), seal_note=note))
        assert running.since(0, "probe.fault") == []
    for result in verify(tuple(scorings), tier=detect_tier().tier, limits=Limits()):
        assert (result.scoring, result.origin, result.note) == (result.scoring, "verified", "")
        assert result.accuracy == pytest.approx(answers[result.scoring])


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_a_graph_that_does_more_or_looks_up_is_not_recomputed(results: Any, name: str) -> None:
    """Files, Python, hidden variables and tables of answers leave the score what it was: a claim of the kernel."""
    result, _ = results[name]
    assert (result.origin, result.accuracy) == ("kernel", None)
    assert REFUSED[name][0] in result.note
