"""Holds libraries in memory, for commands that would import them.

    python template.py CONTROL OWNER PREPARATION FOLDER MODULE...

OWNER is the read end of a pipe whose other end only the grader holds: when that closes, by whatever death, this process
is ended by a signal, in the middle of an import too. CONTROL is a socket of the grader's. Each message on it brings two
more: the gate of a box (see `shim.py`), and one to tell the grader who went in. For each, a fork of this process goes
into the box and becomes the command there. This process itself runs no student's code and reads nothing of a student's.

A fork copies one thread only. So nothing here may have a second one: with more, or with anything else that is not as
it should be, this process ends, and commands start as they would without it.

What commands of one kind would all do first can be done beforehand: a fork of this process calls `prepare(FOLDER)` of
the file PREPARATION, and commands of that kind are forks of that one. Where it fails, or no file is named, they are
forks of this process and do it for themselves.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import functools
import gc
import importlib
import importlib.util
import json
import os
import select
import signal
import socket
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

UNFIT = 3
"""Exit status of a template that must not be forked."""

PREPARED = b"prepared"
"""The message that asks for a fork of the process that is prepared."""

PR_SET_PDEATHSIG = 1
MESSAGE = 64
DESCRIPTORS = 2

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


def prepare(script: str, folder: str, go_in: Callable[..., None], not_its: list[int]) -> socket.socket | None:
    """Start the process that is prepared, and return the way to it; None where it can't be prepared.

    `not_its` are descriptors that it must not have: they tell how it is with this process.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    template = os.getpid()
    if os.fork() == 0:
        try:
            end_with_parent(template)
            ours.close()
            for descriptor in not_its:
                os.close(descriptor)
            load(script).prepare(folder)
            tell_ready(theirs, PREPARED)
            serve(theirs, go_in)
        finally:
            os._exit(UNFIT)
    theirs.close()
    if ours.recv(MESSAGE):
        return ours
    ours.close()
    return None


def end_with_parent(parent: int) -> None:
    """Have the operating system kill this process when the one that forked it, which has one thread, ends."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(UNFIT)


def load(script: str) -> Any:
    """Run a file as a module that stands in no list of modules."""
    spec = importlib.util.spec_from_file_location("_grader_preparation", script)
    if spec is None or spec.loader is None:
        raise ImportError(script)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def tell_ready(control: socket.socket, words: bytes) -> None:
    """Say that forks can be had from now on; end where that is not so."""
    be_fit_to_fork()
    control.send(words)


def be_fit_to_fork() -> None:
    """Let forks share this process's memory; end where a fork would not be this process.

    Garbage is not collected before: that leaves holes, which forks would fill and thereby copy (the gc module's own
    advice).
    """
    gc.freeze()  # or the next collection in a fork would copy every page
    end_unless_one_thread()


def end_unless_one_thread() -> None:
    """End where there are more, those of libraries' own making among them."""
    if len(os.listdir("/proc/self/task")) != 1:
        os._exit(UNFIT)


def serve(control: socket.socket, go_in: Callable[..., None], prepared: socket.socket | None = None) -> None:
    """Send a fork into each box whose gate comes in: of this process, or of the `prepared` one where that is asked."""
    while True:
        message, descriptors, _, _ = socket.recv_fds(control, MESSAGE, DESCRIPTORS)
        if not message or len(descriptors) != DESCRIPTORS:
            return
        if prepared is None or message != PREPARED or not passed_on(prepared, descriptors):
            end_unless_one_thread()
            if os.fork() == 0:
                control.close()
                if prepared is not None:
                    prepared.close()
                go_in(*descriptors)
        for descriptor in descriptors:
            os.close(descriptor)


def passed_on(prepared: socket.socket, descriptors: list[int]) -> bool:
    """Leave a gate to the prepared process; False where that is gone."""
    try:
        socket.send_fds(prepared, [PREPARED], descriptors)
    except OSError:
        return False
    return True


def main() -> None:
    """Import, tell that all is ready, and serve."""
    control, owner = socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2])
    script, folder, *names = sys.argv[3:]
    end_with(owner)
    del sys.path[0]  # this folder: its files have names that libraries might mean others by
    entering, settling = load_own()
    gc.disable()  # looking for garbage among millions of new objects takes a quarter of the time
    preload(names)
    go_in = functools.partial(entering.go_in, places=settling.find_places(os.environ))
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # forks are waited for by nobody
    be_fit_to_fork()
    gc.enable()
    prepared = prepare(script, folder, go_in, [control.fileno(), owner]) if script else None
    tell_ready(control, json.dumps(sorted({name.partition(".")[0] for name in sys.modules})).encode())
    serve(control, go_in, prepared)


if __name__ == "__main__":
    main()
