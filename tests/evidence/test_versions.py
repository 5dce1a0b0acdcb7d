"""Altered copies of all rows, added before the split: whatever the order of labels and rows, and however it is split."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from run_builder import RunBuilder

from grader.checks import CHECKS
from grader.model import Evidence

RANDOM = np.random.default_rng(3)
TABLE = RANDOM.normal(size=(240, 8))
KINDS = np.sort(RANDOM.integers(0, 3, 240))  # class by class: labels tell nothing of copies
PICTURES = np.kron(RANDOM.normal(size=(240, 7, 7)), np.ones((2, 2))) + RANDOM.normal(0, 0.1, (240, 14, 14))


def noisy(rows: np.ndarray) -> np.ndarray:
    return rows + RANDOM.normal(0, 0.01, rows.shape) * rows.std(axis=0)


def beside(rows: np.ndarray, copies: np.ndarray) -> np.ndarray:
    return np.stack([rows, copies], axis=1).reshape(-1, *rows.shape[1:])


def trained(made: RunBuilder, train: tuple, test: tuple) -> Evidence:
    made.rows(train[0], values=True)
    made.model()
    made.fit("m1", *train)
    made.evaluate("m1", *test)
    return made.evidence()


def split_and_trained(made: RunBuilder, rows: np.ndarray, kinds: np.ndarray, share: float = 0.2) -> Evidence:
    x_train, x_test, y_train, y_test = made.split(rows, kinds, int(share * len(rows)))
    return trained(made, (x_train, y_train), (x_test, y_test))


def outcome(evidence: Evidence) -> str:
    return CHECKS["split.no_near_duplicates"].run(evidence, {}).outcome


@pytest.fixture
def made(tmp_path: Path) -> RunBuilder:
    return RunBuilder(tmp_path)


@pytest.mark.parametrize(
    ("rows", "altered"),
    [
        (TABLE, noisy),
        (PICTURES, noisy),
        (PICTURES, lambda rows: rows[:, :, ::-1]),
        (PICTURES, lambda rows: rows * 1.2 + 0.3),
        (PICTURES, lambda rows: np.roll(rows, 1, axis=2)),
    ],
    ids=["table, noise", "noise", "mirrored", "brightened", "moved"],
)
def test_copies_joined_to_all_rows(made, rows, altered):
    """Two thirds of the test rows have their sibling among the training rows: pairs at one distance, not repeats."""
    evidence = split_and_trained(made, np.concatenate([rows, altered(rows)]), np.tile(KINDS, 2))
    assert evidence.augmentation_before_split > 60
    assert outcome(evidence) == "fail"


def test_many_copies_of_each_row(made):
    """Four versions of each row, and a large test part: nearly every test row has a sibling."""
    rows = np.concatenate([TABLE, noisy(TABLE), noisy(TABLE), noisy(TABLE)])
    assert split_and_trained(made, rows, np.tile(KINDS, 4), 0.4).augmentation_before_split > 350


def test_no_labels_were_seen_with_the_rows_that_were_split(made):
    """`split_dataset` and `from_tensor_slices` of rows alone: the parts' values tell it."""
    rows, order = np.concatenate([TABLE, noisy(TABLE)]), RANDOM.permutation(480)
    made.rows(rows)
    kinds = np.tile(KINDS, 2)[order]
    evidence = trained(made, (rows[order[96:]], kinds[96:]), (rows[order[:96]], kinds[:96]))
    assert evidence.augmentation_before_split > 60


def test_each_row_beside_its_copy(made):
    """Row, copy, next row, its copy: known to be made where as many rows were read as there are pairs."""
    made.send("data.columns", count=240, columns=[])
    evidence = split_and_trained(made, beside(TABLE, noisy(TABLE)), np.repeat(KINDS, 2))
    assert evidence.augmentation_before_split > 60


def test_only_one_of_each_pair_was_loaded(made):
    """The data was loaded, rows stand beside their copies, half of it is used: copies are what was not loaded."""
    rows, labels = made.labelled(TABLE, KINDS)
    made.send("data.loaded", function="sklearn.datasets.load_wine", parts=[{"rows": rows, "labels": labels}])
    evidence = split_and_trained(made, beside(TABLE, noisy(TABLE))[:300], np.repeat(KINDS, 2)[:300])
    assert evidence.augmentation_before_split > 30


def test_rows_that_were_mixed_and_cut_by_hand(made):
    """No set was seen whole; the rows that were loaded lie far apart, so near pairs are none of the data's own."""
    rows, labels = made.labelled(TABLE, KINDS)
    made.send("data.loaded", function="sklearn.datasets.load_wine", parts=[{"rows": rows, "labels": labels}])
    joined, order = np.concatenate([TABLE, noisy(TABLE)]), RANDOM.permutation(480)
    kinds = np.tile(KINDS, 2)[order]
    evidence = trained(made, (joined[order[96:]], kinds[96:]), (joined[order[:96]], kinds[:96]))
    found = evidence.near_copies
    assert found.near > 0.6 * found.sampled
    assert found.expected < 0.1
    assert outcome(evidence) == "fail"


def bursts(rows: np.ndarray, size: int) -> np.ndarray:
    return np.concatenate([noisy(rows)[:, None] for _ in range(size)], axis=1).reshape(-1, *rows.shape[1:])


@pytest.mark.parametrize("size", [2, 4])
def test_bursts_that_the_data_came_in(made, size):
    """Pictures taken in bursts stand beside each other too: nothing shows that the notebook made them."""
    evidence = split_and_trained(made, bursts(TABLE, size), np.repeat(KINDS, size))
    assert not evidence.augmentation_before_split
    assert outcome(evidence) == "pass"


def test_a_table_that_came_with_two_rounds_of_measurements(made):
    """As many rows were read as were split: whatever pairs there are, they came so."""
    made.send("data.columns", count=480, columns=[])
    evidence = split_and_trained(made, np.concatenate([TABLE, noisy(TABLE)]), np.tile(KINDS, 2))
    assert not evidence.augmentation_before_split


def test_rows_drawn_again_at_random_are_no_versions(made):
    """Resampled rows with a little noise stand at no one distance."""
    drawn = RANDOM.integers(0, 240, 480)
    evidence = split_and_trained(made, noisy(TABLE[drawn]), KINDS[drawn])
    assert not evidence.augmentation_before_split


def test_other_rows_are_no_versions(made):
    """Rows that lie as rows do have their nearest anywhere."""
    evidence = split_and_trained(made, RANDOM.normal(size=(480, 8)), np.tile(KINDS, 2))
    assert not evidence.augmentation_before_split
    assert outcome(evidence) == "pass"


def test_training_rows_that_are_copied_after_the_split(made):
    """Split first, then joined to altered copies: no test row has a version."""
    x_train, x_test, y_train, y_test = made.split(TABLE, KINDS, 60)
    joined, kinds = np.concatenate([x_train, noisy(x_train)]), np.tile(y_train, 2)
    evidence = trained(made, (joined, kinds), (x_test, y_test))
    assert not evidence.augmentation_before_split
    assert outcome(evidence) == "pass"


def test_versions_kept_on_one_side(made):
    """All versions of a row in the same part, as a grouped split puts them: none crosses."""
    order = RANDOM.permutation(240)
    joined, kinds = np.concatenate([TABLE, noisy(TABLE)]), np.tile(KINDS, 2)
    made.labelled(joined, kinds)
    train, test = (np.concatenate([part, part + 240]) for part in (order[60:], order[:60]))
    evidence = trained(made, (joined[train], kinds[train]), (joined[test], kinds[test]))
    assert not evidence.augmentation_before_split


def test_test_rows_that_were_trained_on_are_no_altered_copies(made):
    """A row's nearest training row is itself: that is an overlap, and no version of it."""
    order = RANDOM.permutation(240)
    made.labelled(TABLE, KINDS)
    evidence = trained(made, (TABLE[order], KINDS[order]), (TABLE[order[:60]], KINDS[order[:60]]))
    assert not evidence.augmentation_before_split


def mixed_by_hand(made: RunBuilder, joined: np.ndarray, kinds: np.ndarray, *, read: int) -> str:
    made.send("data.columns", count=read, columns=[])
    order = RANDOM.permutation(len(joined))
    x, y, size = joined[order], kinds[order], len(joined) // 5
    return outcome(trained(made, (x[size:], y[size:]), (x[:size], y[:size])))


def test_more_rows_than_were_read_each_with_its_copy(made):
    """A table was read, joined to noisy copies, mixed and cut by hand: nothing was seen whole, rows come in pairs."""
    joined, kinds = np.concatenate([TABLE, noisy(TABLE)]), np.tile(KINDS, 2)
    assert mixed_by_hand(made, joined, kinds, read=240) == "fail"


def test_as_many_rows_as_were_read_may_have_come_in_pairs(made):
    """The same rows, where the table had them all: pairs that were measured so."""
    joined, kinds = np.concatenate([TABLE, noisy(TABLE)]), np.tile(KINDS, 2)
    assert mixed_by_hand(made, joined, kinds, read=480) == "pass"


def test_bursts_whose_training_rows_were_copied_after_the_split(made):
    """More rows than were read, since those of the training part were copied: a burst's others lie on both sides."""
    rows = bursts(TABLE[:120], 4)
    kinds, order = np.repeat(KINDS[:120], 4), RANDOM.permutation(480)
    x, y = rows[order], kinds[order]
    made.send("data.columns", count=480, columns=[])
    train = (np.concatenate([x[96:], noisy(x[96:])]), np.tile(y[96:], 2))
    assert outcome(trained(made, train, (x[:96], y[:96]))) == "pass"


def test_windows_of_a_wave_that_comes_again(made):
    """After each period the series is much the same: nearest rows stand at one distance, and lie as rows do."""
    time = np.arange(1020)
    series = np.sin(2 * np.pi * time / 100) + RANDOM.normal(0, 0.02, 1020)
    windows = np.stack([series[start : start + 20] for start in range(1000)])
    evidence = split_and_trained(made, windows, (windows[:, 0] > 0).astype(int))
    assert not evidence.augmentation_before_split


def test_copies_with_much_noise_of_a_table_that_was_read(made):
    """Noise as wide as rows lie apart: with twice the rows that were read, the pairs at one distance tell it."""
    made.send("data.columns", count=240, columns=[])
    joined = np.concatenate([TABLE, TABLE + RANDOM.normal(0, 0.3, TABLE.shape)])
    assert split_and_trained(made, joined, np.tile(KINDS, 2)).augmentation_before_split > 60
