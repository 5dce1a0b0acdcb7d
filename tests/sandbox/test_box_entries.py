"""What of a submission's folder is offered to the box."""

from __future__ import annotations

from grader.sandbox.box import plain_entries


def test_earlier_results_are_not_shown_to_the_notebook(tmp_path):
    """A notebook must not read what the grader wrote about it, or about others, beside it."""
    (tmp_path / "data").mkdir()
    (tmp_path / "graded").mkdir()
    (tmp_path / "graded" / "gradebook.db").write_bytes(b"")
    (tmp_path / "wine.csv").write_text("1")
    assert [name for name, _ in plain_entries(tmp_path)] == ["data", "wine.csv"]
