"""The nastiest hand-ins as one class through the real command: everyone gets a line, and no page does anything."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from reports.hostile_class import FILES, GOOD_ONES, write_class
from reports.pages import Page

pytestmark = pytest.mark.slow

SPECIAL = 9
"""Links, pipes and the like, which `write_class` adds to the files."""


@dataclass(frozen=True, slots=True)
class Graded:
    out: Path
    stdout: str
    stderr: str
    rows: dict[str, dict[str, str]]

    def grade(self, student: str) -> dict[str, object]:
        return json.loads((self.out / student / "grade.json").read_text())


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Graded:
    """The class, graded once; the command ends with status 0 whatever was handed in."""
    folder = tmp_path_factory.mktemp("hostile")
    write_class(folder / "class")
    command = [
        str(Path(sys.executable).with_name("grader")),
        "grade",
        str(folder / "class"),
        "--out",
        str(folder / "out"),
    ]
    result = subprocess.run(
        [*command, "--reference-budget", "0", "--timeout", "200", "--jobs", "2"],
        capture_output=True, text=True, errors="surrogateescape", timeout=900, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    assert sorted(entry.name for entry in folder.iterdir()) == ["class", "out"]
    with (folder / "out" / "grades.csv").open(newline="") as file:
        rows = {row["id"]: row for row in csv.DictReader(file)}
    return Graded(folder / "out", result.stdout, result.stderr, rows)


def test_everyone_has_a_line(graded: Graded) -> None:
    """As many rows as hand-ins, under different ids; none is lost, none is doubled."""
    hand_ins = len(FILES) - 1 + SPECIAL  # of the folder with two notebooks, two files are one hand-in
    assert len(graded.rows) == hand_ins
    assert len({name.casefold() for name in graded.rows}) == hand_ins


def test_the_good_ones_are_graded(graded: Graded) -> None:
    """Their runs are clean, between all that surrounds them; the archive's files lie beside its notebook."""
    for name in GOOD_ONES:
        assert graded.rows[name]["status"] == "ok"
        assert graded.rows[name]["total"]


def test_whatever_could_not_be_read_says_why_in_a_sentence(graded: Graded) -> None:
    """On the class page and in its own grade, for people: no exception's name, no traceback."""
    page = Page((graded.out / "index.html").read_text()).text
    unread = [name for name, row in graded.rows.items() if row["status"] == "not_run"]
    assert len(unread) >= 35
    for name in unread:
        message = str(graded.grade(name)["run"]["message"])  # type: ignore[index]
        assert re.search(r"\b(?:is|has|holds|can't|unpacks|lists|was)\b.{10,}", message), message
        assert not re.search(r"Traceback|Error\(|\berrno\b|<class", message)
        assert name in page
        assert (graded.out / name / "report.html").is_file()
    assert "infrastructure_failure" not in {row["status"] for row in graded.rows.values()}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("paper", "a PDF under a notebook's name"),
        ("page", "a web page"),
        ("script", "a Python script"),
        ("empty", "is empty"),
        ("link", "is a link to another file"),
        ("loop", "is a link to another file"),
        ("linked folder", "is a link to a folder"),
        ("pipe", "not a regular file"),
        ("huge", "MB large"),
        ("bomb", "more than is sensible"),
        ("climbing", "leads out of the archive"),
        ("two", "holds 2 notebooks"),
        ("none", "holds no notebook"),
    ],
)
def test_the_sentence_fits_the_trouble(graded: Graded, name: str, words: str) -> None:
    """Each kind of trouble has words of its own."""
    assert words in str(graded.grade(name)["run"]["message"])  # type: ignore[index]


def test_nothing_reaches_the_terminal_that_it_would_obey(graded: Graded) -> None:
    """No control sequence, no markup of ours, no traceback: names and messages are text."""
    for printed in (graded.stdout, graded.stderr):
        assert "Traceback" not in printed
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", printed)


def test_no_cell_of_the_spreadsheet_is_a_formula(graded: Graded) -> None:
    """Whatever a student is called or raises, a spreadsheet reads it as text."""
    for row in graded.rows.values():
        for value in row.values():
            assert not re.match(r"[=+@\t\r|%]|-(?!\d)", value.strip(" ")), value


@pytest.fixture(scope="module")
def pages(graded: Graded) -> list[str]:
    """The addresses of the class page and of the reports that show most of what was sent."""
    names = [
        name for name in graded.rows if name.startswith(("shown", "raised", "named", "_script", "surrogates", "R"))
    ]
    assert len(names) >= 6
    return ["index.html", *(f"{name}/report.html" for name in names)]


def test_no_page_of_a_real_run_does_anything(graded: Graded, pages: list[str]) -> None:
    """Payloads printed, displayed in every form, raised, drawn and trained with: nothing runs, nothing is fetched."""
    pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    from urllib.parse import quote

    from reports.browser import CHROMIUM, open_browser, served
    from reports.test_hostile_pages import assert_harmless

    if CHROMIUM is None:
        pytest.skip("there is no Chromium on this machine")
    with open_browser() as browser, served(graded.out) as address:
        for page in pages:
            assert_harmless(browser, f"{address}/{quote(page)}")
        assert_harmless(browser, (graded.out / pages[0]).as_uri())


def test_the_payloads_were_really_there(graded: Graded) -> None:
    """The test above is not blind: what was printed, raised, drawn and trained with stands in the pages, as text."""
    shown, raised, named = (
        Page((graded.out / name / "report.html").read_text()).text for name in ("shown", "raised", "named")
    )
    assert "<script>pwned(1000)</script>" in shown
    assert "<img src=x onerror=pwned(1028)>: <img src=x onerror=pwned(1028)>" in raised
    assert named.count("<script>pwned(1000)</script>") >= 3
    executed = (graded.out / "shown" / "executed.ipynb").read_text()
    assert "<script>pwned(1000)</script>" in executed
