"""Which libraries count as watched: those that the notebook asked for, whatever its kernel had in memory before."""

from __future__ import annotations

import pytest

from grader.evidence.records import Hooked
from grader.evidence.run_facts import _watched
from grader.model import CodeFacts

IN_MEMORY = tuple(Hooked(name) for name in ("numpy", "pandas", "tensorflow", "keras", "matplotlib"))


@pytest.mark.parametrize(
    ("imports", "watched"),
    [
        (("keras", "numpy"), ("keras", "numpy", "tensorflow")),
        (("keras_tuner",), ("keras", "tensorflow")),
        (("pandas", "scipy"), ("pandas",)),
        ((), ()),
    ],
)
def test_what_was_in_memory_counts_where_it_was_asked_for(imports, watched):
    """A kernel that starts warm tells the same as one that imports for itself, where TensorFlow brings NumPy along."""
    later = tuple(Hooked(item.library, 0) for item in IN_MEMORY if imports or item.library == "numpy")
    assert _watched(IN_MEMORY, CodeFacts(imports=imports)) == watched
    if "pandas" not in imports:
        assert _watched(later, CodeFacts(imports=imports)) == watched


def test_a_framework_that_a_cell_brought_along_counts():
    """A wrapper of PyTorch imports it in the cell that imports the wrapper."""
    assert _watched((Hooked("torch", 2),), CodeFacts(imports=("somebodys_wrapper",))) == ("torch",)
