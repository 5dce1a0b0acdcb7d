"""Canvas's own gradebook export comes back as it was, but for the marks: nobody lost, nobody mismatched."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from exports.classroom import result, write_class
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.errors import ExportError
from grader.exports.canvas import canvas_rubric, fill_canvas
from grader.exports.marks import ClassMarks, Mark, read_marks
from grader.model import HandIn, Student
from grader.rubrics import load_rubric
from grader.sheets import Sheet

EXPORT = (
    "\ufeffStudent,ID,SIS User ID,SIS Login ID,Section,Notes,Quiz 1 (70),Project (71),Assignments Current Score,Current Score,Final Score\r\n"
    ",,,,,,,Manual Posting,,,\r\n"
    "    Points Possible,,,,,,10.00,100.00,(read only),(read only),(read only)\r\n"
    '"Gil, José",101,S101,jgil,"Sec, A","he said ""hi""",8.00,,80.00,80.00,40.00\r\n'
    '"Gil, Jose",102,S102,jgil2,"Sec, A",,EX,55.00,,,\r\n'
    '"Ng, Cleo",103,S103,cng,Sec B,=1+1,9.5,EX,,,\r\n'
    '"Óskarsdóttir, Þóra",104,S104,tho,Sec B,,,N/A,,,\r\n'
    '"Ross, Bob",105,,bross,Sec B,,,12.00,,,\r\n'
    '"Student, Test",999,,a1b2,Sec B,,,,,,\r\n'
)


def marks(*items: tuple[str, float | None, Student | None], review: frozenset[str] = frozenset()) -> ClassMarks:
    return ClassMarks(
        tuple(
            Mark(result(name, points, review=name in review), HandIn("canvas", (student,) if student else ()))
            for name, points, student in items
        )
    )


def fill(text: str, known: ClassMarks, column: str | None = "Project", unreviewed="hold", *, scale: bool = True):
    return fill_canvas(Sheet.of(text.encode()), known, column, unreviewed, scale=scale)


def test_only_the_marks_are_changed():
    """Mark, quotes, line ends, the hidden row, points possible, notes and totals stay byte for byte."""
    known = marks(
        ("giljosé_101", 15.0, Student("giljosé", canvas_id="101")),
        ("S105", 20.0, None),
        ("bross", 1.0, Student(login="BROSS")),
    )
    known = ClassMarks(known.marks[:1] + known.marks[2:])
    written = fill(EXPORT, known)
    expected = EXPORT.replace("8.00,,80.00", "8.00,75,80.00").replace(",12.00,", ",5,")
    assert written.content.decode() == expected
    assert (written.written, written.left) == (("giljosé_101", "bross"), ())
    assert "20 points here are 100 there" in written.notes[1]
    assert written.notes[2].startswith("no submission was matched with Gil, Jose; Ng, Cleo; ")


def test_a_mark_that_stood_there_is_overwritten_and_told():
    """Somebody may have entered it by hand; the same mark written otherwise is no other."""
    known = marks(("bross", 1.0, None), ("jgil2", 11.0, None), ("jgil", 15.0, None))
    (note,) = (note for note in fill(EXPORT, known).notes if "another mark" in note)
    assert note == "1 cell held another mark, which is overwritten: Ross, Bob"


def test_namesakes_but_for_an_accent_stay_apart():
    """By number each José gets his own; by a name alone that fits both, nobody does and it is listed."""
    both = marks(("a", 15.0, Student("giljose", canvas_id="102")), ("b", 10.0, Student("giljosé", canvas_id="101")))
    rows = list(csv.reader(io.StringIO(fill(EXPORT, both).content.decode())))
    assert [rows[3][7], rows[4][7]] == ["50", "75"]
    alone = fill(EXPORT, marks(("Jose Gil", 15.0, None)))
    assert alone.content.decode() == EXPORT
    assert [(item.submission, item.why) for item in alone.left] == [("Jose Gil", "its name fits 2 rows")]


def test_excused_unassigned_unjudged_and_unreviewed_are_left_and_listed():
    """Canvas's EX and N/A are somebody's decision; no points is no zero; a mark in doubt waits unless asked for."""
    known = marks(
        ("cng", 15.0, None), ("tho", 15.0, None), ("jgil2", None, None), ("bross", 15.0, None), ("zed", 9.0, None),
        review=frozenset({"bross"}),
    )  # fmt: skip
    written = fill(EXPORT, known)
    assert written.content.decode() == EXPORT
    why = {item.submission: item.why for item in written.left}
    assert why["cng"] == "is excused there"
    assert why["tho"].startswith("isn't assigned")
    assert why["jgil2"] == "has no points: the sandbox could not be started"
    assert why["bross"] == "waits for a person's look: what the write-up says could not be read"
    assert why["zed"] == "no row is this student's"
    assert ",75,,," in fill(EXPORT, known, unreviewed="include").content.decode().splitlines()[7]


def test_the_assignment_is_named_by_title_header_or_number():
    """Where there are several, one has to be named; totals and notes are no assignments."""
    known = marks(("bross", 10.0, None))
    for name in ("Project", "Project (71)", "71"):
        assert b",50,,," in fill(EXPORT, known, name).content
    assert b",10,12.00,,," in fill(EXPORT, known, "Quiz 1", scale=False).content
    for name in (None, "Notes", "Final Score", "Essay"):
        with pytest.raises(ExportError, match=r"Quiz 1 \(70\), Project \(71\)"):
            fill(EXPORT, known, name)


def test_first_and_last_names_in_columns_and_semicolons_with_decimal_commas():
    """As Canvas exports it for Europe, and with the option of separate names."""
    text = "LastName;FirstName;ID;SIS Login ID;Section;Projekt (7)\n    Points Possible;;;;;10,00\nGroß;Änne;1;ag;A;\nMüller;Jörg;2;jm;A;3,50\n"
    written = fill(text, marks(("Änne Groß", 15.0, None), ("Joerg", 10.0, Student("Jörg Müller"))), None)
    assert written.content.decode() == text.replace("ag;A;", "ag;A;7,5").replace("3,50", "5")


def test_a_translated_export_and_assignments_without_points():
    """Only headers stay English: totals are marked "(läs endast)"; where no points are possible, none are scaled."""
    text = (
        "Student,ID,SIS User ID,SIS Login ID,Section,Lab: git (24233),Essä (24234),Uppgifter Current Score,Final Score\n"
        '    Points Possible,,,,,"0,0",,(läs endast),(läs endast)\n"Åkesson, Björn",12345,b,bjorn@x.se,"Kurs, A",,,"0,0",\n'
    )
    for column, cells in (("Lab: git", ',"Kurs, A",15,,'), ("Essä", ',"Kurs, A",,15,')):
        written = fill(text, marks(("Björn Åkesson", 15.0, None)), column)
        assert cells in written.content.decode()
        assert len(written.notes) == 1


def test_what_is_no_gradebook_is_refused():
    """The sentence says where to get one."""
    for text in ("Name,Mark\nA,1\n", "Student,ID,Section,P (1)\nA,1,S,2\nB,2,S,2\n"):
        with pytest.raises(ExportError, match="Canvas"):
            fill(text, marks(("x", 1.0, None)))


NAMES = st.text(alphabet=st.sampled_from("aáAñ ,;\"'-Øß李\t"), min_size=1, max_size=8).filter(
    lambda text: any(letter.isalpha() for letter in text)
)


@settings(max_examples=150)
@given(
    st.lists(st.tuples(NAMES, st.one_of(st.none(), st.integers(0, 20))), min_size=1, max_size=8),
    st.randoms(use_true_random=False),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([",", ";"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    st.booleans(),
)
def test_any_class_in_any_order_gets_its_own_marks(people, random, end, separator, quoting, by_id):
    """Names with quotes, separators and accents, shuffled: each mark lands in its own row or is listed."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator=end, delimiter=separator, quoting=quoting)
    writer.writerow(["Student", "ID", "SIS Login ID", "Section", "P (5)", "Final Score"])
    writer.writerow(["    Points Possible", "", "", "", "20.00", "(read only)"])
    for number, (name, _) in enumerate(people):
        writer.writerow([name, 1000 + number, f"u{number}x", "A, B", "", "1"])
    order = list(enumerate(people))
    random.shuffle(order)
    known = marks(
        *(
            (
                f"work-{number}",
                None if points is None else float(points),
                Student(name, canvas_id=f"{1000 + number}" if by_id else ""),
            )
            for number, (name, points) in order
        )
    )
    written = fill(file.getvalue(), known, None)
    rows = list(csv.reader(io.StringIO(written.content.decode(), newline=""), delimiter=separator))
    before = list(csv.reader(io.StringIO(file.getvalue(), newline=""), delimiter=separator))
    assert [row[:4] + row[5:] for row in rows] == [row[:4] + row[5:] for row in before]
    for number, (name, points) in enumerate(people):
        cell = rows[2 + number][4]
        if cell:
            mine = [other for other, (title, _) in enumerate(people) if title == name]
            assert by_id or len(mine) == 1, "one of two namesakes was guessed"
            assert float(cell) == points
    assert {*written.written, *(item.submission for item in written.left)} == {mark.submission for mark in known.marks}
    if by_id:
        assert len(written.written) == sum(points is not None for _, points in people)


def test_marks_are_read_with_whose_they_are(tmp_path: Path):
    """What the download said at grading time is there at export time."""
    ada = Student("lovelaceada", canvas_id="101")
    out = write_class(tmp_path / "out", {result("lovelaceada_101"): HandIn("canvas", (ada,), late=True)})
    (mark,) = read_marks(out).marks
    assert (mark.hand_in.students, mark.hand_in.late, mark.result.points) == ((ada,), True, 15.0)


def test_the_rubric_is_a_file_that_canvas_imports():
    """One row a criterion, ratings from the best down, with the course's words and points."""
    rows = list(csv.reader(io.StringIO(canvas_rubric(load_rubric("unit1")).decode())))
    assert (
        rows[0]
        == ["Rubric Name", "Criteria Name", "Criteria Description", "Criteria Enable Range"]
        + ["Rating Name", "Rating Description", "Rating Points"] * 4
    )
    assert [row[1] for row in rows[1:]] == [item.title for item in load_rubric("unit1").criteria]
    assert rows[1][3:5] == ["false", "Exemplary"]
    assert [float(row) for row in rows[1][6::3]] == [4.0, 3.0, 2.0, 1.0]
