"""What the box answered about each file, checked field by field: the process that answers opened a student's files."""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.audit.listing import DataFile
from grader.model.own_data import TableFile

SMALL = 16
THUMB = 48
"""As in `inside.py`."""

LONGEST = 160
MOST_NUMBER = 10**12
MOST_ITEMS = 500
COLOURS = {
    "1": "black and white",
    "L": "grey",
    "LA": "grey with transparency",
    "I;16": "grey, 16 bits",
    "I": "grey, 32 bits",
    "F": "grey, floats",
    "P": "palette",
    "RGB": "RGB",
    "RGBA": "RGB with transparency",
    "CMYK": "CMYK",
}


class OddReplyError(ValueError):
    """A reply that is not what was asked for."""


@dataclass(frozen=True, slots=True, eq=False)
class Looked:
    """One file, looked into: `reason` where it is unreadable; `form` in words; `small` and `thumb` are grey or RGB."""

    file: DataFile
    reason: str = ""
    content: str = ""
    form: str = ""
    small: NDArray[np.uint8] | None = None
    thumb: NDArray[np.uint8] | None = None
    silent: bool = False
    table: TableFile | None = None


def read_replies(stdout: bytes, files: Sequence[DataFile]) -> tuple[Looked, ...]:
    """Return what was answered of each file, in the order of the files; what makes no sense is left out."""
    found: dict[int, Looked] = {}
    for line in stdout.splitlines():
        try:
            reply = json.loads(line)
            number = _number(reply["file"])
            if number < len(files):
                found.setdefault(number, _looked(reply, files[number]))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, binascii.Error):
            continue
    return tuple(found[number] for number in sorted(found))


def _looked(reply: Mapping[str, Any], file: DataFile) -> Looked:
    if "unreadable" in reply:
        return Looked(file, reason=_text(reply["unreadable"]) or "it can't be read")
    content = _text(reply["content"])
    if file.kind == "picture":
        colours = COLOURS.get(_text(reply["mode"]), _text(reply["mode"]))
        form = f"{_number(reply['width'])} x {_number(reply['height'])} {colours}"
        return Looked(file, "", content, form, _pixels(reply["small"], SMALL, 1), _pixels(reply["thumb"], THUMB, 3))
    if file.kind == "sound":
        channels = _number(reply["channels"])
        ways = {1: "mono", 2: "stereo"}.get(channels, f"{channels} channels")
        thumb = _pixels(reply["thumb"], THUMB, 1) if "thumb" in reply else None
        form = f"{_number(reply['rate']):,} Hz {ways}"
        return Looked(file, "", content, form, thumb=thumb, silent=reply.get("silent") is True)
    return Looked(file, "", content, table=_table(reply, file.path))


def _table(reply: Mapping[str, Any], path: str) -> TableFile:
    return TableFile(
        path=path,
        rows=_number(reply["rows"]),
        columns=_number(reply["columns"]),
        missing=_counts(reply["missing"]),
        constant=tuple(_text(name) for name in _items(reply["constant"])),
        repeated_rows=_number(reply["repeated"]),
        uneven_rows=_number(reply["uneven"]),
        classes=tuple((_text(name), _counts(counts)) for name, counts in _items(reply["classes"])),
        whole=reply["whole"] is True,
    )


def _counts(value: Any) -> tuple[tuple[str, int], ...]:
    return tuple((_text(name), _number(count)) for name, count in _items(value))


def _items(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise OddReplyError
    return value[:MOST_ITEMS]


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise OddReplyError
    return value[:LONGEST].encode("utf-8", "replace").decode("utf-8")


def _number(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MOST_NUMBER:
        raise OddReplyError
    return value


def _pixels(value: Any, side: int, channels: int) -> NDArray[np.uint8]:
    raw = base64.b64decode(_long_text(value), validate=True)
    shape = (side, side, channels) if channels > 1 else (side, side)
    if len(raw) != math.prod(shape):
        raise OddReplyError
    return np.frombuffer(raw, np.uint8).reshape(shape)


def _long_text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > 4 * THUMB * THUMB * 3:
        raise OddReplyError
    return value
