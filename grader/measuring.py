"""From a submission to its evidence: run it, collect, look at its files, recompute its scores, train references."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from grader.audit import audit_files
from grader.audit.pdf import with_pdf_text
from grader.errors import InfrastructureError, SubmissionError
from grader.evidence.collecting import collect_evidence
from grader.evidence.official import known_splits
from grader.evidence.sealing import reference_data, sealed_scorings, with_recomputed
from grader.execution import RunProgress, RunSettings, run_submission
from grader.execution.warming import Templates
from grader.model import Evidence, HiddenTest, OwnData, Run, SealedScoring, Submission, Verified
from grader.progress import Progress
from grader.reference import train_references
from grader.retrying import again_if_failed
from grader.reuse.keeping import Keeping
from grader.sandbox import ScriptResult, run_script
from grader.verification import verify
from grader.verification.hidden_data import HiddenData
from grader.verification.hidden_test import score_hidden_test

ONLY_READ = "it was handed in as a PDF export, which can't be run"


@dataclass(frozen=True, slots=True)
class References:
    """What training references may cost, in seconds (0 trains none), and where they are kept for a class."""

    budget_s: float
    cache: Path


@dataclass(frozen=True, slots=True)
class Measurer:
    """Runs and measures submissions, one at a call; several threads may call. `stop` ends what is in progress.

    Every method raises InfrastructureError where `stop` was set: half a measurement must not pass for a whole one.
    """

    references: References
    progress: Progress
    stop: threading.Event
    hidden: HiddenData | None = None
    """The instructor's own test, which every final model is scored on."""
    templates: Templates | None = None
    """Processes that have the libraries in memory already; without them each run imports them for itself."""
    keeping: Keeping | None = None
    """What earlier measurements left; None does everything anew."""

    def run(self, submission: Submission, work: Path, settings: RunSettings) -> Run:
        """Return a submission's run, an earlier one of the same code where there is one, with its files in `work`."""
        if self.keeping is None or submission.is_pdf:
            return self._run(submission, work, settings)
        shutil.rmtree(work, ignore_errors=True)
        return self.keeping.run(submission, settings, work, lambda: self._run(submission, work, settings))

    def _run(self, submission: Submission, work: Path, settings: RunSettings) -> Run:
        """Run a submission and leave the run's files in `work`, which is emptied first."""
        if submission.is_pdf:
            return Run("not_run", settings.tier, 0.0, message=ONLY_READ)

        def on_progress(news: RunProgress) -> None:
            detail = f"cell {news.cell + 1} of {news.cells}"
            self.progress.stage(submission.id, "running", detail, news.cell / max(1, news.cells))

        shutil.rmtree(work, ignore_errors=True)
        self.progress.stage(submission.id, "running", "starting")
        return run_submission(submission, work, settings, on_progress, stop=self.stop, templates=self.templates)

    def measure(self, submission: Submission, run: Run, box: RunSettings) -> Evidence:
        """Return all that a run came to. What can't be recomputed leaves a note, and the rest stands."""
        if submission.is_pdf:
            return self._read(submission, run, box)
        evidence = collect_evidence(submission, run, known_splits(box.data))
        return self.complete(self._with_own_data(evidence, submission, box), run, box)

    def _read(self, submission: Submission, run: Run, box: RunSettings) -> Evidence:
        """Return what a PDF export shows; one that can't be read is a submission that could not be judged."""
        self.progress.stage(submission.id, "looking at files", "PDF")
        in_box = partial(self._boxes, stop=self.stop)
        try:
            submission = again_if_failed(lambda: with_pdf_text(submission, tier=box.tier, run=in_box), self.stop)
        except SubmissionError as error:
            return collect_evidence(submission, replace(run, message=f"{submission.notebook.name} {error}"))
        evidence = collect_evidence(submission, run)
        return replace(evidence, run=replace(evidence.run, only_read=True))

    def measure_again(self, submission: Submission, work: Path, box: RunSettings) -> Evidence:
        """Run once more, and recompute nothing but the final score. An earlier run would say nothing here.

        Without a template: what is forked of one hashes strings alike, and would hide what hangs on that.
        """
        run = replace(self, templates=None, keeping=None).run(submission, work, box)
        evidence = collect_evidence(submission, run)
        final = tuple(item for item in sealed_scorings(evidence, run) if item.scoring == evidence.final_scoring)
        return self._verified(evidence, final, box)

    def _with_own_data(self, evidence: Evidence, submission: Submission, box: RunSettings) -> Evidence:
        """Add what the data files beside the notebook hold. A look that fails costs nothing but itself."""
        if submission.folder is None:
            return evidence
        self.progress.stage(evidence.submission, "looking at files")
        try:
            found = audit_files(submission.folder, tier=box.tier, run=partial(self._boxes, stop=self.stop))
        except InfrastructureError as error:
            self._raise_if_stopped(error)
            found = OwnData(note=f"The files beside the notebook could not be looked into: {error}.")
        return replace(evidence, own_data=found)

    def complete(self, evidence: Evidence, run: Run, box: RunSettings) -> Evidence:
        """Add what is recomputed outside the student's process: the scores, and the reference trainings."""
        sealed = sealed_scorings(evidence, run)
        evidence = self._with_hidden_test(self._verified(evidence, sealed, box), sealed, box)
        if self.references.budget_s <= 0 or evidence.cut_trainings:  # what was cut is no match for a whole reference
            return evidence
        return self._with_references(evidence, run, box)

    def _verified(self, evidence: Evidence, sealed: tuple[SealedScoring, ...], box: RunSettings) -> Evidence:
        """Add what the sealed models score in a clean process; where none can be had, the note says why."""
        if not sealed:
            return evidence
        in_box = self._verifier(box)
        self.progress.stage(evidence.submission, "verifying", f"{len(sealed)} scorings")
        try:
            return with_recomputed(evidence, again_if_failed(lambda: in_box(sealed), self.stop))
        except InfrastructureError as error:
            self._raise_if_stopped(error)
            return replace(evidence, verification_note=str(error))

    def _with_hidden_test(self, evidence: Evidence, sealed: Sequence[SealedScoring], box: RunSettings) -> Evidence:
        """Add what the final model scores on the instructor's own rows, which enter the second box only."""
        hidden = self.hidden
        if hidden is None:
            return evidence
        self.progress.stage(evidence.submission, "verifying", "hidden test")
        in_box = self._verifier(box)
        final = next((item for item in sealed if item.scoring == evidence.final_scoring), None)
        with tempfile.TemporaryDirectory(prefix="grader-hidden-", ignore_cleanup_errors=True) as folder:
            try:
                scored = again_if_failed(
                    lambda: score_hidden_test(hidden, final, evidence.class_names, Path(folder), in_box), self.stop
                )
            except InfrastructureError as error:
                self._raise_if_stopped(error)
                scored = HiddenTest(hidden.source, hidden.sha256, hidden.count, note=str(error))
        return replace(evidence, hidden_test=scored)

    def _with_references(self, evidence: Evidence, run: Run, box: RunSettings) -> Evidence:
        """Add what the reference networks score on the same rows; where they can't be trained, the note says why."""
        data = reference_data(evidence, run, known_splits(box.data))
        if data is None:
            return evidence
        self.progress.stage(evidence.submission, "training references")
        train = partial(
            train_references,
            data,
            tier=box.tier,
            budget_s=self.references.budget_s,
            cache=self.references.cache,
            run=partial(run_script, stop=self.stop),
        )
        try:
            return replace(evidence, references=again_if_failed(train, self.stop))
        except InfrastructureError as error:
            self._raise_if_stopped(error)
            return replace(evidence, reference_note=str(error))

    def _verifier(self, box: RunSettings) -> partial[tuple[Verified, ...]]:
        """Return `verify` in a clean process of the run's own interpreter.

        A model sealed by one Keras can't always be read by another.
        """
        template = None if self.templates is None else self.templates.of(box, self.stop)
        reread = partial(
            self._boxes,
            stop=self.stop,
            python=box.python,
            threads=box.threads,
            environment=dict(box.interpreter.variables),
            entrance=None if template is None else template.entrance(),
        )
        return partial(verify, tier=box.tier, limits=box.limits, run=reread)

    @property
    def _boxes(self) -> Callable[..., ScriptResult]:
        """What runs scripts in boxes, but for references: what is kept of those depends on how they ended."""
        return run_script if self.keeping is None else self.keeping.boxes

    def _raise_if_stopped(self, error: InfrastructureError) -> None:
        """Half a measurement must not be stored as a whole one: what was stopped by hand is run again next time."""
        if self.stop.is_set():
            raise error
