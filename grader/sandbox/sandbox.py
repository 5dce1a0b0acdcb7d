"""A live box: its start, what watches it, its end."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Self

from grader.errors import SandboxError
from grader.sandbox import orphans, processes
from grader.sandbox.box import Box, Breach
from grader.sandbox.contents import make_ready
from grader.sandbox.folders import BoxFolder
from grader.sandbox.places import Places
from grader.sandbox.spawning import spawn
from grader.sandbox.uids import UidSlot
from grader.sandbox.walls import shim_config
from grader.sandbox.warm import Entrance, Entry
from grader.sandbox.watchdog import Watchdog

STDERR_TAIL = 8 * 1024
"""Bytes kept of what a box writes to stderr: enough for a traceback, never a host file that can be filled."""

GONE_TIMEOUT_S = 10.0
"""How long a killed tree may take to leave; a process in uninterruptible sleep on a slow disk takes seconds."""

GATE_S = 30.0
"""How long a box waits for a template's fork, which takes a tenth of a second; on a machine under full load, this."""


class Sandbox:
    """Runs one command in a box, and leaves nothing behind.

        with Sandbox(box) as sandbox:
            sandbox.start([box.python, sandbox.inside("tool.py")])
            sandbox.wait()

    `work` is the folder of the files as seen inside: the command starts in it, or in the box's `working` in it.
    `sockets` is the folder for Unix sockets as seen outside and `sockets_inside` as seen inside. `breach` says which
    limit ended the box, if one did. The thread that starts a box must outlive it: on Linux, processes that die with
    their parent die with the thread that started them.

    Raises:
        SandboxError: the box could not be put together or closed.
    """

    def __init__(self, box: Box) -> None:
        self.box = box
        self.breach: Breach | None = None
        self.stderr_tail = b""
        self.process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._lifeline: int | None = None
        self._alive: int | None = None
        self._entry: Entry | None = None
        self._watchdog: Watchdog | None = None
        self._drain: threading.Thread | None = None
        self._slot = UidSlot() if _own_uid(box) else None
        self._folder = BoxFolder()
        self.folder = self._folder.path
        self._mark = orphans.mark_of(self.folder.name)
        try:
            self._places = Places(box, self.folder, None if self._slot is None else self._slot.uid)
            make_ready(self._places)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ------------------------------------------------------------ places
    @property
    def work(self) -> str:
        """The working folder, as seen inside."""
        return self._places.work

    @property
    def sockets(self) -> Path:
        """The folder for Unix sockets, as seen outside."""
        return self._places.sockets

    @property
    def sockets_inside(self) -> str:
        """The folder for Unix sockets, as seen inside."""
        return self._places.sockets_inside

    def inside(self, name: str) -> str:
        """Where the offer `name` is seen inside."""
        return self._places.inside(name)

    def write_offer(self, name: str, content: str) -> str:
        """Offer a file made now, before the start; where it is seen inside."""
        return self._places.write_offer(name, content)

    # ------------------------------------------------------------ life
    def start(
        self,
        command: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        descriptors: Sequence[int] = (),
        stdout: int = subprocess.DEVNULL,
        entrance: Entrance | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start `command` in the box, with the box's environment and `environment`, and watch it.

        Of the caller's descriptors only `descriptors` are there inside, under the same numbers. By an `entrance` the
        command comes with its libraries in memory, where it can.
        """
        variables = {**self._places.environment(), **(environment or {})}
        config = shim_config(self._places, command, variables, descriptors)
        owner, self._alive = os.pipe()
        config["owner"] = owner
        gate = self._open_gate(entrance) if entrance is not None and entrance.fits(command, variables) else None
        if gate is not None:
            config |= {"gate": gate.fileno(), "gate_s": GATE_S}
        self._places.config.write_text(json.dumps(config), encoding="utf-8")
        self._places.config.chmod(0o600)
        inherited = (*descriptors, owner, *([gate.fileno()] if gate else []))
        try:
            spawned = spawn(self._places, self._mark, inherited, stdout)
        finally:
            os.close(owner)
            if gate is not None:
                gate.close()
        self._lifeline = spawned.lifeline
        self.process = spawned.process
        self._watch(spawned.process)
        return spawned.process

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the command's end; its exit status (negative: the signal that ended it)."""
        if self.process is None:
            raise SandboxError("the box was not started")
        return self.process.wait(timeout)

    @property
    def peak_memory(self) -> int:
        """The most memory seen in use, in bytes."""
        return 0 if self._watchdog is None else self._watchdog.peak_memory

    def destroy(self, breach: Breach | None = None) -> None:
        """End everything in the box at once; the first reason given is kept. Any thread may call it."""
        with self._lock:
            self.breach = self.breach or breach
            if self.process is None:
                return
            if self._lifeline is not None:  # the keeper sweeps, and ends
                os.close(self._lifeline)
                self._lifeline = None
            elif self._places.mounted:  # with the first process of a pid namespace all others go
                processes.kill(processes.descendants(self.process.pid, stop_above=1)[1:2] or [self.process.pid])
            else:
                processes.kill(processes.descendants(self.process.pid))
            if self.process.poll() is not None:
                if self.process.returncode < 0 and self._watchdog is not None:
                    # Who should have swept was killed from outside.
                    processes.kill(self._watchdog.seen[1:])
                    orphans.end_marked(self._mark)
                return
        try:
            self.process.wait(GONE_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            processes.kill(processes.descendants(self.process.pid))

    def close(self) -> None:
        """End the box and remove its folders. Safe to call twice."""
        if self._watchdog is not None:
            self._watchdog.ended.set()
        self.destroy()
        if self._drain is not None:
            self._drain.join(GONE_TIMEOUT_S)
        if self.process is not None:
            for pipe in (self.process.stdout, self.process.stderr):
                if pipe is not None:
                    pipe.close()
        if self._alive is not None:
            os.close(self._alive)
            self._alive = None
        if self._entry is not None:
            self._entry.close()
            self._entry = None
        self._folder.remove()
        if self._slot is not None:
            self._slot.release()

    # ------------------------------------------------------------ what watches it, and what enters it
    def _open_gate(self, entrance: Entrance) -> socket.socket | None:
        """Let a template's fork wait for this box; the box's end of the gate, or None where that is not possible."""
        if not self._places.mounted:
            return None
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with ours:
            self._entry = entrance.open(ours)
        if self._entry is None:
            theirs.close()
            return None
        return theirs

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        """Keep what it says of itself, and hold it to its limits, until its end."""
        self._drain = threading.Thread(target=self._keep_stderr_tail, args=(process.stderr,), daemon=True)
        self._drain.start()
        mounted = self._places.mounted
        self._watchdog = Watchdog(
            self._roots_of_processes,
            self.box.limits,
            self.destroy,
            polled_folder=None if mounted else self._places.host_work,
            own_file_systems=(self.work, "/tmp", "/dev/shm") if mounted else (),  # noqa: S108 - the box's own
            socket_folder=self.sockets,
        )
        self._watchdog.start()

    def _keep_stderr_tail(self, pipe: IO[bytes]) -> None:
        try:
            while chunk := os.read(pipe.fileno(), 64 * 1024):
                self.stderr_tail = (self.stderr_tail + chunk)[-STDERR_TAIL:]
        except (OSError, ValueError):
            return  # closed under it

    def _roots_of_processes(self) -> list[int]:
        """The processes of which all others in the box come."""
        started = None if self.process is None else self.process.pid
        entered = None if self._entry is None else self._entry.process
        return [item for item in (started, entered) if item is not None]


def _own_uid(box: Box) -> bool:
    return box.tier != "none" and sys.platform == "linux" and os.geteuid() == 0
