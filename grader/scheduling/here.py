"""Measuring on this machine: a run in a box, its evidence, and nothing left behind."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from grader.execution import RunSettings
from grader.measuring import Measurer
from grader.model import Evidence, Run, Submission
from grader.retrying import run_again_if_failed
from grader.reuse import Measured
from grader.scheduling.admission import Admission


@dataclass(frozen=True, slots=True)
class Here:
    """Measures in boxes of this machine; files of runs lie under `work` until they are measured."""

    measurer: Measurer
    work: Path
    admission: Admission

    def measure(self, submission: Submission, settings: RunSettings) -> Measured:
        """Run a submission and measure it; what failed by the machine is tried twice."""
        work = self.work / submission.id
        try:
            with self.admission.admitted():
                run = run_again_if_failed(lambda: self.measurer.run(submission, work, settings))
                evidence = self.measurer.measure(submission, run, settings)
                return Measured(evidence, _executed(run))
        finally:
            shutil.rmtree(work, ignore_errors=True)

    def measure_again(self, submission: Submission, settings: RunSettings) -> Evidence:
        """Run it once more, and measure its final score only."""
        work = self.work / submission.id
        try:
            with self.admission.admitted():
                return self.measurer.measure_again(submission, work, settings)
        finally:
            shutil.rmtree(work, ignore_errors=True)


def _executed(run: Run) -> bytes:
    kept = run.executed_notebook
    return kept.read_bytes() if kept is not None and kept.is_file() else b""
