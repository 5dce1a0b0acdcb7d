"""Bad input: one clear sentence on stderr that says what to do, exit status 2, nothing half-written."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

GRADER = str(Path(sys.executable).with_name("grader"))


def grader(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the real command."""
    return subprocess.run(
        [GRADER, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=os.environ | environment,
    )


def assert_one_sentence(result: subprocess.CompletedProcess[str], *words: str) -> None:
    assert result.returncode == 2, result
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert result.stderr.startswith("grader: ")
    assert len(result.stderr.strip().splitlines()) == 1, result.stderr
    for word in words:
        assert word in result.stderr


def test_a_wrong_path_says_so(tmp_path):
    """The path is named, and nothing is written."""
    out = tmp_path / "out"
    assert_one_sentence(grader("grade", tmp_path / "nowhere", "--out", out), "nowhere", "does not exist")
    assert not out.exists()


def test_a_folder_without_notebooks_says_what_belongs_there(tmp_path):
    """An empty class folder is a mistake worth a sentence."""
    (tmp_path / "class").mkdir()
    assert_one_sentence(grader("grade", tmp_path / "class", "--out", tmp_path / "out"), "no notebook", ".ipynb")
    assert not (tmp_path / "out").exists()


def test_an_unknown_rubric_names_the_known_ones(tmp_path, write_notebook):
    """What can be given stands in the message."""
    result = grader("grade", write_notebook("1"), "--rubric", "unit9", "--out", tmp_path / "out")
    assert_one_sentence(result, "unit9", "unit1")
    assert not (tmp_path / "out").exists()


def test_a_missing_data_folder_says_how_it_should_look(tmp_path, write_notebook):
    """--data is checked before anything runs."""
    result = grader("grade", write_notebook("1"), "--data", tmp_path / "none", "--out", tmp_path / "out")
    assert_one_sentence(result, "--data", "~/.keras/datasets")
    assert not (tmp_path / "out").exists()


def test_a_folder_of_other_things_is_not_written_to(tmp_path, write_notebook):
    """--out never mixes results into somebody's folder."""
    other = tmp_path / "thesis"
    other.mkdir()
    (other / "thesis.tex").write_text("hello")
    result = grader("grade", write_notebook("1"), "--out", other)
    assert_one_sentence(result, "thesis", "empty folder")
    assert sorted(path.name for path in other.iterdir()) == ["thesis.tex"]


def test_a_rubric_with_mistakes_lists_each_by_its_path(tmp_path):
    """`rubric check` names every mistake at once."""
    rubric = tmp_path / "mine.yaml"
    rubric.write_text("id: mine\ntitle: Mine\ncriteria:\n  - id: a\n    title: A\n    levels: {emerging: {}}\n")
    result = grader("rubric", "check", rubric)
    assert result.returncode == 2
    assert "$.criteria[0].levels" in result.stderr
    assert "Traceback" not in result.stderr


def test_checking_what_is_no_notebook(tmp_path):
    """`check` wants a notebook."""
    (tmp_path / "essay.docx").write_text("x")
    assert_one_sentence(grader("check", tmp_path / "essay.docx"), "essay.docx", "ipynb")


def test_regrading_a_folder_without_results(tmp_path):
    """`regrade` wants the folder that `grade` wrote."""
    assert_one_sentence(grader("regrade", tmp_path), "no results")


def test_no_sandbox_is_refused_with_the_way_out(tmp_path, write_notebook, monkeypatch):
    """Where nothing isolates, other people's notebooks are not run."""
    import grader.sandbox
    from grader.cli.options import require_tier
    from grader.errors import SandboxUnavailableError

    report = grader.sandbox.TierReport(
        tier="none", gaps=(), why_not_better="bwrap is not installed", remedy="apt install it."
    )
    monkeypatch.setattr(grader.sandbox, "detect_tier", lambda: report)
    with pytest.raises(SandboxUnavailableError, match="--unsafe-no-sandbox"):
        require_tier("auto")


@pytest.mark.parametrize("jobs", ["0", "-1", "many"])
def test_a_wrong_number_of_jobs(tmp_path, write_notebook, jobs):
    """click's own complaint, status 2."""
    result = grader("grade", write_notebook("1"), "--jobs", jobs)
    assert result.returncode == 2
    assert "auto" in result.stderr


@pytest.mark.parametrize("budget", ["fast", "0", "-5", "nan", "inf"])
def test_a_budget_is_full_quick_or_seconds(tmp_path, write_notebook, budget):
    """What can be given stands in the message, and nothing is run."""
    result = grader("check", write_notebook("1"), "--budget", budget, "--out", tmp_path / "out")
    assert result.returncode == 2
    assert "full, quick, or a number of seconds" in result.stderr
    assert not (tmp_path / "out").exists()
