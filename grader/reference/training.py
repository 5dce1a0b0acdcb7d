"""Training recipes in the sandbox on a student's split, and scoring what they answer on the host."""

from __future__ import annotations

import base64
import binascii
import json
import math
import statistics
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.errors import ReferenceTrainingError, VerificationError
from grader.model import ReferenceData, ReferenceResult, Tier
from grader.reference.plan import Plan, Sizes
from grader.reference.recipes import BUILDERS_FILE, SCRIPT_FILE, RowKind
from grader.resources import shipped
from grader.sandbox import Limits, ScriptResult, run_script
from grader.verification.answers import same_class
from grader.verification.arrays import Array, array_from_bytes, open_array
from grader.verification.labels import Truth, read_labels
from grader.verification.pictures import image_shape
from grader.verification.scores import balanced_accuracy, macro_f1

START_S = 120.0
"""Importing TensorFlow, reading rows and predicting, on a busy machine: beyond the training's guard."""

THREADS = 2
"""Threads of every training, on any machine: another number would add up in another order."""

LEAST_DONE = 0.75
"""Of a recipe's planned steps. Below it the learning rate has not come down: the score would be no yardstick."""

FEWEST_ROWS = 20
"""Below so many training rows a validation slice holds one or two rows, and a yardstick says nothing."""

MOST_OUTPUT = 64 * 1024 * 1024
MOST_PARAMETERS = 10**9
MOST_EPOCHS = 1000


@dataclass(frozen=True, slots=True)
class Fit:
    """How the rows are given to the networks: their kind and the shape of one row."""

    kind: RowKind
    row_shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SeedResult:
    """One recipe from one seed, as the box answered and the host scored it."""

    recipe: str
    seed: int
    score: float
    parameters: int
    seconds: float
    history: tuple[tuple[str, tuple[float, ...]], ...]
    done: float
    balanced_accuracy: float | None = None
    macro_f1: float | None = None
    error_deviation: float | None = None


@dataclass(frozen=True, slots=True)
class Split:
    """A student's split, read: labels as positions in `classes`, or as numbers where that is empty."""

    fit: Fit
    train_rows: int
    targets: Array
    index: Path | None
    truth: Array
    test_at: Array
    classes: tuple[str, ...]

    @property
    def sizes(self) -> Sizes:
        """What the plans depend on."""
        return Sizes(self.train_rows, len(self.truth), self.fit.row_shape, len(self.classes) or 1)


@dataclass(frozen=True, slots=True)
class Trained:
    """Results of the recipes that have a score, and a sentence about each that has none.

    `cut` where the guard against a slow machine ended anything before its plan.
    """

    results: tuple[ReferenceResult, ...]
    unscored: tuple[str, ...]
    cut: bool


def row_fit(data: ReferenceData) -> Fit | None:
    """Return how the recipes can take these rows, or None where none fits (text, sequences, odd shapes).

    Raises:
        ReferenceTrainingError: the recorded rows can't be read.
    """
    try:
        train, test = (open_array(rows.values, "the recorded rows") for rows in (data.train, data.test))
    except VerificationError as error:
        raise ReferenceTrainingError(f"Reference networks can't be trained: {error}.") from error
    if train.shape[1:] != test.shape[1:] or len(train) < FEWEST_ROWS or not len(test):
        return None
    if data.input_kind == "image":
        shape = image_shape(train.shape[1:], "image")
        return Fit("image", shape) if shape else None
    if data.input_kind in {"table", "unknown"} and train.ndim == 2 and train.shape[1]:
        return Fit("table", train.shape[1:])
    return None


def train_recipes(
    data: ReferenceData,
    split: Split,
    plans: Sequence[Plan],
    *,
    tier: Tier,
    guard_s: float,
    limits: Limits,
    run: Callable[..., ScriptResult] = run_script,
) -> Trained:
    """Train as planned on the training rows and score the test rows.

    The box sees training labels and no test labels: it answers with predictions, which are scored here. After
    `guard_s` of wall-clock time, shared among the recipes, what still trains is cut.

    Raises:
        ReferenceTrainingError: no recipe could be trained.
    """
    source = shipped("reference")
    with tempfile.TemporaryDirectory(prefix="grader-reference-") as folder:
        targets = Path(folder) / "targets.npy"
        np.save(targets, split.targets, allow_pickle=False)
        inputs = {
            "train": data.train.values,
            "train_labels": targets,
            "test": data.test.values,
        }
        if split.index is not None:
            inputs["train_index"] = split.index
        arguments = {
            "recipes": _guarded(plans, guard_s),
            "task": "classification" if split.classes else "regression",
            "outputs": len(split.classes) or 1,
            "row_kind": split.fit.kind,
            "row_shape": list(split.fit.row_shape),
            "threads": THREADS,
        }
        roomy = replace(limits, wall_s=guard_s + START_S, output=MOST_OUTPUT)
        modules = (source / BUILDERS_FILE,)
        result = run(source / SCRIPT_FILE, arguments, inputs, tier=tier, limits=roomy, modules=modules)
    seeds = _read_replies(result.stdout, plans, split)
    if not seeds:
        raise ReferenceTrainingError(
            f"No reference network could be trained ({result.status}): "
            f"{result.stderr_tail[-300:].strip() or 'no message'}. Run `grader doctor`."
        )
    return _trained(plans, seeds, split)


def _guarded(plans: Sequence[Plan], guard_s: float) -> list[dict[str, Any]]:
    """Give each plan its part of the guard, by its part of the nominal seconds."""
    total = sum(plan.nominal_s for plan in plans)
    return [{**plan.as_json(), "guard_s": guard_s * plan.nominal_s / total} for plan in plans]


def read_split(data: ReferenceData) -> Split | None:
    """Read and check rows and labels; None where no recipe could learn from them.

    Raises:
        ReferenceTrainingError: what was recorded does not hold together.
    """
    fit = row_fit(data)
    if fit is None:
        return None
    try:
        train = read_labels(data.train_labels, data.train.total, data.task)
        test = read_labels(data.test_labels, data.test.total, data.task)
        train_rows, test_rows = (_recorded(rows.index, rows.total) for rows in (data.train, data.test))
        if train.classes and data.task != "regression":
            return _class_split(data, fit, train, test, (train_rows, test_rows))
        targets, truth = train.numbers(), test.numbers()[test_rows]
    except VerificationError as error:
        raise ReferenceTrainingError(f"Reference networks can't be trained: {error}.") from error
    if targets.ndim != 1 or truth.ndim != 1:
        return None  # several targets at once: no recipe answers so
    return Split(fit, len(train_rows), targets, data.train.index, truth, test_rows, ())


def _class_split(data: ReferenceData, fit: Fit, train: Truth, test: Truth, rows: tuple[Array, Array]) -> Split | None:
    """Number the classes as in training; a test class that was never trained on counts as always wrong."""
    if len(train.classes) < 2:
        return None
    if not test.classes:
        raise VerificationError("The test labels are numbers where the training labels are classes")
    position = [
        next((at for at, known in enumerate(train.classes) if same_class(known, name)), -1) for name in test.classes
    ]
    truth = np.array(position, dtype=np.int64)[test.values][rows[1]]
    return Split(fit, len(rows[0]), train.values, data.train.index, truth, rows[1], train.classes)


def _recorded(index: Path | None, total: int) -> Array:
    """Return which rows of the whole set were recorded."""
    if index is None:
        return np.arange(total)
    rows = np.asarray(open_array(index, "the index of the recorded rows")).astype(np.int64)
    if rows.ndim != 1 or (len(rows) and (rows.min() < 0 or rows.max() >= total)):
        raise VerificationError("the index of the recorded rows names rows that there are not")
    return rows


def _read_replies(stdout: bytes, plans: Sequence[Plan], split: Split) -> tuple[SeedResult, ...]:
    """Read the box's lines; what is malformed counts as not answered."""
    asked = {(plan.recipe.id, seed) for plan in plans for seed in plan.seeds}
    results: dict[tuple[str, int], SeedResult] = {}
    for line in stdout.splitlines():
        try:
            reply = json.loads(line)
            result = _seed_result(reply, split)
        except (ValueError, KeyError, TypeError, RecursionError, binascii.Error, VerificationError):
            continue
        if (result.recipe, result.seed) in asked:
            results.setdefault((result.recipe, result.seed), result)
    return tuple(results.values())


def _seed_result(reply: Mapping[str, Any], split: Split) -> SeedResult:
    predictions = array_from_bytes(base64.b64decode(reply["predictions"], validate=True), "the box's reply")
    if predictions.shape != split.truth.shape:
        raise VerificationError("the box answered another number of rows")
    parameters, seconds = reply["parameters"], reply["seconds"]
    if not (isinstance(parameters, int) and 0 <= parameters <= MOST_PARAMETERS and 0 <= float(seconds) < math.inf):
        raise VerificationError("the box answered impossible figures")
    done = float(reply["done"])
    if not 0 <= done <= 1:
        raise VerificationError("the box answered that it did more than all, or less than nothing")
    if split.classes:
        score = float((predictions == split.truth).mean())
        matrix = _matrix(predictions, split)
        balanced, f1, deviation = balanced_accuracy(matrix), macro_f1(matrix), None
    else:
        errors = np.abs(predictions - split.truth)
        score = float(errors.mean())
        balanced, f1, deviation = None, None, float(errors.std())
    if not math.isfinite(score):
        raise VerificationError("the network's error is not finite")
    history = {str(name): [float(value) for value in values] for name, values in dict(reply["history"]).items()}
    if not all(math.isfinite(value) for values in history.values() for value in values):
        raise VerificationError("the network's training diverged")
    return SeedResult(
        recipe=str(reply["recipe"]),
        seed=int(reply["seed"]),
        score=score,
        parameters=parameters,
        seconds=float(seconds),
        history=tuple((name, tuple(values[:MOST_EPOCHS])) for name, values in history.items()),
        done=done,
        balanced_accuracy=balanced,
        macro_f1=f1,
        error_deviation=deviation,
    )


def _matrix(predictions: Array, split: Split) -> NDArray[np.int64]:
    """Count rows by true and predicted class; classes that were never trained on share one more place."""
    size = len(split.classes) + 1
    places = [np.where((codes < 0) | (codes >= size), size - 1, codes) for codes in (split.truth, predictions)]
    return np.bincount(places[0] * size + places[1].astype(np.int64), minlength=size * size).reshape(size, size)


def _trained(plans: Sequence[Plan], seeds: Sequence[SeedResult], split: Split) -> Trained:
    """Bring the seeds together by recipe."""
    results, unscored, cut = [], [], False
    for plan in plans:
        own = [item for item in seeds if item.recipe == plan.recipe.id]
        # Which seeds a slow machine cuts is chance: they count only where there is nothing better.
        counted = [item for item in own if item.done == 1]
        counted = counted or [item for item in own[:1] if item.done >= LEAST_DONE]
        cut = cut or not counted or len(counted) < len(plan.seeds) or counted[0].done < 1
        if counted:
            results.append(_summary(plan, counted, sum(item.seconds for item in own), split))
        else:
            unscored.append(_unscored(plan, own))
    return Trained(tuple(results), tuple(unscored), cut)


def _unscored(plan: Plan, own: Sequence[SeedResult]) -> str:
    if not own:
        return f"{plan.recipe.title}: no score, because its training gave no usable result."
    return (
        f"{plan.recipe.title}: no score, because this machine was too slow or busy for it "
        f"({math.floor(own[0].done * 100)} % of its planned training was done when it was stopped)."
    )


def _summary(plan: Plan, seeds: Sequence[SeedResult], seconds: float, split: Split) -> ReferenceResult:
    """Bring the seeds of one recipe together: mean score, its spread, curves of the first seed."""
    scores = [item.score for item in seeds]
    balanced = [item.balanced_accuracy for item in seeds if item.balanced_accuracy is not None]
    return ReferenceResult(
        recipe=plan.recipe.id,
        title=plan.recipe.title,
        score=statistics.fmean(scores),
        metric="accuracy" if split.classes else "mae",
        spread=_spread(scores),
        seeds=len(scores),
        parameters=seeds[0].parameters,
        seconds=seconds,
        history=seeds[0].history,
        note=_note(plan, seeds, split.train_rows),
        scores=tuple(scores),
        balanced_accuracy=_mean(balanced),
        balanced_spread=_spread(balanced),
        macro_f1=_mean([item.macro_f1 for item in seeds if item.macro_f1 is not None]),
        error_deviation=_mean([item.error_deviation for item in seeds if item.error_deviation is not None]),
    )


def _spread(scores: Sequence[float]) -> float:
    return statistics.stdev(scores) if len(scores) > 1 else 0.0


def _mean(scores: Sequence[float]) -> float | None:
    return statistics.fmean(scores) if scores else None


def _note(plan: Plan, seeds: Sequence[SeedResult], train_rows: int) -> str:
    """Say what was left out: rows by plan, steps or seeds by the guard."""
    parts = []
    if plan.rows < train_rows:
        parts.append(f"trained on {plan.rows:,} of {train_rows:,} training rows")
    if seeds[0].done < 1:
        parts.append(f"stopped after {math.floor(seeds[0].done * 100)} % of its training, on a slow or busy machine")
    elif len(seeds) < len(plan.seeds):
        parts.append(f"{len(seeds)} of {len(plan.seeds)} trainings gave a result")
    return f"{plan.recipe.title}: {'; '.join(parts)}." if parts else ""
