"""A confusion matrix is recognised in every form people show it in, and said to be in that form; no other one is."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from examples import GOOD, MATRIX, cell, find, model, scoring, verified

from grader.checks.matrix_readings import reading_of, rows_of
from grader.model import Drawing, Evidence, MetricCall, SavedOutput

TRUE = np.array(MATRIX)


def tuples(array):
    return tuple(tuple(float(value) for value in row) for row in np.asarray(array))


@pytest.mark.parametrize(
    ("shown", "says"),
    [
        (TRUE, ""),
        (TRUE.T, "predicted classes in its rows"),
        (TRUE / TRUE.sum(axis=1, keepdims=True), "of each true class"),
        (np.round(100 * TRUE / TRUE.sum(axis=1, keepdims=True), 1), "of each true class"),
        (TRUE / TRUE.sum(axis=0), "of each predicted class"),
        ((TRUE / TRUE.sum()).round(2), "of all rows"),
        (TRUE[1:, 1:], "for 2 of the 3 classes"),
        (TRUE[::2, ::2], "for 2 of the 3 classes"),
        ([[62, 5], [3, 30]], "for class “2” against all others"),
        ([[60, 7], [3, 30]], None),
    ],
)
def test_forms_of_one_matrix(shown, says):
    """Transposed, normalised, in percent, of some classes, one class against the rest: each is named."""
    reading = reading_of(tuples(shown), verified())
    if says is None:
        assert reading is None
    else:
        assert reading is not None
        assert says in reading


def test_another_threshold():
    """Two classes told apart at 0.3 instead of a half are the same model's answers."""
    two = verified(matrix=((40, 10), (20, 30)), classes=("0", "1"), cuts=((0.3, ((30, 20), (5, 45))),))
    assert reading_of(((30, 20), (5, 45)), two) == "with answers cut at 0.3"
    assert reading_of(((31, 19), (5, 45)), two) is None


def test_a_part_of_the_rows():
    """No entry of a part is larger than the whole's; the whole is no part, and a handful of rows tells nothing."""
    assert rows_of(tuples(TRUE // 2), MATRIX) == int((TRUE // 2).sum())
    assert rows_of(tuples(TRUE + 1), MATRIX) is None
    assert rows_of(tuples(TRUE), MATRIX) is None
    assert rows_of(((1, 0, 0), (0, 1, 0), (0, 0, 1)), MATRIX) is None


def showing(matrix, evidence: Evidence = GOOD, calls=()) -> Evidence:
    """The good notebook with another matrix drawn."""
    drawings = (replace(GOOD.drawings[1], shape=np.shape(matrix), values=tuples(matrix)), *GOOD.drawings[2:])
    return replace(evidence, drawings=drawings, metric_calls=calls)


def computed(matrix, **changes):
    start = MetricCall("confusion_matrix", 7, int(np.sum(matrix)), None, tuples(matrix), scoring="s1", true_role="test")
    return replace(start, **changes)


def test_the_form_is_said():
    """A pass says in which form the matrix is shown."""
    part = TRUE[1:, 1:]
    found = find("evaluation.confusion_matrix_correct", showing(part, calls=(computed(part),)))
    assert found.outcome == "pass"
    assert found.summary.endswith("scored rows, for 2 of the 3 classes.")


def test_a_matrix_of_the_first_rows_is_no_strangers():
    """Predicted and shown for a part of the test rows: it belongs to the model; seen by the scoring it was made of."""
    part = TRUE // 2
    first = scoring(id="s2", rows="part", order=11)
    rows = replace(GOOD.row_sets[2], id="part", rows=int(part.sum()))
    some = replace(GOOD, scorings=(*GOOD.scorings, first), row_sets=(*GOOD.row_sets, rows))
    found = find("evaluation.confusion_matrix_correct", showing(part, some, (computed(part, scoring="s2"),)))
    assert (found.outcome, found.measured["rows"]) == ("pass", int(part.sum()))
    recomputed = verified(scoring="s2", rows="part", rows_used=int(part.sum()), matrix=tuples(part))
    known = replace(some, verified=(*some.verified, recomputed))
    found = find("evaluation.confusion_matrix_correct", showing(part, known, (computed(part, scoring="s2"),)))
    assert (found.outcome, found.origin) == ("pass", "verified")


def test_a_part_that_nobody_scored_is_not_known():
    """Counts that would fit into the true ones, of no scoring that was seen, are neither right nor wrong."""
    part = TRUE // 2
    evidence = showing(part, calls=(computed(part, scoring=None),))
    assert find("evaluation.confusion_matrix_correct", evidence).outcome == "unknown"


def test_another_models_part_is_no_pass():
    """Rows scored by other weights are another model's, however well the counts would fit."""
    part = TRUE // 2
    foreign = scoring(id="s2", model="m2", weights="w9", rows="part")
    evidence = showing(part, replace(GOOD, scorings=(*GOOD.scorings, foreign)), (computed(part, scoring="s2"),))
    assert find("evaluation.confusion_matrix_correct", evidence).outcome == "unknown"
    whole = ((34, 0, 0), (3, 30, 0), (10, 3, 20))
    theirs = verified(scoring="s2", model="m2", matrix=whole)
    evidence = showing(whole, replace(evidence, verified=(*GOOD.verified, theirs)), (computed(whole, scoring="s2"),))
    found = find("evaluation.confusion_matrix_correct", evidence)
    assert found.outcome == "fail"
    assert "another model" in found.summary


def test_argmax_over_a_single_unit_is_explained():
    """All rows called class 0: the commonest slip of two-class notebooks gets its own sentence."""
    wrong = ((50, 0), (50, 0))
    two = verified(matrix=((45, 5), (6, 44)), classes=("0", "1"))
    evidence = replace(GOOD, verified=(two,), models=(model(output_shape=(None, 1), output_activation="sigmoid"),))
    found = find("evaluation.confusion_matrix_correct", showing(wrong, evidence, (computed(wrong),)))
    assert found.outcome == "fail"
    assert "single unit" in found.summary
    assert "> 0.5" in (found.fix or "")


def test_printed_by_hand_in_a_loop():
    """Rows of numbers without brackets are a matrix too, where they count the scored rows."""
    text = "\n".join(" ".join(f"{value:4d}" for value in row) for row in MATRIX)
    printed = cell(7, "for row in table: print(*row)", ("print",), rerun=(SavedOutput(kind="stream", text=text),))
    cells = tuple(printed if item.index == 7 else item for item in GOOD.cells)
    evidence = replace(GOOD, cells=cells, drawings=GOOD.drawings[2:], metric_calls=())
    assert find("evaluation.confusion_matrix_shown", evidence).outcome == "pass"
    assert find("evaluation.confusion_matrix_correct", evidence).outcome == "pass"


def test_matrices_printed_one_after_the_other():
    """Two models' matrices in one cell are two matrices, not one twice as high."""
    other = ((30, 2, 2), (5, 20, 8), (1, 2, 30))
    text = f"{np.array(other)}\n{TRUE}\n"
    printed = cell(7, "print(a); print(b)", ("print",), rerun=(SavedOutput(kind="stream", text=text),))
    cells = tuple(printed if item.index == 7 else item for item in GOOD.cells)
    evidence = replace(GOOD, cells=cells, drawings=GOOD.drawings[2:], metric_calls=())
    assert find("evaluation.confusion_matrix_correct", evidence).outcome == "pass"


def test_a_correlation_map_is_no_matrix():
    """A square of shares that nothing computed as a confusion matrix is none."""
    heat = Drawing("f1", "a1", 7, "image", shape=(3, 3), values=((1.0, 0.3, 0.2), (0.3, 1.0, 0.5), (0.2, 0.5, 1.0)))
    assert find("evaluation.confusion_matrix_shown", replace(GOOD, drawings=(heat,))).outcome == "fail"


def test_a_heat_map_with_masked_zeros():
    """Masked cells are zeros."""
    masked = tuple(tuple(value or math.nan for value in row) for row in MATRIX)
    evidence = replace(GOOD, drawings=(replace(GOOD.drawings[1], values=masked), *GOOD.drawings[2:]))
    assert find("evaluation.confusion_matrix_correct", evidence).outcome == "pass"


@pytest.mark.parametrize(("title", "expected"), [("Confusion matrix", "fail"), ("Correlation", "not_applicable")])
def test_a_matrix_that_counts_no_scored_rows_is_made_up_where_it_is_called_one(title, expected):
    """Drawn as a confusion matrix, typed in: its entries add up to nothing that was scored."""
    drawn = Drawing("f1", "a1", 7, "mesh", shape=(3, 3), values=((31, 2, 2), (2, 31, 2), (2, 2, 31)), title=title)
    evidence = replace(GOOD, metric_calls=(), drawings=(drawn,))
    assert find("evaluation.confusion_matrix_correct", evidence).outcome == expected
    assert find("evaluation.confusion_matrix_shown", evidence).outcome == "fail"
