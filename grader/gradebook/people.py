"""What people decided, inside one open transaction: each change with its line in the audit trail.

A line keeps what it replaced, so that it can be undone; undoing is a change like any other.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

from grader.errors import ResultsError, StaleDecisionError
from grader.model import Comment, Decisions, Override

AuditKind = Literal["level", "finding", "reviewed", "comment", "note", "rubric"]
"""What a line of the audit trail is about; a `note` is a comment that only staff read."""

DECIDED = frozenset({"level", "finding", "reviewed"})


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what, when and why. `before` and `after` are levels, outcomes or texts, None for the grader's own.

    `criterion` is what the line is about: a criterion, a check, or the number of a comment, as `kind` says.
    """

    number: int
    happened_at: str
    author: str
    action: str
    submission: str
    criterion: str
    before: str | None
    after: str | None
    reason: str
    kind: str = "level"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the audit trail to be written. `replaced` is the row that was there before, None where none was."""

    author: str
    action: str
    submission: str
    kind: str
    target: str
    before: str | None
    after: str | None
    reason: str
    replaced: Mapping[str, Any] | None


def now() -> str:
    """Return this moment as ISO 8601, UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def storable_text(text: str) -> str:
    """Return text that SQLite can hold: lone surrogates (a student's file name, an error message) are replaced."""
    return text.encode("utf-8", "replace").decode()


def storable(value: object) -> object:
    """Return a value that SQLite can hold."""
    return storable_text(value) if isinstance(value, str) else value


def bound(values: Iterable[object]) -> tuple[object, ...]:
    """Return values as a statement takes them."""
    return tuple(map(storable, values))


# ---------------------------------------------------------------- the audit trail
def write_line(connection: sqlite3.Connection, line: Line) -> int:
    """Write a line, and note that the submission's files don't show it yet; return its number."""
    replaced = None if line.replaced is None else json.dumps(line.replaced)
    cursor = connection.execute(
        "INSERT INTO audit (happened_at, author, action, submission, criterion, before, after, reason, kind, replaced) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        bound((now(), line.author, line.action, line.submission, line.target, line.before, line.after, line.reason,
               line.kind, replaced)),
    )  # fmt: skip
    number = int(cursor.lastrowid or 0)
    if line.submission:
        mark_unwritten(connection, line.submission, number)
    return number


def mark_written(connection: sqlite3.Connection, submission: str, version: int) -> None:
    """Note that files show a submission up to this line of the audit trail."""
    connection.execute("DELETE FROM unwritten WHERE submission = ? AND version <= ?", bound((submission, version)))


def mark_unwritten(connection: sqlite3.Connection, submission: str, version: int) -> None:
    """Note that a submission's files don't show yet what a line of the audit trail says."""
    connection.execute(
        "INSERT INTO unwritten VALUES (?, ?) ON CONFLICT (submission) DO UPDATE SET version = excluded.version",
        bound((submission, version)),
    )
    connection.execute("UPDATE results SET judged = '' WHERE submission = ?", bound((submission,)))


def version_of(connection: sqlite3.Connection, submission: str, kind: str, target: str) -> int:
    """Return the number of the last line that bears on one thing, 0 where there is none.

    A finding bears on the level of every criterion that rests on it: a level is also as new as the last finding.
    """
    found = connection.execute(
        "SELECT max(number) FROM audit WHERE submission = ? AND ((kind = ? AND criterion = ?) OR (? = 'level' AND "
        "kind = 'finding'))",
        bound((submission, kind, target, kind)),
    ).fetchone()[0]
    return int(found or 0)


def require_version(connection: sqlite3.Connection, expected: int | None, *about: str) -> None:
    """Raise StaleDecisionError where somebody changed a thing since it was read; `expected` of None takes any."""
    if expected is not None and version_of(connection, *about) != expected:
        raise StaleDecisionError("somebody else changed this since you opened the page: nothing was overwritten")


# ---------------------------------------------------------------- levels, findings, looked at
def put(connection: sqlite3.Connection, item: Override, action: str, expected: int | None = None) -> int:
    """Put a person's word in place of the grader's, or of somebody else's; return the number of its line."""
    require_version(connection, expected, item.submission, item.kind, item.target)
    before = _row(connection, "decisions", item.submission, item.kind, item.target)
    _write_decision(connection, asdict(item))
    return write_line(
        connection,
        Line(item.author, action, item.submission, item.kind, item.target, before["value"] if before else None,
             item.value, item.reason, before),
    )  # fmt: skip


def take_back(connection: sqlite3.Connection, item: Override, expected: int | None = None) -> int | None:
    """Let the grader's own word count again; None where nobody had decided. Only `item`'s names and reason matter."""
    require_version(connection, expected, item.submission, item.kind, item.target)
    before = _row(connection, "decisions", item.submission, item.kind, item.target)
    if before is None:
        return None
    _remove_decision(connection, item.submission, item.kind, item.target)
    line = Line(
        item.author, "withdraw", item.submission, item.kind, item.target, before["value"], None, item.reason, before
    )
    return write_line(connection, line)


def _write_decision(connection: sqlite3.Connection, row: Mapping[str, Any]) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO decisions (submission, kind, target, value, author, reason, made_at, computed) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        bound(row[name] for name in Override.__dataclass_fields__),
    )


def _remove_decision(connection: sqlite3.Connection, submission: str, kind: str, target: str) -> None:
    connection.execute(
        "DELETE FROM decisions WHERE submission = ? AND kind = ? AND target = ?", bound((submission, kind, target))
    )


# ---------------------------------------------------------------- comments
def add_comment(connection: sqlite3.Connection, item: Comment) -> int:
    """Add a comment; its number is given here, and returned."""
    cursor = connection.execute(
        "INSERT INTO comments (submission, criterion, text, private, author, made_at) VALUES (?, ?, ?, ?, ?, ?)",
        bound((item.submission, item.criterion, item.text, int(item.private), item.author, item.made_at)),
    )
    number = int(cursor.lastrowid or 0)
    _comment_line(connection, replace(item, number=number), item.author, "comment", None)
    return number


def remove_comment(connection: sqlite3.Connection, number: int, author: str, expected: int | None = None) -> None:
    """Remove a comment; what it said stays in the audit trail."""
    before = _row(connection, "comments", number)
    if before is None:
        raise StaleDecisionError("somebody else removed this comment since you opened the page")
    comment = Comment(**{**before, "private": bool(before["private"])})
    require_version(connection, expected, comment.submission, _comment_kind(comment), str(number))
    connection.execute("DELETE FROM comments WHERE number = ?", (number,))
    _comment_line(connection, comment, author, "remove", before)


def _comment_line(
    connection: sqlite3.Connection, item: Comment, author: str, action: str, replaced: Mapping[str, Any] | None
) -> None:
    before, after = (None, item.text) if replaced is None else (item.text, None)
    line = Line(author, action, item.submission, _comment_kind(item), str(item.number), before, after, "", replaced)
    write_line(connection, line)


def _comment_kind(item: Comment) -> str:
    return "note" if item.private else "comment"


# ---------------------------------------------------------------- undoing
def undo(connection: sqlite3.Connection, number: int, author: str) -> AuditEntry:
    """Put back what a line of the audit trail replaced; return that line.

    Raises:
        StaleDecisionError: something was changed there since.
        ResultsError: there is no such line, or it can't be undone.
    """
    row = connection.execute("SELECT * FROM audit WHERE number = ?", (number,)).fetchone()
    if row is None or row["kind"] == "rubric":
        raise ResultsError("this line of the audit trail can't be undone")
    entry = audit_entry(row)
    about = (entry.submission, entry.kind, entry.criterion)
    newest = connection.execute(
        "SELECT max(number) FROM audit WHERE submission = ? AND kind = ? AND criterion = ?", bound(about)
    ).fetchone()[0]
    if newest != number:
        raise StaleDecisionError("something else was changed there since: nothing was undone")
    if row["replaced"] is None and entry.before is not None:
        raise ResultsError("this line was written by an older grader, which kept too little to undo it: set it again")
    replaced = json.loads(row["replaced"]) if row["replaced"] else None
    table = "decisions" if entry.kind in DECIDED else "comments"
    present = _row(connection, table, *(about if table == "decisions" else (int(entry.criterion),)))
    _restore(connection, entry, replaced)
    line = Line(author, "undo", *about, entry.after, entry.before, f"undid line {number}", present)
    write_line(connection, line)
    return entry


def _restore(connection: sqlite3.Connection, entry: AuditEntry, replaced: Mapping[str, Any] | None) -> None:
    if entry.kind in DECIDED:
        _remove_decision(connection, entry.submission, entry.kind, entry.criterion)
        if replaced is not None:
            _write_decision(connection, replaced)
        return
    connection.execute("DELETE FROM comments WHERE number = ?", (int(entry.criterion),))
    if replaced is not None:
        connection.execute(
            "INSERT INTO comments (number, submission, criterion, text, private, author, made_at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            bound(replaced[name] for name in Comment.__dataclass_fields__),
        )


# ---------------------------------------------------------------- reading
def decisions_of(overrides: Iterable[Override], comments: Iterable[Comment]) -> dict[str, Decisions]:
    """Return what was decided, by submission."""
    found: dict[str, Decisions] = {}
    for item in overrides:
        one = found.get(item.submission, Decisions())
        if item.kind == "level":
            one = replace(one, levels={**one.levels, item.target: item})
        elif item.kind == "finding":
            one = replace(one, findings={**one.findings, item.target: item})
        else:
            one = replace(one, reviewed=item)
        found[item.submission] = one
    for comment in comments:
        one = found.get(comment.submission, Decisions())
        found[comment.submission] = replace(one, comments=(*one.comments, comment))
    return found


def audit_entry(row: sqlite3.Row) -> AuditEntry:
    """Return a row of the audit trail as an entry."""
    return AuditEntry(**{name: row[name] for name in AuditEntry.__dataclass_fields__})


def comment_of(row: sqlite3.Row) -> Comment:
    """Return a row of comments as a comment."""
    return Comment(**{**dict(row), "private": bool(row["private"])})


def _row(connection: sqlite3.Connection, table: str, *key: object) -> dict[str, Any] | None:
    where = {"decisions": "submission = ? AND kind = ? AND target = ?", "comments": "number = ?"}[table]
    query = f"SELECT * FROM {table} WHERE {where}"  # noqa: S608 - both are words of this file
    row = connection.execute(query, bound(key)).fetchone()
    return None if row is None else dict(row)
