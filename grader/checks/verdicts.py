"""What a check says before its id is put to it, and how the checks word the four outcomes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from grader.model import Origin, Outcome


@dataclass(frozen=True, slots=True)
class Verdict:
    """A finding without its check's id; the fields are those of `Finding`."""

    outcome: Outcome
    origin: Origin
    summary: str
    cells: tuple[int, ...] = ()
    measured: Mapping[str, Any] = field(default_factory=dict)
    fix: str | None = None
    moves_level: bool = True
    review: str | None = None


def passed(
    summary: str,
    *,
    origin: Origin = "kernel",
    cells: Iterable[int | None] = (),
    measured: Mapping[str, Any] | None = None,
    review: str | None = None,
) -> Verdict:
    """Seen, and right."""
    return Verdict("pass", origin, summary, _cells(cells), measured or {}, review=review)


def failed(
    summary: str,
    *,
    fix: str,
    origin: Origin = "kernel",
    cells: Iterable[int | None] = (),
    measured: Mapping[str, Any] | None = None,
    review: str | None = None,
) -> Verdict:
    """Seen to be wrong, or seen to be missing where the run was fully observed."""
    return Verdict("fail", origin, summary, _cells(cells), measured or {}, fix=fix, review=review)


def advised(
    summary: str,
    *,
    fix: str,
    origin: Origin = "kernel",
    cells: Iterable[int | None] = (),
    measured: Mapping[str, Any] | None = None,
    review: str | None = None,
) -> Verdict:
    """Not as it should be, but harmless or only likely: shown, and moves no level."""
    return Verdict("fail", origin, summary, _cells(cells), measured or {}, fix=fix, moves_level=False, review=review)


def unknown(
    summary: str,
    *,
    origin: Origin = "kernel",
    cells: Iterable[int | None] = (),
    measured: Mapping[str, Any] | None = None,
    review: str | None = None,
) -> Verdict:
    """Could not be observed."""
    return Verdict("unknown", origin, summary, _cells(cells), measured or {}, review=review)


def not_applicable(summary: str, *, origin: Origin = "static") -> Verdict:
    """Makes no sense for this task."""
    return Verdict("not_applicable", origin, summary)


def _cells(cells: Iterable[int | None]) -> tuple[int, ...]:
    return tuple(sorted({cell for cell in cells if cell is not None}))
