"""Questions for the student: about this work, from what was measured; three to six, each with what to listen for."""

from __future__ import annotations

from dataclasses import replace

import pytest
from reports.example_class import never_ran_evidence, rich_evidence, rich_grade

from grader.checks import run_checks
from grader.model import CallbackFacts, CellFacts, Finding, Passage, ReferenceResult, Verified
from grader.questions import LEAST, MOST, ask
from grader.questions.decisions import about_decisions
from grader.questions.results import about_results

RICH = rich_evidence()


def questions(evidence=RICH, findings=None):
    """The questions by topic."""
    found = run_checks(evidence) if findings is None else findings
    return {item.topic: item for item in ask(evidence, found)}


def trained(**changes):
    """The example with another training."""
    return replace(RICH, trainings=(replace(RICH.trainings[0], **changes),))


def history(*watched):
    steps = tuple(1.0 / (epoch + 1) for epoch in range(len(watched)))
    return trained(history=(("loss", steps), ("val_loss", watched)), epochs_done=len(watched), callbacks=())


def without(*topics):
    """The example with nothing more telling to ask than what is looked for."""
    kept = tuple(item for item in RICH.prose.passages if item.topic not in topics)
    return replace(RICH, prose=replace(RICH.prose, passages=kept), verified=(), run=replace(RICH.run, failed_cell=None))


def test_a_full_submission_is_asked_about_its_gravest_things():
    """Six questions, each topic once, the contradicted sentence first, and every number is this student's."""
    asked = ask(RICH, rich_grade().findings)
    assert len(asked) == MOST
    assert len({item.topic for item in asked}) == MOST
    assert asked[0].topic == "contradiction"
    assert [item.weight for item in asked] == sorted((item.weight for item in asked), reverse=True)
    assert all(item.listen_for for item in asked)


def test_the_worst_pair_is_asked_about_with_its_rate_both_ways():
    """Eights are called ones 4 of 35 times, and twice the other way round."""
    text = questions()["confused"].text
    assert "“8” is taken for “1” 11.4% of the time (4 of 35 rows), the other way round twice" in text
    assert "pictures" in text
    named = replace(
        RICH, class_names=("nought", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    )
    assert "“eight” is taken for “one”" in questions(named)["confused"].text


def test_the_epoch_in_which_the_validation_loss_turned_is_named():
    """With early stopping its patience stands in the question, and dropout is asked about in the same light."""
    found = questions()
    assert "lowest in epoch 9 (0.163) and 0.223 after 14 epochs: early stopping waited 5 epochs more" in found["epochs"].text  # fmt: skip
    assert "Why dropout of 0.2 after the pooling layer, when the validation loss rose from epoch 10?" in found["dropout"].text  # fmt: skip
    assert found["epochs"].cells == (6,)


@pytest.mark.parametrize(
    ("evidence", "words"),
    [
        (history(0.9, 0.5, 0.3), "still falling in the last of your 3 epochs (0.5 to 0.3)"),
        (history(0.9, 0.3, 0.5), "lowest in epoch 2 (0.3) and 0.5 after 3 epochs: you went on"),
        (trained(history=(("loss", (1.0, 0.5)),), epochs_done=2), "You trained 2 epochs without validation rows"),
    ],
)
def test_how_long_was_trained_is_asked_as_the_curves_show_it(evidence, words):
    """Cut off while it fell, gone on after it turned, or not watched at all."""
    assert words in questions(evidence)["epochs"].text


def test_a_flat_end_asks_nothing_about_epochs():
    """Where the validation loss neither turned nor was cut off there is nothing to accuse anybody of."""
    assert "epochs" not in questions(history(0.9, 0.31, 0.3, 0.302))


def test_a_next_step_and_a_cause_are_asked_to_be_testable():
    """The student's own sentence is quoted."""
    said = (Passage("next_step", "explained", "Next I would try larger pictures.", 11), Passage("failure_reasons", "explained", "The loops close up.", 11))  # fmt: skip
    found = questions(replace(without(), trainings=(), prose=replace(RICH.prose, passages=said)), ())
    assert "“Next I would try larger pictures.”" in found["next_step"].text
    assert "“The loops close up.”" in found["cause"].text


def test_a_quotation_can_not_end_its_own_marks():
    """What a student writes stays inside the quotation marks, whatever marks it holds, and is cut where it is long."""
    said = (Passage("next_step", "explained", "end” `rm -rf` cell 3 “ " + "x" * 400, 11),)
    text = questions(replace(without(), prose=replace(RICH.prose, passages=said)), ())["next_step"].text
    assert text.count("”") == text.count("“") == 1
    assert len(text) < 320


def test_augmentation_optimizer_split_and_size_are_the_students_own():
    """Decisions of this notebook with their numbers."""
    found = {item.topic: item for item in about_decisions(trained(augmentation=("RandomFlip(horizontal)",)))}
    assert "“RandomFlip(horizontal)”" in found["augmentation"].text
    assert "adam at a learning rate of 0.001; the loss went from" in found["optimizer"].text
    assert "train on 1,149 rows and hold back 288 validation and 360 test rows" in found["split"].text
    assert "90.0% of your 3,210 parameters are in one dense layer (2,890)" in found["size"].text


def test_a_reference_that_was_trained_is_the_baseline():
    """The simplest of them, with its own score."""
    linear = ReferenceResult("linear", "A linear model", 0.912, "accuracy", 0.004, 3, 650, 2.0)
    evidence = replace(RICH, references=(linear, replace(linear, recipe="cnn", parameters=9000)))
    text = next(item for item in about_results(evidence) if item.topic == "baseline").text
    assert "A linear model with 650 parameters reaches 91.2% on the same rows, your model 95.6%" in text


def test_a_model_that_only_guesses_is_asked_why_and_not_what_it_confuses():
    """Of a collapse no pair of classes means anything."""
    collapsed = replace(RICH.verified[0], accuracy=0.11, majority_accuracy=0.10, predicted_classes=1)
    learnt = Finding("model.learns", "fail", "verified", "The model always answers the same class.", (8,))
    found = questions(replace(RICH, verified=(collapsed,)), (learnt,))
    assert "learns" in found
    assert not {"confused", "uncertainty", "baseline"} & set(found)


def test_a_leak_comes_before_everything_but_a_contradiction():
    """The gravest that moves a level, in the finding's own words; advice only where there is no worse."""
    leak = Finding("split.no_overlap", "fail", "kernel", "120 of 360 test rows were trained on.", (2,))
    scaler = Finding("split.preprocessing_fitted_on_train", "fail", "kernel", "The scaler saw the test rows.", (2,), moves_level=False)  # fmt: skip
    assert ask(RICH, (scaler, leak))[0].text.startswith("120 of 360 test rows were trained on.")
    assert questions(without(), (scaler,))["leak"].text.startswith("The scaler saw")


def test_a_regression_is_asked_where_it_is_off():
    """Errors take the place of confused classes."""
    off = Verified("s1", "m1", "r3", 360, 360, "regression", mae=2.1, rmse=3.0, baseline_mae=6.5)
    found = questions(replace(RICH, task="regression", verified=(off,)), ())
    assert "off by 2.1 on average; always answering the median is off by 6.5" in found["baseline"].text


def test_early_stopping_without_patience_is_no_obstacle():
    """Settings may be missing; the question is asked all the same."""
    evidence = trained(callbacks=(CallbackFacts("EarlyStopping"),))
    assert "you went on" in questions(evidence)["epochs"].text


def test_a_notebook_that_never_ran_still_gets_three():
    """General ones, tied to its cells; none where nothing could be read."""
    evidence = replace(never_ran_evidence(), cells=(CellFacts(0, "code", "a\nb\nc\nd", code_lines=4),))
    asked = ask(evidence, ())
    assert len(asked) == LEAST
    assert "cell 1" in asked[0].text
    assert ask(replace(evidence, cells=()), ()) == ()
    leak = Finding("model.learns", "fail", "kernel", "The model is no better than guessing.", ())
    assert len(ask(replace(evidence, cells=()), (leak,))) == LEAST


def test_the_same_evidence_gives_the_same_questions():
    """A pure function."""
    assert ask(RICH, rich_grade().findings) == ask(rich_evidence(), rich_grade().findings)
