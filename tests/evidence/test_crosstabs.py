"""A cross table without the classes that were never answered is a confusion matrix all the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from run_builder import RunBuilder

from grader.checks import CHECKS
from grader.model import CellFacts, Drawing, Evidence, SavedOutput

RANDOM = np.random.default_rng(1)
X, TRUE = RANDOM.normal(size=(120, 5)), RANDOM.integers(0, 3, 120)


def crossed(folder: Path, answers: np.ndarray, true: np.ndarray = TRUE, **options) -> tuple[Evidence, pd.DataFrame]:
    made = RunBuilder(folder)
    made.model(units=3)
    made.fit("m1", X[60:], TRUE[60:])
    made.evaluate("m1", X, true)
    table = pd.crosstab(true, answers, rownames=["true"], colnames=["predicted"], **options)
    made.metric("pandas.crosstab", true, answers, matrix=table.to_numpy().tolist())
    return made.evidence(), table


def shown(evidence: Evidence, text: str) -> str:
    cell = CellFacts(0, "code", "", rerun=(SavedOutput("display", text=text),))
    return CHECKS["evaluation.confusion_matrix_shown"].run(replace(evidence, cells=(cell,)), {}).outcome


@pytest.mark.parametrize(
    "answers",
    [np.zeros(120, dtype=int), RANDOM.integers(1, 3, 120), np.full(120, 2)],
    ids=["one class only", "one class never", "the last only"],
)
@pytest.mark.parametrize("options", [{}, {"normalize": "index"}, {"margins": True}], ids=["counts", "shares", "totals"])
def test_a_table_that_lacks_a_class(tmp_path, answers, options):
    """It is completed with zeros, and seen where it is printed or drawn."""
    evidence, table = crossed(tmp_path, answers, **options)
    (call,) = evidence.metric_calls
    assert np.shape(call.matrix) == (3, 3)
    if options != {"normalize": "index"}:
        assert np.array_equal(call.matrix, np.histogram2d(TRUE, answers, bins=[[0, 1, 2, 3]] * 2)[0])
    assert shown(evidence, str(table)) == "pass"
    assert shown(evidence, "Test accuracy: 0.31") == "fail"
    drawing = Drawing("f", "a", 0, "mesh", shape=table.shape, values=tuple(map(tuple, table.to_numpy().tolist())))
    drawn = replace(evidence, drawings=(drawing,))
    assert CHECKS["evaluation.confusion_matrix_shown"].run(drawn, {}).outcome == "pass"


def test_a_table_of_something_else_is_left_as_it_is(tmp_path):
    """Square tables need nothing; one that does not count these labels is not made one that does."""
    evidence, _ = crossed(tmp_path, RANDOM.integers(0, 3, 120))
    assert evidence.metric_calls[0].table == ()
    made = RunBuilder(tmp_path / "other")
    made.metric("pandas.crosstab", TRUE, np.zeros(120, dtype=int), matrix=[[1], [2], [3]])
    assert made.evidence().metric_calls[0].table == ()


def test_figures_per_class_are_no_table(tmp_path):
    """A report whose lines end with the counts per class shows no matrix."""
    evidence, table = crossed(tmp_path, np.zeros(120, dtype=int))
    counts = table.to_numpy().ravel()
    report = "\n".join(f"  {name}  0.31  1.00  0.47  {count}" for name, count in enumerate(counts))
    assert shown(evidence, report) == "fail"
