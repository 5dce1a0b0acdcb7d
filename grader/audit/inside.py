"""Open a student's files inside a sandbox and answer with plain figures. Standalone: numpy and Pillow only.

Started with one argument, JSON: {"arguments": {"seconds": s, ...}, "inputs": {"files": folder, "listing": JSON file}}.
The listing holds [[path, kind], ...]; a kind is picture, sound or table.

Answer on standard output, one line of JSON for each file: {"file": number, ...figures} or {"file": number,
"unreadable": reason}, with "passing": true where it is perhaps not the file that is at fault. Exit status UNFINISHED
says that another look at the same files may come to more. Pixels leave as raw bytes in base64: the host draws,
this process is not trusted to.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import math
import os
import struct
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

UNFINISHED = 3
"""Exit status where not every file was looked into, or memory or the disk failed: the answers hold for this time."""

SMALL = 16
"""Side of the small grey copy that pictures are compared by."""

THUMB = 48
"""Side of the picture for the report."""

MOST_PIXELS = 150_000_000
MOST_SOUND_BYTES = 64 * 1024 * 1024
MOST_TABLE_BYTES = 64 * 1024 * 1024
MOST_ROWS = 200_000
MOST_COLUMNS = 500
MOST_KINDS = 20
"""A column with at most so many different values is one of classes."""

LONGEST_NAME = 60
LONGEST_REASON = 160
MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "?", "-"})
PCM, FLOAT, EXTENSIBLE = 1, 3, 0xFFFE


class BrokenFileError(Exception):
    """The file is not what its name says."""


def content(path: str) -> str:
    """Return the SHA-256 of a file's bytes; one without any is broken."""
    if not os.path.getsize(path):
        raise BrokenFileError("it is empty")
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


# ---------------------------------------------------------------- pictures
def look_at_picture(path: str) -> dict[str, Any]:
    """Return size, colours, and a small grey copy of a picture that can be decoded whole."""
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Image.open(path) as image:
            width, height = image.size
            mode, form = image.mode, str(image.format)
            if width * height > MOST_PIXELS:
                raise BrokenFileError(f"{width} x {height} pixels are too many to look into")
            image.draft("RGB", (4 * THUMB, 4 * THUMB))  # a JPEG is decoded at a fraction of its size
            image.load()
            colours = image.convert("RGB")
    grey = np.asarray(colours.convert("L").resize((SMALL, SMALL), Image.Resampling.BOX), dtype=np.uint8)
    thumb = np.asarray(colours.resize((THUMB, THUMB), Image.Resampling.BOX), dtype=np.uint8)
    return {
        "width": width,
        "height": height,
        "mode": mode,
        "format": form,
        "small": encoded(grey),
        "thumb": encoded(thumb),
    }


def encoded(array: np.ndarray) -> str:
    """Return an array's bytes in base64."""
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode("ascii")


# ---------------------------------------------------------------- recordings
def look_at_sound(path: str) -> dict[str, Any]:
    """Return rate, channels and length of a WAV file, whether it is silent, and a small spectrogram."""
    size = os.path.getsize(path)
    with open(path, "rb") as stream:
        raw = stream.read(min(size, MOST_SOUND_BYTES))
    if raw[:4] != b"RIFF" or raw[8:12] != b"WAVE":
        raise BrokenFileError("it is no WAV file")
    chunks = dict(wav_chunks(raw))
    if b"fmt " not in chunks or b"data" not in chunks or len(chunks[b"fmt "][1]) < 16:
        raise BrokenFileError("it lacks its format or its samples")
    kind, channels, rate, _, block, bits = struct.unpack("<HHIIHH", chunks[b"fmt "][1][:16])
    promised, data = chunks[b"data"]
    if not channels or not rate or not block:
        raise BrokenFileError("its heading makes no sense")
    if len(data) < promised and size <= MOST_SOUND_BYTES:
        raise BrokenFileError(f"it breaks off: {len(data):,} of {promised:,} bytes of samples are there")
    samples = wav_samples(kind, bits, channels, data)
    answer: dict[str, Any] = {"rate": rate, "channels": channels, "seconds": promised / block / rate}
    if samples is not None:
        answer["silent"] = not len(samples) or not float(np.abs(samples).max())
        answer["thumb"] = encoded(spectrogram(samples))
    return answer


def wav_chunks(raw: bytes) -> Iterator[tuple[bytes, tuple[int, bytes]]]:
    """Yield each chunk's name with the length it promises and the bytes that are there."""
    at = 12
    while at + 8 <= len(raw):
        name, length = raw[at : at + 4], struct.unpack("<I", raw[at + 4 : at + 8])[0]
        yield name, (length, raw[at + 8 : at + 8 + length])
        at += 8 + length + length % 2


def wav_samples(kind: int, bits: int, channels: int, data: bytes) -> np.ndarray | None:
    """Return the first channel as floats, None for codings that are not looked into."""
    types: dict[int, np.dtype[Any]] = {8: np.dtype("u1"), 16: np.dtype("<i2"), 32: np.dtype("<i4")}
    if kind == FLOAT and bits in {32, 64}:
        dtype: np.dtype[Any] = np.dtype(f"<f{bits // 8}")
    elif kind in {PCM, EXTENSIBLE} and bits in types:
        dtype = types[bits]
    else:
        return None
    whole = len(data) // (dtype.itemsize * channels) * dtype.itemsize * channels
    samples = np.frombuffer(data[:whole], dtype).astype(np.float32)[::channels]
    samples = samples - (128 if dtype.itemsize == 1 else 0)
    return np.nan_to_num(samples)


def spectrogram(samples: np.ndarray) -> np.ndarray:
    """Return a grey picture of THUMB x THUMB: time to the right, pitch upwards, loudness in decibels."""
    window = 256
    padded = np.pad(samples, (0, max(0, window - len(samples))))
    starts = np.linspace(0, len(padded) - window, THUMB).astype(np.int64)
    frames = padded[starts[:, None] + np.arange(window)] * np.hanning(window)
    power = np.abs(np.fft.rfft(frames, axis=1))[:, 1:]
    bands = power.reshape(THUMB, -1, power.shape[1] // 64).mean(axis=2)[:, :THUMB]
    loud = 20 * np.log10(bands / (bands.max() or 1.0) + 1e-4)
    grey: np.ndarray = np.clip((loud.T[::-1] + 80) / 80 * 255, 0, 255).astype(np.uint8)
    return grey


# ---------------------------------------------------------------- tables
def look_at_table(path: str) -> dict[str, Any]:
    """Return the size of a CSV file, its empty cells, constant columns, repeated rows, and counts of classes."""
    csv.field_size_limit(1 << 20)
    whole = os.path.getsize(path) <= MOST_TABLE_BYTES
    with open(path, encoding="utf-8", errors="replace", newline="") as stream:
        heading = stream.readline(1 << 20)
        if "\0" in heading or not heading.strip():
            raise BrokenFileError("it is no table of text" if heading.strip() else "it is empty")
        delimiter = max(",;\t|", key=heading.count)
        stream.seek(0)
        rows = csv.reader(stream, delimiter=delimiter)
        names = [name.strip()[:LONGEST_NAME] or f"column {at + 1}" for at, name in enumerate(next(rows)[:MOST_COLUMNS])]
        columns = [Column(name) for name in names]
        seen: set[bytes] = set()
        count = repeated = uneven = 0
        for row in rows:
            if not row:
                continue
            if count >= MOST_ROWS:
                whole = False
                break
            count += 1
            uneven += len(row) != len(names)
            digest = hashlib.blake2b("\x1f".join(row).encode(), digest_size=8).digest()
            repeated += digest in seen
            seen.add(digest)
            for column, value in zip(columns, row, strict=False):
                column.add(value)
    return {
        "rows": count,
        "columns": len(names),
        "missing": [[column.name, column.missing] for column in columns if column.missing],
        "constant": [column.name for column in columns if count > 1 and column.constant],
        "repeated": repeated,
        "uneven": uneven,
        "classes": [[column.name, column.counted()] for column in columns if column.has_classes(count)],
        "whole": whole,
    }


class Column:
    """What is counted of one column."""

    def __init__(self, name: str) -> None:
        """Start with nothing seen."""
        self.name = name
        self.missing = 0
        self.counts: Counter[str] | None = Counter()
        self.first: str | None = None
        self.varies = False

    def add(self, value: str) -> None:
        """Count one cell."""
        plain = value.strip()
        if plain.lower() in MISSING:
            self.missing += 1
            return
        self.varies = self.varies or (self.first is not None and plain != self.first)
        self.first = plain if self.first is None else self.first
        if self.counts is not None:
            self.counts[plain[:LONGEST_NAME]] += 1
            if len(self.counts) > MOST_KINDS:
                self.counts = None

    @property
    def constant(self) -> bool:
        """Whether all cells that are not empty hold one value."""
        return not self.varies

    def has_classes(self, rows: int) -> bool:
        """Whether the column may be one of classes: few values, and far fewer than rows."""
        return self.counts is not None and 2 <= len(self.counts) <= max(2, rows // 5)

    def counted(self) -> list[list[Any]]:
        """Return the values with their counts, the commonest first."""
        return [[value, count] for value, count in (self.counts or Counter()).most_common()]


LOOKS: dict[str, Callable[[str], dict[str, Any]]] = {
    "picture": look_at_picture,
    "sound": look_at_sound,
    "table": look_at_table,
}


def answers(listing: list[list[str]], folder: str, deadline: float) -> Iterator[dict[str, Any]]:
    """Yield what is found in each file, until this process has worked for `deadline` seconds.

    Its own time, not the clock's: a busy machine looks into as many files as an idle one.
    """
    for number, (path, kind) in enumerate(listing):
        if time.process_time() > deadline:
            return
        where = os.path.join(folder, path)
        try:
            yield {"file": number, "content": content(where), **LOOKS[kind](where)}
        except MemoryError:
            yield {"file": number, "unreadable": "it needs more memory than a look is given", "passing": True}
        except Exception as error:
            answer = {"file": number, "unreadable": reason_of(error)[:LONGEST_REASON]}
            yield answer | {"passing": True} if isinstance(error, OSError) and error.errno is not None else answer


def reason_of(error: BaseException) -> str:
    """Return in words why a file can't be read, without paths of this box."""
    if isinstance(error, BrokenFileError):
        return str(error)
    name = type(error).__name__
    if name == "UnidentifiedImageError":
        return "it is no picture that can be decoded"
    if name == "DecompressionBombError":
        return "it unpacks to too many pixels to be opened"
    if isinstance(error, OSError) and error.errno is None:
        return f"it is damaged ({error})"
    return f"it can't be read ({name})"


def plain(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Return an answer without numbers that JSON lacks."""
    return {
        key: None if isinstance(value, float) and not math.isfinite(value) else value for key, value in answer.items()
    }


def main() -> None:
    """Read the request, look, answer line by line."""
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever libraries print must not mix with the answers
    request = json.loads(sys.argv[1])
    with open(request["inputs"]["listing"], encoding="utf-8") as stream:
        listing = json.load(stream)
    whole = 0
    for answer in answers(listing, request["inputs"]["files"], request["arguments"]["seconds"]):
        replies.write(json.dumps(plain(answer)) + "\n")
        replies.flush()
        whole += "passing" not in answer
    if whole < len(listing):
        sys.exit(UNFINISHED)


if __name__ == "__main__":
    main()
