"""The class as a table: everybody is in it, doubts and absences are said, and no cell is a formula."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import openpyxl
import pytest
from exports.classroom import result

from grader.exports.marks import ClassMarks, Mark
from grader.exports.tables import ABSENT, NBGRADER, class_csv, class_excel, class_json, nbgrader_csv
from grader.model import HandIn, Student

EVIL = '=HYPERLINK("http://x","y")'
CLASS = ClassMarks(
    (
        Mark(result("ada"), HandIn("gradescope", (Student("Lovelace, Ada", "ada@x.org", "S1"), Student(EVIL, sis_id="S2")), True, "2026-11-02")),
        Mark(result("=bob", 12.5, review=True)),
        Mark(result("cleo", None)),
    ),
    (Student("Dan Oh", login="doh"),),
)  # fmt: skip


def test_the_csv_has_everybody_and_says_what_is_in_doubt():
    """A row a student, group or not; who handed in nothing; no points is an empty cell; nothing runs as a formula."""
    content = class_csv(CLASS).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(content)))
    assert [row["name"] for row in rows] == ["Lovelace, Ada", "'" + EVIL, "", "", "Dan Oh"]
    assert [row["submission"] for row in rows] == ["ada", "ada", "'=bob", "cleo", ""]
    assert [row["points"] for row in rows] == ["15", "15", "12.5", "", ""]
    assert [row["needs_review"] for row in rows] == ["false", "false", "true", "false", ""]
    assert rows[2]["uncertain_criteria"] == "write_up: proficient to exemplary"
    assert rows[4]["status"] == ABSENT
    assert not any(cell.startswith(("=", "+", "@")) for row in rows for cell in row.values())


def test_what_people_decided_is_said():
    """A level that a person set, with the reason, and that somebody has looked."""
    (row, *rest) = result("ada").criteria
    mark = Mark(replace(result("ada"), criteria=(replace(row, decided="ran it myself"), *rest), reviewed=True))
    (line,) = csv.DictReader(io.StringIO(class_csv(ClassMarks((mark,))).decode("utf-8-sig")))
    assert (line["set_by_person"], line["reviewed"]) == ("model: ran it myself", "true")


def test_the_workbook_keeps_text_as_text_and_numbers_as_numbers():
    """A name that begins like a formula is read back letter by letter, as text."""
    page = openpyxl.load_workbook(io.BytesIO(class_excel(CLASS))).active
    header = [cell.value for cell in page[1]]
    name, points = page[3][header.index("name")], page[4][header.index("points")]
    assert (name.value, name.data_type, name.quotePrefix) == (EVIL, "s", True)
    assert (points.value, points.data_type) == (12.5, "n")
    assert page[5][header.index("points")].value is None


def test_a_workbook_takes_characters_that_xml_has_none_for():
    """A student's file may be called anything."""
    odd = ClassMarks((Mark(replace(result("x"), review_reasons=("bell\x07 rings",))),))
    assert "bell rings" in [cell.value for cell in openpyxl.load_workbook(io.BytesIO(class_excel(odd))).active[2]]


def test_json_holds_all_of_it():
    """Levels with their range, whose it is, and the absent."""
    document = json.loads(class_json(CLASS))
    ada, bob, cleo = document["submissions"]
    assert ada["students"][0]["sis_id"] == "S1"
    assert (bob["criteria"][4]["low"], bob["criteria"][4]["high"], bob["needs_review"]) == (
        "proficient",
        "exemplary",
        True,
    )
    assert cleo["points"] is None
    assert document["not_handed_in"][0]["login"] == "doh"


def test_nbgrader_s_columns_in_nbgrader_s_order():
    """Names in two columns, no zero where nothing was judged."""
    rows = list(csv.reader(io.StringIO(nbgrader_csv(CLASS, "ps1").decode())))
    assert tuple(rows[0]) == (*NBGRADER, "needs_review")
    assert rows[1] == [
        "ps1",
        "",
        "2026-11-02",
        "S1",
        "Lovelace",
        "Ada",
        "ada@x.org",
        "15.0",
        "0.0",
        "15.0",
        "20.0",
        "false",
    ]
    assert rows[4][7:10] == ["", "", ""]
    assert rows[5][3:6] == ["doh", "Oh", "Dan"]


@pytest.mark.parametrize("write", [class_csv, class_json, class_excel])
def test_the_same_class_gives_the_same_table(write):
    """Nothing but the class is in it (a workbook also has the time it was made)."""
    if write is not class_excel:
        assert write(CLASS) == write(CLASS)
    assert len(write(CLASS)) > 100
