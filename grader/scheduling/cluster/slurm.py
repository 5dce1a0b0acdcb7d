"""Workers on a Slurm cluster for the length of one grader command.

    pip install "grader[cluster]" dask-jobqueue
    python -m grader.scheduling.cluster.slurm --partition short --workers 20 -- grade submissions --out graded

Run it on a login node, or in a small job of its own. Each worker is a Slurm job that takes one submission at a time;
one that Slurm ends is replaced, and costs only the submission it had. What follows `--` is the grader's command line,
to which `--scheduler` is added. `--show` prints the job script and submits nothing.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

GIGABYTE = 1e9

GRADER = Path(sys.executable).with_name("grader")


def slurm_cluster(asked: argparse.Namespace) -> Any:
    """Return dask-jobqueue's cluster; no job is submitted before it is scaled."""
    from dask_jobqueue import SLURMCluster  # noqa: PLC0415 - not needed to grade

    resources = [f"MEMORY={asked.memory * GIGABYTE:.0f}", *(["GPU=1"] if asked.gpu else [])]
    return SLURMCluster(
        queue=asked.partition,
        account=asked.account,
        cores=1,  # one submission at a time, of one compute thread
        processes=1,
        job_cpu=asked.cores,
        memory=f"{asked.memory}GB",
        walltime=asked.walltime,
        job_extra_directives=["--gres=gpu:1"] if asked.gpu else [],
        worker_extra_args=["--resources", ",".join(resources)],
        interface=asked.interface,
        job_script_prologue=["export DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED=False"],
    )


def parser() -> argparse.ArgumentParser:
    """Return what the command line may hold before `--`."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--partition", help="Slurm's partition")
    options.add_argument("--account", help="Slurm's account")
    options.add_argument("--workers", type=int, default=10, help="jobs, each one submission at a time")
    options.add_argument("--cores", type=int, default=2, help="processors of a job: one computes, one watches")
    options.add_argument("--memory", type=int, default=8, help="gigabytes of a job")
    options.add_argument("--walltime", default="04:00:00", help="longest time of a job")
    options.add_argument("--interface", help="network interface that nodes reach each other by, such as ib0")
    options.add_argument("--gpu", action="store_true", help="ask for one GPU a job; add --resource GPU=1 behind --")
    options.add_argument("--show", action="store_true", help="print the job script and end")
    options.add_argument("command", nargs="*", help="the grader's command line, behind --")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Start the workers, run the command, end the workers; return its exit status."""
    asked = parser().parse_args(arguments)
    with slurm_cluster(asked) as cluster:
        if asked.show:
            print(cluster.job_script())
            return 0
        cluster.adapt(minimum_jobs=asked.workers, maximum_jobs=asked.workers)
        cluster.wait_for_workers(1)
        command = [str(GRADER), *asked.command, "--scheduler", cluster.scheduler_address]
        return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
