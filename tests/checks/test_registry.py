"""The registry: every check of the policy is there, runs in a stable order, and can't take the class down."""

from __future__ import annotations

from dataclasses import replace

import pytest
from examples import GOOD, TABLE, cut_short

from grader.checks import CHECKS, known_thresholds, run_checks
from grader.checks.registry import Check, Threshold, check
from grader.checks.verdicts import passed

POLICY = [
    "task.stated",
    "data.examples_shown",
    "data.class_balance_shown",
    "data.labels_aligned",
    "split.three_way",
    "split.held_out_test",
    "split.no_overlap",
    "split.no_near_duplicates",
    "split.preprocessing_fitted_on_train",
    "split.augmented_train_only",
    "split.stable",
    "model.trains",
    "model.output_matches_labels",
    "model.cnn_for_images",
    "model.learns",
    "model.choices_tuned",
    "model.choices_justified",
    "model.reference_band",
    "training.inputs_scaled",
    "training.curves_shown",
    "training.curves_genuine",
    "training.diagnosis",
    "evaluation.score_shown",
    "evaluation.test_score_reported",
    "evaluation.not_on_training_data",
    "evaluation.test_used_once",
    "evaluation.confusion_matrix_shown",
    "evaluation.confusion_matrix_correct",
    "evaluation.score_verified",
    "evaluation.errors_shown",
    "evaluation.weakness_named",
    "evaluation.baseline_compared",
    "code.runs_top_to_bottom",
    "code.seeded",
    "code.reproducible",
    "code.commented",
    "code.structured",
    "code.clean",
    "code.saved_in_order",
    "write_up.present",
    "write_up.score_stated",
    "write_up.score_honest",
    "write_up.weakness_admitted",
    "write_up.next_step",
    "write_up.next_step_justified",
    "write_up.insight",
    "understanding.layers",
    "understanding.training",
    "understanding.score",
    "understanding.overfitting",
    "understanding.trade_offs",
    "understanding.failure_reasons",
    "understanding.consistent",
    "prose.addresses_grader",
    "prose.claims_checked",
    "training.loss_finite",
    "training.progress",
    "training.learning_rate",
    "training.no_collapse",
    "training.units_alive",
    "model.nonlinear",
    "model.layers_trainable",
    "evaluation.axes_fair",
]


@pytest.mark.parametrize("check_id", POLICY)
def test_every_check_of_the_policy_exists(check_id):
    """The public check ids are all registered, with a title and help for rubric authors."""
    assert CHECKS[check_id].title
    assert CHECKS[check_id].help


def test_findings_come_in_one_order():
    """One finding per check, sorted by id, equal from run to run."""
    found = run_checks(GOOD)
    assert [item.check for item in found] == sorted(name for name, item in CHECKS.items() if not item.on_request)
    assert found == run_checks(GOOD)


def test_what_only_some_assignments_ask_for_is_checked_where_the_rubric_names_it():
    """A check on request is run for a rubric that names it, and troubles no other."""
    wanted = next(name for name, item in CHECKS.items() if item.on_request)
    assert wanted not in {item.check for item in run_checks(GOOD)}
    assert wanted in {item.check for item in run_checks(GOOD, asked={wanted})}


def test_a_good_notebook_fails_nothing_but_the_missing_baseline():
    """No check complains of work that is all there; the one thing it lacks is advice."""
    found = run_checks(GOOD)
    assert {item.check for item in found if item.outcome not in {"pass", "not_applicable"}} == {
        "evaluation.baseline_compared"
    }
    assert not any(item.review for item in found)


@pytest.mark.parametrize("status", ["timeout", "out_of_memory", "kernel_died", "not_run", "infrastructure_failure"])
def test_a_run_cut_short_fails_nothing_that_could_still_have_come(status):
    """What a cut run could not show is unknown: nothing that only the run can tell fails, nothing breaks."""
    found = run_checks(cut_short(GOOD, status))
    told_by_the_run = [item for item in found if item.origin != "static" and item.moves_level]
    assert not [item.check for item in told_by_the_run if item.outcome == "fail"]
    assert not [item.check for item in found if item.outcome == "error"]


@pytest.mark.parametrize("evidence", [GOOD, TABLE, cut_short(GOOD), cut_short(TABLE)])
def test_findings_can_be_shown_to_a_student(evidence):
    """Each finding is a sentence; each failure says how to mend it."""
    for item in run_checks(evidence):
        assert item.summary.endswith((".", "”")), item
        assert item.summary[0].isupper() or item.summary[0] in "“0123456789", item
        assert (item.fix is not None) == (item.outcome == "fail"), item


def test_a_broken_check_is_an_error_for_review():
    """A bug of ours never becomes a student's loss: outcome `error`, a person is asked, the others still run."""

    def broken(_evidence, _limits):
        raise ZeroDivisionError("oops")

    finding = Check("x.y", "t", "h", broken).run(GOOD, {})
    assert finding.outcome == "error"
    assert "ZeroDivisionError" in (finding.review or "")


def test_two_checks_can_not_share_an_id():
    """The second is refused when it is registered, not silently used."""
    with pytest.raises(ValueError, match=r"two checks are called split\.no_overlap"):
        check("split.no_overlap", title="t", help="h")(lambda _evidence, _limits: passed("x"))


def test_a_rubric_overrides_a_threshold_by_its_full_name():
    """A threshold's override reaches the check that declares it, and no other."""
    seen = []

    def look(_evidence, limits):
        seen.append(dict(limits))
        return passed("Fine.")

    entry = Check("x.y", "t", "h", look, (Threshold("size", 3, "why"), Threshold("share", 0.5, "why")))
    entry.run(GOOD, {"x.y.size": 9, "a.b.share": 1})
    assert seen == [{"size": 9, "share": 0.5}]


def test_every_threshold_says_why():
    """No threshold without a name and a reason."""
    assert all(len(item.reason) > 20 for item in known_thresholds().values())


def test_regression_replaces_the_matrix():
    """Where a number is predicted the matrix checks don't apply, and the plot of predicted against actual does."""
    outcomes = {item.check: item.outcome for item in run_checks(TABLE)}
    assert outcomes["evaluation.confusion_matrix_shown"] == "not_applicable"
    assert outcomes["evaluation.confusion_matrix_correct"] == "not_applicable"
    assert outcomes["evaluation.residuals_shown"] == "pass"
    assert {item.check: item.outcome for item in run_checks(replace(TABLE, drawings=()))}[
        "evaluation.residuals_shown"
    ] == "fail"
