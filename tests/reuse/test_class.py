"""Nothing is done twice: identical hand-ins, resubmissions, another class, a student's own check."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.crash.classroom import QUICK as USUAL
from tests.crash.classroom import grader, started_runs, write_notebook

QUICK = (*USUAL, "--no-warm-start")
CODE = ("total = sum(range(10))", "print(total)")


def grades(out: Path, *names: str) -> list[bytes]:
    return [(out / name / "grade.json").read_bytes() for name in names]


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A class in which two handed in the same, graded once; its cache is its own."""
    folder = tmp_path_factory.mktemp("reuse")
    for name in ("ann", "ben"):
        write_notebook(folder / "class" / f"{name}.ipynb", "# The same work, handed in by two", *CODE)
    write_notebook(folder / "class" / "cleo.ipynb", "# Own work", "print(sum(range(10)))", "# The sum is 45.")
    planting = f"import os, pathlib\npathlib.Path('{folder / 'cache' / 'results'}').mkdir(parents=True, exist_ok=True)"
    planting += f"\npathlib.Path('{folder / 'cache' / 'results' / 'planted'}').write_text('mine')"
    write_notebook(
        folder / "class" / "dead.ipynb", f"try:\n    exec({planting!r})\nfinally:\n    os.kill(os.getpid(), 9)"
    )
    first = grader("grade", folder / "class", "--out", folder / "first", *QUICK, GRADER_CACHE=str(folder / "cache"))
    assert first.returncode == 0, first.stderr
    assert started_runs(first.stderr).count("dead") == 1
    assert len(started_runs(first.stderr)) == 3  # of ann and ben only one
    assert not (folder / "cache" / "results" / "planted").exists()  # no box reaches it
    return folder


@pytest.mark.slow
def test_identical_hand_ins_are_said_to_be_so_to_staff(room):
    """Both have whole results of their own; staff read who else handed it in, students don't."""
    ann, ben = (json.loads(grade) for grade in grades(room / "first", "ann", "ben"))
    assert ann | {"submission": "ben", "notebook": "ben.ipynb"} == ben
    assert "identical to those of ben" in (room / "first" / "ann" / "staff.html").read_text()
    assert "identical to those of ann" in (room / "first" / "ben" / "staff.html").read_text()
    assert "identical" not in (room / "first" / "cleo" / "staff.html").read_text()
    assert not re.search(r"\bann\b", (room / "first" / "ben" / "report.html").read_text())
    again = grader("regrade", room / "first")
    assert again.returncode == 0, again.stderr
    assert "identical to those of ben" in (room / "first" / "ann" / "staff.html").read_text()


@pytest.mark.slow
def test_another_class_runs_nothing_again(room):
    """What was measured before comes from the cache, and grades are the same to the byte; a dead kernel is tried again."""
    other = grader("grade", room / "class", "--out", room / "second", *QUICK, GRADER_CACHE=str(room / "cache"))
    assert started_runs(other.stderr) == ["dead"], other.stderr
    assert grades(room / "second", "ann", "ben", "cleo") == grades(room / "first", "ann", "ben", "cleo")
    for name in ("evidence.json", "executed.ipynb"):
        assert (room / "second" / "cleo" / name).read_bytes() == (room / "first" / "cleo" / name).read_bytes()


@pytest.mark.slow
def test_a_changed_text_runs_nothing_and_changed_code_runs(room, tmp_path):
    """A resubmission runs only what changed: text is read anew, under the run that was there."""
    cache = {"GRADER_CACHE": str(room / "cache")}
    write_notebook(
        tmp_path / "class" / "cleo.ipynb", "# My work", "print(sum(range(10)))", "# It is 45, as I expected."
    )
    write_notebook(tmp_path / "class" / "dan.ipynb", "# Own work", "print(sum(range(11)))", "# The sum is 45.")
    result = grader("grade", tmp_path / "class", "--out", tmp_path / "out", *QUICK, **cache)
    assert started_runs(result.stderr) == ["dan"], result.stderr
    executed = json.loads((tmp_path / "out" / "cleo" / "executed.ipynb").read_text())
    assert "".join(executed["cells"][2]["source"]) == "# It is 45, as I expected."
    assert "".join(executed["cells"][1]["outputs"][0]["text"]) == "45\n"
    assert "as I expected" in (tmp_path / "out" / "cleo" / "evidence.json").read_text()
    nothing = grader("grade", tmp_path / "class", "--out", tmp_path / "none", *QUICK, "--no-cache", **cache)
    assert sorted(started_runs(nothing.stderr)) == ["cleo", "dan"]
    assert [re.sub(rb'"wall_s": [0-9.]+', b"", grade) for grade in grades(tmp_path / "none", "cleo", "dan")] == [
        re.sub(rb'"wall_s": [0-9.]+', b"", grade) for grade in grades(tmp_path / "out", "cleo", "dan")
    ]


@pytest.mark.slow
def test_a_check_takes_what_the_class_found(room, tmp_path):
    """The student's own check needs no run where the very same was graded; `--rerun` makes one."""
    notebook = tmp_path / "work.ipynb"
    notebook.write_bytes((room / "class" / "cleo.ipynb").read_bytes())
    options = ("--reference-budget", "0", "--timeout", "60", "--no-warm-start")
    cache = {"GRADER_CACHE": str(room / "cache")}
    for more, runs in (((), []), (("--rerun",), ["work"])):
        assert started_runs(grader("check", notebook, *options, *more, **cache).stderr) == runs
