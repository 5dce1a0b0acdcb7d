"""Watches a box from outside and ends it where a limit is passed."""

from __future__ import annotations

import os
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path

from grader.sandbox import processes
from grader.sandbox.box import Breach
from grader.sandbox.limits import MIB, Limits

INTERVAL_S = 0.1
"""Between two looks, a process can touch some 300 MB of new memory; RLIMIT_DATA stops it soon after."""

DISK_EVERY = 5
"""Looks at memory per look at the disk, which costs a walk over the folder."""


class Watchdog(threading.Thread):
    """Looks at the tree under `root` until `ended` is set, and calls `destroy` at the first breach.

    `polled_folder` is measured against the scratch limit where no file system of its own holds it; `socket_folder`
    lies on the host's disk and must hold nothing but sockets.
    """

    def __init__(
        self,
        root: int,
        limits: Limits,
        destroy: Callable[[Breach], None],
        *,
        polled_folder: Path | None,
        socket_folder: Path | None,
    ) -> None:
        super().__init__(name=f"watchdog-{root}", daemon=True)
        self.peak_memory = 0
        self.seen: list[int] = []
        """The box's processes at the last look."""
        self.ended = threading.Event()
        self._root = root
        self._limits = limits
        self._destroy = destroy
        self._polled_folder = polled_folder
        self._socket_folder = socket_folder
        self._started_at = time.monotonic()
        self._looks = 0

    def run(self) -> None:
        """Look, until the box ends or has to be ended."""
        while not self.ended.wait(INTERVAL_S):
            breach = self.look()
            if breach is not None:
                self._destroy(breach)
                return

    def look(self) -> Breach | None:
        """One look at everything that is counted."""
        tree = processes.descendants(self._root)
        if len(tree) > 1:  # a root that is dead has no children to be seen
            self.seen = tree
        self._looks += 1
        return self._time() or self._count(tree) or self._memory(tree) or self._sockets() or self._disk()

    def _time(self) -> Breach | None:
        if time.monotonic() - self._started_at <= self._limits.wall_s:
            return None
        return Breach("timeout", f"it was stopped after {self._limits.wall_s:g} s, the time allowed")

    def _count(self, tree: list[int]) -> Breach | None:
        if len(tree) <= self._limits.processes:
            return None
        return Breach("too_many_processes", f"it started more than {self._limits.processes} processes")

    def _memory(self, tree: list[int]) -> Breach | None:
        cap = self._limits.memory
        used = processes.resident(tree)
        if used > cap:  # pages shared after a fork were counted in each process
            used = processes.proportional(tree)
        self.peak_memory = max(self.peak_memory, used)
        if used <= cap:
            return None
        return Breach("out_of_memory", f"it used {used // MIB} MiB of memory; {cap // MIB} MiB are allowed")

    def _sockets(self) -> Breach | None:
        if self._socket_folder is None:
            return None
        try:
            odd = any(not stat.S_ISSOCK(e.stat(follow_symlinks=False).st_mode) for e in os.scandir(self._socket_folder))
        except OSError:
            return None  # the folder is being removed
        return (
            Breach("kernel_died", "it wrote into the folder of the kernel's sockets and was stopped") if odd else None
        )

    def _disk(self) -> Breach | None:
        if self._polled_folder is None or self._looks % DISK_EVERY:
            return None
        cap = self._limits.scratch
        if folder_bytes(self._polled_folder, stop_above=cap) <= cap:
            return None
        return Breach("disk_full", f"it wrote more than {cap // MIB} MiB of files")


def folder_bytes(top: Path, *, stop_above: int) -> int:
    """Disk space that a folder takes, in bytes; counting stops above `stop_above`."""
    total = 0
    for folder, _, files in os.walk(top):
        for name in files:
            try:
                total += os.lstat(os.path.join(folder, name)).st_blocks * 512
            except OSError:
                continue
        if total > stop_above:
            break
    return total
