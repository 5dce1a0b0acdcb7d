"""From submissions to a graded class: run, measure, verify, compare, judge, write; one submission or many."""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path

from grader import __version__
from grader.checks import run_checks
from grader.errors import GraderError, InfrastructureError, ResultsError
from grader.evidence.collecting import collect_evidence
from grader.evidence.eras import tell_era
from grader.evidence.sealing import reference_data, sealed_scorings
from grader.execution import RunProgress, RunSettings, run_submission
from grader.execution.interpreter import own_interpreter
from grader.gradebook import Gradebook
from grader.judge import grade as judge_grade
from grader.model import (
    EVIDENCE_VERSION,
    CodeFacts,
    Evidence,
    ProseFacts,
    Rubric,
    Run,
    RunFacts,
    Submission,
    Unreadable,
)
from grader.model.result import Result
from grader.progress import Progress
from grader.reference import train_references
from grader.regrading import write_class, write_submission
from grader.sandbox import run_script
from grader.storage import evidence_json, read_evidence, write_atomically
from grader.verification import verify

WORK_FOLDER = ".work"
"""Where runs keep their recorded rows until they are measured; emptied submission by submission."""

POLL_S = 0.5
"""How often the main thread wakes while runs go on, so that Ctrl-C is heard."""


@dataclass(frozen=True, slots=True)
class GradeSettings:
    """How a class is to be graded. `reference_budget_s` of 0 trains no references.

    `own_notebook` says that a student checks their own work: running it without isolation is then no concern.
    """

    out: Path
    rubric: Rubric
    run: RunSettings
    jobs: int
    reference_budget_s: float
    rerun: bool = False
    own_notebook: bool = False
    run_by_era: Mapping[str, RunSettings] = field(default_factory=dict)

    def run_of(self, submission: Submission) -> RunSettings:
        """Return how one submission is to be run: as all, or as those written for the same older libraries."""
        era = tell_era(submission) if self.run_by_era else ""
        return self.run_by_era.get(era, self.run)


@dataclass(frozen=True, slots=True)
class ClassGrader:
    """Grades submissions into one output folder; `stop` ends the runs in progress."""

    settings: GradeSettings
    book: Gradebook
    progress: Progress
    stop: threading.Event

    def grade_all(self, submissions: Sequence[Submission | Unreadable]) -> tuple[Result, ...]:
        """Grade all of them, several at a time, and write the class page and `grades.csv`.

        Submissions finished in an earlier call are judged again from stored evidence unless something that their
        run depends on has changed. Interrupted, it stops the runs in progress and keeps what is done.
        """
        faults: list[Exception] = []
        with ThreadPoolExecutor(self.settings.jobs, thread_name_prefix="grade") as pool:
            waiting: set[Future[Result]] = {pool.submit(self.grade_one, item) for item in submissions}
            try:
                while waiting:
                    done, waiting = wait(waiting, timeout=POLL_S, return_when=FIRST_COMPLETED)
                    faults += [fault for future in done if (fault := _unforeseen(future)) is not None]
            except BaseException:
                self.stop.set()
                pool.shutdown(wait=True, cancel_futures=True)
                raise
        if faults:
            raise faults[0]
        results = self.book.results(only=[item.id for item in submissions])
        write_class(self.settings.out, self.settings.rubric, results)
        return results

    def grade_one(self, submission: Submission | Unreadable) -> Result:
        """Grade one submission and write its files; the gradebook's line comes last."""
        if isinstance(submission, Unreadable):
            return self._finish(unreadable_evidence(submission), "", reused=False)
        fingerprint = fingerprint_of(submission, self.settings.run_of(submission))
        stored = self.settings.out / submission.id / "evidence.json"
        if not self.settings.rerun and self.book.is_finished(submission.id, fingerprint):
            try:
                return self._finish(read_evidence(stored), fingerprint, reused=True)
            except ResultsError:
                pass  # stored evidence is gone or of an older version: run again
        evidence = self._measure(submission)
        try:
            return self._finish(evidence, fingerprint, reused=False)
        except GraderError:
            raise
        except Exception as error:  # noqa: BLE001 - as in _measure: judging and rendering are ours as well
            return self._finish(broken_evidence(submission, _own_fault(error)), fingerprint, reused=False)

    def _measure(self, submission: Submission) -> Evidence:
        """Run a submission and measure it; a fault of ours becomes evidence of a failed infrastructure."""
        work = self.settings.out / WORK_FOLDER / submission.id
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        try:
            run = self._run(submission, work)
            evidence = self._complete(collect_evidence(submission, run), run, self.settings.run_of(submission))
            self._keep_notebook(submission, run)
        except InfrastructureError as error:
            if self.stop.is_set():
                raise  # stopped by hand, not failed: it is run again next time
            return broken_evidence(submission, str(error))
        except GraderError:
            raise
        except Exception as error:  # noqa: BLE001 - a bug of ours must cost neither the class nor the student
            return broken_evidence(submission, _own_fault(error))
        else:
            return evidence
        finally:
            shutil.rmtree(work, ignore_errors=True)

    def _run(self, submission: Submission, work: Path) -> Run:
        def on_progress(news: RunProgress) -> None:
            detail = f"cell {news.cell + 1} of {news.cells}"
            self.progress.stage(submission.id, "running", detail, news.cell / max(1, news.cells))

        self.progress.stage(submission.id, "running", "starting")
        settings = self.settings.run_of(submission)
        return run_submission(submission, work, settings, on_progress, stop=self.stop)

    def _complete(self, evidence: Evidence, run: Run, box: RunSettings) -> Evidence:
        """Add what is recomputed outside the student's process: the scores, and the reference trainings."""
        run_boxed = partial(run_script, stop=self.stop)
        # A model sealed by one Keras can't always be read by another: the run's own reads it, in a clean process.
        reread = partial(run_boxed, python=box.python, environment=dict(box.interpreter.variables))
        sealed = sealed_scorings(evidence, run)
        if sealed:
            self.progress.stage(evidence.submission, "verifying", f"{len(sealed)} scorings")
            try:
                evidence = replace(evidence, verified=verify(sealed, tier=box.tier, limits=box.limits, run=reread))
            except InfrastructureError as error:
                self._raise_if_stopped(error)
                evidence = replace(evidence, verification_note=str(error))
        data = reference_data(evidence, run) if self.settings.reference_budget_s > 0 else None
        if data is not None:
            self.progress.stage(evidence.submission, "training references")
            try:
                references = train_references(
                    data,
                    tier=box.tier,
                    budget_s=self.settings.reference_budget_s,
                    cache=self.settings.out / WORK_FOLDER / "references",
                    run=run_boxed,
                )
                evidence = replace(evidence, references=references)
            except InfrastructureError as error:
                self._raise_if_stopped(error)
                evidence = replace(evidence, reference_note=str(error))
        return evidence

    def _raise_if_stopped(self, error: InfrastructureError) -> None:
        """Half a measurement must not be stored as a whole one: what was stopped by hand is run again next time."""
        if self.stop.is_set():
            raise error

    def _keep_notebook(self, submission: Submission, run: Run) -> None:
        if run.executed_notebook is not None and run.executed_notebook.is_file():
            target = self.settings.out / submission.id / "executed.ipynb"
            write_atomically(target, run.executed_notebook.read_bytes())

    def _finish(self, evidence: Evidence, fingerprint: str, *, reused: bool) -> Result:
        """Judge evidence, write the submission's files and, last of all, its line in the gradebook."""
        self.progress.stage(evidence.submission, "judging")
        if not reused:
            write_atomically(self.settings.out / evidence.submission / "evidence.json", evidence_json(evidence))
        rubric = self.settings.rubric
        findings = run_checks(evidence, rubric.thresholds)
        grade = judge_grade(evidence, rubric, findings, own_notebook=self.settings.own_notebook)
        write_submission(self.settings.out, rubric, evidence, grade)
        result = Result.of_grade(grade)
        lasting = "" if result.status == "infrastructure_failure" else fingerprint
        self.book.record(result, lasting)
        self.progress.finished(result, reused=reused)
        return result


def _unforeseen(future: Future[Result]) -> Exception | None:
    """Return a fault that even the fallback could not turn into a result; what the caller must know is raised."""
    error = future.exception()
    if error is None or (isinstance(error, Exception) and not isinstance(error, GraderError)):
        return error
    raise error


def _own_fault(error: Exception) -> str:
    return f"the grader itself failed ({type(error).__name__}: {error}); please report it, and grade by hand meanwhile"


def fingerprint_of(submission: Submission, settings: RunSettings) -> str:
    """Digest everything a run depends on: another digest means the submission has to be run again."""
    parts = {
        "notebook": submission.sha256,
        "files": submission.files_sha256,
        "settings": settings.identity(),
        "grader": __version__,
        "evidence": EVIDENCE_VERSION,
        "references": asdict(own_interpreter()),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def unreadable_evidence(submission: Unreadable) -> Evidence:
    """Return the evidence of a submission that could not be read: none but the reason."""
    message = f"{submission.path.name} {submission.reason}"
    return _bare_evidence(submission.id, submission.path.name, "", RunFacts("not_run", "none", message=message))


def broken_evidence(submission: Submission, reason: str) -> Evidence:
    """Return the evidence of a submission that the grader or the machine failed to run."""
    facts = RunFacts("infrastructure_failure", "none", message=reason)
    return _bare_evidence(submission.id, submission.notebook.name, submission.sha256, facts)


def _bare_evidence(submission: str, notebook: str, sha256: str, facts: RunFacts) -> Evidence:
    return Evidence(
        version=EVIDENCE_VERSION,
        submission=submission,
        notebook=notebook,
        sha256=sha256,
        run=facts,
        cells=(),
        code=CodeFacts(),
        prose=ProseFacts(),
    )
