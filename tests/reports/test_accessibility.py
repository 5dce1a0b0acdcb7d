"""Every page, in the real Chromium, by axe-core: no violation of WCAG 2.2 AA, in light and dark, at desk and phone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from reports.example_class import class_results, never_ran_evidence, never_ran_grade, rich_evidence, rich_grade, rubric

from grader.questions import ask
from grader.reports import render_index, render_report, render_similar, render_staff

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from reports.accessibility import violations_everywhere
from reports.browser import Browser, needs_chromium, open_browser
from reports.test_similar_page import SIMILARITY

pytestmark = [needs_chromium, pytest.mark.slow]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as started:
        yield started


def staff_page() -> str:
    grade, evidence = rich_grade(), rich_evidence()
    return render_staff(grade, evidence, ask(evidence, grade.findings), rubric())


PAGES = {
    "report": lambda: render_report(rich_grade(), rich_evidence(), rubric()),
    "never ran": lambda: render_report(never_ran_grade(), never_ran_evidence(), rubric()),
    "staff": staff_page,
    "similar": lambda: render_similar(SIMILARITY, "Unit 1"),
    "class": lambda: render_index(class_results(), rubric(), {"garcía-maria"}),
}


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(browser: Browser, tmp_path: Path, name: str) -> None:
    """Contrast, names, headings, landmarks, targets: axe-core has nothing to say."""
    (tmp_path / "page.html").write_text(PAGES[name](), encoding="utf-8")
    with browser.visit((tmp_path / "page.html").as_uri()) as page:
        assert violations_everywhere(page) == []
