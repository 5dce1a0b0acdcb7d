"""Windows of one series on both sides of a split, and columns that hold the answer: told by values alone."""

from __future__ import annotations

import numpy as np
import pytest
from run_builder import RunBuilder

RANDOM = np.random.default_rng(0)
SERIES = np.cumsum(RANDOM.normal(size=420)) * 0.3
WINDOWS, NEXT = np.stack([SERIES[start : start + 8] for start in range(400)]), SERIES[8:408]
SHUFFLED = RANDOM.permutation(400)


def scored(folder, x, y, order, held_out=80, *, units=1, loss="mse"):
    """The evidence of a model trained on rows in an order, and scored on the last of them."""
    train, test = order[:-held_out], order[-held_out:]
    made = RunBuilder(folder)
    made.rows(x[train], values=True)
    made.model(units=units, loss=loss)
    made.fit("m1", x[train], y[train])
    made.evaluate("m1", x[test], y[test])
    return made.evidence()


@pytest.mark.parametrize(
    "written",
    [
        lambda rows: rows,
        lambda rows: rows[:, ::-1],
        lambda rows: rows[..., None],
        lambda rows: (rows - rows.mean(axis=0)) / rows.std(axis=0),
        lambda rows: (rows - rows.min()) / np.ptp(rows),
    ],
    ids=["windows", "lags, latest first", "for an LSTM", "each lag scaled by itself", "scaled as a whole"],
)
def test_shuffled_windows_lie_among_training_windows(tmp_path, written):
    """Windows dealt out at random: most test windows stand between two training windows."""
    found = scored(tmp_path, np.ascontiguousarray(written(WINDOWS)), NEXT, SHUFFLED).series_crossing
    assert found.sampled == 80
    assert min(found.before, found.after) > 50
    assert found.step == 1


def test_windows_split_by_time_meet_at_one_border(tmp_path):
    """Trained on the earlier part, tested on the later: one window continues the last training window."""
    assert scored(tmp_path, WINDOWS, NEXT, np.arange(400)).series_crossing is None


@pytest.mark.parametrize(
    "table",
    [
        RANDOM.normal(size=(400, 8)),
        RANDOM.integers(0, 2, (400, 8)).astype(float),
        np.eye(12)[RANDOM.integers(0, 12, 400)],
        np.round(RANDOM.normal(size=(400, 5)) * 2) / 2,
        np.zeros((400, 6)),
    ],
    ids=["measurements", "switches", "one-hot", "coarse", "constant"],
)
def test_tables_are_no_windows(tmp_path, table):
    """Columns that mean different things agree when moved no oftener than as they are."""
    assert scored(tmp_path, table, NEXT, SHUFFLED).series_crossing is None


KINDS = RANDOM.integers(0, 3, 400)
MEASURED = RANDOM.normal(size=(400, 6)) + KINDS[:, None] * np.array([1, 0.6, 0, 0.3, 0, 0.9])


@pytest.mark.parametrize(
    "column",
    [
        KINDS + RANDOM.normal(0, 0.01, 400),
        np.argsort(np.argsort(KINDS, kind="stable")).astype(float),
        (KINDS == 1) * 7.0 + (KINDS == 2) * 3,
    ],
    ids=["the label with noise", "a number given class by class", "a code"],
)
def test_a_column_that_holds_the_label_is_found(tmp_path, column):
    """One column tells all held-out labels, the others do not."""
    found = scored(
        tmp_path, np.column_stack([MEASURED, column]), KINDS, SHUFFLED, units=3, loss="sparse_categorical_crossentropy"
    ).label_proxy
    assert (found.column, found.columns, found.rows) == (6, 7, 80)
    assert found.agreement > 0.98
    assert found.next_best < 0.8


@pytest.mark.parametrize(
    ("column", "apart"),
    [
        (100 - 4.0 * KINDS + RANDOM.normal(0, 0.05, 400), True),
        (np.choose(KINDS, [7.5, 11.0, 22.0]), True),
        (KINDS * 8 + RANDOM.normal(size=400), False),
        (MEASURED[:, 0] * 0.1 + KINDS, False),
    ],
    ids=["the label disguised", "a code", "far apart as a measurement may be", "pulled by the label"],
)
def test_what_was_made_of_the_label_lies_in_bands(tmp_path, column, apart):
    """Values of a class lie within a narrow band, dozens of its spreads away from the next."""
    found = scored(
        tmp_path, np.column_stack([column, MEASURED]), KINDS, SHUFFLED, units=3, loss="sparse_categorical_crossentropy"
    ).label_proxy
    assert found.column == 0
    assert (found.gap > 20) is apart


def test_honest_columns_tell_less(tmp_path):
    """Measurements tell some labels each, none of them all."""
    evidence = scored(tmp_path, MEASURED, KINDS, SHUFFLED, units=3, loss="sparse_categorical_crossentropy")
    assert evidence.label_proxy.agreement < 0.8


def test_the_target_among_the_inputs_is_found(tmp_path):
    """A number to be predicted that stands among the inputs in another unit is explained by that column."""
    target = MEASURED @ np.arange(6) + RANDOM.normal(size=400)
    found = scored(tmp_path, np.column_stack([target * 2.54 + 1, MEASURED]), target, SHUFFLED).label_proxy
    assert (found.column, round(found.agreement, 6)) == (0, 1.0)


def test_pictures_have_no_columns(tmp_path):
    """A pixel is no measurement of its own."""
    pictures = RANDOM.normal(size=(400, 8, 8))
    evidence = scored(tmp_path, pictures, KINDS, SHUFFLED, units=3, loss="sparse_categorical_crossentropy")
    assert evidence.label_proxy is None
