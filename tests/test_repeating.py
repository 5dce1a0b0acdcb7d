"""A third run: made for those only whose level hangs on it, kept within the time limit, and read as what it is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest

sys.path.insert(0, str(Path(__file__).parent / "checks"))
from examples import GOOD, claiming, find, verified, without

from grader.execution import RunSettings
from grader.model import Repeat
from grader.repeating import repeat_of, with_repeat
from grader.rubrics import load_rubric
from grader.sandbox import Limits

RUBRIC = load_rubric("unit1")
SETTINGS = RunSettings("none", Limits(wall_s=100))
UNSAVED = claiming(GOOD, *(item for item in GOOD.prose.claims if item.where != "saved_output"))
"""The good notebook, handed in without outputs: whether its score comes out again is all that is open."""


class Again:
    """Runs again, and remembers with which settings."""

    def __init__(self, second):
        self.second = second
        self.settings = []

    def __call__(self, settings):
        self.settings.append(settings)
        return self.second


def test_a_level_that_hangs_on_it_gets_a_third_run():
    """All is there for the top level but a score to compare with: the notebook is run again, and that settles it."""
    again = Again(GOOD)
    settled = with_repeat(UNSAVED, RUBRIC, SETTINGS, again)
    assert settled.repeat == Repeat("ok", "accuracy", 0.89, "verified")
    found = find("code.reproducible", settled)
    assert (found.outcome, found.origin, found.measured["third"]) == ("pass", "verified", 0.89)


def test_another_score_the_third_time():
    """Two runs of ours that differ by more than chance: not reproducible, whatever was saved."""
    other = replace(GOOD, verified=(verified(accuracy=0.6),))
    settled = with_repeat(UNSAVED, RUBRIC, SETTINGS, Again(other))
    found = find("code.reproducible", settled)
    assert found.outcome == "fail"
    assert "89.00% and 60.00%" in found.summary


def test_a_saved_score_of_another_machine_is_not_held_against_two_equal_runs():
    """Saved on a GPU, run twice here with the same score: it comes out again."""
    claims = [replace(item, value=0.75) if item.where == "saved_output" else item for item in GOOD.prose.claims]
    moved = claiming(GOOD, *claims)
    assert find("code.reproducible", moved).outcome == "fail"
    assert find("code.reproducible", with_repeat(moved, RUBRIC, SETTINGS, Again(GOOD))).outcome == "pass"


@pytest.mark.parametrize(
    "evidence",
    [
        GOOD,  # saved and re-run agree already
        replace(UNSAVED, code=replace(GOOD.code, heading_count=0), cells=GOOD.cells[:8]),  # the top is out of reach
        replace(UNSAVED, run=replace(GOOD.run, status="error")),
        replace(UNSAVED, scorings=(), final_scoring=None, verified=()),
    ],
)
def test_nobody_else_is_run_again(evidence):
    """Where it decides nothing, nothing is run."""
    again = Again(GOOD)
    assert with_repeat(evidence, RUBRIC, SETTINGS, again) == evidence
    assert again.settings == []


def test_prose_does_not_bring_about_a_run():
    """What another criterion lacks is no matter: code quality still hangs on it."""
    again = Again(GOOD)
    with_repeat(without(UNSAVED, "insight", "trade_offs"), RUBRIC, SETTINGS, again)
    assert len(again.settings) == 1


def test_both_runs_stay_within_the_time_limit_of_one():
    """The third run may take what the second left; where that is too little, it is left out and said so."""
    again = Again(GOOD)
    with_repeat(replace(UNSAVED, run=replace(GOOD.run, wall_s=30.0)), RUBRIC, SETTINGS, again)
    assert [item.limits.wall_s for item in again.settings] == [70.0]
    late = with_repeat(replace(UNSAVED, run=replace(GOOD.run, wall_s=60.0)), RUBRIC, SETTINGS, again)
    assert len(again.settings) == 1
    found = find("code.reproducible", late)
    assert found.outcome == "unknown"
    assert "time limit" in found.summary


def test_a_third_run_that_fails_settles_nothing():
    """No score, no verdict: the reason is kept."""
    cut = replace(GOOD, run=replace(GOOD.run, status="timeout", message="Cell 6 was cut."))
    assert repeat_of(cut).note == "run once more, it did not come to its end: Cell 6 was cut."
    settled = with_repeat(UNSAVED, RUBRIC, SETTINGS, Again(cut))
    assert find("code.reproducible", settled).outcome == "unknown"


# ---------------------------------------------------------------- for real
ONLY_THE_SCORE = """
schema: 1
id: again
title: "Does the score come out again?"
criteria:
  - id: code_quality
    title: Code quality
    points: {emerging: 1, developing: 2, proficient: 3, exemplary: 4}
    levels:
      emerging: {descriptor: "fails"}
      developing: {descriptor: "runs", requires: [code.runs_top_to_bottom]}
      proficient: {descriptor: "learns", requires: [evaluation.score_shown]}
      exemplary: {descriptor: "reproducible", requires: [code.reproducible]}
"""
NOTEBOOK = """
import os
import numpy as np
import keras
keras.utils.set_random_seed(SEED)
rng = np.random.default_rng(SEED)
x = rng.normal(size=(400, 6)).astype("float32")
y = (x @ rng.normal(size=6) + rng.normal(scale=SPREAD, size=400) > 0).astype(int)
model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(1, activation="sigmoid")])
model.compile(optimizer=keras.optimizers.Adam(0.05), loss="binary_crossentropy", metrics=["accuracy"])
model.fit(x[:200], y[:200], epochs=EPOCHS, verbose=0)
print("Test accuracy:", model.evaluate(x[200:], y[200:], verbose=0)[1])
"""
FATE = "int.from_bytes(os.urandom(4), 'big')"


@pytest.mark.slow
def test_third_runs_of_real_notebooks(tmp_path):
    """A seeded notebook without outputs comes out again; one that draws its data anew each time does not.

    Judging again runs nothing: the outcome is in the evidence. Switched off, it stays open.
    """
    steady = NOTEBOOK.replace("SEED", "3").replace("SPREAD", "0.5").replace("EPOCHS", "3")
    # Each time as many labels are chance as fate wills: the score lies anywhere between a half and all.
    drifting = NOTEBOOK.replace("SEED", FATE).replace("SPREAD", "10 ** rng.uniform(-2, 2)").replace("EPOCHS", "3")
    for name, source in (("steady", steady), ("drifting", drifting)):
        cells = [nbformat.v4.new_code_cell(source.strip())]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), _folder(tmp_path / "class" / name) / "project.ipynb")
    (tmp_path / "again.yaml").write_text(ONLY_THE_SCORE)
    _grade(tmp_path / "class", tmp_path / "out")
    grades = {name: json.loads((tmp_path / "out" / name / "grade.json").read_text()) for name in ("steady", "drifting")}
    assert grades["steady"]["criteria"]["code_quality"]["level"] == "exemplary"
    found = _reproducible(grades["drifting"])
    assert "third" in found["measured"]
    told = abs(found["measured"]["rerun"] - found["measured"]["third"]) <= found["measured"]["tolerance"]
    assert found["outcome"] == ("pass" if told else "fail")
    before = (tmp_path / "out" / "steady" / "evidence.json").read_bytes()
    _run("regrade", str(tmp_path / "out"), "--rubric", str(tmp_path / "again.yaml"))
    assert (tmp_path / "out" / "steady" / "evidence.json").read_bytes() == before
    _grade(tmp_path / "class" / "steady" / "project.ipynb", tmp_path / "off", "--no-third-run")
    off = json.loads(next((tmp_path / "off").glob("*/grade.json")).read_text())
    assert _reproducible(off)["outcome"] == "unknown"
    assert off["criteria"]["code_quality"]["range"] == ["proficient", "exemplary"]


def _folder(path):
    path.mkdir(parents=True)
    return path


def _grade(submissions, out, *more):
    rubric = str(out.parent / "again.yaml")
    _run("grade", str(submissions), "--out", str(out), "--rubric", rubric, "--reference-budget", "0", *more)


def _run(*arguments):
    command = [str(Path(sys.executable).with_name("grader")), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False, env=dict(os.environ))
    assert done.returncode == 0, done.stderr


def _reproducible(grade):
    return next(item for item in grade["findings"] if item["check"] == "code.reproducible")
