"""A class of thousands: the class page, starting, resuming, and the grader's memory, without running a notebook.

    python tests/benchmarks/large_class.py GRADED --submissions 10000

GRADED is the --out folder of a graded class; its stored evidence is handed out, in turn, for notebooks that are written
for the purpose, so that everything is real but the runs. Prints the wall seconds until the first result, of the whole
first call, of the same call again (nothing to do), of one with one changed notebook, of writing the class page, and the
most memory that the process took.
"""

from __future__ import annotations

import argparse
import itertools
import json
import resource
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import nbformat

from grader.execution import RunSettings
from grader.gradebook import Gradebook
from grader.intake import find_submissions
from grader.model import Evidence, Submission
from grader.model.result import Result
from grader.pipeline import ClassGrader, GradeSettings
from grader.progress import Silence
from grader.regrading import write_class
from grader.rendering import choose_rendering
from grader.reuse import Measured
from grader.rubrics import load_rubric
from grader.storage import read_evidence

MIB = 1024


@dataclass(slots=True)
class Stored:
    """A place that hands out stored evidence instead of measuring."""

    evidence: Iterator[tuple[Evidence, bytes]]
    measured: int = 0

    def measure(self, submission: Submission, settings: RunSettings) -> Measured:
        """Return the next evidence under this submission's name."""
        del settings
        self.measured += 1
        evidence, executed = next(self.evidence)
        return Measured(replace(evidence, submission=submission.id, sha256=submission.sha256, given=""), executed)

    def measure_again(self, submission: Submission, settings: RunSettings) -> Evidence:
        """Never asked for: third runs are off."""
        raise NotImplementedError


class FirstResult(Silence):
    """Notes when the first result came."""

    def __init__(self) -> None:
        self.at: float | None = None

    def finished(self, result: Result, *, reused: bool) -> None:
        """Note the time."""
        del result, reused
        self.at = self.at or time.perf_counter()


def stored_evidence(graded: Path) -> Iterator[tuple[Evidence, bytes]]:
    """Yield what a graded class holds, again and again."""
    found = []
    for path in sorted(graded.glob("*/evidence.json")):
        executed = path.with_name("executed.ipynb")
        found.append((read_evidence(path), executed.read_bytes() if executed.is_file() else b""))
    return itertools.cycle(found)


def write_notebooks(folder: Path, evidence: Iterator[tuple[Evidence, bytes]], count: int) -> None:
    """Write a notebook a student, of the cells that the evidence is of; each has a line of its own."""
    for number, (item, _) in zip(range(count), evidence, strict=False):
        make = {"code": nbformat.v4.new_code_cell, "markdown": nbformat.v4.new_markdown_cell}
        cells = [make[cell.kind](cell.source) for cell in item.cells if cell.kind in make]
        cells.append(nbformat.v4.new_markdown_cell(f"This is the work of student {number}."))
        (folder / f"student{number:05}.ipynb").write_text(
            json.dumps(nbformat.v4.new_notebook(cells=cells)), encoding="utf-8"
        )


def grade(handed_in: Path, out: Path, cache: Path, place: Stored) -> tuple[float, float]:
    """Grade as the command does; return the seconds until the first result, and in all."""
    began = time.perf_counter()
    progress = FirstResult()
    settings = GradeSettings(out, load_rubric("unit1"), RunSettings("bubblewrap"), 1, 0.0, third_run=False, cache=cache)
    with Gradebook.open(out) as book:
        choose_rendering(out, similarity=False)  # a class of copies would be nothing but pairs
        submissions = find_submissions(handed_in)
        ClassGrader(settings, book, progress, threading.Event(), place=place).grade_all(submissions)
    ended = time.perf_counter()
    return (progress.at or ended) - began, ended - began


def main() -> None:
    """Make the class, grade it three times, print the seconds."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("graded", type=Path)
    options.add_argument("--submissions", type=int, default=10_000)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        handed_in, out, cache = (Path(folder, name) for name in ("in", "out", "cache"))
        handed_in.mkdir()
        write_notebooks(handed_in, stored_evidence(asked.graded), asked.submissions)
        place = Stored(stored_evidence(asked.graded))
        for what in ("first call", "again, nothing to do", "again, one changed"):
            if what.endswith("changed"):
                changed = handed_in / "student00000.ipynb"
                changed.write_text(changed.read_text().replace("student 0", "student zero"))
                shutil.rmtree(cache, ignore_errors=True)
            before = place.measured
            first, whole = grade(handed_in, out, cache, place)
            print(
                f"{what}: first result after {first:.1f} s, all after {whole:.1f} s, {place.measured - before} measured"
            )
        with Gradebook.open_existing(out) as book:
            began = time.perf_counter()
            results = book.results()
            write_class(out, load_rubric("unit1"), results)
        size = (out / "index.html").stat().st_size / 1e6
        print(f"class page of {len(results)}: {time.perf_counter() - began:.1f} s, {size:.1f} MB")
    print(f"most memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MIB:.0f} MiB", file=sys.stdout)


if __name__ == "__main__":
    main()
