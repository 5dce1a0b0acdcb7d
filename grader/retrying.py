"""One more try, on a fresh sandbox, for what failed by no fault of the submission."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from grader.errors import InfrastructureError, SandboxError, StorageFullError
from grader.model import Run

T = TypeVar("T")


def run_again_if_failed(run_once: Callable[[], Run]) -> Run:
    """Run; where the machine or the grader failed, run once more. What failed twice says so, and why both times.

    Raises:
        StorageFullError: a disk was full, and still is.
    """
    try:
        first = run_once()
    except StorageFullError:  # another's run may have filled the disk, and be over
        return run_once()
    if first.status != "infrastructure_failure":
        return first
    second = run_once()
    if second.status != "infrastructure_failure":
        return second
    return replace(second, message=tried_twice(first.message or "no reason known", second.message or "no reason known"))


def again_if_failed(attempt: Callable[[], T], stop: threading.Event) -> T:
    """Return what the attempt returns; where the machine failed, the next one's. What was stopped is not tried again.

    Raises:
        InfrastructureError: it failed twice (the message has both reasons), or was stopped.
    """
    try:
        return _of_the_machine(attempt)
    except InfrastructureError as first:
        if stop.is_set():
            raise
        try:
            return _of_the_machine(attempt)
        except InfrastructureError as second:
            if stop.is_set():
                raise
            raise type(second)(tried_twice(str(first), str(second))) from second


def _of_the_machine(attempt: Callable[[], T]) -> T:
    """Call; what the operating system refuses (no room for a box, no more processes) is a failure of the machine."""
    try:
        return attempt()
    except OSError as problem:
        raise SandboxError(f"the operating system refused: {problem}") from problem


def tried_twice(first: str, second: str) -> str:
    """Say why two attempts failed."""
    if first == second:
        return f"tried twice; both times {first}"
    return f"tried twice; first {first}; then {second}"
