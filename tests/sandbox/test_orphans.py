"""A box whose owner was killed before the box could notice is found by its mark, and only that."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from grader.sandbox.orphans import VARIABLE, end_marked, end_orphans, mark_of

pytestmark = pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="marks are read from /proc")

Started = subprocess.Popen[bytes]


@pytest.fixture
def marked() -> Iterator[list[Started]]:
    """Processes with a mark of a dead owner, of an owner whose number is used again, of this one, and with none."""
    owner = subprocess.Popen([sys.executable, "-c", ""])
    owner.wait()
    mine = mark_of("nbg-a")
    again = f"{os.getpid()}:1:nbg-a"
    marks = ({VARIABLE: f"{owner.pid}:5:nbg-a"}, {VARIABLE: again}, {VARIABLE: mine}, {VARIABLE: f"{mine}b"}, {})
    started = [subprocess.Popen(["/bin/sleep", "30"], env=mark) for mark in marks]
    yield started
    for process in started:
        process.kill()
        process.wait()


def lives(process: Started) -> bool:
    try:
        process.wait(0.3)
    except subprocess.TimeoutExpired:
        return True
    return False


def test_only_what_a_dead_owner_left_is_ended(marked: list[Started]) -> None:
    """An owner is known by its number and its start: a number that is in use again is another process."""
    end_orphans()
    assert [lives(process) for process in marked] == [False, False, True, True, True]


def test_a_mark_ends_its_own_box(marked: list[Started]) -> None:
    """Other boxes of the same owner go on."""
    end_marked(mark_of("nbg-a"))
    assert [lives(process) for process in marked] == [True, True, False, True, True]
