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
    found = (*_silences(submission, run), *_breaches(run), *_hidden(submission, run))
    return tuple(sorted(dict.fromkeys(found), key=lambda gap: gap.cell))[:MAX_GAPS]


def _silences(submission: Submission, run: Run) -> Iterator[WatchGap]:
    told = {event.cell for event in run.events if event.kind == "probe.integrity"}
    sources = {cell.index: cell.source for cell in submission.cells}
    for cell in run.cells:
        if cell.status in {"ok", "error"} and cell.index not in told and sources.get(cell.index, "").strip():
            yield WatchGap(cell.index, "silent", "the end of the cell was not told")


def _breaches(run: Run) -> Iterator[WatchGap]:
    """Yield the cells that took hooks out, or after which more events had come than the probe sent."""
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
        arrived[event.kind] += 1


def _hidden(submission: Submission, run: Run) -> Iterator[WatchGap]:
    """Yield the cells that ran other code than they hold, or failed where the reply said ok.

    A cell's last word counts: magics such as %%capture run their lines as a cell within the cell.
    """
    sources = {cell.index: source_digest(cell.source) for cell in submission.cells}
    replies = {cell.index: cell.status for cell in run.cells}
    last = {event.cell: Fields(event.fields) for event in run.events if event.kind == "probe.integrity"}
    for cell, fields in last.items():
        if cell is None:
            continue
        failed, executed = fields.text("failed"), fields.text("executed")
        ends = submission.script is not None and failed == "SystemExit"  # how scripts end, whatever their status
        if failed and replies.get(cell) == "ok" and not ends:
            yield WatchGap(cell, "hidden", f"{failed[:80]} was raised, and the reply said ok")
        if executed and executed != sources.get(cell, executed):
            yield WatchGap(cell, "hidden", "other code was run than the cell holds")
        altered = [name[:40] for name in fields.items("altered", as_text, MAX_KINDS)]
        if altered:
            yield WatchGap(cell, "hidden", f"code is rewritten before it runs: the shell's {', '.join(altered)[:80]}")


def _more_arrived(fields: Fields, arrived: Mapping[str, int]) -> bool:
    """Whether more events of a kind came than the probe had sent by then. Fewer may have been lost on the way."""
    try:
        sent = fields.must("sent", as_mapping)
        stated = {as_text(kind): as_count(number) for kind, number in list(sent.items())[:MAX_KINDS]}
    except OddFieldError:
        return True
    return any(number > stated.get(kind, 0) for kind, number in arrived.items())


def source_digest(source: str) -> str:
    """Return a cell's digest as the probe sends it."""
    return hashlib.sha256(source.strip().encode("utf-8", "replace")).hexdigest()[:16]
