"""The staff's page: questions, reasons for a look, what is not certain; and nothing that leads a student to it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from reports.example_class import class_results, never_ran_evidence, never_ran_grade, rich_evidence, rich_grade, rubric
from reports.pages import Page, literal_values, poisoned
from reports.test_report import ATTACKS, OWN_TAGS

from grader.checks import run_checks
from grader.claiming import claimed
from grader.gradebook import Gradebook
from grader.judge import grade as judge_grade
from grader.model import Result, RunFacts
from grader.questions import ask
from grader.regrading import regrade, staff_page_of, write_class, write_submission
from grader.reports import render_index, render_report, render_staff
from grader.rubrics import load_rubric


def page(grade=None, evidence=None):
    grade, evidence = grade or rich_grade(), evidence or rich_evidence()
    return render_staff(grade, evidence, ask(evidence, grade.findings), rubric())


def test_it_holds_the_questions_and_what_is_not_certain():
    """Each question with what a good answer mentions; the open level, with what could not be told."""
    text = Page(page()).text
    assert "For staff only" in text
    assert "What in the pictures explains it?" in text
    assert text.count("A good answer mentions") == 6
    assert "Proficient to Exemplary" in text
    assert "Whether choices are justified could not be settled" in text
    assert "the first try it speaks of is not in the notebook" in text


def test_a_submission_that_could_not_be_judged_says_why():
    """The reason stands there, and general questions."""
    text = Page(page(never_ran_grade(), never_ran_evidence())).text
    assert "sandbox could not be started" in text
    assert "what would you" in text.lower() or "what does your model" in text.lower()


def test_the_report_does_not_lead_to_it_and_the_class_page_does():
    """Students are given report.html; whoever grades starts at the class page."""
    assert "staff" not in render_report(rich_grade(), rich_evidence(), rubric()).lower()
    rows = class_results()
    index = render_index(rows, rubric(), {rows[0].submission})
    assert index.count("staff.html") == index.count("garc%C3%ADa-maria/staff.html") == 2
    assert "staff.html" not in render_index(rows, rubric())


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_text_of_a_student_becomes_markup_there(attack):
    """With the attack in every text of grade and evidence the page holds only the elements the templates make."""
    spared = literal_values()
    grade, evidence = poisoned(rich_grade(), attack, spared), poisoned(rich_evidence(), attack, spared)
    html = page(grade, evidence)
    parsed = Page(html)
    assert parsed.faults == []
    assert {tag for tag, _ in parsed.elements} <= OWN_TAGS
    names = {name for _, attributes in parsed.elements for name in attributes}
    assert not [name for name in names if name.startswith("on") or name in {"style", "srcdoc", "formaction"}]
    assert all(re.match(r"#|report\.html(#|$)", str(item["href"])) for item in parsed.tags("a"))
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\u200b]", html)


def test_it_is_written_beside_the_report_and_again_when_judged_again(tmp_path):
    """Grading and regrading write it; a student's own check writes none, and the class page leads to none then."""
    unit1 = load_rubric("unit1")
    evidence = replace(rich_evidence(), run=RunFacts("ok", "bubblewrap"))
    grade = judge_grade(evidence, unit1, run_checks(evidence))
    with Gradebook.open(tmp_path) as book, claimed(tmp_path):
        own = write_submission(tmp_path, unit1, evidence, grade, b"")
        book.record(Result.of_grade(grade), "f", own)
        write_class(tmp_path, unit1, book.results())
    folder = tmp_path / evidence.submission
    assert not (folder / "staff.html").exists()
    assert "staff.html" not in (tmp_path / "index.html").read_text()
    regrade(tmp_path, unit1)
    assert (folder / "staff.html").read_text() == staff_page_of(tmp_path, unit1, evidence, grade)
    assert "staff.html" in (tmp_path / "index.html").read_text()
