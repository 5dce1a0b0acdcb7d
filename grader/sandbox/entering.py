"""How a fork of the template goes into a box, and becomes the command that was to start there.

Two processes: the first joins the box's namespaces and stays outside of its processes, to tell how the second ended.
The second is the command. It takes the same things from itself, in the same order, by the same code as a command that
starts in the box would (`shim.py`, loaded from this folder), and tells so before its first line runs.
"""

from __future__ import annotations

import atexit
import ctypes
import fcntl
import json
import os
import signal
import socket
import sys
import threading
import time
import traceback
from types import ModuleType
from typing import Any

from . import settling, shim

CLEAR_OF_NAMED = 256
"""Descriptors of ours are moved up here, out of the way of those that the command is to have under their numbers."""

NS_GET_USERNS = 0xB701
"""The request that gives the user namespace which owns another namespace (ioctl_ns(2))."""

GATE_BYTES = 64 * 1024
MOST_DESCRIPTORS = 64


def go_in(gate_number: int, news_number: int, places: Any) -> None:
    """Bring the command into the box behind the gate and wait for its end; never returns."""
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        gate, news = socket.socket(fileno=gate_number), socket.socket(fileno=news_number)
        message, descriptors, _, _ = socket.recv_fds(gate, GATE_BYTES, MOST_DESCRIPTORS)
        box = json.loads(message)
        count = len(box["namespaces"])
        join(box["namespaces"], descriptors[:count])
        command = os.fork()
        if command == 0:
            news.close()
            be_the_command(gate, box, descriptors[count:], places)
        for descriptor in descriptors:
            os.close(descriptor)
        news.send(str(command).encode())  # and its end tells that the command has ended
        code = os.waitstatus_to_exitcode(os.waitpid(command, 0)[1])
        gate.send(str(code if code >= 0 else 128 - code).encode())
    except OSError:
        pass  # the box is gone, or can't be entered: then it starts the command itself
    finally:
        os._exit(0)


def join(names: list[str], descriptors: list[int]) -> None:
    """Enter these namespaces, but those that this process is in already.

    An ordinary user's box has two user namespaces: one that owns all others and gives the right to enter them, and
    in it one that can make no more, in which the command is to be.
    """
    spaces = dict(zip(names, descriptors))  # noqa: B905 - Python 3.9
    own = {name: os.stat(f"/proc/self/ns/{name}").st_ino for name in names}  # /proc will be the box's
    user = spaces.pop("user", None)
    owner = fcntl.ioctl(spaces["mnt"], NS_GET_USERNS) if user is not None else None
    here = own.get("user")
    for descriptor in (owner, *(held for name, held in spaces.items() if os.fstat(held).st_ino != own[name]), user):
        if descriptor is None or os.fstat(descriptor).st_ino == here:
            continue
        shim.must(shim.libc().setns(ctypes.c_int(descriptor), ctypes.c_int(0)), "setns")
        if descriptor == owner:
            here = os.fstat(descriptor).st_ino
            os.close(descriptor)


def be_the_command(gate: socket.socket, box: dict[str, Any], descriptors: list[int], places: Any) -> None:
    """Close the box around this process, then run the command in it; never returns."""
    try:
        os.setsid()
        with open(box["config"], encoding="utf-8") as file:
            config = json.load(file)
        gate = socket.socket(fileno=place(gate, box["descriptors"], descriptors))
        shim.take_identity(config)
        if "uid" not in config:
            shim.give_up_capabilities()
        shim.furnish(config)
        settling.settle(places, config["environment"])
        require_one_thread()
        shim.shut(config, [*config.get("descriptors", []), gate.fileno()])
        settling.let_blas_have_threads(config["environment"])
        gate.send(shim.ENTERED)
        gate.close()
    except BaseException:  # noqa: BLE001 - nothing of the template may go on in here
        os._exit(shim.SHIM_FAILED)  # not entered: the box starts the command itself
    os._exit(run(config["command"], config["environment"]))


def require_one_thread() -> None:
    """Raise OSError where there are more: what is taken away next is taken from the calling thread alone."""
    if len(os.listdir("/proc/self/task")) != 1:
        raise OSError("a second thread would stay outside of the walls")


def place(gate: socket.socket, wanted: list[int], descriptors: list[int]) -> int:
    """Put the descriptors under their numbers and return the gate's, which is out of their way."""
    number = fcntl.fcntl(gate.detach(), fcntl.F_DUPFD, CLEAR_OF_NAMED)
    held = [fcntl.fcntl(descriptor, fcntl.F_DUPFD, CLEAR_OF_NAMED) for descriptor in descriptors]
    for descriptor, target in zip(held, wanted):  # noqa: B905 - Python 3.9
        os.dup2(descriptor, target)
    return number


def run(command: list[str], environment: dict[str, str]) -> int:
    """Run a script as `python SCRIPT ARGUMENTS...` would, and return its exit status."""
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    script = command[1]
    sys.argv = command[1:]
    added = [os.path.dirname(os.path.realpath(script)), *filter(None, environment.get("PYTHONPATH", "").split(":"))]
    sys.path[:0] = added
    main = ModuleType("__main__")
    main.__file__ = script
    main.__dict__["__builtins__"] = __builtins__
    sys.modules["__main__"] = main
    sys.modules.pop("__mp_main__", None)
    code = 0
    try:
        with open(script, "rb") as file:
            code_object = compile(file.read(), script, "exec")
        exec(code_object, main.__dict__)  # noqa: S102 - that is what a command is
    except SystemExit as end:
        code = status_of(end)
    except BaseException:  # noqa: BLE001 - as Python does
        traceback.print_exc()
        code = 1
    return finish(code)


def status_of(end: SystemExit) -> int:
    """Return the exit status that Python gives for this."""
    if end.code is None or isinstance(end.code, int):
        return (end.code or 0) & 0xFF
    print(end.code, file=sys.stderr)
    return 1


def finish(code: int) -> int:
    """Do what Python does at its end: wait for threads, call what is registered, write what is left."""
    try:
        threading._shutdown()  # type: ignore[attr-defined] # noqa: SLF001 - what the interpreter itself calls
        atexit._run_exitfuncs()  # noqa: SLF001
        sys.stdout.flush()
        sys.stderr.flush()
    except Exception:  # noqa: BLE001 - whatever a student registered
        return code or 120  # Python's own status where the last flush fails
    return code
