"""The student's report: true to the grade, safe with any text, usable without colour, mouse or network."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import struct
import time
import zlib
from dataclasses import replace
from html import escape, unescape

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reports.example_class import never_ran_evidence, never_ran_grade, png, rich_evidence, rich_grade, rubric
from reports.pages import Page, literal_values, poisoned

from grader.model import (
    CellFacts,
    ClassScore,
    Confusion,
    Evidence,
    Finding,
    Mistake,
    Overlap,
    ReferenceResult,
    SavedOutput,
    Scoring,
    Verified,
)
from grader.questions import ask
from grader.reports import render_report
from grader.reports.markup import descriptor_parts, highlighted, rendered_markdown
from grader.reports.outcome import picture_uri
from grader.reports.pictures import SIGNATURE
from grader.reports.text import link_cells, sentence, terminal_text, visible
from grader.rubrics import load_rubric


@pytest.fixture(scope="module")
def html() -> str:
    return render_report(rich_grade(), rich_evidence(), rubric())


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


def with_cells(*cells: CellFacts) -> Evidence:
    """The example's evidence with other cells."""
    return replace(rich_evidence(), cells=cells)


# ---------------------------------------------------------------- what it says
def test_the_head_says_who_what_and_how_it_stands(page: Page) -> None:
    """Student, notebook, rubric, total and one sentence of verdict are there."""
    for words in ("garcía-maria", "digits_project.ipynb", "Unit 1 Project: Train a Deep Model", "11 of 20 points"):
        assert words in page.text
    assert "2 of 5 criteria are proficient or better; “Code quality” has the most to gain." in page.text


def test_what_to_do_first_and_what_is_strongest_stand_at_the_top(page: Page) -> None:
    """The grade's next thing and its strongest point are told with the criterion they belong to."""
    assert re.search(
        r"Do this next Restart the kernel and run all cells before you hand in\. for Code quality", page.text
    )
    assert re.search(r"Strongest One training run completed .* Model built & trained , proficient", page.text)


def test_every_criterion_shows_level_reason_and_next_step(page: Page) -> None:
    """The four steps, the level with its descriptor, why, and what would reach the next one."""
    tracks = [attributes["aria-label"] for attributes in page.tags("ol")]
    assert "Evaluation done right: Proficient, step 3 of 4" in tracks
    assert "Model built & trained: Proficient, step 3 of 4, possibly Proficient to Exemplary" in tracks
    assert "Proficient: Reported on held-back test set + confusion matrix" in page.text
    assert "To reach exemplary Mend cell 11 and show" in page.text
    assert "Exemplary means: Analyses errors and where the model is unreliable" in page.text


def test_that_a_person_will_look_is_visible_and_why_is_for_staff(page: Page, html: str) -> None:
    """At the top and at the criterion; reasons may be suspicions, which belong onto the staff's page."""
    assert "A person will look at this before it counts. Above all at: Model built & trained ." in page.text
    assert "Needs a look: Proficient to Exemplary." in page.text
    assert "could not be settled" not in html


def test_outcomes_and_origins_are_words(page: Page) -> None:
    """Every finding says in words whether it is met and where it comes from: colour and symbol only repeat it."""
    for words in ("Met", "Could not be seen", "Advice", "recomputed outside", "claimed by the run"):
        assert words in page.text
    assert re.search(r"\S Not met evaluation\.errors_shown claimed by the run", page.text)


def test_the_scores_stand_side_by_side(page: Page) -> None:
    """Stated, saved, re-run and recomputed score are shown, and the one that differs is marked in words."""
    assert re.search(r"what the write-up says 97\.0\s% differs from the recomputed one", page.text)
    assert page.text.count("differs from the recomputed one") == 1


def test_scores_that_the_check_finds_equal_are_not_called_different() -> None:
    """A re-run a point lower than the saved score may be chance: the report never contradicts the check."""
    grade = rich_grade()
    findings = tuple(
        replace(item, outcome="pass") if item.check == "evaluation.score_verified" else item for item in grade.findings
    )
    html = render_report(replace(grade, findings=findings), rich_evidence())
    assert "differs from the recomputed one" not in html


def test_the_worst_pair_is_named(page: Page) -> None:
    """The pair of classes most often confused is told in a sentence."""
    assert "Most often, “8” was taken for “1” 4 times" in page.text


def test_class_names_replace_numbers_where_the_notebook_names_them() -> None:
    """Labels 0..9 are shown by the names the notebook gives them, in matrix, mistakes and sentences alike."""
    names = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    page = Page(render_report(rich_grade(), replace(rich_evidence(), class_names=names), rubric()))
    assert "“eight” was taken for “one”" in page.text
    assert any("eight, taken for one" in str(item["alt"]) for item in page.tags("img"))


def test_wrong_predictions_are_pictures_inside_the_page(page: Page) -> None:
    """Each has a data URI, and alternative text that says what was taken for what."""
    pictures = page.tags("img")
    assert len(pictures) == 6
    assert all(str(item["src"]).startswith("data:image/png;base64,") for item in pictures)
    assert pictures[0]["alt"] == "Row 1553: 8, taken for 1"


def test_only_rows_that_reached_a_model_are_lanes() -> None:
    """The data as loaded, before it was split or scaled, trained nothing: it is listed, and no share is counted of it."""
    evidence = rich_evidence()
    loaded = replace(evidence.row_sets[0], id="r0", rows=5620)
    page = Page(render_report(rich_grade(), replace(evidence, row_sets=(loaded, *evidence.row_sets)), rubric()))
    chart = next(str(item["aria-label"]) for item in page.tags("svg") if "rows were used" in str(item["aria-label"]))
    assert "5,620" not in chart
    assert "Training: 1,149 rows, trained on in cell 7" in chart
    assert "63.9" in page.text
    assert "seen on the way to a model" in page.text


def test_rows_that_reached_no_model_are_said_to() -> None:
    """Where nothing was trained or scored the page does not claim a use."""
    evidence = replace(rich_evidence(), trainings=(), scorings=())
    assert "No rows were seen to reach a model." in Page(render_report(rich_grade(), evidence)).text


def test_shared_rows_are_told(page: Page) -> None:
    """Rows that stand on two sides are named with their numbers and what chance explains."""
    assert "3 of 360 test rows are also validation rows" in page.text
    assert "Of 360 test rows 2 stand unchanged among the validation rows, 3 up to scaling." in page.text


def test_both_directions_of_one_overlap_are_told_once() -> None:
    """Test rows among training rows and training rows among test rows are one fact, told from the test's side."""
    both = (Overlap("r1", "r3", 40, 40, 1149, 0.0), Overlap("r3", "r1", 38, 38, 360, 0.0))
    text = Page(render_report(rich_grade(), replace(rich_evidence(), overlaps=both), rubric())).text
    assert "38 of 360 test rows are also training rows" in text
    assert "training rows are also test rows" not in text


def test_rows_made_of_training_rows_cross_lanes_too() -> None:
    """Altered copies equal no training row, and cross all the same."""
    made = replace(rich_evidence(), overlaps=(), augmentation_before_split=90)
    assert "90 of 360 test rows are altered copies of training rows" in Page(render_report(rich_grade(), made)).text


def test_shared_rows_that_chance_explains_raise_no_alarm() -> None:
    """An overlap no larger than the data's own repetition is told without the colour of a warning."""
    overlap = Overlap("r3", "r2", 2, 3, 360, 0.05)
    html = render_report(rich_grade(), replace(rich_evidence(), overlaps=(overlap,)), rubric())
    assert "3 of 360 test rows are also validation rows" in html
    assert 'warning-text"' not in html


def test_a_twin_of_the_final_scoring_counts() -> None:
    """`predict` after `evaluate` with the same weights on the same rows is the same result."""
    evidence = rich_evidence()
    twin = Scoring("s2", "m1", 9, "predict", "r3", "test", "d1")
    evidence = replace(evidence, scorings=(*evidence.scorings, twin), final_scoring="s2")
    assert "The model on 360 rows (test)" in Page(render_report(rich_grade(), evidence)).text


def test_a_regression_is_told_by_its_error() -> None:
    """Errors are decimals and shorter is better; no confusion matrix is asked for."""
    result = Verified("s1", "m1", "r3", 90, 90, "regression", mae=0.4312, rmse=0.6, r2=0.71, baseline_mae=0.689)
    evidence = replace(
        rich_evidence(), task="regression", verified=(result,),
        references=(ReferenceResult("table_dense", "Dense network", 0.45, "mae", 0.01, 3, 1200, 2.0),),
    )  # fmt: skip
    text = Page(render_report(rich_grade(), evidence)).text
    assert "Mean absolute error 0.431" in text
    assert "shorter is better" in text
    assert "Always the median" in text
    assert "Confusion matrix" not in text


# ---------------------------------------------------------------- what may be missing
def test_a_notebook_that_never_ran_has_a_report() -> None:
    """Null levels, no evidence of a run, no total: the page says so, and nothing reads like a low level."""
    page = Page(render_report(never_ran_grade(), never_ran_evidence()))
    assert "Nothing could be judged yet; a person will look at this submission." in page.text
    assert page.text.count("Not judged") >= 5
    assert "Nothing was measured" in page.text
    assert "Emerging:" not in page.text
    assert page.faults == []


def test_an_empty_notebook_has_a_report() -> None:
    """No cells: no appendix, no broken link."""
    page = Page(render_report(never_ran_grade(), replace(never_ran_evidence(), cells=())))
    assert "#notebook" not in [item.get("href") for item in page.tags("a")]


@pytest.mark.parametrize(
    "missing",
    ["verified", "references", "trainings", "row_sets", "overlaps", "models", "diagnoses", "scorings", "cells"],
)
def test_each_part_of_the_evidence_may_be_absent(missing: str) -> None:
    """Taking away any one part leaves a whole page whose links all lead somewhere."""
    page = Page(render_report(rich_grade(), replace(rich_evidence(), **{missing: ()}), rubric()))
    assert page.faults == []
    check_links(page)


def test_findings_for_checks_that_were_not_run_are_left_out() -> None:
    """A criterion may name checks without findings, and a grade findings without a criterion."""
    grade = rich_grade()
    extra = Finding("data.examples_shown", "pass", "static", "Six pictures are shown.")
    grade = replace(grade, findings=(*grade.findings[:3], extra))
    assert "data.examples_shown" in Page(render_report(grade, rich_evidence())).text


# ---------------------------------------------------------------- the page as a page
def check_links(page: Page) -> None:
    """Every link inside the page leads to an element of the page."""
    targets = {str(item["href"])[1:] for item in page.tags("a") if str(item["href"]).startswith("#")}
    assert targets <= set(page.ids)


def test_links_lead_somewhere_and_ids_are_unique(page: Page) -> None:
    """Reasons link to cells, cells to findings, and no id stands twice."""
    check_links(page)
    assert len(page.ids) == len(set(page.ids))
    assert "#cell-11" in [item["href"] for item in page.tags("a")]
    assert "cell-11" in page.ids
    assert "finding-evaluation.test_used_once" in page.ids


def test_cells_are_counted_from_one_everywhere() -> None:
    """Evidence counts cells from 0, people from 1: a finding on index 5 links to the cell shown as the sixth."""
    grade = rich_grade()
    finding = replace(grade.findings[0], summary="The model is built here.", cells=(5,))
    own = replace(grade.judgements[0], reasons=(finding.summary,))
    html = render_report(replace(grade, findings=(finding, *grade.findings[1:]), judgements=(own,)), rich_evidence())
    assert (
        'The model is built here. <span class="cell-links"><a class="cell-link" href="#cell-6">cell&nbsp;6</a>' in html
    )
    sixth = html.split('id="cell-6"')[1].split("</article>")[0]
    assert "keras" in sixth
    assert "Sequential" in sixth
    assert "trained on in cell 7" in Page(html).text


def test_a_finding_of_two_criteria_has_one_id() -> None:
    """A check that two criteria use is shown twice and can still be linked to."""
    grade = rich_grade()
    both = replace(grade.judgements[1], findings=(*grade.judgements[1].findings, "model.trains"))
    page = Page(render_report(replace(grade, judgements=(grade.judgements[0], both)), rich_evidence()))
    assert page.ids.count("finding-model.trains") == 1
    check_links(page)


def test_cells_that_are_not_there_are_not_linked() -> None:
    """A finding that names cell 99 of a notebook of twelve gives no dead link."""
    grade = rich_grade()
    finding = replace(grade.findings[0], cells=(99,), summary="See cell 99 and cell 6.")
    page = Page(render_report(replace(grade, findings=(finding, *grade.findings[1:])), rich_evidence()))
    check_links(page)


def test_the_page_is_well_formed(page: Page) -> None:
    """Every element is closed in order, and no attribute is given twice."""
    assert page.faults == []


def test_headings_are_in_order(page: Page) -> None:
    """One first heading, and never a step down by more than one: student markdown can't break the order."""
    assert page.headings.count(1) == 1
    assert page.headings[0] == 1
    assert all(right - left <= 1 for left, right in zip(page.headings, page.headings[1:], strict=False))


def test_pictures_and_charts_have_words(page: Page) -> None:
    """Every image has alternative text, every chart a label that tells its numbers."""
    assert all(item.get("alt") for item in page.tags("img"))
    charts = page.tags("svg")
    assert len(charts) == 5
    assert all(item["role"] == "img" and len(str(item["aria-label"])) > 20 for item in charts)


def test_every_reason_leads_to_its_evidence(page: Page) -> None:
    """Behind each reason stand the cells it rests on and the finding in full; findings lead back to nothing missing."""
    links = {str(item["href"]) for item in page.tags("a") if str(item["href"]).startswith("#")}
    assert {"#finding-model.trains", "#finding-code.runs_top_to_bottom", "#finding-write_up.score_honest"} <= links
    assert links - {"#main"} <= {f"#{name}" for name in page.ids}


def test_findings_stand_in_the_margin_of_their_cells(html: str) -> None:
    """Beside cell 11 stand its failure and the missing pictures, as sentences that lead to the evidence."""
    cell = html.partition('id="cell-11"')[2].partition("</article>")[0]
    margin = Page(cell.partition('<aside class="margin"')[2].partition(">")[2].partition("</aside>")[0])
    assert "No wrong prediction is displayed" in margin.text
    assert "#finding-code.runs_top_to_bottom" in {item["href"] for item in margin.tags("a")}


def test_the_score_stands_at_the_top_beside_a_guess_and_the_best_reference(page: Page) -> None:
    """One number, whose rows, and where it lies: the first glance."""
    assert re.search(r"The score 95\.\d\s% accuracy on 360 held-out rows, recomputed", page.text)
    strip = next(str(item["aria-label"]) for item in page.tags("svg") if "beside others" in str(item["aria-label"]))
    assert re.search(r"best reference 97\.5\s%; a guess 10\.3\s%", strip)


def test_the_references_curve_stands_beside_the_notebooks_own() -> None:
    """On its held-out rows, for a few times the notebook's epochs; a regression's scaled loss is not compared."""
    evidence = rich_evidence()
    history = (("loss", (2.0, 1.0)), ("accuracy", (0.5, 0.9)), ("val_accuracy", (0.4, 0.8) + (0.81,) * 98))
    references = tuple(replace(item, history=history) for item in evidence.references)
    page = Page(render_report(rich_grade(), replace(evidence, references=references)))
    loss, accuracy = (str(item["aria-label"]) for item in page.tags("svg") if "epochs" in str(item["aria-label"]))
    assert "reference from 2 to 1 in 2 epochs" in loss
    assert re.search(r"reference from 40\.0\s% to 81\.0\s% in 42 epochs", accuracy)
    assert "Reference: Small CNN" in page.text
    regression = render_report(rich_grade(), replace(evidence, references=references, task="regression"))
    assert "Reference: Small CNN" not in regression


def test_the_worst_pair_is_framed(html: str) -> None:
    """The cell of the matrix that the sentence names has a frame, and the legend says so."""
    assert re.findall(r'class="wrong-5 worst" title="([^"]*)"', html) == ["8: 4 rows taken for 1 (11.4\N{NARROW NO-BREAK SPACE}%)"]  # fmt: skip
    assert "framed: the worst pair" in html


def test_the_data_flow_ends_in_the_score(page: Page) -> None:
    """The lane of the rows that were scored says what came of it."""
    chart = next(str(item["aria-label"]) for item in page.tags("svg") if "rows were used" in str(item["aria-label"]))
    assert re.search(r"Test: 360 rows, scored in cell 9: 95\.\d\s%", chart)


def test_the_students_file_hides_nothing(html: str, page: Page) -> None:
    """No comments, no data attributes, nothing hidden, nothing of the staff's: neither questions nor what others wrote."""
    assert "<!--" not in html
    names = {name for _, attributes in page.elements for name in attributes}
    assert not [name for name in names if name.startswith("data-") or name in {"hidden", "inert"}]
    grade, evidence = rich_grade(), rich_evidence()
    private = [item.review for item in grade.findings if item.review]
    private += [why for item in grade.judgements for why in item.review_reasons]
    private += [text for item in ask(evidence, grade.findings) for text in (item.text, item.listen_for)]
    assert private
    assert not [text for text in private if text in html or escape(text) in html]
    assert not re.search(r"staff|similar|evidence\.json", html, re.IGNORECASE)


def test_the_policy_lets_in_one_style_and_nothing_else(html: str, page: Page) -> None:
    """No scripts, no loads: only pictures inside the page and the style whose digest the policy names."""
    policy = next(str(item["content"]) for item in page.tags("meta") if "http-equiv" in item)
    style = html.split("<style>")[1].split("</style>", maxsplit=1)[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert (
        policy == f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    assert page.tags("script", "link", "iframe", "object", "embed", "form", "base") == []
    assert not any("style" in attributes for _, attributes in page.elements)
    assert "url(" not in style
    assert "@import" not in style


def test_same_input_same_bytes(html: str) -> None:
    """Rendering is a function of grade, evidence and rubric."""
    assert render_report(rich_grade(), rich_evidence(), rubric()) == html


# ---------------------------------------------------------------- hostile text
ATTACKS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'><svg/onload=alert(1)>",
    "</style></title></textarea></pre></code><script>alert(1)</script>",
    "<!--<script>",
    "]]><script>alert(1)</script>",
    "{{ 7 * 7 }}{% raw %}",
    "javascript:alert(1)",
    "[x](javascript:alert(1)) ![y](https://evil.example/y.png) <https://evil.example>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\u202egnp.exe\u2066\x00\x1b[31m\x07\u200b",
    "\ud800",
)
OWN_TAGS = {
    *(
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "a",
        "header",
        "main",
        "footer",
        "section",
        "article",
        "nav",
        "aside",
    ),
    *(
        "div",
        "p",
        "span",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "ul",
        "ol",
        "li",
        "dl",
        "dt",
        "dd",
        "table",
        "caption",
        "thead",
    ),
    *("tbody", "tr", "th", "td", "details", "summary", "pre", "code", "strong", "em", "img", "svg", "text"),
    *("rect", "path", "line", "circle"),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_text_of_a_student_becomes_markup(attack: str) -> None:
    """With the attack in every text of grade and evidence the page holds only the elements the templates make."""
    spared = literal_values()
    grade, evidence = poisoned(rich_grade(), attack, spared), poisoned(rich_evidence(), attack, spared)
    html = render_report(grade, evidence, rubric())
    page = Page(html)
    assert page.faults == []
    assert {tag for tag, _ in page.elements} <= OWN_TAGS
    names = {name for _, attributes in page.elements for name in attributes}
    assert not [name for name in names if name.startswith("on") or name in {"style", "srcdoc", "formaction"}]
    for attributes in page.tags("a"):
        assert re.match(r"(#|https?://|mailto:)", str(attributes["href"]))
        assert str(attributes["href"]).startswith("#") or "noopener" in str(attributes["rel"])
    assert all(str(item["src"]).startswith("data:image/png;base64,") for item in page.tags("img"))
    html.encode("utf-8")
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\u200b]", html)


def test_the_attack_reaches_the_page() -> None:
    """The test above would see an attack: the poisoned text is shown, escaped, in every part that quotes a student."""
    marker = "<zzz-marker>"
    spared = literal_values()
    html = render_report(poisoned(rich_grade(), marker, spared), poisoned(rich_evidence(), marker, spared), rubric())
    assert html.count("&lt;zzz-marker&gt;") > 100
    assert "<zzz-marker" not in html


def test_bidi_overrides_are_spelled_out() -> None:
    """A name that would be shown reversed is shown as it is written, with the override named."""
    grade = replace(rich_grade(), submission="evil\u202egnp")
    assert "evil[U+202E]gnp" in Page(render_report(grade, rich_evidence())).text


def test_endless_text_is_cut() -> None:
    """A flood in any text leaves a page of bounded size."""
    flood = "x" * 3_000_000
    cell = CellFacts(
        0, "code", flood, saved=(SavedOutput("stream", flood),), rerun=(SavedOutput("stream", flood + "y"),)
    )
    grade = replace(rich_grade(), submission=flood, notebook=flood)
    assert len(render_report(grade, with_cells(cell))) < 400_000


def test_many_cells_are_cut_with_a_word() -> None:
    """A notebook of a thousand cells shows the first ones and says how many are left out."""
    cells = tuple(CellFacts(index, "code", "pass") for index in range(1000))
    page = Page(render_report(rich_grade(), with_cells(*cells)))
    assert "600 more cells are not shown" in page.text
    check_links(page)


def test_markdown_is_rendered_without_html_and_pictures() -> None:
    """Emphasis, lists and links work; HTML is text, pictures are their names, headings don't join the report's."""
    html = rendered_markdown(
        "# Title\n\n**bold** <b onclick=x>raw</b>\n\n- [ok](https://a.b)\n\n![pic](https://a.b/c.png)\n\n<img src=x>"
    )
    assert '<p class="heading-1">Title</p>' in html
    assert "<strong>bold</strong>" in html
    assert 'href="https://a.b" rel="noopener noreferrer nofollow"' in html
    assert "[picture: pic]" in html
    assert "<img" not in html
    assert "<b " not in html


def test_markdown_bombs_are_quick() -> None:
    """Deep nesting and unclosed brackets, the classic ways to stall a markdown parser, end at once."""
    for bomb in (">" * 20_000, "[" * 20_000, "*a " * 8_000, "`" * 20_000, "- " * 9_000, "![" * 9_000):
        assert len(rendered_markdown(bomb)) < 1_000_000


def test_code_is_highlighted_and_escaped() -> None:
    """Tokens become classed spans; what looks like HTML in code stays code, magics don't break it."""
    html = highlighted('x = "<b>"  # note\n!pip install y\n%matplotlib inline')
    assert "&lt;b&gt;" in html
    assert '<span class="c1"># note</span>' in html
    assert "<b>" not in html


def test_outputs_read_as_in_a_terminal() -> None:
    """Progress bars show their last state, colours are gone, what can't be seen is spelled out."""
    assert terminal_text("1/3\r2/3\r3/3 done\n\x1b[31mred\x1b[0m ab\x08c") == "3/3 done\nred ac"
    assert visible("a\x00b\tc\nd\u200be") == "a[U+0000]b\tc\nd[U+200B]e"


def test_many_backspaces_are_quick() -> None:
    """A progress bar drawn with a hundred thousand backspaces is read in one go."""
    assert terminal_text("x" * 50_000 + "\x08" * 50_000 + "done") == "done"


def test_cells_in_sentences_become_links() -> None:
    """`cell 7` and the numbers of `cells 2, 3 and 9` link to those that exist; other numbers stay numbers."""
    linked = link_cells("See cell 7; cells 2, 3 and 9 hold 7 rows.", frozenset({2, 7, 9}))
    assert linked.count("<a ") == 3
    assert '<a class="cell-link" href="#cell-7">cell 7</a>' in linked
    assert '#cell-3"' not in linked


@pytest.mark.parametrize(
    "encoded",
    ["", "not base64!", base64.b64encode(b"<svg onload=alert(1)>").decode(), 'iVBORw0KGgo="onerror="x', "A" * 300_000],
)
def test_only_pngs_become_pictures(encoded: str) -> None:
    """Anything that is not a PNG of sensible size is no picture."""
    assert picture_uri(encoded) == ""


def test_a_wrong_prediction_without_picture_is_still_told() -> None:
    """Tables have no pictures: the row, the truth and the answer remain."""
    result = Verified(
        "s1", "m1", "r3", 40, 360, "classification", accuracy=0.9, matrix=((20, 2), (2, 16)), classes=("red", "white"),
        per_class=(ClassScore("red", None, 0.9, None, 22),), confused=(Confusion("red", "white", 2, 0.09),),
        mistakes=(Mistake(7, "red", "white", 0.97), Mistake(8, "red", "white", float("nan"), png_of_nothing())),
    )  # fmt: skip
    page = Page(render_report(rich_grade(), replace(rich_evidence(), verified=(result,))))
    assert "40 of 360 rows (test)" in page.text
    assert len(page.tags("img")) == 1
    assert "row 7" in page.text


def png_of_nothing() -> str:
    """A one-pixel PNG."""
    return png(np.zeros((1, 1)))


# ---------------------------------------------------------------- words and numbers
@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("12% of 1079 test rows", "12\N{NARROW NO-BREAK SPACE}% of 1,079 test rows"),
        ("Call fit(x, y=f(2)) first", "Call <code>fit(x, y=f(2))</code> first"),
        ("Use validation_split=0.2, or history['loss']", "Use <code>validation_split=0.2</code>, or <code>history[&#39;loss&#39;]</code>"),
        ("It says “98% of 2000 rows, see f(x)”.", "It says “98% of 2000 rows, see f(x)”."),
        ("A name `hist` in cell 7", 'A name <code>hist</code> in <a class="cell-link" href="#cell-7">cell 7</a>'),
        ("<b>(", "&lt;b&gt;("),
    ],
)  # fmt: skip
def test_sentences_follow_the_house_style(written: str, shown: str) -> None:
    """Numbers are written one way, code is set as code, and a student's quoted words stay as they are."""
    assert sentence(written, frozenset({7})) == shown


def test_hostile_sentences_are_quick() -> None:
    """Brackets without end cost no time."""
    started = time.perf_counter()
    sentence("f(" * 900 + "(a." * 60)
    assert time.perf_counter() - started < 2


def test_descriptors_are_set_word_for_word_and_their_remarks_stand_back() -> None:
    """Marks of emphasis become emphasis; what follows the first sentence is a remark; markup stays text."""
    lead, remark = descriptor_parts("tuned by `fit` <i>. It is **not** a contest: 2 * 3 * 4.")
    assert lead == "tuned by <code>fit</code> &lt;i&gt;."
    assert remark == "It is <strong>not</strong> a contest: 2 * 3 * 4."
    shipped = load_rubric("unit1")
    html = render_report(rich_grade(), rich_evidence(), shipped)
    assert "**" not in html.split('id="notebook"')[0]


def test_advice_that_moves_no_level_is_shown(page: Page) -> None:
    """What failed outside the criteria is not hidden among the findings."""
    assert "Worth mending all the same" in page.text


def test_a_reference_that_was_cut_is_marked() -> None:
    """A recipe stopped by its time budget is not compared as if it were whole."""
    note = "Training was stopped early by the time budget."
    cut = tuple(replace(item, note=note) for item in rich_evidence().references)
    text = Page(render_report(rich_grade(), replace(rich_evidence(), references=cut))).text
    assert "(cut short)" in text
    assert "training was stopped early by the time budget" in text


def test_a_score_that_is_not_there_is_said_to_be_missing() -> None:
    """A dash would leave open whether it is zero, lost or never stated."""
    grade = replace(rich_grade(), measured={"test_score": {"verified": 0.9}})
    text = Page(render_report(grade, rich_evidence())).text
    assert "not stated" in text
    assert "none saved" in text


# ---------------------------------------------------------------- the notebook's own pictures
def drawn_png(width: int = 2, height: int = 1, *extra: bytes) -> bytes:
    """A whole PNG, with further chunks before its pixels."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"\0\7\7")
    middle = b"".join(chunk(b"tEXt", item) for item in extra)
    return SIGNATURE + chunk(b"IHDR", header) + middle + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def executed(source: str, *pictures: bytes) -> bytes:
    """An executed notebook of one cell that drew these pictures."""
    outputs = [
        {"output_type": "display_data", "data": {"image/png": base64.b64encode(item).decode()}} for item in pictures
    ]
    return json.dumps({"cells": [{"cell_type": "code", "source": source, "outputs": outputs}]}).encode()


DREW = CellFacts(
    0, "code", "plt.show()", rerun=(SavedOutput("display_data", "<Figure size 6x4 with 1 Axes>", image_png=True),)
)


def test_a_notebooks_own_pictures_are_shown() -> None:
    """A picture that a cell drew stands below it with words for it, without what is not needed to show it."""
    content = executed("plt.show()", drawn_png(2, 1, b"comment\0<script>"))
    html = render_report(rich_grade(), with_cells(DREW), executed=content)
    assert 'alt="Picture drawn by cell 1"' in html
    assert base64.b64encode(drawn_png()).decode() in html
    assert "Figure size" not in html
    assert "1 picture drawn here; see the notebook." in Page(render_report(rich_grade(), with_cells(DREW))).text


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[" * 100_000, b'{"cells": 3}', b'{"cells": [3, null]}',
        executed("another cell", drawn_png()),
        executed("plt.show()", b"GIF89a"),
        executed("plt.show()", drawn_png()[:-5]),
        executed("plt.show()", drawn_png().replace(b"IDAT", b"IDAX")),
        executed("plt.show()", drawn_png(60_000, 60_000)),
        executed("plt.show()", drawn_png(2, 1, b"x" * 500_000)),
    ],
)  # fmt: skip
def test_what_is_no_whole_picture_of_this_notebook_is_left_out(content: bytes) -> None:
    """Broken files, other formats, huge claims and another notebook's pictures never reach the page."""
    html = render_report(rich_grade(), with_cells(DREW), executed=content)
    assert 'class="drawn"' not in html


@pytest.mark.parametrize("piece", ['"', "'", "\\", '"""\\', "@", "1.", "rb", " \n", "\n", "#", "%\n", "def "])
def test_colouring_is_quick_for_any_code(piece: str) -> None:
    """Time grows with the length of a cell, whatever it repeats."""
    started = time.perf_counter()
    highlighted(piece * (30_000 // len(piece)))
    assert time.perf_counter() - started < 5


@given(st.text(alphabet=st.sampled_from("\"'\\#@%! \nfrdef1.e<>&_x"), max_size=60))
def test_colouring_changes_no_character(source: str) -> None:
    """Without its spans the coloured code is the code."""
    shown = re.sub(r"</?span[^>]*>", "", str(highlighted(source)))
    assert unescape(shown) == source


def test_a_score_on_training_rows_is_not_called_held_out() -> None:
    """The bars say which rows they are of: rows the model knew are no held-out rows."""
    evidence = rich_evidence()
    scorings = tuple(replace(item, role="train") for item in evidence.scorings)
    text = Page(render_report(rich_grade(), replace(evidence, scorings=scorings))).text
    assert "accuracy on the same training rows, which the model knew" in text
    assert "accuracy on the same held-out rows" not in text


def test_a_notebooks_own_contents_lead_nowhere_in_the_report() -> None:
    """`[Data](#Data)` names a heading of the notebook: in the report it is text, links elsewhere stay links."""
    html = rendered_markdown("[Data](#run) and [docs](https://keras.io)")
    assert "#run" not in html
    assert 'href="https://keras.io"' in html


def test_claims_of_the_text_stand_beside_what_was_measured():
    """A table with the sentence, the measured fact and the verdict; contradictions first, student text escaped."""
    claims = [
        {"about": "score", "said": "91 %", "measured": "90.87%", "verdict": "agrees", "quote": "It got 91 %.", "cell": 4, "certain": False},
        {"about": "test used once", "said": "the test set was used once", "measured": "its rows were watched", "verdict": "contradicted", "quote": "Used <b>once</b>.", "cell": 11, "certain": True},
    ]  # fmt: skip
    finding = Finding(
        "prose.claims_checked",
        "fail",
        "kernel",
        "One is not so.",
        (11,),
        {"claims": claims, "agrees": 1},
        "Compare.",
        False,
    )
    grade = rich_grade()
    page = render_report(replace(grade, findings=(*grade.findings, finding)), rich_evidence())
    table = page.partition('id="claims-title"')[2].partition("</table>")[0]
    assert table.index("its rows were watched") < table.index("90.87%")
    assert "Used &lt;b&gt;once&lt;/b&gt;." in table
    assert 'href="#cell-12"' in table
    assert "claims-title" not in render_report(grade, rich_evidence())
