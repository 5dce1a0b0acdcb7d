"""A class, graded: in which order, which submissions together, what of it is done already."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace

from grader.claiming import WORK_FOLDER, claimed
from grader.errors import GraderError
from grader.evidence.reading.given import NOTHING_GIVEN
from grader.execution import RunSettings
from grader.execution.warming import Templates
from grader.gradebook import Gradebook
from grader.intake.handed import Handed, Held
from grader.measuring import Measurer, References
from grader.model import Submission, Unreadable
from grader.model.result import Result
from grader.pipeline.measurements import Measurements, keeping_of, own_fault, require_room
from grader.pipeline.settings import GradeSettings, fingerprint_of
from grader.pipeline.writing import Writing
from grader.progress import Progress
from grader.regrading import same_content, write_class
from grader.reuse import Measured
from grader.reuse.evidence import is_lasting
from grader.reuse.folder import references_folder
from grader.reuse.keeping import Keeping
from grader.reuse.keys import Identities
from grader.sandbox.orphans import end_orphans
from grader.scheduling.admission import Admission
from grader.scheduling.briefs import Brief, Overview, brief_of, look_over
from grader.scheduling.here import Here
from grader.scheduling.machine import cores
from grader.scheduling.order import longest_first
from grader.scheduling.place import Place
from grader.scheduling.unmeasured import broken_evidence, unreadable_evidence

NOBODY = Overview({}, NOTHING_GIVEN)

POLL_S = 0.5
"""How often the main thread wakes while runs go on, so that Ctrl-C is heard."""


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
            require_room(self.settings.out)
            handed = [Held(item) if isinstance(item, (Submission, Unreadable)) else item for item in submissions]
            self.prepared(handed).grade_each(handed)
            results = self.book.results(only=[item.id for item in submissions])
            write_class(self.settings.out, self.settings.rubric, results)
            return results

    def prepared(self, handed: Sequence[Handed]) -> ClassGrader:
        """Return a grader that knows this class: its shared text, who handed in the same, what was measured before."""
        settings = self.settings
        keeping = self.keeping or keeping_of(settings, self.identities)
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
                self._writing.is_as_it_would_be(brief.id, fingerprint)
                or self._writing.is_judged_again(brief.id, fingerprint, brief.content)
            ):
                continue
            submission = item.load()
            if isinstance(submission, Unreadable):
                self._writing.finish(Measured(unreadable_evidence(submission)), "")
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
        measured = before[brief.content] = known or self._measurements.of(submission, settings)
        try:
            self._writing.finish(measured, fingerprint, brief.content, reused=known is not None)
        except GraderError:
            raise
        except Exception as error:  # noqa: BLE001 - as in Measurements: judging and rendering are ours as well
            self._writing.finish(Measured(broken_evidence(submission, own_fault(error))), fingerprint, brief.content)

    def _fingerprint(self, brief: Brief, settings: RunSettings) -> str:
        return fingerprint_of(brief, settings, self.settings.hidden, self.identities)

    @property
    def _writing(self) -> Writing:
        return Writing(self.settings, self.book, self.progress, self.same)

    @property
    def _measurements(self) -> Measurements:
        return Measurements(self.settings, self.place or self._here(self.keeping), self.keeping, self.stop)

    def _here(self, keeping: Keeping | None) -> Here:
        """Return this machine as the place to measure."""
        settings = self.settings
        cached = settings.cache if keeping is not None else None
        kept = references_folder(cached or settings.out / WORK_FOLDER)
        references = References(settings.reference_budget_s, kept)
        measurer = Measurer(references, self.progress, self.stop, settings.hidden, self.templates, keeping)
        return Here(measurer, settings.out / WORK_FOLDER, Admission(self.stop))


def _unforeseen(future: Future[None]) -> Exception | None:
    """Return a fault that even the fallback could not turn into a result; what the caller must know is raised."""
    error = future.exception()
    if error is None or (isinstance(error, Exception) and not isinstance(error, GraderError)):
        return error
    raise error
