"""Rows left out after they were scored, and thresholds tried one after the other, as read from a run."""

from __future__ import annotations

import numpy as np
import pytest
from run_builder import RunBuilder

RANDOM = np.random.default_rng(0)
X, Y = RANDOM.normal(size=(300, 5)), RANDOM.integers(0, 2, 300)
PROBABILITY = np.clip(0.35 * Y[200:] + RANDOM.random(100) * 0.6, 0, 1)


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


def test_cuts_of_one_prediction_are_a_search(made):
    """Accuracy at nine thresholds, and the best cut measured again: a threshold was searched for and kept."""
    made.evaluate("m1", X[200:], Y[200:])
    cuts = [(level < PROBABILITY).astype(int) for level in np.linspace(0.1, 0.9, 9)]
    scores = [float((cut == Y[200:]).mean()) for cut in cuts]
    for cut, score in zip(cuts, scores, strict=True):
        made.metric("sklearn.metrics.accuracy_score", Y[200:], cut, value=score)
    (drawn,) = made.evidence().threshold_searches
    assert (drawn.tried, drawn.rows, drawn.role, drawn.kept) == (9, 100, "test", False)
    made.metric("sklearn.metrics.confusion_matrix", Y[200:], cuts[int(np.argmax(scores))])
    (kept,) = made.evidence().threshold_searches
    assert kept.kept
    assert kept.best == max(scores)


def test_answers_of_several_models_are_no_cuts(made):
    """Answers that are not nested come from different models, not from one prediction."""
    made.evaluate("m1", X[200:], Y[200:])
    for seed in range(6):
        answers = np.random.default_rng(seed).integers(0, 2, 100)
        made.metric("sklearn.metrics.accuracy_score", Y[200:], answers, value=0.5 + seed / 100)
    assert made.evidence().threshold_searches == ()
