"""The page of passages in common: for staff, safe with any text, written with the class and left out on request."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from reports.example_class import rich_evidence
from reports.pages import Page, literal_values, poisoned
from reports.test_report import ATTACKS, OWN_TAGS

from grader import regrading
from grader.checks import run_checks
from grader.claiming import claimed
from grader.gradebook import Gradebook
from grader.judge import grade as judge_grade
from grader.model import Excerpt, Result, RunFacts, SharedPassage, Similarity, SimilarPair
from grader.regrading import regrade, write_class, write_submission
from grader.rendering import Rendering, choose_rendering, rendering_of
from grader.reports import render_similar
from grader.reports.similar import place_of
from grader.rubrics import load_rubric

PASSAGES = (
    SharedPassage("code", Excerpt(3, 1, "x = ", "f(y, 1)", "\n"), Excerpt(8, 4, "\nz = ", "f(w, 1)", ""), 42, 0),
    SharedPassage("prose", Excerpt(5, 1, "", "the loops close up", ""), Excerpt(6, 1, "", "The loops close up", ""), 30, 2),
)  # fmt: skip
SIMILARITY = Similarity(12, 66, 1, (SimilarPair("ada", "Bo Å", PASSAGES, 42, 30, 0.31, 400.0),))


def test_a_pair_stands_side_by_side_with_what_is_shared_marked() -> None:
    """Both names, how much, how unusual, each side's cell with a link into its report; and that it is no verdict."""
    page = Page(render_similar(SIMILARITY, "Unit 1"))
    assert page.faults == []
    assert "1 of 66 pairs share unusual passages. This is no verdict." in page.text
    assert "42 tokens of code and 30 words of prose, 31.0\N{NARROW NO-BREAK SPACE}% of the shorter one" in render_similar(SIMILARITY, "Unit 1")  # fmt: skip
    assert "1 of 2 passages in nobody else's work" in page.text
    assert "parts of it stand in 2 more" in page.text
    assert [data for tag, data in page.texts if tag == "mark"][:2] == ["f(y, 1)", "f(w, 1)"]
    assert {"ada/report.html#cell-4", "Bo%20%C3%85/report.html#cell-9"} <= {item["href"] for item in page.tags("a")}


def test_where_not_all_could_be_read_the_number_is_a_lower_bound() -> None:
    """A class that shares very much is told so: the pairs looked at are those that share most."""
    assert "At least 1 of 66 pairs" in Page(render_similar(replace(SIMILARITY, complete=False), "Unit 1")).text


def test_where_several_share_each_has_a_line() -> None:
    """The staff's page of a submission leads to its line, and from there to its pairs."""
    pairs = (SIMILARITY.pairs[0], replace(SIMILARITY.pairs[0], right="cy"))
    page = Page(render_similar(replace(SIMILARITY, pairs=pairs, found=2), "Unit 1"))
    assert "ada with Bo Å , cy" in page.text
    assert {place_of("ada"), place_of("cy"), "pair-2"} <= set(page.ids)


def test_a_class_that_shares_nothing_is_told_so() -> None:
    """An empty page would leave open whether anything was compared."""
    assert "No two submissions share a passage" in Page(render_similar(Similarity(3, 3, 0, ()), "Unit 1")).text


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_text_of_a_student_becomes_markup_there(attack: str) -> None:
    """Names and passages with an attack in them stay text."""
    html = render_similar(poisoned(SIMILARITY, attack, literal_values()), attack)
    page = Page(html)
    assert page.faults == []
    assert {tag for tag, _ in page.elements} <= OWN_TAGS | {"mark"}
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\u200b]", html)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """A graded class of two, who handed in the same."""
    unit1 = load_rubric("unit1")
    with Gradebook.open(tmp_path) as book, claimed(tmp_path):
        for name in ("ada", "bo"):
            evidence = replace(rich_evidence(), submission=name, run=RunFacts("ok", "bubblewrap"))
            grade = judge_grade(evidence, unit1, run_checks(evidence))
            book.record(Result.of_grade(grade), "f", write_submission(tmp_path, unit1, evidence, grade, b""))
        write_class(tmp_path, unit1, book.results())
    return tmp_path


def test_it_is_written_with_the_class_and_gone_where_nobody_wants_it(out: Path) -> None:
    """Class page and staff pages lead to it, the student's report doesn't; `--no-similarity` leaves no trace of it."""
    unit1 = load_rubric("unit1")
    regrade(out, unit1)
    assert "1 of 1 pairs" in (out / "similar.html").read_text()
    assert 'href="similar.html"' in (out / "index.html").read_text()
    assert f'href="../similar.html#{place_of("ada")}"' in (out / "ada" / "staff.html").read_text()
    assert "similar" not in (out / "ada" / "report.html").read_text().replace("similarly", "")
    choose_rendering(out, similarity=False)
    regrade(out, unit1)
    assert not (out / "similar.html").exists()
    assert "similar.html" not in (out / "index.html").read_text() + (out / "ada" / "staff.html").read_text()


def test_a_class_whose_texts_did_not_change_is_not_compared_again(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Changing a rubric's thresholds compares nothing; other text does."""
    before = (out / "similar.html").read_text()
    monkeypatch.setattr(regrading, "render_similar", lambda *_: "compared")
    regrade(out, load_rubric("unit1"))
    assert (out / "similar.html").read_text() == before
    stored = out / "ada" / "evidence.json"
    stored.write_text(stored.read_text().replace("Unit 1 Project", "Our project"))
    regrade(out, load_rubric("unit1"))
    assert (out / "similar.html").read_text() == "compared"


def test_what_was_chosen_stays_until_something_else_is(tmp_path: Path) -> None:
    """Whoever writes a class's pages again writes them as chosen; a broken file is no choice."""
    assert rendering_of(tmp_path) == Rendering("auto", similarity=True)
    choose_rendering(tmp_path, language="es")
    assert choose_rendering(tmp_path, similarity=False) == Rendering("es", similarity=False) == rendering_of(tmp_path)
    for broken in ("{", "[]", '{"language": "tlh", "similarity": 3}'):
        (tmp_path / "rendering.json").write_text(broken)
        assert rendering_of(tmp_path) == Rendering()


def test_reports_are_written_in_the_language_chosen(out: Path) -> None:
    """`--language es`, and then `auto` again."""
    for language, lang in (("es", "es"), ("auto", "en")):
        choose_rendering(out, language=language)
        regrade(out, load_rubric("unit1"))
        assert f'<html lang="{lang}">' in (out / "ada" / "report.html").read_text()
