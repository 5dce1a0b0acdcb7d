"""The gradebook: one SQLite file per class, safe against being killed at any moment and against several writers.

What was measured is replaced by each run; what people decided (overrides) and who did what (audit) never is.
"""

from __future__ import annotations

import json
import re
import sqlite3
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from grader.durable import FULL, has_space, storage_full
from grader.errors import ResultsError, StorageFullError
from grader.model import CriterionResult, Level, Result
from grader.resources import GRADEBOOK

BUSY_TIMEOUT_S = 30.0
"""How long a writer waits for another process (the review app) to finish its transaction before it gives up."""

MIGRATIONS = (
    """
    CREATE TABLE results (
        submission     TEXT PRIMARY KEY,
        notebook       TEXT NOT NULL DEFAULT '',
        status         TEXT NOT NULL DEFAULT 'not_run',
        isolation      TEXT,
        rubric_id      TEXT NOT NULL DEFAULT '',
        rubric_sha256  TEXT NOT NULL DEFAULT '',
        criteria       TEXT NOT NULL DEFAULT '[]',
        points         REAL,
        max_points     REAL NOT NULL DEFAULT 0,
        needs_review   INTEGER NOT NULL DEFAULT 0,
        review_reasons TEXT NOT NULL DEFAULT '[]',
        failed_cell    INTEGER,
        message        TEXT,
        wall_s         REAL NOT NULL DEFAULT 0,
        fingerprint    TEXT NOT NULL DEFAULT ''
    ) STRICT;
    CREATE TABLE overrides (
        submission TEXT NOT NULL,
        criterion  TEXT NOT NULL,
        level      TEXT NOT NULL CHECK (level IN ('emerging', 'developing', 'proficient', 'exemplary')),
        author     TEXT NOT NULL,
        reason     TEXT NOT NULL,
        made_at    TEXT NOT NULL,
        PRIMARY KEY (submission, criterion)
    ) STRICT;
    CREATE TABLE audit (
        number     INTEGER PRIMARY KEY AUTOINCREMENT,
        happened_at TEXT NOT NULL,
        author     TEXT NOT NULL,
        action     TEXT NOT NULL,
        submission TEXT NOT NULL,
        criterion  TEXT NOT NULL,
        before     TEXT,
        after      TEXT,
        reason     TEXT NOT NULL
    ) STRICT;
    CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit
        BEGIN SELECT RAISE(ABORT, 'the audit trail is never changed'); END;
    CREATE TRIGGER audit_is_never_shortened BEFORE DELETE ON audit
        BEGIN SELECT RAISE(ABORT, 'the audit trail is never shortened'); END;
    """,
    "ALTER TABLE results ADD COLUMN evidence_sha256 TEXT NOT NULL DEFAULT '';\n",
    """
    ALTER TABLE results ADD COLUMN score REAL;
    ALTER TABLE results ADD COLUMN reference_score REAL;
    ALTER TABLE results ADD COLUMN metric TEXT NOT NULL DEFAULT '';
    """,
)
"""One script per schema version, applied in order: `PRAGMA user_version` counts those applied."""


@dataclass(frozen=True, slots=True)
class Override:
    """A person's level for one criterion of one submission, in place of the judged one. `made_at` is ISO 8601, UTC."""

    submission: str
    criterion: str
    level: Level
    author: str
    reason: str
    made_at: str


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what to which criterion, when and why. `before` and `after` are levels, None for the judged one."""

    number: int
    happened_at: str
    author: str
    action: str
    submission: str
    criterion: str
    before: str | None
    after: str | None
    reason: str


class Gradebook:
    """The gradebook under an `--out` folder; one object may be shared by all threads of a process.

    Raises:
        ResultsError: from the constructor where the file can't be made or opened, is damaged, or was written by a
            newer grader; from any method where another process holds the file too long.
        StorageFullError: from any method; what was stored before stays.
    """

    def __init__(self, out: Path) -> None:
        self.path = out / GRADEBOOK
        self._lock = threading.RLock()
        with self._faults():
            out.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(
                self.path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
            )
        try:
            self._prepare()
        except BaseException:
            self._connection.close()
            raise

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

    def _prepare(self) -> None:
        with self._faults():
            self._connection.row_factory = sqlite3.Row
            found = self._connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            if found != "ok":
                raise sqlite3.DatabaseError(" ".join(str(found).split()))
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")
        with self._transaction() as connection:
            version = int(connection.execute("PRAGMA user_version").fetchone()[0])
            if version > len(MIGRATIONS):
                raise ResultsError(
                    f"{self.path} was written by a newer grader (gradebook version {version}, this one knows "
                    f"{len(MIGRATIONS)}): update the grader, or give another --out folder"
                )
            for script in MIGRATIONS[version:]:
                _run_script(connection, script)
            connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")

    # ------------------------------------------------------------ results
    def record(self, result: Result, fingerprint: str, evidence_sha256: str = "") -> None:
        """Store a submission's result in place of an older one, all of it or nothing.

        `fingerprint` covers all that the run depended on: notebook, files, data, options, evidence version. An empty
        one marks a result that is shown but must not last (a failure of the machine): it never counts as finished.
        `evidence_sha256` is the digest of the evidence's file: another file there is not what this line is about.
        """
        self._store(_result_values(result) | {"fingerprint": fingerprint, "evidence_sha256": evidence_sha256})

    def record_judgement(self, result: Result, evidence_sha256: str = "") -> None:
        """Store a result that was judged again from stored evidence: its fingerprint stays, as nothing was run.

        Evidence that this gradebook knows nothing of (its grader was killed before it came to this line) is judged
        like any other, but the submission is then run again by the next `grader grade`. No digest: it is known.
        """
        values = _result_values(result)
        if evidence_sha256 and not self.describes(result.submission, evidence_sha256):
            values |= {"fingerprint": "", "evidence_sha256": evidence_sha256}
        self._store(values)

    def _store(self, values: dict[str, Any]) -> None:
        names = ", ".join(values)
        places = ", ".join(f":{name}" for name in values)
        updates = ", ".join(f"{name} = excluded.{name}" for name in values)
        with self._transaction() as connection:
            connection.execute(
                # The names are those of Result's fields, never input.
                f"INSERT INTO results ({names}) VALUES ({places}) "  # noqa: S608
                f"ON CONFLICT (submission) DO UPDATE SET {updates}",
                values,
            )

    def is_finished(self, submission: str, fingerprint: str) -> bool:
        """Return whether a lasting result made from exactly these inputs is stored."""
        return fingerprint != "" and self.fingerprint(submission) == fingerprint

    def fingerprint(self, submission: str) -> str | None:
        """Return the fingerprint of the inputs a result was made from, None where there is no result."""
        return self._text("fingerprint", submission)

    def describes(self, submission: str, evidence_sha256: str) -> bool:
        """Return whether a stored result was judged from the evidence file of this digest."""
        return self._text("evidence_sha256", submission) in {"", evidence_sha256}  # none: by an older grader

    def _text(self, column: str, submission: str) -> str | None:
        query = f"SELECT {column} FROM results WHERE submission = ?"  # noqa: S608 - the column is named in this class
        row = self._fetch(query, (submission,))
        return str(row[0][0]) if row else None

    def results(self, only: Collection[str] | None = None) -> tuple[Result, ...]:
        """Return the results in the natural order of their ids (`student2` before `student10`).

        `only` keeps the submissions named: those of earlier runs into the same folder stay out of the class page.
        """
        found = (_result(row) for row in self._fetch("SELECT * FROM results", ()))
        wanted = None if only is None else set(only)
        kept = (row for row in found if wanted is None or row.submission in wanted)
        return tuple(sorted(kept, key=lambda row: natural_order(row.submission)))

    # ------------------------------------------------------------ what people decided
    def override(self, submission: str, criterion: str, level: Level, *, author: str, reason: str) -> None:
        """Put a person's level in place of the judged one, and write it into the audit trail."""
        now = _now()
        with self._transaction() as connection:
            before = _override_level(connection, submission, criterion)
            connection.execute(
                "INSERT OR REPLACE INTO overrides VALUES (?, ?, ?, ?, ?, ?)",
                tuple(map(_storable, (submission, criterion, level, author, reason, now))),
            )
            _write_audit(connection, (now, author, "override", submission, criterion, before, level, reason))

    def withdraw_override(self, submission: str, criterion: str, *, author: str, reason: str) -> None:
        """Let the judged level count again; nothing happens where there was no override."""
        now = _now()
        with self._transaction() as connection:
            before = _override_level(connection, submission, criterion)
            if before is None:
                return
            connection.execute("DELETE FROM overrides WHERE submission = ? AND criterion = ?", (submission, criterion))
            _write_audit(connection, (now, author, "withdraw", submission, criterion, before, None, reason))

    def overrides(self) -> tuple[Override, ...]:
        """Return every override in force, by submission and criterion."""
        rows = self._fetch("SELECT * FROM overrides ORDER BY submission, criterion", ())
        return tuple(Override(**dict(row)) for row in rows)

    def audit(self) -> tuple[AuditEntry, ...]:
        """Return the audit trail, oldest first."""
        return tuple(AuditEntry(**dict(row)) for row in self._fetch("SELECT * FROM audit ORDER BY number", ()))

    # ------------------------------------------------------------ the connection
    def close(self) -> None:
        """Close the file; calling it again does nothing."""
        with self._lock:
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _fetch(self, query: str, values: tuple[Any, ...]) -> list[sqlite3.Row]:
        with self._lock, self._faults():
            return self._connection.execute(query, tuple(map(_storable, values))).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """One transaction that takes the write lock at once: all of it is stored, or nothing."""
        with self._lock, self._faults():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError) as problem:
            raise self._explained(problem) from problem

    def _explained(self, problem: sqlite3.Error | OSError) -> ResultsError | StorageFullError:
        code = getattr(problem, "sqlite_errorcode", None)
        if code == sqlite3.SQLITE_FULL or getattr(problem, "errno", None) in FULL:
            return storage_full(self.path.parent, 0)
        if isinstance(problem, sqlite3.OperationalError) and not has_space(self.path.parent):
            return storage_full(self.path.parent, 0)  # the files beside it could not be made
        if type(problem) is sqlite3.DatabaseError:
            return ResultsError(
                f"the gradebook {self.path} is damaged, or is none ({problem}). Nothing was changed. Put back a copy "
                f"of it, or save what is readable in it (sqlite3 {GRADEBOOK} .recover) and move {GRADEBOOK}, "
                f"{GRADEBOOK}-wal and {GRADEBOOK}-shm elsewhere: `grader grade` then makes a new one, without overrides"
            )
        return ResultsError(
            f"the gradebook {self.path} can't be used ({problem}): check that its folder can be written and has "
            "free space, that no other program holds the file, and that it is a gradebook"
        )


def natural_order(text: str) -> tuple[tuple[int, int, str], ...]:
    """Return a sort key under which digits count as numbers and case does not matter; ties go by the exact text."""
    parts = [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in re.split(r"(\d+)", text.casefold())]
    return (*parts, (2, 0, text))


def _run_script(connection: sqlite3.Connection, script: str) -> None:
    """Run a script's statements inside the open transaction (`executescript` would commit it first)."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            connection.execute(statement)
            statement = ""


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _override_level(connection: sqlite3.Connection, submission: str, criterion: str) -> str | None:
    row = connection.execute(
        "SELECT level FROM overrides WHERE submission = ? AND criterion = ?", (_storable(submission), criterion)
    ).fetchone()
    return None if row is None else str(row["level"])


def _write_audit(connection: sqlite3.Connection, entry: tuple[str | None, ...]) -> None:
    connection.execute(
        "INSERT INTO audit (happened_at, author, action, submission, criterion, before, after, reason) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        tuple(map(_storable, entry)),
    )


def _result_values(result: Result) -> dict[str, Any]:
    values = {name: _storable(getattr(result, name)) for name in Result.__dataclass_fields__}
    values["criteria"] = json.dumps([asdict(item) for item in result.criteria])
    values["review_reasons"] = json.dumps(result.review_reasons)
    return values


def _storable(value: object) -> object:
    """Return text that SQLite can hold: lone surrogates (a student's file name, an error message) are replaced."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def _criterion(item: dict[str, Any]) -> CriterionResult:
    return CriterionResult(**{**item, "missed": tuple(item.get("missed", ()))})


def _result(row: sqlite3.Row) -> Result:
    values = {name: row[name] for name in Result.__dataclass_fields__}
    values["needs_review"] = bool(values["needs_review"])
    values["criteria"] = tuple(map(_criterion, json.loads(values["criteria"])))
    values["review_reasons"] = tuple(json.loads(values["review_reasons"]))
    return Result(**values)
