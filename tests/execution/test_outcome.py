"""What a run is said to have come to."""

from __future__ import annotations

import pytest

from grader.execution.cells import CellsResult
from grader.execution.outcome import explain_death, outcome_of
from grader.model import CellRun, RunStatus
from grader.sandbox import GIB, MIB, Breach


@pytest.mark.parametrize(
    ("exit_code", "peak", "status", "words"),
    [
        (-6, 3.6 * GIB, "out_of_memory", "of the 4096 MiB"),
        (134, 1.0 * GIB, "kernel_died", "SIGABRT; memory may be why (at most 1024 MiB"),
        (137, 100 * MIB, "kernel_died", "SIGKILL; memory may be why"),
        (-11, 100 * MIB, "kernel_died", "by SIGSEGV"),
        (7, 100 * MIB, "kernel_died", "with exit status 7"),
        (0, 100 * MIB, "kernel_died", "with exit status 0"),
    ],
)
def test_how_a_kernel_died(exit_code: int, peak: float, status: RunStatus, words: str) -> None:
    """Near the memory cap the death is put down to memory; otherwise the signal or exit status is named."""
    breach = explain_death(exit_code, int(peak), 4 * GIB)
    assert breach.status == status
    assert words in breach.message


@pytest.mark.parametrize(
    ("exception", "message", "status"),
    [
        ("ValueError", "no", "error"),
        ("OSError", "[Errno 28] No space left on device", "disk_full"),
        ("MemoryError", "", "out_of_memory"),
        ("_ArrayMemoryError", "Unable to allocate 74. GiB", "out_of_memory"),
    ],
)
def test_a_failed_cell_names_the_limit_it_hit(exception: str, message: str, status: RunStatus) -> None:
    """A full disk or refused memory, told by an exception, is the run's status; the run went on all the same."""
    cells = (CellRun(0, "ok"), CellRun(2, "error", 0.1, exception, message), CellRun(3, "ok"))
    outcome = outcome_of(CellsResult(cells, 1.0), exit_code=None, peak_memory=0, memory_cap=4 * GIB)
    assert (outcome.status, outcome.failed_cell) == (status, 2)
    assert outcome.message is not None
    assert outcome.message.startswith(f"Cell 3 failed: {exception}")


def test_the_sentence_of_a_run_cut_short() -> None:
    """It names the cell, how long it had run, why it ended, and what was not run."""
    cells = (CellRun(0, "ok"), CellRun(1, "interrupted", 12.34), CellRun(2, "not_run"), CellRun(3, "not_run"))
    result = CellsResult(cells, 20.0, 1, Breach("timeout", "it was stopped after 20 s"))
    outcome = outcome_of(result, exit_code=None, peak_memory=0, memory_cap=GIB)
    assert outcome.message == (
        "The run was cut short in cell 2 (which had been running for 12.3 s): it was stopped after 20 s; "
        "2 code cells after it were not run."
    )
