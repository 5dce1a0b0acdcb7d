"""Looking at a tree of processes from outside: who is there, and how much memory they hold."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable

import psutil

_PAGE = 4096 if sys.platform == "win32" else os.sysconf("SC_PAGE_SIZE")
_HAS_CHILDREN_FILES = os.path.exists(f"/proc/self/task/{os.getpid()}/children")


def descendants(root: int, *, stop_above: int = sys.maxsize) -> list[int]:
    """`root` and all processes below it, as far as they can be seen; the count stops once it is above `stop_above`.

    The stop is for fork bombs, among which whoever counts them all gets no time to end them. Where the kernel keeps
    lists of children, reading them costs a few files; psutil reads all of /proc.
    """
    if not _HAS_CHILDREN_FILES:
        return _descendants_by_psutil(root)
    found: list[int] = []
    waiting = [root]
    while waiting and len(found) <= stop_above:
        process = waiting.pop(0)
        try:
            tasks = os.listdir(f"/proc/{process}/task")
        except OSError:
            continue
        found.append(process)
        for task in tasks:
            waiting += _words(f"/proc/{process}/task/{task}/children")
    return found


def _descendants_by_psutil(root: int) -> list[int]:
    try:
        return [root, *(child.pid for child in psutil.Process(root).children(recursive=True))]
    except psutil.Error:
        return []


def _words(path: str) -> list[int]:
    try:
        with open(path, encoding="ascii") as file:
            return [int(word) for word in file.read().split()]
    except (OSError, ValueError):
        return []


def resident(processes: Iterable[int]) -> int:
    """Resident memory of these processes in bytes; pages shared after a fork are counted in each."""
    return sum(_resident_of(process) for process in processes)


def _resident_of(process: int) -> int:
    if sys.platform == "linux":
        words = _words(f"/proc/{process}/statm")
        return words[1] * _PAGE if len(words) > 1 else 0
    try:
        return int(psutil.Process(process).memory_info().rss)
    except psutil.Error:
        return 0


def proportional(processes: Iterable[int]) -> int:
    """Memory of these processes in bytes with shared pages counted once; slow, so asked only to confirm."""
    return sum(_proportional_of(process) for process in processes)


def _proportional_of(process: int) -> int:
    try:
        with open(f"/proc/{process}/smaps_rollup", encoding="ascii") as file:
            for line in file:
                if line.startswith("Pss:"):
                    return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        return _resident_of(process)
    return 0


def alive(process: int) -> bool:
    """Whether this process exists and is more than a zombie."""
    try:
        return psutil.Process(process).status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def kill(processes: Iterable[int]) -> None:
    """Kill processes that may be gone already."""
    force = getattr(signal, "SIGKILL", signal.SIGTERM)
    for process in processes:
        try:
            os.kill(process, force)
        except OSError:
            continue
