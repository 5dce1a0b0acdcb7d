"""Reference networks: plain recipes trained on a student's own split, as a yardstick."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from grader.errors import ReferenceTrainingError
from grader.model import ReferenceData, ReferenceResult, Tier
from grader.reference.cache import Stored, only_one, read_stored, write_stored
from grader.reference.canonical import canonical_split
from grader.reference.plan import Plan, Unaffordable, plan_recipes
from grader.reference.recipes import load_recipes, recipes_digest
from grader.reference.splits import read_split, row_fit
from grader.reference.training import train_recipes
from grader.sandbox import Limits, ScriptResult, run_script

__all__ = ["train_references"]

KEY_DIGITS = 24
"""Hexadecimal digits of the digest in a cache entry's name: 96 bits."""

GUARD_FACTOR = 6.0
"""Wall-clock time after which training is cut, in budgets: the reference machine with a dozen busy processes on its two
cores stays below, and a class waits for it at most once an hour."""

LEAST_GUARD_S = 60.0
"""A small budget is spent in start-up on a busy machine; its plan is small too and may take so long."""


def train_references(
    data: ReferenceData,
    *,
    tier: Tier,
    budget_s: float,
    cache: Path,
    limits: Limits | None = None,
    run: Callable[..., ScriptResult] = run_script,
) -> tuple[ReferenceResult, ...]:
    """Train the fitting recipes on the student's training rows and score the student's test rows.

    Rows, epochs and seeds are planned from the sizes of the data and `budget_s`, in nominal seconds of training (see
    `plan` and `cost`): equal data and budget give equal results on a slow or busy machine too, `seconds` aside. The
    clock only guards: after GUARD_FACTOR budgets training is cut, and a `note` says so; a recipe that was cut too
    early, or that the budget does not allow, has no result, and the note of the last result says so.

    Results are kept in `cache` by split, plan and recipes, however the split was written (see `canonical`); of two
    callers with one split, one trains and the other waits. Rows that no recipe fits (texts, sequences) give no results.

    Raises:
        ReferenceTrainingError: the recorded data can't be read, or no recipe has a score.
        SandboxError: the sandbox of that tier failed.
    """
    if row_fit(data) is None:
        return ()
    with tempfile.TemporaryDirectory(prefix="grader-split-") as folder:
        return _references(canonical_split(data, Path(folder)), tier, budget_s, cache, limits or Limits(), run)


def _references(
    data: ReferenceData, tier: Tier, budget_s: float, cache: Path, limits: Limits, run: Callable[..., ScriptResult]
) -> tuple[ReferenceResult, ...]:
    split = read_split(data)
    if split is None:
        return ()
    plans, missing = plan_recipes(load_recipes().fitting(split.fit.kind), split.sizes, budget_s)
    left_out = tuple(map(_sentence, missing))
    if not plans:
        raise ReferenceTrainingError(" ".join(left_out))
    cache.mkdir(parents=True, exist_ok=True)
    entry = cache / f"{_key(data, plans)}.json"
    with only_one(entry):
        stored = read_stored(entry)
        if stored is None:
            guard_s = max(LEAST_GUARD_S, GUARD_FACTOR * budget_s)
            trained = train_recipes(data, split, plans, tier=tier, guard_s=guard_s, limits=limits, run=run)
            stored = Stored(trained.cut, trained.results, trained.unscored)
            write_stored(entry, stored)
    results = tuple(replace(item, trained_on=data.trained_on, cut=stored.cut) for item in stored.results)
    return _with_notes(results, (*stored.unscored, *left_out))


def _key(data: ReferenceData, plans: Sequence[Plan]) -> str:
    """Return a digest of all that the results depend on, but the machine."""
    planned = json.dumps([plan.as_json() for plan in plans], sort_keys=True)
    whole = f"{data.key}\0{data.task}\0{recipes_digest()}\0{planned}"
    return hashlib.sha256(whole.encode()).hexdigest()[:KEY_DIGITS]


def _sentence(missing: Unaffordable) -> str:
    return (
        f"{missing.recipe.title}: not trained, because rows of this size and number need a budget of "
        f"{missing.budget_s:.1f} s (--reference-budget)."
    )


def _with_notes(results: tuple[ReferenceResult, ...], notes: Sequence[str]) -> tuple[ReferenceResult, ...]:
    """Put what is said of recipes without a result into the note of the last one that has one."""
    if not results:
        raise ReferenceTrainingError(" ".join(notes))
    last = replace(results[-1], note=" ".join(filter(None, (results[-1].note, *notes))))
    return (*results[:-1], last)
