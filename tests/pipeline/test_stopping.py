"""What is stopped by hand is not stored as if it were done."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest

from grader import pipeline
from grader.errors import SandboxError
from grader.pipeline import ClassGrader
from grader.progress import Silence


@pytest.mark.parametrize("stopped", [True, False])
def test_a_recomputation_that_was_stopped_is_no_result(monkeypatch: pytest.MonkeyPatch, stopped: bool) -> None:
    """Ctrl-C while verifying leaves the submission undone; a sandbox that failed by itself is noted and goes on."""
    stop = threading.Event()

    def verify(*_: Any, **settings: Any) -> Any:
        assert settings["run"].keywords == {"stop": stop}
        if stopped:
            stop.set()
        raise SandboxError("inside.py was stopped")

    monkeypatch.setattr(pipeline, "verify", verify)
    monkeypatch.setattr(pipeline, "sealed_scorings", lambda *_: (object(),))
    settings: Any = SimpleNamespace(run=SimpleNamespace(tier="none", limits=None), reference_budget_s=0)
    grader = ClassGrader(settings, None, Silence(), stop)  # type: ignore[arg-type]
    evidence = pipeline.unreadable_evidence(SimpleNamespace(id="a", path=SimpleNamespace(name="a"), reason=""))  # type: ignore[arg-type]
    if stopped:
        with pytest.raises(SandboxError):
            grader._complete(evidence, None)  # type: ignore[arg-type]
    else:
        assert grader._complete(evidence, None).verification_note == "inside.py was stopped"  # type: ignore[arg-type]
