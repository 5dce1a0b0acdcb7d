"""Weights that a callback brings into a training: those that the training made are its own, others are told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.probe.harness import WatchedKernel, kernel

pytestmark = pytest.mark.slow

SETUP = """
import numpy as np, keras
from keras.callbacks import Callback, EarlyStopping, LambdaCallback, SwapEMAWeights
rows, kinds = np.random.rand(64, 4), np.random.randint(0, 2, 64)
def make(optimizer="adam"):
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3), keras.layers.Dense(2, activation="softmax")])
    model.compile(optimizer, "sparse_categorical_crossentropy")
    return model
def train(model, *callbacks):
    model.fit(rows, kinds, epochs=4, validation_split=0.25, verbose=0, callbacks=list(callbacks))
foreign = make().get_weights()
trained = make()
train(trained)
unbuilt = keras.Sequential([keras.layers.Dense(2, activation="softmax")])
unbuilt.compile("adam", "sparse_categorical_crossentropy")
class Logs(Callback):
    def on_epoch_end(self, epoch, logs=None):
        self.seen = logs["loss"]
class Best(Callback):
    def on_epoch_end(self, epoch, logs=None):
        if epoch == 1:
            self.kept = self.model.get_weights()
    def on_train_end(self, logs=None):
        self.model.set_weights(self.kept)
class BestBatch(Callback):
    def on_train_batch_end(self, batch, logs=None):
        self.kept = self.kept if getattr(self, "kept", None) else self.model.get_weights()
    def on_epoch_end(self, epoch, logs=None):
        self.model.set_weights(self.kept)
def at(event):
    def put(self, *_, **__):
        for weight, value in zip(self.model.weights, foreign):
            weight.assign(value)
    return type("Put", (Callback,), {event: put})()
def late(model, epoch):
    if epoch == 3:
        for weight, value in zip(model.weights, foreign):
            weight.assign(value)
class ByBatch(Callback):
    def on_train_batch_end(self, batch, logs=None):
        self.model.set_weights(foreign)
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WatchedKernel]:
    with kernel(tmp_path_factory.mktemp("callbacks")) as started:
        started.run(SETUP)
        yield started


def put_in(running: WatchedKernel, source: str) -> str | None:
    """Run a training, and return how weights are said to have come into it."""
    mark = running.mark()
    running.run(source)
    assert running.since(mark, "probe.fault") == []
    (ended,) = running.since(mark, "fit.ended")
    return ended.get("put_in")


@pytest.mark.parametrize(
    "source",
    [
        "train(make())",
        "train(make(), Logs())",
        "train(make(), Logs(), EarlyStopping(patience=1, restore_best_weights=True))",
        "train(make(), Best())",
        "train(make(), BestBatch())",
        "train(make(), LambdaCallback(on_epoch_end=lambda epoch, logs: print(epoch)))",
        "train(make(keras.optimizers.Adam(use_ema=True)), Logs())",
        "train(make(keras.optimizers.Adam(use_ema=True)), SwapEMAWeights(swap_on_epoch=True))",
        "train(trained, Logs())",
        "train(unbuilt, Logs())",
    ],
)
def test_honest_callbacks_bring_back_what_training_made(running: WatchedKernel, source: str) -> None:
    """Logs, early stopping, a best state kept by hand, averages of the optimizer's own, a model that fit builds."""
    assert put_in(running, source) is None


@pytest.mark.parametrize("event", ["on_train_begin", "on_epoch_begin", "on_epoch_end", "on_train_end"])
def test_weights_assigned_between_epochs_are_told(running: WatchedKernel, event: str) -> None:
    """However they are put in."""
    assert put_in(running, f"train(make(), at({event!r}))") == "by a callback"


def test_weights_assigned_after_the_last_epoch_are_told(running: WatchedKernel) -> None:
    """Where no step of training follows."""
    source = "model = make(); train(model, LambdaCallback(on_epoch_end=lambda epoch, logs: late(model, epoch)))"
    assert put_in(running, source) == "by a callback"


def test_weights_set_between_batches_are_told(running: WatchedKernel) -> None:
    """By Keras's own methods."""
    assert put_in(running, "train(make(), ByBatch())") == "set_weights"


def test_functions_in_librarys_callbacks_count_as_the_notebooks(running: WatchedKernel) -> None:
    """LambdaCallback is Keras's, what it calls is not."""
    source = """
model = make()
train(model, LambdaCallback(on_epoch_end=lambda epoch, logs: [w.assign(v) for w, v in zip(model.weights, foreign)]))
"""
    assert put_in(running, source) == "by a callback"
