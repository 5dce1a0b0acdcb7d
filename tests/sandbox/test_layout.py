"""What of a hand-in is shown entry by entry, so that files can be made beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.sandbox.layout import lay_out


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for folder, count in (("data/train/cats", 45), ("data/train/dogs", 45), ("models", 2), ("notebooks/deep", 70)):
        (tmp_path / folder).mkdir(parents=True)
        for number in range(count):
            (tmp_path / folder / f"{number}.png").touch()
    return tmp_path


def test_where_a_notebook_runs_is_never_shown_whole(project: Path) -> None:
    """However much lies there; of the other folders only the small ones are made anew."""
    folders = ["data", "data/train", "data/train/cats", "data/train/dogs", "models", "notebooks"]
    assert lay_out(project, (), (), 800).folders == folders
    assert lay_out(project, (), (), 800, "notebooks/deep").folders == [*folders, "notebooks/deep"]


def test_folders_of_pictures_are_shown_whole_before_others(project: Path) -> None:
    """Where there are too many entries, `models` can still be written to, and always where the notebook runs."""
    assert lay_out(project, (), (), 80, "notebooks").folders == ["data", "data/train", "models", "notebooks"]
    assert lay_out(project, (), (), 2, "notebooks").folders == ["notebooks"]


def test_folders_that_the_code_writes_to_are_made_anew(project: Path) -> None:
    """Even those that hold as much as a folder of pictures does."""
    assert "notebooks/deep" in lay_out(project, ("deep",), (), 800).folders
