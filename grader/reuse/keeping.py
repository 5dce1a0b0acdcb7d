"""What one command takes from earlier ones and keeps for later ones, stage by stage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from grader.execution import RunSettings
from grader.model import Evidence, Run, Submission
from grader.model.run import Budget
from grader.reuse import evidence as whole
from grader.reuse import runs
from grader.reuse.boxes import KeptBoxes
from grader.reuse.evidence import Measured
from grader.reuse.keys import Identities, code_key, content_key, evidence_key, run_key
from grader.reuse.store import Store

SECONDS = "seconds"


@dataclass(frozen=True, slots=True)
class Keeping:
    """The store of one command, and what its measurements depend on besides the submissions."""

    store: Store
    hidden: str = ""
    """Digest of the instructor's own test."""
    reference_budget_s: float = 0.0
    own_check: bool = False
    """A student's own check takes what a class's run found as well: in full, with one thread."""
    identities: Identities = field(default_factory=Identities)

    # ------------------------------------------------------------ whole evidence
    def measured(self, submission: Submission, settings: RunSettings) -> Measured | None:
        """Return what was measured before of this submission, or of an equal one."""
        content = content_key(submission)
        for item in self._serving(settings):
            found = whole.kept_measured(self.store, self.key(content, item), submission)
            if found is not None:
                return found
        return None

    def keep(self, submission: Submission, settings: RunSettings, measured: Measured) -> None:
        """Keep what was measured, and how long it took."""
        whole.keep_measured(self.store, self.key(content_key(submission), settings), measured)
        self.store.put(code_key(submission), {SECONDS: str(measured.evidence.run.wall_s).encode()})

    def holds(self, content: str, settings: RunSettings) -> bool:
        """Return whether there is an entry of what was measured; it may yet be found damaged."""
        return any(self.store.has(self.key(content, item)) for item in self._serving(settings))

    def seconds(self, code: str) -> float | None:
        """Return how long the same code took before, None where that is not known."""
        parts = replace(self.store, reads=True).get(code)
        try:
            return None if parts is None else float(parts[SECONDS])
        except (ValueError, KeyError):
            return None

    def again(self, submission: Submission, settings: RunSettings, run_again: Callable[[], Evidence]) -> Evidence:
        """Return what one run more came to."""
        return whole.kept_again(self.store, self.key(content_key(submission), settings), run_again)

    def key(self, content: str, settings: RunSettings) -> str:
        """Digest all that is measured of a submission depends on: equal for those that are run once."""
        return evidence_key(
            content,
            settings,
            self.identities.of(settings),
            hidden=self.hidden,
            reference_budget_s=self.reference_budget_s,
        )

    def _serving(self, settings: RunSettings) -> list[RunSettings]:
        """Return the settings whose results serve, best first."""
        if not self.own_check:
            return [settings]
        full = replace(settings, budget=Budget())
        return list(dict.fromkeys([full, replace(full, threads=1), settings, replace(settings, threads=1)]))

    # ------------------------------------------------------------ runs and boxes
    def run(self, submission: Submission, settings: RunSettings, work: Path, make: Callable[[], Run]) -> Run:
        """Return an earlier run of the same code with its files in `work`, else a new one, which is kept."""
        work.mkdir(parents=True, exist_ok=True)
        for item in self._serving(settings):
            found = runs.kept_run(self.store, self._run_key(submission, item), work, submission)
            if found is not None:
                return found
        made = make()
        runs.keep_run(self.store, self._run_key(submission, settings), work, made)
        return made

    def _run_key(self, submission: Submission, settings: RunSettings) -> str:
        return run_key(submission, self.identities.of(settings), settings.python)

    @property
    def boxes(self) -> KeptBoxes:
        """What runs the grader's own scripts in boxes."""
        return KeptBoxes(self.store)
