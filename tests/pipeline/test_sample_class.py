"""The sample class reaches the levels that submissions/expected.yaml gives it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from grader.resources import shipped

pytestmark = pytest.mark.slow

GRADER = str(Path(sys.executable).with_name("grader"))
EXPECTED = yaml.safe_load((shipped("submissions") / "expected.yaml").read_text())


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole sample class, graded once."""
    out = tmp_path_factory.mktemp("sample") / "graded"
    subprocess.run([GRADER, "grade", str(shipped("submissions")), "--out", str(out)], check=True, timeout=1500)
    return out


@pytest.mark.parametrize("student", sorted(EXPECTED))
def test_levels_are_as_expected(graded, student):
    """Each student's five levels, judged from the run."""
    criteria = json.loads((graded / student / "grade.json").read_text())["criteria"]
    assert {name: item["level"] for name, item in criteria.items()} == EXPECTED[student]


def test_the_class_holds_what_instructors_meet():
    """At least twelve students, and every level of every criterion that a run can show."""
    assert len(EXPECTED) >= 12
    for criterion in ("model", "evaluation", "understanding", "code_quality", "write_up"):
        assert {student[criterion] for student in EXPECTED.values()} >= {
            "emerging",
            "developing",
            "proficient",
            "exemplary",
        }
