"""One grader at a time works in a folder of results, and puts it in order before anything else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from grader.claiming import LOCK, WORK_FOLDER, claimed
from grader.durable import READY, STAGED
from grader.errors import ResultsError
from grader.gradebook import Gradebook
from grader.resources import GRADEBOOK

HOLDER = (
    "import sys, time\nfrom pathlib import Path\nfrom grader.claiming import claimed\n"
    "with claimed(Path(sys.argv[1])):\n    print('held', flush=True)\n    time.sleep(60)\n"
)


def test_a_second_grader_is_told_who_is_at_work(tmp_path: Path) -> None:
    """It is refused with the other's process id, and may work as soon as that one is gone, however it went."""
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(ResultsError, match=rf"process {holder.pid}\) is at work in {tmp_path}"), claimed(tmp_path):
        pass
    holder.kill()
    holder.wait()
    holder.stdout.close()
    with claimed(tmp_path):
        assert (tmp_path / LOCK).read_text() == f"{os.getpid()}\n"


def test_what_a_killed_grader_left_is_put_in_order(tmp_path: Path) -> None:
    """Whole files go to their places; half-written ones, recorded rows and unfinished files go; references stay."""
    for place, name, content in (
        (f"alice/{READY}", "grade.json", "new"),
        (f"bob/{STAGED}", "grade.json", "half"),
        (STAGED, "index.html", "half"),
        (f"{WORK_FOLDER}/alice/artifacts", "a1.npy", "rows"),
        (f"{WORK_FOLDER}/references", "abc.json", "trained"),
        (f"{WORK_FOLDER}/references/0123456789abcdef", "abc123.part", "half"),
        ("alice", f".report.html.{2**22 + 1}.00.tmp", "half"),
        ("alice", "grade.json", "old"),
        ("bob", "grade.json", "old"),
    ):
        (tmp_path / place).mkdir(parents=True, exist_ok=True)
        (tmp_path / place / name).write_text(content)
    with claimed(tmp_path):
        files = {str(path.relative_to(tmp_path)): path.read_text() for path in tmp_path.rglob("*") if path.is_file()}
    assert files == {
        LOCK: f"{os.getpid()}\n",
        "alice/grade.json": "new",
        "bob/grade.json": "old",
        f"{WORK_FOLDER}/references/abc.json": "trained",
    }
    assert not (tmp_path / "alice" / READY).exists()
    assert not (tmp_path / "bob" / STAGED).exists()


@pytest.mark.parametrize("damage", ["header", "middle"])
def test_a_damaged_gradebook_is_refused_and_left_alone(tmp_path: Path, damage: str) -> None:
    """What to do stands in the message; not a byte of it is changed."""
    with Gradebook.open(tmp_path) as book:
        for number in range(50):
            book.override(f"s{number}", "model", "proficient", author="ta", reason="x" * 400)
    path = tmp_path / GRADEBOOK
    content = bytearray(path.read_bytes())
    place = 0 if damage == "header" else len(content) // 2
    content[place : place + 3000] = b"\xa5" * 3000
    path.write_bytes(content)
    with pytest.raises(ResultsError, match=r"is damaged, or is none .*sqlite3 gradebook\.db \.recover"):
        Gradebook.open(tmp_path)
    assert path.read_bytes() == bytes(content)
