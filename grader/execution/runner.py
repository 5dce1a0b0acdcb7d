"""The disposable process that talks to one kernel: `python -m grader.execution.runner FOLDER PARENT [ENTRANCE]`.

Forged messages, floods and faults of the libraries that read them end at worst this process. It reads its job from
FOLDER and leaves the run there; news go to stdout, one line of JSON each. It ends, and its box with it, when its
stdin closes or its parent dies.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import json
import logging
import os
import signal
import socket
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from grader.durable import FULL, has_space, storage_full
from grader.errors import SandboxError, StorageFullError
from grader.execution.allowance import budget_variables
from grader.execution.cells import (
    BoxedNotebookClient,
    CellsResult,
    CellsRunner,
)
from grader.execution.channel import ChannelParser, ChannelReader, open_channel
from grader.execution.kernel import kernel_manager
from grader.execution.notebook import new_notebook, write_notebook
from grader.execution.outcome import Outcome, outcome_of
from grader.execution.products import written_files
from grader.execution.scripts import script_options
from grader.execution.settings import PROBE_OFFER, RunProgress, RunSettings
from grader.execution.store import ARTIFACTS, EVENTS, EXIT_STORAGE_FULL, NOTEBOOK, Job, read_job, write_run
from grader.execution.waits import INTERRUPT_GRACE_S, OUTPUT_WAIT_S, STARTUP_S
from grader.execution.warming import KERNEL_VARIABLES, entrance_of
from grader.model import Run, Submission
from grader.probe.programs.mapping import URLS_VARIABLE
from grader.probe.wire import FD_VARIABLE, TOP_VARIABLE
from grader.sandbox import GIB, Box, Offer, Sandbox
from grader.sandbox.warm import Entrance
from grader.urls import mapping_json, offered_names

RUNNER_MEMORY = 2 * GIB
"""RLIMIT_DATA of this process: 200 MB in honest use; a hostile message must not take the machine's."""

_PR_SET_PDEATHSIG = 1

_KERNEL_OPTIONS = ("--HistoryManager.enabled=False",)


@dataclass(slots=True)
class _Channel:
    """The event channel of one run: absent where descriptors can't be handed to a process."""

    parser: ChannelParser
    reader: ChannelReader | None = None
    theirs: socket.socket | None = None

    @property
    def descriptors(self) -> tuple[int, ...]:
        return () if self.theirs is None else (self.theirs.fileno(),)

    @property
    def variables(self) -> dict[str, str]:
        return {} if self.theirs is None else {FD_VARIABLE: str(self.theirs.fileno())}

    def started(self) -> None:
        """The box has its end; ours would keep the channel from ever ending."""
        if self.theirs is not None:
            self.theirs.close()


def execute(folder: Path, job: Job, entrance: Entrance | None = None) -> Run:
    """Run a job and leave its files in `folder`; `run.json` is written last. By an `entrance` its kernel starts warm.

    Raises:
        SandboxError: the box or the kernel in it did not start.
    """
    settings, submission = job.settings, job.submission
    began = time.monotonic()
    (folder / ARTIFACTS).mkdir(exist_ok=True)
    unfinished = folder / f"{EVENTS}.part"
    with unfinished.open("w", encoding="utf-8") as events, Sandbox(_box(submission, settings)) as sandbox:
        _end_with_stdin(sandbox)
        channel = _open(events, folder, settings)
        notebook = new_notebook(submission)
        result = asyncio.run(_run_cells(sandbox, notebook, channel, job, entrance))
        exit_code = _exit_code(sandbox)
        sandbox.destroy()
        if channel.reader is not None:
            channel.reader.stop()
        if channel.parser.disk_fault is not None:
            raise _explained(channel.parser.disk_fault, folder, channel.parser.room_needed)
        if sandbox.breach is None and _killed_from_outside(result, exit_code):
            raise SandboxError("the process that holds the sandbox was killed from outside")
        outcome = outcome_of(
            result, exit_code=exit_code, peak_memory=sandbox.peak_memory, memory_cap=settings.limits.memory
        )
    os.replace(unfinished, folder / EVENTS)
    write_notebook(folder / NOTEBOOK, notebook)
    run = _run(folder, settings, result, outcome, channel.parser, time.monotonic() - began, sandbox.peak_memory)
    write_run(folder, run)
    return run


def _box(submission: Submission, settings: RunSettings) -> Box:
    named = zip(offered_names(settings.urls), settings.urls, strict=True)
    offers = tuple(Offer(name, item.path) for name, item in named)
    if settings.probe is not None:
        offers += (Offer(PROBE_OFFER, settings.probe),)
    # The cells' own time is kept by the runner, which interrupts first; the box's is for a runner that hangs.
    limits = replace(settings.limits, wall_s=settings.limits.wall_s + STARTUP_S + INTERRUPT_GRACE_S)
    return Box(
        settings.tier,
        limits,
        settings.python,
        submission.folder,
        settings.data,
        offers,
        threads=settings.threads,
        own_files=written_files(submission),
        working=submission.working,
    )


def _open(events: Any, folder: Path, settings: RunSettings) -> _Channel:
    channel = _Channel(ChannelParser(events, folder / ARTIFACTS))
    if settings.probe is not None and sys.platform != "win32":
        ours, channel.theirs = open_channel()
        channel.reader = ChannelReader(ours, channel.parser)
        channel.reader.start()
    return channel


async def _run_cells(
    sandbox: Sandbox, notebook: Any, channel: _Channel, job: Job, entrance: Entrance | None
) -> CellsResult:
    settings, script = job.settings, job.submission.script

    def command(connection: str) -> Sequence[str]:
        start = ["-m", "ipykernel_launcher"] if settings.probe is None else [f"{sandbox.inside(PROBE_OFFER)}/launch.py"]
        return [settings.python, *start, "-f", connection, *_KERNEL_OPTIONS, *script_options(script)]

    variables = {**KERNEL_VARIABLES, **dict(settings.interpreter.variables), **channel.variables}
    variables |= _offered_urls(sandbox, settings) | budget_variables(settings.budget, notebook)
    variables |= {TOP_VARIABLE: sandbox.work} if job.submission.working else {}
    manager = kernel_manager(sandbox, command, variables, channel.descriptors, entrance)
    client = BoxedNotebookClient(
        notebook,
        km=manager,
        allow_errors=True,
        record_timing=False,
        store_widget_state=False,
        iopub_timeout=OUTPUT_WAIT_S,
        raise_on_iopub_timeout=True,
        startup_timeout=STARTUP_S,
    )
    client.sandbox = sandbox
    client.on_cell_executed = client.keep_reply
    try:
        await client.async_start_new_kernel()
        channel.started()
        await client.async_start_new_kernel_client()
    except SandboxError:
        raise
    except Exception as error:
        said = sandbox.stderr_tail.decode("utf-8", "replace").strip()
        raise SandboxError(f"the kernel did not start ({error}): {said}") from error
    runner = CellsRunner(
        client, channel.parser, channel.reader, _tell, wall_s=settings.limits.wall_s, exits=script is not None
    )
    return await runner.run()


def _tell(news: RunProgress) -> None:
    print(json.dumps({"cell": news.cell, "cells": news.cells, "seconds": round(news.seconds, 3)}), flush=True)


def _offered_urls(sandbox: Sandbox, settings: RunSettings) -> dict[str, str]:
    """Tell the box which of its files stand for which address."""
    if not settings.urls:
        return {}
    paths = [sandbox.inside(name) for name in offered_names(settings.urls)]
    return {URLS_VARIABLE: sandbox.write_offer("urls.json", json.dumps(mapping_json(settings.urls, paths)))}


def _exit_code(sandbox: Sandbox) -> int | None:
    return None if sandbox.process is None else sandbox.process.poll()


def _explained(fault: OSError, folder: Path, needed: int = 0) -> Exception:
    """Say of a full disk which it is: that of the results, or that of the box's folder."""
    if fault.errno not in FULL:
        return fault
    temporary = Path(tempfile.gettempdir())
    return storage_full(folder if has_space(temporary) else temporary, needed)


def _killed_from_outside(result: CellsResult, exit_code: int | None) -> bool:
    """Whether the box's outermost process was killed by none of ours: nothing inside the box can reach it.

    A kernel that kills itself ends the box with an exit status.
    """
    died = result.ended is not None and result.ended.status == "kernel_died"
    return died and exit_code is not None and exit_code < 0


def _run(
    folder: Path,
    settings: RunSettings,
    result: CellsResult,
    outcome: Outcome,
    parser: ChannelParser,
    wall_s: float,
    peak_memory: int,
) -> Run:
    return Run(
        status=outcome.status,
        isolation=settings.tier,
        wall_s=round(wall_s, 3),
        cells=result.cells,
        failed_cell=outcome.failed_cell,
        message=outcome.message,
        artifacts=dict(parser.artifacts),
        channel_faults=parser.faults,
        isolation_gaps=settings.gaps,
        why_not_better=settings.why_not_better,
        remedy=settings.remedy,
        interpreter=settings.interpreter,
        budget=settings.budget,
        executed_notebook=folder / NOTEBOOK,
        peak_memory_bytes=peak_memory,
    )


# ---------------------------------------------------------------- the process
def _end_with_stdin(sandbox: Sandbox) -> None:
    """End the box and this process when stdin closes: the grader has gone, or wants this run stopped."""

    def wait() -> None:
        with contextlib.suppress(OSError):
            while os.read(0, 1024):
                pass
        sandbox.close()
        os._exit(1)

    threading.Thread(target=wait, name="lifeline", daemon=True).start()


def _die_with(parent: int) -> None:
    """Have the operating system kill this process with its parent, should this one hang."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)


def _limit_memory() -> None:
    """Cap this process alone: the soft limit, which the box's shim raises again for what runs inside."""
    if sys.platform != "linux":
        return
    import resource  # noqa: PLC0415 - Unix only

    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    if hard == resource.RLIM_INFINITY or hard > RUNNER_MEMORY:
        resource.setrlimit(resource.RLIMIT_DATA, (RUNNER_MEMORY, hard))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep libraries from writing what a student's process sent to the log."""
    logging.disable(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def main() -> None:
    """Run the job in the folder given; exit status 0 where `run.json` was written."""
    folder, parent = Path(sys.argv[1]), int(sys.argv[2])
    _die_with(parent)
    _limit_memory()
    with _quiet():
        try:
            job = read_job(folder)
            execute(folder, job, entrance_of(int(sys.argv[3]), job.settings) if len(sys.argv) > 3 else None)
        except Exception as error:  # noqa: BLE001 - the parent tells it; nothing here may hang on libraries' clean-up
            told = _explained(error, folder) if isinstance(error, OSError) else error
            full = isinstance(told, StorageFullError)
            print(str(told) if full else f"{type(told).__name__}: {told}", file=sys.stderr, flush=True)
            os._exit(EXIT_STORAGE_FULL if full else 1)
    os._exit(0)  # zmq's threads may wait for a kernel that is gone


if __name__ == "__main__":
    main()
