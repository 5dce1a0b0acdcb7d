"""A small cluster of real processes: one scheduler, two workers."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

READY_S = 90


@dataclass(slots=True)
class Processes:
    """A scheduler's address, and its workers: each is killed by its number."""

    address: str
    workers: list[subprocess.Popen[bytes]]


@contextmanager
def cluster(folder: Path, workers: int, *options: str) -> Iterator[Processes]:
    """Start a scheduler and workers as one would by hand, and end them."""
    pytest.importorskip("distributed")
    file = folder / "scheduler.json"
    started: list[subprocess.Popen[bytes]] = []

    def start(*words: str) -> subprocess.Popen[bytes]:
        with (folder / f"{len(started)}.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *words, "--scheduler-file", str(file), "--no-dashboard"],
                stdout=log,
                stderr=log,
                cwd=folder,
            )
        started.append(process)
        return process

    try:
        start("distributed.cli.dask_scheduler", "--port", "0", "--host", "127.0.0.1")
        deadline = time.monotonic() + READY_S
        while not (file.exists() and file.read_text().strip()) and time.monotonic() < deadline:
            time.sleep(0.1)
        address = json.loads(file.read_text())["address"]
        worker = ("distributed.cli.dask_worker", "--nthreads", "1", "--no-nanny", "--memory-limit", "0", *options)
        running = [start(*worker) for _ in range(workers)]
        wait_for(address, workers)
        yield Processes(address, running)
    finally:
        for process in reversed(started):
            process.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)


def wait_for(address: str, workers: int) -> None:
    """Wait until so many workers have joined."""
    from distributed import Client

    with Client(address, timeout=READY_S, set_as_default=False) as client:
        client.wait_for_workers(workers, timeout=READY_S)
