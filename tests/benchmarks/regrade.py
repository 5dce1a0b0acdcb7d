"""Judging a stored class again: wall time of `grader regrade` on copies of one graded class.

    python tests/benchmarks/regrade.py GRADED --submissions 100

GRADED is the --out folder of a graded class, such as the sample class; its submissions are copied in turn under new
names until there are enough. Texts are not compared: a class of copies would be nothing but pairs.
"""

from __future__ import annotations

import argparse
import itertools
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from grader.durable import write_atomically
from grader.gradebook import Gradebook
from grader.storage import evidence_json, read_evidence


def copy_class(graded: Path, target: Path, count: int) -> None:
    """Write `count` stored submissions into `target`, made from those in `graded` in turn."""
    shutil.copy(graded / "grades.csv", target)
    with Gradebook.open_existing(graded) as source, Gradebook.open(target) as book:
        rows = itertools.cycle(source.results())
        for number, row in zip(range(count), rows, strict=False):
            name = f"student{number:05}"
            evidence = read_evidence(graded / row.submission / "evidence.json")
            write_atomically(target / name / "evidence.json", evidence_json(replace(evidence, submission=name)))
            book.record(replace(row, submission=name), "copied")


def main() -> None:
    """Copy the class, judge it again, print the seconds."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("graded", type=Path)
    options.add_argument("--submissions", type=int, default=100)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder)
        copy_class(asked.graded, target, asked.submissions)
        started = time.perf_counter()
        subprocess.run(
            [str(Path(sys.executable).with_name("grader")), "regrade", folder, "--no-similarity"], check=True
        )
        seconds = time.perf_counter() - started
    print(
        f"{asked.submissions} submissions judged again in {seconds:.2f} s, {1000 * seconds / asked.submissions:.0f} ms each"
    )


if __name__ == "__main__":
    main()
