"""Boxes that nobody would end: whoever wanted them was killed before bubblewrap had arranged to die with it.

bubblewrap asks to be killed with its parent only after it has made the box's first process, and that one only later
still. Killed in between, either may live on. Both carry a mark in their environment, by which the owner ends them, or
the next grader where the owner is dead. Nothing inside a box inherits the mark.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

VARIABLE = "GRADER_BOX"


def mark_of(box: str) -> str:
    """Return the mark of this process's box of that name: owner, the owner's start (in clock ticks), name."""
    return f"{os.getpid()}:{_started(os.getpid())}:{box}"


def end_marked(mark: str) -> None:
    """Kill what carries exactly this mark."""
    _kill(process for process, found in _marked() if found == mark)


def end_orphans() -> None:
    """Kill what carries the mark of an owner that is dead; a number that is in use again has another start."""
    for process, mark in _marked():
        owner, _, rest = mark.partition(":")
        if owner.isdecimal() and _started(int(owner)) != rest.partition(":")[0]:
            _kill((process,))


def _marked() -> Iterator[tuple[int, str]]:
    """Give each process that can be looked into and carries a mark, with its mark."""
    wanted = f"{VARIABLE}=".encode()
    for name in os.listdir("/proc") if os.path.isdir("/proc") else ():
        if not name.isdecimal():
            continue
        try:
            with open(f"/proc/{name}/environ", "rb") as file:
                words = file.read().split(b"\0")
        except OSError:
            continue  # gone, or another user's
        for word in words:
            if word.startswith(wanted):
                yield int(name), word[len(wanted) :].decode("utf-8", "replace")


def _started(process: int) -> str:
    """Return when a process started, in clock ticks since the machine did; empty where there is none."""
    try:
        with open(f"/proc/{process}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def _kill(processes: Iterator[int] | tuple[int, ...]) -> None:
    for process in processes:
        try:
            os.kill(process, signal.SIGKILL)
        except OSError:
            continue
