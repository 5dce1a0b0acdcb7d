"""Which notebook a kernel runs, and whether its file is what the page shows."""

from __future__ import annotations

import os
import sys
import types
from pathlib import Path

import nbformat
import pytest
from exports.classroom import grade_of, result

from grader.intake.read import read_output
from grader.magics.check import notebook_and_options
from grader.magics.finding import Found, find_notebook, unsaved_cells
from grader.reports.summary import notebook_html, summarise


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "project.ipynb"
    nbformat.write(
        nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell("a = 1\nb = 2"), nbformat.v4.new_code_cell("%grader_check")]
        ),
        path,
    )
    return path


def test_editors_and_servers_say_which_notebook_it_is(tmp_path, saved):
    """VS Code by a variable, Jupyter by the environment: a whole path, one from the server's root, or a name."""
    (tmp_path / "other.ipynb").write_text("{}")
    for names, environment in (
        ({"__vsc_ipynb_file__": str(saved)}, {}),
        ({}, {"JPY_SESSION_NAME": str(saved)}),
        ({}, {"JPY_SESSION_NAME": "course/unit1/project.ipynb"}),
        ({}, {"JPY_SESSION_NAME": "project.ipynb"}),
    ):
        assert find_notebook(names, environment, tmp_path) == Found(saved)


def test_where_nothing_tells_only_a_lone_notebook_is_taken(tmp_path, saved):
    """Of two it would be a guess."""
    assert find_notebook({}, {"JPY_SESSION_NAME": "console-1"}, tmp_path) == Found(saved)
    (tmp_path / "other.ipynb").write_text("{}")
    assert find_notebook({}, {}, tmp_path) is None


def test_colab_hands_over_what_the_page_shows(tmp_path, monkeypatch):
    """Nothing has to be saved there; where Colab doesn't answer, the folder is looked at as elsewhere."""
    colab = types.ModuleType("google.colab")
    colab._message = types.SimpleNamespace(blocking_request=lambda *_, **__: {"ipynb": {"cells": [], "nbformat": 4}})  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "google.colab", colab)
    found = find_notebook({}, {}, tmp_path)
    assert found == Found(tmp_path / "grader-colab-copy.ipynb", is_current=True)
    colab._message = types.SimpleNamespace(blocking_request=lambda *_, **__: None)  # type: ignore[attr-defined]
    (tmp_path / "grader-colab-copy.ipynb").unlink()
    assert find_notebook({}, {}, tmp_path) is None


def test_a_verdict_that_was_saved_is_no_output_of_the_students():
    """What an earlier check said, its numbers included, is not read when the notebook is graded."""
    page = notebook_html(summarise(grade_of(result("project"))), "report.html")
    saved = {"output_type": "display_data", "data": {"text/plain": "15 of 20 points", "text/html": page}}
    assert read_output(saved) is None
    assert (
        read_output({"output_type": "display_data", "data": {"text/plain": "0.97", "text/html": "<b>0.97</b>"}})
        is not None
    )


def test_cells_run_after_the_save_must_stand_in_the_file(saved):
    """What ran before it was saved may have been changed since, on purpose; blanks at line ends are no change."""
    os.utime(saved, (1000, 1000))
    ran = [(999.0, "old = 1"), (1001.0, "a = 1  \nb = 2\n"), (1002.0, "%grader_check"), (1003.0, "new = 1")]
    assert unsaved_cells(saved, ran) == ["new = 1"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("", ("", [])),
        ("project.ipynb", ("project.ipynb", [])),
        ("'my work.ipynb' --budget full", ("my work.ipynb", ["--budget", "full"])),
        ("--budget full project.ipynb", ("project.ipynb", ["--budget", "full"])),
        ("--rubric mine.yaml", ("", ["--rubric", "mine.yaml"])),
        ("--starter template.ipynb", ("", ["--starter", "template.ipynb"])),
        ("--starter template.ipynb project.ipynb", ("project.ipynb", ["--starter", "template.ipynb"])),
    ],
)
def test_the_notebook_stands_first_or_last(line, expected):
    """The rest are options of `grader check`."""
    assert notebook_and_options(line) == expected
