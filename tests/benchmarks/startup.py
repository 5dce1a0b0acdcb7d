"""What a box costs at a kernel's start: each isolation tier against a plain kernel, pair by pair.

    python tests/benchmarks/startup.py --pairs 20

A start is timed from nothing (no folder, no box, no connection file) to the kernel's first answer. Both sides use Unix
sockets and the same interpreter. Prints the median of each, and the median of the pairs' differences; `+ probe` is the
kernel as submissions get it, with the watching code in it.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import zmq
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpec

from grader.execution.channel import open_channel
from grader.execution.kernel import RECONNECT_MS, PromptClient, kernel_manager
from grader.execution.settings import PROBE
from grader.model import Tier
from grader.probe.wire import FD_VARIABLE
from grader.sandbox import Box, Limits, Offer, Sandbox, try_tier

ANSWER_S = 60.0
QUIET = ("--HistoryManager.enabled=False",)


async def _until_ready(manager: AsyncKernelManager) -> None:
    await manager.start_kernel()
    client = manager.client()
    client.start_channels()
    await client.wait_for_ready(timeout=ANSWER_S)
    client.stop_channels()


async def _plain(folder: str) -> float:
    began = time.perf_counter()
    name = uuid.uuid4().hex
    manager = AsyncKernelManager(connection_file=f"{folder}/{name}.json", transport="ipc", ip=f"{folder}/{name}")
    # The client that is ready as soon as its kernel is, on both sides: what is measured is the box.
    manager.client_factory = PromptClient
    manager.context.setsockopt(zmq.RECONNECT_IVL, RECONNECT_MS)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", *QUIET]
    manager._kernel_spec = KernelSpec(argv=argv, display_name="plain", language="python")
    await _until_ready(manager)
    seconds = time.perf_counter() - began
    await manager.shutdown_kernel(now=True)
    return seconds


async def _boxed(tier: Tier, probe: Path | None) -> float:
    began = time.perf_counter()
    offers = () if probe is None else (Offer("probe", probe),)
    with Sandbox(Box(tier, Limits(), sys.executable, offers=offers)) as sandbox:
        if probe is None:
            start, variables, descriptors = ["-m", "ipykernel_launcher"], {}, ()
        else:
            ours, theirs = open_channel()
            start = [f"{sandbox.inside('probe')}/launch.py"]
            variables, descriptors = {FD_VARIABLE: str(theirs.fileno())}, (theirs.fileno(),)
        manager = kernel_manager(
            sandbox, lambda connection: [sys.executable, *start, "-f", connection, *QUIET], variables, descriptors
        )
        await _until_ready(manager)
        seconds = time.perf_counter() - began
        await manager.shutdown_kernel(now=True)
    if probe is not None:
        ours.close()
        theirs.close()
    return seconds


def _ways() -> dict[str, Callable[[], float]]:
    ways: dict[str, Callable[[], float]] = {}
    for tier in ("bubblewrap", "landlock", "none"):
        complaint = try_tier(tier)
        if complaint is not None:
            print(f"{tier} does not work here: {complaint}")
            continue
        ways[tier] = lambda tier=tier: asyncio.run(_boxed(tier, None))
        ways[f"{tier} + probe"] = lambda tier=tier: asyncio.run(_boxed(tier, PROBE))
    return ways


def main() -> None:
    """Start kernels in turn, each way beside a plain one, and print the medians."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--pairs", type=int, default=20)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:  # Unix sockets have short paths

        def plain() -> float:
            return asyncio.run(_plain(folder))

        plain()
        print(f"{'':<20} {'median':>9} {'plain':>9} {'difference':>11}")
        for name, boxed in _ways().items():
            boxed()
            pairs = [(plain(), boxed()) for _ in range(asked.pairs)]
            medians = [1000 * statistics.median(times) for times in zip(*pairs, strict=True)]
            more = 1000 * statistics.median(after - before for before, after in pairs)
            print(f"{name:<20} {medians[1]:>6.0f} ms {medians[0]:>6.0f} ms {more:>+8.0f} ms", flush=True)


if __name__ == "__main__":
    main()
