"""What every place offers where submissions can be measured."""

from __future__ import annotations

from typing import Protocol

from grader.execution import RunSettings
from grader.model import Evidence, Submission
from grader.reuse import Measured


class Place(Protocol):
    """Measures submissions; both methods may be called from several threads and return when it is done.

    They raise InfrastructureError where the machine failed or the work was stopped, StorageFullError where a disk is
    full.
    """

    def measure(self, submission: Submission, settings: RunSettings) -> Measured:
        """Run a submission and measure it."""

    def measure_again(self, submission: Submission, settings: RunSettings) -> Evidence:
        """Run it once more, and measure its final score only."""
