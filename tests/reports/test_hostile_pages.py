"""Hostile text in every place of every page, in the real Chromium: nothing runs, nothing is fetched, nothing leads away.

The long form, each payload alone in every place: `pytest -m proof tests/reports`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from reports.example_class import class_results, rich_evidence, rich_grade, rubric
from reports.pages import literal_values, poisoned
from reports.test_report import OWN_TAGS

from grader.model import CellFacts, Evidence, SavedOutput
from grader.reports import render_index, render_report
from grader.reports.markup import ALLOWED_TAGS

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from reports.browser import USE_EVERYTHING, Browser, needs_chromium, open_browser, served
from reports.payloads import PAYLOADS, Payload

pytestmark = [needs_chromium, pytest.mark.slow]

PHRASE = 1_500
"""Characters of payloads put into one text: a report shows no more than 2,000 of a name or sentence."""

PATIENCE = 80
"""Quarters of a second that a busy machine gets until everything has fired."""

LINK = re.compile(r"#[\w.-]|https?://|mailto:")

OF_THE_CLASS_PAGE = {"script", "button", "label", "input", "select", "optgroup", "option"}
"""What sorts and filters its table."""

MAIN = '<main id="main" class="with-notebook">'

OF_THE_CLASS = ("/report.html", "/staff.html", "grades.csv", "similar.html")
"""Files of the results that the class page leads to."""

OWN_ATTRIBUTES = re.compile(r"on|style$|srcdoc|action|formaction|ping|target|srcset|background|name$")
"""Attributes by which a page could act; `name` only on the two `meta` elements of ours."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as started:
        yield started


def in_groups(payloads: Sequence[Payload]) -> list[list[Payload]]:
    """Payloads in groups that a text holds wholly."""
    groups: list[list[Payload]] = [[]]
    for payload in payloads:
        if sum(len(item.text) + 1 for item in groups[-1]) + len(payload.text) > PHRASE:
            groups.append([])
        groups[-1].append(payload)
    return groups


def hostile_cells(payloads: Sequence[Payload], start: int) -> tuple[CellFacts, ...]:
    """Each payload alone as markdown, as code, as raw text, and in outputs and errors of every kind."""
    cells: list[CellFacts] = []
    for payload in payloads:
        text, first = payload.text, start + len(cells)
        outputs = (
            SavedOutput("stream", text),
            SavedOutput("display_data", text, text),
            SavedOutput("execute_result", text, text),
            SavedOutput("error", f"{text}: {text}"),
        )
        cells += [
            CellFacts(first, "markdown", text),
            CellFacts(first + 1, "raw", text),
            CellFacts(first + 2, "code", text, 1, outputs, outputs[::-1], "error", text, text),
            CellFacts(first + 3, "code", f"x = '''{text}'''  # {text}", 2),
        ]
    return tuple(cells)


def hostile_report(payloads: Sequence[Payload]) -> str:
    """A report with these payloads in every text there is, and each in cells of its own."""
    spared = literal_values()
    text = " ".join(payload.text for payload in payloads)
    evidence: Evidence = poisoned(rich_evidence(), text, spared)
    evidence = replace(
        evidence, cells=(*evidence.cells, *hostile_cells(payloads, len(evidence.cells))), class_names=(text,) * 10
    )
    return render_report(poisoned(rich_grade(), text, spared), evidence, poisoned(rubric(), text, spared))


def hostile_index(payloads: Sequence[Payload]) -> str:
    """A class page with these payloads in every text there is."""
    text = " ".join(payload.text for payload in payloads)
    rows = tuple(poisoned(row, text, literal_values()) for row in class_results(6))
    return render_index(rows, poisoned(rubric(), text, literal_values()))


def assert_harmless(browser: Browser, url: str) -> None:
    """Nothing happened while a page was used all over, and nothing is on it that could act."""
    found = browser.use(url)
    assert browser.deeds.all == []
    is_index = url.endswith("index.html")
    assert set(found["elements"]) <= OWN_TAGS | ALLOWED_TAGS | (OF_THE_CLASS_PAGE if is_index else set())
    assert (found["scripts"], found["styles"], found["metas"]) == (int(is_index), 1, 5)
    assert [name for name in found["attributes"] if OWN_ATTRIBUTES.match(name)] == ["name"]
    leading_away = [link for link in found["links"] if link and not LINK.match(link)]
    assert [link for link in leading_away if not (is_index and link.endswith(OF_THE_CLASS))] == []
    assert all(source == "data:image/png;base64," for source in found["pictures"])
    assert [name for name, times in Counter(found["ids"]).items() if times > 1] == []
    assert found["policy"].startswith("default-src 'none'")
    assert "unsafe" not in found["policy"]
    assert (found["wide"], found["narrow"]) == ("", "")


def write(folder: Path, name: str, html: str) -> None:
    (folder / name).write_text(html, encoding="utf-8")


def test_the_detector_sees_every_active_payload(browser: Browser, tmp_path: Path) -> None:
    """Rendered raw, without our care and policy, all active payloads fire and are seen: the other tests aren't blind."""
    careless = MarkdownIt("commonmark", {"html": True}).enable("table")
    careless.validateLink = lambda url: True  # type: ignore[method-assign, assignment]
    for payload in PAYLOADS:
        text = payload.text.encode("utf-8", "replace").decode()
        body = careless.render(text) if payload.markdown else text
        write(tmp_path, f"{payload.number}.html", f"<!DOCTYPE html><meta charset=utf-8><body>{body}")
    frames = "".join(f'<iframe src="{payload.number}.html"></iframe>' for payload in PAYLOADS)
    write(tmp_path, "all.html", f"<!DOCTYPE html>{frames}")
    active = {payload.number for payload in PAYLOADS if payload.active}
    assert len(active) >= 110
    with served(tmp_path) as address, browser.visit(f"{address}/all.html") as page:
        for frame in page.frames:
            frame.evaluate(USE_EVERYTHING)
        for _ in range(PATIENCE):
            if active <= browser.deeds.numbers:
                break
            page.wait_for_timeout(250)
    assert active - browser.deeds.numbers == set()


def test_the_corpus_is_large() -> None:
    """At least 120 different payloads."""
    assert len({payload.text for payload in PAYLOADS}) >= 120


def test_all_payloads_in_all_places_do_nothing(browser: Browser, tmp_path: Path) -> None:
    """Reports with every payload in every text and in cells of its own, from a file and from a server."""
    with served(tmp_path) as address:
        for number, group in enumerate(in_groups(PAYLOADS)):
            write(tmp_path, f"{number}.html", hostile_report(group))
            assert_harmless(browser, f"{address}/{number}.html")
            if number % 3 == 0:
                assert_harmless(browser, (tmp_path / f"{number}.html").as_uri())


def test_the_class_page_does_nothing(browser: Browser, tmp_path: Path) -> None:
    """Ids, titles, reasons and messages of a class: only our own script runs, and it still sorts."""
    for group in in_groups(PAYLOADS)[::3]:
        write(tmp_path, "index.html", hostile_index(group))
        assert_harmless(browser, (tmp_path / "index.html").as_uri())
    with browser.visit((tmp_path / "index.html").as_uri()) as page:
        page.click("th:nth-child(2) button")
        assert page.get_attribute("th:nth-child(2)", "aria-sort") == "ascending"


def test_the_class_table_is_filtered_by_keyboard(browser: Browser, tmp_path: Path) -> None:
    """A name typed, who is to be reviewed, one level: rows that don't fit are hidden, and the number left is told."""
    write(tmp_path, "index.html", render_index(class_results(), rubric()))
    with browser.visit((tmp_path / "index.html").as_uri()) as page:
        page.focus("#filter-name")
        page.keyboard.type("student")
        assert page.inner_text("#filter-count") == "6 of 25 shown"
        page.keyboard.press("Tab")
        page.keyboard.type("to review")
        assert page.inner_text("#filter-count") == "1 of 25 shown"
        assert page.locator("#class-table tbody tr:visible th").inner_text() == "student10"
        page.fill("#filter-name", "")
        page.select_option("#filter-show", "")
        page.select_option("#filter-level", "3:1")
        shown = page.locator("#class-table tbody tr:visible td:nth-child(6)").all_inner_texts()
        assert set(shown) == {"Emerging"}
    assert browser.deeds.all == []


def test_a_large_class_is_shown_page_by_page(browser: Browser, tmp_path: Path) -> None:
    """A hundred rows at a time, in the order they are sorted in; a search looks through all of them."""
    one = class_results()[0]
    rows = tuple(replace(one, submission=f"s{number:04}", points=number % 7) for number in range(250))
    write(tmp_path, "index.html", render_index(rows, rubric()))
    shown = "#class-table tbody tr:visible th"
    with browser.visit((tmp_path / "index.html").as_uri()) as page:
        assert page.locator(shown).count() == 100
        assert page.inner_text("#pager-told") == "1 to 100 of 250"
        assert page.is_disabled("#pager-back")
        page.click("#pager-on")
        page.click("#pager-on")
        assert page.inner_text("#pager-told") == "201 to 250 of 250"
        assert page.locator(shown).first.inner_text() == "s0200"
        assert page.is_disabled("#pager-on")
        page.click("th:nth-child(1) button")
        page.click("th:nth-child(1) button")  # descending, from its first page
        assert page.locator(shown).first.inner_text() == "s0249"
        page.fill("#filter-name", "s0042")
        assert page.locator(shown).all_inner_texts() == ["s0042"]
        assert page.is_hidden("#pager")
    assert browser.deeds.all == []


@pytest.mark.proof
@pytest.mark.parametrize("payload", PAYLOADS, ids=lambda payload: str(payload.number))
def test_each_payload_alone_in_all_places_does_nothing(browser: Browser, tmp_path: Path, payload: Payload) -> None:
    """The full cross product: no payload is saved by what stands before it."""
    write(tmp_path, "report.html", hostile_report([payload]))
    write(tmp_path, "index.html", hostile_index([payload]))
    with served(tmp_path) as address:
        assert_harmless(browser, f"{address}/report.html")
    assert_harmless(browser, (tmp_path / "index.html").as_uri())


def test_a_policy_stands_between_even_where_text_was_not_escaped(browser: Browser, tmp_path: Path) -> None:
    """With payloads put raw into a finished page, the policy alone lets no script run and no request leave."""
    page = render_report(rich_grade(), rich_evidence(), rubric())
    assert MAIN in page
    raw = "\n".join(item.text for item in PAYLOADS if item.active and not item.markdown and "meta" not in item.text)
    write(
        tmp_path,
        "report.html",
        page.replace(MAIN, f"{MAIN}{raw.encode('utf-8', 'replace').decode()}"),
    )
    with browser.visit((tmp_path / "report.html").as_uri()) as opened:
        opened.evaluate(USE_EVERYTHING)
    assert browser.deeds.ran == []
    assert [item for item in browser.deeds.sent if not item.startswith("document")] == []  # links that were clicked
    assert any("Content Security Policy" in message for message in browser.deeds.messages)
