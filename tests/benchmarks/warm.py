"""How much sooner a first cell can use TensorFlow in a kernel that comes of a template: pairs of cold and warm.

    python tests/benchmarks/warm.py --pairs 5

Both kernels are those of submissions: in a box of bubblewrap, with the watching code in them. Timed from nothing (no
box, no connection file) to the end of a first cell that imports TensorFlow and makes a tensor. Making the template is
timed apart: it is paid once for a class. With `--bare` the cell imports nothing, which is what starting alone costs.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import time

from grader.execution.channel import open_channel
from grader.execution.kernel import kernel_manager
from grader.execution.settings import PROBE, PROBE_OFFER
from grader.execution.warming import KERNEL_VARIABLES, MODULES, WATCHING
from grader.probe.wire import FD_VARIABLE
from grader.sandbox import Box, Limits, Offer, Sandbox
from grader.sandbox.warm import PREPARED, Entrance, Template

CELL = "import tensorflow as tf, keras, numpy, pandas, sklearn, matplotlib; tf.constant(1.0) + 1.0"
THREADS = 2


async def _first_cell(cell: str, entrance: Entrance | None) -> float:
    """Seconds until a fresh kernel has run the cell."""
    began = time.perf_counter()
    with Sandbox(Box("bubblewrap", Limits(), offers=(Offer(PROBE_OFFER, PROBE),), threads=THREADS)) as sandbox:
        ours, theirs = open_channel()
        with ours, theirs:
            command = [sys.executable, f"{sandbox.inside(PROBE_OFFER)}/launch.py", "-f"]
            manager = kernel_manager(
                sandbox,
                lambda connection: [*command, connection, "--HistoryManager.enabled=False"],
                {**KERNEL_VARIABLES, FD_VARIABLE: str(theirs.fileno())},
                (theirs.fileno(),),
                entrance,
            )
            await manager.start_kernel()
            client = manager.client()
            client.start_channels()
            await client.wait_for_ready(timeout=120)
            reply = await client.execute_interactive(cell, output_hook=lambda _: None, timeout=120)
            if reply["content"]["status"] != "ok":
                raise SystemExit(f"the cell failed: {reply['content']}")
            seconds = time.perf_counter() - began
            client.stop_channels()
            await manager.shutdown_kernel(now=True)
    return seconds


def main() -> None:
    """Start kernels in pairs, and print medians and the median ratio."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--pairs", type=int, default=5)
    options.add_argument("--bare", action="store_true")
    asked = options.parse_args()
    cell = "1 + 1" if asked.bare else CELL
    began = time.perf_counter()
    template = Template(MODULES, KERNEL_VARIABLES, THREADS, WATCHING)
    try:
        entrance = template.entrance(PREPARED)
        if entrance is None:
            raise SystemExit("the template can't be made here")
        print(f"template made in {time.perf_counter() - began:.1f} s, once")
        asyncio.run(_first_cell(cell, entrance))
        pairs = [
            (asyncio.run(_first_cell(cell, None)), asyncio.run(_first_cell(cell, entrance))) for _ in range(asked.pairs)
        ]
    finally:
        template.close()
    cold, warm = (statistics.median(times) for times in zip(*pairs, strict=True))
    ratio = statistics.median(before / after for before, after in pairs)
    print(f"first cell: cold {cold:.2f} s, warm {warm:.2f} s; {ratio:.1f} times sooner (median of {asked.pairs} pairs)")


if __name__ == "__main__":
    main()
