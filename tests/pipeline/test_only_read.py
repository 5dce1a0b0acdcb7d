"""A class of PDF exports through the real command: no kernel is started, and a template is left out afterwards."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.audit.test_pdf import TEXT, pdf_of

GRADER = str(Path(sys.executable).with_name("grader"))

pytestmark = pytest.mark.slow


def test_pdfs_are_graded_and_read_again_when_a_template_is_named(tmp_path: Path) -> None:
    """Levels of words come from the text; then the starter takes its sentences away, from stored evidence alone."""
    pytest.importorskip("pypdf", reason="a dependency of the grader: pip install pypdf")
    (tmp_path / "class").mkdir()
    for name, content in (("ada", pdf_of(TEXT)), ("bob", b"%PDF-1.4 cut off")):
        (tmp_path / "class" / f"{name}.pdf").write_bytes(content)
    command = [GRADER, "grade", str(tmp_path / "class"), "--out", str(tmp_path / "out"), "--reference-budget", "0"]
    subprocess.run(command, check=True, timeout=600, capture_output=True)
    ada, bob = (json.loads((tmp_path / "out" / name / "grade.json").read_text()) for name in ("ada", "bob"))
    assert ada["run"]["status"] == "not_run"
    assert ada["needs_review"]
    assert outcome(ada, "understanding.layers") == "pass"
    assert ada["criteria"]["code_quality"]["range"] == ["emerging", "exemplary"]
    assert {item["level"] for item in bob["criteria"].values()} == {None}
    assert "bob.pdf" in bob["run"]["message"]
    (tmp_path / "task.md").write_text(TEXT.partition("\nmodel")[0])
    subprocess.run([*command, "--starter", str(tmp_path / "task.md")], check=True, timeout=600, capture_output=True)
    again = json.loads((tmp_path / "out" / "ada" / "grade.json").read_text())
    assert outcome(again, "understanding.layers") == "fail"
    assert outcome(again, "write_up.score_stated") == "pass"


def outcome(grade: dict, check: str) -> str:
    """What a check found."""
    return next(item["outcome"] for item in grade["findings"] if item["check"] == check)
