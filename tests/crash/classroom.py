"""A class that is graded in fractions of a second a notebook, and what must hold of its results at any moment."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import jsonschema
import nbformat
import psutil

from grader.durable import READY
from grader.resources import GRADEBOOK, PACKAGE

GRADER = str(Path(sys.executable).with_name("grader"))
SCHEMA = json.loads((PACKAGE / "reports" / "grade.schema.json").read_text())
STUDENTS = tuple(f"s{number}" for number in range(5))
QUICK = ("--reference-budget", "0", "--jobs", "2", "--timeout", "60")

GONE_S = 3.0
"""What a killed grader started may take so long to leave."""


def write_notebook(path: Path, *sources: str) -> None:
    """Write a notebook of markdown (`# ...`) and code cells, the same bytes for the same cells."""
    notebook = nbformat.v4.new_notebook()
    for number, source in enumerate(sources):
        make = nbformat.v4.new_markdown_cell if source.startswith("# ") else nbformat.v4.new_code_cell
        notebook.cells.append(make(source, id=f"cell-{number}"))
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, path)


def write_class(folder: Path, students: tuple[str, ...] = STUDENTS) -> None:
    """Write the class: every notebook prints something of its own."""
    for student in students:
        write_notebook(
            folder / f"{student}.ipynb", f"# The work of {student}", f"name = '{student}'", "print(name * 2)"
        )


HEARING = """import os, signal, sys
for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(each, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])"""
"""Becomes the command given, with its signals as a terminal has them."""


def start(*arguments: str | Path, **options: object) -> subprocess.Popen[str]:
    """Start the real command in a session of its own, as from a terminal: a background shell ignores SIGINT, nohup SIGHUP."""
    return subprocess.Popen(
        [sys.executable, "-c", HEARING, GRADER, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        **options,  # type: ignore[call-overload]
    )


def grader(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the real command to its end."""
    return subprocess.run(
        [GRADER, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env=os.environ | environment,
    )


def started_runs(stderr: str) -> list[str]:
    """Return the submissions that a call ran, in order: each start is told in one line."""
    return re.findall(r"^\s+(\S+): running$", stderr, re.MULTILINE)


# ---------------------------------------------------------------- what is on the disk
@dataclass(frozen=True, slots=True)
class Finished:
    """A submission that the gradebook calls finished: its files' identities tell whether they were written again."""

    grade: bytes
    executed: tuple[int, int]
    evidence: tuple[int, int]


def identity(path: Path) -> tuple[int, int]:
    """Return what changes whenever a file is replaced."""
    facts = path.stat()
    return facts.st_ino, facts.st_mtime_ns


def finished(out: Path) -> dict[str, Finished]:
    """Return the finished submissions: those whose line in the gradebook is about the evidence that is there.

    A kill between the files and the line leaves a newer run's files, or leaves them on their way, under an older run's
    line: that one is not done.
    """
    if not (out / GRADEBOOK).is_file():
        return {}
    with closing(sqlite3.connect(out / GRADEBOOK, timeout=30)) as connection:
        try:
            query = "SELECT submission, evidence_sha256 FROM results WHERE fingerprint <> ''"
            lines = dict(connection.execute(query).fetchall())
        except sqlite3.OperationalError:  # killed before its tables were made
            return {}
    return {
        name: Finished(
            (out / name / "grade.json").read_bytes(),
            identity(out / name / "executed.ipynb"),
            identity(out / name / "evidence.json"),
        )
        for name, digest in lines.items()
        if hashlib.sha256((out / name / "evidence.json").read_bytes()).hexdigest() == digest
        and not (out / name / READY).exists()
    }


def decided(out: Path) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
    """Return what people decided, and the audit trail of it."""
    with closing(sqlite3.connect(out / GRADEBOOK, timeout=30)) as connection:
        overrides = connection.execute("SELECT submission, target, value, author FROM decisions ORDER BY 1, 2")
        audit = connection.execute("SELECT submission, criterion, after, author FROM audit ORDER BY number")
        return overrides.fetchall(), audit.fetchall()


def assert_whole(out: Path) -> None:
    """Every file that is there can be read to its end, whatever was killed a moment ago."""
    for path in out.glob("*/grade.json"):
        jsonschema.validate(json.loads(path.read_text()), SCHEMA)
    for path in (*out.glob("*/evidence.json"), *out.glob("*/executed.ipynb")):
        json.loads(path.read_text())
    for path in (*out.glob("*/report.html"), *out.glob("index.html")):
        assert path.read_text().rstrip().endswith("</html>"), path
    for path in out.glob("grades.csv"):
        assert len({len(row) for row in csv.reader(io.StringIO(path.read_text()))}) == 1, path
    if (out / GRADEBOOK).is_file():
        with closing(sqlite3.connect(out / GRADEBOOK, timeout=30)) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def grades(out: Path) -> dict[str, bytes]:
    """Return every submission's grade.json without its timing."""
    return {
        path.parent.name: re.sub(rb'"wall_s": [0-9.]+', b'"wall_s": 0', path.read_bytes())
        for path in out.glob("*/grade.json")
    }


def assert_complete(out: Path, expected: dict[str, bytes]) -> None:
    """The class is as if nothing had ever happened to it: the same grades, each once, and nothing lies about."""
    assert_whole(out)
    assert grades(out) == expected
    rows = list(csv.DictReader(io.StringIO((out / "grades.csv").read_text())))
    assert [row["id"] for row in rows] == sorted(expected)
    with closing(sqlite3.connect(out / GRADEBOOK, timeout=30)) as connection:
        stored = [row[0] for row in connection.execute("SELECT submission FROM results ORDER BY submission")]
    assert stored == sorted(expected)
    for name in expected:
        files = {path.name for path in (out / name).iterdir()}
        assert files - {"staff.html"} == {"evidence.json", "executed.ipynb", "grade.json", "report.html"}
    assert leftovers(out) == []


def leftovers(out: Path) -> list[str]:
    """Return unfinished files and folders: the gradebook's own and the lock are none."""
    found = [path for path in out.rglob(".*") if path.name not in {".lock", ".work"}]
    return [str(path) for path in (*found, *(out / ".work").glob("*"))]


# ---------------------------------------------------------------- processes
def family(process: int) -> list[psutil.Process]:
    """Return what a process started, as far as it lives."""
    try:
        return psutil.Process(process).children(recursive=True)
    except psutil.Error:
        return []


def runs(process: psutil.Process) -> bool:
    """Whether this very process (not another with its number) runs."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def assert_gone(processes: list[psutil.Process], out: Path) -> None:
    """None of these runs any more, nor any process that works for this output folder."""
    deadline = time.monotonic() + GONE_S
    alive: list[psutil.Process] = []
    while time.monotonic() < deadline:
        alive = [process for process in (*processes, *working_for(out)) if runs(process)]
        if not alive:
            return
        time.sleep(0.05)
    raise AssertionError(f"left behind: {alive}")


def working_for(out: Path) -> list[psutil.Process]:
    """Return the processes that were given this output folder by name, and boxes that are nobody's."""
    everybody = list(psutil.process_iter(["cmdline"]))
    named = [one for one in everybody if any(word.startswith(str(out)) for word in one.info["cmdline"] or ())]
    return named + [one for one in everybody if is_an_orphan(one)]


def is_an_orphan(process: psutil.Process) -> bool:
    """Whether this holds a box that nobody owns any more."""
    words = process.info["cmdline"] or [""]
    try:
        return words[0].endswith("bwrap") and process.ppid() == 1
    except psutil.Error:
        return False
