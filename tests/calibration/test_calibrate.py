"""A rubric beside marks given by hand: agreement, who differs by what, and what would change whom."""

from __future__ import annotations

from dataclasses import replace

import pytest
from click.testing import CliRunner
from sklearn.metrics import cohen_kappa_score

from grader.calibration import calibrate
from grader.calibration.agreement import quadratic_kappa
from grader.calibration.changes import _moved
from grader.checks import run_checks
from grader.cli.main import cli
from grader.errors import MarksError
from grader.gradebook import Gradebook
from grader.judge import grade
from grader.model import EVIDENCE_VERSION, LEVELS, CodeFacts, Evidence, Passage, ProseFacts, Result, RunFacts
from grader.regrading import write_class, write_submission
from grader.rubrics import load_rubric

RUBRIC = """
schema: 1
id: short
title: Short
level_names: {proficient: Solid}
criteria:
  - id: write_up
    title: Write-up
    weight: 2
    levels:
      emerging: {descriptor: none}
      developing: {descriptor: some, requires: [write_up.present]}
      proficient: {descriptor: much, requires: [write_up.weakness_admitted]}
      exemplary: {descriptor: all, requires: [write_up.insight]}
  - id: words
    title: Words
    points: {emerging: 0, developing: 0, proficient: 1, exemplary: 2}
    levels:
      emerging: {descriptor: none}
      developing: {descriptor: some}
      proficient: {descriptor: much, requires: [understanding.terms_named]}
      exemplary: {descriptor: all, requires: [understanding.layers]}
"""
WORDS = {"ana": 40, "ben": 28, "cai": 29, "dee": 60}
"""How long each closing text is: the check asks for thirty."""


def evidence(name, **changes):
    weak = (Passage("weakness", "explained", "It confuses shirts with coats.", 3),) if name == "dee" else ()
    prose = ProseFacts("en", 90, WORDS.get(name, 0), (3,), passages=weak)
    plain = Evidence(EVIDENCE_VERSION, name, "p.ipynb", "0" * 64, RunFacts("ok", "bubblewrap"), (), CodeFacts(), prose)
    return replace(plain, **changes)


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """A class of five, one of whom the machine failed, graded and stored: calibrating changes nothing of it."""
    tmp_path = tmp_path_factory.mktemp("class")
    path, out = tmp_path / "short.yaml", tmp_path / "out"
    path.write_text(RUBRIC)
    rubric = load_rubric(path)
    lost = evidence("eve", run=RunFacts("infrastructure_failure", "none"))
    with Gradebook.open(out) as book:
        for item in (*map(evidence, WORDS), lost):
            result = grade(item, rubric, run_checks(item))
            book.record(Result.of_grade(result), "f", write_submission(out, rubric, item, result, b""))
        write_class(out, rubric, book.results())
    return path, out


def compared(graded, tmp_path, text):
    path, out = graded
    (tmp_path / "marks.csv").write_text(text, encoding="utf-8-sig")
    return calibrate(out, load_rubric(path), tmp_path / "marks.csv")


def test_agreement_is_counted_criterion_by_criterion(graded, tmp_path):
    """Exact share, kappa and table are of those that were marked and judged; an empty cell is no mark."""
    found = compared(graded, tmp_path, "id,write_up,words\nana,developing,\nben,developing,\ncai,emerging,\ndee,exemplary,proficient\neve,developing,\n")  # fmt: skip
    write_up, words = found.agreements
    assert (found.marked, found.graded, found.other_rubric) == (5, 5, False)
    assert sorted(write_up.pairs) == [("developing", "developing"), ("developing", "emerging"), ("emerging", "emerging"), ("exemplary", "proficient")]  # fmt: skip
    assert write_up.exact == 0.5
    assert write_up.kappa == pytest.approx(cohen_kappa_score([1, 1, 0, 3], [1, 0, 0, 2], labels=range(4), weights="quadratic"))  # fmt: skip
    assert write_up.table == ((1, 0, 0, 0), (1, 1, 0, 0), (0, 0, 0, 0), (0, 0, 1, 0))
    assert len(words.pairs) == 1


def test_a_difference_names_the_findings_behind_it(graded, tmp_path):
    """Lower than the mark: what stops it. Higher: what lifts it."""
    found = compared(graded, tmp_path, "id,write_up\nben,developing\ndee,developing\n")
    by_name = {item.submission: item for item in found.differences}
    assert [(item.check, item.outcome) for item in by_name["ben"].findings] == [("write_up.present", "fail")]
    assert [(item.check, item.outcome) for item in by_name["dee"].findings] == [("write_up.weakness_admitted", "pass")]
    assert by_name["dee"].by_grader == "proficient"


def test_what_would_change_whom_is_judged_anew(graded, tmp_path):
    """A threshold moved a little lifts the two just below it; only where they were marked does agreement change."""
    found = compared(graded, tmp_path, "id,write_up\nana,developing\nben,developing\ncai,emerging\n")
    by_words = {item.words: item for item in found.changes}
    halved = by_words["threshold write_up.present.words: 27 instead of 30"]
    assert [(move.submission, move.before, move.after) for move in halved.moves] == [("ben", "emerging", "developing"), ("cai", "emerging", "developing")]  # fmt: skip
    assert halved.effects[0].exact == (pytest.approx(2 / 3), pytest.approx(2 / 3))
    without = by_words["write_up: Solid without write_up.weakness_admitted"]
    assert [move.submission for move in without.moves] == ["ana"]
    assert without.effects[0].exact == (pytest.approx(2 / 3), pytest.approx(1 / 3))
    assert found.changes.index(halved) < found.changes.index(without)
    raised = by_words["threshold write_up.present.words: 45 instead of 30"]
    assert [(move.submission, move.after) for move in raised.moves] == [("ana", "emerging")]


def test_of_moves_that_do_the_same_the_smallest_is_told(graded, tmp_path):
    """Twenty-two words lift no more people than twenty-seven: it is not told a second time."""
    found = compared(graded, tmp_path, "id,write_up\nana,developing\n")
    words = [item.words for item in found.changes if "write_up.present.words" in item.words]
    lowered = [item for item in words if float(item.split(": ")[1].split()[0]) < 30]
    assert lowered == ["threshold write_up.present.words: 27 instead of 30"]


@pytest.mark.parametrize(
    ("value", "down", "up"), [(2, [1], [3, 4]), (0.99, [0.989, 0.9875], [0.991, 0.9925, 0.995]), (0, [-0.02, -0.05], [0.02, 0.05]), (0.02, [0.018, 0.015, 0.01], [0.022, 0.025, 0.03])]
)  # fmt: skip
def test_thresholds_are_moved_as_what_they_are(value, down, up):
    """Counts by ones, shares near one by what they lack, nought by a few hundredths."""
    assert _moved(value, -1)[: len(down)] == down
    assert _moved(value, 1)[: len(up)] == up
    assert all(item < 1 for item in _moved(0.99, 1))


def test_points_names_and_other_spreadsheets_are_understood(graded, tmp_path):
    """Points as reports show them, the course's own names, semicolons, titles, and the class's own grades.csv."""
    found = compared(graded, tmp_path, "id;Write-up;comment_points\nana;4;x\ndee;SOLID;\nben;2,0;\n")
    assert sorted(found.agreements[0].pairs) == [("developing", "developing"), ("emerging", "emerging"), ("proficient", "proficient")]  # fmt: skip
    own = compared(graded, tmp_path, (graded[1] / "grades.csv").read_text())
    assert [item.exact for item in own.agreements] == [1.0, 1.0]
    assert own.differences == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "line 1: there is no column 'id'; the first line names the columns"),
        ("id\nana\n", "line 1: there is no column of marks; name one after each criterion"),
        ("id,writeup\nana,emerging\n", "line 1: 'writeup' is no criterion of short (write_up, words); did you mean 'write_up'?"),
        ("id,write_up\nanna,emerging\n", "line 2: no submission 'anna' was graded here; did you mean 'ana'?"),
        ("id,write_up\nana,emerging\nana,developing\n", "line 3: 'ana' is marked in line 2 too"),
        ("id,write_up\nana,good\n", "line 2, write_up: 'good' is no level and no level's points (emerging 2, developing 4, Solid 6, exemplary 8)"),
        ("id,write_up\nana,5\n", "line 2, write_up: '5' is no level and no level's points (emerging 2, developing 4, Solid 6, exemplary 8)"),
        ("id,words\nana,0\n", "line 2, words: 0 points are emerging and developing; write the level's name"),
        ("id,write_up\nana,\n", "it holds no marks"),
        ("id,write_up,Write-up\nana,emerging,emerging\n", "line 1: a criterion has two columns"),
    ],
)  # fmt: skip
def test_mistakes_in_the_marks_are_named_by_their_line(graded, tmp_path, text, expected):
    """Unknown ids, criteria and levels, each with what can be given."""
    with pytest.raises(MarksError) as caught:
        compared(graded, tmp_path, text)
    assert caught.value.mistakes[0] == expected


def test_kappa_is_told_only_where_it_means_something():
    """Full agreement on two levels is one; one and the same level throughout says nothing; opposites are below nought."""
    assert quadratic_kappa([("emerging", "emerging"), ("exemplary", "exemplary")]) == 1
    assert quadratic_kappa([("proficient", "proficient")] * 5) is None
    assert quadratic_kappa([]) is None
    assert quadratic_kappa([("emerging", "exemplary"), ("exemplary", "emerging")]) == -1
    assert quadratic_kappa([(LEVELS[0], LEVELS[1])] * 3) == 0


def test_the_command_says_it_all(graded, tmp_path):
    """Agreement, table, differences and changes; a mistake is one sentence and status 2."""
    path, out = graded
    marks = tmp_path / "marks.csv"
    marks.write_text("id,write_up\nana,developing\nben,developing\ncai,developing\n")
    before = {item: item.read_bytes() for item in out.rglob("*.json")}
    said = CliRunner().invoke(cli, ["rubric", "calibrate", str(out), "--marks", str(marks), "--rubric", str(path)], env={"COLUMNS": "160"})  # fmt: skip
    assert said.exit_code == 0, said.output
    assert "3 of 5 submissions were marked by hand" in said.output
    assert "ben, write_up: developing by hand, emerging by the grader" in said.output
    assert "threshold write_up.present.words: 27 instead of 30" in said.output
    assert "equal 33% to 100%" in said.output
    assert {item: item.read_bytes() for item in out.rglob("*.json")} == before
    wrong = CliRunner().invoke(cli, ["rubric", "calibrate", str(tmp_path), "--marks", str(marks)])
    assert "holds no results" in str(wrong.exception)
