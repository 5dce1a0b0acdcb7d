"""What fails by the machine is tried once more on a fresh sandbox, then left to a person: never a low level."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
from reports.example_class import rich_evidence

from grader.checks import run_checks
from grader.errors import InfrastructureError, SandboxError, VerificationError
from grader.execution import RunSettings, run, run_submission
from grader.judge import grade as judge_grade
from grader.model import Cell, Run, Submission
from grader.retrying import again_if_failed, run_again_if_failed
from grader.rubrics import load_rubric
from grader.sandbox import Limits, try_tier

from .classroom import QUICK, family, grader, start, started_runs, write_notebook

FAILED = Run("infrastructure_failure", "none", 1.0, message="the runner died")


# ---------------------------------------------------------------- the rule
def test_one_failure_is_not_told() -> None:
    """A run that works at the second try is like any other: the same grade, byte for byte."""
    runs = iter([FAILED, Run("ok", "none", 2.0)])
    assert run_again_if_failed(lambda: next(runs)) == Run("ok", "none", 2.0)


def test_two_failures_are_both_told() -> None:
    """Whoever looks at it reads that it was tried twice, and why it failed each time; there is no third try."""
    runs = iter([FAILED, replace(FAILED, message="no room for a box")])
    failed = run_again_if_failed(lambda: next(runs))
    assert failed.message == "tried twice; first the runner died; then no room for a box"
    assert list(runs) == []


@pytest.mark.parametrize("status", ["error", "timeout", "kernel_died", "out_of_memory", "disk_full"])
def test_what_the_notebook_did_is_not_tried_again(status: Any) -> None:
    """A timeout of the student's costs its time once."""
    runs = iter([Run(status, "none", 1.0)])
    assert run_again_if_failed(lambda: next(runs)).status == status


@pytest.mark.parametrize("fault", [SandboxError("no box"), VerificationError("no box"), OSError(11, "no box")])
def test_a_recomputation_is_tried_twice(fault: Exception) -> None:
    """The first failure is forgotten when the second try works; two failures raise one error with both reasons."""
    attempts: list[int] = []

    def fails(times: int) -> str:
        attempts.append(1)
        if len(attempts) <= times:
            raise fault
        return "recomputed"

    assert again_if_failed(lambda: fails(1), threading.Event()) == "recomputed"
    assert len(attempts) == 2
    attempts.clear()
    with pytest.raises(InfrastructureError, match=r"tried twice; both times .*no box"):
        again_if_failed(lambda: fails(9), threading.Event())
    assert len(attempts) == 2


def test_what_was_stopped_is_not_tried_again() -> None:
    """Ctrl-C ends it at once."""
    stop = threading.Event()
    attempts: list[int] = []

    def stopped() -> None:
        attempts.append(1)
        stop.set()
        raise SandboxError("stopped")

    with pytest.raises(SandboxError, match=r"^stopped$"):
        again_if_failed(stopped, stop)
    assert len(attempts) == 1


def test_scores_that_could_not_be_recomputed_want_a_person() -> None:
    """The run's claims are kept, nothing is verified, and the review says why."""
    evidence = replace(rich_evidence(), verified=(), verification_note="tried twice; both times no box")
    grade = judge_grade(
        evidence, rubric := load_rubric("unit1"), run_checks(evidence, rubric.thresholds, rubric.checks)
    )
    assert any("tried twice; both times no box" in reason for reason in grade.review_reasons)
    assert next(item for item in grade.findings if item.check == "evaluation.score_verified").outcome != "fail"
    assert all(item.level is not None for item in grade.judgements)


# ---------------------------------------------------------------- real runs
def runner_of(process: subprocess.Popen[str], besides: set[int]) -> psutil.Process:
    """Wait for a runner that has its box up, other than those known."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for child in family(process.pid):
            try:
                if child.pid not in besides and "grader.execution.runner" in child.cmdline() and child.children():
                    return child
            except psutil.Error:
                continue
        time.sleep(0.02)
    raise AssertionError("no runner came up")


def pull_the_plug(folder: Path, count: int, victim: str) -> tuple[dict[str, Any], str]:
    """Grade one slow notebook while that many of its runners, or of their boxes, are killed; its grade, what was told."""
    write_notebook(folder / "class" / "slow" / "work.ipynb", "import time; time.sleep(2)", "print('done')")
    process = start("grade", folder / "class", "--out", folder / "out", *QUICK)
    known: set[int] = set()
    for _ in range(count):
        runner = runner_of(process, known)
        known.add(runner.pid)
        (runner if victim == "runner" else runner.children()[0]).kill()
    _, stderr = process.communicate(timeout=120)
    assert process.returncode == (0 if count < 2 else 3), stderr
    return json.loads((folder / "out" / "slow" / "grade.json").read_text()), stderr


@pytest.mark.slow
@pytest.mark.parametrize("victim", ["runner", "box"])
def test_a_worker_that_is_killed_once_costs_nothing(tmp_path: Path, victim: str) -> None:
    """The notebook is run again in the same call, and judged: a box that ends from outside is no student's crash."""
    grade, stderr = pull_the_plug(tmp_path, 1, victim)
    assert grade["run"]["status"] == "ok"
    assert len(started_runs(stderr)) == 2


@pytest.mark.slow
def test_a_runner_that_is_killed_twice_leaves_no_level(tmp_path: Path) -> None:
    """Null levels, a review with both reasons, and the next call runs it again."""
    grade, stderr = pull_the_plug(tmp_path, 2, "runner")
    assert len(started_runs(stderr)) == 2
    assert grade["run"]["status"] == "infrastructure_failure"
    assert "tried twice" in grade["run"]["message"]
    assert "-9" in grade["run"]["message"]
    assert {item["level"] for item in grade["criteria"].values()} == {None}
    assert grade["total"]["points"] is None
    assert any("tried twice" in reason for reason in grade["review_reasons"])
    again = grader("grade", tmp_path / "class", "--out", tmp_path / "out", *QUICK)
    assert again.returncode == 0, again.stderr
    assert json.loads((tmp_path / "out" / "slow" / "grade.json").read_text())["run"]["status"] == "ok"


FORGED = """
from IPython import get_ipython
kernel = get_ipython().kernel
kernel.session.send(kernel.iopub_socket, 'stream', {'no': 'name'}, parent=kernel.get_parent())
import time; time.sleep(1)
"""


@pytest.mark.slow
def test_messages_that_can_not_be_understood_end_in_a_review(tmp_path: Path) -> None:
    """They are the notebook's doing: it is run once, what ran before is judged, and a person looks at the rest."""
    write_notebook(tmp_path / "class" / "forger.ipynb", "print('begin')", FORGED, "print('end')")
    write_notebook(tmp_path / "class" / "honest.ipynb", "print('honest')")
    result = grader("grade", tmp_path / "class", "--out", tmp_path / "out", *QUICK)
    assert result.returncode == 0, result.stderr
    assert sorted(started_runs(result.stderr)) == ["forger", "honest"]
    grade = json.loads((tmp_path / "out" / "forger" / "grade.json").read_text())
    assert grade["run"]["status"] == "kernel_died"
    assert "could not be understood" in grade["run"]["message"]
    assert grade["criteria"]["code_quality"]["level"] == "emerging"
    assert grade["criteria"]["code_quality"]["needs_review"]
    assert json.loads((tmp_path / "out" / "honest" / "grade.json").read_text())["run"]["status"] == "ok"


@pytest.mark.slow
def test_a_runner_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped dead, it answers nothing any more: it is killed when its time is over, and said so."""
    for name in ("STARTUP_S", "INTERRUPT_GRACE_S", "OVERTIME_S"):
        monkeypatch.setattr(run, name, 0.0)
    monkeypatch.setattr(run, "GOODBYE_S", 0.5)
    tier = next(tier for tier in ("bubblewrap", "landlock", "none") if try_tier(tier) is None)
    submission = Submission("a", Path("a.ipynb"), None, "0" * 64, "", (Cell(0, "code", "import time; time.sleep(60)"),))
    hung: list[int] = []

    def hang(_: object) -> None:
        me = psutil.Process()
        runner = next(child for child in me.children() if "grader.execution.runner" in child.cmdline())
        os.kill(runner.pid, signal.SIGSTOP)
        hung.append(runner.pid)

    failed = run_submission(submission, tmp_path / "run", RunSettings(tier, Limits(wall_s=6.0)), hang)
    assert failed.status == "infrastructure_failure"
    assert "did not end in time and was killed" in (failed.message or "")
    assert hung
    assert not psutil.pid_exists(hung[0])
