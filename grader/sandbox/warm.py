"""Boxes whose command has its libraries in memory before it starts: a template process, and the way from it into boxes.

Importing TensorFlow takes seconds, a fork of a process that has it a hundredth of one. The template is a process of the
grader's own (`template.py`): no student's code runs in it. For each command a fork of it goes into a box that
bubblewrap has put together as for any other, and takes from itself what a command started there would not have
(`entering.py`). Whatever fails on that way, the command starts in the box as it would without a template.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from grader.sandbox.environment import box_environment
from grader.sandbox.folders import BoxFolder

READY_S = 120.0
"""Importing takes five seconds; twenty times that on a machine under full load."""

PLAIN, PREPARED = b"plain", b"prepared"
"""Of which process a fork is asked; of the template itself where it has none that is prepared (see `template.py`)."""

LOOK_S = 0.2
GONE_S = 5.0
MOST_BYTES = 512 * 1024
"""What a template says of itself: the names of a few hundred modules."""

OF_THE_BOX = frozenset({
    "PATH", "HOME", "TMPDIR", "IPYTHONDIR", "MPLCONFIGDIR", "KERAS_HOME", "PYTHONPATH", "GRADER_DATA",
    "OPENBLAS_NUM_THREADS",
})  # fmt: skip
"""Variables that a template can have otherwise than the command: what libraries took from them is put right."""

_HERE = Path(__file__).resolve().parent


class Entrance:
    """The way for a template's forks into boxes; it can be handed to another process by its descriptor.

    `variables` are those that the template's libraries were imported under; `asked` is whose forks are wanted, those
    of the template itself or of its process that is PREPARED.
    """

    def __init__(self, control: socket.socket, variables: Mapping[str, str], asked: bytes = PLAIN) -> None:
        self._control = control
        self._variables = variables
        self._asked = asked

    @classmethod
    def of_descriptor(cls, descriptor: int, variables: Mapping[str, str], asked: bytes = PLAIN) -> Self:
        """The way whose descriptor was inherited."""
        return cls(socket.socket(fileno=descriptor), variables, asked)

    def fits(self, command: Sequence[str], variables: Mapping[str, str]) -> bool:
        """Whether a fork would be what the command is: a script of this interpreter, whose libraries read no other
        variables.
        """
        own = self._variables
        same = all(own.get(name) == value for name, value in variables.items() if _matters(name))
        return same and len(command) > 1 and command[0] == sys.executable and command[1].endswith(".py")

    def open(self, gate: socket.socket) -> Entry | None:
        """Send a fork to the box behind `gate`; None where the template is gone."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            try:
                socket.send_fds(self._control, [self._asked], [gate.fileno(), theirs.fileno()])
            except OSError:
                ours.close()
                return None
        return Entry(ours)


class Entry:
    """One fork on its way into a box."""

    def __init__(self, news: socket.socket) -> None:
        self._news = news
        self._process: int | None = None
        news.settimeout(0)

    @property
    def process(self) -> int | None:
        """The command's process on the host; None before it is there, where nobody came, and once it has ended."""
        try:
            said = self._news.recv(64)
            self._process = int(said) if said else None
        except BlockingIOError:
            pass  # nothing new
        except (OSError, ValueError):
            self._process = None
        return self._process

    def close(self) -> None:
        """Listen no longer."""
        self._news.close()


@dataclass(frozen=True, slots=True)
class Preparation:
    """What commands of one kind all do first, done once: `prepare(folder)` of a file, in a process without threads.

    `folder` is where that file lies for the commands, in their boxes.
    """

    script: Path
    folder: str


class Template:
    """A process that holds `modules` in memory, from its start to its certain end. One thread's matter, but `entrance`.

    `variables` are added to those of a box with `threads` threads. With a `preparation` there are two kinds of forks.
    """

    def __init__(
        self,
        modules: Sequence[str],
        variables: Mapping[str, str],
        threads: int,
        preparation: Preparation | None = None,
    ) -> None:
        self._lock = threading.Lock()
        self._names: frozenset[str] | None = None
        with contextlib.ExitStack() as unfinished:
            self._folder = BoxFolder()
            unfinished.callback(self._folder.remove)
            home, tmp, working = (self._folder.path / name for name in ("home", "tmp", "cwd"))
            for folder in (home, tmp, working):
                folder.mkdir(mode=0o700)
            self._variables = {**box_environment(sys.executable, str(home), str(tmp), threads), **variables}
            self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            unfinished.callback(self._control.close)
            owner, self._alive = os.pipe()
            unfinished.callback(os.close, self._alive)
            try:
                prepared = ("", "") if preparation is None else (str(preparation.script), preparation.folder)
                self._process = self._started(theirs.fileno(), owner, (*prepared, *modules), working)
            finally:
                theirs.close()
                os.close(owner)
            unfinished.pop_all()

    def _started(self, control: int, owner: int, arguments: Sequence[str], working: Path) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, str(_HERE / "template.py"), str(control), str(owner), *arguments],
            pass_fds=(control, owner),
            # OpenBLAS would start its threads at once; a fork lets it have them.
            env={**self._variables, "OPENBLAS_NUM_THREADS": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=working,
            start_new_session=True,
        )

    def entrance(self, asked: bytes = PLAIN) -> Entrance | None:
        """Wait until the template is ready; None where it has failed."""
        return Entrance(self._control, self._variables, asked) if self.names() and self.lives else None

    @property
    def lives(self) -> bool:
        """Whether the process is there."""
        return self._process.poll() is None

    def names(self, stop: threading.Event | None = None) -> frozenset[str]:
        """Return the top-level modules in memory, once it is ready; none where it has failed or `stop` was set."""
        with self._lock:
            if self._names is None:
                self._names = self._wait_until_ready(stop)
            return self._names or frozenset()

    @property
    def descriptor(self) -> int:
        """What another process has to inherit to use the entrance."""
        return self._control.fileno()

    def close(self) -> None:
        """End it; forks that are in their boxes stay."""
        self._control.close()
        os.close(self._alive)
        try:
            self._process.wait(GONE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._folder.remove()

    def _wait_until_ready(self, stop: threading.Event | None) -> frozenset[str] | None:
        """Return the names; None where the wait was stopped, and may be taken up again. What fails is ended."""
        deadline = time.monotonic() + READY_S
        self._control.settimeout(LOOK_S)
        while time.monotonic() < deadline:
            if stop is not None and stop.is_set():
                return None
            try:
                said = self._control.recv(MOST_BYTES)
                names = frozenset(str(name) for name in json.loads(said)) if said else frozenset()
            except TimeoutError:
                continue
            except (OSError, ValueError):
                names = frozenset()
            if names:
                return names
            break
        self._process.kill()
        self._process.wait()
        return frozenset()


def template_variables(variables: Mapping[str, str], threads: int) -> dict[str, str]:
    """The variables of a template, folders aside: for an entrance that was handed over by its descriptor."""
    return {**box_environment(sys.executable, os.sep, os.sep, threads), **variables}


def _matters(name: str) -> bool:
    return name not in OF_THE_BOX and not name.startswith("GRADER_")
