"""What a budget did to a run, in words: for the report and the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

MOST_NAMED = 3
"""Trainings that are named one by one; a search over settings has dozens that were cut alike."""


WEAKENED = (
    "Splits, leaks, shapes and figures were measured as in a full run. Scores, curves and what the text says of them "
    "are those of a shorter training: where they fall short, that counts as not known."
)


def budget_sentences(run: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what was shortened, what that weakens and how to have all of it; nothing of a run in full.

    `run` is the part `run` of `grade.json`, also of one that an older grader wrote.
    """
    budget = run.get("budget") or {}
    asked, cut = budget.get("asked", "full"), budget.get("cut", [])
    if asked == "full":
        return ()
    name = "a quick budget" if asked == "quick" else f"a budget of {asked} s"
    if not cut:
        return (f"Run with {name}, which every training fitted into: nothing was cut.",)
    named = "; ".join(f"in cell {item['cell'] + 1} it was {item['how']}" for item in cut[:MOST_NAMED])
    more = f"; and {len(cut) - MOST_NAMED} more" if len(cut) > MOST_NAMED else ""
    return (f"Run with {name}, which cut training short: {named}{more}.", WEAKENED, "For all of it: --budget full.")
