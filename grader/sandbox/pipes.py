"""Reading several pipes of a process at once, with a thread each: selecting on pipes works on Unix only."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Iterator, Sequence
from typing import IO

CHUNK = 64 * 1024
WAITING_CHUNKS = 64
"""Chunks that may wait to be taken; a flood makes its writer wait, not our memory grow."""

GIVE_UP_S = 0.5
"""How often a thread that finds no room looks whether anybody still takes chunks."""


class PipeReader:
    """Takes chunks from pipes as they come. Closing the pipes, or the death of the writers, ends it."""

    def __init__(self, pipes: Sequence[IO[bytes]]) -> None:
        self._chunks: queue.Queue[tuple[int, bytes]] = queue.Queue(WAITING_CHUNKS)
        self._open = len(pipes)
        self._abandoned = threading.Event()
        for position, pipe in enumerate(pipes):
            threading.Thread(target=self._read, args=(position, pipe), name="pipe", daemon=True).start()

    def chunks(self, look_s: float) -> Iterator[tuple[int, bytes] | None]:
        """Each chunk with the position of its pipe; None whenever `look_s` seconds pass without one."""
        try:
            while self._open:
                try:
                    position, chunk = self._chunks.get(timeout=look_s)
                except queue.Empty:
                    yield None
                    continue
                if chunk:
                    yield position, chunk
                else:
                    self._open -= 1
        finally:
            self._abandoned.set()

    def _read(self, position: int, pipe: IO[bytes]) -> None:
        try:
            while chunk := os.read(pipe.fileno(), CHUNK):
                self._offer(position, chunk)
        except (OSError, ValueError):
            pass  # closed under it
        self._offer(position, b"")

    def _offer(self, position: int, chunk: bytes) -> None:
        """Wait until there is room, or nobody takes chunks any more."""
        while not self._abandoned.is_set():
            try:
                self._chunks.put((position, chunk), timeout=GIVE_UP_S)
            except queue.Full:
                continue
            return
