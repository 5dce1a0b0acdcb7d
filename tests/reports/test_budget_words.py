"""What a budget cut is said where a reader looks first, in the report and the terminal, and not a word without one."""

from __future__ import annotations

from dataclasses import replace

from example_class import rich_evidence

from grader.checks import run_checks
from grader.judge import grade
from grader.model import Budget, Evidence, TrainingCut
from grader.reports import render_report
from grader.reports.budgets import budget_sentences
from grader.reports.language import speaking, translated
from grader.rubrics import load_rubric
from grader.storage import grade_document

LONG = {
    "asked": "120",
    "cut": [{"cell": at, "how": "cut at the grader's budget after epoch 3 of 10"} for at in range(5)],
}


def report(evidence: Evidence) -> str:
    """The report of evidence as it is judged."""
    rubric = load_rubric("unit1")
    return render_report(grade(evidence, rubric, run_checks(evidence)), evidence, rubric)


def test_a_full_run_says_nothing_of_budgets():
    """Nor does a grade of an older grader, which knew none."""
    assert budget_sentences({"budget": {"asked": "full", "cut": []}}) == ()
    assert budget_sentences({}) == ()
    assert "budget" not in report(rich_evidence()).lower().replace("reference-budget", "")


def test_what_was_cut_is_named_with_the_way_to_have_all():
    """The first trainings with cell and epoch, how many more, and the option for the whole."""
    first, weakened, remedy = budget_sentences({"budget": LONG})
    assert "budget of 120 s" in first
    assert "in cell 1 it was cut at the grader's budget after epoch 3 of 10" in first
    assert first.endswith("and 2 more.")
    assert "not known" in weakened
    assert "--budget full" in remedy


def test_a_budget_that_cut_nothing_is_named_too():
    """The choice is shown, so that nobody wonders."""
    (said,) = budget_sentences({"budget": {"asked": "quick", "cut": []}})
    assert "quick budget" in said
    assert "nothing was cut" in said


def test_the_report_tells_it_at_the_top_and_at_the_training():
    """Above the criteria stands that training was cut; beside the curves, how."""
    evidence = rich_evidence()
    trainings = tuple(replace(item, cut=TrainingCut(1000, 9380)) for item in evidence.trainings)
    cut = replace(evidence, trainings=trainings, run=replace(evidence.run, budget=Budget("quick")))
    page = report(cut)
    assert page.index("which cut training short") < page.index('id="criteria"')
    curves = page[page.index('id="training-title"') :]
    assert "given 1,000 of its 9,380 steps by the grader&#39;s budget" in curves
    assert grade_document(grade(cut, load_rubric("unit1"), run_checks(cut)))["run"]["budget"]["asked"] == "quick"


def test_it_is_said_in_spanish_too():
    """Every sentence, with cells and numbers in their places."""
    found = [
        sentence for asked in ("quick", "120") for sentence in budget_sentences({"budget": LONG | {"asked": asked}})
    ]
    found += budget_sentences({"budget": {"asked": "60", "cut": []}})
    unknown = replace(rich_evidence().trainings[0], cut=TrainingCut(1000, 9380))
    found += [f"This can't be told: a training was {unknown.how_cut}. Seen so far: 12."]
    with speaking("es"):
        told = [translated(sentence) for sentence in found]
    assert None not in told
    assert "en la celda 1 fue cortado por el presupuesto del evaluador tras la época 3 de 10" in str(told[0])
    assert "1,000 de sus 9,380 pasos" in str(told[-1])
