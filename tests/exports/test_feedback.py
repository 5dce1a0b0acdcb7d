"""Feedback goes to its student alone: the report and a summary, nothing of another's, nothing that is for staff."""

from __future__ import annotations

import email
import email.policy
import io
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from exports.classroom import grade_of, renamed, result, write_class
from markdown_it import MarkdownIt

from grader.cli.check import append_summary
from grader.errors import ResultsError
from grader.exports.feedback import feedback_zip, moodle_zip, own_participants
from grader.exports.gradescope import class_results, gradescope_results
from grader.exports.marks import ClassMarks, read_marks
from grader.model import Decided, HandIn, Remark, Student
from grader.reports.summary import comment_lines, summarise, summary_html, summary_markdown, summary_text
from grader.rubrics import load_rubric
from grader.storage import write_grade

STUDENTS = {
    "alpha_1": Student("Ada Lovelace", "ada@x.org", moodle_id="501"),
    "bravo_2": Student("Ada Lovelace", "ada2@x.org", moodle_id="502"),
    "charlie_3": Student("José_Núñez", "", moodle_id="503"),
    "delta_4": Student("", "evil@x.org\r\nBcc: all@x.org"),
}


@pytest.fixture
def graded(tmp_path: Path) -> tuple[Path, ClassMarks]:
    results = {
        result(name, review=name == "bravo_2"): HandIn("moodle", (student,)) for name, student in STUDENTS.items()
    }
    out = write_class(tmp_path / "out", results, files=True)
    return out, read_marks(out)


def entries(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_nothing_of_one_student_is_in_another_s(graded):
    """Neither names nor addresses nor anything the other's report says; and no staff page, notebook or reason to review."""
    out, marks = graded
    found = entries(feedback_zip(out, marks, load_rubric("unit1")).content)
    folders = sorted({name.split("/")[0] for name in found})
    assert len(folders) == 4
    assert {name.split("/")[1] for name in found} == {"report.html", "summary.txt", "summary.html", "message.eml"}
    for folder in folders:
        everything = b"\n".join(content for name, content in found.items() if name.startswith(f"{folder}/"))
        text = (
            everything.decode()
            + email.message_from_bytes(found[f"{folder}/message.eml"], policy=email.policy.default)
            .get_body(("plain",))
            .get_content()
        )  # type: ignore[union-attr]
        owners = [name for name in STUDENTS if name in text]
        assert len(owners) == 1, folder
        others = [one.email for name, one in STUDENTS.items() if name != owners[0] and one.email]
        assert not any(address in text for address in others)
        assert "staff" not in text
        assert "could not be read" not in text  # why a person should look


def test_the_message_is_a_draft_in_both_forms(graded):
    """To whom it goes where the address is one; a forged address adds no line to the head."""
    out, marks = graded
    found = entries(feedback_zip(out, marks, None).content)
    message = email.message_from_bytes(found["Ada Lovelace/message.eml"], policy=email.policy.default)
    assert (message["To"], message["X-Unsent"]) == ("ada@x.org", "1")
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert not any(b"all@x.org" in content for content in found.values())


def test_a_summary_says_what_counts():
    """Points, levels, the next thing and the strongest; what is open is said to be; a student's HTML is text."""
    summary = summarise(grade_of(result("alpha_1", review=True)), load_rubric("unit1"))
    text, page = summary_text(summary), summary_html(summary)
    for words in (
        "15 of 20 points",
        "A person will look at this",
        "Do this next: add a test set to alpha_1",
        "Proficient (perhaps up to Exemplary)",
    ):
        assert words in text
    assert max(map(len, text.splitlines())) <= 76
    assert "&lt;b&gt;was seen&lt;/b&gt;" in page
    assert not re.search(r"<script|src=|href=", page)
    assert comment_lines(summary)[0] == "15 of 20 points."


def test_the_summary_is_in_the_report_s_language(graded):
    """A Spanish report goes with a Spanish summary; what a person wrote stays as it was written."""
    out, marks = graded
    path = out / "alpha_1" / "report.html"
    path.write_text('<!DOCTYPE html>\n<html lang="es">\n<p>informe</p>', encoding="utf-8")
    said = replace(
        grade_of(result("alpha_1")), comments=(Remark("model", "Do this next week, please."), Remark("", "Bravo!"))
    )
    decided = replace(said.judgements[0], decided=Decided("I saw the code.", "emerging"), reasons=("I saw the code.",))
    write_grade(out / "alpha_1" / "grade.json", replace(said, judgements=(decided, *said.judgements[1:])))
    found = entries(feedback_zip(out, marks, load_rubric("unit1")).content)
    text, page = found["Ada Lovelace/summary.txt"].decode(), found["Ada Lovelace/summary.html"].decode()
    for words in (
        "15 de 20 puntos.",
        "Lo siguiente que conviene hacer:",
        "Competente, 3 de 4",
        "I saw the code.",
        "Do this next week, please.",
        "Bravo!",
    ):
        assert words in text
    assert '<html lang="es">' in page
    assert "Criterio" in page
    assert "of 20" not in text
    assert "15 of 20 points." in found["José_Núñez/summary.txt"].decode()


def test_feedback_files_as_moodle_takes_them(graded):
    """Its folder names: a name without `_`, the participant's number, `assignsubmission_file_`; no number: listed."""
    out, marks = graded
    written = moodle_zip(out, marks, own_participants(marks))
    assert sorted(entries(written.content)) == [
        "Ada Lovelace_501_assignsubmission_file_/report.html",
        "Ada Lovelace_502_assignsubmission_file_/report.html",
        "José Núñez_503_assignsubmission_file_/report.html",
    ]
    for name in entries(written.content):  # as Moodle takes it apart
        _, number, plugin, kind, rest = name.split("_", 4)
        assert (number.isdecimal(), plugin, kind, rest) == (True, "assignsubmission", "file", "/report.html")
    assert [item.submission for item in written.left] == ["delta_4"]


def test_gradescope_s_tests_are_the_criteria():
    """Scores and visibility as their schema has them; reasons to look are hidden; a student's HTML is text."""
    document = gradescope_results(grade_of(result("alpha_1", review=True)), load_rubric("unit1"), "after_published")
    assert (document["score"], document["visibility"], document["output_format"]) == (15.0, "after_published", "html")
    *criteria, staff = document["tests"]
    assert [(test["score"], test["max_score"], test["status"], test["visibility"]) for test in criteria] == [
        (3.0, 4.0, "passed", "after_published")
    ] * 5
    assert "perhaps up to Exemplary" in criteria[4]["output"]
    assert "&lt;b&gt;" in criteria[0]["output"]
    assert (staff["visibility"], "score" in staff) == ("hidden", False)
    assert "staff note on alpha_1" in staff["output"]
    assert not any("staff note" in test["output"] for test in criteria)


def test_gradescope_never_makes_a_failure_of_the_machine_a_zero():
    """There is no file then, and Gradescope says that the autograder failed; an unreadable hand-in is told why."""
    with pytest.raises(Exception, match="Run the autograder again"):
        gradescope_results(grade_of(result("alpha_1", None)))
    unread = gradescope_results(
        grade_of(renamed(result("a.txt", None), status="not_run", message="a.txt is not a notebook"))
    )
    assert (unread["score"], unread["tests"][0].get("score")) == (0.0, None)
    assert "a.txt is not a notebook" in unread["output"]


def test_a_class_for_gradescope_has_no_zero_where_no_level_is_known(tmp_path):
    """What could not be read, or not be judged, is listed with the reason beside the zip, not in it with a score of 0."""
    unread = renamed(result("a.txt", None), status="not_run", message="a.txt is not a notebook")
    out = write_class(tmp_path / "out", [unread, result("bravo_2", None), result("charlie_3")], files=True)
    written = class_results(out, read_marks(out), load_rubric("unit1"), "visible")
    assert list(entries(written.content)) == ["charlie_3/results.json"]
    assert {item.submission: item.why for item in written.left} == {
        "a.txt": "has no points: a.txt is not a notebook",
        "bravo_2": "has no points: the sandbox could not be started",
    }


def test_a_job_s_page_on_github_shows_text_as_text():
    """A table a student's words can't break out of: no link, no picture, no mention, no HTML of theirs."""
    evil = grade_of(renamed(result("x"), notebook="a|b<script>.ipynb"))
    sentence = "![p](http://x/y.png) | <img src=x> @everyone `code` https://x.org"
    evil = replace(evil, judgements=tuple(replace(item, reasons=(sentence,)) for item in evil.judgements))
    page = summary_markdown(summarise(evil, load_rubric("unit1")))
    rendered = MarkdownIt("gfm-like", {"linkify": False}).render(page)
    assert rendered.count("<tr>") == 6
    assert all(row.count("<td>") in {0, 4} for row in rendered.split("<tr>"))
    assert not re.search(r"<(?:img|script|a|code)\b", rendered)
    assert "![p](http://x/y.png) | &lt;img src=x&gt; @everyone `code` https://x.org" in rendered


def test_check_appends_to_a_summary_file(tmp_path):
    """What others wrote to it before stays."""
    path = tmp_path / "summary.md"
    path.write_text("before\n")
    report = tmp_path / "report.html"
    report.write_text('<!DOCTYPE html>\n<html lang="en">')
    append_summary(path, grade_of(result("x")), load_rubric("unit1"), report)
    assert path.read_text().startswith("before\n## Unit 1")
    with pytest.raises(ResultsError, match="can't be written"):
        append_summary(tmp_path, grade_of(result("x")), load_rubric("unit1"), report)
