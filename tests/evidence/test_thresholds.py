"""Thresholds searched for on the test rows, and what is no search, or none that was made use of."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from run_builder import RunBuilder

from grader.checks import CHECKS
from grader.evidence.reading.cuts import read_searches
from grader.model import Cell, Submission

RANDOM = np.random.default_rng(0)
X, Y = RANDOM.normal(size=(300, 5)), RANDOM.integers(0, 2, 300)
TRUE = Y[200:]
LIKELY = (0.3 * TRUE + RANDOM.random(100) * 0.4).astype(np.float32)
"""The best cut lies between 0.3 and 0.4, far from a half."""

LEVELS = np.linspace(0.1, 0.9, 33)
ACCURACY, REPORT = "sklearn.metrics.accuracy_score", "sklearn.metrics.classification_report"


def answers(level: float) -> np.ndarray:
    return (level < LIKELY).astype(int)


BEST = max(LEVELS, key=lambda level: (answers(level) == TRUE).mean())
HIGHEST = max(LIKELY - 1e-4, key=lambda level: (answers(level) == TRUE).mean())
"""The best of 33 cuts, and the best of all."""


@pytest.fixture
def made(tmp_path: Path) -> RunBuilder:
    run = RunBuilder(tmp_path)
    run.model(units=1, loss="binary_crossentropy")
    run.fit("m1", X[:200], Y[:200])
    run.evaluate("m1", X[200:], TRUE)
    run.predict("m1", X[200:], LIKELY[:, None])
    return run


def swept(made: RunBuilder, function: str = ACCURACY, levels: Sequence[float] = LEVELS) -> None:
    for level in levels:
        own = {"score": "s2"} if np.array_equal(answers(level), answers(0.5)) else {}
        made.metric(function, TRUE, level < LIKELY, value=float((answers(level) == TRUE).mean()), **own)


def outcome(made: RunBuilder) -> str:
    return CHECKS["evaluation.threshold_not_tuned_on_test"].run(made.evidence(), {}).outcome


def test_a_table_of_thresholds_is_no_choice(made):
    """Accuracy at 33 thresholds, none applied."""
    swept(made)
    (found,) = made.evidence().threshold_searches
    assert (found.rows, found.role, found.kept) == (100, "test", False)
    assert found.tried > 20
    assert outcome(made) == "pass"


@pytest.mark.parametrize("function", ["sklearn.metrics.confusion_matrix", ACCURACY, REPORT])
@pytest.mark.parametrize("kind", [int, float, bool])
def test_the_best_cut_is_measured_again(made, function, kind):
    """In the same cell or another, as numbers or as true and false: it was chosen by these rows."""
    swept(made)
    value = {"value": float((answers(BEST) == TRUE).mean())} if function == ACCURACY else {}
    made.metric(function, TRUE, answers(BEST).astype(kind), **value)
    assert outcome(made) == "fail"


def test_one_of_several_best_cuts_is_kept(made):
    """Two cuts are right equally often, and the second is kept: it is a best one too."""
    for level, value in zip(LEVELS[::4], (0.5, 0.6, 0.8, 0.8, 0.7, 0.7, 0.6, 0.5), strict=False):
        made.metric(ACCURACY, TRUE, level < LIKELY, value=value)
    made.metric(REPORT, TRUE, answers(LEVELS[12]))
    assert outcome(made) == "fail"


def test_another_cut_or_the_models_own_answers_are_reported(made):
    """After the table, a report of the answers cut at a half, though these may be the best, or of a poor cut."""
    levels = [level for level in LEVELS if level > 0.48]
    swept(made, levels=[0.1, *levels])
    made.metric(REPORT, TRUE, answers(0.5), score="s2")
    made.metric(REPORT, TRUE, answers(0.8))
    assert outcome(made) == "pass"


def test_a_cut_that_was_there_before_the_table(made):
    """Reported first, compared with others then, reported again: not chosen by the table."""
    made.metric(REPORT, TRUE, answers(BEST))
    swept(made)
    made.metric(REPORT, TRUE, answers(BEST))
    assert outcome(made) == "pass"


def test_the_last_cut_repeated_is_the_same_search(made):
    """Where likelihoods are few, neighbouring thresholds cut alike: no cut was gone back to."""
    levels = np.sort(LEVELS[BEST >= LEVELS])
    swept(made, levels=[*levels, levels[-1], levels[-1]])
    assert outcome(made) == "pass"


def test_answers_of_several_models_are_no_cuts(made):
    """Answers that are not nested come from different models, not from one prediction."""
    for seed in range(6):
        guesses = np.random.default_rng(seed).integers(0, 2, 100)
        made.metric(ACCURACY, TRUE, guesses, value=0.5 + seed / 100)
    assert made.evidence().threshold_searches == ()


CURVE = "fpr, tpr, cuts = roc_curve(y_test, p)\nplt.plot(fpr, tpr)\n"
PICKED = CURVE + "cut = cuts[np.argmax(tpr - fpr)]\nprint(classification_report(y_test, p > cut))"
LOOP = "shares = [np.mean((p > cut) == y_test) for cut in np.linspace(0, 1, 40)]\ncut = cuts[np.argmax(shares)]"


def measured_after(made: RunBuilder, source: str, level: float, *, curve: bool = True) -> str:
    made.sources = [source]
    if curve:
        made.metric("sklearn.metrics.roc_curve", TRUE, LIKELY, score="s2")
    made.metric(REPORT, TRUE, answers(level))
    return outcome(made)


def test_a_threshold_picked_from_the_curve_of_the_test_rows(made):
    """The best cut of all, taken from what roc_curve returned, is measured."""
    assert measured_after(made, PICKED, HIGHEST) == "fail"


def test_a_curve_is_drawn_and_answers_are_cut_elsewhere(made):
    """A curve alone is a drawing; a threshold that is not the best was not picked by it."""
    assert measured_after(made, CURVE, HIGHEST) == "not_applicable"


def test_a_poor_threshold_is_no_pick(made):
    """Thresholds are picked from, and the cut that is measured is not the best: a wish for recall, say."""
    assert measured_after(made, PICKED, 0.2) == "not_applicable"


def test_a_threshold_picked_from_the_curve_of_other_rows(made):
    """The curve is of the validation rows: so is the threshold."""
    made.metric("sklearn.metrics.roc_curve", Y[:50], RANDOM.random(50))
    assert measured_after(made, PICKED, HIGHEST, curve=False) == "not_applicable"


def test_a_threshold_found_by_hand(made):
    """A mean of right answers at forty cuts, no metric function: the best cut of all is measured afterwards."""
    assert measured_after(made, LOOP, BEST, curve=False) == "fail"


def test_a_threshold_found_by_hand_perhaps_on_other_rows(made):
    """The model was asked for validation rows too: the loop may be over those."""
    made.predict("m1", RANDOM.normal(size=(60, 5)), RANDOM.random((60, 1)).astype(np.float32))
    assert measured_after(made, LOOP, BEST, curve=False) == "not_applicable"


@pytest.mark.parametrize(
    ("source", "how"),
    [
        (PICKED, ["curve"]),
        (CURVE, []),
        (LOOP, ["loop"]),
        (
            "for t in ts:\n    hits = (p >= t) == y\n    if hits.mean() > best:\n        best, cut = hits.mean(), t",
            ["loop"],
        ),
        ("def share(t):\n    return np.mean((p > t) == y)\ncut = max(ts, key=share)\n[share(t) for t in ts]", ["loop"]),
        ("for t in ts:\n    print(t, np.mean((p > t) == y))", []),
        ("for seed in range(5):\n    if seed > best:\n        best = seed", []),
        ("answers = (p > 0.5).astype(int)\nfor a in answers:\n    print(a)\nmax(answers)", []),
    ],
)
def test_how_searches_are_written(source, how):
    """A pick from a curve's thresholds, or cuts in a loop and a pick; a table and other loops are neither."""
    submission = Submission("alice", Path("p.ipynb"), None, "0" * 64, "0" * 64, (Cell(0, "code", source),))
    assert [item.how for item in read_searches(submission)] == how
