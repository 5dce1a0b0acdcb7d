"""Train reference recipes inside a sandbox and answer with their predictions on the test rows.

Started with one argument, JSON: {"arguments": {...}, "inputs": {name: path}}. Arguments: `recipes` (as in
recipes.yaml, with their id), `task`, `outputs` (classes, or 1), `row_shape` (what the net sees), `budget_s`.
Inputs: `train`, `train_labels`, `test`, and `train_index` where only a sample of rows was kept. Labels of the test
rows never come here: the host scores the predictions. `builders.py` is importable.

Answer: one line of JSON for each recipe and seed, on standard output.
"""

from __future__ import annotations

import base64
import io
import json
import math
import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

MOST_VALUES = 150_000_000
"""Most float32 values of training rows held at once (600 MB); beyond it a sample of the rows is trained on."""

SAMPLE_SEED = 20_240_501

PREDICTION_BATCH = 512

SAFETY = 1.3
"""A further seed is begun only where this many times the first one's seconds are left."""


@dataclass(frozen=True)
class Data:
    """Rows rescaled for the network; `targets` are class numbers or float values."""

    train: np.ndarray
    targets: np.ndarray
    validation: np.ndarray
    validation_targets: np.ndarray
    test: np.ndarray


@dataclass(frozen=True)
class Result:
    """One recipe trained from one seed."""

    recipe: str
    seed: int
    parameters: int
    seconds: float
    history: dict[str, list[float]]
    cut_by_budget: bool
    predictions: np.ndarray


def load_rows(path: str) -> np.ndarray:
    """Open rows without reading them all and without pickle."""
    return np.load(path, mmap_mode="r", allow_pickle=False)


def load_training(inputs: Mapping[str, str]) -> tuple[np.ndarray, np.ndarray]:
    """Return training rows and their labels, a fixed sample where there are too many to hold."""
    rows, labels = load_rows(inputs["train"]), load_rows(inputs["train_labels"])
    if "train_index" in inputs:
        labels = np.asarray(labels)[np.asarray(load_rows(inputs["train_index"]), dtype=np.int64)]
    most = max(1, MOST_VALUES // max(1, int(np.prod(rows.shape[1:]))))
    if len(rows) > most:
        picked = np.sort(np.random.default_rng(SAMPLE_SEED).choice(len(rows), most, replace=False))
        rows, labels = rows[picked], labels[picked]
    return np.asarray(rows), np.asarray(labels)


def rescaled(train: np.ndarray, test: np.ndarray, *, image: bool) -> tuple[np.ndarray, np.ndarray]:
    """Scale both by what the training rows say: pictures to 0..1, columns of tables to mean 0 and deviation 1."""
    train = train.astype(np.float32, copy=False)
    test = np.asarray(test).astype(np.float32, copy=False)
    if image:
        low, high = float(np.nanmin(train)), float(np.nanmax(train))
        span = (high - low) or 1.0
        return np.nan_to_num((train - low) / span), np.nan_to_num((test - low) / span)
    mean = np.nan_to_num(np.nanmean(train, axis=0, dtype=np.float64)).astype(np.float32)
    deviation = np.nan_to_num(np.nanstd(train, axis=0, dtype=np.float64)).astype(np.float32)
    deviation[deviation == 0] = 1.0
    # A missing value becomes the column's mean, which is 0 here.
    return np.nan_to_num((train - mean) / deviation), np.nan_to_num((test - mean) / deviation)


def load_data(arguments: Mapping[str, Any], inputs: Mapping[str, str], validation_share: float) -> Data:
    """Load, rescale and shuffle; the last rows of the shuffled training rows are the recipe's own validation rows."""
    rows, targets = load_training(inputs)
    image = arguments["row_kind"] == "image"
    train, test = rescaled(rows, load_rows(inputs["test"]), image=image)
    shape = tuple(arguments["row_shape"])
    train, test = train.reshape(-1, *shape), test.reshape(-1, *shape)
    order = np.random.default_rng(SAMPLE_SEED).permutation(len(train))
    train, targets = train[order], targets[order].astype(np.float32 if arguments["task"] == "regression" else np.int64)
    kept = len(train) - int(len(train) * validation_share)
    return Data(train[:kept], targets[:kept], train[kept:], targets[kept:], test)


class Trainer:
    """One recipe: the network is built and compiled once, each seed starts it from new weights."""

    def __init__(self, recipe: Mapping[str, Any], arguments: Mapping[str, Any], data: Data, builders: Any) -> None:
        self.recipe = recipe
        self.data = data
        self.task = arguments["task"]
        self.outputs = 1 if self.task == "regression" or arguments["outputs"] == 2 else arguments["outputs"]
        self.shape = arguments["row_shape"]
        self.builder = builders.BUILDERS[recipe["builder"]]
        self.model: Any = None
        self.batch = self._batch_size()
        # The network answers in these units; predictions are turned back before they leave.
        regression = self.task == "regression"
        self.offset = float(np.mean(data.targets)) if regression else 0.0
        self.unit = (float(np.std(data.targets)) or 1.0) if regression else 1.0

    def _batch_size(self) -> int:
        batch = int(self.recipe["batch_size"])
        while len(self.data.train) / batch > self.recipe["most_steps"]:
            batch *= 2
        return batch

    def _activation(self) -> str | None:
        if self.task == "regression":
            return None
        return "sigmoid" if self.outputs == 1 else "softmax"

    def _start(self, seed: int) -> Any:
        """Return the compiled network with the weights of that seed, and a fresh optimizer."""
        import keras

        keras.utils.set_random_seed(seed)
        fresh = self.builder(self.shape, self.outputs, self._activation(), self.recipe["settings"])
        if self.model is None:
            self.model = fresh
            optimizer = keras.optimizers.get(self.recipe["optimizer"])
            optimizer.learning_rate = self._learning_rate()
            losses = {"regression": "mse", "classification": "sparse_categorical_crossentropy"}
            loss = "binary_crossentropy" if self._activation() == "sigmoid" else losses[self.task]
            self.model.compile(optimizer, loss, metrics=["mae" if self.task == "regression" else "accuracy"])
            return self.model
        for variable, new in zip(self.model.variables, fresh.variables, strict=True):
            variable.assign(new)
        for variable in self.model.optimizer.variables:
            variable.assign(np.zeros(variable.shape, dtype=variable.dtype))
        if not self.recipe["decay"]:  # a fixed rate is one of those variables
            self.model.optimizer.learning_rate = self.recipe["learning_rate"]
        return self.model

    def _learning_rate(self) -> Any:
        """Return the fixed rate, or one that falls to 0 over all steps: then the last epoch does not wobble."""
        import keras

        rate = self.recipe["learning_rate"]
        if not self.recipe["decay"]:
            return rate
        steps = math.ceil(len(self.data.train) / self.batch) * self.recipe["epochs"]
        return keras.optimizers.schedules.CosineDecay(rate, steps)

    def run(self, seed: int, seconds: float) -> Result:
        """Train from that seed for at most so many seconds and predict the test rows."""
        import keras

        began = time.monotonic()
        model = self._start(seed)
        limit = time_limit(began + seconds)
        callbacks: list[Any] = [limit]
        watched = None
        if len(self.data.validation):
            watched = (self.data.validation, self._inner(self.data.validation_targets))
            if self.recipe["patience"]:
                stop = keras.callbacks.EarlyStopping(
                    "val_loss", patience=self.recipe["patience"], restore_best_weights=True
                )
                callbacks.append(stop)
        history = model.fit(
            self.data.train,
            self._inner(self.data.targets),
            epochs=self.recipe["epochs"],
            batch_size=self.batch,
            validation_data=watched,
            callbacks=callbacks,
            verbose=0,
        )
        raw = model.predict(self.data.test, batch_size=PREDICTION_BATCH, verbose=0)
        logs = {name: [float(value) for value in values] for name, values in history.history.items()}
        return Result(
            self.recipe["id"],
            seed,
            int(model.count_params()),
            time.monotonic() - began,
            logs,
            limit.reached,
            self._answers(raw),
        )

    def _inner(self, targets: np.ndarray) -> np.ndarray:
        return (targets - self.offset) / self.unit if self.task == "regression" else targets

    def _answers(self, raw: np.ndarray) -> np.ndarray:
        if self.task == "regression":
            return (raw[:, 0].astype(np.float64) * self.unit) + self.offset
        return (raw[:, 0] > 0.5).astype(np.int64) if self.outputs == 1 else raw.argmax(axis=1).astype(np.int64)


def time_limit(deadline: float) -> Any:
    """Return a callback that ends training at that moment (monotonic seconds), in the middle of an epoch too."""
    import keras

    class TimeLimit(keras.callbacks.Callback):
        reached = False

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            del batch, logs
            if time.monotonic() > deadline:
                self.reached = True
                self.model.stop_training = True

    return TimeLimit()


def train_all(trainers: Sequence[Trainer], budget_s: float, answer: Any) -> None:
    """Train every recipe once within its share of what is left; then further seeds, while cheap and affordable.

    Further seeds together take no longer than the first round did: a class pays at most twice.
    """
    began = time.monotonic()
    took = []
    for position, trainer in enumerate(trainers):
        left = budget_s - (time.monotonic() - began)
        result = trainer.run(trainer.recipe["seeds"][0], left / (len(trainers) - position))
        took.append(result.seconds)
        answer(result)
    first_round = time.monotonic() - began
    end = began + min(budget_s, 2 * first_round)
    for turn in range(1, max(len(trainer.recipe["seeds"]) for trainer in trainers)):
        for position, trainer in enumerate(trainers):
            left = end - time.monotonic()
            if turn < len(trainer.recipe["seeds"]) and took[position] * SAFETY < left:
                answer(trainer.run(trainer.recipe["seeds"][turn], left))


def as_line(result: Result) -> str:
    """Write a result as one line of JSON, the predictions as `.npy` bytes in base64."""
    buffer = io.BytesIO()
    np.save(buffer, result.predictions, allow_pickle=False)
    reply = {
        "recipe": result.recipe,
        "seed": result.seed,
        "parameters": result.parameters,
        "seconds": result.seconds,
        "history": result.history,
        "cut_by_budget": result.cut_by_budget,
        "predictions": base64.b64encode(buffer.getvalue()).decode("ascii"),
    }
    return json.dumps(reply)


def main() -> None:
    """Read the request, train, answer line by line."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever libraries print must not mix with the answers
    request = json.loads(sys.argv[1])
    arguments, inputs = request["arguments"], request["inputs"]
    import tensorflow as tf

    tf.config.experimental.enable_op_determinism()

    def answer(result: Result) -> None:
        answers.write(as_line(result) + "\n")
        answers.flush()

    import builders

    recipes = arguments["recipes"]
    shares = {recipe["validation_share"] for recipe in recipes}
    data = {share: load_data(arguments, inputs, share) for share in shares}
    train_all(
        [Trainer(recipe, arguments, data[recipe["validation_share"]], builders) for recipe in recipes],
        arguments["budget_s"],
        answer,
    )


if __name__ == "__main__":
    main()
