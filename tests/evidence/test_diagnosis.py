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
