"""What can be done at the desk: look, decide, comment, undo. Every change is in the gradebook before it is answered."""

from __future__ import annotations

import hashlib
import json
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from grader.checks import run_checks
from grader.errors import ResultsError, StaleDecisionError
from grader.gradebook import Gradebook
from grader.gradebook.people import AuditEntry
from grader.judge import grade as judge_grade
from grader.judge.deciding import look_noted, reasons_to_look
from grader.model import Comment, Decisions, Evidence, Finding, Grade, Override, Result, Rubric
from grader.regrading import EVIDENCE, class_rubric
from grader.resources import STUDENTS
from grader.review.naming import Cover, Names
from grader.review.writing import FileWriter
from grader.storage import read_evidence, read_hand_ins


@dataclass(frozen=True, slots=True)
class Opened:
    """One submission as it lies on the desk: `own` are the checks' findings, `grade` the one in effect."""

    evidence: Evidence
    own: tuple[Finding, ...]
    decisions: Decisions
    grade: Grade


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person wants decided. `seen` is the version they had before their eyes."""

    submission: str
    target: str
    value: str
    reason: str
    author: str
    seen: int | None = None


@dataclass
class ClassRead:
    """The class as read last, and what it was read at."""

    at: tuple[int, int] = (-1, -1)
    rows: tuple[Result, ...] = ()
    decisions: Mapping[str, Decisions] = field(default_factory=dict)
    by_key: Mapping[str, str] = field(default_factory=dict)
    people: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Names of who handed in a submission, as far as a course system's download or a roster said them."""


class Desk:
    """A graded class on the desk; one object serves all threads.

    Raises:
        ResultsError: from methods that open a submission whose evidence can't be read.
        StaleDecisionError: from methods that change what somebody else changed since.
    """

    def __init__(self, out: Path, rubric: Rubric, book: Gradebook) -> None:
        self.out, self.rubric, self.book = out, rubric, book
        self.names = Names(book.secret("review"))
        self.writer = FileWriter(out, book, self.snapshot, self.rubric_now)
        self._read = ClassRead()
        self._changed = 0
        self._lock, self._judging = threading.Lock(), threading.Lock()

    # ------------------------------------------------------------ the class
    def read(self) -> ClassRead:
        """Return the class, read again where anything has changed."""
        with self._lock:
            at = (self._changed, self.book.changes())
            if self._read.at != at:
                rows = self.book.results()
                by_key = self.names.by_key(row.submission for row in rows)
                self._follow(rows)
                self._read = ClassRead(at, rows, self.book.all_decisions(), by_key, self._people())
            return self._read

    def _follow(self, rows: tuple[Result, ...]) -> None:
        """Take the rubric that another process has judged the class by meanwhile: most of it, as it goes row by row."""
        often = Counter(row.rubric_sha256 for row in rows if row.rubric_sha256)
        if not often or often[self.rubric.sha256] == max(often.values()):
            return
        found = class_rubric(self.out, rows)
        if found is None:
            raise ResultsError(
                "the class was judged by another rubric meanwhile: end the review desk and start it again with --rubric"
            )
        self.rubric = found

    def adopt(self, rubric: Rubric, results: Iterable[Result], author: str, reason: str) -> None:
        """Judge the class by another rubric from now on: `results` are what it gives."""
        with self._judging:
            self.book.record_judgements(results, author=author, reason=reason)
            self.rubric = rubric
        self.changed()

    def snapshot(self, submission: str) -> tuple[Decisions, Rubric]:
        """Return what is decided on a submission, and the rubric in effect at that very line of the audit trail."""
        with self._judging:
            return self.book.decisions(submission), self.rubric

    def rubric_now(self) -> Rubric:
        """Return the rubric in effect, also where another process has judged the class by it just now."""
        self.read()
        return self.rubric

    def _people(self) -> dict[str, tuple[str, ...]]:
        hand_ins = read_hand_ins(self.out / STUDENTS)
        return {name: tuple(one.name for one in item.students if one.name) for name, item in hand_ins.items()}

    def cover(self, submission: str) -> Cover:
        """Return what hides whose a submission is."""
        return Cover(self.names.alias(submission), (submission, *self.read().people.get(submission, ())))

    def submission(self, key: str) -> str | None:
        """Return the id that belongs to a key, None where there is none: no other text names a file here."""
        return self.read().by_key.get(key)

    def changed(self) -> None:
        """Note that the gradebook was changed through this object."""
        with self._lock:
            self._changed += 1
        self.writer.wake()

    # ------------------------------------------------------------ one submission
    def open(self, submission: str) -> Opened:
        """Judge a submission from its stored evidence, with what people decided."""
        decisions = self.book.decisions(submission)
        evidence = read_evidence(self.out / submission / EVIDENCE)
        rubric = self.rubric  # once: another thread may follow another process meanwhile
        own = run_checks(evidence, rubric.thresholds, rubric.checks)
        return Opened(evidence, own, decisions, judge_grade(evidence, rubric, own, decisions=decisions))

    def set_level(self, wish: Wish) -> int:
        """Put a person's level in the place of the judged one; return the number of its line in the audit trail."""
        opened = self.open(wish.submission)
        levels = {name: item for name, item in opened.decisions.levels.items() if name != wish.target}
        alone = judge_grade(
            opened.evidence, self.rubric, opened.own, decisions=replace(opened.decisions, levels=levels)
        )
        computed = next((item.level for item in alone.judgements if item.criterion == wish.target), None)
        return self._decide(_override(wish, "level", computed), wish.seen)

    def set_outcome(self, wish: Wish) -> int:
        """Put a person's outcome in the place of a check's; the rubric then judges by it."""
        own = self.open(wish.submission).own
        computed = next((item.outcome for item in own if item.check == wish.target), None)
        return self._decide(_override(wish, "finding", computed), wish.seen)

    def mark_reviewed(self, submission: str, author: str, seen: str) -> int:
        """Note that a person has looked at a submission: what asks for a look now asks no more.

        `seen` is the digest of the reasons they had before their eyes: others that came since are not settled unseen.
        """
        unlooked = self._unlooked(self.open(submission))
        if seen != _digest_of_reasons(unlooked):
            raise StaleDecisionError("what asks for a look changed since you opened the page: open it again")
        wish = Wish(submission, "", "yes", "", author)
        return self._decide(_override(wish, "reviewed", look_noted(unlooked)), None)

    def reasons_digest(self, opened: Opened) -> str:
        """Return a digest of all reasons for a look at a submission, settled or not."""
        return _digest_of_reasons(self._unlooked(opened))

    def _unlooked(self, opened: Opened) -> Grade:
        """Return the grade as it is where nobody has marked the submission as reviewed."""
        decisions = replace(opened.decisions, reviewed=None)
        return judge_grade(opened.evidence, self.rubric, opened.own, decisions=decisions)

    def withdraw(self, wish: Wish, kind: str) -> int | None:
        """Let the grader's own word count again."""
        number = self.book.withdraw(
            wish.submission, kind, wish.target, author=wish.author, reason=wish.reason, expected=wish.seen  # type: ignore[arg-type]
        )  # fmt: skip
        self._judge_again(wish.submission)
        return number

    def comment(self, wish: Wish, *, private: bool) -> int:
        """Add a comment to the student, or a private note; return the number of its line in the audit trail."""
        self.book.comment(wish.submission, wish.target, wish.value, private=private, author=wish.author)
        self._judge_again(wish.submission)
        return self._last_line(wish.submission)

    def remove_comment(self, submission: str, number: int, author: str) -> int:
        """Remove a comment; it stays in the audit trail."""
        self.book.remove_comment(number, author=author)
        self._judge_again(submission)
        return self._last_line(submission)

    def undo(self, number: int, author: str) -> AuditEntry:
        """Put back what a line of the audit trail replaced; return that line."""
        entry = self.book.undo(number, author=author)
        self._judge_again(entry.submission)
        return entry

    def checks(self, submission: str) -> frozenset[str]:
        """Return the checks that have a finding on a submission."""
        return frozenset(item.check for item in self.open(submission).own)

    def comments(self, submission: str) -> tuple[Comment, ...]:
        """Return the comments and notes on a submission."""
        return self.book.decisions(submission).comments

    def _decide(self, item: Override, seen: int | None) -> int:
        number = self.book.decide(item, expected=seen)
        self._judge_again(item.submission)
        return number

    def _judge_again(self, submission: str) -> None:
        """Bring the gradebook's line to the grade in effect; the files follow in the background."""
        with self._judging:  # of two threads the later one must not store what it read earlier
            self.book.record_decided(Result.of_grade(self.open(submission).grade))
        self.changed()

    def _last_line(self, submission: str) -> int:
        return self.book.audit(submission)[-1].number


def _digest_of_reasons(grade: Grade) -> str:
    return hashlib.sha256(json.dumps(reasons_to_look(grade)).encode()).hexdigest()[:16]


def _override(wish: Wish, kind: str, computed: str | None) -> Override:
    made_at = datetime.now(UTC).isoformat(timespec="seconds")
    return Override(wish.submission, kind, wish.target, wish.value, wish.author, wish.reason, made_at, computed)  # type: ignore[arg-type]
