"""Sets of rows: one id per distinct content, announced once, their values sent once when they matter."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from . import fingerprint as fp
from .arrays import Table, as_table, send_array
from .channel import Channel

TRAIN_VALUE_BYTES = 192 * 1024 * 1024
"""Most bytes of one set of training rows that are kept (all of CIFAR-10 packed, all of MNIST as float32)."""

ALL_TRAIN_VALUE_BYTES = 512 * 1024 * 1024
"""Most bytes of training rows of a whole run: the other half of the channel's total stays for scored rows and seals."""

SCORE_VALUE_BYTES = 128 * 1024 * 1024
"""Most bytes of one set of scored rows that are kept: 10,000 colour pictures of 64 x 64 as float32."""

PACK_CHUNK = 1024 * 1024


@dataclass
class KnownRows:
    """A set of rows that was announced, with what later rows are compared with."""

    id: str
    count: int
    width: int
    exact: Any
    canonical: Any
    fields: dict[str, Any]
    has_values: bool = False


class RowSets:
    """All row sets of the run, by content."""

    def __init__(self, channel: Channel) -> None:
        """Start empty."""
        self._channel = channel
        self._by_digest: dict[str, KnownRows] = {}
        self._train_bytes = 0

    def seen(self, value: Any, keep: str = "") -> str | None:
        """Announce rows (an array, frame, tensor, list) and return their id; None where they have no rows.

        `keep` is `train` or `score` where the values themselves are wanted, otherwise empty.
        """
        table = as_table(value)
        if table is None:
            return None
        known = self._find(table)
        new = known is None
        if known is None:
            known = self._enter(table)
        if keep and not known.has_values and table.rows is not None:
            self._send_values(known, table.rows, None, keep)
            new = new or known.has_values
        if new:
            self._send(known)
        return known.id

    def streamed(
        self, exact: Any, canonical: Any, rows: Any, *, fields: dict[str, Any], keep: str, index: Any = None
    ) -> str:
        """Announce rows that arrived in batches. `rows` holds the kept values, `index` which rows they are."""
        shape = fields["shape"]
        key = fp.digest(exact, tuple(shape))
        known = self._by_digest.get(key)
        new = known is None
        if known is None:
            known = self._register(key, exact, canonical, fields)
        if rows is not None and not known.has_values:
            self._send_values(known, rows, index, keep)
            new = new or known.has_values
        if new:
            self._send(known)
        return known.id

    def _send(self, known: KnownRows) -> None:
        self._channel.send("rows.seen", rows=known.id, **known.fields)

    def holding(self, picture: Any) -> tuple[str | None, int | None]:
        """Return the smallest known set with this picture as one of its rows (exactly, else up to scale), and which."""
        import numpy as np

        table = as_table(picture[None])
        if table is None or table.text:
            return None, None
        mark = fp.fingerprint(table.parts[0])
        if mark.low is None or mark.low == mark.high:
            return None, None
        width = table.parts[0].shape[1]
        sets = sorted((known for known in self._by_digest.values() if known.width == width), key=lambda k: k.count)
        for name in ("exact", "canonical"):
            wanted = getattr(mark, name)[0]
            for known in sets:
                places = np.flatnonzero(getattr(known, name) == wanted)
                if len(places):
                    return known.id, int(places[0])
        return None, None

    def _find(self, table: Table) -> KnownRows | None:
        width = sum(int(part.shape[1]) for part in table.parts)
        if not any(known.count == table.count and known.width == width for known in self._by_digest.values()):
            return None
        hashes = fp.text_hashes if table.text else fp.exact_hashes
        exact = fp.combined([hashes(part) for part in table.parts])
        return self._by_digest.get(fp.digest(exact, table.shape))

    def _enter(self, table: Table) -> KnownRows:
        if table.text:
            exact = fp.combined([fp.text_hashes(part) for part in table.parts])
            mark = fp.Fingerprint(exact, exact, None, None, None, 0)
        else:
            mark = _joint([fp.fingerprint(part) for part in table.parts])
        fields = {
            "count": table.count,
            "shape": list(table.shape),
            "dtype": table.dtype,
            "source": table.source,
            "low": mark.low,
            "high": mark.high,
            "mean": mark.mean,
            "nans": mark.nans,
            "complete": True,
        }
        return self._register(fp.digest(mark.exact, table.shape), mark.exact, mark.canonical, fields)

    def _register(self, key: str, exact: Any, canonical: Any, fields: dict[str, Any]) -> KnownRows:
        known = KnownRows(
            id=f"r{len(self._by_digest) + 1}",
            count=len(exact),
            width=max(1, math.prod(fields["shape"])),
            exact=exact,
            canonical=canonical,
            fields=dict(fields),
        )
        known.fields["exact"] = send_array(self._channel, exact)
        known.fields["canonical"] = send_array(self._channel, canonical)
        self._by_digest[key] = known
        return known

    def _send_values(self, known: KnownRows, rows: Any, index: Any, keep: str) -> None:
        import numpy as np

        packed, scale = pack(rows)
        cap = SCORE_VALUE_BYTES
        if keep == "train":
            cap = min(TRAIN_VALUE_BYTES, ALL_TRAIN_VALUE_BYTES - self._train_bytes)
        fitting = max(0, cap) // max(1, packed.nbytes // max(1, len(packed)))
        if fitting < 1:
            self._channel.send("probe.dropped", what=f"values of {known.id}", why="training values cap")
            return
        if fitting < len(packed):
            chosen = np.linspace(0, len(packed) - 1, fitting).astype(np.int64)
            packed = packed[chosen]
            index = chosen if index is None else index[chosen]
        self._train_bytes += packed.nbytes if keep == "train" else 0
        values = send_array(self._channel, packed)
        if values is None:
            return
        known.has_values = True
        known.fields.update(values=values, scale=scale)
        if index is not None:
            known.fields["values_index"] = send_array(self._channel, np.asarray(index, dtype=np.int64))


def _joint(marks: list[fp.Fingerprint]) -> fp.Fingerprint:
    """Return one fingerprint for the parts of several inputs."""
    if len(marks) == 1:
        return marks[0]
    lows = [mark.low for mark in marks if mark.low is not None]
    highs = [mark.high for mark in marks if mark.high is not None]
    return fp.Fingerprint(
        fp.combined([mark.exact for mark in marks]),
        fp.combined([mark.canonical for mark in marks]),
        min(lows, default=None),
        max(highs, default=None),
        None,
        sum(mark.nans for mark in marks),
    )


def pack(rows: Any) -> tuple[Any, int | None]:
    """Return rows in the smallest form that loses nothing float32 has, and the scale to divide by, if any."""
    import numpy as np

    if rows.dtype.kind in "OS":
        try:
            rows = rows.astype(np.float64)
        except (TypeError, ValueError):
            return np.array([fp.as_text(value) for value in rows.reshape(-1)]).reshape(rows.shape), None
    kind = rows.dtype.kind
    if kind in "mM":
        rows = rows.view(np.int64)
        kind = "i"
    if kind == "b":
        return rows.astype(np.uint8), None
    if kind in "iu":
        if rows.dtype.itemsize == 1:
            return rows, None
        low, high = (int(rows.min()), int(rows.max())) if rows.size else (0, 0)
        if low >= 0 and high <= 255:
            return rows.astype(np.uint8), None
        small = low >= -(2**31) and high < 2**31
        return (rows.astype(np.int32) if small else rows.astype(np.float32)), None
    if kind == "f":
        for scale in (255, None):
            packed = _packed(rows, scale)
            if packed is not None:
                return packed, scale
        return rows.astype(np.float32), None
    return rows, None


def _packed(rows: Any, scale: int | None) -> Any:
    """Return rows as uint8 where each value is float32(k / scale) for a whole k of 0..255; else None."""
    import numpy as np

    flat = np.ascontiguousarray(rows).reshape(-1)
    out = np.empty(flat.shape, dtype=np.uint8)
    codes = np.arange(256, dtype=np.float64)
    table = (codes / scale if scale else codes).astype(np.float32)
    for start in range(0, len(flat), PACK_CHUNK):
        part = flat[start : start + PACK_CHUNK].astype(np.float32)
        with np.errstate(all="ignore"):
            guess = np.rint(part * np.float32(scale)) if scale else np.rint(part)
            if not (guess.min() >= 0 and guess.max() <= 255):
                return None
        code = guess.astype(np.uint8)
        if not np.array_equal(table[code], part):
            return None
        out[start : start + PACK_CHUNK] = code
    return out.reshape(rows.shape)
