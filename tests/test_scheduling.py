"""Using the machine: what it carries, who begins when, in which order, and how long the rest takes."""

from __future__ import annotations

import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from grader.cli import watch
from grader.cli.watch import Pace
from grader.errors import RunnerError
from grader.scheduling import machine
from grader.scheduling.admission import Admission
from grader.scheduling.machine import GIGABYTE, available_memory, cores, jobs_for, threads_for
from grader.scheduling.order import longest_first


# ---------------------------------------------------------------- the machine
@pytest.fixture
def container(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine of eight cores and 64 GB, as a container with limits of its own sees it."""
    monkeypatch.setattr(machine, "CGROUPS", tmp_path)
    monkeypatch.setattr(machine, "_groups", lambda _: [tmp_path])
    monkeypatch.setattr(machine.os, "sched_getaffinity", lambda _: range(8), raising=False)
    monkeypatch.setattr(machine.psutil, "virtual_memory", lambda: SimpleNamespace(available=64 * GIGABYTE))
    return tmp_path


def test_a_machine_without_limits(container: Path) -> None:
    """All cores, as far as memory carries them; never more than there are submissions, never none."""
    (container / "cpu.max").write_text("max 100000\n")
    (container / "memory.max").write_text("max\n")
    assert (cores(), available_memory()) == (8, 64 * GIGABYTE)
    assert [jobs_for("auto", number) for number in (100, 3, 0)] == [8, 3, 1]
    assert jobs_for("5", 100) == 5


@pytest.mark.parametrize("version", [1, 2])
def test_a_container_is_not_the_machine(container: Path, version: int) -> None:
    """Quota and memory of the control group count, whichever version it is; cached file pages can be given back."""
    if version == 2:
        files = {"cpu.max": "250000 100000", "memory.max": str(8 * GIGABYTE), "memory.current": str(4 * GIGABYTE)}
        files["memory.stat"] = f"anon 1\ninactive_file {2 * GIGABYTE}"
    else:
        files = {"cpu.cfs_quota_us": "250000", "cpu.cfs_period_us": "100000"}
        files |= {"memory.limit_in_bytes": str(8 * GIGABYTE), "memory.usage_in_bytes": str(4 * GIGABYTE)}
        files["memory.stat"] = f"total_inactive_file {2 * GIGABYTE}"
    for name, text in files.items():
        (container / name).write_text(text + "\n")
    assert cores() == 3
    assert available_memory() == 6 * GIGABYTE
    assert jobs_for("auto", 100) == 2


def test_a_class_computes_with_one_thread_each(container: Path) -> None:
    """However many run side by side: a score must not depend on how busy the machine is. One alone has all cores."""
    assert (threads_for(1), threads_for(2), threads_for(300)) == (8, 1, 1)


# ---------------------------------------------------------------- admission and order
def test_a_run_waits_for_memory_and_never_for_ever() -> None:
    """The first begins whatever there is; the second where memory is free, or when the first has ended."""
    free = [0]
    admission = Admission(threading.Event(), lambda: free[0], 0.01)
    begun = threading.Event()

    def second() -> None:
        with admission.admitted():
            begun.set()

    with admission.admitted():
        waiting = threading.Thread(target=second)
        waiting.start()
        assert not begun.wait(0.05)
        free[0] = 2 * GIGABYTE
        assert begun.wait(10)
    waiting.join()
    free[0] = 0
    with admission.admitted():
        pass  # nobody is at work any more


def test_who_waits_hears_ctrl_c() -> None:
    """A class that is stopped does not begin another run."""
    stop = threading.Event()
    admission = Admission(stop, lambda: 0, 0.01)
    with admission.admitted():
        stop.set()
        with pytest.raises(RunnerError), admission.admitted():
            pass


def test_the_longest_comes_first() -> None:
    """What is not known stands where the median is; with nothing known the order stays."""
    known = {"short": 5.0, "long": 60.0, "middle": 20.0}
    assert longest_first(["short", "new", "middle", "long"], str, known) == ["long", "new", "middle", "short"]
    assert longest_first(["b", "a"], str, {}) == ["b", "a"]


# ---------------------------------------------------------------- time left
@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr(watch.time, "monotonic", lambda: now[0])
    return now


def run(pace: Pace, clock: list[float], name: str, seconds: float) -> None:
    pace.begun(name)
    clock[0] += seconds
    pace.finished(name, reused=False)


def test_nothing_is_promised_from_a_single_run(clock: list[float]) -> None:
    """The first may be the odd one; from two on the mean counts."""
    pace = Pace(4, 1)
    run(pace, clock, "a", 100)
    assert pace.left() == ""
    run(pace, clock, "b", 200)
    assert pace.left() == "about 5 min left"


def test_earlier_times_are_told_at_once_and_set_right(clock: list[float]) -> None:
    """Known from before: a machine that turns out twice as slow makes the rest twice as long."""
    pace = Pace(3, 1)
    pace.expect({"a": 60.0, "b": 120.0, "c": 60.0})
    assert pace.left() == "about 4 min left"
    run(pace, clock, "a", 120)
    assert pace.left() == "about 6 min left"


def test_what_needs_no_run_takes_no_time(clock: list[float]) -> None:
    """A thousand stored submissions and one to be run: the one counts."""
    pace = Pace(1001, 2)
    pace.expect({"new": 50.0})
    assert pace.left() == "about 50 s left"
    for number in range(1000):
        pace.finished(f"old{number}", reused=True)
    assert pace.left() == "about 50 s left"


def test_it_never_ends_before_the_longest(clock: list[float]) -> None:
    """Two cores don't halve one notebook."""
    pace = Pace(2, 2)
    pace.expect({"long": 600.0, "short": 10.0})
    assert pace.left() == "about 10 min left"
