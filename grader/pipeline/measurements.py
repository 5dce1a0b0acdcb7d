"""What a submission comes to: taken from an earlier call where it lasts, else measured now."""

from __future__ import annotations

import tempfile
import threading
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from grader.durable import require_space
from grader.errors import GraderError, InfrastructureError
from grader.evidence.given import without_given
from grader.execution import RunSettings
from grader.model import Evidence, Submission
from grader.pipeline.settings import GradeSettings
from grader.repeating import with_repeat
from grader.reuse import Measured, open_store
from grader.reuse.keeping import Keeping
from grader.reuse.keys import Identities
from grader.scheduling.place import Place
from grader.scheduling.unmeasured import broken_evidence


@dataclass(frozen=True, slots=True)
class Measurements:
    """Measures submissions at a place; `keeping` is what earlier calls left, None where nothing of it is used."""

    settings: GradeSettings
    place: Place
    keeping: Keeping | None
    stop: threading.Event

    def of(self, submission: Submission, settings: RunSettings) -> Measured:
        """Return what a submission comes to; a fault of ours becomes evidence of a failed infrastructure.

        What failed by the machine was tried twice; where a full disk may be why, the command ends instead.
        """
        try:
            measured = self._before(submission, settings) or self._now(submission, settings)
            evidence = without_given(measured.evidence, self.settings.given)
            if self.settings.third_run:
                again = partial(self._again, submission, settings)
                evidence = with_repeat(evidence, self.settings.rubric, settings, again)
            return replace(measured, evidence=evidence)
        except InfrastructureError as error:
            if self.stop.is_set():
                raise  # stopped by hand, not failed: it is run again next time
            return Measured(broken_evidence(submission, str(error)))
        except GraderError:
            raise
        except Exception as error:  # noqa: BLE001 - a bug of ours must cost neither the class nor the student
            require_room(self.settings.out)
            return Measured(broken_evidence(submission, own_fault(error)))

    def _before(self, submission: Submission, settings: RunSettings) -> Measured | None:
        return None if self.keeping is None else self.keeping.measured(submission, settings)

    def _now(self, submission: Submission, settings: RunSettings) -> Measured:
        measured = self.place.measure(submission, settings)
        run = measured.evidence
        if run.run.status == "infrastructure_failure" or run.verification_note or run.reference_note:
            require_room(self.settings.out)
        if self.keeping is not None:
            self.keeping.keep(submission, settings, measured)
        return measured

    def _again(self, submission: Submission, settings: RunSettings, shorter: RunSettings) -> Evidence:
        """Return what one run more came to, within the limits of `shorter`."""
        run_again = partial(self.place.measure_again, submission, shorter)
        return run_again() if self.keeping is None else self.keeping.again(submission, settings, run_again)


def keeping_of(settings: GradeSettings, identities: Identities) -> Keeping | None:
    """Return what earlier calls left. Without isolation nothing is believed: a notebook could have written it."""
    if settings.cache is None or settings.run.tier == "none":
        return None
    return Keeping(
        open_store(settings.cache, reads=not settings.rerun),
        hidden="" if settings.hidden is None else settings.hidden.sha256,
        reference_budget_s=settings.reference_budget_s,
        own_check=settings.own_notebook,
        identities=identities,
    )


def require_room(out: Path) -> None:
    """Raise StorageFullError where results or boxes have no room: no submission could be graded."""
    for folder in (out, Path(tempfile.gettempdir())):
        require_space(folder)


def own_fault(error: Exception) -> str:
    """Return the message of a fault of the grader's own."""
    return f"the grader itself failed ({type(error).__name__}: {error}); please report it, and grade by hand meanwhile"
