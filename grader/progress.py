"""What the pipeline tells whoever watches it: a narrow protocol, so that it knows no terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Protocol

from grader.model.result import Result

Stage = Literal[
    "waiting", "running", "looking at files", "verifying", "training references", "asking the language model", "judging"
]


class Progress(Protocol):
    """Receives news of a class being graded; every method may be called from any thread."""

    def expect(self, seconds: Mapping[str, float | None]) -> None:
        """Say which submissions are going to be run, and how long that took before (None: not known)."""

    def stage(self, submission: str, stage: Stage, detail: str = "", fraction: float | None = None) -> None:
        """Say that a submission entered a stage, or moved on inside it (`fraction` of it done, 0..1)."""

    def finished(self, result: Result, *, reused: bool) -> None:
        """Say that a submission is graded; `reused` where its stored evidence was judged again."""


class Silence:
    """A Progress that says nothing."""

    def expect(self, seconds: Mapping[str, float | None]) -> None:
        """Ignore the news."""

    def stage(self, submission: str, stage: Stage, detail: str = "", fraction: float | None = None) -> None:
        """Ignore the news."""

    def finished(self, result: Result, *, reused: bool) -> None:
        """Ignore the news."""
