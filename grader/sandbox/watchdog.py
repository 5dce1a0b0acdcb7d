"""Watches a box from outside and ends it where a limit is passed."""

from __future__ import annotations

import itertools
import os
import stat
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from grader.sandbox import processes
from grader.sandbox.box import Breach
from grader.sandbox.bubblewrap import RUNTIME
from grader.sandbox.disk import FolderUse
from grader.sandbox.limits import MIB, Limits

INTERVAL_S = 0.1
"""Between two looks, a process can touch some 300 MB of new memory; RLIMIT_DATA stops it soon after."""

CONFIRM_S = 5.0
"""Measuring shared memory takes a tenth of a second for a process of 4 GiB; a box that takes longer resists."""

DISK_EVERY_S = 0.5
"""Between two looks at the disk, which costs a walk over the folder."""

DISK_REST = 4.0
"""A long walk (a hundred thousand pictures) is repeated after four times as long as it took, not to cost a core."""

MAX_SOCKETS = 64
"""A kernel has five, and one of its own for each comm library that opens some."""


class Watchdog:
    """Looks at the trees under `roots` until `ended` is set, and calls `destroy` at the first breach.

    `polled_folder` is measured against the scratch limit where no file system of its own holds it; elsewhere
    `own_file_systems` are where such are mounted inside. `socket_folder` lies on the host's disk and must hold nothing
    but sockets.

    Memory and disk have a thread of their own each: a busy box can keep who measures it waiting (to read how much
    memory of a process is shared, its lock has to be had), and meanwhile time and processes must go on being counted.
    """

    def __init__(
        self,
        roots: Callable[[], list[int]],
        limits: Limits,
        destroy: Callable[[Breach], None],
        *,
        polled_folder: Path | None,
        own_file_systems: Sequence[str] = (),
        socket_folder: Path | None,
    ) -> None:
        self.peak_memory = 0
        self.seen: list[int] = []
        """The box's processes at the last look."""
        self.ended = threading.Event()
        self._roots = roots
        self._limits = limits
        self._destroy = destroy
        self._polled_folder = polled_folder
        self._own_file_systems = own_file_systems
        self._next_disk_look = 0.0
        self._socket_folder = socket_folder
        self._started_at = time.monotonic()
        self._confirming_since: float | None = None

    def start(self) -> None:
        """Begin to look."""
        for look in (self._look_at_counts, self._memory, self._disk):
            name = f"watchdog-{look.__name__}"
            threading.Thread(target=self._keep_looking, args=(look,), name=name, daemon=True).start()

    def _keep_looking(self, look: Callable[[], Breach | None]) -> None:
        while not self.ended.wait(INTERVAL_S):
            breach = look()
            if breach is not None:
                self.ended.set()
                self._destroy(breach)
                return

    def _tree(self) -> list[int]:
        most = self._limits.processes
        return [item for root in self._roots() for item in processes.descendants(root, stop_above=most)]

    def _look_at_counts(self) -> Breach | None:
        return self._time() or self._count() or self._unconfirmed() or self._sockets()

    def _time(self) -> Breach | None:
        if time.monotonic() - self._started_at <= self._limits.wall_s:
            return None
        return Breach("timeout", f"it was stopped after {self._limits.wall_s:g} s, the time allowed")

    def _count(self) -> Breach | None:
        tree = self._tree()
        if len(tree) > 1:  # a root that is dead has no children to be seen
            self.seen = tree
        if len(tree) <= self._limits.processes:
            return None
        return Breach("too_many_processes", f"it started more than {self._limits.processes} processes")

    def _memory(self) -> Breach | None:
        cap, tree = self._limits.memory, self._tree()
        used = processes.resident(tree)
        if used > cap:  # pages shared after a fork were counted in each process
            self._confirming_since = time.monotonic()
            used = processes.proportional(tree)
            self._confirming_since = None
        self.peak_memory = max(self.peak_memory, used)
        if used <= cap:
            return None
        return Breach("out_of_memory", f"it used {used // MIB} MiB of memory; {cap // MIB} MiB are allowed")

    def _unconfirmed(self) -> Breach | None:
        since = self._confirming_since
        if since is None or time.monotonic() - since < CONFIRM_S:
            return None
        cap = self._limits.memory // MIB
        return Breach("out_of_memory", f"its processes seem to use more than the {cap} MiB of memory that are allowed")

    def _sockets(self) -> Breach | None:
        if self._socket_folder is None:
            return None
        try:
            with os.scandir(self._socket_folder) as entries:
                kinds = [stat.S_ISSOCK(entry.stat(follow_symlinks=False).st_mode) for entry in first_of(entries)]
        except OSError:
            return None  # the folder is being removed
        if all(kinds) and len(kinds) <= MAX_SOCKETS:
            return None
        return Breach("kernel_died", "it wrote into the folder of the kernel's sockets and was stopped")

    def _disk(self) -> Breach | None:
        began = time.monotonic()
        if began < self._next_disk_look:
            return None
        breach = self._polled() if self._polled_folder is not None else self._held_file_systems()
        spent = time.monotonic() - began
        self._next_disk_look = began + max(DISK_EVERY_S, spent * DISK_REST)
        return breach

    def _polled(self) -> Breach | None:
        """Measure a folder of the host's; files without a name are found through the processes that hold them."""
        limits = self._limits
        use = FolderUse(limits.scratch, limits.files)
        use.add_folder(str(self._polled_folder))
        use.add_unlinked(self._tree(), str(self._polled_folder))
        if use.files > limits.files:
            return _too_many_files(limits)
        if use.size > limits.scratch:
            return Breach("disk_full", f"it wrote more than {limits.scratch // MIB} MiB of files")
        return None

    def _held_file_systems(self) -> Breach | None:
        """Count the files on file systems of the box's own, whose size the system holds but not their number."""
        for process in self._tree()[1:]:
            root = f"/proc/{process}/root"
            try:
                if not os.path.exists(f"{root}{RUNTIME}/shim.py"):
                    continue  # still being put together: it sees the host
                counts = [os.statvfs(root + path) for path in self._own_file_systems]
            except OSError:
                continue
            if any(count.f_files - count.f_ffree > self._limits.files for count in counts):
                return _too_many_files(self._limits)
            return None
        return None


def _too_many_files(limits: Limits) -> Breach:
    return Breach("disk_full", f"it made more than {limits.files:,} files")


def first_of(entries: Iterator[os.DirEntry[str]]) -> Iterator[os.DirEntry[str]]:
    """As many entries of the sockets' folder as have to be looked at."""
    return itertools.islice(entries, MAX_SOCKETS + 1)
