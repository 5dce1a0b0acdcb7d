"""What a run came to: one status and one sentence."""

from __future__ import annotations

import signal
from dataclasses import dataclass

from grader.execution.cells import DIED, CellsResult
from grader.model import CellRun, RunStatus
from grader.sandbox import Breach

NEAR_THE_CAP = 0.85
"""Share of the memory cap beyond which a kernel's sudden death is put down to memory: TensorFlow aborts in C++ when
an allocation is refused, and the watchdog looks ten times a second."""

_DISK_FULL = ("No space left on device", "Errno 28", "File too large", "Errno 27")
_OUT_OF_MEMORY = ("MemoryError", "_ArrayMemoryError", "ResourceExhaustedError")


@dataclass(frozen=True, slots=True)
class Outcome:
    """The run's status, the cell where it went wrong, and the sentence that says how."""

    status: RunStatus
    failed_cell: int | None = None
    message: str | None = None


def outcome_of(result: CellsResult, *, exit_code: int | None, peak_memory: int, memory_cap: int) -> Outcome:
    """Sum up a run. `exit_code` is the kernel's where it ended by itself, memory is in bytes."""
    if result.ended is not None:
        ended = result.ended
        if ended == DIED:
            ended = explain_death(exit_code, peak_memory, memory_cap)
        return Outcome(ended.status, result.stopped_in, _cut_short(result, ended))
    failed = [cell for cell in result.cells if cell.status == "error"]
    if not failed:
        return Outcome("ok")
    for status, told_by in (("disk_full", _is_disk_full), ("out_of_memory", _is_out_of_memory)):
        cell = next((cell for cell in failed if told_by(cell)), None)
        if cell is not None:
            return Outcome(status, cell.index, _failures(cell, failed, result))  # type: ignore[arg-type]
    return Outcome("error", failed[0].index, _failures(failed[0], failed, result))


def explain_death(exit_code: int | None, peak_memory: int, memory_cap: int) -> Breach:
    """Why a kernel that nobody ended may have died."""
    if peak_memory >= NEAR_THE_CAP * memory_cap:
        return Breach(
            "out_of_memory",
            f"the kernel died using {peak_memory >> 20} MiB of the {memory_cap >> 20} MiB of memory allowed",
        )
    how = _signal_name(exit_code)
    hint = ""
    if how in {"SIGKILL", "SIGABRT"}:
        hint = f"; memory may be why (at most {peak_memory >> 20} MiB were seen in use)"
    by = f"by {how}" if how else f"with exit status {exit_code}"
    return Breach("kernel_died", f"the kernel ended {by}{hint}")


def _signal_name(exit_code: int | None) -> str:
    """The signal behind an exit status: negative for a direct child, 128 and more from bubblewrap or a shell."""
    if exit_code is None:
        return ""
    number = -exit_code if exit_code < 0 else exit_code - 128
    try:
        return signal.Signals(number).name
    except ValueError:
        return ""


def _cut_short(result: CellsResult, ended: Breach) -> str:
    if result.stopped_in is None:
        return f"The run was cut short: {ended.message}."
    seconds = next((cell.seconds for cell in result.cells if cell.index == result.stopped_in), 0.0)
    where = f"cell {result.stopped_in + 1} (which had been running for {seconds:.1f} s)"
    not_run = sum(cell.status == "not_run" for cell in result.cells)
    after = "the code cell after it was" if not_run == 1 else f"{not_run} code cells after it were"
    rest = f"; {after} not run" if not_run else ""
    return f"The run was cut short in {where}: {ended.message}{rest}."


def _failures(cell: CellRun, failed: list[CellRun], result: CellsResult) -> str:
    first = f"Cell {cell.index + 1} failed: {cell.exception}: {cell.message}".rstrip(": ")
    return f"{first} ({len(failed)} of {len(result.cells)} code cells failed)"


def _is_disk_full(cell: CellRun) -> bool:
    return any(text in cell.message for text in _DISK_FULL)


def _is_out_of_memory(cell: CellRun) -> bool:
    return cell.exception in _OUT_OF_MEMORY
