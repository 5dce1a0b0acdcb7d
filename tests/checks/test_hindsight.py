"""Choices made with the answers in hand: rows left out of the test, thresholds tuned on its labels."""

from __future__ import annotations

from dataclasses import replace

from examples import GOOD, claim, find, outcome, scoring, training, verified

from grader.model import MetricCall, Narrowing, ThresholdSearch

FILTERED = "evaluation.test_not_filtered"
WRONG = tuple(range(0, 22, 2))
"""Eleven of the 100 test rows were answered wrongly."""


def narrowed(left_out, *, how="predict", **changes):
    """100 test rows were predicted, some left out, and the rest evaluated by the same weights."""
    first = scoring(id="all", how=how, claimed=())
    rest = scoring(id="rest", rows="rest", claimed=(("accuracy", 0.96),), order=20)
    start = replace(
        GOOD,
        scorings=(first, rest),
        final_scoring="all",
        metric_calls=(MetricCall("accuracy_score", 7, 92, 0.96, scoring="rest", true_role="test"),),
        verified=(verified(scoring="all", wrong_rows=WRONG),),
        narrowings=(Narrowing("rest", "all", 100 - len(left_out), tuple(left_out)),),
        prose=replace(GOOD.prose, claims=()),
    )
    return replace(start, **changes)


def test_wrong_answers_left_out_of_the_test_are_told():
    """Eight of eleven wrong rows thrown out before the score that is shown: both scores are named."""
    found = find(FILTERED, narrowed(WRONG[:8]))
    assert (found.outcome, found.moves_level) == ("fail", False)
    assert "8 of 100 test rows" in found.summary
    assert "89.00%" in found.summary
    assert "96.00%" in found.summary


def test_rows_left_out_at_random_are_no_choice():
    """Rows that were left out are wrong as often as all others: nothing was picked by the answers."""
    assert outcome(FILTERED, narrowed(range(1, 40, 3))) == "pass"


def test_a_look_at_the_confident_rows_beside_the_whole_score_is_honest():
    """Score of all shown, then that of the confident ones: an analysis, unless the text sells it as the result."""
    look = narrowed(WRONG[:8], how="evaluate")
    assert outcome(FILTERED, look) == "pass"
    sold = replace(look, prose=replace(GOOD.prose, claims=(claim("Test accuracy: 96 %.", 0.96),)))
    assert outcome(FILTERED, sold) == "fail"
    both = replace(look, prose=replace(GOOD.prose, claims=(claim("89 %", 0.89), claim("96 % if sure", 0.96))))
    assert outcome(FILTERED, both) == "pass"


def test_without_recomputed_answers_the_reason_is_not_known():
    """Which answers were wrong is only known where they were recomputed."""
    assert outcome(FILTERED, narrowed(WRONG[:8], verified=())) == "unknown"
    assert outcome(FILTERED, GOOD) == "not_applicable"


def test_rows_left_out_that_the_model_was_unsure_of():
    """Labels of the rows left out were never seen: that these were the unsure ones, and that the rest does better than
    validation rows, tells; not where nothing was validated, the rest does no better, or another score is printed.
    """
    val = training(id="f1", validation_rows="val", history=(("val_accuracy", (0.7, 0.81)),))
    picked = Narrowing("rest", "all", 70, tuple(range(30)), less_sure=0.8)
    rest = scoring(id="rest", rows="rest", claimed=(("accuracy", 0.96),), order=20)
    start = narrowed(range(30), verified=(), narrowings=(picked,), trainings=(val,))
    seen = replace(start, scorings=(start.scorings[0], rest))
    found = find(FILTERED, seen)
    assert (found.outcome, found.moves_level) == ("fail", False)
    assert "less sure" in found.summary
    predicted = scoring(id="rest", how="predict", rows="rest", claimed=(), order=20)
    evaluated = replace(rest, id="again", how="evaluate", order=15)
    assert outcome(FILTERED, replace(seen, scorings=(start.scorings[0], evaluated, predicted))) == "fail"
    by_chance = replace(picked, less_sure=0.6)
    better = replace(val, history=(("val_accuracy", (0.7, 0.97)),))
    printed = claim("accuracy of all: 0.78", 0.78, where="rerun_output")
    for unclear in (
        replace(seen, narrowings=(by_chance,)),
        replace(seen, trainings=(better,)),
        replace(seen, trainings=(replace(val, history=()),)),
        replace(seen, prose=replace(GOOD.prose, claims=(printed,))),
    ):
        assert outcome(FILTERED, unclear) == "unknown"


def test_thresholds_tried_on_the_test_rows():
    """The best of 33 cuts of the test answers was kept: chosen by the test; on validation rows, or only drawn, fine."""
    search = ThresholdSearch(6, "sklearn.metrics.f1_score", 33, 100, "test", 0.912, kept=True)
    found = find("evaluation.threshold_not_tuned_on_test", replace(GOOD, threshold_searches=(search,)))
    assert (found.outcome, found.moves_level) == ("fail", False)
    assert "33 thresholds" in found.summary
    for fair in (replace(search, role="validation"), replace(search, kept=False)):
        shown = replace(GOOD, threshold_searches=(fair,))
        assert outcome("evaluation.threshold_not_tuned_on_test", shown) == "pass"
    assert outcome("evaluation.threshold_not_tuned_on_test") == "not_applicable"
