"""Train reference recipes inside a sandbox and answer with their predictions on the test rows.

Started with one argument, JSON: {"arguments": {...}, "inputs": {name: path}}. Arguments: `recipes` (as in
recipes.yaml, with their id, and `rows`, the number of training rows to take, and `guard_s`, after which a recipe is
cut), `task`, `outputs` (classes, or 1), `row_shape` (what the net sees), `threads`.
Inputs: `train`, `train_labels`, `test`, and `train_index` where only a sample of rows was kept. Labels of the test
rows never come here: the host scores the predictions. `builders.py` is importable.

Answer: one line of JSON for each recipe and seed, on standard output.
"""

from __future__ import annotations

import base64
import gc
import io
import json
import math
import os
import sys
import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

SAMPLE_SEED = 20_240_501

PREDICTION_BATCH = 512

STRETCH = 25
"""Steps between two looks at the clock: half a second of the slowest recipe."""


@dataclass(frozen=True)
class Data:
    """Rows rescaled for the network; `targets` are class numbers or float values."""

    train: np.ndarray
    targets: np.ndarray
    validation: np.ndarray
    validation_targets: np.ndarray
    test: np.ndarray

    @cached_property
    def train_tensor(self) -> Any:
        """The training rows as TensorFlow holds them, once for all recipes."""
        import tensorflow as tf

        return tf.constant(self.train)


@dataclass(frozen=True)
class Result:
    """One recipe trained from one seed; `done` is the part of its steps taken (1 too where it stopped early)."""

    recipe: str
    seed: int
    parameters: int
    seconds: float
    history: dict[str, list[float]]
    done: float
    predictions: np.ndarray


def load_rows(path: str) -> np.ndarray:
    """Open rows without reading them all and without pickle."""
    return np.load(path, mmap_mode="r", allow_pickle=False)


def load_training(inputs: Mapping[str, str], wanted: int) -> tuple[np.ndarray, np.ndarray]:
    """Return so many training rows and their labels, the same ones each time."""
    rows, labels = load_rows(inputs["train"]), load_rows(inputs["train_labels"])
    if "train_index" in inputs:
        labels = np.asarray(labels)[np.asarray(load_rows(inputs["train_index"]), dtype=np.int64)]
    if len(rows) > wanted:
        picked = sample(np.asarray(labels), wanted)
        rows, labels = rows[picked], labels[picked]
    return np.asarray(rows), np.asarray(labels)


def sample(labels: np.ndarray, wanted: int) -> np.ndarray:
    """Pick evenly spaced rows from all rows in order of label, chance among equals: each class keeps its share."""
    order = np.random.default_rng(SAMPLE_SEED).permutation(len(labels))
    by_label = order[np.argsort(labels[order], kind="stable")]
    return np.sort(by_label[np.arange(wanted) * len(labels) // wanted])


def as_floats(rows: np.ndarray) -> np.ndarray:
    """Return a float32 copy, infinity counted as missing."""
    floats = np.array(rows, dtype=np.float32)
    floats[~np.isfinite(floats)] = np.nan
    return floats


def rescale(train: np.ndarray, test: np.ndarray, *, image: bool) -> None:
    """Scale both in place by the training rows: pictures to 0..1, columns of tables to mean 0 and deviation 1."""
    if image:
        offset, span = np.nanmin(train), np.nanmax(train) - np.nanmin(train)
    else:
        offset = np.nanmean(train, axis=0, dtype=np.float64).astype(np.float32)
        span = np.nanstd(train, axis=0, dtype=np.float64).astype(np.float32)
    span = np.where(span > 0, span, np.float32(1))
    for rows in (train, test):
        np.subtract(rows, np.nan_to_num(offset), out=rows)
        np.divide(rows, np.nan_to_num(span, nan=1.0), out=rows)
        # A missing value becomes the column's mean, which is 0 here (for pictures, black).
        np.nan_to_num(rows, copy=False)


def load_data(arguments: Mapping[str, Any], inputs: Mapping[str, str], wanted: int, validation_share: float) -> Data:
    """Load, shuffle and rescale; the last of the shuffled training rows are the recipe's own validation rows."""
    rows, targets = load_training(inputs, wanted)
    order = np.random.default_rng(SAMPLE_SEED).permutation(len(rows))
    train, test = as_floats(rows[order]), as_floats(load_rows(inputs["test"]))
    targets = targets[order].astype(np.float32 if arguments["task"] == "regression" else np.int64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a column of nothing but missing values has no mean
        rescale(train, test, image=arguments["row_kind"] == "image")
    shape = tuple(arguments["row_shape"])
    train, test = train.reshape(-1, *shape), test.reshape(-1, *shape)
    kept = len(train) - int(len(train) * validation_share)
    return Data(train[:kept], targets[:kept], train[kept:], targets[kept:], test)


class Trainer:
    """One recipe: the network is built and traced once, each seed starts it from new weights.

    Training is Keras's `fit` with early stopping in fewer words: whole stretches of steps run inside one graph, which
    on small data takes a third of the time of `fit`.
    """

    def __init__(self, recipe: Mapping[str, Any], arguments: Mapping[str, Any], data: Data, builders: Any) -> None:
        self.recipe = recipe
        self.data = data
        self.regression = arguments["task"] == "regression"
        self.outputs = 1 if self.regression or arguments["outputs"] == 2 else arguments["outputs"]
        self.shape = arguments["row_shape"]
        self.builder = builders.BUILDERS[recipe["builder"]]
        self.batch = int(recipe["batch_size"])
        # The network answers in these units; predictions are turned back before they leave.
        self.offset = float(np.mean(data.targets)) if self.regression else 0.0
        self.unit = (float(np.std(data.targets)) or 1.0) if self.regression else 1.0
        self.model = self._build(recipe["seeds"][0])
        self.optimizer = self._optimizer()
        self.optimizer.build(self.model.trainable_variables)
        self.train_steps = self._traced_steps()
        self.score_rows = self._traced_scores()
        self.answer_rows = self._traced_answers()

    def _build(self, seed: int) -> Any:
        import keras

        keras.utils.set_random_seed(seed)
        # Losses take logits: softmax and sigmoid inside the loss are steadier, and the highest unit is the same.
        return self.builder(self.shape, self.outputs, None, self.recipe["settings"])

    def _optimizer(self) -> Any:
        """Return the optimizer, with a fixed rate or one that falls to 0: then the last epoch does not wobble."""
        import keras

        optimizer = keras.optimizers.get(self.recipe["optimizer"])
        rate = self.recipe["learning_rate"]
        steps = len(self.data.train) // self.batch * self.recipe["epochs"]
        optimizer.learning_rate = keras.optimizers.schedules.CosineDecay(rate, steps) if self.recipe["decay"] else rate
        return optimizer

    def _losses(self, targets: Any, outputs: Any) -> tuple[Any, Any]:
        """Return loss and metric (accuracy, or absolute error in the labels' own unit) of each row."""
        import tensorflow as tf

        if self.regression:
            off = outputs[:, 0] - targets
            return tf.square(off), tf.abs(off) * self.unit
        if self.outputs == 1:
            wanted = tf.cast(targets, tf.float32)
            loss = tf.nn.sigmoid_cross_entropy_with_logits(wanted, outputs[:, 0])
            return loss, tf.cast(tf.equal(outputs[:, 0] > 0, wanted > 0), tf.float32)
        loss = tf.nn.sparse_softmax_cross_entropy_with_logits(targets, outputs)
        return loss, tf.cast(tf.equal(tf.argmax(outputs, axis=1), targets), tf.float32)

    def _traced_steps(self) -> Any:
        """Return a function that takes one step for each line of row numbers and sums loss and metric over rows."""
        import tensorflow as tf

        rows, targets = self.data.train_tensor, tf.constant(self._inner(self.data.targets))

        @tf.function(input_signature=[tf.TensorSpec((None, self.batch), tf.int64)])
        def train_steps(picked: Any) -> Any:
            total = tf.zeros(2)
            for numbers in picked:
                with tf.GradientTape() as tape:
                    outputs = self.model(tf.gather(rows, numbers), training=True)
                    losses, metric = self._losses(tf.gather(targets, numbers), outputs)
                    loss = tf.reduce_mean(losses)
                variables = self.model.trainable_variables
                self.optimizer.apply(tape.gradient(loss, variables), variables)
                total += tf.stack([tf.reduce_sum(losses), tf.reduce_sum(metric)])
            return total

        return train_steps

    def _traced_scores(self) -> Any:
        """Return a function that gives mean loss and metric on the recipe's own validation rows."""
        import tensorflow as tf

        targets = tf.constant(self._inner(self.data.validation_targets))
        rows = tf.constant(self.data.validation)

        @tf.function
        def score_rows() -> Any:
            total = tf.zeros(2)
            for start in tf.range(0, len(rows), PREDICTION_BATCH):
                outputs = self.model(rows[start : start + PREDICTION_BATCH], training=False)
                losses, metric = self._losses(targets[start : start + PREDICTION_BATCH], outputs)
                total += tf.stack([tf.reduce_sum(losses), tf.reduce_sum(metric)])
            return total / len(rows)

        return score_rows

    def _traced_answers(self) -> Any:
        """Return a function that gives the network's outputs for a batch of rows."""
        import tensorflow as tf

        @tf.function(input_signature=[tf.TensorSpec((None, *self.shape), tf.float32)])
        def answer_rows(rows: Any) -> Any:
            return self.model(rows, training=False)

        return answer_rows

    def run(self, seed: int, deadline: float) -> Result:
        """Train from that seed, until the deadline at most, and predict the test rows."""
        began = time.monotonic()
        self._restart(seed)
        history, done = self._fit(np.random.default_rng(seed), deadline)
        starts = range(0, len(self.data.test), PREDICTION_BATCH)
        outputs = np.concatenate(
            [self.answer_rows(self.data.test[start : start + PREDICTION_BATCH]).numpy() for start in starts]
        )
        return Result(
            self.recipe["id"],
            seed,
            int(self.model.count_params()),
            time.monotonic() - began,
            history,
            done,
            self._answers(outputs),
        )

    def _restart(self, seed: int) -> None:
        fresh = self._build(seed)
        for variable, new in zip(self.model.variables, fresh.variables, strict=True):
            variable.assign(new)
        for variable in self.optimizer.variables:
            variable.assign(np.zeros(variable.shape, dtype=variable.dtype))
        if not self.recipe["decay"]:  # a fixed rate is one of those variables
            self.optimizer.learning_rate = self.recipe["learning_rate"]

    def _fit(self, random: np.random.Generator, deadline: float) -> tuple[dict[str, list[float]], float]:
        """Run epochs until they are done, validation loss stopped falling, or time is up; keep the best weights.

        Returns:
            The curves, and the part of the planned steps that was taken (1 where it stopped early by itself).
        """
        metric = "mae" if self.regression else "accuracy"
        history: dict[str, list[float]] = {"loss": [], metric: []}
        best, best_epoch, best_weights = math.inf, -1, None
        done = 0.0
        for epoch in range(self.recipe["epochs"]):
            loss, score, part = self._epoch(random, deadline)
            done = (epoch + part) / self.recipe["epochs"]
            history["loss"].append(loss)
            history[metric].append(score)
            if len(self.data.validation):
                loss, score = (float(value) for value in self.score_rows())
                history.setdefault("val_loss", []).append(loss)
                history.setdefault(f"val_{metric}", []).append(score)
                if self.recipe["patience"] and loss < best:
                    best, best_epoch, best_weights = loss, epoch, self.model.get_weights()
            if part == 1 and best_weights is not None and epoch - best_epoch >= self.recipe["patience"]:
                done = 1.0
            if done == 1 or time.monotonic() > deadline:
                break
        if best_weights is not None:
            self.model.set_weights(best_weights)
        return history, done

    def _epoch(self, random: np.random.Generator, deadline: float) -> tuple[float, float, float]:
        """Take one epoch's steps on shuffled rows (the last incomplete batch is left out); stop at the deadline.

        Returns:
            Mean loss and metric over the rows that were used, and the part of the steps that was taken.
        """
        order = random.permutation(len(self.data.train))
        steps = order[: len(order) // self.batch * self.batch].reshape(-1, self.batch)
        total, done = np.zeros(2), 0
        for start in range(0, len(steps), STRETCH):
            stretch = steps[start : start + STRETCH]
            total += self.train_steps(stretch).numpy()
            done += stretch.size
            if time.monotonic() > deadline:
                break
        return float(total[0] / done), float(total[1] / done), done / steps.size

    def _inner(self, targets: np.ndarray) -> np.ndarray:
        return (targets - self.offset) / self.unit if self.regression else targets

    def _answers(self, outputs: np.ndarray) -> np.ndarray:
        if self.regression:
            return (outputs[:, 0].astype(np.float64) * self.unit) + self.offset
        return (outputs[:, 0] > 0).astype(np.int64) if self.outputs == 1 else outputs.argmax(axis=1).astype(np.int64)


def train_all(arguments: Mapping[str, Any], inputs: Mapping[str, str], builders: Any, answer: Any) -> None:
    """Train each recipe from all its seeds; each has its own guard, and what the ones before left of theirs."""
    deadline = time.monotonic()
    data, loaded = None, None
    for recipe in arguments["recipes"]:
        deadline += recipe["guard_s"]
        wanted = (recipe["rows"], recipe["validation_share"])
        if data is None or wanted != loaded:
            data = None  # before the next is loaded: two would need twice the memory
            gc.collect()  # the trainer before holds its rows in a cycle with its graphs
            data, loaded = load_data(arguments, inputs, *wanted), wanted
        trainer = Trainer(recipe, arguments, data, builders)
        for seed in recipe["seeds"]:
            if time.monotonic() < deadline:
                answer(trainer.run(seed, deadline))
        del trainer


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
        "done": result.done,
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

    # Sums are split by thread: their number is fixed, so that the cores at hand don't change the last digits.
    tf.config.threading.set_intra_op_parallelism_threads(arguments["threads"])
    tf.config.threading.set_inter_op_parallelism_threads(arguments["threads"])
    tf.config.experimental.enable_op_determinism()

    def answer(result: Result) -> None:
        answers.write(as_line(result) + "\n")
        answers.flush()

    import builders

    train_all(arguments, inputs, builders, answer)


if __name__ == "__main__":
    main()
