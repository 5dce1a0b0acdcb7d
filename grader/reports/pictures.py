"""The pictures a notebook drew when it was run, taken from `executed.ipynb`: PNGs only, cut down to their pixels.

The file was written for a student's process, so nothing in it is trusted: a picture is passed on only where its
chunks are whole and its size is sensible, and without any chunk that is not needed to show it.
"""

from __future__ import annotations

import base64
import binascii
import json
import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from grader.model import CellFacts, Evidence
from grader.reports.numbers import cell_number

LARGEST_NOTEBOOK = 50_000_000
"""Bytes of an executed notebook that are read: beyond it the report does without pictures."""
LARGEST_PICTURE = 400_000
"""Bytes of one picture shown: a 12 x 8 inch figure of photos fits."""
LARGEST_TOTAL = 3_000_000
"""Bytes of all pictures of a report together: it must open at once and go by e-mail."""
LARGEST_SIDE = 4_000
"""Pixels of a side: a small file can claim to be huge, and a browser would make room for it."""

SIGNATURE = b"\x89PNG\r\n\x1a\n"
NEEDED_CHUNKS = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
MOST_TITLES = 4


@dataclass(frozen=True, slots=True)
class NotebookPicture:
    """One picture as a data URI, with words for those who can't see it."""

    source: Markup
    words: str


def notebook_pictures(executed: bytes, evidence: Evidence) -> Mapping[int, tuple[NotebookPicture, ...]]:
    """Map cell indices to the pictures those cells drew; empty where the executed notebook can't be read.

    A cell whose source is not the graded one's (a file of an older run) shows none.
    """
    shown: dict[int, tuple[NotebookPicture, ...]] = {}
    room = LARGEST_TOTAL
    for cell, contents in _drawn(executed, evidence.cells):
        kept = []
        for content in contents:
            if len(content) <= room:
                room -= len(content)
                kept.append(content)
        if kept:
            shown[cell.index] = tuple(
                NotebookPicture(_data_uri(content), _words(cell, number, len(kept), evidence))
                for number, content in enumerate(kept, 1)
            )
    return shown


def _drawn(executed: bytes, cells: Sequence[CellFacts]) -> Iterator[tuple[CellFacts, list[bytes]]]:
    """Yield the cells that drew something, with their pictures cut down."""
    if not 0 < len(executed) <= LARGEST_NOTEBOOK:
        return
    try:
        document: Any = json.loads(executed)
    except (ValueError, RecursionError):
        return
    written = document.get("cells") if isinstance(document, dict) else None
    for cell, item in zip(cells, written if isinstance(written, list) else [], strict=False):
        if not isinstance(item, dict) or _joined(item.get("source")) != cell.source:
            continue
        encoded = [_encoded_png(output) for output in item.get("outputs") or ()]
        contents = [content for text in encoded if text and (content := png_pixels(text)) is not None]
        if contents:
            yield cell, contents


def _joined(text: Any) -> str:
    """Return a notebook's multi-line text: a string, or a list of its lines."""
    if isinstance(text, list) and all(isinstance(line, str) for line in text):
        return "".join(text)
    return text if isinstance(text, str) else ""


def _encoded_png(output: Any) -> str:
    data = output.get("data") if isinstance(output, dict) else None
    return "".join(_joined(data.get("image/png")).split()) if isinstance(data, dict) else ""


def png_pixels(encoded: str) -> bytes | None:
    """Return a PNG given as base64 with nothing in it but its pixels, None for anything else or anything too large."""
    if len(encoded) > LARGEST_PICTURE * 4 // 3 + 4:
        return None
    try:
        content = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return None
    if not content.startswith(SIGNATURE):
        return None
    kept = [SIGNATURE]
    names = []
    for name, chunk in _chunks(content):
        if name == b"IHDR" and not _sensible_size(chunk):
            return None
        if name in NEEDED_CHUNKS:
            names.append(name)
            kept.append(chunk)
    whole = names[:1] == [b"IHDR"] and b"IDAT" in names and names[-1:] == [b"IEND"]
    return b"".join(kept) if whole else None


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield name and bytes of each chunk up to the first that is broken, or the end."""
    at = len(SIGNATURE)
    while at + 12 <= len(content):
        length = struct.unpack_from(">I", content, at)[0]
        end = at + 12 + length
        name = content[at + 4 : at + 8]
        if end > len(content) or zlib.crc32(content[at + 4 : end - 4]) != struct.unpack_from(">I", content, end - 4)[0]:
            return
        yield name, content[at:end]
        if name == b"IEND":
            return
        at = end


def _sensible_size(header: bytes) -> bool:
    sides: tuple[int, int] = struct.unpack_from(">II", header, 8) if len(header) >= 16 else (0, 0)
    return all(0 < side <= LARGEST_SIDE for side in sides)


def _data_uri(content: bytes) -> Markup:
    return Markup("data:image/png;base64,{}").format(base64.b64encode(content).decode())


def _words(cell: CellFacts, number: int, of: int, evidence: Evidence) -> str:
    titles = dict.fromkeys(item.title for item in evidence.drawings if item.cell == cell.index and item.title.strip())
    which = f"Picture {number} of {of}" if of > 1 else "Picture"
    told = f": {', '.join(list(titles)[:MOST_TITLES])}" if titles else ""
    return f"{which} drawn by cell {cell_number(cell.index)}{told}"
