"""Curves: what they say, from which epoch, and that one noisy epoch says nothing."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.evidence.diagnosis import diagnose
from grader.model import TrainingRun


def training(**series):
    history = tuple((name, tuple(float(value) for value in values)) for name, values in series.items())
    return TrainingRun("f1", "m1", 3, "r1", "r2", 0.0, 0, 0, 32, history, (), True, True)


def falling(epochs, start=2.0, floor=0.3, rate=0.5):
    return floor + (start - floor) * np.exp(-rate * np.arange(epochs))


def rising_from(epoch, epochs, slope=0.05):
    """A validation loss that falls until `epoch` (1-based) and rises from there."""
    curve = falling(epochs)
    steps = np.arange(epochs)
    return np.where(steps < epoch - 1, curve, curve[epoch - 2] + slope * (steps - epoch + 2))


def test_parting_curves_are_overfitting_from_the_epoch_they_part():
    """The validation loss rises from epoch 8 to the end while the training loss falls."""
    found = diagnose(training(loss=falling(20, floor=0.01), val_loss=rising_from(8, 20)))
    assert found.kind == "overfit"
    assert abs(found.epoch - 8) <= 1
    assert f"epoch {found.epoch}" in found.sentence


@settings(max_examples=150, deadline=None)
@given(st.integers(5, 20), st.integers(6, 20), st.floats(0.03, 0.3), st.integers(0, 10_000))
def test_turn_is_found_wherever_it_is(epoch, after, slope, seed):
    """Whatever the epoch of the turn and the slope after it, it is found within three epochs, through mild noise."""
    epochs = epoch + after
    noise = np.random.default_rng(seed).uniform(-0.2, 0.2, epochs) * slope
    found = diagnose(training(loss=falling(epochs, floor=0.01), val_loss=rising_from(epoch, epochs, slope) + noise))
    assert found.kind == "overfit"
    assert abs(found.epoch - epoch) <= 3


@settings(max_examples=150, deadline=None)
@given(st.integers(14, 40), st.integers(0, 39), st.floats(0.1, 5.0))
def test_one_noisy_epoch_is_not_overfitting(epochs, spike, height):
    """Curves that fall together, save for one spike anywhere, are a good fit."""
    loss = falling(epochs)
    held = loss + 0.02
    held[spike % epochs] += height
    assert diagnose(training(loss=loss, val_loss=held)).kind == "good_fit"


@settings(max_examples=100, deadline=None)
@given(st.integers(12, 40), st.integers(0, 10_000))
def test_a_noisy_plateau_is_not_overfitting(epochs, seed):
    """A validation loss that only jitters around its plateau has no turn."""
    loss = falling(epochs)
    held = loss + 0.05 + np.random.default_rng(seed).normal(0, 0.01, epochs)
    assert diagnose(training(loss=loss, val_loss=held)).kind == "good_fit"


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 20), st.sampled_from([math.nan, math.inf]), st.sampled_from(["loss", "val_loss"]))
def test_a_loss_that_is_no_number_has_diverged(epoch, value, name):
    """The first epoch without a finite loss is where it diverged, in short histories too."""
    series = {"loss": falling(20), "val_loss": falling(20)}
    series[name][epoch - 1 :] = value
    found = diagnose(training(**series))
    assert (found.kind, found.epoch) == ("diverged", epoch)


def test_a_growing_loss_has_diverged():
    """A training loss that ends far above where it began has diverged."""
    assert diagnose(training(loss=[1.0, 1.5, 4.0, 9.0, 30.0, 80.0])).kind == "diverged"


def test_a_lasting_gap_of_accuracies_is_overfitting():
    """Training accuracy 1.0 against 0.8 is overfitting even where the validation loss stands still."""
    epochs = np.arange(12)
    found = diagnose(
        training(
            loss=falling(12, floor=0.05),
            val_loss=np.maximum(0.6, falling(12)),
            accuracy=np.minimum(1.0, 0.5 + 0.06 * epochs),
            val_accuracy=np.minimum(0.8, 0.5 + 0.06 * epochs),
        )
    )
    assert found.kind == "overfit"
    assert found.gap == pytest.approx(0.2)
    assert 7 <= found.epoch <= 9


def test_unlearned_training_rows_are_underfitting():
    """An accuracy little above guessing on the training rows is underfitting, with or without validation."""
    flat = {"loss": [2.30, 2.29, 2.29, 2.28, 2.28], "accuracy": [0.10, 0.12, 0.13, 0.13, 0.14]}
    assert diagnose(training(**flat), chance=0.1).kind == "underfit"
    assert diagnose(training(**flat, val_loss=flat["loss"]), chance=0.1).kind == "underfit"


def test_stopped_while_still_falling_fast_is_underfitting():
    """Losses that halve every other epoch to the end were cut off."""
    curve = 2.0 * 0.75 ** np.arange(6)
    found = diagnose(training(loss=curve, val_loss=curve * 1.05))
    assert (found.kind, found.epoch) == ("underfit", 6)


@pytest.mark.parametrize("series", [{}, {"loss": [1.0, 0.5]}, {"loss": [1, 0.6, 0.5, 0.45, 0.42]}])
def test_too_little_to_see_is_unknown(series):
    """No epochs, two epochs, or no validation loss: unknown, with the reason."""
    found = diagnose(training(**series))
    assert found.kind == "unknown"
    assert found.sentence


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.floats(allow_nan=True), max_size=12),
    st.lists(st.floats(allow_nan=True), max_size=12),
    st.lists(st.floats(allow_nan=True), max_size=12),
    st.floats(0, 1),
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_any_history_gets_an_answer(loss, held, accuracy, chance):
    """No series, however forged, makes the diagnosis raise; an epoch lies within the history."""
    found = diagnose(training(loss=loss, val_loss=held, accuracy=accuracy, val_accuracy=accuracy), chance)
    assert found.epoch is None or 1 <= found.epoch <= max(len(loss), len(held))


FASHION = {
    "loss": [0.442, 0.297, 0.25, 0.22, 0.194, 0.173, 0.155, 0.139, 0.125, 0.111],
    "val_loss": [0.338, 0.304, 0.261, 0.258, 0.259, 0.254, 0.265, 0.264, 0.273, 0.28],
    "accuracy": [0.844, 0.892, 0.909, 0.92, 0.929, 0.936, 0.943, 0.949, 0.954, 0.959],
    "val_accuracy": [0.88, 0.893, 0.905, 0.907, 0.907, 0.91, 0.909, 0.91, 0.91, 0.911],
}
"""A small CNN on Fashion-MNIST, ten epochs."""


def test_a_validation_loss_that_stalls_while_training_halves_it_is_mild_overfitting():
    """No clear rise, but no better for several epochs while the training loss fell on to less than half of it."""
    found = diagnose(training(**FASHION))
    assert (found.kind, found.mild) == ("overfit", True)
    assert 5 <= found.epoch <= 7
    assert "mild" in found.sentence


def test_a_stalled_loss_without_a_training_loss_far_below_it_is_a_good_fit():
    """The same validation loss beside a training loss that stopped near it has converged, not overfitted."""
    near = [max(0.2, value) for value in FASHION["loss"]]
    assert diagnose(training(loss=near, val_loss=FASHION["val_loss"])).kind == "good_fit"


def test_two_losses_near_zero_are_no_overfitting():
    """A ratio of tiny losses says nothing where both sets are answered alike (99.9 % and 99.5 %)."""
    epochs = 12
    found = diagnose(
        training(
            loss=falling(epochs, floor=0.001),
            val_loss=np.maximum(0.012, falling(epochs, floor=0.001)),
            accuracy=np.minimum(0.999, 0.7 + 0.06 * np.arange(epochs)),
            val_accuracy=np.minimum(0.995, 0.7 + 0.06 * np.arange(epochs)),
        )
    )
    assert found.kind == "good_fit"


def test_curves_that_part_far_are_not_mild():
    """A validation loss that doubles is overfitting nobody can deny."""
    assert not diagnose(training(loss=falling(20, floor=0.01), val_loss=rising_from(8, 20))).mild


def test_a_loss_far_above_any_guess_has_diverged():
    """A loss that falls from 1e13 to 5,000 while the accuracy stays at chance was blown up from the first epoch."""
    blown = {"loss": [7e13, 5e9, 8e5, 5e3, 4.6e3], "accuracy": [0.1] * 5, "val_loss": [1e12, 1e8, 6e5, 5e3, 4.5e3]}
    assert diagnose(training(**blown), chance=0.1).kind == "diverged"
