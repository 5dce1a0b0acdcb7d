"""Training loops of the student's own: their epochs, losses and metrics, told as those of fit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.probe.harness import WatchedKernel, kernel

pytestmark = pytest.mark.slow

SETUP = """
import json, numpy as np, keras, tensorflow as tf
from keras import layers
keras.utils.set_random_seed(2)
x = np.random.rand(260, 6).astype("float32")
y = (x.sum(1) > 3).astype("int64")
x_train, y_train, x_test, y_test = x[:200], y[:200], x[200:], y[200:]
loss_of = keras.losses.SparseCategoricalCrossentropy()
def make():
    global model, optimizer
    model = keras.Sequential([keras.Input((6,)), layers.Dense(8, activation="relu"), layers.Dense(2, activation="softmax")])
    optimizer = keras.optimizers.Adam(0.01)
train_loss, train_right = keras.metrics.Mean(), keras.metrics.SparseCategoricalAccuracy()
held_loss, held_right = keras.metrics.Mean(), keras.metrics.SparseCategoricalAccuracy()
def step(a, b):
    with tf.GradientTape() as tape:
        answers = model(a, training=True)
        loss = loss_of(b, answers)
    optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables))
    train_loss(loss)
    train_right(b, answers)
    return loss
def test(a, b):
    answers = model(a, training=False)
    held_loss(loss_of(b, answers))
    held_right(b, answers)
def loop(step, test, epochs=5):
    said = []
    for epoch in range(epochs):
        for metric in (train_loss, train_right, held_loss, held_right):
            metric.reset_state()
        order = np.random.permutation(200)
        losses = [float(step(x_train[order[i:i + 50]], y_train[order[i:i + 50]])) for i in range(0, 200, 50)]
        for i in range(0, 60, 30):
            test(x_test[i:i + 30], y_test[i:i + 30])
        said.append({"loss": np.mean(losses), "accuracy": float(train_right.result()),
                     "val_loss": float(held_loss.result()), "val_accuracy": float(held_right.result())})
        print(epoch, float(train_loss.result()))
    json.dump(said, open("said.json", "w"))
make()
"""

SAMPLED = """
make()
for _ in range(60):
    at = np.random.randint(0, 200, 50)
    step(x_train[at], y_train[at])
"""

WHOLE = """
make()
said = []
for _ in range(7):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(model(x_train)[:, 1] - y_train))
    optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables))
    said.append({"loss": float(loss)})
json.dump(said, open("said.json", "w"))
"""

TWO_MODELS = """
first, second = keras.Sequential([keras.Input((6,)), layers.Dense(1)]), keras.Sequential([keras.Input((6,)), layers.Dense(1)])
said = []
for _ in range(4):
    with tf.GradientTape() as one, tf.GradientTape() as two:
        a, b = tf.reduce_mean(first(x_train) ** 2), tf.reduce_mean((second(x_train) - 3) ** 2)
    steps = [(one, a, first), (two, b, second)]
    for tape, loss, net in steps:
        keras.optimizers.SGD(0.001).apply_gradients(
            zip(tape.gradient(loss, net.trainable_variables), net.trainable_variables))
    said.append([float(a), float(b)])
json.dump(said, open("said.json", "w"))
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WatchedKernel]:
    folder = tmp_path_factory.mktemp("loops")
    with kernel(folder) as started:
        started.folder = folder  # type: ignore[attr-defined]
        started.run(SETUP)
        yield started


def epochs_of(running: WatchedKernel, code: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Run a cell; return the events of its trainings, and what it said of them itself."""
    said: Path = running.folder / "said.json"  # type: ignore[attr-defined]
    said.unlink(missing_ok=True)
    mark = running.mark()
    running.run(code)
    assert not running.since(mark, "probe.fault")
    return running.since(mark), json.loads(said.read_text()) if said.exists() else []


@pytest.mark.parametrize("code", ["loop(step, test)", "make(); loop(tf.function(step), tf.function(test))"])
def test_epochs_losses_and_metrics_are_those_the_loop_shows(running: WatchedKernel, code: str) -> None:
    """Eager or traced: passes over the rows are epochs, with the loss that gradients are of and the metrics' results.

    Which metrics are of validation is told by what fed them, not by their names: here they have none.
    """
    events, said = epochs_of(running, code)
    logs = [event["logs"] for event in events if event["kind"] == "fit.epoch"]
    assert len(logs) == len(said) == 5
    for told, shown in zip(logs, said, strict=True):
        assert told.keys() == shown.keys()
        assert all(np.isclose(told[name], shown[name], rtol=1e-5) for name in shown)
    ended = next(event for event in events if event["kind"] == "fit.ended")
    assert (ended["steps"], running.row_set(ended["rows"])["count"]) == (20, 200)
    assert ended["labels"]
    scored = [event for event in events if event["kind"] == "model.scored"]
    assert [event.get("during") for event in scored[:4]] == [ended["fit"]] * 4
    assert "during" not in scored[-1], "after the last step the model is scored, not watched"


def test_a_loss_worked_out_by_hand_is_seen(running: WatchedKernel) -> None:
    """All rows in each step make each step an epoch; the loss is what the tape's gradient was asked of."""
    events, said = epochs_of(running, WHOLE)
    logs = [event["logs"] for event in events if event["kind"] == "fit.epoch"]
    assert [round(log["loss"], 6) for log in logs] == [round(item["loss"], 6) for item in said]


def test_rows_drawn_at_random_make_no_epochs(running: WatchedKernel) -> None:
    """Nothing is told where nothing is known: the training is there, with its rows, and no history."""
    events, _ = epochs_of(running, SAMPLED)
    assert not [event for event in events if event["kind"] == "fit.epoch"]
    assert next(event for event in events if event["kind"] == "fit.ended")["steps"] == 60


def test_each_of_two_models_has_its_own_losses(running: WatchedKernel) -> None:
    """Gradients are matched to steps by the variables they are of."""
    events, said = epochs_of(running, TWO_MODELS)
    fits = [event["fit"] for event in events if event["kind"] == "fit.began"]
    assert len(fits) == 2
    for place, fit in enumerate(fits):
        logs = [event["logs"]["loss"] for event in events if event["kind"] == "fit.epoch" and event["fit"] == fit]
        assert np.allclose(logs, [item[place] for item in said], rtol=1e-5)
