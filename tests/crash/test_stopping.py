"""Stopped from outside by any means that lets go gracefully: as by Ctrl-C, nothing is lost and nothing is left."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from .classroom import (
    QUICK,
    assert_complete,
    assert_gone,
    assert_whole,
    family,
    finished,
    grader,
    grades,
    start,
    started_runs,
    write_class,
    write_notebook,
)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_stopped_class_goes_on_where_it_was(tmp_path: Path, name: str) -> None:
    """One sentence, exit status 130, no process left; the same command runs only what was not finished."""
    write_class(tmp_path / "class", ("a1", "a2"))
    write_notebook(tmp_path / "class" / "b.ipynb", "import time; time.sleep(4)", "print('slept')")
    out = tmp_path / "out"
    command = ("grade", tmp_path / "class", "--out", out, *QUICK)
    process = start(*command)
    deadline = time.monotonic() + 90
    while len(done := finished(out)) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    started = family(process.pid)
    process.send_signal(getattr(signal, name))
    _, stderr = process.communicate(timeout=30)
    assert process.returncode == 130
    assert stderr.strip().splitlines()[-1] == (
        "grader: stopped; what was finished is kept, and the same command goes on from here"
    )
    assert_gone(started, out)
    assert_whole(out)
    assert finished(out) == done
    result = grader(*command)
    assert result.returncode == 0
    assert started_runs(result.stderr) == ["b"]
    assert {name: finished(out)[name] for name in done} == done
    assert_complete(out, grades(out))
