"""One submission on its way to a worker, and what it came to on its way back."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from grader.errors import InfrastructureError, ResultsError
from grader.execution import RunSettings
from grader.execution.settings import PROBE
from grader.execution.store import Job, dump_job, parse_job
from grader.model import Submission
from grader.reuse import Measured
from grader.scheduling.cluster.parcel import folder_parts, pack, unpack, write_folder
from grader.storage import evidence_from, evidence_json
from grader.verification.hidden_data import HiddenData

JOB, TERMS, NOTEBOOK = "job.json", "terms.json", "notebook"
EVIDENCE, EXECUTED, ERROR = "evidence.json", "executed.ipynb", "error.json"

OWN = ""
"""Stands for a worker's own interpreter, wherever that lies."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a worker is told besides the submission and its settings.

    `session` names the command whose work it is, `again` asks for one run more only, `cache` lets the worker keep and
    take what it measures in a folder of its own (`reads` of False: only keep), `warm` to start kernels from a process
    that has the libraries.
    `made_for` is the digest of the client's own grader and libraries: a worker that joined late was not asked.
    """

    session: str
    again: bool
    reference_budget_s: float
    cache: bool
    reads: bool
    warm: bool
    made_for: str


@dataclass(frozen=True, slots=True)
class Received:
    """A job as a worker has it: its files lie on the worker's disk."""

    submission: Submission
    settings: RunSettings
    terms: Terms
    hidden: HiddenData | None


def pack_job(submission: Submission, settings: RunSettings, terms: Terms, hidden: Mapping[str, bytes]) -> bytes:
    """Return a submission with all its files as bytes; `hidden` is from `hidden_parts`.

    Raises:
        ClusterError: its files are too large to be sent.
        InfrastructureError: they can't be read.
    """
    travelling = replace(
        settings, python=OWN if settings.python == sys.executable else settings.python, probe=settings.probe and PROBE
    )
    parts = {TERMS: json.dumps(asdict(terms)).encode()}
    try:
        if submission.folder is not None:
            inside = submission.notebook.relative_to(submission.folder)
            parts |= folder_parts(submission.folder)
            submission = replace(submission, folder=Path("folder"), notebook=Path("folder") / inside)
        else:
            parts[NOTEBOOK] = submission.notebook.read_bytes()
            submission = replace(submission, notebook=Path(submission.notebook.name))
    except OSError as problem:
        raise InfrastructureError(f"the files of {submission.id} can't be read ({problem})") from problem
    return pack({JOB: dump_job(Job(submission, travelling)), **parts, **hidden})


def unpack_job(parcel: bytes, place: Path) -> Received:
    """Write a job's files into an empty folder and return it.

    Raises:
        InfrastructureError: it did not come whole.
    """
    parts = unpack(parcel)
    told = json.loads(parts[TERMS])
    job = parse_job(parts[JOB])
    submission, settings = job.submission, job.settings
    if submission.folder is not None:
        write_folder(parts, place / "folder")
        submission = replace(submission, folder=place / submission.folder, notebook=place / submission.notebook)
    else:
        submission = replace(submission, notebook=place / submission.notebook)
        submission.notebook.write_bytes(parts[NOTEBOOK])
    settings = replace(settings, python=settings.python or sys.executable, probe=settings.probe and PROBE)
    return Received(submission, settings, Terms(**told), _hidden(parts, place))


# ---------------------------------------------------------------- the instructor's test
def hidden_parts(hidden: HiddenData | None) -> dict[str, bytes]:
    """Return an instructor's test as parts; none where there is none."""
    if hidden is None:
        return {}
    names = [path.name for path in hidden.pictures]
    head = {"source": hidden.source, "sha256": hidden.sha256, "pictures": names, "rows": hidden.rows is not None}
    parts = {"hidden/head.json": json.dumps(head).encode(), "hidden/labels.npy": _saved(hidden.labels)}
    if hidden.rows is not None:
        parts["hidden/rows.npy"] = _saved(hidden.rows)
    return parts | {f"hidden/{number}": path.read_bytes() for number, path in enumerate(hidden.pictures)}


def _hidden(parts: Mapping[str, bytes], place: Path) -> HiddenData | None:
    if "hidden/head.json" not in parts:
        return None
    head = json.loads(parts["hidden/head.json"])
    pictures = []
    for number, name in enumerate(head["pictures"]):
        path = place / "hidden" / str(number) / Path(name).name
        path.parent.mkdir(parents=True)
        path.write_bytes(parts[f"hidden/{number}"])
        pictures.append(path)
    labels = np.load(io.BytesIO(parts["hidden/labels.npy"]), allow_pickle=False)
    rows = np.load(io.BytesIO(parts["hidden/rows.npy"]), allow_pickle=False) if head["rows"] else None
    return HiddenData(head["source"], head["sha256"], labels, rows, tuple(pictures))


def _saved(array: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=False)
    return stream.getvalue()


# ---------------------------------------------------------------- results
def pack_measured(measured: Measured) -> bytes:
    """Return what was measured as bytes."""
    return pack({EVIDENCE: evidence_json(measured.evidence).encode(), EXECUTED: measured.executed})


def pack_error(message: str) -> bytes:
    """Return that the worker failed, and why."""
    return pack({ERROR: json.dumps(message).encode()})


def unpack_measured(parcel: bytes) -> Measured:
    """Return what a worker measured.

    Raises:
        InfrastructureError: the worker failed, or its answer can't be read.
    """
    parts = unpack(parcel)
    if ERROR in parts:
        raise InfrastructureError(str(json.loads(parts[ERROR])))
    try:
        return Measured(evidence_from(parts[EVIDENCE], Path(EVIDENCE)), parts[EXECUTED])
    except (ResultsError, KeyError) as problem:
        raise InfrastructureError(f"a worker's answer can't be read ({problem})") from problem
