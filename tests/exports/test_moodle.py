"""Moodle's grading worksheet, in whatever language: found by its structure, changed in nothing but marks and comments."""

from __future__ import annotations

import csv
import io

import pytest
from exports.classroom import result
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.errors import ExportError
from grader.exports.marks import ClassMarks, Mark
from grader.exports.moodle import fill_moodle, moodle_ids, read_worksheet
from grader.model import HandIn, Student
from grader.sheets import Sheet

ENGLISH = (
    'Identifier,"Full name","ID number","Email address",Status,Grade,"Maximum Grade","Grade can be changed","Last modified (submission)","Online text","Last modified (grade)","Feedback comments"\n'
    '"Participant 501","Ada Lovelace",S1,ada@x.org,"Submitted for grading",,100.00,Yes,"Monday, 2 November 2026, 10:00 AM",,-,\n'
    '"Participant 502","José Núñez",S2,jose@x.org,"No submission",40.00,100.00,Yes,-,,"Tuesday, 3 November 2026, 9:05 AM","Well, ""done"""\n'
    '"Participant 503","Ada Lovelace",S3,ada2@x.org,"Submitted for grading",,100.00,No,-,,-,\n'
)
GERMAN = (
    "ID;Vollständiger Name;Status;Bewertung;Höchste Bewertung;Status der Bewertung;Bewertung kann geändert werden;Zuletzt geändert (Abgabe);Zuletzt geändert (Bewertung);Feedback als Kommentar\r\n"
    "Teilnehmer/in501;Änne Groß;Zur Bewertung abgegeben;;10,00;Nicht bewertet;Ja;Montag, 2. November 2026, 10:00;-;\r\n"
    "Teilnehmer/in502;Jörg Müller;Keine Abgabe;-;10,00;Nicht bewertet;Ja;-;-;\r\n"
)
CHINESE_BLIND = (
    "编号,状态,成绩,最高分,允许更改成绩,最后修改(成绩)\n参与者501,已提交,,5.00,是,-\n参与者502,未提交,,5.00,是,-\n"
)


def marks(*items: tuple[str, float | None, Student | None]) -> ClassMarks:
    return ClassMarks(
        tuple(
            Mark(result(name, points), HandIn("moodle", (student,) if student else ()))
            for name, points, student in items
        )
    )


def fill(text: str, known: ClassMarks, *, comment=lambda mark: f"<p>{mark.submission}</p>", column=None):
    return fill_moodle(read_worksheet(Sheet.of(text.encode()), column), known, "hold", comment, scale=True)


def test_an_english_worksheet():
    """Times, status and a comment that a person wrote stay; namesakes are told apart by their numbers."""
    known = marks(
        ("x", 15.0, Student("Ada Lovelace", moodle_id="503")),
        ("y", 10.0, Student("Ada Lovelace", moodle_id="501")),
        ("S2", 5.0, None),
    )
    written = fill(ENGLISH, known)
    expected = (
        ENGLISH.replace('grading",,100.00,Yes', 'grading",50,100.00,Yes')
        .replace("40.00", "25")
        .replace('grading",,100.00,No', 'grading",75,100.00,No')
    )
    lines = expected.splitlines(keepends=True)
    lines[1], lines[3] = lines[1].replace(",-,\n", ",-,<p>y</p>\n"), lines[3].replace(",-,\n", ",-,<p>x</p>\n")
    # The one filled comment is quoted, and so are those put beside it.
    assert written.content.decode().replace('"<p>', "<p>").replace('</p>"', "</p>") == "".join(lines)
    assert written.left == ()


def test_what_stood_there_is_told():
    """A mark that is overwritten, and a comment that stays and may tell of it; none of our own written twice."""
    known = marks(("S1", 15.0, None), ("S2", 5.0, None))
    written = fill(ENGLISH, known)
    told = [note for note in written.notes if "José Núñez" in note]
    assert [note.split(" (")[0] for note in told] == [
        "1 cell held another mark, which is overwritten: José Núñez",
        "1 comment stays as it was",
    ]
    again = fill(written.content.decode(), marks(("S1", 15.0, None)))
    assert not any("Ada Lovelace" in note and "matched" not in note for note in again.notes)
    assert not any("stays as it was" in note for note in fill(ENGLISH, known, comment=None).notes)


def test_a_german_worksheet_with_decimal_commas_and_workflow():
    """Semicolons, an identifier without a space, two columns between the maximum and the times."""
    written = fill(GERMAN, marks(("Groß Änne", 15.0, None), ("zed", 3.0, None)))
    row = written.content.decode().splitlines()[1].split(";")
    assert (row[3], row[9]) == ("7,5", "<p>Groß Änne</p>")
    assert [item.submission for item in written.left] == ["zed"]
    assert written.content.decode().splitlines()[2] == GERMAN.splitlines()[2]


def test_a_blind_worksheet_in_chinese_without_comments():
    """No names, no feedback column: the numbers are enough, and the times' column gets no comment."""
    written = fill(CHINESE_BLIND, marks(("x", 20.0, Student(moodle_id="502"))))
    assert written.content.decode() == CHINESE_BLIND.replace("未提交,,", "未提交,5,")
    assert "no feedback comments" in " ".join(written.notes)


def test_an_unnamed_ada_is_left_out_where_there_are_two():
    """By name alone it could be either."""
    written = fill(ENGLISH, marks(("Ada Lovelace", 15.0, None)))
    assert written.content.decode() == ENGLISH
    assert written.left[0].why == "its name fits 2 rows"


def test_participants_of_another_assignment_are_somebody_else():
    """Moodle numbers them anew in each assignment: the same name with another number is not taken."""
    written = fill(ENGLISH, marks(("x", 15.0, Student("José Núñez", moodle_id="977"))))
    assert [item.why for item in written.left] == ["no row is this student's"]


def test_which_column_is_the_grade_s_can_be_said_and_is_asked_where_unclear():
    """Two columns of numbers up to one number: neither is taken unasked."""
    text = "Id,Name,Year,Cohort,Mark,Max,Open,Time,Words\nP 1,A B,,2026,,10,Y,-,\nP 2,C D,,2026,,10,Y,-,\n"
    with pytest.raises(ExportError, match="several columns"):
        fill(text, marks(("A B", 20.0, None)))
    assert "P 1,A B,,2026,10,10,Y" in fill(text, marks(("A B", 20.0, None)), column="Mark").content.decode()


def test_other_tables_and_scales_are_refused():
    """With where to get the right one, and what to change."""
    with pytest.raises(ExportError, match="Download grading worksheet"):
        fill("Name,Mark\nAda,1\n", marks(("x", 1.0, None)))
    scale = 'Id,Name,Status,Grade,Scale,Open,Time\nP 1,A,s,,"Poor, Good",Y,-\nP 2,B,s,,"Poor, Good",Y,-\n'
    with pytest.raises(ExportError, match="by points"):
        fill(scale, marks(("x", 1.0, None)))


def test_folders_for_feedback_come_from_the_worksheet():
    """Name and number of each participant whose work it is."""
    found = moodle_ids(read_worksheet(Sheet.of(ENGLISH.encode())), marks(("S2", 5.0, None), ("nobody", 1.0, None)))
    assert found == {"S2": (("José Núñez", "502"),)}


WORDS = st.text(alphabet=st.sampled_from("aäé ß李-'\",;"), min_size=1, max_size=7).filter(
    lambda text: any(letter.isalpha() for letter in text)
)


@settings(max_examples=150)
@given(
    st.lists(st.tuples(WORDS, st.integers(0, 20)), min_size=1, max_size=7),
    st.randoms(use_true_random=False),
    st.text(alphabet=st.sampled_from("Pärtié /"), min_size=1, max_size=8).filter(str.strip),
    st.lists(WORDS, min_size=9, max_size=9, unique=True),
    st.booleans(),
)
def test_any_language_any_order(people, random, word, headers, workflow):
    """Whatever headers, names and the word for participant are: everybody's mark lands in the own row."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow([*headers[:5], *(["state"] if workflow else []), *headers[5:]])
    for number, (name, _) in enumerate(people):
        writer.writerow(
            [f"{word}{40 + number}", name, "status", "", "20.00", *(["open"] if workflow else []), "yes", "-", "-", ""]
        )
    order = list(enumerate(people))
    random.shuffle(order)
    known = marks(
        *((f"w{number}", float(points), Student(name, moodle_id=f"{40 + number}")) for number, (name, points) in order)
    )
    written = fill(file.getvalue(), known)
    rows = list(csv.reader(io.StringIO(written.content.decode(), newline="")))[1:]
    assert written.left == ()
    assert [(float(row[3]), row[-1]) for row in rows] == [
        (float(points), f"<p>w{number}</p>") for number, (_, points) in enumerate(people)
    ]
