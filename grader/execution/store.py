"""The files of a run: written whole or not at all, and read back as the same values."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cattrs
from cattrs.preconf.json import make_converter

from grader.durable import write_atomically
from grader.errors import RunnerError
from grader.execution.settings import RunSettings
from grader.model import Event, Run, Submission

RUN = "run.json"
EVENTS = "events.jsonl"
ARTIFACTS = "artifacts"
NOTEBOOK = "executed.ipynb"
JOB = "job.json"

EXIT_STORAGE_FULL = 28
"""Exit status of a runner that met a full disk of the machine; its message is then the last line of stderr."""

_CONVERTER = make_converter()
_CONVERTER.register_structure_hook(Path, lambda value, _: Path(value))
_CONVERTER.register_unstructure_hook(Path, str)
_CONVERTER.register_unstructure_hook_func(lambda kind: isinstance(kind, type) and issubclass(kind, Path), str)


@dataclass(frozen=True, slots=True)
class Job:
    """What the runner process is told: the submission without what is only read of it, and the settings."""

    submission: Submission
    settings: RunSettings


def write_job(folder: Path, submission: Submission, settings: RunSettings) -> None:
    """Write what the runner has to know."""
    cells = tuple(dataclasses.replace(cell, outputs=()) for cell in submission.cells)
    bare = dataclasses.replace(submission, cells=cells, documents=(), project=())
    write_atomically(folder / JOB, dump_job(Job(bare, settings)))


def read_job(folder: Path) -> Job:
    """Read what `write_job` wrote."""
    return parse_job((folder / JOB).read_bytes())


def dump_job(job: Job) -> bytes:
    """Return a job as JSON, saved outputs and all."""
    return _CONVERTER.dumps(job).encode("utf-8", "replace")


def parse_job(stored: bytes) -> Job:
    """Return the job that the JSON holds."""
    return _CONVERTER.loads(stored.decode(), Job)


def write_run(folder: Path, run: Run) -> None:
    """Write `run.json`: all but the events, which lie beside it. Paths are kept relative to the folder."""
    plain = _CONVERTER.unstructure(dataclasses.replace(run, events=(), artifacts={}, executed_notebook=None))
    plain["artifacts"] = {name: path.name for name, path in run.artifacts.items()}
    plain["executed_notebook"] = run.executed_notebook.name if run.executed_notebook else None
    write_atomically(folder / RUN, json.dumps(plain, indent=1).encode())


def load_run(folder: Path) -> Run:
    """Read a run back from its folder.

    Raises:
        RunnerError: the folder holds no run, or one that can't be read.
    """
    try:
        plain = json.loads((folder / RUN).read_text(encoding="utf-8"))
        plain["artifacts"] = {name: folder / ARTIFACTS / file for name, file in plain["artifacts"].items()}
        notebook = plain["executed_notebook"]
        plain["executed_notebook"] = folder / notebook if notebook else None
        run = _CONVERTER.structure(plain, Run)
        return dataclasses.replace(run, events=tuple(_events(folder / EVENTS)))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, cattrs.BaseValidationError) as error:
        raise RunnerError(f"{folder} holds no readable run ({type(error).__name__}: {error}); run it again") from error


def _events(path: Path) -> Iterator[Event]:
    if not path.exists():
        return
    with path.open(encoding="utf-8") as file:
        for line in file:
            stored: dict[str, Any] = json.loads(line)
            yield Event(stored["seq"], stored["cell"], stored["kind"], stored["fields"])
