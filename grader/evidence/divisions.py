"""Whether what was held out stayed held out: divisions that are drawn anew at every use, and rows that moved."""

from __future__ import annotations

from collections.abc import Sequence

from grader.evidence.arrays import UIntArray, rows_within
from grader.evidence.identity import RowStore
from grader.evidence.lineage import Lineage
from grader.evidence.parsing import Log
from grader.evidence.records import DataOp, Loaded
from grader.model import Scoring, UnlikeDivision

CUTS = frozenset({"take", "skip", "shard"})
"""Steps of a pipeline that choose elements by their place."""

MOVED_SHARE = 0.05
"""A held-out stream of which this share (and not most) was also trained on has been drawn anew, not held back."""


def membership_unstable(log: Log, lineage: Lineage, scorings: Sequence[Scoring]) -> bool | None:
    """Return whether rows moved between training and held-out sets: seen by the probe, or by contents.

    By contents: `shuffle` before `take`/`skip` draws both sides anew at every use, so that a scored stream shares
    some rows, but not all, with the stream that its model trained on or watched. A loop of the student's own is seen
    with the rows of all its passes: then any held-out row among them has wandered.
    """
    ended = [fit.ended for fit in lineage.fits if fit.ended is not None]
    if any(item.unstable for item in ended):
        return True
    if _reshuffled(log) and any(_partly_trained_on(lineage, item) for item in scorings):
        return True
    if _divided_anew(log) and any(_wandered(lineage, item) for item in scorings):
        return True
    return False if ended and all(fit.train for fit in lineage.fits) else None


def find_unlike_divisions(log: Log) -> tuple[UnlikeDivision, ...]:
    """Return the folders of which a shuffled training part was taken by another seed or share than the other part.

    Experiments may divide a folder anew each time: unlike are only parts neither of which has its counterpart.
    """
    parts: dict[str, dict[str, dict[str, int]]] = {}
    for load in log.of("data.loaded", Loaded):
        settings = dict(load.settings)
        if settings.get("subset") in {"training", "validation"} and _shuffles(load):
            how = f"seed {settings.get('seed', 'None')}, {settings.get('validation_split', '')}"
            parts.setdefault(settings["directory"], {}).setdefault(settings["subset"], {}).setdefault(how, load.cell)
    found = []
    for directory, sides in parts.items():
        train, held = sides.get("training", {}), sides.get("validation", {})
        if train and held and not set(train) & set(held):
            (how, cell), (other, place) = list(train.items())[-1], list(held.items())[-1]
            found.append(UnlikeDivision(directory, how, other, tuple(sorted({cell, place}))))
    return tuple(found)


# ---------------------------------------------------------------- how the run divides its data
def _reshuffled(log: Log) -> bool:
    """Whether a data set that is drawn anew at every use was cut: one of `shuffle`, or of the loader of a folder."""
    redrawn = {name for load in log.of("data.loaded", Loaded) if _shuffles(load) for name in load.datasets}
    for step in log.of("data.op", DataOp):
        if _redraws(step):
            redrawn.add(step.dataset)
        elif step.source in redrawn and step.op in CUTS:
            return True
        elif step.source in redrawn and step.op != "cache":
            redrawn.add(step.dataset)
    return False


def _divided_anew(log: Log) -> bool:
    """Whether one data set that is drawn anew at every use was both taken from and skipped in: a split that moves.

    What was only taken from is a look at some batches. After `cache` the order stays.
    """
    whole: dict[str, frozenset[str]] = {
        name: frozenset({name}) for load in log.of("data.loaded", Loaded) if _shuffles(load) for name in load.datasets
    }
    cuts: dict[str, set[str]] = {}
    for step in log.of("data.op", DataOp):
        roots = whole.get(step.source, frozenset())
        if step.op in CUTS:
            for root in roots:
                cuts.setdefault(root, set()).add(step.op)
        elif _redraws(step):
            whole[step.dataset] = roots | {step.dataset}
        elif step.op != "cache":
            whole[step.dataset] = roots
    return any({"take", "skip"} <= ops for ops in cuts.values())


def _redraws(step: DataOp) -> bool:
    return step.op == "shuffle" and dict(step.settings).get("reshuffle_each_iteration", "").lower() != "false"


def _shuffles(load: Loaded) -> bool:
    settings = dict(load.settings)
    return "directory" in settings and settings.get("shuffle", "").lower() != "false"


# ---------------------------------------------------------------- which rows were where
def _partly_trained_on(lineage: Lineage, scoring: Scoring) -> bool:
    """Whether a scored stream shares some rows, but neither few nor all, with a stream its model was fitted with.

    Streams of fits are compared as their first pass was: in the end a redrawn one has brought every row. Nearly all
    of either side in the other means the same stream again: its last batch dropped, or its first pass cut by steps.
    """
    store = lineage.store
    held = _streamed(store, scoring.rows)
    if held is None:
        return False
    for rows in {rows for fit in lineage.fits if fit.model == scoring.model for rows in (fit.train, fit.watched)}:
        used = _streamed(store, rows)
        if rows is None or used is None:
            continue
        share = rows_within(held, used) / max(1, len(held))
        back = rows_within(used, held) / max(1, len(used))
        if store.repeat_rate(rows) + MOVED_SHARE < share and max(share, back) < 1.0 - MOVED_SHARE:
            return True
    return False


def _streamed(store: RowStore, rows: str | None) -> UIntArray | None:
    """Return the hashes of rows that a tf.data pipeline brought, None for any others."""
    record = store.records.get(rows or "")
    return store.exact(rows) if record is not None and record.source == "tf.data" else None


def _wandered(lineage: Lineage, scoring: Scoring) -> bool:
    """Whether a loop of the student's own trained, over all its passes, on rows that its model was scored on."""
    store = lineage.store
    held = store.exact(scoring.rows)
    for fit in lineage.fits:
        used = store.exact(fit.train) if fit.began.custom and fit.model == scoring.model else None
        if held is not None and used is not None and fit.train is not None and len(held):
            share = rows_within(held, used) / len(held)
            if share > store.repeat_rate(fit.train) + MOVED_SHARE:
                return True
    return False
