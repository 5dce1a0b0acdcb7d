"""Reference networks: plain recipes trained on a student's own split, as a yardstick."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from grader.model import ReferenceData, ReferenceResult, Tier
from grader.reference.cache import Stored, only_one, read_stored, write_stored
from grader.reference.recipes import load_recipes, recipes_digest
from grader.reference.training import row_fit, train_recipes
from grader.sandbox import Limits, ScriptResult, run_script

__all__ = ["train_references"]

KEY_DIGITS = 24
"""Hexadecimal digits of the digest in a cache entry's name: 96 bits."""


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

    Results are kept in `cache` by split and recipes; of two callers with one split, one trains and the other waits.
    `budget_s` is wall-clock time of training, shared among the recipes; start-up comes on top. Rows that no recipe
    fits (texts, sequences) give no results.

    Raises:
        ReferenceTrainingError: the recorded data can't be read, or no recipe could be trained.
        SandboxError: the sandbox of that tier failed.
    """
    fit = row_fit(data)
    if fit is None:
        return ()
    cache.mkdir(parents=True, exist_ok=True)
    key = hashlib.sha256(f"{data.key}\0{data.task}\0{recipes_digest()}".encode()).hexdigest()
    entry = cache / f"{key[:KEY_DIGITS]}.json"
    with only_one(entry):
        stored = read_stored(entry)
        if stored is None or not stored.serves(budget_s):
            recipes = load_recipes().fitting(fit.kind)
            results, cut = train_recipes(
                data, recipes, tier=tier, budget_s=budget_s, limits=limits or Limits(), run=run
            )
            stored = Stored(budget_s, cut, results)
            write_stored(entry, stored)
    return stored.results
