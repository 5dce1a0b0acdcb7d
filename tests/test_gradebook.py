"""The gradebook keeps what was recorded, whoever is killed, and never loses what people decided."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from grader.errors import ResultsError, StaleDecisionError
from grader.gradebook import Gradebook, natural_order
from grader.gradebook.schema import MIGRATIONS
from grader.model import Comment, CriterionResult, Override, Result
from grader.resources import GRADEBOOK

EVALUATION = CriterionResult("evaluation", "Evaluation done right", "proficient", "proficient", "exemplary", True, 3, 4)
ALICE = Result("alice", "project.ipynb", "ok", "bubblewrap", 31.25, (EVALUATION,), 3.0, 4.0, True, ("one cell untraced",), None, None, "unit1", "ab" * 32)  # fmt: skip


def test_a_result_comes_back_as_recorded(tmp_path: Path) -> None:
    """What is recorded is read back equal, also by a gradebook opened anew."""
    with Gradebook(tmp_path) as book:
        book.record(ALICE, "f1")
    with Gradebook(tmp_path) as book:
        assert book.results() == (ALICE,)


def test_only_the_same_inputs_count_as_finished(tmp_path: Path) -> None:
    """A submission is finished for the fingerprint it was recorded under; another one means: run it again."""
    with Gradebook(tmp_path) as book:
        assert not book.is_finished("alice", "f1")
        book.record(ALICE, "f1")
        assert book.is_finished("alice", "f1")
        assert not book.is_finished("alice", "f2")
        assert book.fingerprint("alice") == "f1"
        assert book.fingerprint("bob") is None


def test_a_result_without_fingerprint_never_counts_as_finished(tmp_path: Path) -> None:
    """A failure of the machine is shown, but the submission is run again next time."""
    with Gradebook(tmp_path) as book:
        book.record(replace(ALICE, status="infrastructure_failure"), "")
        assert not book.is_finished("alice", "")
        assert len(book.results()) == 1


def test_judging_again_keeps_the_fingerprint(tmp_path: Path) -> None:
    """A result judged anew from stored evidence replaces the old one, and its run still counts as finished."""
    with Gradebook(tmp_path) as book:
        book.record(ALICE, "f1")
        judged = replace(ALICE, points=1.0, needs_review=False, review_reasons=())
        book.record_judgement(judged)
        assert book.results() == (judged,)
        assert book.is_finished("alice", "f1")


def test_a_folder_without_results_is_named(tmp_path: Path) -> None:
    """Judging a class again where none was graded says what to do, and leaves no file behind."""
    with pytest.raises(ResultsError, match="holds no results"):
        Gradebook.open_existing(tmp_path)
    assert list(tmp_path.iterdir()) == []
    Gradebook.open(tmp_path).close()
    Gradebook.open_existing(tmp_path).close()


def test_rows_come_in_natural_order_and_may_be_limited(tmp_path: Path) -> None:
    """`student2` stands before `student10`; submissions of an earlier run can be left out."""
    with Gradebook(tmp_path) as book:
        for name in ("student10", "Student2", "student1"):
            book.record(replace(ALICE, submission=name), "f")
        assert [row.submission for row in book.results()] == ["student1", "Student2", "student10"]
        assert [row.submission for row in book.results(only={"student10"})] == ["student10"]


def test_natural_order_handles_any_name() -> None:
    """Superscript digits, digits of other scripts, long numbers and empty names sort without an error."""
    names = ["x²", "", "9" * 400, "a1b", "a01b", "٣"]
    assert sorted(names, key=natural_order) == ["٣", "9" * 400, "", "a01b", "a1b", "x²"]


def test_text_that_is_no_unicode_is_kept_readable(tmp_path: Path) -> None:
    """A lone surrogate in an error message or a name does not stop the recording."""
    with Gradebook(tmp_path) as book:
        book.record(replace(ALICE, submission="a\ud800", message="bad \udcff"), "f")
        assert book.is_finished("a\ud800", "f")
        assert [row.message for row in book.results()] == ["bad ?"]


def test_overrides_survive_a_new_run(tmp_path: Path) -> None:
    """A person's level stays when the submission is graded again, and every change is in the audit trail."""
    with Gradebook(tmp_path) as book:
        book.record(ALICE, "f1")
        book.override("alice", "evaluation", "exemplary", author="ta", reason="errors are discussed in a figure")
        book.record(replace(ALICE, points=2.0), "f2")
        assert [(item.target, item.value) for item in book.overrides()] == [("evaluation", "exemplary")]
        book.override("alice", "evaluation", "developing", author="ta2", reason="no")
        book.withdraw_override("alice", "evaluation", author="ta", reason="agreed with the grader")
        book.withdraw_override("alice", "evaluation", author="ta", reason="twice")
        assert book.overrides() == ()
        assert [(entry.action, entry.before, entry.after) for entry in book.audit()] == [
            ("override", None, "exemplary"),
            ("override", "exemplary", "developing"),
            ("withdraw", "developing", None),
        ]


def test_the_audit_trail_can_only_grow(tmp_path: Path) -> None:
    """Not even SQL written by hand changes or shortens the audit trail."""
    with Gradebook(tmp_path) as book:
        book.override("alice", "evaluation", "exemplary", author="ta", reason="why")
    connection = sqlite3.connect(tmp_path / GRADEBOOK)
    for statement in ("DELETE FROM audit", "UPDATE audit SET author = 'x'"):
        with pytest.raises(sqlite3.IntegrityError, match="never"):
            connection.execute(statement)
    connection.close()


def test_a_level_that_does_not_exist_changes_nothing(tmp_path: Path) -> None:
    """An override that can't be stored leaves no trace in the audit trail: both are one transaction."""
    with Gradebook(tmp_path) as book:
        with pytest.raises(ResultsError):
            book.override("alice", "evaluation", "perfect", author="ta", reason="why")  # type: ignore[arg-type]
        assert (book.overrides(), book.audit()) == ((), ())
        book.record(ALICE, "f1")
        assert book.results() == (ALICE,)


def test_threads_share_one_gradebook(tmp_path: Path) -> None:
    """Many threads recording at once through one object lose nothing."""
    with Gradebook(tmp_path) as book:

        def record(worker: int) -> None:
            for number in range(10):
                book.record(replace(ALICE, submission=f"s{worker}-{number}"), "f")

        threads = [threading.Thread(target=record, args=(worker,)) for worker in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(book.results()) == 60


def test_processes_may_open_it_at_the_same_moment(tmp_path: Path) -> None:
    """Several processes that create and write one gradebook at once wait for each other and lose nothing."""
    code = (
        "import sys, pathlib, dataclasses\nfrom grader.gradebook import Gradebook\nfrom grader.model import Result\n"
        "for number in range(5):\n    with Gradebook(pathlib.Path(sys.argv[1])) as book:\n"
        "        book.record(Result(f'{sys.argv[2]}-{number}', 'n', 'ok', None, 0.0), 'f')\n"
    )
    workers = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path), str(name)]) for name in range(4)]
    assert [worker.wait(timeout=60) for worker in workers] == [0, 0, 0, 0]
    with Gradebook(tmp_path) as book:
        assert len(book.results()) == 20


def test_a_killed_writer_loses_nothing_it_reported(tmp_path: Path) -> None:
    """After SIGKILL at any moment every result reported as recorded is there, whole, and the file still works."""
    code = (
        "import sys, pathlib\nfrom grader.gradebook import Gradebook\nfrom grader.model import Result\n"
        "book = Gradebook(pathlib.Path(sys.argv[1]))\nstart = int(sys.argv[2])\n"
        "for number in range(start, start + 100_000):\n"
        "    book.record(Result(f's{number}', 'n', 'ok', None, 1.0, review_reasons=('x' * 5000,)), 'f')\n"
        "    print(number, flush=True)\n"
    )
    reported: set[str] = set()
    for round_number, pause in enumerate((0.05, 0.1, 0.2, 0.3)):
        writer = subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path), str(round_number * 1_000_000)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert writer.stdout is not None
        first = writer.stdout.readline()
        time.sleep(pause)
        writer.send_signal(signal.SIGKILL)
        lines = (first + writer.communicate()[0]).splitlines(keepends=True)
        reported |= {f"s{line.strip()}" for line in lines if line.endswith("\n")}
        with Gradebook(tmp_path) as book:
            rows = book.results()
        assert reported <= {row.submission for row in rows}
        assert all(row.review_reasons == ("x" * 5000,) for row in rows)
    assert len(reported) >= 4


def test_a_newer_gradebook_is_refused(tmp_path: Path) -> None:
    """A file of a later schema version is left alone, with a sentence that says what to do."""
    Gradebook(tmp_path).close()
    connection = sqlite3.connect(tmp_path / GRADEBOOK)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(ResultsError, match="newer grader"):
        Gradebook(tmp_path)


def test_a_file_that_is_no_gradebook_is_named(tmp_path: Path) -> None:
    """A damaged or foreign file raises ResultsError with its path."""
    (tmp_path / GRADEBOOK).write_bytes(b"this is no database, just text" * 100)
    with pytest.raises(ResultsError, match=r"gradebook\.db"):
        Gradebook(tmp_path)


def test_a_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    """An --out that can't be a folder raises ResultsError rather than a bare OSError."""
    (tmp_path / "out").write_text("")
    with pytest.raises(ResultsError, match="can't be used"):
        Gradebook(tmp_path / "out")


def test_evidence_that_is_not_the_recorded_runs_is_run_again(tmp_path: Path) -> None:
    """A grader killed before its line came leaves another run's evidence: it is judged, but counts as unfinished."""
    with Gradebook(tmp_path) as book:
        book.record(ALICE, "f1", "aa")
        assert book.describes("alice", "aa")
        assert not book.describes("alice", "bb")
        book.record_judgement(ALICE, "aa")
        assert book.is_finished("alice", "f1")
        book.record_judgement(replace(ALICE, points=1.0), "bb")
        assert not book.is_finished("alice", "f1")
        assert book.describes("alice", "bb")
        assert book.results() == (replace(ALICE, points=1.0),)


def test_what_was_handed_in_is_that_of_the_last_run(tmp_path: Path) -> None:
    """Judging again keeps it, unless it was looked at anew; a hand-in that can't be read any more is nobody's equal."""
    with Gradebook(tmp_path) as book:
        book.record(ALICE, "f1", content="c1")
        book.record_judgement(ALICE)
        assert book.contents() == {"alice": "c1"}
        book.record_judgement(ALICE, content="c2")
        assert book.content("alice") == "c2"
        book.record(ALICE, "")
        assert (book.contents(), book.content("alice"), book.content("bob")) == ({}, "", "")


def test_a_gradebook_of_an_older_grader_goes_on(tmp_path: Path) -> None:
    """A file of the first version gets what later ones added; its rows still count as finished."""
    with closing(sqlite3.connect(tmp_path / GRADEBOOK)) as connection:
        connection.executescript(MIGRATIONS[0])
        row = ("alice", "project.ipynb", "ok", "bubblewrap", "unit1", "ab" * 32, 3.0, 4.0, "f1")
        connection.execute(
            "INSERT INTO results (submission, notebook, status, isolation, rubric_id, rubric_sha256, points, max_points, "
            "fingerprint) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            row,
        )
        connection.execute("INSERT INTO overrides VALUES ('alice', 'model', 'proficient', 'ta', 'seen', '2026-01-01')")
        connection.execute("PRAGMA user_version = 1")
        connection.commit()
    with Gradebook(tmp_path) as book:
        assert book.is_finished("alice", "f1")
        assert book.describes("alice", "whatever its file holds")
        assert [item.points for item in book.results()] == [3.0]
        assert book.overrides() == (Override("alice", "level", "model", "proficient", "ta", "seen", "2026-01-01"),)


def test_every_commit_is_on_the_disk(tmp_path: Path) -> None:
    """Write-ahead log, synced at each commit: a power cut takes nothing that was recorded."""
    with Gradebook(tmp_path) as book:
        assert book._fetch("PRAGMA journal_mode", ())[0][0] == "wal"
        assert book._fetch("PRAGMA synchronous", ())[0][0] == 2


def _level(value: str, author: str = "ta", reason: str = "seen") -> Override:
    return Override("alice", "level", "evaluation", value, author, reason, "2026-01-01T00:00:00+00:00", "proficient")


def test_a_stale_decision_overwrites_nothing(tmp_path: Path) -> None:
    """Whoever decides on what somebody changed meanwhile is stopped, also where a finding below the level changed."""
    with Gradebook(tmp_path) as book:
        seen = book.version("alice", "level", "evaluation")
        book.decide(_level("exemplary", "ta1"), expected=seen)
        with pytest.raises(StaleDecisionError):
            book.decide(_level("developing", "ta2"), expected=seen)
        assert [(item.author, item.value) for item in book.overrides()] == [("ta1", "exemplary")]
        seen = book.version("alice", "level", "evaluation")
        book.decide(replace(_level("pass"), kind="finding", target="model.trains"))
        with pytest.raises(StaleDecisionError):
            book.withdraw("alice", "level", "evaluation", author="ta2", reason="no", expected=seen)
        assert book.version("alice", "finding", "model.learns") == 0
        assert [entry.author for entry in book.audit("alice")] == ["ta1", "ta"]
        assert book.audit("bob") == ()


def test_every_change_can_be_undone_and_undoing_too(tmp_path: Path) -> None:
    """Undo puts back who had decided what and why; it is a line of its own, and undoing that brings the change back."""
    with Gradebook(tmp_path) as book:
        book.decide(_level("exemplary", "ta1", "a figure"))
        second = book.decide(_level("developing", "ta2", "no"))
        book.undo(second, author="ta2")
        assert book.overrides() == (_level("exemplary", "ta1", "a figure"),)
        with pytest.raises(StaleDecisionError):
            book.undo(second, author="ta2")
        book.undo(book.audit()[-1].number, author="ta2")
        assert book.overrides() == (_level("developing", "ta2", "no"),)
        number = book.comment("alice", "evaluation", "Well drawn.", private=False, author="ta1")
        said = book.comments()
        assert said == (Comment(number, "alice", "evaluation", "Well drawn.", False, "ta1", said[0].made_at),)
        book.remove_comment(number, author="ta2")
        book.undo(book.audit()[-1].number, author="ta2")
        assert book.comments() == said
        assert [entry.action for entry in book.audit()] == [
            "override", "override", "undo", "undo", "comment", "remove", "undo",
        ]  # fmt: skip


def test_a_line_that_kept_too_little_is_not_undone(tmp_path: Path) -> None:
    """An older grader's line doesn't say who had decided what it replaced: undoing it would lose the decision."""
    with Gradebook(tmp_path) as book:
        number = book.decide(_level("developing", "ta2"))
        with closing(sqlite3.connect(tmp_path / GRADEBOOK)) as older, older:
            older.execute(
                "INSERT INTO audit (happened_at, author, action, submission, criterion, before, after, reason) SELECT "
                "happened_at, author, action, submission, criterion, 'exemplary', after, reason FROM audit"
            )
        with pytest.raises(ResultsError, match="older grader"):
            book.undo(number + 1, author="ta2")
        assert book.overrides() == (_level("developing", "ta2"),)
        assert len(book.audit()) == 2


def test_what_files_do_not_show_yet_is_remembered(tmp_path: Path) -> None:
    """A decision waits to be written until files that were made with it are there, not with an older one."""
    with Gradebook(tmp_path) as book:
        first = book.decide(_level("exemplary"))
        second = book.decide(_level("developing"))
        assert book.unwritten() == ("alice",)
        book.written("alice", first)
        assert book.unwritten() == ("alice",)
        assert book.decisions("alice").version == second
        book.written("alice", second)
        assert book.unwritten() == ()
