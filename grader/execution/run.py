"""Running one submission: start its runner, pass on the news, take what it left."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Self

import grader
from grader.errors import RunnerError, StorageFullError
from grader.execution.settings import RunProgress, RunSettings
from grader.execution.store import EXIT_STORAGE_FULL, RUN, load_run, write_job, write_run
from grader.execution.waits import INTERRUPT_GRACE_S, STARTUP_S
from grader.execution.warming import Templates
from grader.model import Run, Submission
from grader.sandbox.pipes import PipeReader
from grader.sandbox.warm import Template

OVERTIME_S = 120.0
"""A runner that is this late (writing its files, ending its box) hangs, and is killed."""

GOODBYE_S = 15.0
"""How long a runner that was told to stop may take to end its box, before both are killed."""

STDERR_TAIL = 4096
_LOOK_S = 0.2
_MAX_LINE = 4096
_STDERR = 1

OnProgress = Callable[[RunProgress], None]


def run_submission(
    submission: Submission,
    folder: Path,
    settings: RunSettings,
    on_progress: OnProgress | None = None,
    *,
    stop: threading.Event | None = None,
    templates: Templates | None = None,
) -> Run:
    """Run a submission top to bottom in a clean boxed kernel, and leave the run's files in `folder`.

    With `templates` the kernel starts with its libraries in memory, where that makes no difference but of time.

    Several threads may run submissions at once. A failure of the grader or the machine is a run of status
    `infrastructure_failure`. Ctrl-C, or setting `stop` from any thread, ends the run and everything it started.

    Raises:
        RunnerError: `stop` was set before the run was over.
        StorageFullError: the disk of `folder`, or that of temporary files, is full.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / RUN).unlink(missing_ok=True)
    write_job(folder, submission, settings)
    began = time.monotonic()
    try:
        template = None if templates is None else templates.for_run(submission, settings, stop)
        with _Runner(folder, settings, template) as runner:
            trouble = runner.follow(on_progress, stop)
    except OSError as error:  # no more processes, no memory for one
        trouble = f"the runner process could not be started ({error})"
    if stop is not None and stop.is_set() and trouble:
        raise RunnerError(f"the run of {submission.id} was stopped before it was over; run it again")
    if trouble is None:
        try:
            return load_run(folder)
        except RunnerError as error:
            trouble = str(error)
    run = Run("infrastructure_failure", settings.tier, time.monotonic() - began, message=trouble)
    write_run(folder, run)
    return run


class _Runner:
    """The runner process, from its start to its certain end."""

    def __init__(self, folder: Path, settings: RunSettings, template: Template | None = None) -> None:
        self._deadline = time.monotonic() + settings.limits.wall_s + STARTUP_S + INTERRUPT_GRACE_S + OVERTIME_S
        package = str(Path(grader.__file__).resolve().parent.parent)
        search = os.pathsep.join([package, *filter(None, [os.environ.get("PYTHONPATH")])])
        self._stderr = b""
        way = () if template is None else (template.descriptor,)
        command = [sys.executable, "-P", "-m", "grader.execution.runner", str(folder.absolute()), str(os.getpid())]
        self._process = subprocess.Popen(
            [*command, *map(str, way)],
            pass_fds=way,
            stdin=subprocess.PIPE,  # its closing tells the runner to stop
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": search, "PYTHONWARNINGS": "ignore"},
            start_new_session=True,  # Ctrl-C is the grader's to hear
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def follow(self, on_progress: OnProgress | None, stop: threading.Event | None) -> str | None:
        """Pass on the news until the runner ends: None where it ended well, else what went wrong."""
        held = b""
        for item in PipeReader(self._pipes()).chunks(_LOOK_S):
            if time.monotonic() > self._deadline or (stop is not None and stop.is_set()):
                break
            if item is None:
                continue
            position, chunk = item
            if position == _STDERR:
                self._stderr = (self._stderr + chunk)[-STDERR_TAIL:]
                continue
            *lines, held = (held + chunk).split(b"\n")
            held = held[-_MAX_LINE:]
            for line in lines:
                news = _news(line)
                if news is not None and on_progress is not None:
                    on_progress(news)
        if stop is not None and stop.is_set():
            return "it was stopped"
        if time.monotonic() > self._deadline:
            return "the runner process did not end in time and was killed; run it again"
        code = self._process.wait()
        if code == 0:
            return None
        said = self._stderr.decode("utf-8", "replace").strip().rsplit("\n", 1)[-1]
        if code == EXIT_STORAGE_FULL:
            raise StorageFullError(said)
        return f"the runner process ended with status {code}: {said or 'it said nothing'}"

    def _pipes(self) -> list[IO[bytes]]:
        return [pipe for pipe in (self._process.stdout, self._process.stderr) if pipe is not None]

    def _end(self) -> None:
        process = self._process
        if process.stdin is not None:
            process.stdin.close()
        try:
            process.wait(GOODBYE_S)
        except subprocess.TimeoutExpired:
            process.kill()  # what it started dies with it
            process.wait()
        finally:
            for pipe in (process.stdout, process.stderr):
                if pipe is not None:
                    pipe.close()


def _news(line: bytes) -> RunProgress | None:
    try:
        told = json.loads(line)
        return RunProgress(int(told["cell"]), int(told["cells"]), float(told["seconds"]))
    except (ValueError, TypeError, KeyError):
        return None
