"""A disk that really is full: the command says which, what is needed, and goes on once there is room."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from reports.example_class import rich_evidence, rich_grade

from grader.errors import StorageFullError
from grader.gradebook import Gradebook
from grader.model import Result
from grader.regrading import write_class, write_submission
from grader.rubrics import load_rubric

from .classroom import (
    GRADER,
    QUICK,
    assert_complete,
    assert_whole,
    decided,
    finished,
    grader,
    grades,
    leftovers,
    started_runs,
    write_notebook,
)
from .classroom import write_class as hand_in

FEW = ("s0", "s1", "s2")
MEGABYTE = 1024 * 1024

MakeDisk = Callable[[int], Path]


@pytest.fixture
def make_disk(tmp_path: Path) -> Iterator[MakeDisk]:
    """Mount small disks (of a size in bytes) under the test's folder; only root can."""
    made: list[Path] = []

    def make(size: int) -> Path:
        place = tmp_path / f"disk{len(made)}"
        place.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=1777", "tmpfs", str(place)]
        if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode != 0:
            pytest.skip("mounting a small disk needs root and the right to mount")
        made.append(place)
        return place

    yield make
    for place in made:
        subprocess.run(["umount", "-l", str(place)], check=True)


def fill(disk: Path, *, leave: int) -> Path:
    """Take all room of a disk but `leave` bytes; removing the file frees it."""
    ballast = disk / "ballast"
    size = shutil.disk_usage(disk).free - leave
    with ballast.open("wb") as file:
        file.write(b"\0" * size)
    return ballast


def assert_says_full(result: subprocess.CompletedProcess[str], folder: Path) -> None:
    """One sentence, exit status 3: the folder, the need, what to do."""
    complaint = [line for line in result.stderr.splitlines() if line.startswith("grader: ")]
    assert result.returncode == 3, result
    assert len(complaint) == 1
    assert f"the disk of {folder}" in complaint[0]
    assert "free at least" in complaint[0]
    assert "give the same command again; what was finished is kept" in complaint[0]
    assert "Traceback" not in result.stderr


@pytest.mark.slow
def test_a_class_on_a_full_disk_goes_on_once_there_is_room(make_disk: MakeDisk, tmp_path: Path) -> None:
    """What was finished and decided before stays byte for byte; later nothing of it is run again."""
    disk = make_disk(6 * MEGABYTE)
    out = disk / "out"
    hand_in(tmp_path / "class", FEW)
    command = ("grade", tmp_path / "class", "--out", out, *QUICK)
    hand_in(tmp_path / "first", FEW[:2])
    assert grader("grade", tmp_path / "first", "--out", out, *QUICK).returncode == 0
    with Gradebook.open_existing(out) as book:
        book.override("s2", "model", "proficient", author="ta", reason="seen")
    before, people = finished(out), decided(out)
    ballast = fill(disk, leave=MEGABYTE + 40_000)  # room enough to begin, not for a report
    assert_says_full(grader(*command), out)
    assert_whole(out)
    assert (finished(out), decided(out)) == (before, people)
    ballast.unlink()
    result = grader(*command)
    assert result.returncode == 0, result.stderr
    assert sorted(started_runs(result.stderr)) == ["s2"]
    assert decided(out) == people
    assert json.loads((out / "s2" / "grade.json").read_text())["criteria"]["model"]["decided"]["reason"] == "seen"
    assert_complete(out, grades(out))


def test_no_room_to_begin_is_said_before_anything_runs(make_disk: MakeDisk, tmp_path: Path) -> None:
    """A class is not run for an hour to fail at its first report."""
    disk = make_disk(4 * MEGABYTE)
    hand_in(tmp_path / "class", FEW)
    fill(disk, leave=300_000)
    result = grader("grade", tmp_path / "class", "--out", disk / "out", *QUICK)
    assert_says_full(result, disk / "out")
    assert started_runs(result.stderr) == []


def test_boxes_without_room_end_the_command(make_disk: MakeDisk, tmp_path: Path) -> None:
    """Where the folder of temporary files is full no box can be made: no student is given a failure for it."""
    disk = make_disk(2 * MEGABYTE)
    fill(disk, leave=8_000)
    hand_in(tmp_path / "class", FEW)
    assert_says_full(grader("grade", tmp_path / "class", "--out", tmp_path / "out", *QUICK, TMPDIR=str(disk)), disk)
    assert finished(tmp_path / "out") == {}
    assert not any((tmp_path / "out").glob("*/grade.json"))


RECORDS = """
import numpy, keras
rows = numpy.zeros((60_000, 40), 'float32') + numpy.arange(60_000, dtype='float32')[:, None]
model = keras.Sequential([keras.Input((40,)), keras.layers.Dense(2, activation='softmax')])
model.compile('adam', 'sparse_categorical_crossentropy', metrics=['accuracy'])
model.evaluate(rows, numpy.zeros(60_000, 'int64'), verbose=0)
"""


@pytest.mark.slow
def test_rows_that_can_not_be_recorded_are_no_tampering(make_disk: MakeDisk, tmp_path: Path) -> None:
    """A disk that fills up while a run is watched ends the command; the notebook is not suspected of anything."""
    disk = make_disk(3 * MEGABYTE)
    write_notebook(tmp_path / "class" / "s0.ipynb", RECORDS)
    result = grader("grade", tmp_path / "class", "--out", disk / "out", *QUICK)
    assert_says_full(result, disk / "out")
    assert finished(disk / "out") == {}


# ---------------------------------------------------------------- each file, through every amount of room left
def write_graded(out: Path, notebook: str) -> None:
    """Write a graded submission, and the class of it alone, as the pipeline does."""
    rubric = load_rubric("unit1")
    grade = replace(rich_grade(), notebook=notebook)
    evidence = replace(rich_evidence(), submission=grade.submission, notebook=notebook)
    with Gradebook.open(out) as book:
        digest = write_submission(out, rubric, evidence, grade, b'{"cells": [], "x": "' + b"y" * 30_000 + b'"}')
        book.record(Result.of_grade(grade), notebook, digest)
        write_class(out, rubric, book.results())


def test_full_at_every_file_in_turn(make_disk: MakeDisk) -> None:
    """With ever more room left the disk fills at the evidence, the grade, the report, the gradebook, the class page:
    each time the old files stand whole and together, or the new ones do, and the gradebook with them.
    """
    disk = make_disk(4 * MEGABYTE)
    out = disk / "out"
    write_graded(out, "old")
    folder = next(path for path in out.iterdir() if path.is_dir())
    complaints = []
    for step in range(80):
        ballast = fill(disk, leave=step * 8192)
        try:
            write_graded(out, "new")
        except StorageFullError as full:
            complaints.append(str(full))
        else:
            break
        finally:
            ballast.unlink()  # SQLite can't even read without room for its index of the log
        assert_whole(out)
        assert len({b'"new"' in (folder / name).read_bytes() for name in ("evidence.json", "grade.json")}) == 1
        write_graded(out, "old")
    assert len(complaints) >= 10
    assert all(complaint.startswith(f"the disk of {disk}") for complaint in complaints)
    assert [row.notebook for row in Gradebook.open(out).results()] == ["new"]
    assert [name for name in leftovers(out) if "gradebook" not in name] == []


def test_a_gradebook_without_room_keeps_what_it_has(make_disk: MakeDisk) -> None:
    """SQLite's own "disk full" is told like any other; the rows and decisions before it are all there."""
    disk = make_disk(MEGABYTE)
    stored = 0
    with Gradebook.open(disk) as book:
        book.override("a", "model", "exemplary", author="ta", reason="seen")
        with pytest.raises(StorageFullError, match=f"the disk of {disk} is full"):  # noqa: PT012 - which one is open
            while stored < 10_000:
                book.record(Result(f"s{stored}", "n", "ok", None, 1.0, review_reasons=("x" * 3000,)), "f")
                stored += 1
        assert 0 < len(book.results()) == stored
    with Gradebook.open(disk) as book:
        assert len(book.results()) == stored
        assert len(book.overrides()) == len(book.audit()) == 1
    with closing(sqlite3.connect(disk / "gradebook.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_an_ordinary_user_meets_a_full_disk(tmp_path: Path) -> None:
    """The same sentence where nobody is root: a box with a small disk of its own stands for the machine."""
    if shutil.which("bwrap") is None:
        pytest.skip("needs bubblewrap to make a small disk without root")
    hand_in(tmp_path / "class", FEW)
    small = ["bwrap", "--dev-bind", "/", "/", "--size", str(2 * MEGABYTE), "--tmpfs", str(tmp_path / "disk")]
    (tmp_path / "disk").mkdir()
    check = ["grade", str(tmp_path / "class"), "--out", str(tmp_path / "disk" / "out"), *QUICK, "--unsafe-no-sandbox"]
    filled = f"head -c 1500000 /dev/zero > {tmp_path}/disk/ballast; exec " + " ".join([GRADER, *check])
    result = subprocess.run([*small, "sh", "-c", filled], capture_output=True, text=True, timeout=120, check=False)
    if "bwrap:" in result.stderr:
        pytest.skip(f"bubblewrap does not work here: {result.stderr.strip()}")
    assert_says_full(result, tmp_path / "disk" / "out")
