"""Labels: how each usual encoding is understood."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from grader.probe.arrays import to_numpy
from grader.probe.labels import encode


@pytest.mark.parametrize(
    ("given", "form", "classes", "values"),
    [
        (np.array([3, 1, 3], dtype="uint8"), "int", ["1", "3"], [1, 0, 1]),
        (np.array([[3], [1], [3]]), "int", ["1", "3"], [1, 0, 1]),
        (np.array([0.0, 2.0, 1.0]), "int", ["0", "1", "2"], [0, 2, 1]),
        (np.array([0, 1, 1]), "binary", ["0", "1"], [0, 1, 1]),
        (np.array([1, 1]), "binary", ["0", "1"], [1, 1]),
        (np.array([[0.0, 1.0], [1.0, 0.0]]), "one_hot", ["0", "1"], [1, 0]),
        (np.eye(4)[[2, 2, 0]], "one_hot", ["0", "1", "2", "3"], [2, 2, 0]),
        (pd.Series(["cat", "dog", "cat"]), "text", ["cat", "dog"], [0, 1, 0]),
        (["b", "a"], "text", ["a", "b"], [1, 0]),
        (pd.DataFrame({"quality": [5, 6, 5]}), "int", ["5", "6"], [0, 1, 0]),
        (np.array([True, False]), "binary", ["0", "1"], [1, 0]),
        (np.array([1.5, 2.0]), "float", [], [1.5, 2.0]),
        (np.arange(2000), "float", [], list(range(2000))),
        (np.arange(60.0), "float", [], list(range(60))),
    ],
)
def test_forms(given: object, form: str, classes: list[str], values: list[float]) -> None:
    """Whole numbers, 0/1, one-hot rows, text and measurements are told apart, and each row has its class."""
    encoded = encode(to_numpy(given))
    assert (encoded.form, encoded.classes) == (form, classes)
    assert list(encoded.values) == values


def test_several_marks_a_row_are_not_one_hot() -> None:
    """Rows with two ones are several labels a row, which is not claimed to be understood."""
    assert encode(np.array([[1, 1, 0], [0, 1, 0]])).form == "unknown"
