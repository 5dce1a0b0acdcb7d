"""One run, understood: the log, its rows, labels and lineage, read once and asked by the collectors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from grader.evidence.identity import RowStore
from grader.evidence.labels import LabelStore
from grader.evidence.lineage import Lineage
from grader.evidence.parsing import Log, parse_events
from grader.evidence.records import Scored
from grader.model import Run


@dataclass(frozen=True, slots=True)
class Observation:
    """Everything read from a run's events and artifacts, before it becomes facts."""

    log: Log
    rows: RowStore
    labels: LabelStore
    lineage: Lineage
    artifacts: Mapping[str, Path]

    def scored(self, scoring: str | None) -> Scored | None:
        """Return the record of a scoring, or None."""
        return next((item for item in self.log.of("model.scored", Scored) if item.id == scoring), None)


def observe(run: Run) -> Observation:
    """Read a run's events and artifacts. Nothing in them is trusted, and nothing in them makes this raise."""
    log = parse_events(run.events)
    rows = RowStore(log, run.artifacts)
    return Observation(
        log=log,
        rows=rows,
        labels=LabelStore(log, rows, run.artifacts),
        lineage=Lineage(log, rows),
        artifacts=run.artifacts,
    )
