"""The tables of the gradebook, as one script per version."""

from __future__ import annotations

import sqlite3

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
    # What people decide on findings, and that they looked; comments; what they changed and no file shows yet.
    """
    CREATE TABLE decisions (
        submission TEXT NOT NULL,
        kind       TEXT NOT NULL CHECK (kind IN ('level', 'finding', 'reviewed')),
        target     TEXT NOT NULL,
        value      TEXT NOT NULL,
        author     TEXT NOT NULL,
        reason     TEXT NOT NULL,
        made_at    TEXT NOT NULL,
        computed   TEXT,
        PRIMARY KEY (submission, kind, target),
        CHECK (kind <> 'level' OR value IN ('emerging', 'developing', 'proficient', 'exemplary')),
        CHECK (kind <> 'finding' OR value IN ('pass', 'fail', 'not_applicable'))
    ) STRICT;
    INSERT INTO decisions
        SELECT submission, 'level', criterion, level, author, reason, made_at, NULL FROM overrides;
    DROP TABLE overrides;
    CREATE TABLE comments (
        number     INTEGER PRIMARY KEY AUTOINCREMENT,
        submission TEXT NOT NULL,
        criterion  TEXT NOT NULL,
        text       TEXT NOT NULL,
        private    INTEGER NOT NULL,
        author     TEXT NOT NULL,
        made_at    TEXT NOT NULL
    ) STRICT;
    CREATE INDEX comments_by_submission ON comments (submission);
    ALTER TABLE audit ADD COLUMN kind TEXT NOT NULL DEFAULT 'level';
    ALTER TABLE audit ADD COLUMN replaced TEXT;
    CREATE INDEX audit_by_submission ON audit (submission, kind, criterion);
    CREATE TABLE unwritten (submission TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT;
    CREATE TABLE secrets (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
    ALTER TABLE results ADD COLUMN reviewed INTEGER NOT NULL DEFAULT 0;
    """,
    # What was handed in, equal for identical submissions; what its files look like and what they were judged by.
    """
    ALTER TABLE results ADD COLUMN content_sha256 TEXT NOT NULL DEFAULT '';
    ALTER TABLE results ADD COLUMN judged TEXT NOT NULL DEFAULT '';
    """,
)
"""One script per schema version, applied in order: `PRAGMA user_version` counts those applied."""


def run_script(connection: sqlite3.Connection, script: str) -> None:
    """Run a script's statements inside the open transaction (`executescript` would commit it first)."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            connection.execute(statement)
            statement = ""
