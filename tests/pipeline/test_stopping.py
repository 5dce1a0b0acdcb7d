"""What is stopped by hand is not stored as if it were done."""

from __future__ import annotations

import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from grader import measuring
from grader.errors import SandboxError
from grader.measuring import Measurer, References
from grader.pipeline import unreadable_evidence
from grader.progress import Silence


@pytest.mark.parametrize("stopped", [True, False])
def test_a_recomputation_that_was_stopped_is_no_result(monkeypatch: pytest.MonkeyPatch, stopped: bool) -> None:
    """Ctrl-C while verifying leaves the submission undone; a sandbox that failed by itself is noted and goes on."""
    stop = threading.Event()

    def verify(*_: Any, **settings: Any) -> Any:
        assert settings["run"].keywords["stop"] is stop
        if stopped:
            stop.set()
        raise SandboxError("inside.py was stopped")

    monkeypatch.setattr(measuring, "verify", verify)
    monkeypatch.setattr(measuring, "sealed_scorings", lambda *_: (object(),))
    box: Any = SimpleNamespace(
        tier="none", limits=None, data=None, python="python", threads=1, interpreter=SimpleNamespace(variables=())
    )
    measurer = Measurer(References(0, Path()), Silence(), stop)
    evidence = unreadable_evidence(SimpleNamespace(id="a", path=SimpleNamespace(name="a"), reason=""))  # type: ignore[arg-type]
    if stopped:
        with pytest.raises(SandboxError):
            measurer.complete(evidence, None, box)  # type: ignore[arg-type]
    else:
        noted = measurer.complete(evidence, None, box).verification_note  # type: ignore[arg-type]
        assert noted == "tried twice; both times inside.py was stopped"
