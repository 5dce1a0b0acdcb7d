"""Whole runs, kept by what was run: code, files, settings. Text around the code may change."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat

from grader.errors import RunnerError
from grader.execution import load_run
from grader.execution.notebook import new_notebook, write_notebook
from grader.execution.store import ARTIFACTS, EVENTS, NOTEBOOK, RUN
from grader.model import Run, Submission
from grader.reuse.store import Store

MOST_RUN_BYTES = 256 * 1024**2
"""Recorded rows and sealed models of 60,000 small pictures take 60 MB; larger runs are made again."""


def keep_run(store: Store, key: str, folder: Path, run: Run) -> None:
    """Keep a run's files, where every cell came to its end and all that was told of it came through.

    What failed, or was ended by a limit, may be the machine's doing, and is tried again.
    """
    if run.status != "ok" or run.channel_faults:
        return
    files = [folder / name for name in (RUN, EVENTS, NOTEBOOK)]
    files += sorted(path for path in (folder / ARTIFACTS).glob("*") if path.is_file())
    parts: dict[str, bytes | Path] = {str(path.relative_to(folder)): path for path in files if path.is_file()}
    if sum(path.stat().st_size for path in files if path.is_file()) <= MOST_RUN_BYTES:
        store.put(key, parts)


def kept_run(store: Store, key: str, folder: Path, submission: Submission) -> Run | None:
    """Put a kept run's files into an empty `folder`, under the text that the submission has now; None where none is."""
    if not store.extract(key, folder):
        return None
    try:
        run = load_run(folder)
        if run.executed_notebook is not None:
            _with_text_of(run.executed_notebook, submission)
    except (RunnerError, OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return run


def _with_text_of(executed: Path, submission: Submission) -> None:
    """Write the executed notebook with the submission's own markdown, and the outputs of its code as they came."""
    old: Any = nbformat.from_dict(json.loads(executed.read_bytes()))
    by_id = {cell["id"]: cell for cell in old.cells if cell.cell_type == "code"}
    new = new_notebook(submission)
    if [(cell.cell_type, cell.source) for cell in new.cells] == [(cell.cell_type, cell.source) for cell in old.cells]:
        return
    new.metadata = old.metadata
    new.cells = [by_id.get(cell.id, cell) if cell.cell_type == "code" else cell for cell in new.cells]
    write_notebook(executed, new)
