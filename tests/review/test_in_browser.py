"""The review desk in the real Chromium: people decide, undo, meet, recalibrate, by keyboard and on a phone."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytest.importorskip("flask", reason="flask is not installed")

from playwright.sync_api import Browser, Page, expect, sync_playwright
from reports.accessibility import DESKTOP, PHONE, violations
from reports.browser import CHROMIUM, FLAGS, STICKS_OUT, needs_chromium
from review.review_class import RUBRIC, make_class

from grader.gradebook import Gradebook
from grader.review.serving import Serving, prepare

expect.set_options(timeout=30_000)  # of a machine with other things to do

pytestmark = [needs_chromium, pytest.mark.slow]

NAMES = ("ada", "absent-bob", "carla", "dev", "eve", "finn", "gus", "hana")


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """A class at the desk, on a free port of this machine."""
    out = make_class(tmp_path_factory.mktemp("desk") / "out", *NAMES)
    with Gradebook.open_existing(out) as book:
        ready = prepare(out, RUBRIC, book, "127.0.0.1", 0)
        thread = threading.Thread(target=ready.run)
        thread.start()
        yield ready
        ready.server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


Enter = Callable[[str], Page]


@pytest.fixture
def enter(chromium: Browser, serving: Serving) -> Iterator[Enter]:
    """Let a person in, in a browser of their own, up to the queue; no page of theirs may break or be stopped."""
    contexts, faults = [], []

    def come_in(name: str) -> Page:
        context = chromium.new_context(viewport=DESKTOP)
        context.set_default_timeout(60_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda message: faults.append(message.text) if message.type == "error" and not re.search("40[49]", message.text) else None)  # fmt: skip
        page.goto(serving.address)
        page.wait_for_url("**/name")
        page.get_by_label("Your name").fill(name)
        page.get_by_role("button", name="Start").click()
        page.wait_for_url("**/queue")
        return page

    yield come_in
    for context in contexts:
        context.close()
    assert faults == []


def open_submission(page: Page, name: str) -> None:
    page.goto(re.sub(r"(//[^/]+/).*", r"\1queue?show=all", page.url))
    page.get_by_role("link", name=name, exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)


def listening(page: Page) -> None:
    """Wait until the page's script hears keys: its button stands there then."""
    page.wait_for_load_state()
    expect(page.get_by_role("button", name="Keyboard shortcuts")).to_be_visible()


def criterion(page: Page, title: str = "Evaluation done right"):
    return page.get_by_role("article", name=title)


def set_level(page: Page, level: str, reason: str, title: str = "Evaluation done right") -> None:
    card = criterion(page, title)
    card.get_by_text(level, exact=True).first.click()
    card.get_by_label("Reason, for the student too").first.fill(reason)
    card.get_by_role("button", name="Save").first.click()


def chosen(page: Page, title: str = "Evaluation done right") -> str:
    return str(criterion(page, title).locator(".levels-choice input:checked").get_attribute("value"))


def test_a_level_is_overruled_and_undone(enter: Enter, serving: Serving) -> None:
    """Another level, a reason, Save: it stands there with the name; Undo brings the grader's own back."""
    page = enter("Anna")
    open_submission(page, "ada")
    before = chosen(page)
    set_level(page, "Exemplary", "the figure shows it")
    expect(page.get_by_role("status")).to_contain_text("Anna set the level of Evaluation done right")
    assert chosen(page) == "exemplary"
    expect(criterion(page)).to_contain_text("the figure shows it")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("status")).to_contain_text("undid")
    assert chosen(page) == before
    assert [entry.action for entry in serving.desk.book.audit("ada")] == ["override", "undo"]


def test_a_finding_is_overruled(enter: Enter) -> None:
    """What rests on it is judged again before the page is back."""
    page = enter("Anna")
    open_submission(page, "carla")
    card = criterion(page, "Model built & trained")
    card.get_by_text(re.compile("findings behind this level")).click()
    finding = card.locator("#finding-model\\.trains")
    finding.get_by_text("Decide otherwise").click()
    finding.get_by_text("Not met", exact=True).last.click()
    finding.get_by_label("Reason, for the student too").fill("it never ends")
    finding.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text("overruled model.trains")
    assert chosen(page, "Model built & trained") == "emerging"


def test_a_comment_goes_into_the_bank_and_out_again(enter: Enter) -> None:
    """Said once, it is offered for the next student, by a click or by Alt and its digit."""
    page = enter("Anna")
    open_submission(page, "dev")
    listening(page)
    page.keyboard.press("2")
    page.keyboard.press("c")
    page.keyboard.type("Label the axes of your curves.")
    page.keyboard.press("Control+Enter")
    expect(criterion(page)).to_contain_text("Label the axes of your curves.")
    open_submission(page, "eve")
    listening(page)
    page.keyboard.press("2")
    page.keyboard.press("c")
    page.keyboard.press("Alt+1")
    box = criterion(page).get_by_label("What the student reads")
    expect(box).to_have_value("Label the axes of your curves.")
    box.fill("")
    criterion(page).get_by_role("button", name="Label the axes").click()
    expect(box).to_have_value("Label the axes of your curves.")


def test_two_at_once_overwrite_nothing(enter: Enter) -> None:
    """The second to save sees both sides, keeps the other's, or puts theirs in its place."""
    anna, ben = enter("Anna"), enter("Ben")
    for page in (anna, ben):
        open_submission(page, "finn")
    set_level(anna, "Exemplary", "all is there")
    set_level(ben, "Emerging", "nothing is there")
    expect(ben.get_by_role("heading", level=1)).to_have_text("Somebody was faster")
    for words in ("all is there", "nothing is there", "Anna"):
        expect(ben.get_by_role("main")).to_contain_text(words)
    assert violations(ben) == []
    ben.get_by_role("link", name="Keep it").click()
    assert chosen(ben) == "exemplary"
    set_level(ben, "Emerging", "nothing is there")
    assert chosen(ben) == "emerging"


def test_a_rubric_is_recalibrated(enter: Enter, serving: Serving) -> None:
    """A number is moved: who changes stands there at once; dropped nothing has happened, applied all are judged so."""
    before = serving.desk.rubric
    page = enter("Anna")
    page.get_by_role("link", name="Recalibrate").click()
    weight = page.locator("#dial-weight\\.evaluation")
    effect = page.locator("#effect")
    expect(weight).to_be_visible()
    weight.fill("3")
    expect(effect).to_contain_text("only points")
    page.locator("#dial-weight\\.evaluation").fill("1")
    expect(effect).to_contain_text("Move a number")
    page.locator("#dial-model\\.learns\\.significance").fill("0")
    expect(effect).to_contain_text("Model built & trained: Proficient → Developing")
    assert violations(page) == []
    page.get_by_role("link", name="Drop", exact=True).click()
    expect(effect).to_contain_text("Move a number")
    assert serving.desk.rubric is before
    page.locator("#dial-model\\.learns\\.significance").fill("0")
    expect(effect).to_contain_text("Proficient → Developing")
    page.get_by_label("Reason, for the audit trail").fill("no guesser is that lucky")
    page.get_by_role("button", name="Apply to the class").click()
    expect(page.get_by_role("status")).to_contain_text("Applied")
    assert serving.desk.rubric.thresholds["model.learns.significance"] == 0
    rows = {row.submission: row for row in serving.desk.book.results()}
    assert rows["hana"].criteria[0].level == "developing"
    assert serving.desk.book.audit()[-1].reason == "no guesser is that lucky"
    assert serving.desk.writer.flush()
    assert (serving.desk.out / f"rubric-{serving.desk.rubric.sha256[:12]}.yaml").is_file()


def test_a_class_is_gone_through_by_keyboard_alone(enter: Enter, serving: Serving) -> None:
    """From the queue to a decision with its reason, marked as reviewed, undone, and on to the next."""
    page = enter("Anna")
    page.goto(f"{page.url}?show=all")
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "hana":
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("hana")
    listening(page)
    page.keyboard.press("2")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Tab")
    page.keyboard.type("by keyboard: just run q")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Anna set the level")
    listening(page)
    assert chosen(page) == "emerging"
    page.keyboard.press("r")
    expect(page.get_by_role("status")).to_contain_text("marked it as reviewed")
    listening(page)
    page.keyboard.press("u")
    expect(page.get_by_role("status")).to_contain_text("undid")
    listening(page)
    page.keyboard.press("x")
    expect(page.get_by_role("status")).to_contain_text("hana: Anna marked it as reviewed")
    listening(page)
    page.keyboard.press("u")
    expect(page.get_by_role("status")).to_have_count(0)
    open_submission(page, "hana")
    listening(page)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    assert violations(page) == []
    page.get_by_label("Single keys are shortcuts").press("Space")
    page.keyboard.press("Escape")
    page.keyboard.press("k")
    expect(page.get_by_role("heading", level=1)).to_have_text("hana")
    page.evaluate("localStorage.clear()")
    page.reload()
    listening(page)
    page.keyboard.press("k")
    expect(page.get_by_role("heading", level=1)).to_have_text("gus")


def test_nothing_sticks_out_and_axe_finds_nothing(enter: Enter) -> None:
    """Every page: no rule of WCAG 2.2 AA is broken at a desk, nor on a phone in dark; none is wider than a phone."""
    page = enter("Anna")
    home = re.sub(r"queue.*", "", page.url)
    open_submission(page, "ada")
    set_level(page, "Emerging", "to see the note")
    own = re.sub(r".*/(s/\w+).*", r"\1", page.url)
    for address in (
        own,
        "queue?show=all",
        "name",
        "agreement",
        "audit",
        "recalibrate",
        "nothing",
        f"{own}?beside=report",
    ):
        page.goto(home + address)
        assert (address, violations(page)) == (address, [])
        page.set_viewport_size(PHONE)  # type: ignore[arg-type]
        assert (address, page.evaluate(STICKS_OUT)) == (address, "")
        if address in {own, "queue?show=all", "recalibrate"}:
            page.emulate_media(color_scheme="dark")
            assert (address, violations(page)) == (address, [])
            page.emulate_media(color_scheme="light")
        page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]


def test_a_phone_is_enough(enter: Enter) -> None:
    """On 390 pixels a level is set as at a desk, decisions first and the notebook below."""
    page = enter("Anna")
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    open_submission(page, "gus")
    set_level(page, "Exemplary", "seen on the bus")
    expect(page.get_by_role("status")).to_contain_text("Anna set the level")
    assert chosen(page) == "exemplary"
    assert page.evaluate(STICKS_OUT) == ""


def test_files_are_written_when_the_desk_is_left(tmp_path: Path) -> None:
    """What was decided a moment before the end stands in the reports all the same."""
    out = make_class(tmp_path / "out", "ada")
    with Gradebook.open_existing(out) as book:
        ready = prepare(out, RUBRIC, book, "127.0.0.1", 0)
        thread = threading.Thread(target=ready.run)
        thread.start()
        book.comment("ada", "", "Well done, all of it.", private=False, author="Anna")
        ready.server.shutdown()
        thread.join()
    assert "Well done, all of it." in (out / "ada" / "report.html").read_text()
