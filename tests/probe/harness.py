"""Runs cells in a real kernel started by launch.py, and reads the probe's channel."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jupyter_core.utils
import numpy as np
from jupyter_client.manager import KernelManager

LAUNCH = Path(__file__).parents[2] / "grader" / "probe" / "launch.py"
PLAIN = ["-m", "ipykernel_launcher"]


class WatchedKernel:
    """A running kernel with (or without) the probe. `run` returns the text a cell printed; events collect."""

    def __init__(self, manager: KernelManager, reader: ChannelReader | None) -> None:
        self.manager = manager
        self.client = manager.blocking_client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)
        self.reader = reader
        self.errors: list[str] = []

    def run(self, source: str, *, allow_errors: bool = False, timeout: float = 240) -> str:
        """Run a cell and return what it printed on stdout."""
        printed: list[str] = []
        self.last_outputs: list[dict[str, Any]] = []

        def hook(message: dict[str, Any]) -> None:
            content = message["content"]
            if message["msg_type"] in ("stream", "error", "execute_result", "display_data"):
                self.last_outputs.append(content)
            if message["msg_type"] == "stream" and content["name"] == "stdout":
                printed.append(content["text"])
            if message["msg_type"] == "error":
                self.errors.append("\n".join(content["traceback"]))

        reply = self.client.execute_interactive(source, timeout=timeout, output_hook=hook)
        if reply["content"]["status"] == "error" and not allow_errors:
            raise AssertionError("\n".join(reply["content"]["traceback"]))
        return "".join(printed)

    @property
    def events(self) -> list[dict[str, Any]]:
        """All events so far, artifacts apart."""
        assert self.reader is not None
        self.reader.settle()
        return list(self.reader.events)

    def mark(self) -> int:
        """Return the number of events so far, to look at those after it."""
        return len(self.events)

    def since(self, mark: int, kind: str = "") -> list[dict[str, Any]]:
        """Return the events after a mark, of one kind where it is given."""
        return [event for event in self.events[mark:] if not kind or event["kind"] == kind]

    def array(self, artifact: str) -> np.ndarray:
        """Return an array that was sent."""
        assert self.reader is not None
        return np.load(io.BytesIO(self.reader.artifact(artifact)), allow_pickle=False)

    def row_set(self, rows: str) -> dict[str, Any]:
        """Return the fullest announcement of a row set."""
        return [event for event in self.events if event["kind"] == "rows.seen" and event["rows"] == rows][-1]

    def label_set(self, labels: str) -> dict[str, Any]:
        """Return the announcement of a label set."""
        return next(event for event in self.events if event["kind"] == "labels.seen" and event["labels"] == labels)


class ChannelReader(threading.Thread):
    """Reads lines from the pipe into events and artifacts."""

    def __init__(self, descriptor: int) -> None:
        super().__init__(daemon=True)
        self.events: list[dict[str, Any]] = []
        self.parts: dict[str, list[bytes]] = {}
        self.torn = 0
        self.sequence: list[int] = []
        self._file = os.fdopen(descriptor, "rb")
        self._changed = threading.Event()

    def run(self) -> None:
        for line in self._file:
            if not line.strip():
                continue
            try:
                event = json.loads(line)
            except ValueError:
                self.torn += 1
                continue
            self.sequence.append(event["seq"])
            if event["kind"] == "artifact":
                self.parts.setdefault(event["artifact"], []).append(base64.b64decode(event["data"]))
                if event["part"] == 0:
                    self.parts.setdefault(f"{event['artifact']} parts", [str(event["parts"]).encode()])
            else:
                self.events.append(event)
            self._changed.set()

    def settle(self) -> None:
        """Wait until nothing arrives any more."""
        self._changed.set()
        while self._changed.is_set():
            self._changed.clear()
            self._changed.wait(0.15)

    def artifact(self, name: str) -> bytes:
        parts = self.parts[name]
        assert len(parts) == int(self.parts[f"{name} parts"][0])
        return b"".join(parts)


@contextmanager
def own_event_loop() -> Iterator[None]:
    """Give this thread's blocking client an event loop, and close it: left open, it is a warning much later."""
    loop = asyncio.new_event_loop()
    token = jupyter_core.utils._loop.set(loop)
    try:
        yield
    finally:
        jupyter_core.utils._loop.reset(token)
        loop.close()


@contextmanager
def kernel(folder: Path, *, probe: bool = True) -> Iterator[WatchedKernel]:
    """Start a kernel in a folder; with `probe=False` a plain ipykernel."""
    with own_event_loop(), started(folder, probe=probe) as watched:
        yield watched


@contextmanager
def started(folder: Path, *, probe: bool) -> Iterator[WatchedKernel]:
    manager = KernelManager()
    command = [str(LAUNCH)] if probe else PLAIN
    manager.kernel_spec.argv[:] = [sys.executable, *command, "-f", "{connection_file}"]
    env = {
        **os.environ,
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "-1",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    }
    reader = None
    extra: dict[str, Any] = {}
    if probe:
        read_end, write_end = os.pipe()
        env["GRADER_PROBE_FD"] = str(write_end)
        extra["pass_fds"] = (write_end,)
    manager.start_kernel(cwd=str(folder), env=env, **extra)
    if probe:
        os.close(write_end)
        reader = ChannelReader(read_end)
        reader.start()
    watched = None
    try:
        watched = WatchedKernel(manager, reader)
        yield watched
    finally:
        if watched is not None:
            watched.client.stop_channels()
            watched.client.context.destroy()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()
        manager.context.destroy()
        if reader is not None:
            reader.join(10)
            reader._file.close()
