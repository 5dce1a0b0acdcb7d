"""Nobody gets another's row: ids decide, names only where nobody else could be meant."""

from __future__ import annotations

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from grader.model import Student
from grader.roster import match

WORDS = st.sampled_from(
    [
        "Ana",
        "Añá",
        "José",
        "Jose",
        "Müller",
        "Muller",
        "Øystein",
        "Li",
        "Chen",
        "de",
        "la",
        "O'Neil",
        "Anna-Lena",
        "李",
        "明",
    ]
)
PEOPLE = st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=6)


def test_ids_decide_whatever_names_say():
    """A Canvas number finds its row though another row has the very name."""
    rows = [Student("Ada Lovelace", canvas_id="7"), Student("Lovelace, A.", canvas_id="8")]
    assert match({"x": [Student("Ada Lovelace", canvas_id="8")]}, rows).rows == {1: "x"}


def test_a_namesake_with_another_number_is_somebody_else():
    """Where the numbers differ, the same name is another person's."""
    found = match({"x": [Student("Ada Lovelace", canvas_id="9")]}, [Student("Ada Lovelace", canvas_id="7")])
    assert (found.rows, found.left[0].why) == ({}, "unmatched")


def test_a_submission_s_own_name_may_be_an_id():
    """Folders named by login, number or address find their rows; a short number is no number of Canvas's."""
    rows = [
        Student("A", sis_id="s100"),
        Student("B", login="bob"),
        Student("C", email="C@x.org"),
        Student("D", canvas_id="12"),
    ]
    assert match({"S100": (), "bob": (), "c@x.org": (), "12": ()}, rows).rows == {0: "S100", 1: "bob", 2: "c@x.org"}


def test_numbers_are_canvas_s_only_where_all_of_them_are():
    """A student number that happens to be somebody's number in Canvas finds nobody."""
    rows = [Student("A", canvas_id="5001"), Student("B", canvas_id="5002")]
    assert match({"5002": (), "5001": ()}, rows).rows == {1: "5002", 0: "5001"}
    assert match({"5002": (), "77001": ()}, rows).rows == {}


def test_names_are_known_in_either_order_with_and_without_accents():
    """As Canvas names files, as Moodle does, and as people do."""
    rows = [Student("Núñez de la Peña, María José"), Student("Åse Østergård"), Student("李明")]
    found = match({"nunezdelapenamariajose": (), "Ostergard Ase": (), "李明": ()}, rows)
    assert found.rows == {0: "nunezdelapenamariajose", 1: "Ostergard Ase", 2: "李明"}


def test_one_name_for_two_rows_matches_nobody():
    """Which of two namesakes it is, a person must say."""
    found = match({"Ada Lovelace": ()}, [Student("Lovelace, Ada"), Student("Ada Lovelace")])
    assert (found.rows, [item.why for item in found.left]) == ({}, ["ambiguous"])


def test_namesakes_but_for_an_accent_are_told_apart_only_together():
    """Jose and José both there: each his row. Only one of them: he may have dropped the accent."""
    rows = [Student("José Gil"), Student("Jose Gil")]
    assert match({"Jose Gil": (), "José Gil": ()}, rows).rows == {0: "José Gil", 1: "Jose Gil"}
    assert match({"Jose Gil": ()}, rows).rows == {}


def test_two_submissions_of_one_student_match_nobody():
    """Which of the two counts isn't for the grader to say; but an id has more right than a name."""
    rows = [Student("Ada Lovelace", email="ada@x.org")]
    twice = {"one": [Student(email="ada@x.org")], "two": [Student(email="ada@x.org")]}
    assert match(twice, rows).rows == {}
    by_name = {"one": [Student(email="ada@x.org")], "Ada Lovelace": ()}
    assert match(by_name, rows).rows == {0: "one"}


def test_everybody_of_a_group_gets_a_row():
    """A group's submission is the submission of each of its students."""
    group = {"g": [Student("A B", sis_id="1"), Student("C D", sis_id="2"), Student("E F", sis_id="9")]}
    found = match(group, [Student(sis_id="2"), Student(sis_id="1")])
    assert (dict(found.rows), [item.student.name for item in found.left]) == ({1: "g", 0: "g"}, ["E F"])


@given(PEOPLE, st.randoms(use_true_random=False), st.sampled_from(["NFC", "NFD"]))
def test_nobody_is_lost_and_nobody_mismatched(people, random, form):
    """Whatever a class is called: each gets the own row or is listed, in any order, form and spelling."""
    rows = [Student(f"{family}, {given}") for given, family in people]
    numbers = list(range(len(people)))
    random.shuffle(numbers)
    spelled = {
        f"{number}": [Student(unicodedata.normalize(form, f"{people[number][0]} {people[number][1]}"))]
        for number in numbers
    }
    found = match(spelled, rows)
    for row, submission in found.rows.items():
        assert rows[row] == rows[int(submission)], "another's row"
    assert {*found.rows.values(), *(item.submission for item in found.left)} == set(spelled)
    for item in found.left:  # only namesakes are left out
        assert item.why == "ambiguous"


@given(PEOPLE, st.randoms(use_true_random=False))
def test_ids_find_everybody_however_they_are_called(people, random):
    """With a number each, nobody is left, were they all called the same."""
    rows = [Student(f"{given} {family}", canvas_id=f"{1000 + number}") for number, (given, family) in enumerate(people)]
    order = list(range(len(rows)))
    random.shuffle(order)
    found = match({f"s{number}": [Student(canvas_id=f"{1000 + number}")] for number in order}, rows)
    assert (dict(found.rows), found.left) == ({number: f"s{number}" for number in order}, ())
