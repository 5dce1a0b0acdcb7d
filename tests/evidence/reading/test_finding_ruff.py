"""The linter's program is found, whoever asks first."""

from __future__ import annotations

import subprocess
import sys


def test_two_threads_can_lint_first() -> None:
    """Nobody has asked Python where programs lie: both of two threads that ask at once are told."""
    code = (
        "import sys, threading\nsys.setswitchinterval(1e-6)\nfrom grader.evidence.reading.lint import _program\n"
        "begin, said = threading.Barrier(8), []\n"
        "def ask():\n    begin.wait()\n    said.append(_program())\n"
        "threads = [threading.Thread(target=ask) for _ in range(8)]\n"
        "[item.start() for item in threads]\n[item.join() for item in threads]\nprint(len(said))\n"
    )
    for _ in range(3):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == "8", done.stderr[-500:]
