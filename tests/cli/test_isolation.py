"""`--isolation`: the tier that was asked for or none, and a student is told where none works."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest

from grader.cli import options
from grader.cli.check import unwalled_warning
from grader.errors import SandboxUnavailableError
from grader.sandbox import TierReport, exact_tier, try_tier

MAIN = "import sys; from grader.cli.main import main; sys.exit(main())"


def grader(*words: object, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", MAIN, *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | environment)


def test_a_tier_that_does_not_work_is_not_replaced_by_another(tmp_path, write_notebook):
    """Asked for bubblewrap where it isn't installed, nothing is run; the reason and the line that mends it are said."""
    if try_tier("landlock") is not None:
        pytest.skip("no Landlock here, and without bwrap there is none to fall back on")
    out = tmp_path / "out"
    done = grader(
        "grade", write_notebook("1"), "--out", out, "--isolation", "bubblewrap", PATH=str(tmp_path / "nothing")
    )
    assert done.returncode == 2
    assert "bubblewrap (bwrap) is not installed" in done.stderr
    assert "apt install bubblewrap" in done.stderr
    assert "Traceback" not in done.stderr
    assert not out.exists()


def test_two_wishes_that_contradict(tmp_path, write_notebook):
    """A named tier and no sandbox at all can't both be had."""
    done = grader("grade", write_notebook("1"), "--isolation", "landlock", "--unsafe-no-sandbox")
    assert done.returncode == 2
    assert "contradict" in done.stderr


def test_the_named_tier_says_why_it_is_not_the_best():
    """A weaker tier by name is reported as chosen, with its gaps."""
    if try_tier("landlock") is not None:
        pytest.skip("no Landlock here")
    report = exact_tier("landlock")
    assert report.tier == "landlock"
    assert report.gaps
    assert report.why_not_better == "landlock was asked for with --isolation"


def test_a_tier_by_name_is_tried(monkeypatch, tmp_path):
    """The words of the machine become a sentence with a remedy."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SandboxUnavailableError, match="not installed; to mend it: install it: apt"):
        options.require_tier("bubblewrap")


def test_a_student_is_told_that_nothing_isolates():
    """The warning says why, what that means, and the line that mends it."""
    said = unwalled_warning(TierReport("none", (), "bubblewrap: it is not installed", "apt install bubblewrap"))
    assert "your own rights" in said
    assert "it is not installed" in said
    assert "To mend it: apt install bubblewrap" in said


@pytest.mark.slow
@pytest.mark.parametrize("tier", ["bubblewrap", "landlock"])
def test_the_report_carries_tier_gaps_and_reason(tier, tmp_path, write_notebook):
    """grade.json and the page name the tier, what it doesn't cover, and why it is not a better one."""
    if try_tier(tier) is not None or shutil.which("bwrap") is None:
        pytest.skip(f"{tier} does not work here")
    out = tmp_path / "out"
    notebook = write_notebook("print(1)")
    done = grader("grade", notebook, "--out", out, "--isolation", tier, "--reference-budget", "0")
    assert done.returncode == 0, done.stderr
    (grade,) = out.glob("*/grade.json")
    run = json.loads(grade.read_text())["run"]
    report = exact_tier(tier)
    assert run["isolation"] == tier
    assert run["isolation_gaps"] == list(report.gaps)
    assert run["isolation_why_not_better"] == report.why_not_better
    assert run["isolation_remedy"] == report.remedy
    page = grade.with_name("report.html").read_text()
    assert tier in page
    if tier == "landlock":
        assert "asked for with --isolation" in page
        assert "command lines of" in page
