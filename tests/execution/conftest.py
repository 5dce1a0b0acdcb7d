"""Running cells in each tier that works here, without TensorFlow: what runs is the point, not what it learns."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from grader.execution import RunSettings, run_submission
from grader.model import Cell, Run, Submission, Tier
from grader.sandbox import MIB, Limits, try_tier

SMALL = Limits(memory=512 * MIB, processes=32, scratch=32 * MIB, tmp=16 * MIB, wall_s=60.0, output=2 * MIB)


def submission_of(*sources: str, folder: Path | None = None, name: str = "alice") -> Submission:
    """A submission of these cells; sources that start with `md:` are markdown."""
    cells = tuple(
        Cell(index, "markdown" if source.startswith("md:") else "code", source.removeprefix("md:"))
        for index, source in enumerate(sources)
    )
    return Submission(name, Path("notebook.ipynb"), folder, "0" * 64, "", cells)


def require(tier: Tier) -> Tier:
    """The tier, or a skip that says why it doesn't work here."""
    complaint = try_tier(tier)
    if complaint is not None:
        pytest.skip(f"the tier {tier} does not work here: {complaint}")
    return tier


@pytest.fixture(params=["bubblewrap", "landlock", "none"])
def tier(request: pytest.FixtureRequest) -> Tier:
    """Each tier."""
    return require(request.param)


@pytest.fixture(scope="session")
def best_tier() -> Tier:
    """The best tier here, for claims that don't depend on it."""
    return next(tier for tier in ("bubblewrap", "landlock", "none") if try_tier(tier) is None)


RunCells = Callable[..., Run]


@pytest.fixture
def run_cells(tmp_path: Path) -> RunCells:
    """Run cells; keyword arguments go to the submission (`folder`), to RunSettings, or to run_submission."""

    def run(tier: Tier, *sources: str, folder: Path | None = None, limits: Limits = SMALL, **settings: Any) -> Run:
        out = tmp_path / "run"
        return run_submission(submission_of(*sources, folder=folder), out, RunSettings(tier, limits, **settings))

    return run


def text_of(run: Run, cell: int) -> str:
    """What a cell printed."""
    return "".join(output.text for item in run.cells if item.index == cell for output in item.outputs)
