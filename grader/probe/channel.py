"""The one-way channel to the host: JSON lines over an inherited pipe, artifacts in base64 parts.

Whatever goes wrong here is silent in the kernel: a closed pipe, a cap or a forked child end the sending, never the
student's run.
"""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import math
import os
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from .wire import CHUNK_BYTES, MAX_ARTIFACT_BYTES, MAX_EVENTS, MAX_LINE_BYTES, MAX_TOTAL_BYTES

PIPE_BYTES = 1024 * 1024
"""Asked for as the pipe's buffer (Linux's unprivileged maximum), so that a busy host seldom makes the kernel wait."""

MAX_SHARE = 5
"""No single kind of event may take more than 1/5 of all events: a loop that plots must not hide the scorings."""

MAX_TEXT = 2_000
"""Longest text in an event; a label of a megabyte says no more than its beginning."""

MAX_DEPTH = 8

FOLDER = os.path.dirname(os.path.abspath(__file__))

SENDING_FILES = (__file__, os.path.join(FOLDER, "watch.py"))


class Channel:
    """Sends events in order. One per process; disabled in forked children."""

    def __init__(self, descriptor: int | None = None) -> None:
        """Open at once where there is a descriptor already."""
        self._descriptor = -1
        self._lock = threading.RLock()
        self._pid = 0
        self.unsent = 0
        """Events that came before there was anything to send them through."""
        self._seq = 0
        self._sent: Counter[str] = Counter()
        self._written: Counter[str] = Counter()
        self._foreign = 0
        self._dropped: set[str] = set()
        self._artifacts = 0
        self._artifact_bytes = 0
        self._open = False
        if descriptor is not None:
            self.open(descriptor)

    def open(self, descriptor: int) -> None:
        """Take over the descriptor: subprocesses and forked children of the student won't have it."""
        self._descriptor, self._pid, self._open = descriptor, os.getpid(), True
        os.set_inheritable(descriptor, False)  # noqa: FBT003 - it has no keyword
        with contextlib.suppress(OSError, AttributeError):
            fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
        os.register_at_fork(after_in_child=self._leave)

    def send(self, kind: str, **fields: Any) -> None:
        """Send one event; None fields are left out. Silent where a cap is reached or the host has gone."""
        self.unsent += self._descriptor < 0
        if not self._open or os.getpid() != self._pid:
            return
        with self._lock:
            self._foreign += not sent_by_probe()
            if not self._may_send(kind):
                return
            body = {"seq": self._seq, "kind": kind}
            body.update((name, value) for name, value in fields.items() if value is not None)
            line = json.dumps(jsonable(body), allow_nan=False, separators=(",", ":"))
            if len(line) >= MAX_LINE_BYTES:
                line = json.dumps({"seq": self._seq, "kind": "probe.dropped", "what": kind, "why": "line too long"})
                kind = "probe.dropped"
            self._written[kind] += 1
            self._write(line.encode("ascii"))

    def state(self, **fields: Any) -> None:
        """Send `probe.integrity`: what was sent so far, and how much of it not by the probe."""
        with self._lock:
            sent = dict(self._written)
            Channel.send(
                self, "probe.integrity", sent=sent, artifacts=self._artifacts, foreign=self._foreign or None, **fields
            )

    def send_artifact(self, form: str, size: int, chunks: Iterable[bytes | memoryview]) -> str | None:
        """Send bytes as parts and return the artifact's id; None where a cap forbids it."""
        if not self._open or os.getpid() != self._pid:
            return None
        with self._lock:
            if size > MAX_ARTIFACT_BYTES or self._artifact_bytes + size > MAX_TOTAL_BYTES:
                self.send("probe.dropped", what=f"artifact of {size} bytes", why="size cap")
                return None
            self._foreign += not sent_by_probe()
            self._artifact_bytes += size
            self._artifacts += 1
            name = f"a{self._artifacts}"
            parts = max(1, math.ceil(size / CHUNK_BYTES))
            for part, chunk in enumerate(_regroup(chunks)):
                head = (
                    f'{{"seq":{self._seq},"kind":"artifact","artifact":"{name}","format":"{form}",'
                    f'"part":{part},"parts":{parts},"data":"'
                )
                self._write(head.encode("ascii") + base64.b64encode(chunk) + b'"}')
            return name

    def _may_send(self, kind: str) -> bool:
        room = MAX_EVENTS - len(self._dropped) - 1
        if self._sent[kind] < MAX_EVENTS // MAX_SHARE and sum(self._sent.values()) < room:
            self._sent[kind] += 1
            return True
        if kind not in self._dropped:
            self._dropped.add(kind)
            self.send("probe.dropped", what=kind, why="too many events")
        return False

    def _write(self, line: bytes) -> None:
        self._seq += 1
        data = memoryview(b"\n" + line + b"\n")
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
        except OSError:
            self._open = False

    def _leave(self) -> None:
        self._open = False
        with contextlib.suppress(OSError):
            os.close(self._descriptor)


def sent_by_probe() -> bool:
    """Tell whether the nearest frame outside of the sending itself belongs to the probe."""
    frame: Any = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename in SENDING_FILES:
        frame = frame.f_back
    return frame is None or frame.f_code.co_filename.startswith(FOLDER)


def _regroup(chunks: Iterable[bytes | memoryview]) -> Iterator[bytes]:
    """Cut a series of byte strings into parts of CHUNK_BYTES; an empty series is one empty part."""
    held = bytearray()
    sent = False
    for chunk in chunks:
        view = memoryview(chunk).cast("B")
        for start in range(0, len(view), CHUNK_BYTES):
            held += view[start : start + CHUNK_BYTES]
            while len(held) >= CHUNK_BYTES:
                yield bytes(held[:CHUNK_BYTES])
                sent = True
                del held[:CHUNK_BYTES]
    if held or not sent:
        yield bytes(held)


def jsonable(value: Any, depth: int = 0) -> Any:
    """Return the value as plain JSON: numpy scalars as numbers, NaN and infinities as null, the rest as text."""
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, str):
        return str(value[:MAX_TEXT])
    if depth < MAX_DEPTH:
        if isinstance(value, dict):
            return {str(name)[:MAX_TEXT]: jsonable(item, depth + 1) for name, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [jsonable(item, depth + 1) for item in value]
        if getattr(value, "shape", None) == () and callable(getattr(value, "item", None)):
            return jsonable(value.item(), depth + 1)
        if callable(getattr(value, "tolist", None)):
            return jsonable(value.tolist(), depth + 1)
    return _text(value)


def spelled(value: Any) -> Any:
    """Return a number that is not finite by its name (`nan`, `inf`, `-inf`), as JSON has none; others as they are."""
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _text(value: Any) -> str:
    kind: Callable[..., Any] = type(value)
    return str(getattr(value, "__name__", None) or getattr(kind, "__name__", "object"))[:MAX_TEXT]
