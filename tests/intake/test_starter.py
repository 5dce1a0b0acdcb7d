"""Reading the assignment's template."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.errors import StarterError
from grader.intake.starter import load_starter


def test_templates_of_any_form_are_read(tmp_path: Path, write_notebook) -> None:
    """A notebook, a text and a script give their cells."""
    notebook = write_notebook("x = 1", "md: Explain the loss.")
    (tmp_path / "task.md").write_text("Hand in by Friday.")
    (tmp_path / "begin.py").write_text("# %%\ny = 2\n")
    read = load_starter((notebook, tmp_path / "task.md", tmp_path / "begin.py"))
    assert [cell.kind for cell in read] == ["code", "markdown", "markdown", "code"]


@pytest.mark.parametrize("name", ["nowhere.ipynb", "nowhere.md"])
def test_a_template_that_cant_be_read_is_named(tmp_path: Path, name: str) -> None:
    """The message says which file and why."""
    with pytest.raises(StarterError, match=name):
        load_starter((tmp_path / name,))
