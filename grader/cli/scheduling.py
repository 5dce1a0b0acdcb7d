"""The options that say where notebooks run and how many side by side: on this machine, or on a Dask cluster."""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from grader.cli import options
from grader.cli.running import Running

if TYPE_CHECKING:
    from grader.pipeline import GradeSettings
    from grader.progress import Progress
    from grader.sandbox import TierReport
    from grader.scheduling.cluster.client import Cluster
    from grader.scheduling.place import Place


def _jobs(_: click.Context, __: click.Parameter, value: str) -> str:
    if value != "auto" and not (value.isdigit() and int(value) > 0):
        raise click.BadParameter("give a number of notebooks to run side by side, or auto")
    return value


def _resources(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> dict[str, float]:
    found = {}
    for value in values:
        name, _equals, amount = value.partition("=")
        try:
            found[name] = float(amount)
        except ValueError:
            raise click.BadParameter(f"{value!r}: write it as NAME=AMOUNT, such as GPU=1") from None
    return found


_OPTIONS = (
    click.option("--jobs", default="auto", show_default=True, callback=_jobs, help="Notebooks run side by side."),
    click.option(
        "--scheduler",
        metavar="ADDRESS",
        help="Run on the workers of a Dask cluster, such as tcp://HOST:8786. They need the same grader and libraries.",
    ),
    click.option(
        "--resource",
        "resources",
        multiple=True,
        callback=_resources,
        metavar="NAME=AMOUNT",
        help="A Dask resource that each submission takes of its worker, such as GPU=1. Can be given several times.",
    ),
)


def scheduling(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command `--jobs`, `--scheduler` and `--resource`, and hand them over as `scheduling`."""

    @functools.wraps(command)
    def with_scheduling(*args: Any, jobs: str, scheduler: str | None, resources: dict[str, float], **given: Any) -> Any:
        return command(*args, scheduling=Scheduling(jobs, scheduler, resources), **given)

    for option in reversed(_OPTIONS):
        with_scheduling = option(with_scheduling)
    return with_scheduling


@dataclass(frozen=True, slots=True)
class Scheduling:
    """Where notebooks run, as given."""

    asked_jobs: str
    scheduler: str | None
    resources: dict[str, float]

    def joined(self) -> AbstractContextManager[Cluster | None]:
        """Return the connection to the cluster; None where notebooks run here.

        Raises:
            ClusterError: none can be had.
        """
        if self.scheduler is None:
            if self.resources:
                raise click.UsageError("--resource is of a cluster's workers: give --scheduler as well")
            return nullcontext()
        from grader.scheduling.cluster.client import Cluster

        return Cluster(self.scheduler, self.resources)

    def tier(self, cluster: Cluster | None, running: Running, *, unsafe: bool) -> TierReport:
        """Return the isolation that notebooks run under: this machine's, or what all workers have.

        Raises:
            SandboxUnavailableError: none works here.
            ClusterError: workers are not as they have to be.
        """
        from grader.sandbox import unsandboxed

        if unsafe and (running.isolation != "auto" or cluster is not None):
            other = "--scheduler" if cluster is not None else "--isolation"
            raise click.UsageError(f"{other} and --unsafe-no-sandbox contradict each other; give one of them")
        if cluster is not None:
            return cluster.check(running.isolation, *self._lying_there(running))
        return unsandboxed() if unsafe else options.require_tier(running.isolation)

    def _lying_there(self, running: Running) -> tuple[Path | None, list[Path]]:
        """Return what workers must have under the same names: data, files for addresses."""
        return options.data_folder(running.data), [item.path for item in options.url_files(running.urls)]

    def jobs(self, cluster: Cluster | None, submissions: int) -> int:
        """Return how many submissions are in work at once; on a cluster each worker finds a next one waiting."""
        from grader.scheduling.machine import jobs_for

        if cluster is None or self.asked_jobs != "auto":
            return jobs_for(self.asked_jobs, submissions)
        return max(1, min(cluster.in_flight(), submissions))

    def place(
        self,
        cluster: Cluster | None,
        settings: GradeSettings,
        progress: Progress,
        stop: threading.Event,
        *,
        warm: bool,
    ) -> Place | None:
        """Return the cluster as the place to measure; None is this machine.

        Raises:
            ClusterError: an interpreter of the course does not lie on every worker.
        """
        if cluster is None:
            return None
        from grader.execution.warming import can_start_warm
        from grader.scheduling.cluster.client import There

        others = _interpreters([settings.run, *settings.run_by_era.values()])
        if others:
            cluster.check(settings.run.tier, settings.run.data, others)
        if warm and can_start_warm(settings.run):
            cluster.warm_up(settings.run.threads)
        return There(
            cluster,
            progress,
            stop,
            settings.hidden,
            settings.reference_budget_s,
            cache=settings.cache is not None,
            reads=not settings.rerun,
            warm=warm,
        )


def _interpreters(settings: Sequence[Any]) -> list[Path]:
    return [Path(item.python) for item in settings if item.python != sys.executable]
