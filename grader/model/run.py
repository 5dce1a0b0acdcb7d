"""What happened when a submission was run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from grader.model.submission import SavedOutput

RunStatus = Literal[
    "ok",
    "error",
    "timeout",
    "out_of_memory",
    "kernel_died",
    "output_flood",
    "disk_full",
    "too_many_processes",
    "not_run",
    "infrastructure_failure",
]
Tier = Literal["bubblewrap", "landlock", "none"]


@dataclass(frozen=True, slots=True)
class Interpreter:
    """The Python that ran a notebook.

    `name` is the environment or path as it was asked for, empty for the grader's own interpreter. `python` is its
    version, `packages` the versions of the libraries that results depend on, by library, and `variables` what the
    course's environment sets.
    """

    name: str = ""
    python: str = ""
    packages: tuple[tuple[str, str], ...] = ()
    variables: tuple[tuple[str, str], ...] = ()

    def version_of(self, library: str) -> str:
        """Return the version of a library, empty where it is not there."""
        return dict(self.packages).get(library, "")


@dataclass(frozen=True, slots=True)
class Budget:
    """How much training a run was allowed.

    `full`: all that the notebook asks for. `quick`: a small equal share for each training. `seconds`: so many `seconds`
    for the whole notebook, with equal shares of what is left for its trainings.
    """

    kind: Literal["full", "quick", "seconds"] = "full"
    seconds: float | None = None

    @property
    def caps(self) -> bool:
        """Whether any training may have been cut by it."""
        return self.kind != "full"

    def __str__(self) -> str:
        """As it is asked for on the command line."""
        return self.kind if self.seconds is None else f"{self.seconds:g}"


@dataclass(frozen=True, slots=True)
class CellRun:
    """How one code cell ended: `status` is `ok`, `error`, `interrupted` (limit hit here) or `not_run`."""

    index: int
    status: Literal["ok", "error", "interrupted", "not_run"]
    seconds: float = 0.0
    exception: str = ""
    message: str = ""
    outputs: tuple[SavedOutput, ...] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """One line the probe sent, stamped by the runner with the cell that was running when it arrived.

    Untrusted: the fields are whatever the student's process sent. `seq` is the probe's own number, -1 if absent.
    """

    seq: int
    cell: int | None
    kind: str
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Run:
    """One execution of a submission, top to bottom, in a clean kernel.

    `failed_cell` is the first cell that failed or was cut short; `message` says in one sentence what happened.
    `artifacts` maps artifact ids to files written by the host from the event channel.
    `why_not_better` says why no better isolation was used, `remedy` what would mend that.
    `channel_faults` counts lines that were malformed, out of sequence or over the caps.
    """

    status: RunStatus
    isolation: Tier
    wall_s: float
    cells: tuple[CellRun, ...] = ()
    failed_cell: int | None = None
    message: str | None = None
    events: tuple[Event, ...] = ()
    artifacts: Mapping[str, Path] = field(default_factory=dict)
    channel_faults: int = 0
    isolation_gaps: tuple[str, ...] = ()
    executed_notebook: Path | None = None
    peak_memory_bytes: int = 0
    why_not_better: str | None = None
    remedy: str | None = None
    interpreter: Interpreter = field(default_factory=Interpreter)
    budget: Budget = field(default_factory=Budget)

    @property
    def completed(self) -> bool:
        """Whether every code cell was run, failing or not."""
        return self.status in {"ok", "error"}
