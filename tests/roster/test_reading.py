"""Class lists as instructors write them, and as course systems export them."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.errors import SheetError
from grader.model import HandIn, Student
from grader.roster import load_roster


def roster(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "roster.csv"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("submission,name,email,sis_id\np1,Ada L,a@x,S1\n", Student("Ada L", "a@x", "S1")),
        (
            'Student,ID,SIS User ID,SIS Login ID,Section\n    Points Possible,,,,\n"L, Ada",7,S1,ada,A\n',
            Student("L, Ada", "", "S1", "ada", "7"),
        ),
        ("First Name,Last Name,SID,Email\nAda,L,S1,a@x\n", Student("L, Ada", "a@x", "S1")),
        ("id,last_name,first_name,email\np1,L,Ada,a@x\n", Student("L, Ada", "a@x")),
        ("Nombre;Apellido(s);Número de ID;Dirección de correo\nAda;L;S1;a@x\n", Student("L, Ada", "a@x", "S1")),
        ("name,moodle_id\nAda L,Participant 42\n", Student("Ada L", moodle_id="42")),
    ],
)
def test_lists_of_every_system_are_read(tmp_path: Path, text: str, expected: Student):
    """Canvas, Gradescope, nbgrader, Moodle in Spanish, and one's own."""
    assert load_roster(roster(tmp_path, text)).students == (expected,)


def test_a_list_without_known_columns_is_refused(tmp_path: Path):
    """The sentence says which columns would do."""
    with pytest.raises(SheetError, match=r"submission, name, email.*its first line reads: colour"):
        load_roster(roster(tmp_path, "colour,size\nred,2\n"))


def test_a_roster_completes_what_downloads_say(tmp_path: Path):
    """By the submission named, by number, by name; who handed in nothing, and who isn't in the list, is told."""
    listed = load_roster(
        roster(
            tmp_path,
            "submission,name,email,canvas_id\nwork7,Ada Lovelace,ada@x,\n,Bob Ross,bob@x,12345\n,Cleo Ng,cleo@x,\n,Dan Oh,dan@x,\n",
        )
    )
    hand_ins = {
        "work7": HandIn(),
        "rossbob_12345": HandIn("canvas", (Student("rossbob", canvas_id="12345"),)),
        "Cleo Ng": HandIn(),
        "zed": HandIn(),
    }
    found = listed.completed(hand_ins)
    assert {name: [one.email for one in item.students] for name, item in found.hand_ins.items()} == {
        "work7": ["ada@x"],
        "rossbob_12345": ["bob@x"],
        "Cleo Ng": ["cleo@x"],
        "zed": [],
    }
    assert found.hand_ins["rossbob_12345"].students[0].name == "Bob Ross"
    assert [student.name for student in found.missing] == ["Dan Oh"]
    assert [item.submission for item in found.left] == ["zed"]


def test_a_group_is_several_rows_of_one_submission(tmp_path: Path):
    """Canvas's download names one of a group; the roster says who the others are."""
    text = "submission,name,canvas_id\nteam_501,Ada Lovelace,501\nteam_501,Bob Ross,502\n"
    hand_ins = {"team_501": HandIn("canvas", (Student("team", canvas_id="501"),))}
    found = load_roster(roster(tmp_path, text)).completed(hand_ins)
    assert [(one.name, one.canvas_id) for one in found.hand_ins["team_501"].students] == [
        ("Ada Lovelace", "501"),
        ("Bob Ross", "502"),
    ]
    assert found.missing == ()


@pytest.mark.parametrize(
    ("row", "handed_in", "expected"),
    [
        ("Bob Ross,,", Student("lovelaceada", canvas_id="501"), Student("Bob Ross")),
        (
            "Ada Lovelace,,S2",
            Student("lovelaceada", canvas_id="501", sis_id="S1"),
            Student("Ada Lovelace", sis_id="S2"),
        ),
        ("Bob Ross,bob@x,", Student(email="ada@x", moodle_id="9"), Student("Bob Ross", "bob@x")),
        ("Ada Lovelace,,", Student("lovelaceada", canvas_id="501"), Student("Ada Lovelace", canvas_id="501")),
        ("Ada King,ada@x,", Student("Lovelace", "ada@x", canvas_id="5"), Student("Ada King", "ada@x", canvas_id="5")),
        ("Ada Lovelace,ada@x,", Student("Ada Lovelace", "ada@y", "S1"), Student("Ada Lovelace", "ada@x", "S1")),
        ("Ada Lovelace,,", Student(canvas_id="501"), Student("Ada Lovelace", canvas_id="501")),
    ],
)
def test_a_row_takes_no_ids_of_another_person(tmp_path: Path, row: str, handed_in: Student, expected: Student):
    """A roster may give work to somebody else than the download: with the download's ids the other would be marked."""
    listed = load_roster(roster(tmp_path, f"submission,name,email,sis_id\nwork7,{row}\n"))
    found = listed.completed({"work7": HandIn("canvas", (handed_in,))})
    assert found.hand_ins["work7"].students == (expected,)
