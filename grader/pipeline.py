"""From submissions to a graded class: run, measure, verify, compare, judge, write; one submission or many."""

from __future__ import annotations

import hashlib
import json
import tempfile
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from grader.claiming import WORK_FOLDER, claimed
from grader.durable import require_space
from grader.errors import GraderError, InfrastructureError, ResultsError
from grader.evidence.given import without_given
from grader.evidence.reading.given import NOTHING_GIVEN, Given
from grader.execution import RunSettings
from grader.execution.interpreter import own_interpreter
from grader.execution.warming import Templates
from grader.gradebook import Gradebook
from grader.intake.handed import Handed, Held
from grader.measuring import Measurer, References
from grader.model import EVIDENCE_VERSION, Decisions, Evidence, Grade, Rubric, Submission, Unreadable
from grader.model.result import Result
from grader.progress import Progress
from grader.regrading import (
    EVIDENCE,
    evidence_digest,
    judged,
    judged_mark,
    rewrite_submission,
    same_content,
    staff_page_of,
    write_class,
    write_judgement,
    write_submission,
)
from grader.rendering import rendering_of
from grader.repeating import with_repeat
from grader.reuse import Measured, open_store
from grader.reuse.evidence import is_lasting
from grader.reuse.folder import references_folder
from grader.reuse.keeping import Keeping
from grader.reuse.keys import Identities, source_digest
from grader.sandbox.orphans import end_orphans
from grader.scheduling.admission import Admission
from grader.scheduling.briefs import Brief, Overview, brief_of, look_over
from grader.scheduling.here import Here
from grader.scheduling.machine import cores
from grader.scheduling.order import longest_first
from grader.scheduling.place import Place
from grader.scheduling.unmeasured import broken_evidence, unreadable_evidence
from grader.storage import read_evidence
from grader.verification.hidden_data import HiddenData

if TYPE_CHECKING:
    from grader.opinions import SecondOpinion

__all__ = ["ClassGrader", "GradeSettings", "broken_evidence", "fingerprint_of", "unreadable_evidence"]

NOBODY = Overview({}, NOTHING_GIVEN)

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
    cache: Path | None = None
    """Folder of what earlier calls measured, shared by all classes; None does everything anew."""

    def run_of(self, brief: Brief) -> RunSettings:
        """Return how one submission is to be run: as all, or as those written for the same older libraries."""
        return self.run_by_era.get(brief.era, self.run)


@dataclass(frozen=True, slots=True)
class ClassGrader:
    """Grades submissions into one output folder; `stop` ends the runs in progress.

    `place` is where they are measured, this machine by default. `keeping`, `overview` and `same` are found for a class
    by `prepared`: what earlier calls measured, all submissions in brief, and who handed in the same as whom.
    """

    settings: GradeSettings
    book: Gradebook
    progress: Progress
    stop: threading.Event
    templates: Templates | None = None
    """Processes for runs to start from; without them each begins by importing its libraries."""
    place: Place | None = None
    keeping: Keeping | None = None
    overview: Overview = NOBODY
    same: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    identities: Identities = field(default_factory=Identities)

    def grade_all(self, submissions: Sequence[Submission | Unreadable | Handed]) -> tuple[Result, ...]:
        """Grade all of them, several at a time, and write the class page and `grades.csv`.

        Those that are only found yet are read when their turn comes, and not kept in memory.

        Submissions finished in an earlier call are judged again from stored evidence unless something that their
        run depends on has changed. Interrupted, it stops the runs in progress and keeps what is done.

        Raises:
            ResultsError: the folder can't be written to, or another grader is at work in it.
            StorageFullError: its disk, or that of temporary files, is full; what is done is kept.
        """
        with claimed(self.settings.out):
            end_orphans()
            self._require_space()
            handed = [Held(item) if isinstance(item, (Submission, Unreadable)) else item for item in submissions]
            self.prepared(handed).grade_each(handed)
            results = self.book.results(only=[item.id for item in submissions])
            write_class(self.settings.out, self.settings.rubric, results)
            return results

    def prepared(self, handed: Sequence[Handed]) -> ClassGrader:
        """Return a grader that knows this class: its shared text, who handed in the same, what was measured before."""
        settings = self.settings
        keeping = self.keeping or _keeping(settings, self.identities)
        overview = look_over(handed, None if keeping is None else keeping.store, cores())
        if settings.shared_text:
            settings = replace(settings, given=settings.given | overview.shared)
        place = self.place or self._here(keeping)
        # As `regrade` sees it: those graded into this folder earlier are of the class as well.
        earlier = {name: content for name, content in self.book.contents().items() if name not in overview.briefs}
        same = same_content(earlier | overview.contents())
        return replace(self, settings=settings, keeping=keeping, place=place, overview=overview, same=same)

    def grade_each(self, handed: Sequence[Handed]) -> None:
        """Grade all of them, several at a time; the class page is not written. Equal ones are measured once.

        What needs no run comes first, then what took longest before.
        """
        faults: list[Exception] = []
        groups = self.overview.groups(handed)
        ahead = self._ahead(groups)
        self.progress.expect(ahead)
        known = {name: seconds for name, seconds in ahead.items() if seconds is not None}
        first = [group for group in groups if group[0].id not in ahead]
        then = longest_first((group for group in groups if group[0].id in ahead), lambda group: group[0].id, known)
        with ThreadPoolExecutor(self.settings.jobs, thread_name_prefix="grade") as pool:
            waiting: set[Future[None]] = {pool.submit(self.grade_together, group) for group in (*first, *then)}
            try:
                while waiting:
                    done, waiting = wait(waiting, timeout=POLL_S, return_when=FIRST_EXCEPTION)
                    faults += [fault for future in done if (fault := _unforeseen(future)) is not None]
            except BaseException:
                self.stop.set()
                pool.shutdown(wait=True, cancel_futures=True)
                raise
        if faults:
            raise faults[0]

    def _ahead(self, groups: Sequence[Sequence[Handed]]) -> dict[str, float | None]:
        """Return which submissions are going to be run, and how long that took before, where it is known."""
        before = self.book.seconds()
        ahead: dict[str, float | None] = {}
        for first, *_ in groups:
            brief = self.overview.briefs[first.id]
            if not brief.readable:
                continue
            settings = self.settings.run_of(brief)
            finished = self.book.is_finished(brief.id, self._fingerprint(brief, settings))
            if finished and not self.settings.rerun:
                continue
            if self.keeping is not None and self.keeping.holds(brief.content, settings):
                continue
            kept = None if self.keeping is None else self.keeping.seconds(brief.code)
            ahead[brief.id] = kept or before.get(brief.id)
        return ahead

    def grade_together(self, group: Sequence[Handed]) -> None:
        """Grade submissions that are the same, one after the other: what the first came to is not measured again."""
        measured: dict[str, Measured] = {}
        for item in group:
            brief = self.overview.briefs[item.id]
            fingerprint = self._fingerprint(brief, self.settings.run_of(brief))
            if brief.readable and (
                self._is_as_it_would_be(brief.id, fingerprint) or self._is_judged_again(brief, fingerprint)
            ):
                continue
            submission = item.load()
            if isinstance(submission, Unreadable):
                self._finish(Measured(unreadable_evidence(submission)), "")
            else:
                self._grade(submission, measured)

    def _grade(self, submission: Submission, before: dict[str, Measured]) -> None:
        """Measure one submission and write its files; the gradebook's line comes last.

        `before` is what was measured of its equals, by content, and gets what is measured here.
        """
        brief = brief_of(submission)  # as it is now: its files may have changed since they were looked over
        settings = self.settings.run_of(brief)
        fingerprint = self._fingerprint(brief, settings)
        equal = before.get(brief.content)
        known = None if equal is None or not is_lasting(equal.evidence) else equal.under(submission)
        measured = before[brief.content] = known or self._measure(submission, settings)
        try:
            self._finish(measured, fingerprint, brief.content, reused=known is not None)
        except GraderError:
            raise
        except Exception as error:  # noqa: BLE001 - as in _measure: judging and rendering are ours as well
            self._finish(Measured(broken_evidence(submission, _own_fault(error))), fingerprint, brief.content)

    def _fingerprint(self, brief: Brief, settings: RunSettings) -> str:
        return fingerprint_of(brief, settings, self.settings.hidden, self.identities)

    def _is_judged_again(self, brief: Brief, fingerprint: str) -> bool:
        """Judge a submission again from stored evidence, where that still stands for a new run."""
        stored = self._stored(brief.id, fingerprint)
        if stored is not None:
            self._finish_again(stored, fingerprint, brief.content)
        return stored is not None

    def _is_as_it_would_be(self, submission: str, fingerprint: str) -> bool:
        """Whether an earlier call left the very files that this one would write: then nothing is done at all."""
        settings = self.settings
        if settings.rerun or settings.second_opinion is not None or not self.book.is_finished(submission, fingerprint):
            return False
        if self.book.judged(submission) != self._mark(submission):
            return False
        result = self.book.result(submission)
        if result is not None:
            self.progress.finished(result, reused=True)
        return result is not None

    def _mark(self, submission: str) -> str:
        """Return the mark of a submission's files, and of all they were judged by."""
        same = self.same.get(submission, ())
        rendering = asdict(rendering_of(self.settings.out))
        by = [self.settings.rubric.sha256, self.settings.given.digest, self.settings.own_notebook, same, rendering]
        return judged_mark(self.settings.out / submission, by)

    def _stored(self, submission: str, fingerprint: str) -> Evidence | None:
        """Return the evidence of an earlier call that still stands for a new run, None where it has to be run."""
        if self.settings.rerun or not self.book.is_finished(submission, fingerprint):
            return None
        digest = evidence_digest(self.settings.out, submission)
        if digest is None or not self.book.describes(submission, digest):
            return None  # gone, or of a run whose grader was killed before it came to the gradebook
        try:
            return read_evidence(self.settings.out / submission / EVIDENCE)
        except ResultsError:
            return None  # of an older version

    def _measure(self, submission: Submission, settings: RunSettings) -> Measured:
        """Return what a submission comes to; a fault of ours becomes evidence of a failed infrastructure.

        What failed by the machine was tried twice; where a full disk may be why, the command ends instead.
        """
        try:
            found = self._measured_before(submission, settings)
            measured = found or self._measured_now(submission, settings)
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
            self._require_space()
            return Measured(broken_evidence(submission, _own_fault(error)))

    def _measured_before(self, submission: Submission, settings: RunSettings) -> Measured | None:
        return None if self.keeping is None else self.keeping.measured(submission, settings)

    def _measured_now(self, submission: Submission, settings: RunSettings) -> Measured:
        measured = self._place.measure(submission, settings)
        run = measured.evidence
        if run.run.status == "infrastructure_failure" or run.verification_note or run.reference_note:
            self._require_space()
        if self.keeping is not None:
            self.keeping.keep(submission, settings, measured)
        return measured

    def _again(self, submission: Submission, settings: RunSettings, shorter: RunSettings) -> Evidence:
        """Return what one run more came to, within the limits of `shorter`."""
        run_again = partial(self._place.measure_again, submission, shorter)
        return run_again() if self.keeping is None else self.keeping.again(submission, settings, run_again)

    @property
    def _place(self) -> Place:
        return self.place or self._here(self.keeping)

    def _here(self, keeping: Keeping | None) -> Here:
        """Return this machine as the place to measure."""
        settings = self.settings
        cached = settings.cache if keeping is not None else None
        kept = references_folder(cached or settings.out / WORK_FOLDER)
        references = References(settings.reference_budget_s, kept)
        measurer = Measurer(references, self.progress, self.stop, settings.hidden, self.templates, keeping)
        return Here(measurer, settings.out / WORK_FOLDER, Admission(self.stop))

    def _require_space(self) -> None:
        """Raise StorageFullError where results or boxes have no room: no submission could be graded."""
        for folder in (self.settings.out, Path(tempfile.gettempdir())):
            require_space(folder)

    def _finish(self, measured: Measured, fingerprint: str, content: str = "", *, reused: bool = False) -> Result:
        """Judge what was measured, write the submission's files and, last of all, its line in the gradebook."""
        evidence, rubric = self._with_opinions(measured.evidence), self.settings.rubric
        decisions = self.book.decisions(evidence.submission)
        grade = self._judge(evidence, decisions)
        page = self._staff_page(evidence, grade, decisions)
        digest = write_submission(self.settings.out, rubric, evidence, grade, measured.executed, page)
        result = Result.of_grade(grade)
        lasting = "" if result.status == "infrastructure_failure" else fingerprint
        self.book.record(result, lasting, digest, content=content, judged=self._mark(result.submission))
        self.book.written(evidence.submission, decisions.version)
        self.progress.finished(result, reused=reused)
        return result

    def _finish_again(self, stored: Evidence, fingerprint: str, content: str) -> Result:
        """Judge stored evidence; the line in the gradebook comes last here too."""
        out, rubric = self.settings.out, self.settings.rubric
        evidence = self._with_opinions(without_given(stored, self.settings.given))
        decisions = self.book.decisions(evidence.submission)
        grade = self._judge(evidence, decisions)
        page = self._staff_page(evidence, grade, decisions)
        result = Result.of_grade(grade)
        if evidence == stored:
            write_judgement(out, rubric, evidence, grade, page)
            self.book.record_judgement(result, content=content, judged=self._mark(result.submission))
        else:
            digest = rewrite_submission(out, rubric, evidence, grade, page)
            self.book.record(result, fingerprint, digest, content=content, judged=self._mark(result.submission))
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

    def _staff_page(self, evidence: Evidence, grade: Grade, decisions: Decisions) -> str:
        """Return the staff's page; nothing where students check their own work."""
        if self.settings.own_notebook:
            return ""
        same = self.same.get(evidence.submission, ())
        return staff_page_of(self.settings.out, self.settings.rubric, evidence, grade, same, decisions)

    def _judge(self, evidence: Evidence, decisions: Decisions) -> Grade:
        self.progress.stage(evidence.submission, "judging")
        rubric = self.settings.rubric
        return judged(evidence, rubric, decisions, own_notebook=self.settings.own_notebook)


def _unforeseen(future: Future[None]) -> Exception | None:
    """Return a fault that even the fallback could not turn into a result; what the caller must know is raised."""
    error = future.exception()
    if error is None or (isinstance(error, Exception) and not isinstance(error, GraderError)):
        return error
    raise error


def _own_fault(error: Exception) -> str:
    return f"the grader itself failed ({type(error).__name__}: {error}); please report it, and grade by hand meanwhile"


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


def _keeping(settings: GradeSettings, identities: Identities) -> Keeping | None:
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
