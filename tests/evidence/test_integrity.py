"""What each cell's end says, against what arrived: silence and contradictions are gaps, honest runs have none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from grader.evidence.integrity import find_watch_gaps, source_digest
from grader.model import Cell, CellRun, Event, Run, Submission

SOURCES = ("x = 1", "y = 2", "")


def submission() -> Submission:
    cells = tuple(Cell(index, "code", source) for index, source in enumerate(SOURCES))
    return Submission("a", Path("a.ipynb"), None, "0" * 64, "", cells)


def told(cell: int, sent: dict[str, int], **fields: Any) -> Event:
    fields = {"sent": sent, "artifacts": 0, "executed": source_digest(SOURCES[cell]), **fields}
    return Event(0, cell, "probe.integrity", fields)


STARTED = Event(0, None, "probe.started", {"cell_ends": True})
SEED = Event(0, 0, "seed.set", {"function": "seed", "value": 1})
FIRST = told(0, {"probe.started": 1, "seed.set": 1})
SECOND = told(1, {"probe.started": 1, "seed.set": 1, "probe.integrity": 1})


def gaps(*events: Event, statuses: tuple[Any, ...] = ("ok", "ok", "ok")) -> list[tuple[int, str]]:
    cells = tuple(CellRun(index, status) for index, status in enumerate(statuses))
    found = find_watch_gaps(submission(), Run("ok", "none", 1.0, cells=cells, events=events))
    return [(gap.cell, gap.kind) for gap in found]


def test_an_honest_run_has_no_gap() -> None:
    """Every cell that was run tells its end; the empty one is not run."""
    assert gaps(STARTED, SEED, FIRST, SECOND) == []


def test_a_run_without_a_word_on_cell_ends_is_not_judged() -> None:
    """Runs of an older probe tell no cell's end: that is no silence."""
    assert gaps(Event(0, None, "probe.started", {})) == []


def test_silence_is_a_gap() -> None:
    """From the cell whose end is not told; a cell that was cut short never reached its end."""
    assert gaps(STARTED, SEED, FIRST) == [(1, "silent")]
    assert gaps(STARTED, SEED, FIRST, statuses=("ok", "interrupted", "not_run")) == []


def test_lost_events_are_no_forgery_but_more_than_were_sent_are() -> None:
    """A line torn by an interrupt costs an event; nobody adds one by accident."""
    assert gaps(STARTED, FIRST, SECOND) == []
    assert gaps(STARTED, SEED, SEED, FIRST, SECOND) == [(0, "forged"), (1, "forged")]


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"missing": ["Model.fit"]}, "unhooked"),
        ({"foreign": 3}, "forged"),
        ({"failed": "NameError"}, "hidden"),
        ({"executed": "0" * 16}, "hidden"),
        ({"altered": ["ast_transformers"]}, "hidden"),
        ({"sent": "nonsense"}, "forged"),
    ],
)
def test_contradictions_are_gaps(fields: dict[str, Any], kind: str) -> None:
    """Hooks that are gone, sendings of the notebook's own, errors and code that the replies deny, rewritten code."""
    sent = {"probe.started": 1, "seed.set": 1}
    second = told(1, **{"sent": {**sent, "probe.integrity": 1}, **fields})
    assert gaps(STARTED, SEED, FIRST, second) == [(1, kind)]


def test_a_magic_that_runs_a_cell_in_the_cell_hides_nothing() -> None:
    """Of several ends in one cell the last one counts."""
    inner = told(0, {"probe.started": 1, "seed.set": 1}, executed="1" * 16, failed="ValueError")
    outer = told(0, {"probe.started": 1, "seed.set": 1, "probe.integrity": 1})
    second = told(1, {"probe.started": 1, "seed.set": 1, "probe.integrity": 2})
    assert gaps(STARTED, SEED, inner, outer, second) == []
