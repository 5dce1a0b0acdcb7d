"""Whatever is handed in: one clear result per submission, the good ones beside it read, memory and time bounded.

The long form, ten thousand malformed hand-ins: `pytest -m proof tests/intake -s`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.errors import SubmissionError
from grader.intake.read import load_notebook

FUZZ = Path(__file__).with_name("fuzz.py")

PEAK_MB = 300
"""Thousands of small files: an interpreter, and the largest of them (a real notebook, a nesting of 100,000)."""

PEAK_GIANT_MB = 800
"""A notebook of the largest size allowed with one emoji: its bytes, its text in four bytes a letter, its strings."""


def fuzz(*arguments: str) -> dict[str, Any]:
    """Run the fuzzer in a process of its own."""
    done = subprocess.run([sys.executable, str(FUZZ), *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    print(f"\n{told['cases']:,} cases; slowest {told['slowest']}: {told['seconds']} s; peak {told['peak_mb']} MB")
    return told


def test_three_hundred_malformed_hand_ins() -> None:
    """No malformed hand-in raises, hides its neighbour, gets an unsafe id or takes long: a sample of the proof."""
    told = fuzz("300")
    assert told["faults"] == []
    assert told["peak_mb"] < PEAK_MB


@pytest.mark.proof
def test_ten_thousand_malformed_hand_ins() -> None:
    """The same for ten thousand; the slowest is printed."""
    told = fuzz("10000", "1000000")
    assert told["faults"] == []
    assert told["peak_mb"] < PEAK_MB


@pytest.mark.slow
def test_some_giants() -> None:
    """What would fill memory or disk is refused or cut in time: one of each kind."""
    told = fuzz(
        "giants", "an output of 60 MB with an emoji.ipynb", "lists, 20 million.ipynb", "a bomb.zip", "zips in zips.zip"
    )
    assert told["faults"] == []
    assert told["peak_mb"] < PEAK_GIANT_MB


@pytest.mark.proof
def test_giants() -> None:
    """The same for all of them: 60 MB in one string, a million cells, UTF-32, nothing but NULs, bombs in bombs."""
    told = fuzz("giants")
    assert told["faults"] == []
    assert told["peak_mb"] < PEAK_GIANT_MB


KEYS = (
    "cells", "worksheets", "metadata", "cell_type", "source", "input", "outputs", "data", "text", "html", "nbformat",
    "nbformat_minor", "kernelspec", "language_info", "name", "language", "output_type", "execution_count",
    "prompt_number", "attachments", "text/plain", "text/html", "image/png", "ename", "evalue", "traceback", "level",
)  # fmt: skip
WORDS = ("code", "markdown", "raw", "heading", "stream", "display_data", "execute_result", "error", "pyout", "python")
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(WORDS)
    | st.text(st.characters(), max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6),
    max_leaves=30,
)
cells = st.fixed_dictionaries(
    {"cell_type": st.sampled_from(("code", "markdown", "heading", "raw")) | json_values},
    optional=dict.fromkeys(("source", "input", "outputs", "metadata", "execution_count", "level"), json_values),
)
notebooks = st.fixed_dictionaries(
    {"nbformat": st.sampled_from((4, 4, 3, 2, 1, 5, "4", None)) | json_values},
    optional={
        "cells": st.lists(cells, max_size=4) | json_values,
        "worksheets": st.lists(st.fixed_dictionaries({"cells": st.lists(cells, max_size=3)}), max_size=2) | json_values,
        "metadata": json_values,
        "nbformat_minor": json_values,
    },
)


def assert_read_or_refused(folder: Path, document: object) -> None:
    path = folder / "notebook.ipynb"
    path.write_text(json.dumps(document), encoding="utf-8")
    try:
        submission = load_notebook(path, "ada", None)
    except SubmissionError as error:
        refusal = str(error)
        assert len(refusal) > 15
    else:
        assert all(isinstance(cell.source, str) for cell in submission.cells)
        assert all(cell.execution_count is None or cell.execution_count >= 0 for cell in submission.cells)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(document=notebooks)
def test_any_document_is_read_or_refused(tmp_path: Path, document: object) -> None:
    """Wrong types at any place of a notebook give a submission or a reason, nothing else."""
    assert_read_or_refused(tmp_path, document)


@pytest.mark.proof
@settings(max_examples=3000, deadline=None, suppress_health_check=list(HealthCheck))
@given(document=notebooks)
def test_any_of_thousands_of_documents_is_read_or_refused(tmp_path: Path, document: object) -> None:
    """The same, longer."""
    assert_read_or_refused(tmp_path, document)
