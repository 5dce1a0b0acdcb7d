"""The registry of checks: what is known about each, and running them all over one submission's evidence."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from grader.checks.budgets import under_budget
from grader.checks.doubts import doubted
from grader.checks.second_opinion import with_second_opinion
from grader.checks.torch_words import in_own_words
from grader.checks.verdicts import Verdict
from grader.model import Evidence, Finding

Limits = Mapping[str, float]
"""A check's own thresholds by their short names, with the rubric's overrides applied."""
CheckFunction = Callable[[Evidence, Limits], Verdict]


@dataclass(frozen=True, slots=True)
class Threshold:
    """A number a check decides by. A rubric overrides it as `<check id>.<name>`."""

    name: str
    default: float
    reason: str


@dataclass(frozen=True, slots=True)
class Check:
    """One registered check: `help` says when it passes, for rubric authors."""

    id: str
    title: str
    help: str
    function: CheckFunction
    thresholds: tuple[Threshold, ...] = ()
    on_request: bool = False
    """It asks for something that only some assignments ask for: run only where the rubric names it."""

    def run(self, evidence: Evidence, overrides: Limits) -> Finding:
        """Return this check's finding; a fault of the check itself becomes the outcome `error`, for a person to see."""
        limits = {item.name: overrides.get(f"{self.id}.{item.name}", item.default) for item in self.thresholds}
        try:
            verdict = under_budget(self.id, self.function(evidence, limits), evidence)
            verdict = in_own_words(doubted(self.id, verdict, evidence), evidence)
            verdict = with_second_opinion(self.id, verdict, evidence)
        except Exception as fault:  # noqa: BLE001 - one broken check must not cost the class its grades
            return self._broken(fault)
        return Finding(
            check=self.id,
            outcome=verdict.outcome,
            origin=verdict.origin,
            summary=verdict.summary,
            cells=tuple(sorted(set(verdict.cells))),
            measured=verdict.measured,
            fix=verdict.fix,
            moves_level=verdict.moves_level,
            review=verdict.review,
        )

    def _broken(self, fault: Exception) -> Finding:
        measured: dict[str, Any] = {"fault": f"{type(fault).__name__}: {fault}"}
        return Finding(
            check=self.id,
            outcome="error",
            origin="static",
            summary="This could not be judged because of a fault in the grader; it costs you nothing.",
            measured=measured,
            review=f"the check {self.id} broke ({measured['fault']}): please report it to the grader's maintainers",
        )


CHECKS: dict[str, Check] = {}
"""All checks by id. Filled when `grader.checks` is imported."""


def check(
    check_id: str,
    *,
    title: str,
    help: str,  # noqa: A002 - the word rubric authors see
    thresholds: tuple[Threshold, ...] = (),
) -> Callable[[CheckFunction], CheckFunction]:
    """Register the decorated function under `check_id`.

    Raises:
        ValueError: the id is taken, or two thresholds share a name (a mistake of the programmer).
    """

    def register(function: CheckFunction) -> CheckFunction:
        if check_id in CHECKS:
            raise ValueError(f"two checks are called {check_id}: {CHECKS[check_id].function} and {function}")
        if len({item.name for item in thresholds}) != len(thresholds):
            raise ValueError(f"check {check_id} declares a threshold twice")
        CHECKS[check_id] = Check(check_id, title, help, function, thresholds)
        return function

    return register


def check_on_request(
    check_id: str,
    *,
    title: str,
    help: str,  # noqa: A002 - the word rubric authors see
    thresholds: tuple[Threshold, ...] = (),
) -> Callable[[CheckFunction], CheckFunction]:
    """Register the decorated function as a check that is run only where the rubric names it.

    Raises:
        ValueError: as for `check`.
    """
    register = check(check_id, title=title, help=help, thresholds=thresholds)

    def register_on_request(function: CheckFunction) -> CheckFunction:
        register(function)
        CHECKS[check_id] = replace(CHECKS[check_id], on_request=True)
        return function

    return register_on_request


def known_thresholds() -> dict[str, Threshold]:
    """Return every threshold by the full name a rubric overrides it with (`<check id>.<name>`)."""
    return {f"{entry.id}.{item.name}": item for entry in CHECKS.values() for item in entry.thresholds}


def run_checks(
    evidence: Evidence, thresholds: Limits | None = None, asked: Collection[str] = ()
) -> tuple[Finding, ...]:
    """Return one finding per check, in the order of their ids: of those for any notebook, and of those asked for.

    `thresholds` overrides the checks' own by full name; names no check declares are ignored here (the rubric
    loader refuses them). `asked` are the checks that the rubric names.
    """
    overrides = thresholds or {}
    wanted = [name for name in sorted(CHECKS) if name in asked or not CHECKS[name].on_request]
    if evidence.run.only_read:
        return tuple(_read_only(CHECKS[check_id], evidence, overrides) for check_id in wanted)
    return tuple(CHECKS[check_id].run(evidence, overrides) for check_id in wanted)


ABOUT_WORDS = ("write_up.", "understanding.", "prose.", "task.")
"""Checks that can be decided from text alone."""


def _read_only(entry: Check, evidence: Evidence, overrides: Limits) -> Finding:
    """Return what a check finds in a text that nothing was run of: whatever rests on code or a run is unknown."""
    if entry.id.startswith(ABOUT_WORDS):
        return entry.run(evidence, overrides)
    reason = evidence.run.message or "nothing was run"
    return Finding(entry.id, "unknown", "static", f"This can't be told: {reason}.")
