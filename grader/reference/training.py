"""Training recipes in the sandbox on a student's split, each from several seeds."""

from __future__ import annotations

import math
import statistics
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from grader.errors import ReferenceTrainingError
from grader.model import ReferenceData, ReferenceResult, Tier
from grader.reference.answers import SeedResult, read_replies
from grader.reference.plan import Plan
from grader.reference.recipes import BUILDERS_FILE, SCRIPT_FILE
from grader.reference.splits import Split
from grader.resources import shipped
from grader.sandbox import Limits, ScriptResult, run_script

START_S = 120.0
"""Importing TensorFlow, reading rows and predicting, on a busy machine: beyond the training's guard."""

THREADS = 2
"""Threads of every training, on any machine: another number would add up in another order."""

LEAST_DONE = 0.75
"""Of a recipe's planned steps. Below it the learning rate has not come down: the score would be no yardstick."""

MOST_OUTPUT = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Trained:
    """Results of the recipes that have a score, and a sentence about each that has none.

    `cut` where the guard against a slow machine ended anything before its plan.
    """

    results: tuple[ReferenceResult, ...]
    unscored: tuple[str, ...]
    cut: bool


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
    seeds = read_replies(result.stdout, plans, split)
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
