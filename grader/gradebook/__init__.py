"""The gradebook: one SQLite file per class, safe against being killed at any moment and against several writers.

What was measured is replaced by each run; what people decided (overrides) and who did what (audit) never is.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from grader.errors import ResultsError
from grader.gradebook import people
from grader.gradebook.database import Database
from grader.gradebook.lines import natural_order, result_of, upsert, values_of
from grader.gradebook.people import AuditEntry, now, storable_text
from grader.model import UNDECIDED, Comment, DecisionKind, Decisions, Level, Override, Result
from grader.resources import GRADEBOOK

__all__ = ["Gradebook", "natural_order"]


class Gradebook(Database):
    """The gradebook under an `--out` folder; one object may be shared by all threads of a process.

    Raises:
        ResultsError: as `Database`.
        StorageFullError: as `Database`.
    """

    @classmethod
    def open(cls, out: Path) -> Gradebook:
        """Open the gradebook of an output folder, making both where they are not there."""
        return cls(out)

    @classmethod
    def open_existing(cls, out: Path) -> Gradebook:
        """Open the gradebook of a class that was graded before (ResultsError where there is none)."""
        if not (out / GRADEBOOK).is_file():
            raise ResultsError(f"{out} holds no results (no {GRADEBOOK} in it): grade a class into it first")
        return cls(out)

    # ------------------------------------------------------------ results
    def record(
        self, result: Result, fingerprint: str, evidence_sha256: str = "", *, content: str = "", judged: str = ""
    ) -> None:
        """Store a submission's result in place of an older one, all of it or nothing.

        `fingerprint` covers all that the run depended on: notebook, files, data, options, evidence version. An empty
        one marks a result that is shown but must not last (a failure of the machine): it never counts as finished.
        `evidence_sha256` is the digest of the evidence's file: another file there is not what this line is about.
        `content` is the digest of what was handed in, equal for identical submissions, and `judged` a mark of the
        files that were written and of all they were judged by.
        """
        known = {"fingerprint": fingerprint, "evidence_sha256": evidence_sha256, "judged": judged}
        self._store(values_of(result) | known | {"content_sha256": content})

    def record_judgement(
        self, result: Result, evidence_sha256: str = "", *, content: str | None = None, judged: str = ""
    ) -> None:
        """Store a result that was judged again from stored evidence: its fingerprint stays, as nothing was run.

        Evidence that this gradebook knows nothing of (its grader was killed before it came to this line) is judged
        like any other, but the submission is then run again by the next `grader grade`. No digest: it is known.
        `content` is that of `record`, None where nobody looked at what was handed in.
        """
        found = {} if content is None else {"content_sha256": content}
        self._store(self._judgement(result, evidence_sha256, judged) | found)

    def record_decided(self, result: Result) -> None:
        """Store a result that was judged again by what a person decided, unless another rubric has judged it meanwhile.

        Then it stays: what was decided waits to be written, and whoever writes it judges by the rubric of the class.
        """
        with self._transaction() as connection:
            query = "SELECT rubric_sha256 FROM results WHERE submission = ?"
            found = connection.execute(query, people.bound((result.submission,))).fetchone()
            if found is None or not found[0] or found[0] == result.rubric_sha256:
                upsert(connection, values_of(result) | {"judged": ""})

    def record_judged(self, results: Iterable[tuple[Result, str, int]]) -> None:
        """Store several results that were judged again and written, in one transaction.

        Each comes with the digest of its evidence, as for `record_judgement`, and the line of the audit trail up to
        which its files show what was decided, as for `written`.
        """
        listed = [(self._judgement(result, digest, ""), version) for result, digest, version in results]
        with self._transaction() as connection:
            for values, version in listed:
                upsert(connection, values)
                people.mark_written(connection, values["submission"], version)

    def _judgement(self, result: Result, evidence_sha256: str, judged: str) -> dict[str, Any]:
        values = values_of(result) | {"judged": judged}
        if evidence_sha256 and not self.describes(result.submission, evidence_sha256):
            values |= {"fingerprint": "", "evidence_sha256": evidence_sha256}
        return values

    def record_judgements(self, results: Iterable[Result], *, author: str, reason: str) -> None:
        """Store the whole class as judged by another rubric, all of it or nothing, with a line in the audit trail.

        Whatever files show it wait to be written.
        """
        rows = tuple(results)
        with self._transaction() as connection:
            found = connection.execute("SELECT rubric_sha256 FROM results LIMIT 1").fetchone()
            before, after = found[0] if found else None, rows[0].rubric_sha256 if rows else None
            line = people.Line(author, "rubric", "", "rubric", "", before, after, reason, None)
            number = people.write_line(connection, line)
            for row in rows:
                upsert(connection, values_of(row))
                people.mark_unwritten(connection, row.submission, number)

    def _store(self, values: dict[str, Any]) -> None:
        with self._transaction() as connection:
            upsert(connection, values)

    def is_finished(self, submission: str, fingerprint: str) -> bool:
        """Return whether a lasting result made from exactly these inputs is stored."""
        return fingerprint != "" and self.fingerprint(submission) == fingerprint

    def fingerprint(self, submission: str) -> str | None:
        """Return the fingerprint of the inputs a result was made from, None where there is no result."""
        return self._text("fingerprint", submission)

    def describes(self, submission: str, evidence_sha256: str) -> bool:
        """Return whether a stored result was judged from the evidence file of this digest."""
        return self._text("evidence_sha256", submission) in {"", evidence_sha256}  # none: by an older grader

    def judged(self, submission: str) -> str | None:
        """Return the mark of the files that a result was written to, None where there is none that shows all."""
        query = (
            "SELECT judged FROM results WHERE submission = ? AND submission NOT IN (SELECT submission FROM unwritten)"
        )
        rows = self._fetch(query, (submission,))
        return str(rows[0][0]) if rows else None

    def result(self, submission: str) -> Result | None:
        """Return one result, None where there is none."""
        rows = self._fetch("SELECT * FROM results WHERE submission = ?", (submission,))
        return result_of(rows[0]) if rows else None

    def seconds(self) -> dict[str, float]:
        """Return how long the run of each submission took, as far as it was run."""
        rows = self._fetch("SELECT submission, wall_s FROM results WHERE wall_s > 0", ())
        return {str(row[0]): float(row[1]) for row in rows}

    def contents(self) -> dict[str, str]:
        """Return the digest of what each submission consists of, as far as it is known: equal ones are identical."""
        rows = self._fetch("SELECT submission, content_sha256 FROM results WHERE content_sha256 <> ''", ())
        return {str(row[0]): str(row[1]) for row in rows}

    def content(self, submission: str) -> str:
        """Return the digest of what one submission consists of, empty where it is not known."""
        return self._text("content_sha256", submission) or ""

    def _text(self, column: str, submission: str) -> str | None:
        query = f"SELECT {column} FROM results WHERE submission = ?"  # noqa: S608 - the column is named in this class
        row = self._fetch(query, (submission,))
        return str(row[0][0]) if row else None

    def results(self, only: Collection[str] | None = None) -> tuple[Result, ...]:
        """Return the results in the natural order of their ids (`student2` before `student10`).

        `only` keeps the submissions named: those of earlier runs into the same folder stay out of the class page.
        """
        found = (result_of(row) for row in self._fetch("SELECT * FROM results", ()))
        wanted = None if only is None else set(only)
        kept = (row for row in found if wanted is None or row.submission in wanted)
        return tuple(sorted(kept, key=lambda row: natural_order(row.submission)))

    # ------------------------------------------------------------ what people decided
    def override(self, submission: str, criterion: str, level: Level, *, author: str, reason: str) -> None:
        """Put a person's level in place of the judged one, and write it into the audit trail."""
        self.decide(Override(submission, "level", criterion, level, author, reason, now()))

    def withdraw_override(self, submission: str, criterion: str, *, author: str, reason: str) -> None:
        """Let the judged level count again; nothing happens where there was no override."""
        self.withdraw(submission, "level", criterion, author=author, reason=reason)

    def decide(self, item: Override, *, expected: int | None = None) -> int:
        """Put a person's word in place of the grader's; return the number of its line in the audit trail.

        `expected` is the version (`version`) that the person had before their eyes; None takes whatever is there.

        Raises:
            StaleDecisionError: somebody changed it since; nothing is stored.
        """
        with self._transaction() as connection:
            return people.put(connection, item, "override" if item.kind != "reviewed" else "review", expected)

    def withdraw(
        self,
        submission: str,
        kind: DecisionKind,
        target: str,
        *,
        author: str,
        reason: str,
        expected: int | None = None,
    ) -> int | None:
        """Let the grader's own word count again; None where nobody had decided.

        Raises:
            StaleDecisionError: as in `decide`.
        """
        with self._transaction() as connection:
            item = Override(submission, kind, target, "", author, reason, "")
            return people.take_back(connection, item, expected)

    def comment(self, submission: str, criterion: str, text: str, *, private: bool, author: str) -> int:
        """Add a comment to the student, or a private note; return its number."""
        item = Comment(0, submission, criterion, text, private, author, now())
        with self._transaction() as connection:
            return people.add_comment(connection, item)

    def remove_comment(self, number: int, *, author: str, expected: int | None = None) -> None:
        """Remove a comment; what it said stays in the audit trail.

        Raises:
            StaleDecisionError: it is gone already, or was changed since.
        """
        with self._transaction() as connection:
            people.remove_comment(connection, number, author, expected)

    def undo(self, number: int, *, author: str) -> AuditEntry:
        """Put back what a line of the audit trail replaced, as a new line of it; return the line that was undone.

        Raises:
            StaleDecisionError: something was changed there since.
            ResultsError: there is no such line, or it can't be undone.
        """
        with self._transaction() as connection:
            return people.undo(connection, number, author)

    def version(self, submission: str, kind: str, target: str) -> int:
        """Return the version of one thing that can be decided, 0 where nobody ever did."""
        with self._lock, self._faults():
            return people.version_of(self._connection, submission, kind, target)

    def versions(self, submission: str) -> dict[tuple[str, str], int]:
        """Return the number of the last line on each thing of a submission, by kind and what it is about."""
        rows = self._fetch(
            "SELECT kind, criterion, max(number) FROM audit WHERE submission = ? GROUP BY kind, criterion",
            (submission,),
        )
        return {(row[0], row[1]): int(row[2]) for row in rows}

    def decisions(self, submission: str) -> Decisions:
        """Return all that people have decided on one submission."""
        version = self.last_line()  # first: what comes in meanwhile is then read, but waits to be written again
        found = self._decisions("WHERE submission = ?", (submission,)).get(storable_text(submission), UNDECIDED)
        return replace(found, version=version)

    def all_decisions(self) -> dict[str, Decisions]:
        """Return what people have decided, by submission; those that nobody touched are left out."""
        version = self.last_line()
        return {name: replace(item, version=version) for name, item in self._decisions("", ()).items()}

    def _decisions(self, where: str, values: tuple[str, ...]) -> dict[str, Decisions]:
        overrides = self._fetch(f"SELECT * FROM decisions {where} ORDER BY kind, target", values)  # noqa: S608
        comments = self._fetch(f"SELECT * FROM comments {where} ORDER BY number", values)  # noqa: S608
        return people.decisions_of((Override(**dict(row)) for row in overrides), map(people.comment_of, comments))

    def last_line(self) -> int:
        """Return the number of the last line of the audit trail, 0 where there is none."""
        return int(self._fetch("SELECT coalesce(max(number), 0) FROM audit", ())[0][0])

    def overrides(self) -> tuple[Override, ...]:
        """Return every override in force, by submission and what it is about."""
        rows = self._fetch("SELECT * FROM decisions ORDER BY submission, kind, target", ())
        return tuple(Override(**dict(row)) for row in rows)

    def comments(self) -> tuple[Comment, ...]:
        """Return every comment and note, oldest first."""
        return tuple(map(people.comment_of, self._fetch("SELECT * FROM comments ORDER BY number", ())))

    def audit(self, submission: str | None = None) -> tuple[AuditEntry, ...]:
        """Return the audit trail, or that of one submission, oldest first."""
        where, values = ("", ()) if submission is None else ("WHERE submission = ?", (submission,))
        rows = self._fetch(f"SELECT * FROM audit {where} ORDER BY number", values)  # noqa: S608 - words of this method
        return tuple(map(people.audit_entry, rows))

    def audit_entry(self, number: int) -> AuditEntry | None:
        """Return one line of the audit trail, None where there is none of that number."""
        rows = self._fetch("SELECT * FROM audit WHERE number = ?", (number,))
        return people.audit_entry(rows[0]) if rows else None

    # ------------------------------------------------------------ what the files don't show yet
    def unwritten(self) -> tuple[str, ...]:
        """Return the submissions whose files don't show what was decided last."""
        return tuple(row[0] for row in self._fetch("SELECT submission FROM unwritten ORDER BY submission", ()))

    def written(self, submission: str, version: int) -> None:
        """Note that a submission's files show all that was decided up to this line of the audit trail."""
        if not self._fetch("SELECT 1 FROM unwritten WHERE submission = ?", (submission,)):
            return
        with self._transaction() as connection:
            people.mark_written(connection, submission, version)

    def secret(self, name: str) -> str:
        """Return a secret of this gradebook, made at random the first time it is asked for."""
        with self._transaction() as connection:
            connection.execute("INSERT OR IGNORE INTO secrets VALUES (?, ?)", (name, secrets.token_hex(16)))
            return str(connection.execute("SELECT value FROM secrets WHERE name = ?", (name,)).fetchone()[0])
