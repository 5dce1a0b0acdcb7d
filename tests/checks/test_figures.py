"""Curves and axes: smoothing in any common way is honest, pasted numbers are not; axes may not lie."""

from __future__ import annotations

import math
from dataclasses import replace

import pandas as pd
import pytest
from examples import GOOD, find, outcome, training

from grader.checks.smoothing import is_smoothed
from grader.model import Drawing

NOISY = (0.9, 0.5, 0.75, 0.42, 0.66, 0.3, 0.52, 0.25, 0.5, 0.2, 0.46, 0.22)
SERIES = pd.Series(NOISY)


@pytest.mark.parametrize(
    "shown",
    [
        SERIES.rolling(3).mean(),
        SERIES.rolling(5).mean().dropna(),
        SERIES.rolling(4, min_periods=1).mean(),
        SERIES.rolling(3, center=True, min_periods=1).mean(),
        SERIES.ewm(alpha=0.2).mean(),
        SERIES.ewm(alpha=0.1, adjust=False).mean(),
        SERIES.rolling(5, center=True, min_periods=1).median(),
    ],
)
def test_ways_of_smoothing(shown):
    """Rolling means and medians with and without edges, and both exponential means, of a very noisy curve."""
    assert is_smoothed(shown.tolist(), NOISY, 0.9)


@pytest.mark.parametrize(
    "shown",
    [
        (0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.25, 0.2, 0.15, 0.12, 0.1),
        tuple(reversed(NOISY)),
        (0.5, math.nan, 0.4, 0.5, 0.6, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4, 0.4),
    ],
)
def test_numbers_that_are_no_smoothing_of_it(shown):
    """A wishful curve, one drawn backwards, one with holes."""
    assert not is_smoothed(shown, NOISY, 0.9)


def drawn(*lines, **changes):
    """The good notebook with these lines plotted over epochs: (label, values)."""
    start = Drawing("f", "a", 7, "line", x_label="epoch", y_label="value")
    return tuple(
        replace(start, label=label, x=tuple(range(len(values))), y=tuple(values), **changes) for label, values in lines
    )


LONG = training(
    history=(
        ("loss", NOISY),
        ("val_loss", tuple(value + 0.1 for value in NOISY)),
        ("accuracy", tuple(1 - v / 2 for v in NOISY)),
    ),
    epochs_done=len(NOISY),
)
LONG_RUN = replace(GOOD, trainings=(LONG,))


def test_a_smoothed_curve_in_percent_is_this_runs():
    """Smoothed by a factor as TensorBoard does, and times a hundred."""
    smooth = (100 * pd.Series(LONG.series("accuracy"))).ewm(alpha=0.15, adjust=False).mean()
    evidence = replace(LONG_RUN, drawings=drawn(("train loss", NOISY), ("training accuracy (%)", smooth)))
    assert outcome("training.curves_genuine", evidence) == "pass"


def test_smoothed_curves_are_shown_curves():
    """Both logs drawn smoothed only, as a rolling mean that begins without a value: the curves are there."""
    rolling = [pd.Series(LONG.series(name)).rolling(3).mean().tolist() for name in ("loss", "val_loss")]
    evidence = replace(LONG_RUN, drawings=drawn(("train loss", rolling[0]), ("val loss", rolling[1])))
    assert outcome("training.curves_shown", evidence) == "pass"
    assert outcome("training.curves_genuine", evidence) == "pass"


def test_a_wishful_curve_is_not():
    """Numbers typed in beside the real ones ask for a person."""
    wish = [0.9 - 0.07 * step for step in range(12)]
    evidence = replace(LONG_RUN, drawings=drawn(("train loss", NOISY), ("validation loss", wish)))
    found = find("training.curves_genuine", evidence)
    assert (found.outcome, found.moves_level) == ("fail", False)
    assert found.review


def test_a_loss_that_is_called_accuracy():
    """The figure a label names is the one that is drawn."""
    mixed = drawn(("train accuracy", NOISY), ("train loss", LONG.series("accuracy")))
    assert "mixed up" in find("training.curves_genuine", replace(LONG_RUN, drawings=mixed)).summary
    right = drawn(("train loss", NOISY), ("train accuracy", LONG.series("accuracy")))
    assert outcome("training.curves_genuine", replace(LONG_RUN, drawings=right)) == "pass"


def bars(*values, **changes):
    start = Drawing("f", "a", 7, "bar", y_label="test accuracy", x=tuple(range(len(values))), y=values)
    return replace(GOOD, drawings=(replace(start, **changes),))


def test_bars_cut_off_above_zero():
    """95.1 against 95.7 drawn as one to seven: told, with both ratios; as advice."""
    found = find("evaluation.axes_fair", bars(0.951, 0.957, y_limits=(0.95, 0.958)))
    assert (found.outcome, found.moves_level) == ("fail", False)
    assert "7.0 times as high" in found.summary
    assert "1.01 times as much" in found.summary
    assert "many times" in find("evaluation.axes_fair", bars(0.90, 0.957, y_limits=(0.95, 1.0))).summary


@pytest.mark.parametrize(
    "evidence",
    [
        bars(0.951, 0.957),
        bars(0.951, 0.957, y_limits=(0.0, 1.0)),
        bars(0.5, 0.9, y_limits=(0.2, 1.0)),  # 2.3 to 1 against 1.8 to 1
        bars(1200.0, 1300.0, y_limits=(1100.0, 1400.0), y_label="rows"),
        bars(0.951, 0.957, y_limits=(0.95, 0.958), y_scale="log"),
    ],
)
def test_bars_that_are_fair(evidence):
    """Automatic limits, limits from zero, a cut that changes little, bars that are no scores, a log axis."""
    assert outcome("evaluation.axes_fair", evidence) in {"pass", "not_applicable"}


def test_a_validation_curve_outside_of_the_picture():
    """Half of the points beyond hand-set limits is hiding; cutting off the first epochs is what everybody does."""
    lines = (("train loss", NOISY), ("val loss", LONG.series("val_loss")))
    hiding = replace(LONG_RUN, drawings=drawn(*lines, y_limits=(0.0, 0.4)))
    assert "lies outside" in find("evaluation.axes_fair", hiding).summary
    assert outcome("evaluation.axes_fair", replace(LONG_RUN, drawings=drawn(*lines, y_limits=(0.0, 0.9)))) == "pass"


FALLING = (0.537, 0.12, 0.035, 0.0103, 0.0072, 0.0058)
SHORT = training(
    history=(
        ("loss", FALLING),
        ("val_loss", (0.19, 0.06, 0.03, 0.02, 0.018, 0.017)),
        ("accuracy", (0.7, 0.8, 0.9) * 2),
    ),
    epochs_done=6,
)


@pytest.mark.parametrize(
    "made_up",
    [
        [1.3 / step**1.1 + 0.05 for step in range(1, 7)],
        [0.5 / step**0.6 for step in range(1, 7)],
        [0.5 - 0.08 * step for step in range(6)],
        [53.7, 12.0, 3.5, 1.03, 0.72, 0.58],
    ],
    ids=["above all of it", "within its range", "straight", "a loss in percent"],
)
def test_a_smooth_curve_that_was_made_up(made_up):
    """All losses fall: one that falls too, but elsewhere or at another pace, is not this run's."""
    evidence = replace(GOOD, trainings=(SHORT,), drawings=drawn(("train loss", FALLING), ("validation loss", made_up)))
    assert outcome("training.curves_genuine", evidence) == "fail"


@pytest.mark.parametrize(
    "made_of_it",
    [
        FALLING[2:],
        FALLING[::2],
        [math.log(value) for value in FALLING],
        [math.sqrt(value) for value in FALLING],
        [val - own for own, val in zip(FALLING, SHORT.series("val_loss"), strict=True)],
        [0.25] * 6,
        [100 * (1 - value) for value in SHORT.series("accuracy")],
        [0.7, 0.8, 0.9, 0.9, 0.9, 0.9],
    ],
    ids=["later epochs", "every second", "log", "root", "gap", "a level", "error in percent", "best so far"],
)
def test_what_people_make_of_a_log(made_of_it):
    """Parts, roots and logarithms, the gap, a level to compare with: nothing of it is made up."""
    evidence = replace(GOOD, trainings=(SHORT,), drawings=drawn(("train loss", FALLING), ("loss", made_of_it)))
    assert outcome("training.curves_genuine", evidence) == "pass"


def test_the_mean_over_folds_is_of_this_run():
    """Five trainings, and one curve: their mean, or their median."""
    folds = tuple(
        training(id=f"t{fold}", history=(("val_loss", tuple(value + fold * 0.1 for value in NOISY)),), epochs_done=12)
        for fold in range(5)
    )
    for middle in (
        [value + 0.2 for value in NOISY],
        [value + (0.05 if at % 2 else 0.3) for at, value in enumerate(NOISY)],
    ):
        evidence = replace(GOOD, trainings=folds, drawings=drawn(("validation loss", middle)))
        assert outcome("training.curves_genuine", evidence) == "pass"
