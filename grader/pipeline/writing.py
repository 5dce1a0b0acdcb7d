"""What was measured, judged and written down: a submission's files first, its line in the gradebook last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from grader.errors import ResultsError
from grader.evidence.given import without_given
from grader.gradebook import Gradebook
from grader.model import Evidence, Grade
from grader.model.result import Result
from grader.pipeline.settings import GradeSettings
from grader.progress import Progress
from grader.regrading import (
    EVIDENCE,
    evidence_digest,
    judged,
    judged_mark,
    rewrite_submission,
    staff_page_of,
    write_judgement,
    write_submission,
)
from grader.rendering import rendering_of
from grader.reuse import Measured
from grader.storage import read_evidence


@dataclass(frozen=True, slots=True)
class _Judged:
    """A grade with all that is written of it; `version` is the line of the audit trail up to which it knows people."""

    evidence: Evidence
    grade: Grade
    staff_page: str
    version: int


@dataclass(frozen=True, slots=True)
class Writing:
    """Judges and writes submissions of a class; `same` says who handed in the same as whom."""

    settings: GradeSettings
    book: Gradebook
    progress: Progress
    same: Mapping[str, tuple[str, ...]]

    # ------------------------------------------------------------ anew
    def finish(self, measured: Measured, fingerprint: str, content: str = "", *, reused: bool = False) -> Result:
        """Judge what was measured, write the submission's files and, last of all, its line in the gradebook."""
        found = self._judged(measured.evidence)
        out, rubric = self.settings.out, self.settings.rubric
        digest = write_submission(out, rubric, found.evidence, found.grade, measured.executed, found.staff_page)
        result = Result.of_grade(found.grade)
        lasting = "" if result.status == "infrastructure_failure" else fingerprint
        self.book.record(result, lasting, digest, content=content, judged=self._mark(result.submission))
        return self._told(result, found, reused=reused)

    # ------------------------------------------------------------ from what an earlier call left
    def is_as_it_would_be(self, submission: str, fingerprint: str) -> bool:
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

    def is_judged_again(self, submission: str, fingerprint: str, content: str) -> bool:
        """Judge a submission again from stored evidence, where that still stands for a new run."""
        stored = self._stored(submission, fingerprint)
        if stored is not None:
            self.finish_again(stored, fingerprint, content)
        return stored is not None

    def finish_again(self, stored: Evidence, fingerprint: str, content: str) -> Result:
        """Judge stored evidence; the line in the gradebook comes last here too."""
        found = self._judged(without_given(stored, self.settings.given))
        out, rubric = self.settings.out, self.settings.rubric
        result = Result.of_grade(found.grade)
        if found.evidence == stored:
            write_judgement(out, rubric, found.evidence, found.grade, found.staff_page)
            self.book.record_judgement(result, content=content, judged=self._mark(result.submission))
        else:
            digest = rewrite_submission(out, rubric, found.evidence, found.grade, found.staff_page)
            self.book.record(result, fingerprint, digest, content=content, judged=self._mark(result.submission))
        return self._told(result, found, reused=True)

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

    # ------------------------------------------------------------ both
    def _judged(self, evidence: Evidence) -> _Judged:
        """Judge evidence, with what people have decided; those who check their own work get no staff page."""
        settings = self.settings
        evidence = self._with_opinions(evidence)
        decisions = self.book.decisions(evidence.submission)
        self.progress.stage(evidence.submission, "judging")
        grade = judged(evidence, settings.rubric, decisions, own_notebook=settings.own_notebook)
        page = ""
        if not settings.own_notebook:
            same = self.same.get(evidence.submission, ())
            page = staff_page_of(settings.out, settings.rubric, evidence, grade, same, decisions)
        return _Judged(evidence, grade, page, decisions.version)

    def _with_opinions(self, evidence: Evidence) -> Evidence:
        """Add what a language model says of the prose, where one is to be asked."""
        second_opinion = self.settings.second_opinion
        if second_opinion is None:
            return evidence
        self.progress.stage(evidence.submission, "asking the language model")
        return second_opinion.added_to(evidence)

    def _mark(self, submission: str) -> str:
        """Return the mark of a submission's files, and of all they were judged by."""
        same = self.same.get(submission, ())
        rendering = asdict(rendering_of(self.settings.out))
        by = [self.settings.rubric.sha256, self.settings.given.digest, self.settings.own_notebook, same, rendering]
        return judged_mark(self.settings.out / submission, by)

    def _told(self, result: Result, found: _Judged, *, reused: bool) -> Result:
        self.book.written(found.evidence.submission, found.version)
        self.progress.finished(result, reused=reused)
        return result
