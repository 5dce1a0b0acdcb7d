"""Rows made of others before the split, however they look: by repeated labels, by resamplers, by where they lie."""

from __future__ import annotations

import numpy as np
import pytest
from run_builder import RunBuilder

RANDOM = np.random.default_rng(0)
X, Y = RANDOM.normal(size=(200, 6)), RANDOM.integers(0, 3, 200)


def copies_found(made, x, y, *, then=lambda rows: rows):
    """Split rows, train on the one part, score the other; return how many copies were found by lineage."""
    x_train, x_test, y_train, y_test = made.split(x, y, len(x) // 5)
    return trained_and_scored(made, then(x_train), y_train, then(x_test), y_test).augmentation_before_split


def trained_and_scored(made, x_train, y_train, x_test, y_test):
    made.rows(x_train, values=True)
    made.model()
    made.fit("m1", x_train, y_train)
    made.evaluate("m1", x_test, y_test)
    return made.evidence()


@pytest.fixture
def made(tmp_path):
    return RunBuilder(tmp_path)


@pytest.mark.parametrize("versions", [2, 4])
def test_a_set_joined_to_altered_copies_of_itself(made, versions):
    """Whatever was done to the copies: their labels repeat in their order, so siblings are known by place."""
    altered = [RANDOM.normal(size=X.shape) for _ in range(versions - 1)]
    found = copies_found(made, np.concatenate([X, *altered]), np.tile(Y, versions))
    assert found > 0.6 * versions * 40


def test_copies_are_known_after_a_scaler(made):
    """The split parts were scaled afterwards: the places of the rows are followed through it."""

    def scaled(rows):
        made.transform(rows, rows * 2 - 1)
        return rows * 2 - 1

    assert copies_found(made, np.concatenate([X, X + 0.1]), np.tile(Y, 2), then=scaled) > 40


@pytest.mark.parametrize(
    "labels",
    [np.arange(400) % 10, np.repeat([0, 1, 0, 1], 100), RANDOM.integers(0, 3, 400), np.zeros(400, dtype=int)],
    ids=["a cycle", "class by class twice", "mixed", "all one"],
)
def test_labels_that_repeat_by_themselves_are_no_copies(made, labels):
    """A cycle of labels, or two folders read class by class, say nothing of copies."""
    assert not copies_found(made, RANDOM.normal(size=(400, 6)), labels)


def test_the_same_rows_twice_are_an_overlap_and_no_altered_copies(made):
    """Rows joined to themselves are equal rows: the overlap tells of them."""
    assert not copies_found(made, np.concatenate([X, X]), np.tile(Y, 2))


def smote(x, count, rng):
    """New rows, each between a row and one of its five nearest."""
    found = []
    for _ in range(count):
        row = x[rng.integers(len(x))]
        near = x[np.argsort(((x - row) ** 2).sum(axis=1))[1 + rng.integers(5)]]
        found.append(row + rng.random() * (near - row))
    return np.array(found)


def test_rows_of_a_resampler_in_the_test_set(made):
    """SMOTE before the split: test rows that it made are counted; after the split none are."""
    new = smote(X[Y == 0], 150, RANDOM)
    joined, labels = np.concatenate([X, new]), np.concatenate([Y, np.zeros(150, dtype=int)])
    made.transform(X, joined, "SMOTE")
    assert 10 < copies_found(made, joined, labels) < 60


def test_a_resampler_of_the_training_rows_is_fine(made):
    """Split first, then oversample the training part: no test row was made."""
    x_train, x_test, y_train, y_test = made.split(X, Y, 40)
    joined = np.concatenate([x_train, smote(x_train[y_train == 0], 100, RANDOM)])
    made.transform(x_train, joined, "SMOTE")
    labels = np.concatenate([y_train, np.zeros(100, dtype=int)])
    evidence = trained_and_scored(made, joined, labels, x_test, y_test)
    assert not evidence.augmentation_before_split
    assert evidence.interpolated.between <= 1


def test_rows_that_were_drawn_again_and_then_split(made):
    """Random oversampling before the split: test rows that were drawn twice and trained on are counted."""
    drawn = np.concatenate([np.arange(200), RANDOM.choice(np.flatnonzero(Y == 0), 30)])
    made.transform(X, X[drawn], "RandomOverSampler")
    assert 2 < copies_found(made, X[drawn], Y[drawn]) < 30


def test_rows_interpolated_by_hand_lie_between_training_rows(made):
    """Nothing was seen but values: most rows made by hand lie exactly between two training rows."""
    joined = np.concatenate([X, smote(X, 300, RANDOM)]).astype(np.float32)
    order = RANDOM.permutation(500)
    labels = np.zeros(500, dtype=int)
    found = trained_and_scored(made, joined[order[:400]], labels[:400], joined[order[400:]], labels[400:]).interpolated
    assert found.sampled == 100
    assert found.between > 25
    assert found.by_chance <= 2


ALONG = np.linspace(0, 10, 300)[RANDOM.permutation(300), None]


@pytest.mark.parametrize(
    "rows",
    [
        RANDOM.normal(size=(300, 6)),
        np.round(RANDOM.normal(size=(300, 5)) * 3),
        np.eye(8)[RANDOM.integers(0, 8, 300)],
        ALONG * np.arange(1, 5) + 3,
        ALONG ** np.arange(1, 5),
        np.round(ALONG * np.arange(1, 5) + RANDOM.normal(0, 0.1, (300, 4)), 1),
        np.column_stack([RANDOM.random(300), RANDOM.integers(0, 2, (300, 5))]),
    ],
    ids=["measured", "coarse", "one-hot", "on a line", "on a curve", "coarse, near a line", "one number and switches"],
)
def test_measured_rows_lie_between_none(made, rows):
    """Honest rows lie on no such line, or as often as chance has it."""
    labels = RANDOM.integers(0, 3, 300)
    found = trained_and_scored(made, rows[:240], labels[:240], rows[240:], labels[240:]).interpolated
    assert found.between <= 3
