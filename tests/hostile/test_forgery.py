"""Nothing that a student's process prints, patches, sends or writes raises a level by itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from grader.model import LEVELS
from grader.storage import read_evidence

from . import forgeries_probe, forgeries_results, forgeries_training
from .forgeries import TWINS, Forgery, Work

pytestmark = pytest.mark.slow

GRADER = str(Path(sys.executable).with_name("grader"))

ALL = (*forgeries_probe.FORGERIES, *forgeries_results.FORGERIES, *forgeries_training.FORGERIES)

SAMPLE = frozenset(
    {
        "bad-signature",
        "closes-the-channel",
        "hides-errors",
        "noisy-test-rows",
        "one-class",
        "own-answers-as-labels",
        "patched-metrics",
        "puts-hooks-back",
        "rewrites-code",
        "right-answers-quietly",
        "sends-events",
        "skips-cells",
        "takes-hooks-out",
        "test-rows-by-child",
        "typed-matrix",
        "weights-assigned",
        "writes-events",
    }
)
"""One of each kind for every run of the tests; the rest are proofs."""

NOT_THEIRS = ("infrastructure_failure", "not_run")


@dataclass(frozen=True)
class Graded:
    """The output folder of a class."""

    folder: Path

    def grade(self, name: str) -> Mapping[str, Any]:
        """The grade.json of one submission."""
        document: Mapping[str, Any] = json.loads((self.folder / name / "grade.json").read_text("utf-8"))
        return document

    def levels(self, name: str) -> dict[str, str]:
        """The level of each criterion."""
        return {criterion: item["level"] for criterion, item in self.grade(name)["criteria"].items()}

    def finding(self, name: str, check: str) -> Mapping[str, Any]:
        """One finding."""
        return next(item for item in self.grade(name)["findings"] if item["check"] == check)

    def reviewed(self, name: str) -> bool:
        """Whether a person is asked to look."""
        return bool(self.grade(name)["needs_review"])


def grade_class(works: list[Work], folder: Path) -> Graded:
    """Grade the notebooks as one class, by the command."""
    for work in works:
        work.write(folder / "class" / work.name)
    command = [GRADER, "grade", str(folder / "class"), "--out", str(folder / "out"), "--reference-budget", "0"]
    command += ["--no-shared-text"]  # they are all of one hand
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    subprocess.run([*command, "--jobs", "2"], check=True, timeout=2400, env=environment, capture_output=True)
    return Graded(folder / "out")


def with_twins(forgeries: list[Forgery]) -> list[Work]:
    """The forgeries and the honest notebooks of the same work."""
    twins = {"honest", *(item.twin for item in forgeries)}
    return [*(item.work for item in forgeries), *(TWINS[name] for name in sorted(twins))]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Graded:
    """The sample and its honest twins, graded in one call."""
    return grade_class(
        with_twins([item for item in ALL if item.work.name in SAMPLE]), tmp_path_factory.mktemp("forged")
    )


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Graded:
    """All of them, graded in one call."""
    return grade_class(with_twins(list(ALL)), tmp_path_factory.mktemp("forged-all"))


def hold(graded: Graded, forgery: Forgery) -> None:
    """A forgery raises nothing, and what it is about does not pass."""
    name = forgery.work.name
    assert graded.grade(name)["run"]["status"] not in NOT_THEIRS
    forged, honest = graded.levels(name), graded.levels(forgery.twin)
    raised = {
        criterion: (honest[criterion], level)
        for criterion, level in forged.items()
        if LEVELS.index(level) > LEVELS.index(honest[criterion])
    }
    assert not raised, f"above the honest work: {raised}"
    for check in forgery.caught:
        finding = graded.finding(name, check)
        assert finding["outcome"] in {"fail", "unknown"}, finding["summary"]
        if finding["outcome"] == "unknown":
            assert finding["summary"]
            assert graded.reviewed(name) or not forgery.review, f"{check} is unknown, and nobody is asked"
    if forgery.review:
        assert graded.reviewed(name)


@pytest.mark.parametrize("forgery", [item for item in ALL if item.work.name in SAMPLE], ids=lambda item: item.work.name)
def test_a_forgery_raises_nothing(sample: Graded, forgery: Forgery) -> None:
    """No criterion is above what the honest work deserves, and the finding concerned is `fail`, or `unknown` with a
    reason and a review: never a plain pass."""
    hold(sample, forgery)


@pytest.mark.proof
@pytest.mark.parametrize("forgery", ALL, ids=lambda item: item.work.name)
def test_every_forgery_raises_nothing(everything: Graded, forgery: Forgery) -> None:
    """The same of all of them, graded as one class."""
    hold(everything, forgery)


def test_honest_twins_are_not_suspected(sample: Graded) -> None:
    """No honest notebook of the class has a gap in its record, foreign weights, near copies or picked rows."""
    graded = [name for name in TWINS if (sample.folder / name).is_dir()]
    assert "honest" in graded
    for name in graded:
        evidence = read_evidence(sample.folder / name / "evidence.json")
        final = evidence.scoring(evidence.final_scoring)
        assert evidence.run.watch_gaps == ()
        assert final is None or (final.unwatched, final.left_out) == ("", 0)
        assert sample.finding(name, "code.leaves_the_run_alone")["outcome"] == "pass"
    assert not sample.reviewed("honest")
    honest = read_evidence(sample.folder / "honest" / "evidence.json")
    assert honest.near_copies is not None
    assert honest.near_copies.near / honest.near_copies.sampled < 0.05
    assert [item.origin for item in honest.starts] == ["verified"]


def test_the_sample_is_of_the_catalogue() -> None:
    """Every name of the sample is a forgery, and there are at least sixteen."""
    names = {item.work.name for item in ALL}
    assert names >= SAMPLE
    assert len(names) == len(ALL)
    assert len(SAMPLE) >= 16
