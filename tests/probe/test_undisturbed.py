"""The notebook behaves as without the probe, bit for bit."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.probe.harness import kernel
from tests.probe.idioms import ALL, PRELUDE

pytestmark = pytest.mark.slow

CHECKS = """
import sys, os, inspect
print(sys.path, os.path.basename(sys.argv[0]), sorted(name for name in os.environ if "PROBE" in name), __name__)
print(inspect.signature(keras.Model.fit), inspect.signature(train_test_split), keras.Model.__call__.__name__)
print(keras.Model.fit.__doc__ is not None, train_test_split.__module__, type(keras.Model.__call__).__name__)
"""


def said(messages: list[dict[str, Any]]) -> list[str]:
    """Return output messages as text: streams joined, as they are cut by time; addresses and process ids left out."""
    out: list[str] = []
    streams = {"stdout": "", "stderr": ""}
    for message in messages:
        if message.get("name") in streams:
            streams[message["name"]] += message["text"]
        else:
            out.append(str(message))
    texts = [re.sub(r"at 0x[0-9a-f]{8,}", "at 0x", text) for text in (*streams.values(), *out) if text]
    return [re.sub(r"ipykernel_\d+", "ipykernel_", text) for text in texts]


def outputs(folder: Path, *, probe: bool) -> dict[str, list[str]]:
    """Run every idiom in one kernel and return its output messages as text."""
    with kernel(folder, probe=probe) as running:
        out = {}
        running.run(PRELUDE)
        for name, source in {**ALL, "environment": CHECKS}.items():
            running.run(source, allow_errors=True)
            out[name] = said(running.last_outputs)
        running.run("model.predict(X_test, wrong=1)", allow_errors=True)
        out["traceback"] = said(running.last_outputs)
        if probe:
            faults = [event for event in running.events if event["kind"] == "probe.fault"]
            out["faults"] = [str(fault) for fault in faults]
    return out


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    folder = tmp_path_factory.mktemp("same")
    with ThreadPoolExecutor(2) as pool:
        runs = [pool.submit(outputs, folder, probe=probe) for probe in (False, True)]
        return runs[0].result(), runs[1].result()


@pytest.mark.parametrize("name", [*ALL, "environment", "traceback"])
def test_same_output(both: tuple[dict[str, list[str]], dict[str, list[str]]], name: str) -> None:
    """Loss histories, predictions, random numbers afterwards, printed text, warnings and tracebacks are the same."""
    plain, watched = both
    assert plain[name], "the idiom printed nothing, so it would prove nothing"
    assert watched[name] == plain[name]


def test_no_fault_of_the_probe(both: tuple[dict[str, list[str]], dict[str, list[str]]]) -> None:
    """None of these idioms, mistakes included, makes the probe stumble."""
    assert both[1]["faults"] == []
