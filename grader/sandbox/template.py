"""Holds libraries in memory, for commands that would import them: `python template.py CONTROL OWNER MODULE...`.

OWNER is the read end of a pipe whose other end only the grader holds: when that closes, by whatever death, this process
is ended by a signal, in the middle of an import too. CONTROL is a socket of the grader's. Each message on it brings two
more: the gate of a box (see `shim.py`), and one to tell the grader who went in. For each, a fork of this process goes
into the box and becomes the command there. This process itself runs no student's code and reads nothing of a student's.

A fork copies one thread only. So nothing here may have a second one: with more, or with anything else that is not as
it should be, this process ends, and commands start as they would without it.
"""

from __future__ import annotations

import contextlib
import fcntl
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
from types import ModuleType
from typing import Any

UNFIT = 3
"""Exit status of a template that must not be forked."""

_PACKAGE = "_grader_template"
_HERE = os.path.dirname(os.path.abspath(__file__))


def load_own() -> tuple[ModuleType, ModuleType]:
    """Load `entering` and `settling` from this folder, without a trace in `sys.modules`, where student code looks."""
    package = ModuleType(_PACKAGE)
    package.__path__ = [_HERE]
    sys.modules[_PACKAGE] = package
    loaded = tuple(importlib.import_module(f"{_PACKAGE}.{name}") for name in ("entering", "settling"))
    for name in [name for name in sys.modules if name.partition(".")[0] == _PACKAGE]:
        del sys.modules[name]
    return loaded[0], loaded[1]


def end_with(owner: int) -> None:
    """Have the operating system end this process when the other end of `owner` closes.

    A thread could wait for that, but there must be none; a signal of the thread that started this process would not
    do, as that thread may end before the grader does.
    """
    fcntl.fcntl(owner, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(owner, fcntl.F_SETFL, fcntl.fcntl(owner, fcntl.F_GETFL) | os.O_ASYNC)  # SIGIO, which ends by default
    poller = select.poll()
    poller.register(owner, select.POLLHUP)
    if poller.poll(0):
        os._exit(UNFIT)


def preload(names: list[str]) -> None:
    """Import what is installed of these."""
    for name in names:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


def threads() -> int:
    """Count this process's threads, those of libraries' own making among them."""
    return len(os.listdir("/proc/self/task"))


def serve(control: socket.socket, entering: Any, places: Any) -> None:
    """Send a fork into each box whose gate comes in."""
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, 64, 2)
        if not message or len(descriptors) != 2:
            return
        if threads() != 1:
            os._exit(UNFIT)
        if os.fork() == 0:
            control.close()
            entering.go_in(*descriptors, places)
        for descriptor in descriptors:
            os.close(descriptor)


def main() -> None:
    """Import, tell that all is ready, and serve."""
    control, owner, names = socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2]), sys.argv[3:]
    end_with(owner)
    del sys.path[0]  # this folder: its files have names that libraries might mean others by
    entering, settling = load_own()
    preload(names)
    places = settling.find_places(os.environ)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # forks are waited for by nobody
    gc.collect()
    gc.freeze()  # or the next collection in a fork would copy every page
    if threads() != 1:
        os._exit(UNFIT)
    control.send(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})).encode())
    serve(control, entering, places)


if __name__ == "__main__":
    main()
