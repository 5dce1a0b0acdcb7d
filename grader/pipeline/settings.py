"""How a class is to be graded, and what of that a run depends on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from grader.evidence.reading.given import NOTHING_GIVEN, Given
from grader.execution import RunSettings
from grader.execution.interpreter import own_interpreter
from grader.model import EVIDENCE_VERSION, Rubric, Submission
from grader.reuse.keys import Identities, source_digest
from grader.scheduling.briefs import Brief
from grader.verification.hidden_data import HiddenData

if TYPE_CHECKING:
    from grader.opinions import SecondOpinion


@dataclass(frozen=True, slots=True)
class GradeSettings:
    """How a class is to be graded. `reference_budget_s` of 0 trains no references.

    `own_notebook` says that a student checks their own work: running it without isolation is then no concern.
    `third_run` allows one run more for those whose level hangs on whether their score comes out again.
    """

    out: Path
    rubric: Rubric
    run: RunSettings
    jobs: int
    reference_budget_s: float
    rerun: bool = False
    own_notebook: bool = False
    third_run: bool = True
    run_by_era: Mapping[str, RunSettings] = field(default_factory=dict)
    given: Given = NOTHING_GIVEN
    """The assignment's own text, which earns nothing."""
    shared_text: bool = True
    """Whether what most of the class has alike is taken for the assignment's too."""
    hidden: HiddenData | None = None
    """The instructor's own test, which every final model is scored on."""
    second_opinion: SecondOpinion | None = None
    """A language model to ask about prose; None sends nothing anywhere."""
    cache: Path | None = None
    """Folder of what earlier calls measured, shared by all classes; None does everything anew."""

    def run_of(self, brief: Brief) -> RunSettings:
        """Return how one submission is to be run: as all, or as those written for the same older libraries."""
        return self.run_by_era.get(brief.era, self.run)


def fingerprint_of(
    submission: Submission | Brief,
    settings: RunSettings,
    hidden: HiddenData | None = None,
    identities: Identities | None = None,
) -> str:
    """Digest everything a run depends on: another digest means the submission has to be run again.

    `identities` keeps what is the same for all submissions of a call.
    """
    parts = {
        "notebook": submission.sha256,
        "files": submission.files_sha256,
        "settings": (identities or Identities()).of(settings),
        "grader": source_digest(),
        "evidence": EVIDENCE_VERSION,
        "references": asdict(own_interpreter()),
    } | ({"hidden_test": hidden.sha256} if hidden is not None else {})
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
