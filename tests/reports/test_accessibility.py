"""Every page in the real Chromium: by axe-core, by keyboard alone, on a phone, on paper.

Axe-core holds them to WCAG 2.2 AA in light and dark, at desk and phone.
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pypdf import PdfReader
from reports.example_class import class_results, never_ran_evidence, never_ran_grade, rich_evidence, rich_grade, rubric

from grader.model import Result
from grader.questions import ask
from grader.reports import render_index, render_report, render_similar, render_staff

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from playwright.sync_api import Page
from reports.accessibility import OPEN_ALL, violations_everywhere
from reports.browser import STICKS_OUT, Browser, needs_chromium, open_browser
from reports.test_similar_page import SIMILARITY

MOST_SHEETS = 15
"""Sheets of paper for a notebook of twelve cells with all findings behind its levels."""

pytestmark = [needs_chromium, pytest.mark.slow]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as started:
        yield started


def staff_page() -> str:
    grade, evidence = rich_grade(), rich_evidence()
    return render_staff(grade, evidence, ask(evidence, grade.findings), rubric())


def scored_class() -> tuple[Result, ...]:
    """A class with scores beside the reference's, so that every part of the class page is there."""
    rows = class_results()
    return tuple(
        replace(row, score=0.9 - number / 100, reference_score=0.95, metric="accuracy")
        for number, row in enumerate(rows)
    )


PAGES = {
    "report": lambda: render_report(rich_grade(), rich_evidence(), rubric()),
    "never ran": lambda: render_report(never_ran_grade(), never_ran_evidence(), rubric()),
    "Spanish": lambda: render_report(rich_grade(), rich_evidence(), rubric(), language="es"),
    "staff": staff_page,
    "similar": lambda: render_similar(SIMILARITY, "Unit 1"),
    "class": lambda: render_index(scored_class(), rubric(), {"garcía-maria"}, "similar.html"),
}


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(browser: Browser, tmp_path: Path, name: str) -> None:
    """Contrast, names, headings, landmarks, targets: axe-core has nothing to say."""
    (tmp_path / "page.html").write_text(PAGES[name](), encoding="utf-8")
    with browser.visit((tmp_path / "page.html").as_uri()) as page:
        assert violations_everywhere(page) == []


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pages") / "report.html"
    path.write_text(PAGES["report"](), encoding="utf-8")
    return path


ACTIVE = "document.activeElement.getAttribute('href') || document.activeElement.localName"
VISIBLE = "selector => { const box = document.querySelector(selector).getBoundingClientRect(); return box.height > 0 && box.top < innerHeight && box.bottom > 0; }"


def wait_until(page: Page, script: str, argument: str = "") -> None:
    """Wait for something to become so; the page's policy forbids what Playwright's own waiting does."""
    for _ in range(100):
        if page.evaluate(script, argument):
            return
        page.wait_for_timeout(100)
    pytest.fail(f"never so: {script} {argument}")


def test_a_report_is_read_by_keyboard_alone(browser: Browser, report: Path) -> None:
    """From the top to a criterion, from a reason to its evidence, which unfolds, and on to the cell it rests on."""
    with browser.visit(report.as_uri()) as page:
        page.keyboard.press("Tab")
        assert page.evaluate(ACTIVE) == "#main"
        for _ in range(40):
            page.keyboard.press("Tab")
            if page.evaluate(ACTIVE) == "#criterion-code_quality":
                break
        page.keyboard.press("Enter")
        assert page.url.endswith("#criterion-code_quality")
        wait_until(page, VISIBLE, "#criterion-code_quality")
        for _ in range(10):
            page.keyboard.press("Tab")
            if page.evaluate(ACTIVE) == "#finding-code.runs_top_to_bottom":
                break
        page.keyboard.press("Enter")
        wait_until(page, "() => document.querySelector('#criterion-code_quality details').open")
        wait_until(page, VISIBLE, "[id='finding-code.runs_top_to_bottom']")
        page.keyboard.press("Tab")
        assert page.evaluate(ACTIVE) == "#cell-11"
        page.keyboard.press("Enter")
        wait_until(page, VISIBLE, "#cell-11")


def test_details_fold_and_unfold_by_keyboard(browser: Browser, report: Path) -> None:
    """What is folded away opens with Enter, and closes."""
    with browser.visit(report.as_uri()) as page:
        page.focus("#how summary")
        for wanted in (True, False):
            page.keyboard.press("Enter")
            assert page.evaluate("document.querySelector('#how details').open") is wanted


@pytest.mark.parametrize("name", PAGES)
def test_no_page_scrolls_sideways_on_a_phone(browser: Browser, tmp_path: Path, name: str) -> None:
    """At 390 pixels, and at 320 (WCAG 2.2, 1.4.10), everything unfolded."""
    (tmp_path / "page.html").write_text(PAGES[name](), encoding="utf-8")
    with browser.visit((tmp_path / "page.html").as_uri()) as page:
        page.evaluate(OPEN_ALL)
        for width in (390, 320):
            page.set_viewport_size({"width": width, "height": 844})
            assert page.evaluate(STICKS_OUT) == "", width


def test_a_printed_report_holds_everything(browser: Browser, report: Path) -> None:
    """What is folded away on the screen stands on paper; what only leads about does not."""
    with browser.visit(report.as_uri()) as page:
        printed = PdfReader(io.BytesIO(page.pdf(format="A4", print_background=True)))
    text = " ".join(unicodedata.normalize("NFKC", sheet.extract_text()) for sheet in printed.pages)
    text = " ".join(text.split())
    for words in (
        "2 of 5 criteria are proficient",
        "No wrong prediction is displayed",
        "The notebook was run from top",
    ):
        assert words in text
    assert "Skip to the content" not in text
    assert len(printed.pages) <= MOST_SHEETS
