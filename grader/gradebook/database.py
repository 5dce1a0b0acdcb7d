"""The file of the gradebook: opened, brought up to date, read and written in transactions, its faults explained."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from grader.durable import FULL, has_space, storage_full
from grader.errors import ResultsError, StorageFullError
from grader.gradebook.people import storable
from grader.gradebook.schema import MIGRATIONS, run_script
from grader.resources import GRADEBOOK

BUSY_TIMEOUT_S = 30.0
"""How long a writer waits for another process (the review app) to finish its transaction before it gives up."""


class Database:
    """The SQLite file under an `--out` folder; one object may be shared by all threads of a process.

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
                run_script(connection, script)
            connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")

    def changes(self) -> int:
        """Return a number that is another one after any other process has changed the file."""
        return int(self._fetch("PRAGMA data_version", ())[0][0])

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
            return self._connection.execute(query, tuple(map(storable, values))).fetchall()

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
