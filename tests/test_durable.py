"""Files are whole whatever happens to their writer, and files that belong together change together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from grader.durable import READY, STAGED, finish_replacing, remove_orphans, replace_together, write_atomically
from grader.errors import ResultsError, StorageFullError


def names(folder: Path) -> list[str]:
    return sorted(item.name for item in folder.iterdir())


def fill_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)


def test_a_full_disk_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The old content stays, no temporary file is left, and the message names the folder, the need and the cure."""
    path = tmp_path / "report.html"
    write_atomically(path, "old")
    fill_the_disk(monkeypatch)
    with pytest.raises(StorageFullError, match=r"the disk of .* is full .*: free at least 1,954 KB there"):
        write_atomically(path, "x" * 2_000_000)
    assert path.read_text() == "old"
    assert names(tmp_path) == ["report.html"]


def test_another_fault_of_the_disk_is_not_called_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken disk says so; the old file stands."""
    path = tmp_path / "report.html"
    write_atomically(path, "old")

    def broken(_: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(ResultsError, match="Input/output error"):
        write_atomically(path, "new")
    assert path.read_text() == "old"


def test_a_killed_writer_never_leaves_half_a_file(tmp_path: Path) -> None:
    """A process that is killed while it writes leaves the old content or the new one, whole."""
    path = tmp_path / "big.txt"
    code = (
        "import sys, pathlib\nfrom grader.durable import write_atomically\n"
        "number = 0\nwhile True:\n    number += 1\n"
        "    write_atomically(pathlib.Path(sys.argv[1]), str(number % 10) * 2_000_000)\n"
    )
    for pause in (0.05, 0.11, 0.17):
        writer = subprocess.Popen([sys.executable, "-c", code, str(path)])
        deadline = time.monotonic() + 60
        while not path.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(pause)
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        content = path.read_text()
        assert len(content) == 2_000_000
        assert len(set(content)) == 1
    remove_orphans(tmp_path)
    assert names(tmp_path) == ["big.txt"]


def test_what_a_living_process_writes_is_left_to_it(tmp_path: Path) -> None:
    """Only unfinished files of the dead are removed, and nothing else that begins with a dot."""
    mine, dead = tmp_path / f".a.html.{os.getpid()}.0123.tmp", tmp_path / f".a.html.{2**22 + 1}.0123.tmp"
    for path in (mine, dead, tmp_path / ".hidden", tmp_path / "a.b.c.d.tmp"):
        path.write_text("x")
    remove_orphans(tmp_path)
    assert names(tmp_path) == sorted([mine.name, ".hidden", "a.b.c.d.tmp"])


def test_files_change_together(tmp_path: Path) -> None:
    """New content, no content (the file goes), and a file that was not there; nothing else is left behind."""
    (tmp_path / "executed.ipynb").write_text("old")
    (tmp_path / "grade.json").write_text("old")
    replace_together(tmp_path, {"grade.json": "new", "executed.ipynb": b"", "report.html": "new"})
    assert names(tmp_path) == ["grade.json", "report.html"]
    assert {path.read_text() for path in tmp_path.iterdir()} == {"new"}


def test_what_is_as_it_should_be_is_not_written_again(tmp_path: Path) -> None:
    """An equal file keeps its place on the disk: judging an unchanged class again wears nothing out."""
    replace_together(tmp_path / "alice", {"grade.json": "same", "report.html": "old"})
    before = (tmp_path / "alice" / "grade.json").stat()
    replace_together(tmp_path / "alice", {"grade.json": "same", "report.html": "new"})
    assert (tmp_path / "alice" / "grade.json").stat().st_ino == before.st_ino
    assert (tmp_path / "alice" / "report.html").read_text() == "new"


class Killed(BaseException):
    """Stands for SIGKILL at a chosen step: nothing catches it."""


@pytest.mark.parametrize("step", range(13))
def test_killed_at_any_step_it_is_all_old_or_all_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """Stopped dead before each call that touches the disk in turn, the mended folder is never a mixture."""
    old = {"evidence.json": "1", "grade.json": "1", "report.html": "1"}
    replace_together(tmp_path, old)
    calls = 0

    def dies(real):  # type: ignore[no-untyped-def]
        def call(*arguments, **options):  # type: ignore[no-untyped-def]
            nonlocal calls
            calls += 1
            if calls > step:
                raise Killed
            return real(*arguments, **options)

        return call

    with monkeypatch.context() as patch:
        for name in ("fsync", "replace", "rename", "rmdir", "mkdir"):
            patch.setattr(os, name, dies(getattr(os, name)))
        try:
            replace_together(tmp_path, dict.fromkeys(old, "2"))
        except Killed:
            died = True
        else:
            died = False
    assert died == (step < 12)
    finish_replacing(tmp_path)
    assert names(tmp_path) == sorted(old)
    assert len({(tmp_path / name).read_text() for name in old}) == 1


def test_a_full_disk_leaves_all_the_old_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the new files have no room the old ones stand together."""
    replace_together(tmp_path, {"evidence.json": "1", "grade.json": "1"})
    with monkeypatch.context() as patch:
        fill_the_disk(patch)
        with pytest.raises(StorageFullError):
            replace_together(tmp_path, {"evidence.json": "2", "grade.json": "2"})
    assert names(tmp_path) == ["evidence.json", "grade.json"]
    assert {path.read_text() for path in tmp_path.iterdir()} == {"1"}


def test_half_written_files_never_count(tmp_path: Path) -> None:
    """What lay in the folder of unfinished files at the kill is dropped, what was ready is moved into place."""
    for folder, content in ((STAGED, "half"), (READY, "whole")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "grade.json").write_text(content)
    finish_replacing(tmp_path)
    assert names(tmp_path) == ["grade.json"]
    assert (tmp_path / "grade.json").read_text() == "whole"
