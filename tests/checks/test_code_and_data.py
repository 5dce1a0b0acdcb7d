"""Running, reading and looking: code quality, data and curves."""

from __future__ import annotations

from dataclasses import replace

import pytest
from examples import GOOD, TABLE, cell, claim, claiming, cut_short, find, outcome, training

from grader.model import CellFacts, CodeFacts, Drawing, LintIssue, OwnFunction, SavedOutput, SeedCall, SplitCall


def failing(exception, **run):
    """GOOD, but cell 5 fails."""
    cells = tuple(
        replace(item, run_status="error", exception=exception, message="x") if item.index == 5 else item
        for item in GOOD.cells
    )
    return replace(GOOD, cells=cells, run=replace(GOOD.run, status="error", failed_cell=5, **run))


def test_a_cell_that_fails_on_its_own():
    """A NameError is the notebook's own: failed, with the cell."""
    found = find("code.runs_top_to_bottom", failing("NameError"))
    assert found.outcome == "fail"
    assert found.cells == (5,)


@pytest.mark.parametrize("needs", [("module cv2",), ("network",), ("gpu",), ("dataset cifar10",)])
def test_what_this_machine_lacks_is_no_fault(needs):
    """A missing module, network, GPU or data set is unknown; a NameError beside it still is the notebook's own."""
    assert outcome("code.runs_top_to_bottom", failing("ModuleNotFoundError", needs=needs)) == "unknown"
    assert outcome("code.runs_top_to_bottom", failing("NameError", needs=needs)) == "fail"


def test_whose_doing_the_first_failure_was_decides():
    """A bug before a want fails; a kernel that the notebook itself ended is the notebook's doing."""
    needs = ("module cv2",)
    assert outcome("code.runs_top_to_bottom", failing("ValueError", needs=needs, failed_by="notebook")) == "fail"
    assert outcome("code.runs_top_to_bottom", failing("IndexError", needs=("gpu",), failed_by="machine")) == "unknown"
    ended = cut_short(GOOD, "kernel_died")
    ended = replace(ended, run=replace(ended.run, failed_by="notebook", diagnosis="Cell 3 ends the kernel itself."))
    assert find("code.runs_top_to_bottom", ended).outcome == "fail"


def test_a_template_that_runs_has_nothing_to_show():
    """Headings, imports and empty cells run in any kernel; without a word of training there is no work to judge."""
    blank = replace(GOOD, cells=(cell(0, "import keras"), cell(1, "# TODO")), trainings=(), scorings=(), models=())
    assert outcome("code.runs_top_to_bottom", blank) == "fail"
    assert outcome("code.runs_top_to_bottom", replace(blank, trainings=GOOD.trainings)) == "pass"
    assert find("understanding.layers", GOOD).outcome == "pass"
    for check in ("understanding.terms_named", "understanding.layers", "understanding.training", "understanding.score"):
        assert find(check, blank).outcome == "fail", "the instructor's words in it explain no model"
    asking = replace(blank, cells=(cell(0, "clf.fit(x, y)", calls=("clf.fit",)),))
    assert outcome("code.runs_top_to_bottom", asking) == "pass"


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("timeout", "unknown"),
        ("out_of_memory", "unknown"),
        ("kernel_died", "unknown"),
        ("infrastructure_failure", "unknown"),
        ("output_flood", "fail"),
    ],
)
def test_limits_of_ours_are_no_fault(status, expected):
    """Time and memory may be ours; a flood of output is a flood anywhere."""
    assert outcome("code.runs_top_to_bottom", cut_short(GOOD, status)) == expected


def test_seeds_must_come_before_what_they_seed():
    """Weights need a seed of Keras; the split one of its own or of numpy; both in time."""
    late = replace(GOOD, seeds=(SeedCall("keras.utils.set_random_seed", 8, "0"),))
    assert "the weights" in find("code.seeded", late).summary
    only_numpy = replace(GOOD, seeds=(SeedCall("numpy.random.seed", 1, "0"),))
    assert outcome("code.seeded", only_numpy) == "fail"
    loose = replace(
        only_numpy, seeds=(SeedCall("tf.random.set_seed", 3, "0"),), splits=(SplitCall("train_test_split", 2, (3, 1)),)
    )
    assert "the split" in find("code.seeded", loose).summary
    unseeded = replace(GOOD, seeds=(), code=replace(GOOD.code, seeds=()))
    assert outcome("code.seeded", unseeded) == "fail"


def test_the_saved_score_comes_out_again():
    """Within two standard errors: reproducible. Nothing saved: unknown."""
    assert outcome("code.reproducible") == "pass"
    far = claiming(GOOD, claim("Test accuracy: 0.70", 0.70, cell=6, where="saved_output"))
    assert outcome("code.reproducible", far) == "fail"
    assert outcome("code.reproducible", claiming(GOOD)) == "unknown"


def long_cell(**changes):
    return replace(cell(3, "x = 1\n" * 10, code_lines=10), **changes)


def test_commented_out_code_is_no_comment():
    """Steps need comments or text before them; short cells speak for themselves."""
    bare = replace(GOOD, cells=(long_cell(comment_lines=0, commented_code_lines=5),))
    assert outcome("code.commented", bare) == "fail"
    assert outcome("code.commented", replace(GOOD, cells=(long_cell(comment_lines=1),))) == "pass"
    text = CellFacts(2, "markdown", "Now the data is scaled.")
    assert outcome("code.commented", replace(GOOD, cells=(text, long_cell(comment_lines=0)))) == "pass"


@pytest.mark.parametrize(
    "changes",
    [
        {"heading_count": 0},
        {"import_cells": (1, 3, 5, 7, 8)},
        {"repeated_blocks": ((3, 5, 14),)},
    ],
)
def test_what_makes_a_notebook_hard_to_follow(changes):
    """No headings, scattered imports, copied code."""
    assert outcome("code.structured", replace(GOOD, code=replace(GOOD.code, **changes))) == "fail"


def test_text_before_each_step_makes_sections_too():
    """Sections need no heading: a sentence before each step guides as well."""
    text = [CellFacts(place, "markdown", "Now the next step.") for place in (0, 2, 4)]
    guided = replace(
        GOOD, cells=(*text, cell(1, "a"), cell(3, "b"), cell(5, "c")), code=replace(GOOD.code, heading_count=1)
    )
    assert outcome("code.structured", guided) == "pass"


def lint(rule, count):
    return tuple(LintIssue(rule, "unused", 1, line) for line in range(count))


def test_lint_is_judged_by_the_size_of_the_code():
    """Three slips are ordinary, many are clutter; star imports are a habit of tutorials; no linter is unknown."""

    def linted(*issues, **changes):
        return replace(GOOD, code=replace(CodeFacts(lint=issues, lint_ran=True), **changes))

    assert outcome("code.clean", linted(*lint("F401", 3))) == "pass"
    assert outcome("code.clean", linted(*lint("F401", 9))) == "fail"
    assert outcome("code.clean", linted(*lint("F405", 40), *lint("F403", 1))) == "pass"
    assert outcome("code.clean", linted(lint_ran=False)) == "unknown"


def test_dead_code_and_floods():
    """Switched-off code and pages of output are clutter."""
    dead = replace(GOOD, cells=(long_cell(commented_code_lines=8),))
    assert outcome("code.clean", dead) == "fail"
    flood = SavedOutput("stream", "line\n" * 2000)
    assert outcome("code.clean", replace(GOOD, cells=(long_cell(saved=(flood,)),))) == "fail"


def test_order_of_the_saved_cells():
    """Falling counts are out of order; cleared counts say nothing."""
    swapped = (*GOOD.cells[:6], replace(GOOD.cells[6], execution_count=2), *GOOD.cells[7:])
    assert outcome("code.saved_in_order", replace(GOOD, cells=swapped)) == "fail"
    cleared = tuple(replace(item, execution_count=None) for item in GOOD.cells)
    assert outcome("code.saved_in_order", replace(GOOD, cells=cleared)) == "not_applicable"


@pytest.mark.parametrize(("called_by_it", "expected"), [("np.bincount", "pass"), ("len", "fail")])
def test_counts_printed_by_a_function_of_ones_own(called_by_it, expected):
    """Defined in one cell, called in the next: the counts stand below the call."""
    blank = tuple(replace(item, rerun=(), saved=()) for item in GOOD.cells if item.index != 3)
    defined = cell(3, "def look(labels): ...", functions=(OwnFunction("look", (called_by_it, "print")),))
    called = cell(10, "look(y)", ("look",), rerun=(SavedOutput("stream", "[10 12 9]"),))
    shown = replace(GOOD, drawings=(), cells=(*blank, defined, called))
    assert outcome("data.class_balance_shown", shown) == expected


def test_examples_and_class_counts():
    """Seen in a picture or a table before training; missing where nothing shows them."""
    blank = tuple(replace(item, rerun=(), saved=()) for item in GOOD.cells)
    dark = replace(GOOD, drawings=(), cells=blank)
    assert outcome("data.examples_shown", dark) == "fail"
    assert outcome("data.class_balance_shown", dark) == "fail"
    assert outcome("data.class_balance_shown", TABLE) == "not_applicable"
    bars = Drawing("f", "a", 3, "bar", y=(100.0, 100.0, 100.0))
    assert outcome("data.class_balance_shown", replace(dark, drawings=(bars,))) == "pass"
    table = cell(3, "df.head()", ("df.head",), rerun=(SavedOutput("execute_result", "a b", "<table></table>"),))
    shown = replace(dark, cells=(*blank[:3], table, *blank[4:]))
    assert outcome("data.examples_shown", shown) == "pass"


FRAME = "     acid  sugar  type\n0     7.0   20.7     0\n1     6.3    1.6     0\n..    ...    ...   ...\n\n[600 rows x 3 columns]"
REVIEW = "this film was just brilliant casting and story"


@pytest.mark.parametrize(
    ("source", "text", "shown"),
    [
        ("print(X[:5])", "[[ 1.2 -0.3]\n [ 0.4  2.2]]\n", True),
        ("print(df)", FRAME, True),
        ("print(x[0])", "[0.1 0.2 0.3 0.4 0.5]", True),
        ("print(texts[0])", REVIEW, True),
        ("for text in texts[:2]:\n    print(text)", f"{REVIEW}\n{REVIEW}\n", True),
        ("print(y[:4])", "[0 1 1 0]", False),
        ("print(X.shape)", "(178, 13)", False),
        ("print(np.bincount(y))", "[59 71 48]", False),
        ("print(f'there are {n} reviews in the training part')", "there are 25 reviews in the training part", False),
        ("print(y.groupby(k).size())", "0   1  2\n1   2  3", False),
    ],
)
def test_rows_that_are_printed_are_examples(source, text, shown):
    """Arrays, tables and texts printed as they are; labels, shapes, counts and captions are none."""
    dark = replace(GOOD, drawings=(), cells=tuple(replace(item, rerun=(), saved=()) for item in GOOD.cells))
    calls = tuple(name for name in ("print", "groupby", "bincount") if name in source)
    printing = cell(3, source, calls, rerun=(SavedOutput("stream", text),))
    widths = tuple(replace(item, shape=(5,)) for item in GOOD.row_sets)
    evidence = replace(dark, cells=(*dark.cells[:3], printing, *dark.cells[4:]), row_sets=widths, input_kind="text")
    assert outcome("data.examples_shown", evidence) == ("pass" if shown else "fail")


def test_a_matrix_drawn_in_the_cell_that_trains_shows_no_example():
    """All in one cell: a square of counts is not what goes in."""
    dark = replace(GOOD, cells=tuple(replace(item, rerun=(), saved=()) for item in GOOD.cells))
    place = GOOD.trainings[0].cell
    matrix = Drawing("f", "a", place, "image", shape=(3, 3))
    evidence = replace(dark, drawings=(matrix,))
    assert outcome("data.examples_shown", evidence) == "fail"
    assert outcome("data.examples_shown", replace(evidence, drawings=(replace(matrix, shows_rows="train"),))) == "pass"


def test_labels_out_of_step():
    """Rows and labels permuted apart; not seen is unknown."""
    assert outcome("data.labels_aligned", replace(GOOD, label_agreement=0.1)) == "fail"
    assert outcome("data.labels_aligned", replace(GOOD, label_agreement=None)) == "unknown"


def curves(*lines):
    return replace(
        GOOD,
        drawings=tuple(
            Drawing("f", "a", 7, "line", label, x_label="Epoch", y_label="loss", x=tuple(range(len(y))), y=tuple(y))
            for label, y in lines
        ),
    )


TRAIN, VAL = ("train", (0.9, 0.5, 0.3)), ("val", (0.8, 0.55, 0.4))


def test_both_curves_are_asked_for():
    """Training alone is half; none is none; without validation data there is no second curve to draw."""
    assert outcome("training.curves_shown", curves(TRAIN, VAL)) == "pass"
    assert "validation curve" in find("training.curves_shown", curves(TRAIN)).summary
    assert outcome("training.curves_shown", curves()) == "fail"
    alone = replace(curves(TRAIN), trainings=(training(history=(("loss", TRAIN[1]),), validation_rows=None),))
    assert "no validation data" in find("training.curves_shown", alone).summary


def test_two_trainings_joined_are_one_curve():
    """Fine-tuning plots the epochs of two fits in a row."""
    both = (training(), training(id="t2"))
    joined = curves(("train", TRAIN[1] * 2), ("val", VAL[1] * 2))
    assert outcome("training.curves_shown", replace(joined, trainings=both)) == "pass"
    assert outcome("training.curves_genuine", replace(joined, trainings=both)) == "pass"


def test_curves_without_words_are_known_by_their_numbers_or_company():
    """Unlabelled lines of a history are curves; a made-up one beside them is seen; a swapped label is told."""
    bare = curves(("", TRAIN[1]), ("", VAL[1]))
    bare = replace(bare, drawings=tuple(replace(item, title="", x_label="", y_label="") for item in bare.drawings))
    assert outcome("training.curves_genuine", bare) == "pass"
    made_up = replace(bare.drawings[0], y=(0.2, 0.9, 0.1)[: len(TRAIN[1])])
    assert outcome("training.curves_genuine", replace(bare, drawings=(*bare.drawings, made_up))) == "fail"
    titled = replace(made_up, axes="b", title="Training and validation accuracy", x=(1.0, 2.0, 3.0))
    assert outcome("training.curves_genuine", replace(GOOD, drawings=(titled,))) == "fail"
    swapped = find("training.curves_genuine", curves(("validation loss", TRAIN[1]), ("training loss", VAL[1])))
    assert swapped.outcome == "fail"
    assert "swapped" in swapped.summary


def test_curves_of_another_run_are_reported():
    """Made-up values ask for a person; smoothed ones and lines about something else are left alone."""
    found = find("training.curves_genuine", curves(("loss", (0.2, 0.1, 0.05))))
    assert (found.outcome, found.moves_level) == ("fail", False)
    assert found.review
    smooth = curves(("loss", (0.9, 0.7, 0.5)))
    assert outcome("training.curves_genuine", smooth) == "pass"
    other = replace(GOOD, drawings=(Drawing("f", "a", 7, "line", "accuracy", x=(10, 20, 30), y=(0.1, 0.2, 0.3)),))
    assert outcome("training.curves_genuine", other) == "not_applicable"
    untraced = replace(curves(("loss", (0.2, 0.1))), trainings=(training(history=()),))
    assert outcome("training.curves_genuine", untraced) == "unknown"
    own_loop = replace(curves(("loss", (0.2, 0.1, 0.05))), trainings=(training(custom_loop=True),))
    assert outcome("training.curves_genuine", own_loop) == "unknown", "a loop may keep any number of its steps"
