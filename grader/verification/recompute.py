"""The host's side of recomputation: give sealed models and rows to a clean box, check every reply.

The box opens model files that a student's process wrote, so its replies are as untrusted as the files. One job is one
model on one set of rows; scorings of the same model on the same rows share it.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from grader.errors import VerificationError
from grader.model import SealedScoring, SilentUnits, Tier
from grader.model.recomputed import PROCESS_ENDED
from grader.sandbox import Limits, ScriptResult, run_script
from grader.verification.arrays import Array, array_from_bytes

INSIDE = Path(__file__).with_name("inside.py")
MODULES = tuple(Path(__file__).with_name(name) for name in ("graphs.py", "programs.py"))
"""What `inside.py` opens sealed graphs with."""

JOB_SECONDS = 120.0
"""Longest time for one model on its rows: 10,000 pictures through a large backbone take half of it on two cores."""

JOB_BYTES = 4 * 1024 * 1024
"""Most bytes of outputs of one job: 10,000 rows of 100 float32."""

REPLY_BYTES = 1024 * 1024
"""Room for the replies around the outputs; base64 takes a third more than the outputs themselves."""

MODEL_BYTES = 512 * 1024 * 1024
"""Largest sealed file that is opened."""

MOST_CRASHES = 3
"""After so many models that took the process down, the rest are given up: each may cost JOB_SECONDS."""

KILLED = frozenset({-9, 128 + 9})
"""Exit statuses of a box that was killed by none of ours: by the machine, short of memory, or by hand. A model that
takes its process down does so by other signals, so the first such end is held against none.
"""

REASON_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class Predictions:
    """Outputs of a model in a clean process, for every `step`-th recorded row."""

    outputs: Array
    step: int = 1
    silent: tuple[SilentUnits, ...] = ()


@dataclass(frozen=True, slots=True)
class NotRecomputed:
    """Why there are none, as half a sentence."""

    reason: str


Recomputed = Predictions | NotRecomputed


@dataclass(frozen=True, slots=True)
class Job:
    """One model on one set of rows, and how many rows there are."""

    id: str
    model: Path
    rows: Path
    scale: float | None


def recompute(
    sealed: Sequence[SealedScoring],
    *,
    tier: Tier,
    limits: Limits,
    run: Callable[..., ScriptResult] = run_script,
) -> dict[str, Recomputed]:
    """Return for each scoring id what its sealed model predicts, or why that is not known.

    A model that takes the process down (crash, hang, memory) is left out and the others are tried again.

    Raises:
        VerificationError: the clean process could not even start its library: the machine's fault, not a model's.
    """
    jobs, refused = _jobs(sealed)
    outcomes: dict[str, Recomputed] = {}
    pending = list({job.id: job for job in jobs.values()}.values())
    crashes = 0
    spared = False
    while pending:
        roomy = replace(limits, output=REPLY_BYTES + 2 * JOB_BYTES * len(pending))
        result = run(INSIDE, _arguments(pending), _inputs(pending), tier=tier, limits=roomy, modules=MODULES)
        replies = read_replies(result.stdout, {job.id for job in pending})
        if not replies.ready and not outcomes:
            raise VerificationError(
                f"The clean process for recomputing scores did not start ({result.status}): "
                f"{result.stderr_tail[-REASON_CHARACTERS:].strip() or 'no message'}. Run `grader doctor`."
            )
        outcomes.update(replies.outcomes)
        pending = [job for job in pending if job.id not in outcomes]
        if not pending:
            break
        if not spared and result.status == "error" and result.exit_code in KILLED:
            spared = True
            continue
        crashes += 1
        if replies.unfinished is None or crashes >= MOST_CRASHES:
            reason = f"{PROCESS_ENDED[0]} ({result.status})"
            outcomes.update({job.id: NotRecomputed(reason) for job in pending})
            break
        culprit = replies.unfinished
        outcomes[culprit] = NotRecomputed(f"{PROCESS_ENDED[1]} ({result.status})")
        pending = [job for job in pending if job.id != culprit]
    return refused | {scoring: outcomes[job.id] for scoring, job in jobs.items()}


def _jobs(sealed: Sequence[SealedScoring]) -> tuple[dict[str, Job], dict[str, Recomputed]]:
    jobs: dict[str, Job] = {}
    refused: dict[str, Recomputed] = {}
    known: dict[tuple[Path, Path, float | None], Job] = {}
    for item in sorted((item for item in sealed if item.model is not None), key=lambda item: str(item.model)):
        if item.model is None or (reason := _unfit(item.model, item.rows.values)):
            refused[item.scoring] = NotRecomputed(reason)
            continue
        key = (item.model, item.rows.values, item.rows.scale)
        jobs[item.scoring] = known.setdefault(key, Job(f"j{len(known)}", *key))
    for item in sealed:
        if item.model is None:
            refused[item.scoring] = NotRecomputed(item.seal_note or "the model could not be sealed")
    return jobs, refused


def _unfit(model: Path, rows: Path) -> str:
    if model.is_symlink() or rows.is_symlink() or not model.is_file() or not rows.is_file():
        return "the sealed model or its rows are missing"
    if model.stat().st_size > MODEL_BYTES:
        return f"the sealed model is larger than {MODEL_BYTES // 1024**2} MiB"
    return ""


def _inputs(jobs: Sequence[Job]) -> dict[str, Path]:
    """Name each file once, so that a model given to several jobs is bound and loaded once; Keras goes by endings."""
    models = dict.fromkeys(job.model for job in jobs)
    rows = dict.fromkeys(job.rows for job in jobs)
    return {f"model{number}.keras": path for number, path in enumerate(models)} | {
        f"rows{number}.npy": path for number, path in enumerate(rows)
    }


def _arguments(jobs: Sequence[Job]) -> dict[str, Any]:
    names = {path: name for name, path in _inputs(jobs).items()}
    return {
        "jobs": [
            {"job": job.id, "model": names[job.model], "rows": names[job.rows], "scale": job.scale} for job in jobs
        ],
        "job_seconds": JOB_SECONDS,
        "job_bytes": JOB_BYTES,
    }


@dataclass(frozen=True, slots=True)
class Replies:
    """What a box answered: whether it started, each job's outcome, and the job it was at when it ended early."""

    ready: bool
    outcomes: Mapping[str, Recomputed]
    unfinished: str | None


def read_replies(stdout: bytes, expected: set[str]) -> Replies:
    """Read the box's lines, believing only what is well-formed: an answer counts once, for a job that had begun."""
    outcomes: dict[str, Recomputed] = {}
    ready, current = False, None
    for message in _messages(stdout):
        match message:
            case {"ready": True}:
                ready = True
            case {"begin": str(job)} if job in expected and job not in outcomes:
                current = job
            case {"job": str(job)} if job == current:
                outcomes[job] = _outcome(message)
                current = None
    return Replies(ready, outcomes, current)


def _messages(stdout: bytes) -> Iterator[Mapping[str, Any]]:
    for line in stdout.splitlines():
        try:
            message = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(message, dict):
            yield message


def _outcome(message: Mapping[str, Any]) -> Recomputed:
    match message:
        case {"failed": str(reason)}:
            return NotRecomputed(_one_line(reason))
        case {"predictions": str(text), "step": int(step)} if step >= 1:
            try:
                outputs = array_from_bytes(base64.b64decode(text, validate=True), "the box's reply")
            except (binascii.Error, ValueError, VerificationError):
                return NotRecomputed("the clean process gave an unreadable reply")
            if outputs.dtype.kind == "f" and outputs.ndim >= 1 and outputs.nbytes <= JOB_BYTES:
                return Predictions(outputs, step, _silent(message.get("silent")))
    return NotRecomputed("the clean process gave an unreadable reply")


def _silent(told: object) -> tuple[SilentUnits, ...]:
    """Return what is well-formed of the counts of silent units; no level hangs on them."""
    found = []
    for item in told[:MOST_SILENT] if isinstance(told, list) else ():
        match item:
            case [str(layer), int(units), int(silent)] if 0 <= silent <= units:
                found.append(SilentUnits(layer[:REASON_CHARACTERS], units, silent))
    return tuple(found)


MOST_SILENT = 64


def rows_answered(total: int, step: int) -> int:
    """Return how many outputs there must be for `total` rows, every `step`-th answered."""
    return math.ceil(total / step)


def _one_line(reason: str) -> str:
    text = " ".join(reason.split()).rstrip(".")
    return text if len(text) <= REASON_CHARACTERS else text[: REASON_CHARACTERS - 1] + "…"
