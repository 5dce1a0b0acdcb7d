"""A course's own rubric: begun from a shipped one, with level names, points, weights and deliverables in order."""

from __future__ import annotations

from dataclasses import replace

import pytest
import yaml
from click.testing import CliRunner
from reports.example_class import class_results, rich_evidence, rich_grade
from test_judge import EVIDENCE, RUBRIC, findings

from grader.checks import CHECKS
from grader.checks.families import by_family
from grader.cli.main import cli
from grader.errors import RubricError
from grader.judge import grade
from grader.model import Deliverable, LevelRule, Requirement
from grader.reports import render_index, render_report
from grader.rubrics import list_rubrics, load_rubric
from grader.rubrics.beginning import Wishes, begin_rubric
from grader.rubrics.loading import read_rubric
from grader.rubrics.writing import rubric_yaml
from grader.storage import read_grade, write_grade

NAMES = {"emerging": "Not yet", "developing": "Partly", "proficient": "Meets", "exemplary": "Exceeds"}


def named(rubric):
    """The rubric with a course's own names for the levels."""
    criteria = tuple(
        replace(item, levels=tuple(replace(rule, name=NAMES[rule.level]) for rule in item.levels))
        for item in rubric.criteria
    )
    return replace(rubric, criteria=criteria)


def mistakes(text):
    with pytest.raises(RubricError) as caught:
        read_rubric(text.encode(), "mine.yaml")
    return caught.value.mistakes


@pytest.mark.parametrize("name", list_rubrics())
def test_a_written_rubric_reads_back_as_it_was(name):
    """Every shipped rubric survives being written: weights, points, alternatives, thresholds, deliverables, names."""
    rubric = named(load_rubric(name))
    rubric = replace(
        rubric,
        title='Unit "one": #1 \u2013 ñ',
        thresholds={"model.learns.significance": 1e-05, "write_up.present.words": 80.0},
        deliverables=(
            Deliverable("A: b", (Requirement(("task.stated",)), Requirement(("code.clean", "code.seeded")))),
        ),
    )
    assert replace(read_rubric(rubric_yaml(rubric).encode(), "mine.yaml"), sha256=rubric.sha256) == rubric


def test_every_check_in_it_stands_beside_its_meaning():
    """An instructor reads what is asked for without looking anything up."""
    lines = [line.strip() for line in rubric_yaml(load_rubric("unit1")).splitlines()]
    asked = [line for line in lines if line.startswith("- ") and line[2:].partition(" ")[0] in CHECKS]
    assert len(asked) > 50
    assert all(line.endswith(f"# {CHECKS[line[2:].partition(' ')[0]].title}") for line in asked)


def test_wishes_are_put_into_the_shipped_rubric():
    """Criteria chosen and ordered, weights, points, names; what a left-out criterion required becomes advice."""
    wishes = Wishes("mine", "Mine", ("write_up", "model"), {"model": 2.5}, {"model": "The network"}, {"exemplary": 10}, {"exemplary": "Exceeds"})  # fmt: skip
    rubric = read_rubric(begin_rubric(load_rubric("unit1"), wishes, "mine.yaml").encode(), "mine.yaml")
    assert [(item.id, item.title, item.weight) for item in rubric.criteria] == [("write_up", "Write-up", 1), ("model", "The network", 2.5)]  # fmt: skip
    assert rubric.criteria[0].points["exemplary"] == 10
    assert rubric.criteria[0].levels[3].title == "Exceeds"
    assert "split.held_out_test" in rubric.advice
    assert "model.learns" not in rubric.advice


def test_wishes_that_name_nothing_are_told():
    """Each with what it may have meant."""
    wishes = Wishes(weights={"modle": 2}, deliverables=(Deliverable("Score", (Requirement(("split.no_overlapp",)),)),))
    with pytest.raises(RubricError) as caught:
        begin_rubric(load_rubric("unit1"), wishes, "mine.yaml")
    assert "did you mean 'model'?" in caught.value.mistakes[0]
    assert "did you mean 'split.no_overlap'?" in caught.value.mistakes[1]


def test_rubric_new_writes_a_file_that_check_finds_fine(tmp_path):
    """By options or by answers; the file is never overwritten."""
    path, run = tmp_path / "my-course.yaml", CliRunner().invoke
    made = run(cli, ["rubric", "new", str(path), "--points", "0,5,8,10", "--weight", "model=2", "--level-names", "A,B,C,D", "--deliverable", "Curves=training.curves_shown"])  # fmt: skip
    assert made.exit_code == 0, made.output
    rubric = load_rubric(path)
    assert (rubric.id, rubric.criteria[0].weight, rubric.criteria[0].points["proficient"]) == ("my_course", 2, 8)
    assert rubric.deliverables == (Deliverable("Curves", (Requirement(("training.curves_shown",)),)),)
    assert run(cli, ["rubric", "check", str(path)]).exit_code == 0
    again = run(cli, ["rubric", "new", str(path)])
    assert "there already" in str(again.exception)
    answers = "Deep 101\nmodel,write_up\n3\n1\n0,1,2,3\nNo,Some,Yes,Wow\n"
    asked = run(cli, ["rubric", "new", str(tmp_path / "two.yaml"), "--ask"], input=answers)
    assert asked.exit_code == 0, asked.output
    rubric = load_rubric(tmp_path / "two.yaml")
    assert (rubric.title, rubric.criteria[0].weight, rubric.criteria[1].levels[3].name) == ("Deep 101", 3, "Wow")


@pytest.mark.parametrize(
    "arguments", [["--points", "1,2"], ["--points", "a,b,c,d"], ["--weight", "model"], ["--deliverable", "Curves"]]
)
def test_options_that_can_not_be_read_are_usage_errors(tmp_path, arguments):
    """One sentence that names the option, and no file."""
    made = CliRunner().invoke(cli, ["rubric", "new", str(tmp_path / "x.yaml"), *arguments])
    assert made.exit_code == 2
    assert arguments[0] in made.output
    assert not (tmp_path / "x.yaml").exists()


def test_mistakes_in_names_and_deliverables_are_named_by_their_path():
    """Two levels of one name, a level that is none, a check that is not there, a deliverable that asks for nothing."""
    plain = yaml.safe_load(rubric_yaml(load_rubric("unit1")))

    def of(**changes):
        return mistakes(yaml.safe_dump(plain | changes))

    assert of(level_names={"emerging": "Proficient"}) == ("$.level_names.proficient: emerging is called so too; levels are told apart by their names",)  # fmt: skip
    assert of(level_names={"expert": "X"}) == ("$.level_names: unknown key 'expert'",)
    assert of(deliverables=[{"title": "A", "requires": ["code.cleen"]}]) == ("$.deliverables[0].requires[0]: unknown check 'code.cleen'; did you mean 'code.clean'?",)  # fmt: skip
    assert of(deliverables=[{"title": "A", "requires": []}]) == ("$.deliverables[0].requires: must not be empty",)
    assert of(deliverables=[{"requires": ["code.clean"]}]) == ("$.deliverables[0]: title is missing",)


def test_deliverables_are_told_in_order_and_move_no_level(tmp_path):
    """There, missing, or not to be told; the levels are those of the rubric without them, and grade.json holds both."""
    wanted = tuple(Deliverable(name, (Requirement((name,)),)) for name in ("d.one", "a.one", "c.two", "z.not_run"))
    found = findings(a_one="fail", c_two="unknown")
    result = grade(EVIDENCE, replace(RUBRIC, deliverables=wanted), found)
    assert [(item.title, item.outcome) for item in result.deliverables] == [("d.one", "pass"), ("a.one", "fail"), ("c.two", "unknown"), ("z.not_run", "unknown")]  # fmt: skip
    assert result.judgements == grade(EVIDENCE, RUBRIC, found).judgements
    write_grade(tmp_path / "grade.json", result)
    assert read_grade(tmp_path / "grade.json").deliverables == result.deliverables


def test_reports_speak_of_levels_as_the_course_does():
    """The report, the class page and the reasons for a review use the course's names, and list what was asked for."""
    rubric = named(load_rubric("unit1"))
    own = replace(rich_grade(), deliverables=grade(EVIDENCE, replace(RUBRIC, deliverables=(Deliverable("The curves", (Requirement(("d.one",)),)),)), findings()).deliverables)  # fmt: skip
    page = render_report(own, rich_evidence(), rubric)
    assert "Exceeds" in page
    assert "To reach Meets" in page
    assert "The curves" in page
    assert ">Proficient<" not in page
    index = render_index(class_results(), rubric)
    assert "Not yet" in index
    assert ">Emerging<" not in index
    review = grade(EVIDENCE, named(RUBRIC), findings(d_one="unknown")).judgements[0].review_reasons[0]
    assert review.startswith("between Meets and Exceeds:")


def test_a_level_is_called_by_its_id_where_a_course_says_nothing():
    """The names of the policy are the default."""
    assert LevelRule("proficient", "x").title == "Proficient"


def test_checks_are_explained_by_family():
    """Every check is there once, with its meaning, where shipped rubrics ask for it, and its thresholds."""
    said = CliRunner().invoke(cli, ["rubric", "checks"]).output
    assert all(item.title in said and item.help in said for item in CHECKS.values())
    assert sorted(item.id for _, _, members in by_family() for item in members) == sorted(CHECKS)
    assert "asked for by unit1: evaluation, for proficient" in said
    assert "threshold model.learns.significance = 0.01" in said
    assert "model.learns" not in CliRunner().invoke(cli, ["rubric", "checks", "split."]).output
