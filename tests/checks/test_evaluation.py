"""The score, its rows, its matrix and its honesty."""

from __future__ import annotations

from dataclasses import replace

import pytest
from examples import (
    GOOD,
    MATRIX,
    TABLE,
    cell,
    claim,
    claiming,
    find,
    outcome,
    passage,
    saying,
    scoring,
    training,
    verified,
    without,
)

from grader.checks.matrices import parse_matrices, same_matrix
from grader.model import CellFacts, Drawing, MetricCall, Overlap, SavedOutput

PRINTED = claim("Test accuracy: 0.89", 0.89, cell=6, where="rerun_output")
SAVED = claim("Test accuracy: 0.89", 0.89, cell=6, where="saved_output")


def scored(*scorings, **changes):
    return replace(GOOD, scorings=scorings, final_scoring=scorings[-1].id, **changes)


def quiet(*indices):
    """GOOD's cells, these showing nothing."""
    return tuple(replace(item, rerun=(), saved=()) if item.index in indices else item for item in GOOD.cells)


# ------------------------------------------------------------------ of which rows
def test_scoring_training_rows_only():
    """The only score is of training rows: that is no test."""
    only = scored(scoring(rows="train", role="train"))
    assert outcome("evaluation.not_on_training_data", only) == "fail"
    assert outcome("evaluation.test_score_reported", only) == "fail"


def test_showing_both_scores_is_fine():
    """Training and test score side by side: the one that counts is of test rows."""
    both = scored(scoring(id="s0", rows="train", role="train"), scoring())
    assert outcome("evaluation.not_on_training_data", both) == "pass"


def test_fit_on_everything_then_score_a_part():
    """All scored rows were trained on: training data. Most of them, as after copying before a split: overlap."""
    all_of_them = replace(GOOD, overlaps=(Overlap("test", "train", 100, 100, 100, 0.0),))
    assert outcome("evaluation.not_on_training_data", all_of_them) == "fail"
    most = replace(GOOD, overlaps=(Overlap("test", "train", 80, 80, 100, 0.0),))
    assert outcome("evaluation.not_on_training_data", most) == "pass"


def test_scoring_all_that_fit_was_given():
    """With validation_split, fit trains on 80 % of what it is given: scoring all of it is no test."""
    given = replace(
        scored(scoring(rows="given", role="train")),
        overlaps=(Overlap("given", "train", 240, 240, 300, 0.0), Overlap("given", "val", 60, 60, 300, 0.0)),
    )
    assert outcome("evaluation.not_on_training_data", given) == "fail"


def test_only_the_progress_of_fit():
    """Without any scoring, fit's validation accuracy is a validation score; its training accuracy is none."""
    silent = replace(GOOD, scorings=(), metric_calls=(), verified=(), final_scoring=None)
    assert outcome("evaluation.not_on_training_data", silent) == "pass"
    assert outcome("evaluation.score_shown", silent) == "pass"
    blind = training(validation_rows=None, history=(("loss", (0.9, 0.5)), ("accuracy", (0.5, 0.7))))
    nothing = claiming(replace(silent, trainings=(blind,)))
    assert outcome("evaluation.not_on_training_data", nothing) == "fail"
    assert outcome("evaluation.score_shown", nothing) == "fail"


def test_a_score_thrown_away_is_not_shown():
    """evaluate() into a variable that nobody prints shows nothing."""
    hidden = claiming(replace(GOOD, cells=quiet(5, 6, 7, 8)))
    assert outcome("evaluation.test_score_reported", hidden) == "fail"
    assert outcome("evaluation.score_shown", hidden) == "fail"


# ------------------------------------------------------------------ decisions on test rows
def test_watching_the_test_set_spends_it():
    """validation_data=test: watched every epoch, and early stopping chose by it."""
    spent = replace(
        GOOD,
        trainings=(training(validation_rows="test"),),
        scorings=(scoring(role="validation"),),
    )
    found = find("evaluation.test_used_once", spent)
    assert found.outcome == "fail"
    assert "EarlyStopping" in found.summary


def test_a_score_printed_under_another_reading_is_shown():
    """One unit for ten classes: rounding its answers gives another accuracy than Keras does, and it is shown."""
    silent = scored(scoring(how="predict", claimed=()), cells=quiet(7), metric_calls=())
    rounded = replace(GOOD.verified[0], alternatives=(("rounded", 0.1133),))
    printed = claim("test accuracy 0.1133", 0.1133, split="test", where="rerun_output", digits=4)
    shown = claiming(replace(silent, verified=(rounded,)), printed)
    assert outcome("evaluation.test_score_reported", shown) == "pass"
    assert outcome("evaluation.test_score_reported", claiming(silent, printed)) == "fail"


def test_a_float32_printed_in_full_is_the_score():
    """`0.9555555582046509` and 0.95555... are one number: a float32 has no sixteen decimals."""
    silent = scored(scoring(how="predict", claimed=()), cells=quiet(7), metric_calls=())
    exact = GOOD.verified[0].accuracy + 3e-9
    printed = claim("test accuracy", exact, split="test", where="rerun_output", digits=16)
    assert outcome("evaluation.test_score_reported", claiming(silent, printed)) == "pass"


def test_a_validation_accuracy_printed_as_test_score_is_not_genuine():
    """`Final test accuracy` of a notebook that scored no test rows at all is called by a wrong name."""
    silent = replace(GOOD, scorings=(), metric_calls=(), verified=(), final_scoring=None)
    silent = replace(silent, cells=tuple(replace(item, calls=()) for item in silent.cells))
    best = max(value for name, series in GOOD.trainings[0].history if name == "val_accuracy" for value in series)
    printed = claim("Final test accuracy", best, split="test", where="rerun_output")
    assert outcome("evaluation.printed_score_genuine", claiming(silent, printed)) == "fail"


def test_a_printed_validation_accuracy_is_a_score():
    """`max(history['val_accuracy'])` printed by a silent fit: a score is shown, if only of validation rows."""
    silent = replace(GOOD, scorings=(), metric_calls=(), verified=(), final_scoring=None, cells=quiet(5, 6, 7, 8))
    best = max(value for name, series in GOOD.trainings[0].history if name == "val_accuracy" for value in series)
    printed = claim("best accuracy", best, split="unstated", where="rerun_output")
    assert outcome("evaluation.score_shown", claiming(silent, printed)) == "pass"


def test_one_frozen_model_scored_in_many_ways_is_one_use():
    """evaluate, predict and a matrix on one model: decisions count, not calls."""
    many = scored(scoring(), scoring(id="s2", how="predict", order=11), scoring(id="s3", how="call", order=12))
    assert outcome("evaluation.test_used_once", many) == "pass"


def test_a_baseline_and_the_final_model_are_fine():
    """Two models, each scored once."""
    two = scored(scoring(id="s0", model="m0", weights="b"), scoring())
    assert outcome("evaluation.test_used_once", two) == "pass"


def test_weights_carried_by_another_object_are_the_same_model():
    """A wrapper with a softmax and a model loaded from its file have the trained weights: no third, fourth model."""
    carried = [scoring(id=f"s{n}", model=f"m{n}", order=10 + n) for n in (1, 7, 8, 9)]
    found = find("evaluation.test_used_once", scored(*carried))
    assert (found.outcome, found.measured["models_scored"]) == ("pass", 1)


def test_test_tune_test():
    """Scored, trained on and scored again: twice is advice, three times is steering by the test set."""
    looks = [scoring(id=f"s{n}", weights=f"w{n}", order=n) for n in range(3)]
    twice = find("evaluation.test_used_once", scored(*looks[:2], trainings=(training(), training(id="t2"))))
    assert (twice.outcome, twice.moves_level) == ("fail", False)
    thrice = find("evaluation.test_used_once", scored(*looks))
    assert (thrice.outcome, thrice.moves_level) == ("fail", True)


def test_a_look_before_any_training_decides_nothing():
    """Scoring the untrained model first, to show 10 %, is no decision."""
    before = scored(scoring(id="s0", cell=4, weights="w0", order=1), scoring())
    assert outcome("evaluation.test_used_once", before) == "pass"


def test_choosing_among_models_on_the_test_set():
    """Three models on the test rows: certain where nothing else could decide, only likely beside validation data."""
    three = [scoring(id=f"s{n}", model=f"m{n}", weights=f"w{n}", order=n) for n in range(3)]
    blind = scored(*three, trainings=tuple(training(id=f"t{n}", model=f"m{n}", validation_rows=None) for n in range(3)))
    assert find("evaluation.test_used_once", blind).moves_level
    assert outcome("evaluation.test_used_once", blind) == "fail"
    watched = find("evaluation.test_used_once", scored(*three))
    assert (watched.outcome, watched.moves_level) == ("fail", False)


# ------------------------------------------------------------------ the confusion matrix
def drawn(values, **changes):
    picture = Drawing("f1", "a1", 7, "image", shape=(len(values), len(values)), values=values, order=12)
    return replace(GOOD, drawings=(replace(picture, **changes),))


SHARES = tuple(tuple(value / sum(row) for value in row) for row in MATRIX)


@pytest.mark.parametrize(
    "values",
    [
        MATRIX,
        tuple(zip(*MATRIX, strict=True)),
        SHARES,
        tuple(tuple(round(value, 2) for value in row) for row in SHARES),
        tuple(tuple(100 * value for value in row) for row in SHARES),
        tuple(tuple(value / 100 for value in row) for row in MATRIX),
    ],
    ids=["counts", "transposed", "by row", "rounded", "percent", "of all"],
)
def test_a_matrix_is_the_same_however_it_is_drawn(values):
    """Transposed, normalised, in percent: shown, and correct."""
    assert outcome("evaluation.confusion_matrix_shown", drawn(values)) == "pass"
    assert find("evaluation.confusion_matrix_correct", drawn(values)).origin == "verified"


CORRELATION = ((1.0, 0.3, -0.2), (0.3, 1.0, 0.1), (-0.2, 0.1, 1.0))


@pytest.mark.parametrize("values", [CORRELATION, ((5, 0, 9), (1, 0, 3), (2, 2, 2))], ids=["correlation", "picture"])
def test_a_heat_map_or_a_picture_is_no_confusion_matrix(values):
    """A correlation heat map and a small picture are squares of numbers too."""
    no_call = replace(drawn(values), metric_calls=())
    assert outcome("evaluation.confusion_matrix_shown", no_call) == "fail"


def test_a_matrix_computed_and_not_shown():
    """Importing or calling the function shows nothing."""
    hidden = replace(GOOD, drawings=())
    found = find("evaluation.confusion_matrix_shown", hidden)
    assert "computed but not shown" in found.summary
    assert outcome("evaluation.confusion_matrix_correct", hidden) == "not_applicable"


@pytest.mark.parametrize(
    "text",
    [
        "[[32  1  1]\n [ 2 27  4]\n [ 0  3 30]]",
        "[[32, 1, 1], [2, 27, 4], [0, 3, 30]]",
        "tf.Tensor(\n[[32  1  1]\n [ 2 27  4]\n [ 0  3 30]], shape=(3, 3), dtype=int32)",
        "col_0   0   1   2\nrow_0\n0      32   1   1\n1       2  27   4\n2       0   3  30",
        "Predicted   0   1   2  All\nTrue\n0      32   1   1  34\n1       2  27   4  33\n2       0   3  30  33\nAll    34  31  35 100",
    ],
    ids=["numpy", "list", "tensor", "crosstab", "crosstab with totals"],
)
def test_printed_matrices_are_read(text):
    """numpy, lists, tensors and pandas tables (with totals) all show a confusion matrix."""
    assert any(same_matrix(matrix, MATRIX) for matrix in parse_matrices(text))
    cells = (*GOOD.cells[:7], cell(7, "print(cm)", rerun=(SavedOutput("stream", text),)), *GOOD.cells[8:])
    printed = replace(GOOD, drawings=(), metric_calls=(), cells=cells)
    assert outcome("evaluation.confusion_matrix_shown", printed) == "pass"
    assert outcome("evaluation.confusion_matrix_correct", printed) == "pass"


def test_a_matrix_of_another_model():
    """A matrix that belongs to another model is recognised as that model's."""
    other = ((30, 2, 2), (5, 20, 8), (4, 6, 23))
    evidence = replace(drawn(other), verified=(verified(), verified(scoring="s0", model="m0", matrix=other)))
    assert "another model" in find("evaluation.confusion_matrix_correct", evidence).summary


def test_a_made_up_matrix():
    """Numbers that add up to the test rows but are not the model's."""
    found = find("evaluation.confusion_matrix_correct", drawn(((34, 0, 0), (0, 33, 0), (0, 0, 33))))
    assert found.outcome == "fail"
    assert found.measured["recomputed"] == [list(row) for row in MATRIX]


def test_a_matrix_nothing_could_recompute_is_the_runs_word():
    """Without a sealed model, a matrix of the scored rows passes as a claim; of unknown rows it is unknown."""
    unsealed = replace(GOOD, verified=())
    found = find("evaluation.confusion_matrix_correct", unsealed)
    assert (found.outcome, found.origin) == ("pass", "kernel")
    loose = replace(unsealed, metric_calls=(MetricCall("confusion_matrix", 7, 99, None, MATRIX),))
    assert outcome("evaluation.confusion_matrix_correct", loose) == "unknown"


# ------------------------------------------------------------------ honesty
def test_stated_saved_rerun_and_verified_agree():
    """All four sources are given, and agree within rounding and the test set's size."""
    found = find("evaluation.score_verified")
    assert found.outcome == "pass"
    assert [found.measured[name] for name in ("stated", "saved", "rerun", "verified")] == [0.89] * 4


def test_a_stated_number_that_was_never_measured():
    """Prose that claims another number fails, with both."""
    evidence = claiming(GOOD, claim("The test accuracy is 99 %.", 0.99), SAVED, PRINTED)
    found = find("evaluation.score_verified", replace(evidence, row_sets=GOOD.row_sets))
    assert found.outcome == "fail"
    assert "99.00%" in found.summary
    assert "89.00%" in found.summary


def test_small_tests_vary():
    """On 100 rows, 86 and 89 right are the same score; on many rows they are not."""
    stated = claiming(GOOD, claim("Test accuracy was 86 %", 0.86), PRINTED)
    assert outcome("evaluation.score_verified", stated) == "pass"
    large = replace(stated, verified=(verified(rows_used=10_000, rows_total=10_000),))
    assert outcome("evaluation.score_verified", large) == "fail"


def test_a_saved_score_within_what_other_seeds_give():
    """Small networks differ from seed to seed by more than the test set's size explains: where that is known, it counts."""
    evidence = claiming(GOOD, claim("0.98", 0.98, cell=6, where="saved_output"))
    assert outcome("evaluation.score_verified", evidence) == "unknown"
    spread = replace(evidence, references=(replace(GOOD.references[0], spread=0.04, seeds=5),))
    assert outcome("evaluation.score_verified", spread) == "pass"
    once = replace(evidence, references=(replace(GOOD.references[0], spread=0.04, seeds=1),))
    assert outcome("evaluation.score_verified", once) == "unknown"


def test_stated_as_saved_but_not_as_run_again():
    """Where the saved output says the same, another machine may have: a person decides."""
    evidence = claiming(GOOD, claim("Test accuracy 0.99", 0.99), claim("0.99", 0.99, cell=6, where="saved_output"))
    found = find("evaluation.score_verified", evidence)
    assert found.outcome == "unknown"
    assert found.review


def test_a_run_whose_score_is_not_its_models():
    """The kernel's own number is a claim: recomputed otherwise, it fails and asks for a person."""
    found = find("evaluation.score_verified", scored(scoring(claimed=(("accuracy", 0.97),))))
    assert found.outcome == "fail"
    assert found.review


def test_unsealed_scores_stay_unknown():
    """A claim alone is not verified."""
    assert outcome("evaluation.score_verified", replace(GOOD, verified=())) == "unknown"


def test_a_typed_in_score_is_caught():
    """print('Test accuracy: 0.987') without measuring it fails; typed but true is advice."""
    fake = replace(PRINTED, value=0.987, digits=3, quote="Test accuracy: 0.987", literal=True)
    found = find("evaluation.printed_score_genuine", claiming(GOOD, fake))
    assert found.outcome == "fail"
    assert "typed into the code" in found.summary
    true = find("evaluation.printed_score_genuine", claiming(GOOD, replace(PRINTED, literal=True)))
    assert (true.outcome, true.moves_level) == ("fail", False)


def test_a_printed_score_that_no_model_has():
    """acc = 0.987; print(acc): not a literal in the print, and still not measured."""
    fake = replace(PRINTED, value=0.987, digits=3)
    assert outcome("evaluation.printed_score_genuine", claiming(GOOD, fake)) == "fail"
    assert outcome("evaluation.printed_score_genuine", claiming(GOOD, PRINTED)) == "pass"
    assert outcome("evaluation.printed_score_genuine", claiming(GOOD)) == "not_applicable"


def test_a_baselines_score_and_a_goal_are_no_lies():
    """Numbers of other models, per-class figures, and aims are not compared with the final score."""
    base = scoring(id="s0", model="m0", weights="b", claimed=(("accuracy", 0.71),))
    both = claiming(scored(base, scoring()), PRINTED, replace(PRINTED, value=0.71))
    assert outcome("evaluation.printed_score_genuine", both) == "pass"
    goal = replace(PRINTED, value=0.95, quote="Goal: test accuracy above 0.95", literal=True)
    assert outcome("evaluation.printed_score_genuine", claiming(GOOD, goal)) == "not_applicable"


# ------------------------------------------------------------------ errors and weak classes
def test_wrong_predictions_or_a_report():
    """A report, or pictures titled with two different answers; right answers shown are not errors."""
    assert outcome("evaluation.errors_shown") == "pass"
    plain = replace(GOOD, metric_calls=GOOD.metric_calls[:1], cells=quiet(8))
    assert outcome("evaluation.errors_shown", plain) == "fail"

    def titled(title):
        picture = Drawing("f", "a", 8, "image", title=title, shape=(28, 28), shows_rows="test")
        return replace(plain, drawings=(*plain.drawings, picture))

    assert outcome("evaluation.errors_shown", titled("pred: coat\ntrue: bag")) == "pass"
    assert outcome("evaluation.errors_shown", titled("pred: coat\ntrue: coat")) == "fail"


def showing(*drawings, cells=()):
    bare = replace(GOOD, metric_calls=GOOD.metric_calls[:1], cells=quiet(8))
    return replace(bare, drawings=(*bare.drawings, *drawings), cells=(*bare.cells, *cells))


def test_pictures_are_matched_with_the_verified_mistakes():
    """Without any title: pictures of rows that were answered wrongly count, those of right or random rows don't."""
    verified = replace(GOOD.verified[0], wrong_rows=tuple(range(100, 100 + mistakes_of(GOOD.verified[0]))))

    def pictured(*rows):
        pictures = [Drawing("f", "a", 8, "image", shape=(28, 28), shows_rows="test", shows_row=row) for row in rows]
        return replace(showing(*pictures), verified=(verified, *GOOD.verified[1:]))

    assert outcome("evaluation.errors_shown", pictured(100, 101, 102)) == "pass"
    assert outcome("evaluation.errors_shown", pictured(0, 1, 2)) == "fail"
    assert outcome("evaluation.errors_shown", pictured(0, 1, 2, 3, 100)) == "fail"


def mistakes_of(verified):
    return sum(map(sum, verified.matrix)) - sum(row[place] for place, row in enumerate(verified.matrix))


def test_recall_per_class_by_hand():
    """Accuracies per class printed in a loop, or as bars, are the recalls; other numbers are not."""
    recalls = [item.recall for item in GOOD.verified[0].per_class]
    lines = "\n".join(f"class {place}: {recall:.1%}" for place, recall in enumerate(recalls))
    printed = CellFacts(99, "code", "for c in classes: ...", rerun=(SavedOutput("stream", lines),), run_status="ok")
    assert outcome("evaluation.errors_shown", showing(cells=(printed,))) == "pass"
    other = replace(printed, rerun=(SavedOutput("stream", lines.replace(".", ".0")),))
    assert outcome("evaluation.errors_shown", showing(cells=(other,))) == "fail"
    bars = Drawing("f", "a", 8, "bar", x=tuple(range(len(recalls))), y=tuple(recalls))
    assert outcome("evaluation.errors_shown", showing(bars)) == "pass"


def test_a_printed_list_of_mistakes():
    """Rows picked where the answer differs from the label, printed line by line; a count of them is no list."""
    source = "for i in np.where(y_pred != y_test)[0][:3]: print('true', y_test[i], 'pred', y_pred[i])"
    listed = CellFacts(99, "code", source, rerun=(SavedOutput("stream", "true 3 pred 5\ntrue 8 pred 1\n"),))
    assert outcome("evaluation.errors_shown", showing(cells=(listed,))) == "pass"
    counted = replace(listed, rerun=(SavedOutput("stream", "wrong predictions: 12\n"),))
    assert outcome("evaluation.errors_shown", showing(cells=(counted,))) == "fail"


def weak(quote, *classes):
    return saying(GOOD, passage("weakness", quote, classes=classes))


def test_named_weak_classes_are_confirmed_by_the_matrix():
    """Names, plurals and numbers are found in the matrix; a strong class called weak is not confirmed."""
    assert outcome("evaluation.weakness_named", weak("Coats fail.", "coats")) == "pass"
    assert outcome("evaluation.weakness_named", weak("Coat fails.", "Coat")) == "pass"
    assert outcome("evaluation.weakness_named", weak("Class 1 fails.", "class 1")) == "pass"
    found = find("evaluation.weakness_named", weak("Shirts fail.", "shirts"))
    assert found.outcome == "fail"
    assert "recall 81.8%" in found.summary


def test_a_strong_class_called_weak_is_not_confirmed():
    """Naming the class that is right most often shows no reading of the matrix."""
    assert outcome("evaluation.weakness_named", weak("Class 0 fails.", "0")) == "fail"


def test_weakness_without_a_class_or_a_matrix():
    """No class named: failed. No weakness at all: failed. No matrix: unknown. A name nobody knows: unknown."""
    assert outcome("evaluation.weakness_named", weak("Sometimes it fails.")) == "fail"
    assert outcome("evaluation.weakness_named", without(GOOD, "weakness")) == "fail"
    assert outcome("evaluation.weakness_named", replace(GOOD, verified=())) == "unknown"
    assert outcome("evaluation.weakness_named", weak("Boots fail.", "boots")) == "unknown"
    assert outcome("evaluation.weakness_named", TABLE) == "pass"


def test_a_baseline_is_advice():
    """Two models on the same rows, or a simple learner in the code."""
    assert not find("evaluation.baseline_compared").moves_level
    dummy = replace(GOOD, cells=(*GOOD.cells, cell(10, "DummyClassifier()", ("DummyClassifier",))))
    assert outcome("evaluation.baseline_compared", dummy) == "pass"
    said = replace(GOOD, cells=(*GOOD.cells, cell(10, "# always answering the commonest class gives 34 %")))
    assert outcome("evaluation.baseline_compared", said) == "pass"
    assert outcome("evaluation.baseline_compared", scored(scoring(id="s0", model="m0"), scoring())) == "pass"


# ------------------------------------------------------------------ regression
def test_regression_scores_are_verified_too():
    """The recomputed error takes the accuracy's place."""
    found = find("evaluation.score_verified", TABLE)
    assert (found.outcome, found.measured["metric"], found.measured["verified"]) == ("pass", "mae", 40.0)
    wrong = claiming(TABLE, claim("The test MAE is 12", 12.0, metric="mae", digits=0))
    assert outcome("evaluation.score_verified", wrong) == "fail"


def test_a_cut_run_leaves_later_cells_open():
    """Cut before the matrix: unknown if a later cell asks for one, failed if no cell ever does."""
    cells = tuple(replace(item, run_status="not_run", rerun=()) if item.index >= 6 else item for item in GOOD.cells)
    cut = replace(
        claiming(GOOD), cells=cells, drawings=(), metric_calls=(), scorings=(), verified=(), final_scoring=None,
        run=replace(GOOD.run, status="timeout", failed_cell=6),
    )  # fmt: skip
    assert outcome("evaluation.confusion_matrix_shown", cut) == "unknown"
    never = replace(cut, cells=tuple(item for item in cells if item.index != 7))
    assert outcome("evaluation.confusion_matrix_shown", never) == "fail"


def test_a_damaged_record_proves_no_absence():
    """Lines of the record lost: what is not in it may have been."""
    damaged = replace(GOOD, drawings=(), metric_calls=(), run=replace(GOOD.run, channel_faults=2))
    assert outcome("evaluation.confusion_matrix_shown", damaged) == "unknown"


def test_a_model_whose_training_failed_has_no_score():
    """Random weights answer too: what they score is no result of the notebook, whatever is printed."""
    broken = training(completed=False, weights_changed=False, history=(), epochs_done=0)
    rerun_only = replace(GOOD, metric_calls=(), prose=replace(GOOD.prose, claims=()))
    found = find("evaluation.score_shown", replace(rerun_only, trainings=(broken,)))
    assert found.outcome == "fail"
    assert "did not complete" in found.summary
    assert (
        outcome("evaluation.score_shown", replace(rerun_only, trainings=(replace(broken, weights_changed=True),)))
        == "pass"
    )


def test_a_loaded_model_is_scored_whatever_failed():
    """Where no training was seen, its failing cell alone tells; a loaded model had its weights already."""
    fails = cell(5, "model.fit_generator(g)", ("model.fit_generator",), run_status="error", exception="AttributeError")
    cells = tuple(fails if item.index == 5 else item for item in GOOD.cells)
    unfitted = replace(
        GOOD,
        cells=cells,
        trainings=(),
        metric_calls=(),
        prose=replace(GOOD.prose, claims=()),
        scorings=tuple(replace(s, trained_by=()) for s in GOOD.scorings),
    )
    assert outcome("evaluation.score_shown", unfitted) == "fail"
    loading = cell(4, "model = keras.models.load_model('m.keras')", ("keras.models.load_model",))
    loaded = replace(unfitted, cells=tuple(loading if item.index == 4 else item for item in cells))
    assert outcome("evaluation.score_shown", loaded) == "pass"


def test_a_digit_inside_a_score_names_no_class():
    """`0.9412` doesn't speak of class 0, whose recall happens to be that."""
    typed = claim("Test accuracy: 0.9412", 0.9412, where="rerun_output", literal=True, digits=4)
    finding = find("evaluation.printed_score_genuine", claiming(GOOD, typed))
    assert (finding.outcome, "agrees" in finding.summary) == ("fail", False)
    assert finding.moves_level


def test_a_printed_score_of_rows_without_known_labels_can_not_be_called_hidden():
    """Labels sliced by hand and compared with `==` were never seen: that a score is printed still is."""
    answered = replace(
        GOOD,
        scorings=(scoring(how="predict", claimed=()),),
        metric_calls=(),
        verified=(),
        prose=replace(GOOD.prose, claims=(claim("Test accuracy: 0.89", 0.89, cell=6, where="rerun_output"),)),
    )
    assert outcome("evaluation.test_score_reported", answered) == "unknown"
    silent = replace(answered, prose=replace(GOOD.prose, claims=()))
    assert outcome("evaluation.test_score_reported", silent) == "fail"


@pytest.mark.parametrize(("during", "expected"), [("t1", "fail"), ("", "unknown")])
def test_looks_within_a_training_leave_a_printed_score_comparable(during, expected):
    """What a loop computes of its validation rows after each epoch may stay unmeasured; a scored model may not."""
    looks = scoring(id="s0", how="call", rows="val", role="validation", claimed=(), during=during, order=1)
    printed = claim("Test accuracy: 0.55", 0.55, cell=6, where="rerun_output")
    evidence = replace(GOOD, scorings=(looks, scoring()), prose=replace(GOOD.prose, claims=(printed,)))
    assert outcome("evaluation.printed_score_genuine", evidence) == expected
