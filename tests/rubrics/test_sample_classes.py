"""Each course's sample class reaches the levels that its expected.yaml gives it, by the real command."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

GRADER = str(Path(sys.executable).with_name("grader"))
CLASSES = Path(__file__).parent
NEED_DATA = {"fashion_mnist": "keras"}
"""Rubrics whose samples load a real data set, and the folder it lies in."""


def levels(rubric: str, out: Path, submissions: Path, *options: str) -> dict[str, dict[str, str]]:
    """Grade a class by a rubric; return student -> criterion -> level."""
    command = [GRADER, "grade", str(submissions), "--rubric", rubric, "--out", str(out), "--no-third-run"]
    subprocess.run([*command, "--reference-budget", "1", *options], check=True, timeout=1800, capture_output=True)
    grades = {path.parent.name: json.loads(path.read_text()) for path in sorted(out.glob("*/grade.json"))}
    return {
        student: {name: item["level"] for name, item in grade["criteria"].items()} for student, grade in grades.items()
    }


@pytest.mark.proof
@pytest.mark.parametrize("rubric", sorted(path.parent.name for path in CLASSES.glob("*/expected.yaml")))
def test_levels_are_as_expected(rubric, tmp_path, request):
    """Every student's levels, judged from the run: low and high ones."""
    options = ()
    if rubric in NEED_DATA:
        options = ("--data", str(request.getfixturevalue("real_data") / NEED_DATA[rubric]))
    expected = yaml.safe_load((CLASSES / rubric / "expected.yaml").read_text())
    assert levels(rubric, tmp_path / "out", CLASSES / rubric, *options) == expected


@pytest.mark.slow
@pytest.mark.skipif(find_spec("torch") is None, reason="PyTorch is not installed")
def test_a_project_folder_is_graded_by_its_rubric(tmp_path):
    """One of them in every run of the suite: a script with its README, run as its command says, at the top levels."""
    shutil.copytree(CLASSES / "evidence_pack" / "ida", tmp_path / "class" / "ida")
    expected = yaml.safe_load((CLASSES / "evidence_pack" / "expected.yaml").read_text())
    assert levels("evidence_pack", tmp_path / "out", tmp_path / "class") == {"ida": expected["ida"]}


@pytest.mark.parametrize("rubric", sorted(path.parent.name for path in CLASSES.glob("*/expected.yaml")))
def test_samples_show_low_and_high_levels(rubric):
    """Each class holds levels from the two lower and the two upper ones."""
    expected = yaml.safe_load((CLASSES / rubric / "expected.yaml").read_text())
    shown = {level for student in expected.values() for level in student.values()}
    assert shown & {"emerging", "developing"}
    assert "exemplary" in shown
