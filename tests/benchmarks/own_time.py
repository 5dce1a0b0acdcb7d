"""The grader's own time for a submission: all that is not its cells' running, verification and report included.

    python tests/benchmarks/own_time.py --notebooks 6 --rounds 3

Grades a class of small Keras trainings one after the other, and a class of one; what a further notebook takes, less the
seconds that its cells ran, is the grader's own. What is paid once (starting, the template) is so left out, and told
apart. Prints each round and the median.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.benchmarks.throughput import write_class

GRADER = str(Path(sys.executable).with_name("grader"))
EPOCHS = 2


def graded(folder: Path, notebooks: int) -> tuple[float, float]:
    """Grade a class of so many; return the wall seconds, and those of its cells."""
    handed_in, out = folder / "class", folder / "out"
    handed_in.mkdir(parents=True)
    write_class(handed_in, notebooks, EPOCHS)
    began = time.perf_counter()
    subprocess.run(
        [GRADER, "grade", handed_in, "--out", out, "--reference-budget", "0", "--no-cache", "--jobs", "1"],
        check=True,
        capture_output=True,
    )
    seconds = time.perf_counter() - began
    stored = [json.loads(path.read_text(encoding="utf-8")) for path in out.glob("*/evidence.json")]
    return seconds, sum(cell["seconds"] for evidence in stored for cell in evidence["cells"])


def main() -> None:
    """Run the rounds and print them."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--notebooks", type=int, default=6)
    options.add_argument("--rounds", type=int, default=3)
    asked = options.parse_args()
    own_seconds = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(asked.rounds):
            one, cells_of_one = graded(Path(folder, f"{number}", "one"), 1)
            many, cells = graded(Path(folder, f"{number}", "many"), asked.notebooks)
            further = asked.notebooks - 1
            own_seconds.append(((many - cells) - (one - cells_of_one)) / further)
            print(
                f"round {number + 1}: {own_seconds[-1]:.2f} s a submission, {one - cells_of_one - own_seconds[-1]:.1f} s once"
            )
    print(f"own time of a submission: {statistics.median(own_seconds):.2f} s (median of {asked.rounds} rounds)")


if __name__ == "__main__":
    main()
