"""Text made to be slow or to break what reads it: everything between intake and the finished report, nothing run."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.checks import run_checks
from grader.evidence.collecting import collect_evidence
from grader.judge import grade as judge_grade
from grader.model import Cell, CellRun, Grade, Run, SavedOutput, Submission
from grader.reports import render_report
from grader.rubrics import load_rubric
from grader.storage import evidence_json, grade_json

UNITS = (
    "(", ")", "[", "]", "](", "![", "[a](", "[1", "[[1 2]\n", "<", "<a ", "<!--", "<b>", "</p>", "<h1>", "> ", "- ", "  - a\n",
    "* ", "1. ", "*", "**", "_", "*a ", "_a_", "`", "`a``", "~~", "#", "# a\n", "=", "-", "|", "|a", "1", "1.", "0.9 ", "0.9, ",
    "1e", "accuracy ", "accuracy 0.9 ", "a", "a ", "a. ", "a, ", "\n", " \n", " ", "\t", "\r", "\\", '"', "'", '"""', "{", ":",
    "&#x", "%", "!ls\n", "%a ", "@", "x=1\n", "x=(", "f(", "not ", "a.b", "a[0]", "a if a else ", "class 3 ", "3, 5 and ",
    "between 1 and ", "because it overfits ", "8 -> ", "é", "a\u0301\u0301", "\u202e", "\ud800", "\x00", "\x1b[", "\x08a",
    "http://a.", "$", "\\%", "\u201c", "'/", "No module named ", "[Errno 2] '", "pip ", "import a\n", "# x = 1\n", "def f():\n ",
    "if 1:\n ", "f'{", "Epoch 1/2\n", "loss: 0.1 - ", "1 2 3\n", "Cell 1, ", "tf-keras-datasets/", "%%bash\n", "assert gpu ", "Command wget ",
)  # fmt: skip
"""Repeated a thousand times, each is what some pattern or parser was not made for."""

SLOW_ONCE = ("[", "[1", "![", "<!--", "a. ", "\n", " \n", "*a ", "8 -> ", "\u202e", "%%bash\n")
"""Those that did make something slow: quadratic sections, sentences and failures, an exponential matrix pattern."""

LENGTH = 30_000
"""Characters of one hostile cell, all in one line: minutes where time is squared."""

SECONDS = 12.0
"""Of processor time for reading, judging and rendering: the slowest takes three."""

RUBRIC = load_rubric("unit1")


def cells_of(text: str) -> tuple[Cell, ...]:
    """The text as markdown, code, comment, string and output."""
    line = " ".join(text.splitlines())
    shown = text[:20_000]
    outputs = (SavedOutput("stream", shown), SavedOutput("execute_result", shown, shown), SavedOutput("error", shown))
    return (
        Cell(0, "markdown", text),
        Cell(1, "code", text, 1, outputs),
        Cell(2, "code", f"# {line}", 2),
        Cell(3, "code", f"x = {json.dumps(text[:20_000])}\nmodel.fit(x)\nmodel.evaluate(x)", 3, outputs),
        Cell(4, "markdown", f"## Conclusion\n\n{line}"),
        Cell(5, "raw", text),
    )


def read_and_render(cells: tuple[Cell, ...]) -> Grade:
    """All that happens to a submission but running it."""
    submission = Submission("ada", Path("/class/ada.ipynb"), None, "0" * 64, "", cells)
    message = cells[0].source[:2000]
    ran = tuple(
        CellRun(cell.index, "error", 0.1, "ValueError", message, cell.outputs) for cell in cells if cell.kind == "code"
    )
    run = Run("error", "none", 1.0, ran, ran[0].index, f"cell 2 failed: {message}")
    evidence = collect_evidence(submission, run)
    findings = run_checks(evidence, RUBRIC.thresholds)
    assert [item.check for item in findings if item.outcome == "error"] == []
    grade = judge_grade(evidence, RUBRIC, findings)
    assert render_report(grade, evidence, RUBRIC).encode()
    assert evidence_json(evidence).encode()
    assert grade_json(grade).encode()
    return grade


pieces = st.one_of(
    st.sampled_from(UNITS),
    st.builds(lambda unit, times: unit * times, st.sampled_from(UNITS), st.integers(2, 60)),
    st.text(max_size=12),
)
texts = st.lists(pieces, max_size=25).map("".join)
unhurried = settings(deadline=None, suppress_health_check=list(HealthCheck))


@settings(unhurried, max_examples=40)
@given(text=texts)
def test_no_text_breaks_what_reads_it(text: str) -> None:
    """Whatever stands in cells, comments, strings, outputs and messages: evidence, findings and a report come of it."""
    read_and_render(cells_of(text))


@pytest.mark.proof
@settings(unhurried, max_examples=1500)
@given(text=texts)
def test_no_text_breaks_what_reads_it_for_long(text: str) -> None:
    """The same, longer."""
    read_and_render(cells_of(text))


def seconds_for(unit: str) -> float:
    text = (unit * (LENGTH // len(unit) + 1))[:LENGTH]
    began = time.process_time()
    read_and_render(cells_of(text))
    return time.process_time() - began


@pytest.mark.slow
@pytest.mark.parametrize("unit", SLOW_ONCE)
def test_repetition_is_read_in_bounded_time(unit: str) -> None:
    """A cell of nothing but repetition costs seconds at most, whichever pattern it was made against."""
    assert seconds_for(unit) < SECONDS


@pytest.mark.proof
@pytest.mark.parametrize("unit", UNITS)
def test_every_repetition_is_read_in_bounded_time(unit: str) -> None:
    """The same for all of them."""
    assert seconds_for(unit) < SECONDS


def test_many_cells_are_read_in_bounded_time() -> None:
    """Two thousand markdown cells between two thousand that call things: nothing compares everything with everything."""
    pairs = [(Cell(2 * n, "markdown", f"Words {n}."), Cell(2 * n + 1, "code", f"f{n}(x)")) for n in range(2000)]
    began = time.process_time()
    read_and_render(tuple(cell for pair in pairs for cell in pair))
    assert time.process_time() - began < SECONDS


def test_a_picture_pasted_into_markdown_hides_no_words() -> None:
    """Editors paste pictures into the text itself: half a megabyte of letters, and the student's words after it."""
    from grader.evidence.reading.sections import read_document
    from grader.model import CellFacts

    pasted = f"![p](data:image/png;base64,{'iVBORw0KGgo' * 50_000}) The network confuses 8 with 1."
    document = read_document(tuple(CellFacts(n, "markdown", pasted) for n in range(10)))
    assert [item.text for item in document.sentences].count("The network confuses 8 with 1.") == 10
