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
