"""`grader export`: what is written, what is said of the rest, and the exit status."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from exports.classroom import result, write_class

from grader.cli.export import FORMATS, command
from grader.errors import ExportError
from grader.gradebook import Gradebook
from grader.model import HandIn, Student


def export(out: Path, *arguments: str | Path) -> Result:
    found = CliRunner().invoke(command, [str(out), *map(str, arguments)])
    if found.exception is not None and not isinstance(found.exception, SystemExit):
        raise found.exception
    return found


@pytest.fixture
def out(tmp_path: Path) -> Path:
    ada, bob = (
        Student("Ada Lovelace", "ada@x.org", canvas_id="7001", moodle_id="501"),
        Student("Bob Ross", moodle_id="502"),
    )
    results = {result("ada"): HandIn("moodle", (ada,)), result("bob", review=True): HandIn("moodle", (bob,))}
    return write_class(tmp_path / "out", results, files=True)


GRADEBOOK = 'Student,ID,Section,P (1)\n    Points Possible,,,20\n"Lovelace, Ada",7001,A,\n"Ross, Bob",7002,A,\n'
WORKSHEET = "Id,Name,Status,Grade,Max,Open,Time,Comments\nP 501,Ada Lovelace,s,,20,Y,-,\nP 502,Bob Ross,s,,20,Y,-,\n"


@pytest.mark.parametrize("form", ["csv", "json", "excel", "nbgrader", "gradescope", "feedback", "moodle-feedback"])
def test_every_form_is_written_to_the_exports_folder(out, form):
    """Status 0: everybody is in it."""
    found = export(out, "--to", form)
    assert found.exit_code == 0, found.output
    assert found.output.startswith("2 submissions in ")
    assert len(list((out / "exports").iterdir())) == 1


def test_a_gradebook_is_filled_beside_itself(out, tmp_path):
    """The original isn't touched; who waits for review is named, in a file too; status 1 says that somebody is left."""
    gradebook = tmp_path / "g.csv"
    gradebook.write_text(GRADEBOOK)
    found = export(out, "--to", "canvas", "--gradebook", gradebook)
    assert found.exit_code == 1
    assert "bob (Bob Ross): waits for a person's look" in found.output
    assert gradebook.read_text() == GRADEBOOK
    assert (out / "exports" / "canvas-gradebook.csv").read_text() == GRADEBOOK.replace("7001,A,", "7001,A,15")
    (left,) = csv.DictReader((out / "exports" / "canvas-gradebook-left-out.csv").read_text().splitlines())
    assert (left["student"], left["points"]) == ("Bob Ross", "15")
    whole = export(out, "--to", "canvas", "--gradebook", gradebook, "--unreviewed", "include")
    assert (whole.exit_code, list((out / "exports").glob("*left-out*"))) == (0, [])


def test_a_worksheet_gets_marks_and_comments(out, tmp_path):
    """And only marks where no comments are wanted."""
    worksheet = tmp_path / "w.csv"
    worksheet.write_text(WORKSHEET)
    assert export(out, "--to", "moodle", "--gradebook", worksheet, "--file", tmp_path / "filled.csv").exit_code == 1
    assert ",15,20,Y,-,15 of 20 points.<br>" in (tmp_path / "filled.csv").read_text()
    export(out, "--to", "moodle", "--gradebook", worksheet, "--file", tmp_path / "filled.csv", "--no-comments")
    assert (tmp_path / "filled.csv").read_text() == WORKSHEET.replace("s,,20,Y,-,\nP 502", "s,15,20,Y,-,\nP 502")


def test_a_roster_says_whose_they_are(tmp_path):
    """A class that was graded without one is exported with it; who handed in nothing is in the table."""
    out = write_class(tmp_path / "out", [result("work7")])
    roster = tmp_path / "roster.csv"
    roster.write_text("submission,name,canvas_id\nwork7,Ada Lovelace,7001\n,Dan Oh,7009\n")
    export(out, "--to", "csv", "--roster", roster)
    rows = list(csv.DictReader((out / "exports" / "grades.csv").read_text(encoding="utf-8-sig").splitlines()))
    assert [(row["submission"], row["name"], row["status"]) for row in rows] == [
        ("work7", "Ada Lovelace", "ok"),
        ("", "Dan Oh", "not_handed_in"),
    ]


def test_marks_that_decisions_have_overtaken_are_not_exported(out):
    """What a person decided last and no file shows yet must not be missed."""
    with Gradebook(out) as book:
        book.override("ada", "model", "emerging", author="ta", reason="copied")
    with pytest.raises(ExportError, match="what was decided on ada is not in the results yet"):
        export(out, "--to", "csv")


def test_what_is_missing_is_asked_for(out, tmp_path):
    """A gradebook to fill, a rubric to write; and the gradebook is never written over."""
    with pytest.raises(ExportError, match="--gradebook"):
        export(out, "--to", "canvas")
    with pytest.raises(ExportError, match="--rubric"):
        export(out, "--to", "canvas-rubric")
    assert export(out, "--to", "canvas-rubric", "--rubric", "unit1").exit_code == 0
    gradebook = tmp_path / "g.csv"
    gradebook.write_text(GRADEBOOK)
    with pytest.raises(ExportError, match="stays as it is"):
        export(out, "--to", "canvas", "--gradebook", gradebook, "--file", gradebook)


def test_help_names_every_form():
    """What can be written stands in the help."""
    text = CliRunner().invoke(command, ["--help"]).output
    assert all(f"  {name}" in text or f"{name}," in text or f" {name} " in text for name in FORMATS)
