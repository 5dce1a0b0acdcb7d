"""The client's side of a Dask cluster: workers checked before work is sent, results taken as they come."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from grader import __version__
from grader.errors import ClusterError, GraderError, InfrastructureError, RunnerError
from grader.execution import RunSettings
from grader.execution.interpreter import own_interpreter
from grader.model import Evidence, Submission, Tier
from grader.progress import Progress
from grader.reuse import Measured
from grader.reuse.keys import source_digest
from grader.sandbox import TierReport
from grader.scheduling.cluster import worker
from grader.scheduling.cluster.jobs import Terms, hidden_parts, pack_job, unpack_measured
from grader.scheduling.cluster.listing import listing_digest
from grader.verification.hidden_data import HiddenData

CONNECT_S = 20
"""A scheduler that does not answer so long is not there."""

ANSWER_S = 180
"""A worker imports the grader and tries a box: seconds; a busy one takes longer."""

LOOK_S = 0.5

AHEAD = 2
"""Submissions sent for each slot of a worker."""

RETRIES = 2
"""Times that a worker's own fault (not its death, which Dask sees to) is tried again elsewhere."""

MEMORY = "MEMORY"
"""The resource by which workers say how many bytes they have, where they say it."""


class Cluster:
    """A connection to a Dask scheduler; leaving it ends what this command still has running there.

    Raises:
        ClusterError: from the constructor, where Dask is not installed or no scheduler answers.
    """

    def __init__(self, address: str, resources: Mapping[str, float] | None = None) -> None:
        self.address = address
        self.session = secrets.token_hex(8)
        self._resources = dict(resources or {})
        self._ended = threading.Event()
        try:
            self._client = _connected(address)
        except ImportError as error:
            raise ClusterError('--scheduler needs Dask: pip install "grader[cluster]"') from error
        except (OSError, ValueError, TimeoutError) as error:
            said = f"no Dask scheduler answers at {address} ({error})"
            raise ClusterError(f"{said}: start one, or check --scheduler") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def check(self, isolation: Tier | str, data: Path | None, files: Sequence[Path]) -> TierReport:
        """Ask every worker what it is, and return the isolation they have in common; no work is sent before.

        Args:
            isolation: `auto`, or a tier by name.
            data: the folder of data sets, which every worker has to have under the same name.
            files: what else has to lie there: local files for addresses, another interpreter.

        Raises:
            ClusterError: there are none, or one of them has another grader, other libraries, no or another isolation,
                or lacks a file.
        """
        known = self._known_workers()
        asked = {"isolation": isolation, "data": str(data) if data else None, "files": [str(path) for path in files]}
        answers = self._asked(json.dumps(asked), list(known))
        wanted = listing_digest(data) if data else None
        reports = {address: _report(address, answer, wanted) for address, answer in answers.items()}
        first, *others = sorted(reports.items())
        for address, report in others:
            if (report.tier, report.gaps) != (first[1].tier, first[1].gaps):
                raise ClusterError(
                    f"worker {address} isolates by {report.tier}, worker {first[0]} by {first[1].tier}: results would "
                    "depend on the worker; name one tier by --isolation that all have"
                )
        for name, amount in self._resources.items():
            if all(float(item.get("resources", {}).get(name, 0)) < amount for item in known.values()):
                raise ClusterError(f"no worker offers {name}={amount:g}: start one with --resources {name}={amount:g}")
        return first[1]

    def warm_up(self, threads: int) -> None:
        """Have all workers load what kernels start from, while the first submissions are on their way to them."""
        self._client.run(worker.warm_up, threads, on_error="ignore")

    def measured(self, parcel: bytes, name: str, memory: int, stop: threading.Event) -> bytes:
        """Send one submission and wait for what it comes to; a worker that dies meanwhile costs only that run again.

        Raises:
            RunnerError: `stop` was set.
            InfrastructureError: the cluster failed.
        """
        from distributed import CancelledError, KilledWorker  # noqa: PLC0415 - an extra

        future = self._client.submit(
            worker.measure,
            parcel,
            key=f"grader-{self.session}-{name}-{secrets.token_hex(4)}",
            pure=False,
            retries=RETRIES,
            resources=self._needed(memory),
        )
        try:
            while not stop.is_set():
                try:
                    return bytes(future.result(timeout=LOOK_S))
                except TimeoutError:
                    continue
        except KilledWorker as error:
            raise InfrastructureError(f"the workers it was sent to died, one after the other ({error})") from error
        except CancelledError as error:
            raise InfrastructureError(f"the cluster at {self.address} lost it, or is gone") from error
        except GraderError:
            raise
        except Exception as error:
            raise InfrastructureError(f"a worker failed ({type(error).__name__}: {error})") from error
        finally:
            future.cancel()
        self._end_runs()
        raise RunnerError(f"the run of {name} was stopped before it was over; run it again")

    def in_flight(self) -> int:
        """Return how many submissions are sent ahead: a worker that ends one finds the next one waiting."""
        known = self._known_workers().values()
        return AHEAD * sum(int(item["nthreads"]) for item in known)

    def _end_runs(self) -> None:
        """Have all workers end what this command has running."""
        if not self._ended.is_set():
            self._ended.set()
            self._client.run(worker.stop, self.session, on_error="ignore")

    # ------------------------------------------------------------ workers
    def _known_workers(self) -> dict[str, Any]:
        known = dict(self._client.scheduler_info(n_workers=-1)["workers"])
        if not known:
            raise ClusterError(
                f"the scheduler at {self.address} has no workers: start some, or wait until they have begun"
            )
        return known

    def _asked(self, asked: str, addresses: Sequence[str]) -> dict[str, dict[str, Any]]:
        try:
            answers = self._client.run(worker.describe, asked, workers=list(addresses), on_error="return")
        except (OSError, RuntimeError) as error:
            raise ClusterError(f"the workers at {self.address} don't answer ({error})") from error
        failed = {address: answer for address, answer in answers.items() if not isinstance(answer, str)}
        for address, fault in failed.items():
            raise ClusterError(
                f"worker {address} can't run the grader ({fault}): install the same grader there, version {__version__}"
            )
        return {address: json.loads(answer) for address, answer in answers.items()}

    def _needed(self, memory: int) -> dict[str, float] | None:
        """Return the Dask resources of one submission: those asked for, and memory where workers count it."""
        workers = self._client.scheduler_info(n_workers=-1)["workers"].values()
        counted = any(MEMORY in item.get("resources", {}) for item in workers)
        return ({MEMORY: float(memory)} if counted else {}) | self._resources or None


def _connected(address: str) -> Any:
    import dask  # noqa: PLC0415 - an extra
    from distributed import Client  # noqa: PLC0415

    # A submission with its pictures is no mistake.
    dask.config.set({"distributed.admin.large-graph-warning-threshold": "4GiB"})
    client: Any = Client
    return client(address, timeout=CONNECT_S, name="grader", set_as_default=False)


def _report(address: str, answer: Mapping[str, Any], data: str | None) -> TierReport:
    """Return a worker's isolation, where it is as it has to be."""
    if answer["source"] != source_digest():
        raise ClusterError(
            f"worker {address} has another grader (version {answer['version']}, here {__version__}, or the same with "
            "other sources): install this one there"
        )
    own = json.loads(json.dumps(asdict(own_interpreter())))
    if answer["interpreter"] != own:
        raise ClusterError(
            f"worker {address} has other libraries ({_told(answer['interpreter'])}) than here ({_told(own)}): results "
            "would differ; install from the same requirements.lock"
        )
    if answer["files"]:
        raise ClusterError(f"worker {address} lacks {answer['files'][0]}: it must lie there under the same name")
    if answer["data"] != data:
        raise ClusterError(f"worker {address} has other data sets: --data must hold the same files on every worker")
    tier = answer["tier"]
    if tier is None or tier["tier"] == "none":
        raise ClusterError(
            f"no isolation works on worker {address} ({answer.get('why') or tier['why_not_better']}): "
            "run `grader doctor` there"
        )
    return TierReport(tier["tier"], tuple(tier["gaps"]), tier["why_not_better"], tier["remedy"])


def _told(interpreter: Mapping[str, Any]) -> str:
    return ", ".join(
        [f"Python {interpreter['python']}", *(f"{name} {version}" for name, version in interpreter["packages"])]
    )


@dataclass(frozen=True, slots=True)
class There:
    """Measures on the workers of a cluster: a Place like any other."""

    cluster: Cluster
    progress: Progress
    stop: threading.Event
    hidden: HiddenData | None
    reference_budget_s: float
    cache: bool
    reads: bool
    warm: bool

    def measure(self, submission: Submission, settings: RunSettings) -> Measured:
        """Run a submission on some worker and measure it."""
        return self._sent(submission, settings, again=False)

    def measure_again(self, submission: Submission, settings: RunSettings) -> Evidence:
        """Run it once more, and measure its final score only."""
        return self._sent(submission, settings, again=True).evidence

    def _sent(self, submission: Submission, settings: RunSettings, *, again: bool) -> Measured:
        terms = Terms(
            self.cluster.session,
            again=again,
            reference_budget_s=self.reference_budget_s,
            cache=self.cache,
            reads=self.reads,
            warm=self.warm,
            made_for=worker.own_kind(),
        )
        parcel = pack_job(submission, settings, terms, hidden_parts(self.hidden))
        self.progress.stage(submission.id, "waiting", "for a worker")
        answer = self.cluster.measured(parcel, submission.id, settings.limits.memory, self.stop)
        return unpack_measured(answer)
