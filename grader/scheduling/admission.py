"""Who may begin: a run is let in while the machine has memory for it, and always where no other is at work."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from grader.errors import RunnerError
from grader.scheduling.machine import GIGABYTE, available_memory

MEMORY_TO_BEGIN = int(1.5 * GIGABYTE)
"""A notebook with TensorFlow and a small data set takes half of it; the rest is for those that run already."""

LOOK_S = 1.0


@dataclass(frozen=True, slots=True)
class Admission:
    """Lets runs begin one at a time, as memory allows; `free` tells how many bytes there are."""

    stop: threading.Event
    free: Callable[[], int] = available_memory
    look_s: float = LOOK_S
    _at_work: set[object] = field(default_factory=set)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    @contextmanager
    def admitted(self) -> Iterator[None]:
        """Wait until there is room, and hold the place.

        Raises:
            RunnerError: it was stopped while it waited.
        """
        ticket = object()
        with self._changed:
            while self._at_work and self.free() < MEMORY_TO_BEGIN:
                if self.stop.is_set():
                    raise RunnerError("it was stopped before it began")
                self._changed.wait(self.look_s)
            self._at_work.add(ticket)
        try:
            yield
        finally:
            with self._changed:
                self._at_work.discard(ticket)
                self._changed.notify_all()
