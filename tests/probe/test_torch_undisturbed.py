"""PyTorch in a watched notebook behaves as in any other, bit for bit."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.probe.harness import kernel
from tests.probe.test_undisturbed import said
from tests.probe.torch_idioms import ALL, PRELUDE

pytest.importorskip("torch", reason="PyTorch is an optional extra: pip install '.[torch]'")
pytestmark = pytest.mark.slow


def outputs(folder: Path, *, probe: bool) -> dict[str, list[str]]:
    """Run every idiom in one kernel and return its output messages as text."""
    out = {}
    with kernel(folder, probe=probe) as running:
        running.run(PRELUDE)
        for name, source in ALL.items():
            running.run(source, allow_errors=True)
            out[name] = said(running.last_outputs)
        out["faults"] = [str(item) for item in running.events if item["kind"] == "probe.fault"] if probe else []
    return out


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    folder = tmp_path_factory.mktemp("same")
    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(outputs, folder, probe=probe) for probe in (False, True)]
        return runs[0].result(), runs[1].result()


@pytest.mark.parametrize("name", [*ALL])
def test_same_output(both: tuple[dict[str, list[str]], dict[str, list[str]]], name: str) -> None:
    """Losses, answers, weights, random numbers afterwards, warnings and errors are the same."""
    plain, watched = both
    assert plain[name], "the idiom printed nothing, so it would prove nothing"
    assert watched[name] == plain[name]


def test_no_fault_of_the_probe(both: tuple[dict[str, list[str]], dict[str, list[str]]]) -> None:
    """None of these idioms, mistakes included, makes the probe stumble."""
    assert both[1]["faults"] == []
