"""The tiers that work on this machine, and a way to run a piece of code in a box."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from grader.model import Tier
from grader.sandbox import MIB, Limits, ScriptResult, run_script, try_tier
from grader.sandbox.warm import Template

SMALL = Limits(memory=256 * MIB, processes=24, scratch=32 * MIB, tmp=16 * MIB, file=64 * MIB, wall_s=30.0, output=MIB)
"""Limits that a test reaches in a second."""


def require(tier: Tier) -> Tier:
    """The tier, or a skip that says why it doesn't work here."""
    complaint = try_tier(tier)
    if complaint is not None:
        pytest.skip(f"the tier {tier} does not work here: {complaint}")
    return tier


class Warm(str):
    """A tier whose boxes are entered by forks of a template, which must hold all that the tier holds."""

    __slots__ = ()


WARM: Any = Warm("bubblewrap")


@pytest.fixture(params=["bubblewrap", "landlock", pytest.param(WARM, id="warm")])
def walled(request: pytest.FixtureRequest) -> Tier:
    """Each tier that isolates."""
    return require(request.param)


@pytest.fixture(params=["bubblewrap", "landlock", "none", pytest.param(WARM, id="warm")])
def tier(request: pytest.FixtureRequest) -> Tier:
    """Each tier."""
    return require(request.param)


@pytest.fixture(scope="session")
def template() -> Iterator[Template]:
    """A template of little: `colorsys` is in memory in what comes of it."""
    made = Template(("colorsys", "matplotlib"), {}, threads=2)
    yield made
    made.close()


RunCode = Callable[..., ScriptResult]


@pytest.fixture
def run_code(tmp_path: Path, request: pytest.FixtureRequest) -> RunCode:
    """Run code in a fresh box; `ARGUMENTS` and `INPUTS` are there inside, and `answer(x)` prints JSON."""

    def run(
        tier: Tier,
        code: str,
        *,
        limits: Limits = SMALL,
        inputs: Mapping[str, Path] | None = None,
        **arguments: Any,
    ) -> ScriptResult:
        script = tmp_path / "script.py"
        head = (
            "import json, os, sys\n"
            "TOLD = json.loads(sys.argv[1])\n"
            "ARGUMENTS, INPUTS = TOLD['arguments'], TOLD['inputs']\n"
            "def answer(value): print(json.dumps(value), flush=True)\n"
            "def refused(call, *args):\n"
            "    try:\n"
            "        call(*args)\n"
            "    except OSError as error:\n"
            "        return type(error).__name__\n"
            "    return None\n"
        )
        script.write_text(head + textwrap.dedent(code))
        entrance = request.getfixturevalue("template").entrance() if isinstance(tier, Warm) else None
        return run_script(script, arguments, inputs or {}, tier=tier, limits=limits, entrance=entrance)

    return run


def answer_of(result: ScriptResult) -> Any:
    """What the code answered; its stderr where it did not."""
    assert result.status == "ok", (result.status, result.stderr_tail)
    return json.loads(result.stdout)
