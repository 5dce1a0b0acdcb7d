"""Disk use is added up without following links, without end, and also where a file has no name any more."""

from __future__ import annotations

import os
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
        use.add_unlinked([os.getpid()])
        use.add_unlinked([os.getpid()])
    assert use.size >= MIB
    nothing = FolderUse(size_cap=100 * MIB, files_cap=100)
    nothing.add_unlinked([2**22 + 1])
    assert nothing.size == 0


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
