"""Passes that rest on what was tampered with become unknown; saved outputs and picked test rows are looked at."""

from __future__ import annotations

from dataclasses import replace

import pytest
from examples import CELLS, GOOD, cell, claiming, find, labels, outcome, rows, scoring, verified

from grader.model import Evidence, SavedOutput, WatchGap

FORGED = WatchGap(4, "forged", "more events arrived than were sent")
SILENT = WatchGap(4, "silent", "the end of the cell was not told")


def gapped(*gaps: WatchGap) -> Evidence:
    return replace(GOOD, run=replace(GOOD.run, watch_gaps=gaps))


@pytest.mark.parametrize("gap", [FORGED, SILENT, WatchGap(4, "unhooked", "Model.fit")])
def test_no_claim_of_a_broken_record_passes(gap: WatchGap) -> None:
    """What passed by the kernel's word is unknown, with the cell and a review."""
    finding = find("model.trains", gapped(gap))
    assert (finding.outcome, bool(finding.review)) == ("unknown", True)
    assert 4 in finding.cells


def test_what_was_recomputed_stands_unless_the_record_was_written_to() -> None:
    """Silence hides events; it can't change a sealed model. Forged events can bring another model."""
    assert find("evaluation.score_verified").origin == "verified"
    assert outcome("evaluation.score_verified", gapped(SILENT)) == "pass"
    assert outcome("evaluation.score_verified", gapped(FORGED)) == "unknown"


def test_what_is_read_in_the_notebook_stands() -> None:
    """Static findings need no watching."""
    assert outcome("code.saved_in_order", gapped(FORGED)) == outcome("code.saved_in_order")


def test_absence_is_no_failure_where_watching_was_switched_off() -> None:
    """A training that was not seen may have happened."""
    nothing = replace(gapped(SILENT), trainings=(), scorings=(), final_scoring=None)
    finding = find("model.trains", nothing)
    assert finding.outcome == "unknown"
    assert "switched off in cell 5" in finding.summary


def test_hidden_errors_cost_only_the_word_that_all_cells_ran() -> None:
    """The reply said ok, the cell's end another thing."""
    hidden = gapped(WatchGap(4, "hidden", "NameError was raised"))
    assert outcome("code.runs_top_to_bottom", hidden) == "unknown"
    assert outcome("model.trains", hidden) == "pass"


@pytest.mark.parametrize("check", ["evaluation.not_on_training_data", "split.held_out_test", "model.trains"])
def test_foreign_weights_were_trained_on_nobody_knows_what(check: str) -> None:
    """Checks of which rows made the scored weights can't pass."""
    foreign = replace(GOOD, scorings=tuple(replace(item, unwatched="they were loaded") for item in GOOD.scorings))
    assert outcome(check) == "pass"
    assert outcome(check, foreign) == "unknown"


@pytest.mark.parametrize(("accuracy", "expected"), [(0.86, "unknown"), (0.41, "pass")])
def test_who_knew_before_was_not_trained_here(accuracy: float, expected: str) -> None:
    """A model that scored well before its first training came trained; some luck of random weights is none."""
    start = verified(scoring="start-s1", accuracy=accuracy, majority_accuracy=0.34)
    assert outcome("model.trains", replace(GOOD, starts=(start,))) == expected


def test_one_answer_for_all_is_no_knowledge() -> None:
    """Random weights that give every row one answer are right for a whole class: where groups were held out, that
    class may be common there and rare in training."""
    start = verified(scoring="start-s1", accuracy=0.5, majority_accuracy=0.1, matrix=((0, 50), (0, 50)))
    assert outcome("model.trains", replace(GOOD, starts=(start,), verified=(verified(accuracy=0.45),))) == "pass"


def scored_on(count: int, **changes: object) -> Evidence:
    others = tuple(item for item in GOOD.row_sets if item.id != "test")
    return replace(GOOD, row_sets=(*others, rows("test", count, "test", **changes)))


def test_a_test_of_one_row_or_one_class_is_none() -> None:
    """Too few rows, or all of one class, say nothing of the model."""
    assert outcome("evaluation.test_score_reported") == "pass"
    assert outcome("evaluation.test_score_reported", scored_on(1)) == "fail"
    one = labels(100, counts=(100, 0, 0))
    assert outcome("evaluation.test_score_reported", scored_on(100, labels=one)) == "fail"


def test_one_picture_scored_beside_the_whole_test_set_is_a_look() -> None:
    """Evaluating a single example after the test set, to show it, takes nothing from the score of them all."""
    example = scoring(id="s9", rows="one", claimed=(("accuracy", 1.0),))
    beside = replace(GOOD, row_sets=(*GOOD.row_sets, rows("one", 1, "test")), scorings=(*GOOD.scorings, example))
    assert outcome("evaluation.test_score_reported", beside) == "pass"


def test_picked_test_rows_are_asked_about_where_they_score_too_well() -> None:
    """Rows left out before the score, and a score far above the validation rows'."""
    picked = replace(GOOD, scorings=(scoring(left_out=30, claimed=(("accuracy", 1.0),)),))
    perfect = replace(picked, verified=(verified(accuracy=1.0),))
    assert outcome("evaluation.test_score_reported", picked) == "pass"
    finding = find("evaluation.test_score_reported", perfect)
    assert (finding.outcome, bool(finding.review)) == ("unknown", True)


def stream(text: str) -> SavedOutput:
    return SavedOutput(kind="stream", text=text)


def shown(saved: str, rerun: str) -> Evidence:
    here = cell(6, "print(x)", saved=(stream(saved),), rerun=(stream(rerun),), run_status="ok")
    return replace(claiming(GOOD), cells=(*(item for item in CELLS if item.index != 6), here))


def test_other_shapes_when_graded_are_asked_about() -> None:
    """Shapes are not left to chance."""
    assert outcome("code.same_when_graded", shown("(1437, 8, 8)", "(1437, 8, 8)")) == "pass"
    finding = find("code.same_when_graded", shown("train (1437, 8, 8)", "train (60, 8, 8)"))
    assert (finding.outcome, finding.moves_level, bool(finding.review)) == ("fail", False, True)
    assert finding.cells == (6,)


def scored_twice(saved: float, rerun: float) -> Evidence:
    evidence = shown("", "")
    numbers = [(saved, "saved_output"), (rerun, "rerun_output")]
    claims = tuple(
        replace(GOOD.prose.claims[0], metric="accuracy", value=value, split="test", cell=6, where=where, digits=4)
        for value, where in numbers
    )
    return replace(evidence, prose=replace(evidence.prose, claims=claims))


@pytest.mark.parametrize("rerun", [0.89, 0.93, 0.80])
def test_ordinary_chance_is_no_difference(rerun: float) -> None:
    """An unseeded training scores a few points otherwise each time."""
    assert outcome("code.same_when_graded", scored_twice(0.89, rerun)) == "pass"


def test_a_score_of_another_world_is_asked_about() -> None:
    """Both values and the cell are told."""
    finding = find("code.same_when_graded", scored_twice(0.31, 0.95))
    assert finding.outcome == "fail"
    assert "31.00%" in finding.summary
    assert "95.00%" in finding.summary


def test_a_notebook_without_outputs_has_nothing_to_compare() -> None:
    """That is no fault."""
    bare = replace(GOOD, cells=tuple(replace(item, saved=()) for item in GOOD.cells))
    assert outcome("code.same_when_graded", bare) == "not_applicable"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("keras.Model.evaluate = lambda *a: [0, 1]", "fail"),
        ("for o in gc.get_objects(): print(o)", "fail"),
        ("os.listdir('/proc/self/fd')", "fail"),
        ("sys.meta_path.clear()", "fail"),
        ("gc.collect(); model.fit(x, y); Model.fit == other", "pass"),
        ("class Net(keras.Model):\n    def evaluate(self): return super().evaluate()", "pass"),
    ],
)
def test_code_that_reaches_into_what_runs_it_is_shown_to_a_person(source: str, expected: str) -> None:
    """The words move no level: they prove nothing alone."""
    finding = find("code.leaves_the_run_alone", replace(GOOD, cells=(*GOOD.cells, cell(20, source))))
    assert finding.outcome == expected
    assert finding.moves_level is (expected == "pass")
