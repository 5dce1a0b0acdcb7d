"""Evidence and grades survive the way to a file and back."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reports.example_class import rich_evidence, rich_grade

from grader import storage
from grader.errors import ResultsError
from grader.model import (
    EVIDENCE_VERSION,
    CellFacts,
    CodeFacts,
    Evidence,
    Finding,
    Grade,
    Judgement,
    MetricCall,
    ProseFacts,
    RunFacts,
    TrainingRun,
)

SMALL = Evidence(
    EVIDENCE_VERSION, "alice", "project.ipynb", "ab" * 32, RunFacts("ok", "bubblewrap"), (), CodeFacts(), ProseFacts()
)
DIVERGED = TrainingRun("t1", "m1", 4, "r1", None, 0.0, 3, 3, 32, (("loss", (1.5, math.inf, math.nan)),), (), True, True)


def comparable(value: object) -> object:
    """Return a value in which two NaNs are equal."""
    return json.loads(json.dumps(dataclasses.asdict(value)), parse_constant=lambda name: name)  # type: ignore[call-overload]


def grade(**changes: object) -> Grade:
    """Build a small grade."""
    judgement = Judgement(
        "evaluation", "Evaluation done right", "proficient", "developing", "proficient", True, 3.0, 4.0,
        ("The score is of held-out rows.",), "Look at wrong predictions.", ("evaluation.test_used_once",),
        "reported on a held-back test set", ("one scoring was not traced",),
    )  # fmt: skip
    finding = Finding("split.held_out_test", "pass", "verified", "Held out.", (4, 9), {"rows": 1000}, None, True, None)
    run = {"status": "ok", "isolation": "bubblewrap", "wall_s": 31.2, "failed_cell": None, "message": None}
    whole = Grade(
        "alice", "project.ipynb", "ab" * 32, run, "unit1", "cd" * 32, (judgement,), (finding,),
        {"test_score": {"stated": 0.91, "verified": 0.9087}}, 3.0, 4.0, ("look at cell 4",),
    )  # fmt: skip
    return dataclasses.replace(whole, **changes)


def test_evidence_comes_back_equal(tmp_path: Path) -> None:
    """Evidence with every part filled in is equal after the round trip, and gives the same bytes again."""
    path = tmp_path / "evidence.json"
    storage.write_evidence(path, rich_evidence())
    again = storage.read_evidence(path)
    assert again == rich_evidence()
    assert storage.evidence_json(again) == path.read_text(encoding="utf-8")


@settings(max_examples=60, deadline=None)
@given(
    source=st.text(alphabet=st.characters(exclude_categories=())),
    value=st.none() | st.floats(),
    matrix=st.lists(st.lists(st.floats(), max_size=3).map(tuple), max_size=3).map(tuple),
)
def test_any_text_and_any_number_come_back(
    tmp_path_factory: pytest.TempPathFactory, source: str, value: float | None, matrix: tuple[tuple[float, ...], ...]
) -> None:
    """Lone surrogates, control characters, NaN and infinities are stored as valid JSON and come back as they were."""
    evidence = dataclasses.replace(
        SMALL,
        cells=(CellFacts(0, "code", source),),
        metric_calls=(MetricCall("f", 0, 1, value=value, matrix=matrix),),
    )
    path = tmp_path_factory.mktemp("any") / "evidence.json"
    storage.write_evidence(path, evidence)
    json.loads(path.read_text(encoding="utf-8"), parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert comparable(storage.read_evidence(path)) == comparable(evidence)


def test_a_diverged_loss_is_no_missing_loss(tmp_path: Path) -> None:
    """Infinity and NaN in a history come back as such: checks run again on stored evidence see the same curve."""
    storage.write_evidence(tmp_path / "e.json", dataclasses.replace(SMALL, trainings=(DIVERGED,)))
    first, second, third = storage.read_evidence(tmp_path / "e.json").trainings[0].series("loss")
    assert (first, second) == (1.5, math.inf)
    assert math.isnan(third)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "broken"),
        ("{", "broken"),
        ("[1]", "no JSON object"),
        ("[" * 100_000, "broken"),
        ('{"version": 999}', "version 999"),
        ("{}", "version None"),
        (f'{{"version": {EVIDENCE_VERSION}, "submission": "a"}}', "broken"),
    ],
)
def test_broken_evidence_is_named(tmp_path: Path, content: str, said: str) -> None:
    """A truncated file, another version or missing fields raise ResultsError with the file and what to do."""
    path = tmp_path / "evidence.json"
    path.write_text(content)
    with pytest.raises(ResultsError, match=said) as caught:
        storage.read_evidence(path)
    assert str(path) in str(caught.value)
    assert "--rerun" in str(caught.value)


@pytest.mark.parametrize("wrong", [7, None, ["x"]])
def test_wrong_types_are_refused_rather_than_converted(tmp_path: Path, wrong: object) -> None:
    """A number where text belongs is a broken file: nothing is silently turned into something else."""
    plain = json.loads(storage.evidence_json(SMALL)) | {"submission": wrong}
    (tmp_path / "e.json").write_text(json.dumps(plain))
    with pytest.raises(ResultsError, match="submission"):
        storage.read_evidence(tmp_path / "e.json")


def test_missing_evidence_says_so(tmp_path: Path) -> None:
    """A file that is not there is named, with what to do."""
    with pytest.raises(ResultsError, match="grade the submission first"):
        storage.read_evidence(tmp_path / "nothing.json")


def test_grade_json_is_the_contract() -> None:
    """The document has the contract's keys in the contract's order, and follows the shipped schema."""
    document = json.loads(storage.grade_json(grade()))
    contract = [
        "schema",
        "submission",
        "notebook",
        "sha256",
        "run",
        "rubric",
        "criteria",
        "findings",
        "measured",
        "total",
    ]
    assert list(document)[: len(contract)] == contract
    assert document["criteria"]["evaluation"]["range"] == ["developing", "proficient"]
    assert document["total"] == {"points": 3.0, "max_points": 4.0}
    jsonschema.validate(document, json.loads(storage.GRADE_SCHEMA_FILE.read_text(encoding="utf-8")))


def test_grade_comes_back_equal(tmp_path: Path) -> None:
    """A grade read from its grade.json equals the one written, levels that are null included."""
    for written in (rich_grade(), grade(), grade(points=None, judgements=(dataclasses.replace(grade().judgements[0], level=None, low=None, high=None, points=None),))):  # fmt: skip
        storage.write_grade(tmp_path / "grade.json", written)
        assert storage.read_grade(tmp_path / "grade.json") == written


def test_grade_numbers_are_plain_json() -> None:
    """NaN becomes null, NumPy's numbers become plain ones, tuples lists, and keys of `measured` are sorted."""
    text = storage.grade_json(grade(measured={"z": math.nan, "a": np.float32(0.5), "m": (np.int64(3), np.bool_(True))}))
    assert '"a": 0.5' in text
    assert list(json.loads(text)["measured"].items()) == [("a", 0.5), ("m", [3, True]), ("z", None)]


def test_broken_grades_are_named(tmp_path: Path) -> None:
    """A grade of another schema or without its parts raises ResultsError."""
    for content in ('{"schema": 2}', '{"schema": 1}', "nonsense"):
        (tmp_path / "grade.json").write_text(content)
        with pytest.raises(ResultsError, match=r"grade\.json"):
            storage.read_grade(tmp_path / "grade.json")


def test_equal_evidence_gives_equal_bytes() -> None:
    """Two copies of the same evidence are written as the same bytes."""
    assert storage.evidence_json(rich_evidence()) == storage.evidence_json(rich_evidence())
