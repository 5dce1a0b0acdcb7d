"""Real trainings under a budget: they end as shorter ones, all that was given is known, and nothing else is touched."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.probe.harness import WatchedKernel, kernel

pytestmark = pytest.mark.slow

QUICK = {"steps": 40, "training_s": 60.0}
SECONDS = {"total_s": 40.0, "trainings": 2}

PRELUDE = """
import numpy as np, tensorflow as tf, keras
x = np.random.default_rng(0).random((1000, 8)).astype("float32")
y = (x.sum(1) > 4).astype("int64")
held = (x[800:], y[800:])
def rows(part, size=10):
    return tf.data.Dataset.from_tensor_slices((x[part], y[part])).batch(size)
def made():
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(2, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model
class Told(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.steps, self.ends = [], 0
    def on_epoch_begin(self, epoch, logs=None):
        self.steps.append(0)
    def on_train_batch_end(self, batch, logs=None):
        self.steps[-1] += 1
    def on_train_end(self, logs=None):
        self.ends += 1
def fit(*given, **more):
    global model, told
    model, told = made(), Told()
    before = model.get_weights()
    history = model.fit(*given, epochs=5, verbose=0, callbacks=[told, *more.pop("callbacks", [])], **more).history
    assert all(len(values) == 5 for values in history.values()), history
    assert told.ends == 1 and any((a != b).any() for a, b in zip(before, model.get_weights()))
    print(told.steps)
"""
PART = slice(0, 800)


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WatchedKernel]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADER_PROBE_BUDGET", json.dumps(QUICK))
        with kernel(tmp_path_factory.mktemp("quick")) as running:
            running.run(PRELUDE)
            yield running
            assert [event for event in running.events if event["kind"] in {"probe.fault", "probe.dropped"}] == []


def ended(running: WatchedKernel, source: str) -> tuple[str, dict[str, Any]]:
    """Run a cell with one training; return what it printed, and the end of the training."""
    mark = running.mark()
    said = running.run(source)
    return said.strip(), running.since(mark, "fit.ended")[0]


GIVEN = {
    "arrays": "fit(x[:800], y[:800], batch_size=10, validation_data=held)",
    "a data set": "fit(rows(slice(0, 800)).shuffle(80), validation_data=rows(slice(800, 1000)))",
    "a data set of unknown length": "fit(rows(slice(0, 800)).filter(lambda a, b: True), validation_data=held)",
    "a generator": """
def endless():
    while True:
        for at in range(0, 800, 10):
            yield x[at : at + 10], y[at : at + 10]
fit(endless(), steps_per_epoch=80, validation_data=held)
""",
    "a sequence": """
class Pages(keras.utils.PyDataset):
    ends = 0
    def __len__(self):
        return 80
    def __getitem__(self, at):
        return x[at * 10 : at * 10 + 10], y[at * 10 : at * 10 + 10]
    def on_epoch_end(self):
        self.ends += 1
pages = Pages(workers=2)
fit(pages, validation_data=held)
assert pages.ends in (5, 6), pages.ends  # Keras itself calls it once before the first epoch
""",
}


@pytest.mark.parametrize("given", GIVEN)
def test_fewer_steps_in_as_many_epochs(quick: WatchedKernel, given: str) -> None:
    """However rows are given: 40 steps are 8 in each of 5 epochs, and all 800 training and 200 held-out rows known."""
    said, end = ended(quick, GIVEN[given])
    assert said == "[8, 8, 8, 8, 8]"
    capped = end["capped"]
    assert (capped["steps"], capped["ended_early"]) == (40, False)
    assert capped["steps_asked"] in {400, 405}  # Keras counts the end of a stream of unknown length as a step
    for part, count in (("rows", 800), ("validation_rows", 200)):
        seen = quick.row_set(end[part])
        assert (seen["count"], seen["complete"]) == (count, True)
    assert end.get("unstable") is not True
    assert end.get("later_rows") is None


def test_rows_that_move_are_seen_to_move(quick: WatchedKernel) -> None:
    """A shuffle anew before `take` and `skip` mixes training and validation: seen though most is not trained on."""
    source = """
mixed = tf.data.Dataset.from_tensor_slices((x, y)).shuffle(1000)
fit(mixed.take(800).batch(10), validation_data=mixed.skip(800).batch(10))
"""
    assert ended(quick, source)[1]["unstable"] is True


def test_a_training_within_its_share_is_as_without_a_budget(quick: WatchedKernel) -> None:
    """It has all its steps, and the end of it says that nothing was cut."""
    said, end = ended(quick, "fit(x[:80], y[:80], batch_size=10)")
    assert said == "[8, 8, 8, 8, 8]"
    assert end.get("capped") is None


def test_callbacks_end_as_after_any_training(quick: WatchedKernel) -> None:
    """Best weights are brought back, checkpoints are written; scoring afterwards is of all rows."""
    source = """
stop = keras.callbacks.EarlyStopping(monitor="loss", mode="max", patience=9, restore_best_weights=True)
keep = keras.callbacks.ModelCheckpoint("best.keras", monitor="loss", mode="max", save_best_only=True)
fit(x, y, batch_size=10, callbacks=[stop, keep])
best = keras.models.load_model("best.keras")
assert all((a == b).all() for a, b in zip(best.get_weights(), model.get_weights()))
scored = model.evaluate(x, y, batch_size=10, verbose=0)
assert model.predict(x, batch_size=10, verbose=0).shape == (1000, 2)
"""
    mark = quick.mark()
    ended(quick, source)
    assert all(quick.row_set(event["rows"])["count"] == 1000 for event in quick.since(mark, "model.scored"))


@pytest.mark.proof
def test_seconds_end_trainings_and_loops(tmp_path: Path) -> None:
    """A budget in seconds cuts epochs, ends a loop of one's own as Ctrl-C would, and the notebook goes on."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADER_PROBE_BUDGET", json.dumps(SECONDS))
        with kernel(tmp_path) as running:
            running.run(PRELUDE)
            cut = "history = made().fit(x, y, epochs=100_000, verbose=0).history; print(len(history['loss']))"
            said, end = ended(running, cut)
            assert end["capped"]["ended_early"]
            assert int(said) < 100_000
            mark = running.mark()
            running.run(
                "model = made(); optimizer = keras.optimizers.Adam()\n"
                "while True:\n"
                "    with tf.GradientTape() as tape:\n"
                "        loss = tf.reduce_mean(model(x[:32], training=True) ** 2)\n"
                "    weights = model.trainable_variables\n"
                "    optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))\n",
                allow_errors=True,
            )
            assert running.since(mark, "fit.ended")[0]["error"] == "BudgetSpent"
            assert running.errors[-1] == "BudgetSpent: " + running.last_outputs[-1]["evalue"]
            assert running.run("print(model.predict(x, verbose=0).shape)") == "(1000, 2)\n"
