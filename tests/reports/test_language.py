"""Reports in Spanish: every text of the page is known, sentences fill in, and a student's words stay theirs."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest
from reports.example_class import never_ran_evidence, never_ran_grade, rich_evidence, rich_grade, rubric
from reports.pages import Page

from grader.checks import run_checks
from grader.judge import grade as judge_grade
from grader.model import Evidence, Finding
from grader.reports import render_report
from grader.reports.charts import Mark, score_strip
from grader.reports.charts.strip import WIDTH
from grader.reports.charts.svg import WIDEST_CHARACTER
from grader.reports.language import CELLS, LANGUAGES, catalogue, language_of, say, speaking, told, translated
from grader.reports.numbers import percent
from grader.reports.wording import (  # fmt: skip
    DIAGNOSES,
    LEVEL_NAMES,
    ORIGIN_MEANINGS,
    ORIGINS,
    OUTCOME_MEANINGS,
    OUTCOMES,
    ROLES,
    STATUSES,
    TIERS,
)
from grader.resources import PACKAGE, shipped
from grader.rubrics import load_rubric

MOST_UNTRANSLATED = 12
"""Sentences of rare findings that stand in English on the example's page; a sentence of a check may be new."""
PLACE = re.compile(r"\{(\w+)\}")
SAID = re.compile(r"""(?:'((?:[^'\\]|\\.)*)'|"([^"]*)")\|say""")


def spanish(evidence: Evidence) -> Evidence:
    """The same evidence of a notebook written in Spanish."""
    return replace(evidence, prose=replace(evidence.prose, language="es"))


@pytest.fixture
def _in_spanish() -> Iterator[None]:
    with speaking("es"):
        yield


@pytest.fixture(scope="module")
def html() -> str:
    return render_report(rich_grade(), spanish(rich_evidence()), rubric())


# ---------------------------------------------------------------- the catalogue
@pytest.mark.parametrize("language", [item for item in LANGUAGES if item != "en"])
def test_translations_have_the_places_of_their_texts(language: str) -> None:
    """What changes in a sentence is neither lost nor made up."""
    for english, other in catalogue(language).exact.items():
        assert set(PLACE.findall(english)) == set(PLACE.findall(other)), english


@pytest.mark.parametrize("language", [item for item in LANGUAGES if item != "en"])
def test_no_text_stands_twice_in_a_catalogue(language: str) -> None:
    """YAML would take the last one in silence."""
    lines = (PACKAGE / "reports" / "words" / f"{language}.yaml").read_text(encoding="utf-8").splitlines()
    keys = [match[0] for line in lines if (match := re.match(r'"(?:[^"\\]|\\.)*"(?=:)', line))]
    assert [key for key, times in Counter(keys).items() if times > 1] == []
    assert len(keys) == len(catalogue(language).exact)


def test_every_text_of_the_students_templates_is_known() -> None:
    """A text added to the page without its Spanish fails here."""
    known = catalogue("es").exact
    for name in ("base.html.j2", "report.html.j2", "macros.html.j2", "summary.html.j2", "below_cell.html.j2"):
        source = (shipped("templates") / name).read_text(encoding="utf-8")
        texts = {(single or double).replace("\\'", "'") for single, double in SAID.findall(source)}
        assert texts - set(known) == set(), name
        bare = re.sub(r"\{[{%#].*?[}%#]\}|<style>.*?</style>", " ", source, flags=re.DOTALL)
        assert re.findall(r">[^<>]*[A-Za-z]{3,}[^<>]*<", bare.replace("&nbsp;", " ")) == [], name


@pytest.mark.usefixtures("_in_spanish")
def test_the_words_for_outcomes_levels_and_the_run_are_known() -> None:
    """All that findings, levels, roles and runs are called, and unit 1's criteria and levels."""
    words = [word for _, word in OUTCOMES.values()]
    words += [*OUTCOME_MEANINGS.values(), *ORIGINS.values(), *ORIGIN_MEANINGS.values(), *LEVEL_NAMES.values()]
    words += [*(name for name, _ in ROLES.values()), *(use for _, use in ROLES.values()), *TIERS.values()]
    words += [STATUSES["ok"], STATUSES["error"], STATUSES["timeout"], *list(DIAGNOSES.values())[:-1]]
    unit1 = load_rubric("unit1")
    words += [unit1.title, *(item.title for item in unit1.criteria)]
    words += [level.descriptor for item in unit1.criteria for level in item.levels]
    assert [word for word in words if translated(word) is None] == []


# ---------------------------------------------------------------- sentences
@pytest.mark.usefixtures("_in_spanish")
@pytest.mark.parametrize(
    ("english", "other"),
    [
        ("Comments or text explain 7 of 8 steps.", "Comentarios o texto explican 7 de 8 pasos."),
        ("1,149 rows, 63.9 % of all", "1,149 filas, el 63.9 % del total"),
        ("cells 2, 3 and 9", "celdas 2, 3 y 9"),
        ("scored in cells 9 and 10: 95.6%", "puntuadas en celdas 9 y 10: 95.6%"),
        ("The task is stated: “Given x, say and no.”", "La tarea está planteada: “Given x, say and no.”"),
        ("14 epochs · batches of 32", "14 épocas · lotes de 32"),
        ("No training curve is plotted. There is no confusion matrix.", "No se dibuja ninguna curva de entrenamiento. No hay matriz de confusión."),
    ],
)  # fmt: skip
def test_a_sentence_is_told_whatever_its_numbers(english: str, other: str) -> None:
    """Numbers, cells and quotations go where they belong; quotations word for word; several sentences one by one."""
    assert told(english) == other


@pytest.mark.usefixtures("_in_spanish")
def test_what_is_not_known_stays_as_it_is() -> None:
    """Also where half of it is known: no sentence of two languages."""
    for text in ("A sentence nobody translated.", "Met. A sentence nobody translated.", "", "12 %"):
        assert told(text) == text
    assert say("{n} rows {x}", n=3, x="y") == "3 rows y"


@pytest.mark.usefixtures("_in_spanish")
@pytest.mark.parametrize("piece", [": 1 rows taken for ", "Loss: ", "a; ", "1, ", "cells 1 and ", "Training: 1 rows. "])
def test_no_text_takes_long_to_look_up(piece: str) -> None:
    """Whatever a student's words repeat, in whatever sentence they stand."""
    started = time.perf_counter()
    for text in (piece * 200, piece * 30, f"Loss: {piece * 20}.", f"How the rows were used. {piece * 20}"):
        translated(text)
    assert time.perf_counter() - started < 5


def test_the_language_is_the_notebooks_or_the_one_asked_for() -> None:
    """Spanish for Spanish, English for whatever is not known here; an option counts for more."""
    evidence = rich_evidence()
    assert (language_of(evidence), language_of(spanish(evidence))) == ("en", "es")
    assert language_of(replace(evidence, prose=replace(evidence.prose, language="fr"))) == "en"
    assert (language_of(evidence, "es"), language_of(spanish(evidence), "en")) == ("es", "en")


# ---------------------------------------------------------------- the page
def test_the_page_says_its_language_and_marks_what_is_in_another(html: str) -> None:
    """Screen readers change their voice by it (WCAG 2.2, 3.1.1 and 3.1.2)."""
    assert '<html lang="es">' in html
    assert '<html lang="en">' in render_report(rich_grade(), rich_evidence(), rubric())
    strange = Finding("task.stated", "fail", "static", "Some new sentence of a check stands here.", ())
    grade = replace(rich_grade(), findings=(*rich_grade().findings, strange))
    page = render_report(grade, spanish(rich_evidence()), rubric())
    assert '<span lang="en">Some new sentence of a check stands here.</span>' in page


def test_nothing_of_a_judged_page_is_left_in_english() -> None:
    """Frame, levels, reasons and charts of a page judged by unit 1: no English, but for what is marked so."""
    unit1, evidence = load_rubric("unit1"), spanish(rich_evidence())
    grade = judge_grade(evidence, unit1, run_checks(evidence))
    html = render_report(grade, evidence, unit1)
    frame = html.partition('id="notebook"')[0].partition("</style>")[2]
    own = r"“[^”]*”|name 'wron' is not defined"  # a student's words, an error's
    page = Page(re.sub(rf'<span lang="en">.*?</span>|<code.*?</code>|{own}', "", frame.replace("&#39;", "'")))
    shown = page.text + " ".join(str(item.get("aria-label", "")) for item in page.tags("svg", "ol", "aside", "div"))
    shown = re.sub(r"\b\w+\.\w+\b", "", shown)  # names of checks and files
    english = re.findall(r"\b(?:the|and|of|with|was|were|rows?|cells?|from|this|what|not|Why|Score|Class|train\w*)\b", shown)  # fmt: skip
    assert english == []
    assert len(re.findall('<span lang="en">', frame)) <= MOST_UNTRANSLATED
    assert "Lo siguiente que conviene hacer" in shown


@pytest.mark.usefixtures("_in_spanish")
def test_labels_have_room_in_the_language_they_are_told_in() -> None:
    """The longer Spanish label is moved inwards: it does not leave the picture."""
    marks = (Mark("This notebook", 0.954, "student"), Mark("best reference", 0.99, "reference"))
    strip = str(score_strip("The accuracy beside others", marks, 1.0, percent))
    x, label = re.findall(r'<text x="([\d.]+)"[^>]*middle">([^<]*referencia[^<]*)', strip)[0]
    assert float(x) + len(label) * WIDEST_CHARACTER * 0.95 / 2 <= WIDTH + 1


def test_cells_are_links_in_spanish_too(html: str) -> None:
    """`celda 7` leads to cell 7."""
    assert '<a class="cell-link" href="#cell-7">celda 7</a>' in html
    assert CELLS.fullmatch("celdas 2, 3 y 9")


def test_a_students_own_words_are_never_translated() -> None:
    """Class names, the notebook's name, quotations and code that happen to be words of ours stay."""
    names = ("Training", "Test", "Other", "Loss", "Met", "Advice", "Rows", "Class", "Then", "Why")
    grade = replace(rich_grade(), submission="Training", notebook="Loss")
    page = Page(render_report(grade, replace(spanish(rich_evidence()), class_names=names), rubric()))
    assert [data for tag, data in page.texts if tag == "h1"] == ["Training"]
    assert {str(item["alt"]) for item in page.tags("img")} >= {"Fila 1553: Then, tomada por Test"}
    assert {"Training", "Test", "Other", "Met"} <= {data for tag, data in page.texts if tag == "th"}


def test_a_submission_that_never_ran_is_told_in_spanish() -> None:
    """Why no level is given."""
    page = Page(render_report(never_ran_grade(), spanish(never_ran_evidence()), rubric()))
    assert "Todavía no se pudo evaluar nada; una persona revisará esta entrega." in page.text
