"""Hashes of rows: exact (the values as float32) and canonical (per-row min-max to 8 bits).

Both look at a row's values in order and not at its shape, so (28, 28), (28, 28, 1) and (784,) agree. The canonical
hash removes any positive scale and shift of a row: pictures of 8 bits, `/255` and `/127.5 - 1` agree.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import Any

CHUNK_VALUES = 512 * 1024
"""Values hashed at a time: the few working copies stay within a processor's cache, and memory within 10 MB."""

TIE_GUARD = 32.0
"""Rounding shift in units of the row's float error. Where a picture's grey levels span D, values of the quantiser lie
on ties or at least 1/(2 D) away, and float32 copies err by about 0.01/D: a shift of 0.13/D to 0.25/D keeps every tie
on one side and everything else on its own."""

NARROW = 64
"""Values in a row up to which its minimum and maximum are found column by column."""

MAX_TEXT_VALUES = 2_000_000
"""Most text cells that are hashed one by one."""

_keys: dict[int, Any] = {}


@dataclass(frozen=True)
class Fingerprint:
    """Hashes (uint64 per row) and the range of the values; `low`, `high`, `mean` are None for text."""

    exact: Any
    canonical: Any
    low: float | None
    high: float | None
    mean: float | None
    nans: int


def exact_hashes(table: Any) -> Any:
    """Return the exact uint64 hash of each row of a numeric (rows, values) array."""
    import numpy as np

    count, width = table.shape
    out = np.empty(count, dtype=np.uint64)
    for start, stop in _chunks(count, width):
        out[start:stop] = _row_hash(_as_float32(table[start:stop]))
    return out


def fingerprint(table: Any) -> Fingerprint:
    """Return hashes and range of a numeric (rows, values) array."""
    import numpy as np

    count, width = table.shape
    exact = np.empty(count, dtype=np.uint64)
    canonical = np.empty(count, dtype=np.uint64)
    low, high, total, finite, nans = math.inf, -math.inf, 0.0, 0, 0
    for start, stop in _chunks(count, width):
        values = _as_float32(table[start:stop])
        sums, lows, highs = _reduced(values)
        canonical[start:stop] = _row_hash_bytes(_quantise(values, lows, highs))
        missing = int(np.isnan(values).sum()) if np.isnan(sums).any() else 0
        with np.errstate(all="ignore"):
            total += float(np.nansum(values, dtype=np.float64)) if missing else float(sums.sum())
        nans += missing
        finite += values.size - missing
        if values.size > missing:
            low, high = min(low, float(np.nanmin(lows))), max(high, float(np.nanmax(highs)))
        exact[start:stop] = _row_hash(values)
    if not finite:
        return Fingerprint(exact, canonical, None, None, None, nans)
    return Fingerprint(exact, canonical, low, high, total / finite, nans)


def text_hashes(table: Any) -> Any:
    """Return the uint64 hash of each row of a (rows, values) array of objects, by the text of the values."""
    import numpy as np

    count, width = table.shape
    if count * width > MAX_TEXT_VALUES:
        raise ValueError("too many text values to hash")
    tokens: dict[str, int] = {}
    numbers = np.empty((count, width), dtype=np.uint64)
    for row in range(count):
        for column in range(width):
            text = as_text(table[row, column])
            token = tokens.get(text)
            if token is None:
                digest = hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest()
                token = tokens[text] = int.from_bytes(digest, "little")
            numbers[row, column] = token
    return combine_words(numbers)


def as_text(value: Any) -> str:
    """Return a cell's text; tensors of strings hold bytes where arrays hold text."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def digest(hashes: Any, *more: Any) -> str:
    """Return a short name for a sequence of row hashes and whatever else tells two sets apart."""
    import numpy as np

    summary = hashlib.blake2b(np.ascontiguousarray(hashes).view(np.uint8).data, digest_size=16)
    summary.update(repr(more).encode())
    return summary.hexdigest()


def combined(parts: list[Any]) -> Any:
    """Return one hash per row from several per-row hash arrays (a model with several inputs)."""
    import numpy as np

    return parts[0] if len(parts) == 1 else combine_words(np.stack(parts, axis=1))


def _chunks(count: int, width: int) -> list[tuple[int, int]]:
    step = max(1, CHUNK_VALUES // max(1, width))
    return [(start, min(count, start + step)) for start in range(0, count, step)]


def _as_float32(part: Any) -> Any:
    """Return a fresh float32 copy, -0.0 as 0.0."""
    import numpy as np

    values = np.empty(part.shape, dtype=np.float32)
    with np.errstate(all="ignore"):
        np.add(part, np.float32(0), out=values, dtype=np.float32, casting="unsafe")
    return values


def _reduced(values: Any) -> tuple[Any, Any, Any]:
    """Return sum, minimum and maximum of each row, NaN left out of the latter two."""
    import numpy as np

    # Along short rows numpy works value by value; along columns it takes many rows at a time, ten times as fast.
    table, axis = (np.ascontiguousarray(values.T), 0) if values.shape[1] <= NARROW else (values, 1)
    with np.errstate(all="ignore"):
        sums = table.sum(axis=axis, dtype=np.float64)
    return sums, np.fmin.reduce(table, axis=axis), np.fmax.reduce(table, axis=axis)


def _quantise(values: Any, lows: Any, highs: Any) -> Any:
    """Return rows as 8-bit codes between each row's own minimum and maximum; constant rows and NaN are 0."""
    import numpy as np

    with np.errstate(all="ignore"):
        spans = highs - lows
        usable = np.isfinite(spans) & (spans > 0)
        spans = np.where(usable, spans, 1).astype(np.float32)
        lows = np.where(usable, lows, 0).astype(np.float32)
        unit = np.spacing(np.maximum(np.abs(lows), np.abs(np.where(usable, highs, 0))).astype(np.float32))
        shift = np.minimum(TIE_GUARD * 255 * unit / spans, 0.4)
        scaled = values - lows[:, None]
        scaled *= (np.float32(255) / spans)[:, None]
        scaled += (np.float32(0.5) + shift)[:, None].astype(np.float32)
        np.clip(scaled, 0, 255, out=scaled)
        if not usable.all():
            scaled[~usable] = 0
        if np.isnan(scaled.sum()):
            np.nan_to_num(scaled, copy=False, nan=0.0)
        return scaled.astype(np.uint8)


def _row_hash(values: Any) -> Any:
    """Hash float32 rows; the array is used up."""
    import numpy as np

    count, width = values.shape
    if width % 2:
        padded = np.zeros((count, width + 1), dtype=np.float32)
        padded[:, :width] = values
        values = padded
    return combine_words(np.ascontiguousarray(values).view(np.uint64), width)


def _row_hash_bytes(codes: Any) -> Any:
    import numpy as np

    count, width = codes.shape
    if width % 8:
        padded = np.zeros((count, width + 8 - width % 8), dtype=np.uint8)
        padded[:, :width] = codes
        codes = padded
    return combine_words(np.ascontiguousarray(codes).view(np.uint64), width)


def combine_words(words: Any, size: int | None = None) -> Any:
    """Return sum(key[j] * mixed word[j]) per row, finished by splitmix64's last steps. Uses `words` up."""
    import numpy as np

    count, width = words.shape
    if width == 0:
        return np.zeros(count, dtype=np.uint64)
    words ^= words >> np.uint64(23)
    hashes = np.einsum("ij,j->i", words, _row_keys(width)) + np.uint64((size if size is not None else width) + 1)
    return _finish(hashes)


def _finish(hashes: Any) -> Any:
    import numpy as np

    hashes ^= hashes >> np.uint64(30)
    hashes *= np.uint64(0xBF58476D1CE4E5B9)
    hashes ^= hashes >> np.uint64(27)
    hashes *= np.uint64(0x94D049BB133111EB)
    hashes ^= hashes >> np.uint64(31)
    return hashes


def _row_keys(width: int) -> Any:
    """Return fixed odd multipliers, one per word: splitmix64 of the word's position."""
    import numpy as np

    if width not in _keys:
        _keys.clear() if len(_keys) > 32 else None
        position = np.arange(1, width + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        _keys[width] = _finish(position) | np.uint64(1)
    return _keys[width]
