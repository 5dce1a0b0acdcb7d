"""Rows left out after they were scored, as read from a run."""

from __future__ import annotations

import numpy as np
import pytest
from run_builder import RunBuilder

RANDOM = np.random.default_rng(0)
X, Y = RANDOM.normal(size=(300, 5)), RANDOM.integers(0, 2, 300)


@pytest.fixture
def made(tmp_path):
    run = RunBuilder(tmp_path)
    run.model(units=1, loss="binary_crossentropy")
    run.fit("m1", X[:200], Y[:200])
    return run


def test_rows_picked_out_of_scored_ones_are_known_by_place(made):
    """Predicted, some dropped here and there, evaluated again: which were dropped is on record."""
    made.predict("m1", X[200:])
    keep = np.setdiff1d(np.arange(100), [3, 14, 15, 92])
    made.evaluate("m1", X[200:][keep], Y[200:][keep])
    (found,) = made.evidence().narrowings
    assert (found.kept, found.left_out) == (96, (3, 14, 15, 92))


@pytest.mark.parametrize("part", [slice(0, 80), slice(60, 100)], ids=["most, in order", "a few, in order"])
def test_a_slice_is_not_picked(made, part):
    """The first rows of a set, or the last: no choice by the answers."""
    made.predict("m1", X[200:])
    made.evaluate("m1", X[200:][part], Y[200:][part])
    assert made.evidence().narrowings == ()


def test_all_of_one_class_and_the_few_wrong_ones_are_looks(made):
    """One class by itself, or the wrong answers once more, are looks at a part."""
    made.evaluate("m1", X[200:], Y[200:])
    made.evaluate("m1", X[200:][Y[200:] == 1], Y[200:][Y[200:] == 1])
    made.predict("m1", X[200:][::9])
    assert made.evidence().narrowings == ()


@pytest.mark.parametrize("units", [1, 3], ids=["one unit", "a unit a class"])
def test_how_sure_the_model_was_of_rows_left_out(made, units):
    """Dropped where the two highest answers lie close: nearly all pairs say so. Dropped at random: about a half do."""
    answers = RANDOM.random((100, units))
    ordered = np.sort(answers, axis=1)
    sure = abs(answers[:, 0] - 0.5) if units == 1 else ordered[:, -1] - ordered[:, -2]
    made.model("m2", units=units)
    made.fit("m2", X[:200], Y[:200])
    made.predict("m2", X[200:], answers.astype(np.float32))
    for kept in (np.flatnonzero(sure > np.quantile(sure, 0.2)), np.sort(RANDOM.permutation(100)[:80])):
        made.evaluate("m2", X[200:][kept], Y[200:][kept])
    unsure, by_chance = made.evidence().narrowings
    assert unsure.less_sure == 1
    assert 0.3 < by_chance.less_sure < 0.7
