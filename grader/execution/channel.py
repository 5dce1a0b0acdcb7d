"""The host's end of the event channel: reads what the kernel claims, and believes nothing about its form."""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
import os
import re
import select
import socket
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from grader.probe.wire import CHUNK_BYTES, MAX_ARTIFACT_BYTES, MAX_EVENTS, MAX_LINE_BYTES, MAX_TOTAL_BYTES

BUFFER_BYTES = 1024 * 1024
"""Asked for as the socket's buffer, so that a busy host seldom makes the kernel wait."""

MAX_EVENT_BYTES = 32 * 1024 * 1024
"""All events of a run together, artifacts apart: forty times what the largest honest run sent."""

MAX_FAULTS = 10_000
"""After so many faults the channel is closed: whoever writes there is not the probe."""

MAX_ARTIFACTS = 4_096
MAX_OPEN_ARTIFACTS = 16
"""The probe sends one artifact at a time, and has few threads."""

DRAIN_S = 10.0
"""Longest wait for silence after a cell; what a thread goes on sending is stamped with later cells."""

_SO_SNDBUFFORCE = 32
_IDLE_S = 0.2
_READ = 256 * 1024
_KIND = re.compile(r"[a-z][a-z_]{0,30}(\.[a-z][a-z_]{0,30})?")
_ARTIFACT = re.compile(r"[a-z][0-9]{1,8}")
_FORMATS = frozenset({"npy", "keras", "graph", "program", "json"})


def open_channel() -> tuple[socket.socket, socket.socket]:
    """The host's and the kernel's end of a one-way channel.

    A pair of sockets rather than a pipe: a pipe could be opened for reading through /proc/self/fd by the very code
    that is being watched, and events taken back before they were read.
    """
    ours, theirs = socket.socketpair()
    theirs.shutdown(socket.SHUT_RD)
    with contextlib.suppress(OSError):
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_BYTES)
    if sys.platform == "linux":
        with contextlib.suppress(OSError):  # root may pass the system's own limit
            theirs.setsockopt(socket.SOL_SOCKET, _SO_SNDBUFFORCE, BUFFER_BYTES)
    return ours, theirs


@dataclass(slots=True)
class _Artifact:
    file: IO[bytes]
    path: Path
    form: str
    parts: int
    next_part: int = 0
    size: int = 0


class ChannelFault(ValueError):  # noqa: N818 - a fault is what the contract calls it
    """A line that is not an event as the wire format has it."""


@dataclass(slots=True)
class ChannelParser:
    """Turns bytes into stored events and artifact files, counting what doesn't fit.

    Events go to `events`, one line of JSON each: `{"seq", "cell", "kind", "fields"}`. `cell` is set by the runner.
    """

    events: IO[str]
    artifact_folder: Path
    cell: int | None = None
    faults: int = 0
    artifacts: dict[str, Path] = field(default_factory=dict)
    disk_fault: OSError | None = None
    """Why something could not be stored: the host's fault, not the sender's."""
    room_needed: int = 0
    """Bytes that what could not be stored would have taken, about."""
    _held: bytearray = field(default_factory=bytearray)
    _overlong: bool = False
    _expected: int = 0
    _count: int = 0
    _event_bytes: int = 0
    _artifact_bytes: int = 0
    _open: dict[str, _Artifact] = field(default_factory=dict)
    _spent: set[str] = field(default_factory=set)

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the stream."""
        *lines, rest = data.split(b"\n")
        for line in lines:
            self._held += line
            if self._overlong or len(self._held) > MAX_LINE_BYTES:
                self.faults += 1
            elif self._held:
                self._line(bytes(self._held))
            self._held.clear()
            self._overlong = False
        self._held += rest
        if len(self._held) > MAX_LINE_BYTES:
            self._held.clear()
            self._overlong = True

    def close(self) -> None:
        """Forget what is unfinished: half a line, half an artifact."""
        self.faults += bool(self._held or self._overlong) + len(self._open)
        for artifact in self._open.values():
            self._discard(artifact)
        self._open.clear()

    def _line(self, line: bytes) -> None:
        try:
            event = _parse(line)
            self._check_order(event)
            if event.get("kind") == "artifact":
                self._part(event)
            else:
                self._store(event)
        except (ChannelFault, RecursionError):
            self.faults += 1
        except OSError as error:
            self.disk_fault = self.disk_fault or error
            self.room_needed = max(self.room_needed, sum(item.parts * CHUNK_BYTES for item in self._open.values()))

    def _check_order(self, event: dict[str, Any]) -> None:
        """Count a break in the numbering; the event itself is kept, for whoever has to make sense of the run."""
        seq = event.get("seq")
        if not isinstance(seq, int) or isinstance(seq, bool) or not 0 <= seq < 2**53:
            raise ChannelFault("no number")
        if seq != self._expected:
            self.faults += 1
        self._expected = max(self._expected, seq + 1)

    def _store(self, event: dict[str, Any]) -> None:
        kind = event.get("kind")
        if not isinstance(kind, str) or not _KIND.fullmatch(kind):
            raise ChannelFault("no kind")
        if self._count >= MAX_EVENTS:
            raise ChannelFault("too many events")
        fields = {name: value for name, value in event.items() if name not in {"seq", "kind"}}
        stored = json.dumps({"seq": event["seq"], "cell": self.cell, "kind": kind, "fields": fields})
        self._event_bytes += len(stored)
        if self._event_bytes > MAX_EVENT_BYTES:
            raise ChannelFault("too many bytes of events")
        self._count += 1
        self.events.write(stored + "\n")

    def _part(self, event: dict[str, Any]) -> None:
        name = event.get("artifact")
        if not isinstance(name, str) or not _ARTIFACT.fullmatch(name) or name in self._spent:
            raise ChannelFault("not an artifact that may be sent")
        artifact = self._open.get(name) or self._begin(name, event)
        try:
            self._append(artifact, event)
        except ChannelFault:
            self._discard(self._open.pop(name))
            raise
        if artifact.next_part == artifact.parts:
            artifact.file.close()
            final = artifact.path.with_suffix("")
            os.replace(artifact.path, final)
            self.artifacts[name] = final
            self._spent.add(name)
            del self._open[name]

    def _begin(self, name: str, event: dict[str, Any]) -> _Artifact:
        parts, form = event.get("parts"), event.get("format")
        if not isinstance(form, str) or form not in _FORMATS:
            raise ChannelFault("no known format")
        if not isinstance(parts, int) or not 1 <= parts <= MAX_ARTIFACT_BYTES // CHUNK_BYTES + 1:
            raise ChannelFault("too many parts")
        if len(self._spent) >= MAX_ARTIFACTS or len(self._open) >= MAX_OPEN_ARTIFACTS:
            raise ChannelFault("too many artifacts")
        path = self.artifact_folder / f"{name}.{form}.part"
        artifact = _Artifact(path.open("xb"), path, form, parts)
        self._open[name] = artifact
        return artifact

    def _append(self, artifact: _Artifact, event: dict[str, Any]) -> None:
        promised = (artifact.next_part, artifact.parts, artifact.form)
        if (event.get("part"), event.get("parts"), event.get("format")) != promised:
            raise ChannelFault("a part out of order")
        data = event.get("data")
        if not isinstance(data, str):
            raise ChannelFault("no data")
        try:
            raw = base64.b64decode(data, validate=True)
        except (binascii.Error, ValueError) as error:
            raise ChannelFault("not base64") from error
        artifact.size += len(raw)
        self._artifact_bytes += len(raw)
        if artifact.size > MAX_ARTIFACT_BYTES or self._artifact_bytes > MAX_TOTAL_BYTES:
            raise ChannelFault("too large")
        artifact.file.write(raw)
        artifact.next_part += 1

    def _discard(self, artifact: _Artifact) -> None:
        """Drop an artifact that went wrong; its id is spent."""
        with contextlib.suppress(OSError):  # what it still holds has no room
            artifact.file.close()
        artifact.path.unlink(missing_ok=True)
        self._spent.add(artifact.path.name.split(".", 1)[0])


def _parse(line: bytes) -> dict[str, Any]:
    """One line as an object of JSON proper: no NaN, no lone surrogates, no number of a million digits."""
    try:
        event = json.loads(line.decode("utf-8"), parse_constant=_refuse)
        if b"\\u" in line:
            json.dumps(event, ensure_ascii=False).encode("utf-8")
    except ValueError as error:  # JSONDecodeError and the Unicode errors are ValueErrors too
        raise ChannelFault(str(error)) from error
    if not isinstance(event, dict):
        raise ChannelFault("not an object")
    return event


def _refuse(constant: str) -> None:
    raise ChannelFault(f"{constant} is not JSON")


class ChannelReader(threading.Thread):
    """Reads the channel all the time, so that the kernel never waits for the host."""

    def __init__(self, channel: socket.socket, parser: ChannelParser) -> None:
        super().__init__(name="channel", daemon=True)
        self._channel = channel
        self._parser = parser
        self._busy = False
        self._stopping = threading.Event()

    def run(self) -> None:
        """Read until the channel ends, is told to stop, or has been abused."""
        try:
            while not (self._stopping.is_set() and not self._pending()):
                if not select.select([self._channel], [], [], _IDLE_S)[0]:
                    continue
                self._busy = True
                data = self._channel.recv(_READ)
                if not data:
                    return
                self._parser.feed(data)
                self._busy = False
                if self._parser.faults > MAX_FAULTS:
                    return
        except OSError:
            return
        finally:
            self._busy = False
            self._channel.close()  # the kernel's next write fails, and the probe falls silent

    def drain(self) -> None:
        """Wait until everything sent so far has been stored."""
        deadline = time.monotonic() + DRAIN_S
        while self.is_alive() and time.monotonic() < deadline:
            if not self._pending() and not self._busy:
                return
            time.sleep(0.002)

    def stop(self) -> None:
        """Read what is there, then end."""
        self._stopping.set()
        self.join(DRAIN_S)
        self._parser.close()

    def _pending(self) -> bool:
        try:
            return bool(select.select([self._channel], [], [], 0)[0])
        except (OSError, ValueError):
            return False  # closed
