"""The channel: lines that survive interrupts, forks, caps and a host that has gone."""

from __future__ import annotations

import base64
import io
import json
import os
import signal
import threading
from typing import Any

import numpy as np
import pytest

from grader.probe import channel as channel_module
from grader.probe.arrays import send_array
from grader.probe.channel import Channel
from grader.probe.wire import CHUNK_BYTES, MAX_LINE_BYTES


class Host:
    """Reads the other end in a thread."""

    def __init__(self) -> None:
        self.read_end, self.write_end = os.pipe()
        self.channel = Channel(self.write_end)
        self.lines: list[bytes] = []
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self) -> None:
        with os.fdopen(self.read_end, "rb") as file:
            self.lines += [line for line in file if line.strip()]

    def close(self) -> list[dict[str, Any]]:
        """Close the channel and return the events that can be read."""
        os.close(self.write_end)
        self.thread.join(10)
        events = []
        for line in self.lines:
            try:
                events.append(json.loads(line))
            except ValueError:
                events.append({"kind": "torn"})
        return events


@pytest.fixture
def host() -> Host:
    return Host()


def test_numbers_are_plain_json(host: Host) -> None:
    """NaN and infinities become null, numpy scalars numbers; absent fields are left out."""
    host.channel.send("x", a=float("nan"), b=np.float32(0.5), c=np.int64(3), d=None, e=[np.inf, True], f=np.arange(2))
    assert host.close() == [{"seq": 0, "kind": "x", "a": None, "b": 0.5, "c": 3, "e": [None, True], "f": [0, 1]}]


def test_arrays_travel_in_parts(host: Host) -> None:
    """An array larger than a part arrives whole, without pickle, and no line comes near the cap."""
    array = np.random.default_rng(0).random((300, 200))
    name = send_array(host.channel, array)
    assert send_array(host.channel, np.array(["a", None], dtype=object)) is None
    parts = host.close()
    assert [part["part"] for part in parts] == list(range(parts[0]["parts"]))
    assert len(parts) == -(-(array.nbytes + 128) // CHUNK_BYTES)
    assert {part["artifact"] for part in parts} == {name}
    assert max(map(len, host.lines)) < MAX_LINE_BYTES
    data = b"".join(base64.b64decode(part["data"]) for part in parts)
    assert np.array_equal(np.load(io.BytesIO(data), allow_pickle=False), array)


def test_a_forked_child_is_silent(host: Host) -> None:
    """A child of the student's multiprocessing sends nothing and can't be mistaken for the kernel."""
    host.channel.send("before")
    child = os.fork()
    if not child:
        host.channel.send("from the child")
        os._exit(0)
    os.waitpid(child, 0)
    host.channel.send("after")
    assert [event["kind"] for event in host.close()] == ["before", "after"]


def test_a_closed_pipe_is_silent() -> None:
    """Where the host has gone the student's program goes on."""
    read_end, write_end = os.pipe()
    channel = Channel(write_end)
    os.close(read_end)
    channel.send("x")
    channel.send("y")
    os.close(write_end)


def send_often(channel: Channel, array: np.ndarray) -> None:
    """Send far more than can be sent before a timer of a twentieth of a second."""
    for _ in range(200):
        send_array(channel, array)


def test_an_interrupt_costs_one_line_at_most(host: Host) -> None:
    """A KeyboardInterrupt in the middle of an artifact leaves the lines after it whole."""
    big = np.zeros(40_000_000, dtype=np.uint8)
    # Background jobs of a shell, CI's among them, inherit an ignored SIGINT; kernels install this handler.
    inherited = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            send_often(host.channel, big)
    finally:
        signal.signal(signal.SIGINT, inherited)
    timer.join()
    host.channel.send("after")
    events = host.close()
    assert events[-1]["kind"] == "after"
    assert sum(event["kind"] == "torn" for event in events) <= 1


def test_one_kind_cannot_fill_the_run(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """A loop that draws for ever is cut, said so once, and other kinds still come through."""
    monkeypatch.setattr(channel_module, "MAX_EVENTS", 50)
    for _ in range(100):
        host.channel.send("figure.drawn")
    host.channel.send("model.scored")
    kinds = [event["kind"] for event in host.close()]
    assert kinds == ["figure.drawn"] * 10 + ["probe.dropped", "model.scored"]


def test_the_descriptor_is_not_inherited(host: Host) -> None:
    """Programs that the student starts don't get the channel."""
    assert not os.get_inheritable(host.write_end)
    host.close()
