"""The host's end of the event channel: honest lines become events, hostile ones are counted and cost nothing."""

from __future__ import annotations

import base64
import io
import json
import os
import socket
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.execution import channel
from grader.execution.channel import ChannelParser, ChannelReader, open_channel
from grader.probe.channel import Channel
from grader.probe.wire import CHUNK_BYTES, MAX_LINE_BYTES


def line(seq: int, kind: str = "seed.set", **fields: Any) -> bytes:
    return b"\n" + json.dumps({"seq": seq, "kind": kind, **fields}).encode() + b"\n"


def part(seq: int, data: bytes, *, name: str = "a1", part: int = 0, parts: int = 1, form: str = "npy") -> bytes:
    encoded = base64.b64encode(data).decode()
    return line(seq, "artifact", artifact=name, format=form, part=part, parts=parts, data=encoded)


@pytest.fixture
def parser(tmp_path: Path) -> ChannelParser:
    return ChannelParser(io.StringIO(), tmp_path)


def events_of(parser: ChannelParser) -> list[dict[str, Any]]:
    assert isinstance(parser.events, io.StringIO)
    return [json.loads(stored) for stored in parser.events.getvalue().splitlines()]


class TestEvents:
    def test_events_are_stamped_with_the_running_cell(self, parser: ChannelParser) -> None:
        """The cell comes from the host: a `cell` field that was sent is only a field."""
        parser.feed(line(0, "probe.started"))
        parser.cell = 4
        parser.feed(line(1, value=7, cell=99))
        assert events_of(parser) == [
            {"seq": 0, "cell": None, "kind": "probe.started", "fields": {}},
            {"seq": 1, "cell": 4, "kind": "seed.set", "fields": {"value": 7, "cell": 99}},
        ]
        assert parser.faults == 0

    def test_bytes_may_come_in_any_pieces(self, parser: ChannelParser) -> None:
        """Where the stream is cut on its way doesn't matter."""
        for byte in line(0, text="ä") + line(1):
            parser.feed(bytes([byte]))
        assert [event["seq"] for event in events_of(parser)] == [0, 1]
        assert parser.faults == 0

    @pytest.mark.parametrize(
        "hostile",
        [
            b"\nnonsense\n",
            b"\n[1, 2]\n",
            b'\n{"seq": 0}\n',
            b'\n{"kind": "seed.set"}\n',
            b'\n{"seq": true, "kind": "seed.set"}\n',
            b'\n{"seq": -1, "kind": "seed.set"}\n',
            b'\n{"seq": 0, "kind": "../../etc"}\n',
            b'\n{"seq": 0, "kind": "seed.set", "x": NaN}\n',
            b'\n{"seq": 0, "kind": "seed.set", "x": "\\ud800"}\n',
            b'\n{"seq": 0, "kind": "seed.set", "x": ' + b"9" * 10_000 + b"}\n",
            b"\n" + b"[" * 200_000 + b"\n",
            b'\n{"seq": 0, "kind": "seed.set", "x": "\xff"}\n',
            b"\n" + b"x" * (MAX_LINE_BYTES + 1) + b"\n",
        ],
    )
    def test_a_malformed_line_costs_itself_only(self, parser: ChannelParser, hostile: bytes) -> None:
        """It is counted, nothing of it is stored, and the next line is read."""
        parser.feed(hostile)
        assert parser.faults == 1
        parser.feed(line(0))
        assert [event["kind"] for event in events_of(parser)] == ["seed.set"]

    @pytest.mark.parametrize("numbers", [(0, 2), (0, 0), (1,), (0, 1, 0)])
    def test_a_break_in_the_numbers_is_counted(self, parser: ChannelParser, numbers: tuple[int, ...]) -> None:
        """Events missing, twice, or forged between others show; what came is kept for whoever judges it."""
        for number in numbers:
            parser.feed(line(number))
        assert parser.faults == 1
        assert len(events_of(parser)) == len(numbers)

    def test_an_endless_line_holds_no_memory(self, parser: ChannelParser) -> None:
        """A line without end is dropped while it comes."""
        for _ in range(64):
            parser.feed(b"x" * MAX_LINE_BYTES)
        assert len(parser._held) <= 2 * MAX_LINE_BYTES
        parser.feed(b"\n" + line(0))
        assert (parser.faults, len(events_of(parser))) == (1, 1)

    def test_events_are_capped(self, parser: ChannelParser, monkeypatch: pytest.MonkeyPatch) -> None:
        """Beyond the caps on number and bytes nothing is stored."""
        monkeypatch.setattr(channel, "MAX_EVENTS", 3)
        parser.feed(b"".join(line(n) for n in range(5)))
        assert (len(events_of(parser)), parser.faults) == (3, 2)
        monkeypatch.setattr(channel, "MAX_EVENTS", 100)
        monkeypatch.setattr(channel, "MAX_EVENT_BYTES", 1000)
        parser.feed(line(5, text="x" * 2000))
        assert len(events_of(parser)) == 3

    @given(st.binary(max_size=400))
    @settings(max_examples=300, deadline=None)
    def test_no_bytes_end_the_reader(self, data: bytes) -> None:
        """Whatever comes, feeding it raises nothing."""
        parser = ChannelParser(io.StringIO(), Path("/nonexistent"))
        parser.feed(data + b"\n")
        parser.close()


class TestArtifacts:
    def test_parts_become_a_file(self, parser: ChannelParser, tmp_path: Path) -> None:
        """Parts are joined in order, and appear under their name only when complete."""
        parser.feed(part(0, b"abc", parts=2))
        assert parser.artifacts == {}
        parser.feed(part(1, b"def", part=1, parts=2))
        assert parser.artifacts == {"a1": tmp_path / "a1.npy"}
        assert (tmp_path / "a1.npy").read_bytes() == b"abcdef"
        assert [path.name for path in tmp_path.iterdir()] == ["a1.npy"]

    def test_what_was_sent_cannot_be_rewritten(self, parser: ChannelParser, tmp_path: Path) -> None:
        """A second artifact under a finished id is a fault, and the first stays."""
        parser.feed(part(0, b"first") + part(1, b"second") + part(2, b"third", form="keras"))
        assert (tmp_path / "a1.npy").read_bytes() == b"first"
        assert (parser.faults, len(list(tmp_path.iterdir()))) == (2, 1)

    @pytest.mark.parametrize(
        "fields",
        [
            {"artifact": "../a1"},
            {"artifact": "a" * 200},
            {"artifact": 3},
            {"format": "pkl"},
            {"format": ["npy"]},
            {"parts": 10**9},
            {"parts": "1"},
            {"part": 1},
            {"data": "not base64!"},
            {"data": None},
        ],
    )
    def test_a_bad_part_leaves_no_file(self, parser: ChannelParser, tmp_path: Path, fields: dict[str, Any]) -> None:
        """Names that lead elsewhere, other formats and broken data are counted, and nothing is written."""
        good = {"artifact": "a1", "format": "npy", "part": 0, "parts": 1, "data": "eA=="}
        parser.feed(line(0, "artifact", **(good | fields)))
        assert (parser.faults, list(tmp_path.iterdir()), parser.artifacts) == (1, [], {})

    def test_sizes_are_capped(self, parser: ChannelParser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """One artifact too large, or all together, are dropped and leave nothing."""
        monkeypatch.setattr(channel, "MAX_TOTAL_BYTES", 10)
        parser.feed(part(0, b"12345678", name="a1") + part(1, b"12345678", name="a2"))
        assert list(parser.artifacts) == ["a1"]
        assert (parser.faults, [path.name for path in tmp_path.iterdir()]) == (1, ["a1.npy"])

    def test_unfinished_artifacts_are_dropped(self, parser: ChannelParser, tmp_path: Path) -> None:
        """A kernel that dies in the middle of an artifact leaves no half of one."""
        parser.feed(part(0, b"abc", parts=2))
        parser.close()
        assert (parser.faults, list(tmp_path.iterdir())) == (1, [])


class TestReader:
    def test_the_probe_is_understood(self, parser: ChannelParser, tmp_path: Path) -> None:
        """What the probe's own channel sends arrives whole: events, and an artifact of several parts."""
        ours, theirs = open_channel()
        reader = ChannelReader(ours, parser)
        reader.start()
        sender = Channel(os.dup(theirs.fileno()))
        content = os.urandom(3 * CHUNK_BYTES + 5)
        sender.send("probe.started", python="3", pid=1)
        name = sender.send_artifact("npy", len(content), [content])
        sender.send("seed.set", function="f", value=float("nan"))
        reader.drain()
        assert [event["kind"] for event in events_of(parser)] == ["probe.started", "seed.set"]
        assert name is not None
        assert parser.artifacts[name].read_bytes() == content
        reader.stop()
        theirs.close()
        assert parser.faults == 0

    def test_drain_waits_for_what_was_sent(self, parser: ChannelParser) -> None:
        """After draining, everything sent before is stored under the cell that sent it."""
        ours, theirs = open_channel()
        reader = ChannelReader(ours, parser)
        reader.start()
        for cell in range(20):
            parser.cell = cell
            theirs.sendall(b"".join(line(cell * 50 + n, text="x" * 500) for n in range(50)))
            reader.drain()
        reader.stop()
        theirs.close()
        assert [event["cell"] for event in events_of(parser)] == [cell for cell in range(20) for _ in range(50)]

    def test_abuse_closes_the_channel_and_hangs_nobody(self, parser: ChannelParser) -> None:
        """After too many faults the writer gets an error instead of a reader."""
        ours, theirs = open_channel()
        reader = ChannelReader(ours, parser)
        reader.start()
        ended = threading.Event()

        def flood() -> None:
            try:
                while True:
                    theirs.sendall(b"nonsense\n" * 1000)
            except OSError:
                ended.set()

        threading.Thread(target=flood, daemon=True).start()
        assert ended.wait(10)
        reader.stop()
        theirs.close()
        assert parser.faults < channel.MAX_FAULTS + 100_000

    def test_a_silent_kernel_does_not_hold_the_host(self, parser: ChannelParser) -> None:
        """Stopping returns at once where the other end stays open and says nothing."""
        ours, theirs = open_channel()
        reader = ChannelReader(ours, parser)
        reader.start()
        began = time.monotonic()
        reader.drain()
        reader.stop()
        assert time.monotonic() - began < 2
        theirs.close()

    def test_the_kernels_end_cannot_be_read(self) -> None:
        """Nothing can be taken back through the descriptor that the kernel holds."""
        ours, theirs = open_channel()
        with ours, theirs:
            theirs.sendall(b"event\n")
            assert theirs.recv(10) == b""
            if os.path.isdir("/proc/self/fd"):
                with pytest.raises(OSError, match="No such device"):
                    os.open(f"/proc/self/fd/{theirs.fileno()}", os.O_RDONLY)
            assert isinstance(ours, socket.socket)
            assert ours.recv(10) == b"event\n"
