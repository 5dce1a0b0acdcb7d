"""From submissions to a graded class: run, measure, verify, compare, judge, write; one submission or many."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from grader import __version__
from grader.claiming import REFERENCES, WORK_FOLDER, claimed
from grader.durable import require_space
from grader.errors import GraderError, InfrastructureError, ResultsError
from grader.evidence.given import without_given
from grader.evidence.old_apis import tell_era
from grader.evidence.reading.given import NOTHING_GIVEN, Given
from grader.execution import RunSettings
from grader.execution.interpreter import own_interpreter
from grader.execution.warming import Templates
from grader.gradebook import Gradebook
from grader.measuring import Measurer, References
from grader.model import (
    EVIDENCE_VERSION,
    CodeFacts,
    Decisions,
    Evidence,
    Grade,
    ProseFacts,
    Rubric,
    Run,
    RunFacts,
    Submission,
    Unreadable,
)
from grader.model.result import Result
from grader.progress import Progress
from grader.regrading import (
    EVIDENCE,
    evidence_digest,
    judged,
    rewrite_submission,
    staff_page_of,
    write_class,
    write_judgement,
    write_submission,
)
from grader.repeating import with_repeat
from grader.retrying import run_again_if_failed
from grader.sandbox.orphans import end_orphans
from grader.storage import read_evidence
from grader.verification.hidden_data import HiddenData

if TYPE_CHECKING:
    from grader.opinions import SecondOpinion

AGAIN = "again"
"""Folder of a third run, inside that of the second."""

POLL_S = 0.5
"""How often the main thread wakes while runs go on, so that Ctrl-C is heard."""


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

    def run_of(self, submission: Submission) -> RunSettings:
        """Return how one submission is to be run: as all, or as those written for the same older libraries."""
        era = tell_era(submission) if self.run_by_era else ""
        return self.run_by_era.get(era, self.run)


@dataclass(frozen=True, slots=True)
class Measured:
    """What a run came to: its evidence, and the notebook as it was run (empty where none was kept)."""

    evidence: Evidence
    executed: bytes = b""


@dataclass(frozen=True, slots=True)
class ClassGrader:
    """Grades submissions into one output folder; `stop` ends the runs in progress."""

    settings: GradeSettings
    book: Gradebook
    progress: Progress
    stop: threading.Event
    templates: Templates | None = None
    """Processes for runs to start from; without them each begins by importing its libraries."""

    def grade_all(self, submissions: Sequence[Submission | Unreadable]) -> tuple[Result, ...]:
        """Grade all of them, several at a time, and write the class page and `grades.csv`.

        Submissions finished in an earlier call are judged again from stored evidence unless something that their
        run depends on has changed. Interrupted, it stops the runs in progress and keeps what is done.

        Raises:
            ResultsError: the folder can't be written to, or another grader is at work in it.
            StorageFullError: its disk, or that of temporary files, is full; what is done is kept.
        """
        with claimed(self.settings.out):
            end_orphans()
            self._require_space()
            self.with_shared_text(submissions).grade_each(submissions)
            results = self.book.results(only=[item.id for item in submissions])
            write_class(self.settings.out, self.settings.rubric, results)
            return results

    def with_shared_text(self, submissions: Sequence[Submission | Unreadable]) -> ClassGrader:
        """Return a grader that takes what most of the class has written for the assignment's text as well."""
        if not self.settings.shared_text:
            return self
        shared = Given.shared([item for item in submissions if isinstance(item, Submission)])
        return replace(self, settings=replace(self.settings, given=self.settings.given | shared))

    def grade_each(self, submissions: Sequence[Submission | Unreadable]) -> None:
        """Grade all of them, several at a time; the class page is not written."""
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

    def grade_one(self, submission: Submission | Unreadable) -> Result:
        """Grade one submission and write its files; the gradebook's line comes last."""
        if isinstance(submission, Unreadable):
            return self._finish(Measured(unreadable_evidence(submission)), "")
        settings = self.settings.run_of(submission)
        fingerprint = fingerprint_of(submission, settings, self.settings.hidden)
        stored = self._stored(submission, fingerprint)
        if stored is not None:
            return self._finish_again(stored, fingerprint)
        measured = self._measure(submission, settings)
        try:
            return self._finish(measured, fingerprint)
        except GraderError:
            raise
        except Exception as error:  # noqa: BLE001 - as in _measure: judging and rendering are ours as well
            return self._finish(Measured(broken_evidence(submission, _own_fault(error))), fingerprint)

    def _stored(self, submission: Submission, fingerprint: str) -> Evidence | None:
        """Return the evidence of an earlier call that still stands for a new run, None where it has to be run."""
        if self.settings.rerun or not self.book.is_finished(submission.id, fingerprint):
            return None
        digest = evidence_digest(self.settings.out, submission.id)
        if digest is None or not self.book.describes(submission.id, digest):
            return None  # gone, or of a run whose grader was killed before it came to the gradebook
        try:
            return read_evidence(self.settings.out / submission.id / EVIDENCE)
        except ResultsError:
            return None  # of an older version

    def _measure(self, submission: Submission, settings: RunSettings) -> Measured:
        """Run a submission and measure it; a fault of ours becomes evidence of a failed infrastructure.

        What failed by the machine was tried twice; where a full disk may be why, the command ends instead.
        """
        work = self.settings.out / WORK_FOLDER / submission.id
        measurer = self._measurer()
        try:
            run = run_again_if_failed(lambda: measurer.run(submission, work, settings))
            evidence = without_given(measurer.measure(submission, run, settings), self.settings.given)
            if self.settings.third_run:
                again = partial(measurer.measure_again, submission, work / AGAIN)
                evidence = with_repeat(evidence, self.settings.rubric, settings, again)
            if run.status == "infrastructure_failure" or evidence.verification_note or evidence.reference_note:
                self._require_space()
            return Measured(evidence, _executed(run))
        except InfrastructureError as error:
            if self.stop.is_set():
                raise  # stopped by hand, not failed: it is run again next time
            return Measured(broken_evidence(submission, str(error)))
        except GraderError:
            raise
        except Exception as error:  # noqa: BLE001 - a bug of ours must cost neither the class nor the student
            self._require_space()
            return Measured(broken_evidence(submission, _own_fault(error)))
        finally:
            shutil.rmtree(work, ignore_errors=True)

    def _measurer(self) -> Measurer:
        references = References(self.settings.reference_budget_s, self.settings.out / WORK_FOLDER / REFERENCES)
        return Measurer(references, self.progress, self.stop, self.settings.hidden, self.templates)

    def _require_space(self) -> None:
        """Raise StorageFullError where results or boxes have no room: no submission could be graded."""
        for folder in (self.settings.out, Path(tempfile.gettempdir())):
            require_space(folder)

    def _finish(self, measured: Measured, fingerprint: str) -> Result:
        """Judge what was measured, write the submission's files and, last of all, its line in the gradebook."""
        evidence, rubric = self._with_opinions(measured.evidence), self.settings.rubric
        decisions = self.book.decisions(evidence.submission)
        grade = self._judge(evidence, decisions)
        page = self._staff_page(evidence, grade)
        digest = write_submission(self.settings.out, rubric, evidence, grade, measured.executed, page)
        result = Result.of_grade(grade)
        lasting = "" if result.status == "infrastructure_failure" else fingerprint
        self.book.record(result, lasting, digest)
        self.book.written(evidence.submission, decisions.version)
        self.progress.finished(result, reused=False)
        return result

    def _finish_again(self, stored: Evidence, fingerprint: str) -> Result:
        """Judge stored evidence; the line in the gradebook comes last here too."""
        out, rubric = self.settings.out, self.settings.rubric
        evidence = self._with_opinions(without_given(stored, self.settings.given))
        decisions = self.book.decisions(evidence.submission)
        grade = self._judge(evidence, decisions)
        page = self._staff_page(evidence, grade)
        result = Result.of_grade(grade)
        if evidence == stored:
            write_judgement(out, rubric, evidence, grade, page)
            self.book.record_judgement(result)
        else:
            self.book.record(result, fingerprint, rewrite_submission(out, rubric, evidence, grade, page))
        self.book.written(evidence.submission, decisions.version)
        self.progress.finished(result, reused=True)
        return result

    def _with_opinions(self, evidence: Evidence) -> Evidence:
        """Add what a language model says of the prose, where one is to be asked."""
        second_opinion = self.settings.second_opinion
        if second_opinion is None:
            return evidence
        self.progress.stage(evidence.submission, "asking the language model")
        return second_opinion.added_to(evidence)

    def _staff_page(self, evidence: Evidence, grade: Grade) -> str:
        """Return the staff's page; nothing where students check their own work."""
        return "" if self.settings.own_notebook else staff_page_of(self.settings.rubric, evidence, grade)

    def _judge(self, evidence: Evidence, decisions: Decisions) -> Grade:
        self.progress.stage(evidence.submission, "judging")
        rubric = self.settings.rubric
        return judged(evidence, rubric, decisions, own_notebook=self.settings.own_notebook)


def _executed(run: Run) -> bytes:
    kept = run.executed_notebook
    return kept.read_bytes() if kept is not None and kept.is_file() else b""


def _unforeseen(future: Future[Result]) -> Exception | None:
    """Return a fault that even the fallback could not turn into a result; what the caller must know is raised."""
    error = future.exception()
    if error is None or (isinstance(error, Exception) and not isinstance(error, GraderError)):
        return error
    raise error


def _own_fault(error: Exception) -> str:
    return f"the grader itself failed ({type(error).__name__}: {error}); please report it, and grade by hand meanwhile"


def fingerprint_of(submission: Submission, settings: RunSettings, hidden: HiddenData | None = None) -> str:
    """Digest everything a run depends on: another digest means the submission has to be run again."""
    parts = {
        "notebook": submission.sha256,
        "files": submission.files_sha256,
        "settings": settings.identity(),
        "grader": __version__,
        "evidence": EVIDENCE_VERSION,
        "references": asdict(own_interpreter()),
    } | ({"hidden_test": hidden.sha256} if hidden is not None else {})
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
