"""Scorings that are not the result, though they come last: of altered test rows, and of folds that were trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from grader.evidence.arrays import rows_within
from grader.evidence.identity import RowStore
from grader.evidence.lineage import Lineage
from grader.evidence.parsing import Log
from grader.evidence.records import Metric, Scored
from grader.model import Scoring

SMALL = 32
"""So few labels are equal by chance: a batch sorted by class, a grid of pictures."""

MOSTLY = 0.5


@dataclass(frozen=True, slots=True)
class Asides:
    """Ids of scorings that tell something else than how good the final model is on rows it never saw.

    `altered` are of noisy, turned or blurred copies of rows that the same weights scored before; `leaked` are of folds
    held out of the last fit which an earlier fit of the same weights had trained on.
    """

    altered: frozenset[str] = frozenset()
    leaked: frozenset[str] = frozenset()


def find_asides(log: Log, lineage: Lineage, scorings: Sequence[Scoring]) -> Asides:
    """Return the scorings that are no result of their own."""
    records = {record.id: record for record in log.of("model.scored", Scored)}
    return Asides(
        altered=_altered(log, lineage.store, scorings, records),
        leaked=frozenset(
            item.id for item in scorings if item.role == "train" and _trained_in_another_fold(lineage, records[item.id])
        ),
    )


def _altered(log: Log, store: RowStore, scorings: Sequence[Scoring], records: dict[str, Scored]) -> frozenset[str]:
    labels = {call.score: call.true for call in log.of("metric.computed", Metric) if call.score and call.true}
    labels.update({record.id: record.labels for record in records.values() if record.labels})
    found: set[str] = set()
    for number, item in enumerate(scorings):
        mine = store.records.get(item.rows or "")
        if mine is None or mine.count <= SMALL or not item.weights or _traced(store, mine.id):
            continue
        for other in scorings[:number]:
            theirs = store.records.get(other.rows or "")
            if theirs is None or other.id in found or other.weights != item.weights or theirs.count != mine.count:
                continue
            equal = labels.get(item.id) is not None and labels.get(item.id) == labels.get(other.id)
            silent = item.id not in labels and _traced(store, theirs.id)
            if mine.id != theirs.id and (equal or silent) and not _same_rows(store, mine.id, theirs.id):
                found.add(item.id)
                break
    return frozenset(found)


def _traced(store: RowStore, rows: str) -> bool:
    """Whether rows are known to be loaded or split off as they are, up to scale and transforms that were seen."""
    return bool(store.places(rows) or store.loaded_around(rows))


def _same_rows(store: RowStore, left: str, right: str) -> bool:
    others = store.exact(right)
    if others is not None and any(rows_within(stage, others) > MOSTLY * len(stage) for stage in store.stages(left)):
        return True
    mine, theirs = store.canonical(left), store.canonical(right)
    return mine is not None and theirs is not None and rows_within(mine, theirs) > MOSTLY * len(mine)


def _trained_in_another_fold(lineage: Lineage, scored: Scored) -> bool:
    """Whether the last fit held these rows out, but an earlier fit of the same weights in the same cell did not."""
    fits = [fit for fit in lineage.fits_before(scored) if fit.began.cell == scored.cell and fit.model == scored.model]
    if len(fits) < 2 or scored.rows is None:
        return False
    return lineage.used_by(scored.rows, fits[:-1]) and not lineage.used_by(scored.rows, fits[-1:])
