"""Stopping one of the grader's own scripts from another thread."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from grader.errors import SandboxError
from grader.model import Tier
from grader.sandbox import Box, Sandbox, run_script

from .conftest import SMALL


def test_a_stopped_script_ends_at_once_and_gives_no_result(tier: Tier, tmp_path: Path) -> None:
    """Ctrl-C during a recomputation ends its box; half a result is never taken for a whole one."""
    script = tmp_path / "endless.py"
    script.write_text("import time\nprint('begun', flush=True)\ntime.sleep(60)\n")
    stop = threading.Event()
    timer = threading.Timer(1.0, stop.set)
    timer.start()
    began = time.monotonic()
    with pytest.raises(SandboxError, match="stopped"):
        run_script(script, {}, {}, tier=tier, limits=replace(SMALL, wall_s=60.0), stop=stop)
    timer.join()
    assert time.monotonic() - began < 20


def test_nothing_outlives_a_keeper_that_was_killed(tier: Tier, tmp_path: Path) -> None:
    """Where the process that holds a box is killed from outside, closing the box ends what it held."""
    box = Box(tier, replace(SMALL, wall_s=60.0))
    with Sandbox(box) as sandbox:
        code = "import subprocess, time; subprocess.Popen(['sleep', '61'], start_new_session=True); time.sleep(60)"
        process = sandbox.start([box.python, "-c", code])
        deadline = time.monotonic() + 20
        inside: list[psutil.Process] = []
        while not any("61" in one.cmdline() for one in inside) and time.monotonic() < deadline:
            time.sleep(0.3)  # the watchdog looks ten times a second
            inside = [one for one in psutil.Process(process.pid).children(recursive=True) if one.is_running()]
        process.kill()
        process.wait()
    assert len(inside) >= 2
    _, alive = psutil.wait_procs(inside, timeout=3)
    assert [one for one in alive if one.status() != psutil.STATUS_ZOMBIE] == []
