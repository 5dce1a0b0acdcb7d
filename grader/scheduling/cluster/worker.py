"""What runs on a worker: the same measuring as anywhere, between bytes that came and bytes that go."""

from __future__ import annotations

import atexit
import functools
import json
import tempfile
import threading
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from grader import __version__
from grader.errors import GraderError, InfrastructureError, SandboxUnavailableError
from grader.execution.interpreter import own_interpreter
from grader.execution.warming import Templates
from grader.measuring import Measurer, References
from grader.model import Tier
from grader.progress import Silence
from grader.reuse import Measured, cache_folder, open_store
from grader.reuse.folder import references_folder
from grader.reuse.keeping import Keeping
from grader.reuse.keys import key_of, source_digest
from grader.sandbox import TierReport, detect_tier, exact_tier
from grader.scheduling.admission import Admission
from grader.scheduling.cluster.jobs import Received, pack_error, pack_measured, unpack_job
from grader.scheduling.cluster.listing import listing_digest
from grader.scheduling.here import Here


@dataclass(slots=True)
class _Sessions:
    """The commands that this process works for, each with what stops its work."""

    known: dict[str, Admission] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, name: str) -> Admission:
        with self.lock:
            return self.known.setdefault(name, Admission(threading.Event()))


_SESSIONS = _Sessions()

_TEMPLATES = Templates()
"""For all sessions: made when the first run asks, ended with this process."""
atexit.register(_TEMPLATES.close)


def describe(asked: str) -> str:
    """Say what this worker is, for the client to compare: JSON in, JSON out."""
    wanted: dict[str, Any] = json.loads(asked)
    told: dict[str, Any] = {
        "version": __version__,
        "source": source_digest(),
        "interpreter": asdict(own_interpreter()),
        "data": None if wanted["data"] is None else listing_digest(Path(wanted["data"])),
        "files": [name for name in wanted["files"] if not Path(name).exists()],
    }
    try:
        isolation: Tier | str = wanted["isolation"]
        report = detect_tier() if isolation == "auto" else exact_tier(isolation)  # type: ignore[arg-type]
        told |= {"tier": asdict(report)}
    except SandboxUnavailableError as error:
        told |= {"tier": None, "why": str(error)}
    return json.dumps(told)


def warm_up(threads: int) -> None:
    """Begin to load what kernels of so many threads start from."""
    _TEMPLATES.start(threads)


def own_kind() -> str:
    """Return a digest of what results depend on besides isolation: the grader's source, Python and libraries."""
    return key_of("worker", {"source": source_digest(), "interpreter": asdict(own_interpreter())})


@functools.cache
def _isolation(tier: Tier) -> TierReport:
    """Return this machine's report on a tier: tried once, not before each run."""
    best = detect_tier()
    return best if best.tier == tier else exact_tier(tier)


def measure(parcel: bytes) -> bytes:
    """Measure one submission. A failure of this machine comes back as such, never as an exception of a library's."""
    try:
        with tempfile.TemporaryDirectory(prefix="grader-worker-", ignore_cleanup_errors=True) as folder:
            place = Path(folder)
            return pack_measured(_measured(unpack_job(parcel, place), place))
    except GraderError as error:
        return pack_error(str(error))
    except OSError as error:
        return pack_error(f"the operating system of a worker refused: {error}")


def _measured(job: Received, place: Path) -> Measured:
    if job.terms.made_for != own_kind():
        raise InfrastructureError("a worker that joined late has another grader or other libraries: end it")
    report = _isolation(job.settings.tier)
    settings = replace(job.settings, gaps=report.gaps, why_not_better=report.why_not_better, remedy=report.remedy)
    admission = _SESSIONS.of(job.terms.session)
    folder = cache_folder() if job.terms.cache else None
    keeping = None
    if folder is not None and settings.tier != "none":
        hidden = "" if job.hidden is None else job.hidden.sha256
        keeping = Keeping(open_store(folder, reads=job.terms.reads), hidden, job.terms.reference_budget_s)
    references = References(job.terms.reference_budget_s, references_folder(folder or place))
    templates = _TEMPLATES if job.terms.warm else None
    here = Here(
        Measurer(references, Silence(), admission.stop, job.hidden, templates, keeping), place / "work", admission
    )
    if job.terms.again:
        return Measured(here.measure_again(job.submission, settings))
    return here.measure(job.submission, settings)


def stop(session: str) -> None:
    """End the runs of one command."""
    _SESSIONS.of(session).stop.set()
