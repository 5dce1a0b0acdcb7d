"""What is said of files handed in: advice only, for files that can't be used and for files that are there twice."""

from __future__ import annotations

from dataclasses import replace

import pytest
from examples import GOOD, TABLE, cell, find, labels

from grader.model import FileGroup, OwnData, SameFiles, UnreadableFile

FILES = OwnData(pictures=30, groups=(FileGroup("picture", "train", "a", 20), FileGroup("picture", "test", "a", 10)))


def told(check, **changes):
    return find(check, replace(GOOD, own_data=replace(FILES, **changes)))


@pytest.mark.parametrize("check", ["data.files_readable", "data.no_duplicate_files"])
def test_no_files_no_judgement(check):
    """Most notebooks load their data; where a look was not possible nothing is known."""
    assert find(check, GOOD).outcome == "not_applicable"
    assert told(check).outcome == "pass"
    nothing = told(check, groups=(), note="The files could not be looked into: no box.")
    assert nothing.outcome == "unknown"
    assert "no box" in nothing.summary


def test_broken_files_are_advice_with_their_names():
    """The first few are named, the others counted."""
    broken = tuple(UnreadableFile(f"{n}.jpg", "it is empty") for n in range(5))
    found = told("data.files_readable", unreadable=broken, unreadable_files=5)
    assert (found.outcome, found.moves_level) == ("fail", False)
    assert "0.jpg: it is empty" in found.summary
    assert "2 more" in found.summary


@pytest.mark.parametrize(
    ("same", "says"),
    [
        (SameFiles(("train/1.jpg", "test/1.jpg"), exact=True, across_parts=True, across_labels=False), "two parts"),
        (SameFiles(("train/1.jpg", "test/9.jpg"), exact=False, across_parts=True, across_labels=False), "look-alikes"),
        (SameFiles(("cat/1.jpg", "dog/1.jpg"), exact=True, across_parts=False, across_labels=True), "two classes"),
        (SameFiles(("cat/1.jpg", "cat/2.jpg"), exact=True, across_parts=False, across_labels=False), "more than once"),
    ],
)
def test_files_that_are_there_twice_are_told_by_where_they_lie(same, says):
    """Two parts matter most, then two classes, then copies at all."""
    found = told("data.no_duplicate_files", same=(same,), copies=1)
    assert (found.outcome, found.moves_level) == ("fail", False)
    assert says in found.summary


def test_look_alikes_within_one_class_are_no_fault():
    """Two photos of a burst, in one class and one part."""
    burst = SameFiles(("cat/1.jpg", "cat/2.jpg"), exact=False, across_parts=False, across_labels=False)
    assert told("data.no_duplicate_files", same=(burst,), look_alikes=1).outcome == "pass"


def imbalanced(*sources):
    sets = tuple(replace(item, labels=labels(item.rows, counts=(260, 30, 10))) for item in GOOD.row_sets)
    cells = tuple(cell(number, source) for number, source in enumerate(sources))
    return replace(GOOD, row_sets=sets, cells=cells)


@pytest.mark.parametrize(
    "source",
    [
        "model.fit(x, y, class_weight={0: 1, 1: 9})",
        "x, y = SMOTE().fit_resample(x, y)",
        "print(classification_report(y_test, guess))",
        "model.compile(metrics=[keras.metrics.Recall()])",
    ],
)
def test_ways_to_deal_with_rare_classes(source):
    """Weights, resampling, or figures by class."""
    assert find("data.imbalance_addressed", imbalanced(source)).outcome == "pass"


def test_rare_classes_that_nothing_is_done_about_are_advice():
    """26 to 1, and accuracy alone."""
    found = find("data.imbalance_addressed", imbalanced("model.fit(x, y)"))
    assert (found.outcome, found.moves_level) == ("fail", False)
    assert "260" in found.summary


def test_even_classes_and_numbers_need_nothing():
    """Classes of like size, and regression."""
    assert find("data.imbalance_addressed", GOOD).outcome == "not_applicable"
    assert find("data.imbalance_addressed", TABLE).outcome == "not_applicable"
