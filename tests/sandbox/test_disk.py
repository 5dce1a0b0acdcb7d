"""Disk use is added up without following links, without end, and also where a file has no name any more."""

from __future__ import annotations

import mmap
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from grader.sandbox import MIB
from grader.sandbox.disk import FolderUse
from grader.sandbox.processes import descendants


def test_files_and_folders_are_counted_once(tmp_path: Path) -> None:
    """Every entry counts as a file, content as the blocks it takes; what a link points at doesn't count."""
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "data").write_bytes(bytes(MIB))
    (tmp_path / "loop").symlink_to(tmp_path)
    use = FolderUse(size_cap=100 * MIB, files_cap=100)
    use.add_folder(str(tmp_path))
    assert use.files == 4
    assert MIB <= use.size < 1.5 * MIB
    assert not use.over


def test_counting_stops_at_the_cap(tmp_path: Path) -> None:
    """A folder of a million files isn't read to its end only to learn that it holds too many."""
    for number in range(50):
        (tmp_path / str(number)).touch()
    use = FolderUse(size_cap=MIB, files_cap=10)
    use.add_folder(str(tmp_path))
    assert use.over
    assert use.files == 11


@pytest.mark.skipif(sys.platform != "linux", reason="descriptors are looked up in /proc")
def test_a_file_without_a_name_counts(tmp_path: Path) -> None:
    """Unlinked but held open, a file takes its space as before."""
    with (tmp_path / "x").open("wb") as file:
        file.write(bytes(MIB))
        file.flush()
        (tmp_path / "x").unlink()
        use = FolderUse(size_cap=100 * MIB, files_cap=100)
        use.add_unlinked([os.getpid()], str(tmp_path))
        use.add_unlinked([os.getpid()], str(tmp_path))
    assert use.size >= MIB
    nothing = FolderUse(size_cap=100 * MIB, files_cap=100)
    nothing.add_unlinked([2**22 + 1], str(tmp_path))
    assert nothing.size == 0


@pytest.mark.skipif(sys.platform != "linux", reason="mappings are looked up in /proc")
def test_a_mapped_file_without_a_name_counts(tmp_path: Path) -> None:
    """Closed and unlinked, a mapped file takes its space as before; one with a name is counted in its folder."""
    kept = []
    for name in ("gone", "here"):
        with (tmp_path / name).open("w+b") as file:
            file.write(bytes(8 * MIB))
            file.flush()
            kept.append(mmap.mmap(file.fileno(), 8 * MIB))
    before, after = FolderUse(100 * MIB, 100), FolderUse(100 * MIB, 100)
    before.add_unlinked([os.getpid()], str(tmp_path))
    (tmp_path / "gone").unlink()
    after.add_unlinked([os.getpid()], str(tmp_path))
    assert after.size - before.size == 8 * MIB
    for mapped in kept:
        mapped.close()


@pytest.mark.skipif(sys.platform != "linux", reason="descriptors are looked up in /proc")
def test_a_descriptor_that_closes_meanwhile_hides_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening and closing one file without end doesn't keep the others from being counted."""
    really, flickering = os.stat, os.open(os.devnull, os.O_RDONLY)

    def stat(path: object, **options: object) -> os.stat_result:
        if str(path).endswith(f"/fd/{flickering}"):
            raise FileNotFoundError(path)
        return really(path, **options)  # type: ignore[arg-type, call-overload]

    with (tmp_path / "x").open("wb") as file:
        assert file.fileno() > flickering
        file.write(bytes(MIB))
        file.flush()
        (tmp_path / "x").unlink()
        monkeypatch.setattr(os, "stat", stat)
        use = FolderUse(100 * MIB, 100)
        use.add_unlinked([os.getpid()], str(tmp_path))
        monkeypatch.undo()
    os.close(flickering)
    assert use.size >= MIB


@pytest.mark.skipif(sys.platform != "linux", reason="a program is looked up in /proc")
def test_a_running_program_without_a_name_counts(tmp_path: Path) -> None:
    """However little of the file is mapped."""
    program = tmp_path / "program"
    program.write_bytes(Path(shutil.which("sleep") or "/bin/sleep").read_bytes() + bytes(8 * MIB))
    program.chmod(0o700)
    running = subprocess.Popen([program, "30"])
    try:
        program.unlink()
        use = FolderUse(100 * MIB, 100)
        use.add_unlinked([running.pid], str(tmp_path))
        assert use.size >= 8 * MIB
    finally:
        running.kill()
        running.wait()


@pytest.mark.skipif(sys.platform != "linux", reason="children are looked up in /proc")
def test_counting_processes_stops_above_the_limit() -> None:
    """Whoever only wants to know whether there are too many doesn't visit them all."""
    children = [os.posix_spawn("/bin/sleep", ["sleep", "20"], {}) for _ in range(6)]
    try:
        assert len(descendants(os.getpid(), stop_above=2)) == 3
        assert set(children) <= set(descendants(os.getpid()))
    finally:
        for child in children:
            os.kill(child, 9)
            os.waitpid(child, 0)
