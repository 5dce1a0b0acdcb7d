"""A local Dask cluster of two worker processes against two jobs on this machine, pair by pair.

    python tests/benchmarks/cluster.py --notebooks 12 --pairs 2

The class is that of throughput.py. On the cluster one worker is killed in mid-run, and started again by its nanny; the
grades of both sides are compared. Prints the wall seconds and the ratio of each pair, and the median. What the killed
worker costs is the same for short and long notebooks: about half of a notebook, and four seconds until another is warm.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.benchmarks.throughput import write_class

GRADER = str(Path(sys.executable).with_name("grader"))


def graded(handed_in: Path, out: Path, *options: str) -> float:
    """Grade the class and return the wall seconds."""
    began = time.perf_counter()
    command = [GRADER, "grade", str(handed_in), "--out", str(out), "--reference-budget", "0", "--no-cache", *options]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - began


def grades(out: Path) -> dict[str, object]:
    """Return what was found, times aside."""
    found = {}
    for path in sorted(out.glob("*/grade.json")):
        grade = json.loads(path.read_text())
        grade["run"]["wall_s"] = 0
        found[path.parent.name] = grade
    return found


def kill_one(workers: list[int], after_s: float) -> threading.Timer:
    """Kill a worker that has a notebook running, some time from now."""

    def kill() -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            for number in workers:
                try:
                    process = psutil.Process(number)
                    if any("grader.execution.runner" in child.cmdline() for child in process.children()):
                        process.kill()
                        return
                except psutil.Error:
                    continue
            time.sleep(0.05)

    timer = threading.Timer(after_s, kill)
    timer.start()
    return timer


def main() -> None:
    """Run the pairs and print them."""
    import dask
    from distributed import Client, LocalCluster

    dask.config.set({"distributed.worker.profile.enabled": False})  # as the cluster's README says
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--notebooks", type=int, default=12)
    options.add_argument("--epochs", type=int, default=5)
    options.add_argument("--pairs", type=int, default=2)
    options.add_argument("--kill-after", type=float, default=15, help="seconds; 0 kills nobody")
    asked = options.parse_args()
    ratios = []
    for number in range(asked.pairs):
        with tempfile.TemporaryDirectory() as folder:
            (handed_in := Path(folder, "class")).mkdir()
            write_class(handed_in, asked.notebooks, asked.epochs)
            here = graded(handed_in, Path(folder, "here"), "--jobs", "2")
            with LocalCluster(n_workers=2, threads_per_worker=1, memory_limit=0, dashboard_address=None) as cluster:
                with Client(cluster) as client:
                    workers = list(client.run(lambda: __import__("os").getpid()).values())
                timer = kill_one(workers, asked.kill_after) if asked.kill_after else None
                there = graded(handed_in, Path(folder, "there"), "--scheduler", cluster.scheduler_address)
                if timer is not None:
                    timer.join()
            same = grades(Path(folder, "here")) == grades(Path(folder, "there"))
            ratios.append(here / there)
            print(f"pair {number + 1}: here {here:.1f} s   cluster {there:.1f} s   throughput {ratios[-1]:.2f} times, "
                  f"grades {'equal' if same else 'DIFFERENT'}", flush=True)  # fmt: skip
    print(f"median: {statistics.median(ratios):.2f} times the local throughput")


if __name__ == "__main__":
    main()
