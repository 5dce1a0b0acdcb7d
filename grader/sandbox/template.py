"""Holds libraries in memory, for commands that would begin by importing them: `python template.py CONTROL MODULE...`.

CONTROL is a socket of the grader's. Each message on it carries two more: the gate of a box (see `shim.py`), and one to
tell the grader who went in. For each, a fork of this process goes into the box and becomes the command there. This
process itself runs no student's code and reads nothing of a student's; it ends when the grader's end of CONTROL closes.

A fork copies one thread only. So nothing here may have a second one: with more, or with anything else that is not as
it should be, this process ends, and commands start as they would without it.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
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
    control = socket.socket(fileno=int(sys.argv[1]))
    names = sys.argv[2:]
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
