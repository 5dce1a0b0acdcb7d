"""Scores beside references and baselines: seeds' spread, imbalanced classes, errors of regression."""

from __future__ import annotations

from dataclasses import replace

import pytest
from examples import GOOD, TABLE, find, verified

from grader.checks.balance import mean_recall
from grader.model import ReferenceResult

REFERENCE = GOOD.references[0]


def two_classes(*matrix, **changes):
    """GOOD with a recomputed matrix of two classes."""
    total = sum(sum(row) for row in matrix)
    right = sum(row[place] for place, row in enumerate(matrix))
    figures = verified(
        matrix=matrix, classes=("0", "1"), accuracy=right / total, rows_used=total, rows_total=total, per_class=(),
        majority_accuracy=max(sum(row) for row in matrix) / total, confused=(), predicted_classes=2,
    )  # fmt: skip
    return replace(GOOD, verified=(figures,), **changes)


def test_rare_classes_found_at_the_cost_of_accuracy_are_learning():
    """Class weights: 82 % accuracy under a commonest class of 90 %, but 80 % of the rare ones are found."""
    found = find("model.learns", two_classes((740, 160), (20, 80)))
    assert found.outcome == "pass"
    assert found.measured["balanced_accuracy"] == pytest.approx((740 / 900 + 0.8) / 2)


@pytest.mark.parametrize("matrix", [((900, 0), (100, 0)), ((640, 260), (70, 30)), ((0, 900), (0, 100))])
def test_guessing_fails_on_imbalanced_classes(matrix):
    """Always the commonest class, at random, always the rare class: the mean recall is a half."""
    assert find("model.learns", two_classes(*matrix)).outcome == "fail"


def test_a_handful_of_rare_rows_proves_nothing():
    """Two of three rare rows found among 60 may be luck."""
    assert find("model.learns", two_classes((45, 12), (1, 2))).outcome == "fail"


def test_mean_recall_leaves_out_classes_without_rows():
    """A class that no test row has is neither right nor wrong."""
    found = mean_recall(verified(matrix=((8, 2, 0), (1, 9, 0), (0, 0, 0)), classes=("0", "1", "2")))
    assert (found.value, found.guessing, found.classes) == (pytest.approx(0.85), 0.5, 2)


def test_the_band_is_as_wide_as_the_seeds_lie_apart():
    """2 points below a steady reference on 20,000 rows is below it, below one that varies it is not."""
    low = verified(accuracy=0.88, rows_used=20_000, rows_total=20_000)
    steady, varying = replace(REFERENCE, spread=0.001), replace(REFERENCE, spread=0.015)
    assert find("model.reference_band", replace(GOOD, verified=(low,), references=(steady,))).outcome == "fail"
    found = find("model.reference_band", replace(GOOD, verified=(low,), references=(varying,)))
    assert found.outcome == "pass"
    assert "90.00% ± 1.50% of a small CNN, 3 trainings" in found.summary


def test_recall_may_stand_for_accuracy_where_classes_are_imbalanced():
    """A reference of 93 % that finds half of the rare class is no reason to blame one of 82 % that finds most."""
    reference = replace(REFERENCE, score=0.93, spread=0.004, balanced_accuracy=0.74, balanced_spread=0.02)
    found = find("model.reference_band", two_classes((740, 160), (20, 80), references=(reference,)))
    assert (found.outcome, found.measured["metric"]) == ("pass", "balanced accuracy")
    assert not found.review


def test_balanced_classes_are_compared_by_accuracy():
    """No other figure stands in where classes are equal."""
    reference = replace(REFERENCE, balanced_accuracy=0.1)
    found = find("model.reference_band", two_classes((30, 20), (20, 30), references=(reference,)))
    assert (found.outcome, found.measured["metric"]) == ("fail", "accuracy")


ERRORS = ReferenceResult("table_dense", "Dense net", 36.0, "mae", 0.5, 3, 3000, 4.0, error_deviation=30.0)


@pytest.mark.parametrize(("mae", "outcome"), [(34.0, "pass"), (41.0, "pass"), (44.0, "fail")])
def test_errors_are_judged_against_seeds_and_the_sampling_of_rows(mae, outcome):
    """36 ± 0.5 over seeds, and 3 by which rows are tested: up to 42 is within."""
    result = replace(TABLE.verified[0], mae=mae)
    found = find("model.reference_band", replace(TABLE, verified=(result,), references=(ERRORS,)))
    assert found.outcome == outcome
    assert found.measured["metric"] == "mae"


def test_a_notebook_that_gives_another_error_is_compared_all_the_same():
    """It reports RMSE; its mean absolute error was recomputed."""
    scoring = replace(TABLE.scorings[0], claimed=(("loss", 2500.0), ("root_mean_squared_error", 50.0)))
    found = find("model.reference_band", replace(TABLE, scorings=(scoring,), references=(ERRORS,)))
    assert found.outcome == "pass"


def test_a_far_larger_error_asks_for_a_person():
    """Half again the reference's error."""
    result = replace(TABLE.verified[0], mae=54.0)
    assert find("model.reference_band", replace(TABLE, verified=(result,), references=(ERRORS,))).review
