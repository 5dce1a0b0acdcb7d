"""Rubric files: what an author may write, and every mistake named by its path."""

from __future__ import annotations

import json

import jsonschema
import pytest
import yaml

from grader.checks import CHECKS
from grader.errors import RubricError
from grader.model import LEVELS, Requirement
from grader.resources import shipped
from grader.rubrics import list_rubrics, load_rubric

SMALL = """
schema: 1
id: small
title: Small
criteria:
  - id: model
    title: Model
    weight: 2
    points: {emerging: 0, developing: 5, proficient: 8, exemplary: 10}
    levels:
      emerging: {descriptor: none}
      developing:
        descriptor: some
        requires: [model.trains]
      proficient:
        descriptor: much
        requires:
          - any: [model.learns, model.cnn_for_images]
          - {at_least: 2, of: [code.clean, code.seeded, code.commented]}
      exemplary: {descriptor: all}
advice: [data.examples_shown]
thresholds:
  model.learns.significance: 0.001
"""


def write(tmp_path, text):
    path = tmp_path / "rubric.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def mistakes(tmp_path, text):
    with pytest.raises(RubricError) as caught:
        load_rubric(write(tmp_path, text))
    return caught.value.mistakes


def test_a_rubric_is_read_as_written(tmp_path):
    """Points, weight, alternatives and thresholds arrive; the hash is of the file's bytes."""
    rubric = load_rubric(write(tmp_path, SMALL))
    (criterion,) = rubric.criteria
    assert [rule.level for rule in criterion.levels] == list(LEVELS)
    assert criterion.levels[2].requires == (
        Requirement(("model.learns", "model.cnn_for_images")),
        Requirement(("code.clean", "code.seeded", "code.commented"), 2),
    )
    assert (criterion.points["exemplary"], criterion.weight) == (10, 2)
    assert rubric.thresholds == {"model.learns.significance": 0.001}
    assert len(rubric.sha256) == 64


def test_points_and_weight_may_be_left_out(tmp_path):
    """One to four points, weight one."""
    text = SMALL.replace("    weight: 2\n", "").replace(
        "    points: {emerging: 0, developing: 5, proficient: 8, exemplary: 10}\n", ""
    )
    criterion = load_rubric(write(tmp_path, text)).criteria[0]
    assert [criterion.points[level] for level in LEVELS] == [1, 2, 3, 4]
    assert criterion.weight == 1


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("[model.trains]", "[model.trainz]", "$.criteria[0].levels.developing.requires[0]: unknown check 'model.trainz'; did you mean 'model.trains'?"),
        ("any: [model.learns, ", "any: [model.learnz, ", "$.criteria[0].levels.proficient.requires[0].any[0]: unknown check 'model.learnz'; did you mean 'model.learns'?"),
        ("at_least: 2", "at_least: 4", "$.criteria[0].levels.proficient.requires[1].at_least: 4 can't be met, only 3 checks are listed"),
        ("at_least: 2", "at_least: two", "$.criteria[0].levels.proficient.requires[1].at_least: expected integer, found 'two'"),
        ("code.seeded, code.commented", "code.clean, code.commented", "$.criteria[0].levels.proficient.requires[1].of[1]: 'code.clean' stands here twice"),
        ("any: [", "some: [", "$.criteria[0].levels.proficient.requires[0]: expected a check's id, `any: [...]`, or `at_least` with `of: [...]`; found {'some': ['model.learns', 'model.cnn_for_images']}"),
        ("emerging: {descriptor: none}", "emerging: {descriptor: none, requires: [model.trains]}", "$.criteria[0].levels.emerging.requires: emerging is where everybody starts; move these to developing"),
        ("      exemplary: {descriptor: all}\n", "", "$.criteria[0].levels: exemplary is missing"),
        ("exemplary: {descriptor: all}", "exemplary: {}", "$.criteria[0].levels.exemplary: descriptor is missing"),
        ("exemplary: {descriptor: all}", "exemplary: all", "$.criteria[0].levels.exemplary: expected a mapping, found 'all'"),
        ("    weight: 2", "    wieght: 2", "$.criteria[0]: unknown key 'wieght'; did you mean 'weight'?"),
        ("    weight: 2", "    weight: heavy", "$.criteria[0].weight: expected a number, found 'heavy'"),
        ("proficient: 8", "proficient: 3", "$.criteria[0].points.proficient: 3 is less than the 5 of developing"),
        ("schema: 1", "schema: 7", "$.schema: expected 1, found 7"),
        ("title: Small\n", "", "$: title is missing"),
        ("id: small", "id: 'a b'", "$.id: 'a b' is not a name (letters, digits and _, beginning with a letter)"),
        ("[data.examples_shown]", "[data.examples]", "$.advice[0]: unknown check 'data.examples'; did you mean 'data.examples_shown'?"),
        ("significance: 0.001", "significanse: 0.001", "$.thresholds.model.learns.significanse: unknown threshold 'model.learns.significanse'; did you mean 'model.learns.significance'?"),
        ("significance: 0.001", "significance: small", "$.thresholds.model.learns.significance: expected a number, found 'small'"),
        ("title: Small", "title: Small\ntitle: Twice", "line 5, column 1: the key 'title' stands here twice"),
    ],
)  # fmt: skip
def test_each_mistake_is_named_by_its_path(tmp_path, old, new, expected):
    """One mistake, one sentence that says where it is and what was expected."""
    assert old in SMALL
    assert mistakes(tmp_path, SMALL.replace(old, new, 1)) == (expected,)


def test_all_mistakes_are_told_at_once(tmp_path):
    """An author mends the file in one go."""
    text = SMALL.replace("model.trains", "model.trainz").replace("title: Small\n", "").replace("weight: 2", "weight: x")
    found = mistakes(tmp_path, text)
    assert len(found) == 3
    assert all(text.startswith("$") for text in found)


def test_two_criteria_of_one_name(tmp_path):
    """Ids name columns: they must differ."""
    second = SMALL[SMALL.index("  - id: model") : SMALL.index("advice:")]
    assert mistakes(tmp_path, SMALL.replace("advice:", second + "advice:"))[0].startswith("$.criteria[1].id: 'model'")


@pytest.mark.parametrize("text", ["", "just words", "- a\n- b", "a: [1, 2", "\t- x", "id: !!python/object:os.system x"])
def test_what_is_no_rubric_is_refused(tmp_path, text):
    """Empty files, other YAML, broken YAML and tags that name Python objects: an error, nothing run."""
    assert mistakes(tmp_path, text)


def test_anchors_that_expand_without_end_are_refused(tmp_path):
    """Aliases turn a few lines into gigabytes; a rubric needs none."""
    bomb = 'a: &a ["x","x"]\nb: &b [*a,*a]\nc: [*b,*b]\n'
    assert "aliases" in mistakes(tmp_path, bomb)[0]


def test_deep_nesting_and_size_are_capped(tmp_path):
    """A file made to exhaust the reader is refused in a sentence."""
    assert mistakes(tmp_path, "a: " + "[" * 3000 + "]" * 3000)
    assert "larger than" in mistakes(tmp_path, "# x\n" * 300_000)[0]


def test_bytes_that_are_no_text(tmp_path):
    """A binary file is told from a rubric."""
    path = tmp_path / "rubric.yaml"
    path.write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(RubricError, match="UTF-8"):
        load_rubric(path)


def test_names_and_paths():
    """A shipped name is found, a misspelt one corrected, a missing file told."""
    assert "unit1" in list_rubrics()
    with pytest.raises(RubricError, match="did you mean 'unit1'"):
        load_rubric("unit11")
    with pytest.raises(RubricError, match="can't be read"):
        load_rubric("nowhere/rubric.yaml")


@pytest.mark.parametrize("name", list_rubrics())
def test_shipped_rubrics_are_without_mistakes(name):
    """Each loads, and is valid by the schema that is shipped for authors' editors."""
    rubric = load_rubric(name)
    assert rubric.id == name
    schema = json.loads((shipped("rubric") / "rubric.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    document = yaml.safe_load((shipped("rubric") / f"{name}.yaml").read_text("utf-8"))
    jsonschema.validate(document, schema)


def test_unit1_is_the_assignments_table():
    """Its criteria, its descriptors, one to four points; every check for any notebook is used or advice."""
    rubric = load_rubric("unit1")
    assert [item.id for item in rubric.criteria] == ["model", "evaluation", "understanding", "code_quality", "write_up"]
    assert rubric.criteria[1].levels[0].descriptor == "tested on training data, or no score at all."
    assert rubric.criteria[3].levels[3].descriptor == (
        "reproducible (seeded, and the score comes out again within tolerance), well structured, easy to follow."
    )
    used = {name for item in rubric.criteria for rule in item.levels for need in rule.requires for name in need.checks}
    assert used | set(rubric.advice) == {name for name, item in CHECKS.items() if not item.on_request}
    assert not used & set(rubric.advice)
