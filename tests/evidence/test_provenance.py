"""Scored weights are followed back to watched trainings; what comes from elsewhere, or changed unseen, is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from run_builder import RunBuilder

ROWS = np.random.default_rng(0).normal(size=(60, 8))
KINDS = np.arange(60) % 3
TRAIN, TEST = slice(0, 40), slice(40, 60)


@pytest.fixture
def made(tmp_path: Path) -> RunBuilder:
    """A run with one model, trained once."""
    made = RunBuilder(tmp_path)
    made.model()
    made.fit("m1", ROWS[TRAIN], KINDS[TRAIN])
    return made


def unwatched(made: RunBuilder) -> str:
    """Score the test rows with the weights as they are, and return what is said of them."""
    made.evaluate("m1", ROWS[TEST], KINDS[TEST])
    return made.evidence().scorings[-1].unwatched


def test_trained_weights_are_the_trainings(made: RunBuilder) -> None:
    """Scored as fit left them."""
    assert unwatched(made) == ""


def test_a_change_that_nothing_explains_is_told(made: RunBuilder) -> None:
    """Assigned by hand, or trained where nobody looked."""
    made._weights["m1"] = 7
    assert "changed after the training" in unwatched(made)


def test_loaded_weights_of_no_training_are_told(made: RunBuilder) -> None:
    """A file that was handed in, or written by another process."""
    made._weights["m1"] = 7
    made.send("weights.loaded", model="m1", how="load_weights", weights=made.weights("m1"))
    assert "were loaded (load_weights)" in unwatched(made)


def test_weights_put_into_a_training_are_told(made: RunBuilder) -> None:
    """By a callback of the notebook, from a file or a text: what fit left is then not fit's work, nor what follows."""
    made.fit("m1", ROWS[TRAIN], KINDS[TRAIN], put_in="by a callback")
    made.fit("m1", ROWS[TRAIN], KINDS[TRAIN])
    assert "were loaded (by a callback, while it was trained)" in unwatched(made)


def test_a_state_kept_in_training_may_be_loaded(made: RunBuilder) -> None:
    """What ModelCheckpoint saved while fit went on is that training's work."""
    made._weights["m1"] = 7
    made.send("weights.kept", model="m1", weights=made.weights("m1"), during="f1")
    made.send("weights.loaded", model="m1", how="load_model", weights=made.weights("m1"))
    assert unwatched(made) == ""


def test_a_state_kept_outside_of_training_proves_nothing(made: RunBuilder) -> None:
    """Saving a borrowed state first doesn't make it one's own."""
    made._weights["m1"] = 7
    made.send("weights.kept", model="m1", weights=made.weights("m1"))
    made.send("weights.loaded", model="m1", how="load_model", weights=made.weights("m1"))
    assert unwatched(made) != ""


def test_an_earlier_training_may_be_gone_back_to(made: RunBuilder) -> None:
    """The best of several trainings, set again."""
    made.fit("m1", ROWS[TRAIN], KINDS[TRAIN])
    made._weights["m1"] = 1
    made.send("weights.loaded", model="m1", how="set_weights", weights=made.weights("m1"))
    assert unwatched(made) == ""


def test_rows_picked_from_a_split_are_counted(tmp_path: Path) -> None:
    """Neither the part itself, nor a slice of it, nor all of some of its classes is picked; others are."""
    made = RunBuilder(tmp_path)
    x_train, x_test, y_train, y_test = made.split(ROWS, KINDS, 20)
    made.model()
    made.fit("m1", x_train, y_train)
    odd = np.array([0, 2, 3, 7, 11, 12, 13, 17])
    for chosen in (np.arange(20), np.arange(10), np.flatnonzero(y_test == 1), odd):
        made.labelled(x_test[chosen], y_test[chosen])
        made.evaluate("m1", x_test[chosen], y_test[chosen])
    assert [item.left_out for item in made.evidence().scorings] == [0, 0, 0, 12]


def test_a_part_that_was_divided_further_is_not_picked_from(tmp_path: Path) -> None:
    """Shuffled and cut in two by hand: the other half was watched in training."""
    made = RunBuilder(tmp_path)
    x_train, x_test, y_train, y_test = made.split(ROWS, KINDS, 20)
    order = np.random.default_rng(2).permutation(20)
    made.model()
    made.fit("m1", x_train, y_train, validation=(x_test[order[:9]], y_test[order[:9]]))
    made.evaluate("m1", x_test[order[9:]], y_test[order[9:]])
    assert made.evidence().scorings[-1].left_out == 0
