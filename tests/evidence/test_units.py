"""A number that was scaled or logged before training is compared in the units of the data."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from run_builder import RunBuilder

from grader.evidence.sealing import sealed_scorings
from grader.evidence.units import units_between

PRICES = np.random.default_rng(0).gamma(3.0, 60.0, 200)


@pytest.fixture
def made(tmp_path):
    return RunBuilder(tmp_path)


def standardised(values):
    return ((values - values.mean()) / values.std()).astype(np.float32)


@pytest.mark.parametrize(
    ("after", "step"),
    [
        (standardised(PRICES), "linear"),
        (PRICES / 1000, "linear"),
        ((PRICES - PRICES.min()) / np.ptp(PRICES), "linear"),
        (np.log1p(PRICES), "log1p"),
        (np.log(PRICES), "log"),
        (standardised(np.log1p(PRICES)), "log1p"),
        (-PRICES, "linear"),
    ],
)
def test_how_labels_were_changed(after, step):
    """Scalers, units, logarithms, and a scaler behind a logarithm."""
    found = units_between(PRICES, after)
    assert found is not None
    assert found.step == step


@pytest.mark.parametrize(
    "after",
    [PRICES, PRICES.astype(np.float32), np.random.default_rng(1).permutation(PRICES), PRICES**2, np.ones(200)],
    ids=["the same", "rounded", "shuffled", "squared", "constant"],
)
def test_other_numbers_have_no_units(after):
    """Unchanged labels need none; whatever lies off the line is not undone."""
    assert units_between(PRICES, after) is None


def test_the_error_is_that_of_prices(made):
    """Trained on standardised prices and predicted only: labels, baseline and undone answers are prices."""
    x = np.random.default_rng(1).normal(size=(200, 6))
    x_train, x_test, y_train, y_test = made.split(x, PRICES, 50)
    made.model(units=1, loss="mse")
    made.fit("m1", x_train, standardised(y_train))
    made.predict("m1", x_test, np.zeros((50, 1)))
    evidence = made.evidence()
    sealed = sealed_scorings(replace(evidence, task="regression"), made.run())[0]
    assert np.allclose(np.sort(np.load(sealed.labels.values)), np.sort(y_test))
    assert np.allclose(np.load(sealed.train_labels.values).mean(), y_train.mean())
    assert sealed.units is not None
    assert sealed.units.offset == pytest.approx(-y_train.mean() / y_train.std(), rel=1e-3)


def test_labels_that_were_scored_in_other_units_stay_in_them(made):
    """Scaled before anything else and evaluated so, a later prediction of the same rows is scored in these units too."""
    x, thousands = np.random.default_rng(1).normal(size=(200, 6)), (PRICES / 1000).astype(np.float32)
    made.send("data.loaded", function="load_prices", parts=[{"rows": made.rows(x), "labels": made.labels(PRICES)}])
    made.model(units=1, loss="mse")
    made.transform(x, x / 2)
    made.split(x[:150] / 2, thousands[:150], 30)
    made.fit("m1", x[:150] / 2, thousands[:150])
    made.evaluate("m1", x[150:] / 2, thousands[150:])
    made.predict("m1", x[150:] / 2, np.zeros((50, 1)))
    evidence = replace(made.evidence(), task="regression", final_scoring="s2")
    (sealed, *_) = sealed_scorings(evidence, made.run())
    assert np.load(sealed.labels.values).max() < 1
    assert sealed.units is None
