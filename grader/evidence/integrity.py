"""Whether the watching stayed in place: what each cell's end says, against what arrived and what the runner saw.

All of it is the student's process speaking. So it is never believed where it says that all is well, only where it is
missing or contradicts what the host knows: then what was seen can't be relied on.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping

from grader.evidence.fields import Fields, OddFieldError, as_count, as_mapping, as_text
from grader.model import Run, Submission, WatchGap

MAX_GAPS = 20
"""Most gaps kept: the first ones say it all."""

MAX_KINDS = 100


def find_watch_gaps(submission: Submission, run: Run) -> tuple[WatchGap, ...]:
    """Return where watching stopped, was undone, or was spoken for; nothing for runs whose probe tells no cell's end.

    Cells that were cut short are left out: their end was never reached. So are empty ones, which are not run.
    """
    if not any(event.kind == "probe.started" and event.fields.get("cell_ends") is True for event in run.events):
        return ()
    return tuple(dict.fromkeys((*_silences(submission, run), *_contradictions(submission, run))))[:MAX_GAPS]


def _silences(submission: Submission, run: Run) -> Iterator[WatchGap]:
    told = {event.cell for event in run.events if event.kind == "probe.integrity"}
    sources = {cell.index: cell.source for cell in submission.cells}
    for cell in run.cells:
        if cell.status in {"ok", "error"} and cell.index not in told and sources.get(cell.index, "").strip():
            yield WatchGap(cell.index, "silent", "the end of the cell was not told")


def _contradictions(submission: Submission, run: Run) -> Iterator[WatchGap]:
    sources = {cell.index: _digest(cell.source) for cell in submission.cells}
    replies = {cell.index: cell.status for cell in run.cells}
    arrived: Counter[str] = Counter()
    spoken = 0
    for event in run.events:
        if event.kind == "probe.integrity" and event.cell is not None:
            fields = Fields(event.fields)
            for hook in fields.items("missing", as_text, MAX_KINDS):
                yield WatchGap(event.cell, "unhooked", hook[:80])
            foreign = fields.maybe("foreign", as_count) or 0
            if foreign > spoken:
                yield WatchGap(event.cell, "forged", "events were sent by the notebook itself")
            spoken = max(spoken, foreign)
            if _more_arrived(fields, arrived):
                yield WatchGap(event.cell, "forged", "more events arrived than were sent")
            if fields.maybe("failed", as_text) and replies.get(event.cell) == "ok":
                yield WatchGap(event.cell, "hidden", f"{fields.text('failed')[:80]} was raised, and the reply said ok")
            executed = fields.maybe("executed", as_text)
            if executed is not None and executed != sources.get(event.cell, executed):
                yield WatchGap(event.cell, "hidden", "other code was run than the cell holds")
        arrived[event.kind] += 1


def _more_arrived(fields: Fields, arrived: Mapping[str, int]) -> bool:
    """Whether more events of a kind came than the probe had sent by then. Fewer may have been lost on the way."""
    try:
        sent = fields.must("sent", as_mapping)
        stated = {as_text(kind): as_count(number) for kind, number in list(sent.items())[:MAX_KINDS]}
    except OddFieldError:
        return True
    return any(number > stated.get(kind, 0) for kind, number in arrived.items())


def _digest(source: str) -> str:
    """As the probe's `source_digest`."""
    return hashlib.sha256(source.strip().encode("utf-8", "replace")).hexdigest()[:16]
