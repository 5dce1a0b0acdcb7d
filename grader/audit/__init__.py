"""A look into the data files that were handed in beside a notebook, in a box of its own."""

from __future__ import annotations

import base64
import io
import json
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

from PIL import Image

from grader.audit.copies import equal_files, look_alikes
from grader.audit.inside import UNFINISHED
from grader.audit.listing import Listing, list_files
from grader.audit.replies import Looked, read_replies
from grader.model import Tier
from grader.model.own_data import FileGroup, FileKind, OwnData, Part, UnreadableFile
from grader.sandbox import Limits, ScriptResult, run_script
from grader.sandbox.limits import MIB

__all__ = ["audit_files"]

SCRIPT = Path(__file__).with_name("inside.py")

LOOK_S = 60.0
"""Seconds of a core: a thousand photos of twelve megapixels take forty. What is not reached is said."""

GUARD_S = 240.0
"""By the clock, on a machine that is busy with other things."""

MEMORY = 1536 * MIB
"""A picture of 150 megapixels in colour, twice."""

MOST_OUTPUT = 96 * MIB
"""Sixteen kilobytes for each of MOST_FILES."""

MOST_GROUPS = 60
MOST_SAMPLES = 40
MOST_NAMED = 40
"""Most unreadable files, groups of copies and look-alikes that are named."""

MOST_FORMS = 4
PART_ORDER: tuple[Part, ...] = ("train", "validation", "test", "")


def audit_files(
    folder: Path, *, tier: Tier, limits: Limits | None = None, run: Callable[..., ScriptResult] = run_script
) -> OwnData | None:
    """Open the pictures, recordings and tables of a folder in a box and return what they are.

    None where there are none. Bounded in files, time and memory; what was not reached, and why, stands in `note`.

    Raises:
        SandboxError: the sandbox of that tier failed.
    """
    listing = list_files(folder)
    if not listing.files:
        return None
    with tempfile.TemporaryDirectory(prefix="grader-audit-") as place:
        words = Path(place) / "listing.json"
        words.write_text(json.dumps([[item.path, item.kind] for item in listing.files]), encoding="utf-8")
        tight = replace(limits or Limits(), wall_s=GUARD_S, output=MOST_OUTPUT, memory=MEMORY)
        inputs = {"files": folder, "listing": words}
        result = run(SCRIPT, {"seconds": LOOK_S}, inputs, tier=tier, limits=tight)
    looked = read_replies(result.stdout, listing.files)
    return _summary(listing, looked, result)


def _summary(listing: Listing, looked: Sequence[Looked], result: ScriptResult) -> OwnData:
    readable = [item for item in looked if not item.reason]
    broken = [item for item in looked if item.reason]
    equal, alike = equal_files(readable), look_alikes(readable)
    # What crosses a border comes first: it is what matters, and lists are cut.
    same = sorted((*equal, *alike), key=lambda item: (not item.across_parts, not item.across_labels, not item.exact))
    copies = Counter(item.content for item in readable)
    return OwnData(
        pictures=sum(item.kind == "picture" for item in listing.files),
        sounds=sum(item.kind == "sound" for item in listing.files),
        tables=tuple(item.table for item in readable if item.table is not None)[:MOST_NAMED],
        others=listing.others,
        groups=_groups(readable),
        unreadable=tuple(UnreadableFile(item.file.path, item.reason) for item in broken[:MOST_NAMED]),
        unreadable_files=len(broken),
        same=tuple(same[:MOST_NAMED]),
        copies=sum(count - 1 for count in copies.values()),
        look_alikes=len(alike),
        silent=sum(item.silent for item in readable),
        note=_note(listing, looked, result),
    )


def _groups(looked: Sequence[Looked]) -> tuple[FileGroup, ...]:
    together: dict[tuple[str, Part, str], list[Looked]] = defaultdict(list)
    for item in looked:
        if item.file.kind in {"picture", "sound"}:
            together[item.file.kind, item.file.part, item.file.label].append(item)
    ordered = sorted(together.items(), key=lambda pair: (pair[0][0], PART_ORDER.index(pair[0][1]), pair[0][2]))
    samples = {key: index for index, (key, _) in enumerate(ordered[:MOST_SAMPLES])}
    return tuple(
        FileGroup(
            kind=cast("FileKind", key[0]),
            part=key[1],
            label=key[2],
            files=len(items),
            forms=tuple(Counter(item.form for item in items).most_common(MOST_FORMS)),
            by_name=items[0].file.by_name,
            sample=_sample(items) if key in samples else "",
        )
        for key, items in ordered[:MOST_GROUPS]
    )


def _sample(items: Sequence[Looked]) -> str:
    """Draw the middle one that has a picture."""
    drawn = [item.thumb for item in items if item.thumb is not None and not item.silent]
    if not drawn:
        return ""
    buffer = io.BytesIO()
    Image.fromarray(drawn[len(drawn) // 2]).save(buffer, "PNG", optimize=True)
    return base64.b64encode(buffer.getvalue()).decode("ascii")


def _note(listing: Listing, looked: Sequence[Looked], result: ScriptResult) -> str:
    said = []
    if listing.total > len(listing.files):
        said.append(f"Of {listing.total:,} files {len(listing.files):,} were looked into, evenly spread.")
    if len(looked) < len(listing.files):
        own_end = result.status == "ok" or result.exit_code == UNFINISHED
        why = "" if own_end else f" ({result.status.replace('_', ' ')})"
        said.append(f"{len(listing.files) - len(looked):,} files were not reached in the time for it{why}.")
    return " ".join(said)
