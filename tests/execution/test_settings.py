"""What a stored run has to have in common with a new one."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from grader.execution import RunSettings, settings


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder of pictures as image loaders like it."""
    pictures = tmp_path / "data" / "flowers" / "train" / "roses"
    pictures.mkdir(parents=True)
    (pictures / "1.png").write_text("a rose")
    return tmp_path / "data"


def write_deep(data: Path) -> None:
    """Change a picture's content."""
    (data / "flowers" / "train" / "roses" / "1.png").write_text("a wild rose")


def add_deep(data: Path) -> None:
    """Add a picture."""
    (data / "flowers" / "train" / "roses" / "2.png").write_text("a rose")


def add_folder(data: Path) -> None:
    """Add a class of which there are no pictures."""
    (data / "flowers" / "train" / "tulips").mkdir()


def rename_folder(data: Path) -> None:
    """Rename a class."""
    (data / "flowers" / "train" / "roses").rename(data / "flowers" / "train" / "tulips")


@pytest.mark.parametrize("change", [write_deep, add_deep, add_folder, rename_folder])
def test_data_that_changed_is_other_data(data: Path, change: Callable[[Path], None]) -> None:
    """However deep it lies: a run with other data never stands for one with these."""
    before = RunSettings("none", data=data).identity()
    assert RunSettings("none", data=data).identity() == before
    change(data)
    assert RunSettings("none", data=data).identity() != before


def test_very_large_data_is_told_apart_by_its_folders(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond a bound no file is looked at, and a folder that got another one is still another folder."""
    monkeypatch.setattr(settings, "MAX_LISTED", 2)
    roses = data / "flowers" / "train" / "roses"
    os.utime(roses, ns=(1, 1))
    before = RunSettings("none", data=data).identity()
    assert ".png" not in str(before["data"])
    add_deep(data)
    assert RunSettings("none", data=data).identity() != before


def test_links_are_followed_once(data: Path) -> None:
    """Data on another disk is told apart as well, and a link to a folder above ends nowhere."""
    disk = data.parent / "disk"
    disk.mkdir()
    (disk / "large.npz").write_text("1")
    (data / "disk").symlink_to(disk)
    (data / "flowers" / "all").symlink_to(data)
    before = RunSettings("none", data=data).identity()
    (disk / "large.npz").write_text("12")
    assert RunSettings("none", data=data).identity() != before
