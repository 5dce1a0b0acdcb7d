"""Stopping one of the grader's own scripts from another thread."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from grader.errors import SandboxError
from grader.model import Tier
from grader.sandbox import run_script

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
