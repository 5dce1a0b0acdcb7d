"""Killed at any moment: nothing finished is lost, nothing is done twice, and what people decided stays.

Each trial draws a command, whom to kill and when from its seed, which is printed: `-k` with it repeats the trial. The
commands follow one another on one folder of results, so that each has to live with what the kill before it left.
"""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from grader.durable import READY, STAGED
from grader.gradebook import Gradebook
from grader.model import Tier
from grader.sandbox import try_tier

from .classroom import (
    QUICK,
    STUDENTS,
    Finished,
    assert_complete,
    assert_gone,
    assert_whole,
    decided,
    family,
    finished,
    grader,
    grades,
    runs,
    start,
    started_runs,
    write_class,
    write_notebook,
)

LEVELS = ("emerging", "developing", "proficient", "exemplary")
PATIENCE_S = 300.0
"""A worker that was killed while its kernel started is given up after two minutes."""

RUNNER = "grader.execution.runner"


@dataclass(slots=True)
class Trial:
    """One folder of results through many kills, and what the test itself knows to be true of it."""

    folder: Path
    expected: dict[str, bytes]
    duration_s: float
    overrides: dict[tuple[str, str], str] = field(default_factory=dict)
    audit: int = 0
    told: Counter[str] = field(default_factory=Counter)
    changed: bool = False
    """Whether other notebooks lie there now."""
    unsettled: bool = False
    """Whether results of other notebooks may be left."""

    @property
    def out(self) -> Path:
        return self.folder / "out"

    @property
    def submissions(self) -> Path:
        return self.folder / "class"

    # ------------------------------------------------------------ one kill
    def kill_once(self, seed: int) -> bool:
        """Start a command and kill it, or one of its workers; whether the kill found it alive."""
        draw = random.Random(seed)
        before = finished(self.out)
        command = self._command(draw, before)
        victim = draw.choice(("grader", "group", "worker") if command[0] == "grade" else ("grader", "group"))
        self._decide(draw)
        process = start(*command)
        moment = self._wait_for_the_moment(draw, process, before)
        if draw.random() < 0.3:
            self._decide(draw)  # a person at work beside the grader
        if process.poll() is not None:
            self._finish(process, command, before)
            return False
        print(f"seed {seed}: {self._name(command)}, {victim} after {moment}", flush=True)
        if victim == "worker":
            if killed := kill_a_worker(draw, process):
                self.told.update(("worker", self._name(command)))
            self._finish(process, command, before)
            return killed
        self.told.update((victim, self._name(command)))
        started = family(process.pid)
        if victim == "grader":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
        _, stderr = process.communicate(timeout=PATIENCE_S)
        assert_gone(started, self.out)
        self._check(command, stderr, before)
        return True

    def _name(self, command: tuple[str, ...]) -> str:
        return "rerun" if "--rerun" in command else "other notebooks" if self.changed else command[0]

    def _command(self, draw: random.Random, before: dict[str, Finished]) -> tuple[str, ...]:
        """Go on with an unfinished class; a finished one is judged again, run again, or has a notebook changed."""
        grade = ("grade", str(self.submissions), "--out", str(self.out), *QUICK)
        if self.unsettled:  # back again: the stored evidence may be of the other notebooks
            self.changed = False
            write_class(self.submissions)
            return grade
        if len(before) < len(STUDENTS):
            return grade
        action = draw.choice(("again", "regrade", "regrade", "rerun", "changed"))
        if action == "regrade":
            return ("regrade", str(self.out))
        if action == "rerun":
            return (*grade, "--rerun")
        if action == "changed":
            self.changed = self.unsettled = True
            for student in draw.sample(STUDENTS, 2):
                write_notebook(self.submissions / f"{student}.ipynb", "# Another work", "print('changed')")
        return grade

    def _wait_for_the_moment(
        self, draw: random.Random, process: subprocess.Popen[str], before: dict[str, Finished]
    ) -> str:
        """Wait for a random time over the whole duration, or until files are on their way to their places."""
        left = (len(STUDENTS) - len(before)) / len(STUDENTS) or draw.choice((0.15, 1.0))
        pause = draw.uniform(0, 0.6 + self.duration_s * left)
        writing = draw.random() < 0.35
        skip = draw.randrange(4)
        began = time.monotonic()
        while time.monotonic() - began < (PATIENCE_S if writing else pause) and process.poll() is None:
            if not writing:
                time.sleep(0.002)
            elif any((self.out / place / name).exists() for place in (".", *STUDENTS) for name in (STAGED, READY)):
                if not skip:
                    return "files began to be written"
                skip -= 1
        return f"{time.monotonic() - began:.3f} s"

    def _finish(self, process: subprocess.Popen[str], command: tuple[str, ...], before: dict[str, Finished]) -> None:
        _, stderr = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 0, stderr
        self._check(command, stderr, before)
        if not self.changed:
            self.unsettled = False
            assert_complete(self.out, self.expected)

    # ------------------------------------------------------------ what must hold
    def _check(self, command: tuple[str, ...], stderr: str, before: dict[str, Finished]) -> None:
        """Everything is whole; what was finished is untouched and was not run; every decision is there."""
        assert_whole(self.out)
        if self.out.exists() and self.overrides:
            overrides, audit = decided(self.out)
            assert {(row[0], row[1]): row[2] for row in overrides} == self.overrides
            assert len(audit) == self.audit
        if "--rerun" in command or self.changed:
            return
        assert not set(started_runs(stderr)) & {name for name in before if self._is_of_the_class(name, before)}
        after = finished(self.out)
        for name, old in before.items():
            if self._is_of_the_class(name, before):
                assert after[name] == old, name

    def _is_of_the_class(self, name: str, before: dict[str, Finished]) -> bool:
        """Whether this finished result is of the notebook that lies there now, not of its changed version."""
        return b'"changed' not in before[name].grade and self._same(name, before[name].grade)

    def _same(self, name: str, grade: bytes) -> bool:
        return f'"sha256": "{sha256_of(self.submissions / f"{name}.ipynb")}"'.encode() in grade

    def _decide(self, draw: random.Random) -> None:
        """Put a person's decision into the gradebook, as the review does, also while the grader is at work."""
        if not (self.out / "gradebook.db").is_file():
            return
        # Criteria that no rubric has: what is decided stays, and the files are those of the undisturbed class.
        student, criterion, level = draw.choice(STUDENTS), draw.choice(("effort", "style")), draw.choice(LEVELS)
        with Gradebook.open_existing(self.out) as book:
            book.override(student, criterion, level, author="ta", reason="seen")  # type: ignore[arg-type]
        self.overrides[student, criterion] = level
        self.audit += 1

    def finish(self) -> None:
        """Bring the class to its end undisturbed."""
        self.changed = False
        write_class(self.submissions)
        before = finished(self.out)
        command = ("grade", str(self.submissions), "--out", str(self.out), *QUICK)
        result = grader(*command)
        assert result.returncode == 0, result.stderr
        self._check(command, result.stderr, before)
        assert_complete(self.out, self.expected)


def sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def kill_a_worker(draw: random.Random, process: subprocess.Popen[str]) -> bool:
    """Kill one runner or one box as soon as there is one: whether there was, while the grader was at work."""
    while process.poll() is None:
        workers = [child for child in family(process.pid) if is_worker(child)]
        if workers and runs(victim := draw.choice(workers)):
            victim.kill()
            return True
        time.sleep(0.01)
    return False


def is_worker(process: psutil.Process) -> bool:
    """Whether this is a runner, or the outermost process of its box; not a box that only tries what works here."""
    try:
        words, parent = process.cmdline(), process.parent()
        if RUNNER in words:
            return True
        return bool(words) and words[0].endswith("bwrap") and parent is not None and RUNNER in parent.cmdline()
    except psutil.Error:
        return False


def begin(folder: Path) -> Trial:
    """Write the class, and grade it once undisturbed to know what must come out."""
    write_class(folder / "class")
    began = time.monotonic()
    result = grader("grade", folder / "class", "--out", folder / "undisturbed", *QUICK)
    duration_s = time.monotonic() - began
    assert result.returncode == 0, result.stderr
    return Trial(folder, grades(folder / "undisturbed"), duration_s)


def endure(trial: Trial, kills: int, first_seed: int) -> None:
    """Kill so many times, then let it finish."""
    done, seed = 0, first_seed
    while done < kills:
        done += trial.kill_once(seed)
        seed += 1
    trial.finish()
    print(f"{done} kills in {seed - first_seed} calls: {dict(trial.told)}, {trial.audit} decisions kept")


@pytest.mark.slow
@pytest.mark.parametrize("tier", ["bubblewrap", "landlock", "none"])
def test_nothing_outlives_a_killed_grader(tmp_path: Path, tier: Tier) -> None:
    """Runner, box, kernel and what the notebook started in the background are gone within three seconds."""
    if try_tier(tier) is not None:
        pytest.skip(f"the tier {tier} does not work here")
    behind = "import subprocess, time; subprocess.Popen(['sleep', '77'], start_new_session=True); time.sleep(60)"
    write_notebook(tmp_path / "class" / "a.ipynb", behind)
    isolation = ("--unsafe-no-sandbox",) if tier == "none" else ("--isolation", tier)
    process = start("grade", tmp_path / "class", "--out", tmp_path / "out", *QUICK, *isolation)
    started: list[psutil.Process] = []
    deadline = time.monotonic() + PATIENCE_S
    while not any(runs(one) and one.name() == "sleep" for one in started) and time.monotonic() < deadline:
        time.sleep(0.1)
        started = family(process.pid)
    process.kill()
    process.communicate(timeout=PATIENCE_S)
    assert len(started) >= 4
    assert_gone(started, tmp_path / "out")


@pytest.mark.slow
def test_a_check_survives_being_killed(tmp_path: Path) -> None:
    """A student whose check was killed, at three moments, has whole files, and the next check is as ever."""
    write_class(tmp_path / "class", ("s0",))
    command = ("check", tmp_path / "class" / "s0.ipynb", "--reference-budget", "0", "--out")
    began = time.monotonic()
    assert grader(*command, tmp_path / "undisturbed").returncode == 1
    duration_s = time.monotonic() - began
    out = tmp_path / "out"
    for share in (0.3, 0.8, 0.97):
        process = start(*command, out)
        time.sleep(share * duration_s)
        started = family(process.pid)
        process.kill()
        process.communicate(timeout=PATIENCE_S)
        assert_gone(started, out)
        assert_whole(out)
    assert grader(*command, out).returncode == 1
    assert_complete(out, grades(tmp_path / "undisturbed"))


@pytest.mark.slow
def test_a_class_survives_being_killed(tmp_path: Path) -> None:
    """Five kills at random moments: what is finished stays as it is, the rest is run, the grades are as ever."""
    endure(begin(tmp_path), kills=5, first_seed=random.randrange(10**6))


@pytest.mark.proof
@pytest.mark.parametrize("first_seed", [1_000, 2_000, 3_000, 4_000])
def test_a_class_survives_two_hundred_kills(tmp_path: Path, first_seed: int) -> None:
    """Fifty kills each, of the grader, its whole group, or one of its workers: nothing lost, nothing twice."""
    endure(begin(tmp_path), kills=50, first_seed=first_seed)
