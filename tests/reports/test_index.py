"""The class page and the CSV: everybody once, nobody's text as markup or formula."""

from __future__ import annotations

import base64
import hashlib
import io
import re
from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reports.example_class import class_results, never_ran_grade, rich_grade, rubric
from reports.pages import Page, literal_values, poisoned
from reports.test_report import ATTACKS, OWN_TAGS

from grader.model import Result
from grader.reports import grades_csv, render_index
from grader.reports.spreadsheet import FORMULA_STARTS

OF_THE_FILTER = {"script", "button", "label", "input", "select", "optgroup", "option"}


@pytest.fixture(scope="module")
def html() -> str:
    return render_index(class_results(), rubric())


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


# ---------------------------------------------------------------- the class page
def test_what_the_class_misses_most_is_told() -> None:
    """Failed checks are counted over the class, apart for what proficient and what exemplary asks for."""
    grade = rich_grade()
    rows = tuple(replace(Result.of_grade(grade), submission=name) for name in ("ada", "bo", "cy"))
    text = Page(render_index(rows, rubric())).text
    assert "3 of 3 don't explain training" in text
    assert "Show once more: Loss, gradient, step" in text
    assert "ada , bo , cy" in text


def test_reasons_for_review_begin_like_sentences() -> None:
    """They come from several places: the page writes all of them in its own style."""
    row = replace(class_results()[0], needs_review=True, review_reasons=("far below the reference (9% of 1000 rows)",))
    html = render_index((row,), rubric())
    assert "Far below the reference (9\N{NARROW NO-BREAK SPACE}% of 1,000 rows)" in html


def test_everybody_is_there_with_a_link(page: Page) -> None:
    """Each submission has a line that leads to its report, odd names percent-encoded."""
    links = [item["href"] for item in page.tags("a")]
    assert "garc%C3%ADa-maria/report.html" in links
    assert "Amara%20Osei/report.html" in links
    assert len([name for name, attributes in page.elements if name == "tr"]) == 1 + len(class_results())


def test_who_needs_a_person_and_why(page: Page) -> None:
    """The review queue names each submission with its reasons, failures with what happened, once each."""
    assert "To review (4)" in page.text
    assert "Whether choices are justified could not be settled" in page.text
    assert "Did not run cleanly (4)" in page.text
    assert "ran out of time : cell 13 was still running after 600 s" in page.text
    assert "zoë.ipynb is no notebook: its JSON ends early" in page.text


def test_the_class_in_numbers(page: Page) -> None:
    """Totals and one distribution per criterion are there, with their numbers in words."""
    assert "submissions 25" in page.text
    charts = [str(item.get("aria-label")) for item in page.tags("svg")]
    charts = [label for label in charts if "Exemplary" in label]
    assert len(charts) == 5
    assert charts[0].startswith("Model built & trained: Exemplary ")
    assert sum(int(part.split()[-1]) for part in charts[0].rstrip(".").split(": ")[1].split(", ")) == 25


def test_the_table_sorts_by_value_not_by_words(page: Page) -> None:
    """Every cell carries what it is sorted by: levels by their step, points and times as numbers."""
    cells = [item for item in page.tags("td") if "data-sort" in item]
    assert len(cells) == 25 * 9
    assert {item["data-sort"] for item in cells} >= {"0", "1", "2", "3", "4", "-1.0", "31.24"}


def test_an_uncertain_level_is_marked(page: Page) -> None:
    """A level that could be higher has a question mark, which the page explains."""
    assert "Proficient ?" in page.text
    assert "it could be higher" in page.text


def test_the_one_script_is_the_one_the_policy_names(html: str, page: Page) -> None:
    """The digest in the policy is that of the script in the page; nothing is loaded from elsewhere."""
    policy = next(str(item["content"]) for item in page.tags("meta") if "http-equiv" in item)
    script = html.split("<script>")[1].split("</script>", maxsplit=1)[0]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert html.count("<script") == 1
    assert page.tags("link", "iframe", "img", "form", "object") == []
    assert all(not str(item["href"]).startswith(("http", "//", "javascript")) for item in page.tags("a"))


def test_an_empty_class_is_a_page() -> None:
    """Before anybody is graded the page says so."""
    page = Page(render_index(()))
    assert "No submission was graded yet." in page.text
    assert page.faults == []


def test_the_page_is_well_formed_and_in_order(page: Page) -> None:
    """Elements close in order, ids are unique, headings descend by one."""
    assert page.faults == []
    assert len(page.ids) == len(set(page.ids))
    assert all(right - left <= 1 for left, right in zip(page.headings, page.headings[1:], strict=False))


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_text_of_a_student_becomes_markup(attack: str) -> None:
    """Ids, messages, reasons and titles with an attack in them stay text."""
    rows = tuple(poisoned(row, attack, literal_values()) for row in class_results(6))
    html = render_index(rows)
    page = Page(html)
    assert page.faults == []
    assert {tag for tag, _ in page.elements} <= OWN_TAGS | OF_THE_FILTER
    assert len(page.tags("script")) == 1
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    html.encode("utf-8")


def test_a_name_that_climbs_folders_leads_nowhere_else() -> None:
    """A submission named like a path is one path segment in its link."""
    row = replace(Result.of_grade(rich_grade()), submission="../../etc/passwd")
    assert "..%2F..%2Fetc%2Fpasswd/report.html" in [item["href"] for item in Page(render_index((row,))).tags("a")]


def test_reasons_are_told_once() -> None:
    """A reason that the grade names with its criterion is not told a second time without it."""
    grade = rich_grade()
    reason = grade.judgements[0].review_reasons[0]
    grade = replace(grade, review_reasons=(f"Model built & trained: {reason}",))
    assert Result.of_grade(grade).review_reasons == (f"Model built & trained: {reason}",)


def test_same_class_same_bytes(html: str) -> None:
    """The page is a function of its rows."""
    assert render_index(class_results(), rubric()) == html


# ---------------------------------------------------------------- the class against the reference
def beside_reference(points: float, score: float, reference: float, metric: str = "accuracy") -> Result:
    """A submission's line with its score beside the reference's."""
    row = replace(Result.of_grade(rich_grade()), submission=f"s{points:g}", points=points)
    return replace(row, score=score, reference_score=reference, metric=metric)


def test_the_class_stands_against_the_reference_and_the_furthest_below_are_named() -> None:
    """Shares by their difference, errors by the share of the reference's error; the largest gaps first."""
    rows = (beside_reference(12, 0.7, 0.97), beside_reference(15, 0.95, 0.97), beside_reference(18, 0.98, 0.97))
    errors = (beside_reference(10, 0.6, 0.4, "mae"), beside_reference(11, 0.4, 0.4, "mae"))
    page = Page(render_index((*rows, *errors)))
    charts = [str(item["aria-label"]) for item in page.tags("svg") if "reference" in str(item.get("aria-label"))]
    assert "3 submissions, 2 of them below the reference" in charts[0]
    assert "from \N{MINUS SIGN}27 to +1" in charts[0]
    assert "from \N{MINUS SIGN}50 to 0" in charts[1]
    assert re.search(r"Furthest below s12 70\.0\s% against 97\.0\s% s15", page.text)


def test_the_result_holds_the_score_of_the_reference_check() -> None:
    """What the check measured is what the class page draws; without it there is nothing to draw."""
    grade = rich_grade()
    measured = {"student": 0.95, "reference": 0.975, "metric": "accuracy"}
    findings = tuple(
        replace(item, measured=measured) if item.check == "model.reference_band" else item for item in grade.findings
    )
    row = Result.of_grade(replace(grade, findings=findings))
    assert (row.score, row.reference_score, row.metric) == (0.95, 0.975, "accuracy")
    assert Result.of_grade(replace(grade, findings=())).score is None


def test_only_the_table_grows_with_the_class() -> None:
    """Of ten thousand submissions to review the page writes out a day's work, and says where the others are."""
    row = replace(class_results()[0], score=0.9, reference_score=0.95, metric="accuracy")
    rows = tuple(replace(row, submission=f"s{number}", points=float(number % 20)) for number in range(3000))
    html = render_index(rows, rubric())
    head = html.partition('id="class-table"')[0]
    assert "(3,000)" in head
    assert "2,900 more" in head
    assert len(head) < 150_000


# ---------------------------------------------------------------- the CSV
def read_back(text: str) -> pd.DataFrame:
    """Read the CSV as an instructor's script would."""
    return pd.read_csv(io.StringIO(text), dtype={"id": str}, keep_default_na=False)


def test_one_line_a_submission() -> None:
    """id, status, a level and points per criterion, total and needs_review come back as they were."""
    table = read_back(grades_csv(class_results(), rubric()))
    assert list(table.columns[:7]) == [
        "id",
        "status",
        "model",
        "evaluation",
        "understanding",
        "code_quality",
        "write_up",
    ]
    first = table.iloc[0]
    assert (first["id"], first["status"], first["evaluation"]) == ("garcía-maria", "error", "proficient")
    assert (float(first["evaluation_points"]), float(first["total"]), bool(first["needs_review"])) == (3.0, 11.0, True)
    assert len(table) == 25


def test_no_level_is_an_empty_cell() -> None:
    """What could not be judged is empty: never a zero, never the word None."""
    table = read_back(grades_csv((Result.of_grade(never_ran_grade()),), rubric()))
    assert (table.loc[0, "model"], table.loc[0, "model_points"], table.loc[0, "total"]) == ("", "", "")


@pytest.mark.parametrize("start", FORMULA_STARTS)
def test_ids_are_never_formulas(start: str) -> None:
    """An id that a spreadsheet would run is written as text, with the quote spreadsheets know."""
    row = replace(
        Result.of_grade(rich_grade()), submission=f"{start}cmd|' /C calc'!A0", review_reasons=(f" {start}1+1",)
    )
    table = read_back(grades_csv((row,)))
    assert not str(table.loc[0, "id"]).startswith(FORMULA_STARTS)
    assert not str(table.loc[0, "review_reasons"]).lstrip().startswith(FORMULA_STARTS)


@given(st.text(alphabet=st.characters(exclude_categories=()), min_size=1, max_size=30))
def test_any_id_is_one_cell_of_one_line(name: str) -> None:
    """Commas, quotes, line breaks and lone surrogates in an id neither add rows nor columns."""
    row = replace(Result.of_grade(rich_grade()), submission=name)
    text = grades_csv((row, row))
    assert len(text.splitlines()) >= 3
    table = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False, lineterminator="\n")
    assert table.shape == (2, 17)


def test_an_empty_class_is_a_header() -> None:
    """Nobody graded yet: the columns are there."""
    assert grades_csv((), rubric()).splitlines() == [grades_csv(class_results(), rubric()).splitlines()[0]]
