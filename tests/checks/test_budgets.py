"""Under a budget, what fails for want of training is left open, and what does not hang on it stands."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from examples import GOOD, find, outcome, scoring, training, verified

from grader.checks import run_checks
from grader.checks.budgets import RESTS_ON_LEARNING
from grader.checks.registry import CHECKS
from grader.judge import grade
from grader.model import Budget, Evidence, TrainingCut
from grader.rubrics import load_rubric

CUT = TrainingCut(1000, 9380)
POOR = {"accuracy": 0.36, "balanced_accuracy": 0.36}


def cut(evidence: Evidence = GOOD, **changes: object) -> Evidence:
    """The same evidence with its training cut by a quick budget."""
    run = replace(evidence.run, budget=Budget("quick"))
    return replace(evidence, run=run, trainings=(training(cut=CUT, **changes),))


def poor(evidence: Evidence) -> Evidence:
    """The same evidence with a score as poor as a guess."""
    return replace(evidence, verified=(verified(**POOR),), scorings=(scoring(claimed=(("accuracy", 0.36),)),))


def test_the_names_are_checks():
    """A check that is renamed must be renamed here too."""
    assert set(CHECKS) >= RESTS_ON_LEARNING


def test_a_poor_score_is_no_failure_of_a_cut_training():
    """In full it fails; after a thousandth of the steps nobody knows."""
    assert outcome("model.learns", poor(GOOD)) == "fail"
    found = find("model.learns", poor(cut()))
    assert found.outcome == "unknown"
    assert found.fix is None
    assert "given 1,000 of its 9,380 steps" in found.summary


def test_a_pass_under_a_budget_stands_and_says_so():
    """Who beats guessing with fewer steps beats it with all."""
    found = find("model.learns", cut())
    assert (found.outcome, found.measured["budget"]) == ("pass", "quick")
    assert found.summary.endswith("Measured under a budget.")


def test_a_loss_that_is_no_number_stays_a_failure():
    """More steps would not have mended it."""
    assert outcome("training.loss_falls", cut(history=(("loss", (0.7, math.nan, math.nan)),))) == "fail"


def test_a_budget_that_cut_nothing_changes_nothing():
    """A quick check of a small training is a full one."""
    quick = replace(GOOD, run=replace(GOOD.run, budget=Budget("quick")))
    assert run_checks(quick) == run_checks(GOOD)
    assert run_checks(poor(quick)) == run_checks(poor(GOOD))


def test_what_does_not_hang_on_learning_is_told_as_in_full():
    """Findings on split, layers, figures and code are the same, cut or not."""
    whole = {item.check: item for item in run_checks(GOOD)}
    capped = {item.check: item for item in run_checks(cut())}
    assert {name for name in whole if whole[name] != capped[name]} <= RESTS_ON_LEARNING


def test_no_check_at_all_fails_for_want_of_training():
    """Whatever course asks for it: what a good notebook passes in full, its cut training with a poor score doesn't
    fail.
    """
    whole = {item.check for item in run_checks(GOOD, asked=CHECKS) if item.outcome == "pass"}
    capped = {item.check for item in run_checks(poor(cut()), asked=CHECKS) if item.outcome == "fail"}
    assert whole & capped == set()


def test_a_cut_never_lowers_the_level_that_can_be_reached():
    """However poor the cut training's score: the best level that is left open is that of the good notebook in full."""
    rubric = load_rubric("unit1")
    whole = {item.criterion: item.high for item in grade(GOOD, rubric, run_checks(GOOD)).judgements}
    evidence = poor(cut())
    judged = grade(evidence, rubric, run_checks(evidence))
    assert {item.criterion: item.high for item in judged.judgements} == whole
    assert judged.run["budget"]["asked"] == "quick"
    assert judged.run["budget"]["cut"][0]["cell"] == training().cell


@pytest.mark.parametrize("failed_by", ["budget", "notebook"])
def test_a_cell_that_failed_after_a_cut_is_left_open(failed_by):
    """Only what surely is the notebook's own failure breaks `runs top to bottom`."""
    broken = tuple(
        replace(cell, run_status="error", exception="IndexError", message="list index out of range")
        if cell.index == 6
        else cell
        for cell in GOOD.cells
    )
    run = replace(cut().run, status="error", failed_cell=6, failed_by=failed_by)
    evidence = replace(cut(), cells=broken, run=run)
    assert outcome("code.runs_top_to_bottom", evidence) == ("unknown" if failed_by == "budget" else "fail")


def test_a_curve_of_epochs_that_were_left_out_is_left_open():
    """Where a training was cut after its first epoch, its curve is one point by our doing; cut steps excuse nothing."""
    bare = replace(GOOD, drawings=())
    assert outcome("training.curves_shown", replace(cut(bare), drawings=())) == "fail"
    early = replace(training(), cut=TrainingCut(40, 400, ended_early=True), epochs_done=1)
    found = find("training.curves_shown", replace(cut(bare), drawings=(), trainings=(early,)))
    assert found.outcome == "unknown"
    assert "cut at the grader's budget after epoch 1 of 3" in found.summary
