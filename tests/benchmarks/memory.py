"""Whether the grader's own memory stays flat while a class passes through that is large and loud.

    python tests/benchmarks/memory.py --submissions 300

Grades a class of small notebooks with, in its midst, one output of 100 MB, one endless print flood and one of 3,000
pictures, and samples the resident memory of the grader's process and of its runner processes. Prints the grader's memory after
the first submissions, its highest point after them, and the difference; the highest point of any runner; and what
became of the loud ones.
"""

from __future__ import annotations

import argparse
import csv
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
import psutil

LOOK_S = 0.05
MIB = 1024 * 1024
WARM = 10
"""Submissions after which the grader has imported all it needs."""

QUIET = ('x = {number}\nprint("the answer is", x)', "import numpy as np\nprint(np.arange(10).sum())")
LOUD = {
    "output_100_mb": ('print("before")', 'print("x" * 100_000_000)'),
    "print_flood": ('print("before")', 'while True:\n    print("flood " * 50)'),
    "pictures": (
        'print("before")',
        (
            "import os\nfrom IPython.display import Image, display\n"
            "for _ in range(3000):\n    display(Image(data=os.urandom(30_000), format='png'))"
        ),
    ),
}


@dataclass(slots=True)
class Peaks:
    """Resident memory in bytes: of the grader when warm, its highest since, and the highest of a runner."""

    warm: int = 0
    grader: int = 0
    runner: int = 0


def write_class(folder: Path, submissions: int) -> None:
    """Write the class: the loud ones are graded amid the quiet ones, in the order of their names."""
    for number in range(submissions):
        _write(folder / f"quiet{number:04}.ipynb", [cell.format(number=number) for cell in QUIET])
    for place, (name, cells) in enumerate(LOUD.items(), start=1):
        _write(folder / f"quiet{submissions * place // (len(LOUD) + 1):04}_{name}.ipynb", list(cells))


def _write(path: Path, cells: list[str]) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    nbformat.write(notebook, path)


def watch(grader: psutil.Process, out: Path) -> Peaks:
    """Sample until the grader ends."""
    peaks = Peaks()
    while grader.is_running() and grader.status() != psutil.STATUS_ZOMBIE:
        try:
            resident = grader.memory_info().rss
            runners = [child.memory_info().rss for child in grader.children() if _is_runner(child)]
        except psutil.Error:
            continue
        if sum(1 for _ in _graded(out)) < WARM:
            peaks.warm = resident
        peaks.grader = max(peaks.grader, resident)
        peaks.runner = max([peaks.runner, *runners])
        time.sleep(LOOK_S)
    return peaks


def _is_runner(process: psutil.Process) -> bool:
    return "grader.execution.runner" in process.cmdline()


def _graded(out: Path) -> Iterator[Path]:
    return out.glob("*/grade.json")


def main() -> None:
    """Grade the class and print what was seen."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--submissions", type=int, default=300)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        handed_in, out = Path(folder, "in"), Path(folder, "out")
        handed_in.mkdir()
        write_class(handed_in, asked.submissions)
        command = [str(Path(sys.executable).with_name("grader")), "grade", str(handed_in), "--out", str(out)]
        process = subprocess.Popen([*command, "--reference-budget", "0", "--no-cache"], stdout=subprocess.DEVNULL)
        peaks = watch(psutil.Process(process.pid), out)
        status = process.wait()
        with (out / "grades.csv").open(encoding="utf-8-sig", newline="") as file:
            rows = {row["id"]: row["status"] for row in csv.DictReader(file)}
    print(f"exit status {status}, {len(rows)} submissions")
    print(f"grader: {peaks.warm / MIB:.0f} MiB warm, {peaks.grader / MIB:.0f} MiB at most: "
          f"{(peaks.grader - peaks.warm) / MIB:+.0f} MiB")  # fmt: skip
    print(f"a runner, disposable: {peaks.runner / MIB:.0f} MiB at most")
    for name, state in rows.items():
        if not name.rpartition("quiet")[2].isdecimal():
            print(f"{name}: {state}")


if __name__ == "__main__":
    main()
