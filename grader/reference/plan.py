"""How much each recipe trains on a split: rows, epochs and seeds, decided before training and from sizes alone.

A clock must not decide it, or the same notebook would meet another yardstick on a busy machine.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from grader.reference.cost import network_size, training_s
from grader.reference.recipes import Recipe

LEAST_ROWS = 2_000
"""A recipe that can't afford so many rows (or all, where there are fewer) gives no score: it would say nothing about
the student's split."""

LEAST_EPOCHS = 3
"""Fewer passes leave even a falling learning rate no time to settle."""

SPREAD_ROWS = 10_000
"""From so many rows on (or all, where there are fewer) a second seed comes before more rows and epochs: one training
says nothing about how far trainings lie apart, and a student is judged against that."""

ROWS_GROWTH = 1.25
"""Rows are planned in rungs of a quarter more each."""

MOST_VALUES = 100_000_000
"""Most float32 values of training rows held at once (400 MB, twice while they are handed to TensorFlow)."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """All that a plan depends on besides recipe and budget; `outputs` are the classes, or 1."""

    train_rows: int
    test_rows: int
    row_shape: tuple[int, ...]
    outputs: int

    @property
    def most_rows(self) -> int:
        """Training rows that memory holds."""
        return min(self.train_rows, max(1, MOST_VALUES // max(1, math.prod(self.row_shape))))


@dataclass(frozen=True, slots=True)
class Plan:
    """What one recipe trains: `rows` of the training rows (its validation slice among them), `epochs`, `seeds`."""

    recipe: Recipe
    rows: int
    epochs: int
    seeds: tuple[int, ...]
    batch_size: int
    nominal_s: float

    def as_json(self) -> dict[str, Any]:
        """Return the plan as the in-box script takes it: the recipe's fields, those that were planned replaced."""
        planned = {"rows": self.rows, "epochs": self.epochs, "seeds": self.seeds, "batch_size": self.batch_size}
        return {**asdict(self.recipe), **planned}


@dataclass(frozen=True, slots=True)
class Unaffordable:
    """A recipe whose least plan costs more than its share of the budget; `budget_s` is the budget that allows it."""

    recipe: Recipe
    budget_s: float


def plan_recipes(
    recipes: Sequence[Recipe], sizes: Sizes, budget_s: float
) -> tuple[tuple[Plan, ...], tuple[Unaffordable, ...]]:
    """Return the largest plan of each recipe within its share of the budget, and the recipes that have none.

    The plans' nominal seconds (see `cost`) together never exceed `budget_s`. A larger budget never means fewer rows,
    epochs or seeds: plans are rungs of a ladder on which none of the three falls.
    """
    shares = sum(recipe.share for recipe in recipes)
    plans, missing = [], []
    for recipe in recipes:
        share = recipe.share / shares
        rungs = list(ladder(recipe, sizes))
        affordable = [plan for plan in rungs if plan.nominal_s <= budget_s * share]
        if affordable:
            plans.append(affordable[-1])
        else:
            missing.append(Unaffordable(recipe, min(plan.nominal_s for plan in rungs) / share))
    return tuple(plans), tuple(missing)


def ladder(recipe: Recipe, sizes: Sizes) -> Iterator[Plan]:
    """Yield plans from the least to the whole recipe: rows, a second seed, more rows, more epochs, further seeds."""
    rows, most = min(LEAST_ROWS, sizes.most_rows), sizes.most_rows
    epochs = min(LEAST_EPOCHS, recipe.epochs)
    while rows < min(most, SPREAD_ROWS):
        yield make_plan(recipe, sizes, rows, epochs, 1)
        rows = min(most, math.ceil(rows * ROWS_GROWTH))
    yield make_plan(recipe, sizes, rows, epochs, 1)
    pair = min(2, len(recipe.seeds))
    while rows < most:
        yield make_plan(recipe, sizes, rows, epochs, pair)
        rows = min(most, math.ceil(rows * ROWS_GROWTH))
    for more in range(epochs, recipe.epochs + 1):
        yield make_plan(recipe, sizes, most, more, pair)
    for seeds in range(pair + 1, len(recipe.seeds) + 1):
        yield make_plan(recipe, sizes, most, recipe.epochs, seeds)


def whole_plan(recipe: Recipe, sizes: Sizes) -> Plan:
    """Return the plan that leaves nothing of the recipe out."""
    return make_plan(recipe, sizes, sizes.most_rows, recipe.epochs, len(recipe.seeds))


def make_plan(recipe: Recipe, sizes: Sizes, rows: int, epochs: int, seeds: int) -> Plan:
    """Return the plan of so many rows, epochs and seeds, with its batch size and cost."""
    validation = int(rows * recipe.validation_share)
    batch = min(recipe.batch_size, rows - validation)
    while (rows - validation) / batch > recipe.most_steps:
        batch *= 2
    nominal_s = training_s(
        recipe,
        network_size(recipe, sizes.row_shape, sizes.outputs),
        steps=(rows - validation) // batch * epochs,
        batch=batch,
        watched=validation * epochs,
        answered=sizes.test_rows,
        seeds=seeds,
    )
    return Plan(recipe, rows, epochs, recipe.seeds[:seeds], batch, nominal_s)
