"""A plan follows from sizes and budget alone; more budget never means less training, and no plan exceeds it."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.reference.cost import network_size
from grader.reference.plan import LEAST_ROWS, Sizes, plan_recipes, whole_plan
from grader.reference.recipes import load_recipes
from grader.resources import shipped

BOOK = load_recipes()
FASHION = Sizes(48_000, 12_000, (28, 28, 1), 10)
DIGITS = Sizes(1_400, 397, (8, 8, 1), 10)

sides = st.integers(4, 160)
shapes = st.one_of(
    st.tuples(sides, sides, st.sampled_from([1, 3])),
    st.tuples(st.integers(1, 2_000)),
)
sizes = st.builds(Sizes, st.integers(20, 500_000), st.integers(1, 100_000), shapes, st.integers(1, 50))
budgets = st.floats(0.1, 10_000)


def plans_of(sizes, budget_s):
    return plan_recipes(BOOK.fitting("image" if len(sizes.row_shape) == 3 else "table"), sizes, budget_s)


@given(sizes, budgets)
@settings(deadline=None)
def test_no_plan_costs_more_than_the_budget(sizes, budget_s):
    """Nominal seconds of all recipes together stay within the budget; every recipe is planned or named as missing."""
    plans, missing = plans_of(sizes, budget_s)
    assert sum(plan.nominal_s for plan in plans) <= budget_s
    assert len(plans) + len(missing) == len(BOOK.fitting("image" if len(sizes.row_shape) == 3 else "table"))
    assert all(item.budget_s > budget_s for item in missing)


@given(sizes, budgets, st.floats(1, 50))
@settings(deadline=None)
def test_more_budget_never_means_less(sizes, budget_s, factor):
    """Each recipe that was planned stays, with no fewer rows, epochs or seeds."""
    more = {plan.recipe.id: plan for plan in plans_of(sizes, budget_s * factor)[0]}
    for plan in plans_of(sizes, budget_s)[0]:
        larger = more[plan.recipe.id]
        assert (larger.rows, larger.epochs, len(larger.seeds)) >= (plan.rows, plan.epochs, len(plan.seeds))
        assert larger.rows >= plan.rows
        assert larger.epochs >= plan.epochs
        assert larger.seeds[: len(plan.seeds)] == plan.seeds


@given(sizes, budgets)
@settings(deadline=None)
def test_a_plan_can_be_trained(sizes, budget_s):
    """At least one step an epoch, never more rows than there are, and few rows only where there are few."""
    for plan in plans_of(sizes, budget_s)[0]:
        validation = int(plan.rows * plan.recipe.validation_share)
        assert 1 <= plan.batch_size <= plan.rows - validation
        assert min(LEAST_ROWS, sizes.most_rows) <= plan.rows <= sizes.most_rows
        assert plan.seeds


def test_a_budget_that_is_named_for_a_missing_recipe_allows_it():
    """What the report tells to ask for is enough."""
    missing = plans_of(FASHION, 5)[1]
    assert missing
    for item in missing:
        planned = plans_of(FASHION, item.budget_s * 1.0001)[0]
        assert item.recipe.id in [plan.recipe.id for plan in planned]


def test_sixty_seconds_train_every_recipe_twice_on_most_of_fashion_mnist():
    """48,000 pictures of 28 x 28 within the default budget: each net from two seeds, so that its spread is known."""
    plans, missing = plans_of(FASHION, 60)
    assert not missing
    assert [len(plan.seeds) for plan in plans] == [2, 2, 2]
    assert [plan.rows for plan in plans[:2]] == [48_000] * 2
    assert plans[-1].rows >= 30_000


def test_small_digits_are_trained_whole_in_six_seconds():
    """1,400 pictures of 8 x 8: nothing is left out, each recipe has its seeds."""
    plans, _ = plans_of(DIGITS, 60)
    assert sum(plan.nominal_s for plan in plans) <= 6
    assert all(plan == whole_plan(plan.recipe, DIGITS) and len(plan.seeds) >= 2 for plan in plans)


@pytest.mark.parametrize("recipe", BOOK.recipes, ids=lambda recipe: recipe.id)
@pytest.mark.parametrize("side", [3, 8, 28, 70, 150])
def test_the_estimated_size_is_that_of_the_network(recipe, side, monkeypatch):
    """Multiply-adds of dense layers and of convolutions, counted on the network that the builder makes."""
    monkeypatch.syspath_prepend(str(shipped("reference")))
    monkeypatch.delitem(sys.modules, "builders", raising=False)
    import builders
    import keras

    shape = (side,) if recipe.fits == ("table",) else (side, side + 1, 3)
    model = builders.BUILDERS[recipe.builder](shape, 10, None, recipe.settings)
    dense = convolution = 0
    for layer in model.layers:
        if isinstance(layer, keras.layers.Dense):
            dense += int(np.prod(layer.kernel.shape))
        elif isinstance(layer, keras.layers.Conv2D):
            convolution += int(np.prod(layer.kernel.shape) * np.prod(layer.output.shape[1:3]))
    size = network_size(recipe, shape, 10)
    assert (size.dense, size.convolution) == (dense, convolution)
