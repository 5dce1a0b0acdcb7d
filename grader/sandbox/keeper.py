"""Stands between the grader and a box that has no pid namespace, so that nothing of it outlives the grader.

Run as `python -I -S keeper.py LIFELINE UID -- COMMAND...`. LIFELINE is the read end of a pipe whose other end only
the grader holds: when it closes, by whatever death, everything under this process is killed. UID is the box's own
uid, or - where it shares the grader's. Orphans of the box come to this process (it is their subreaper), so that a
double fork escapes nothing. Exits as the command did (128 + signal where a signal ended it).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import sys
import time

PR_SET_CHILD_SUBREAPER = 36
POLL_MS = 50


def adopt_orphans() -> None:
    """Become the parent of every orphan below, where the operating system can."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def descendants() -> list[int]:
    """All processes below this one; on systems without /proc nothing (the process group stands in)."""
    found: list[int] = []
    waiting = [os.getpid()]
    while waiting:
        process = waiting.pop()
        try:
            tasks = os.listdir(f"/proc/{process}/task")
        except OSError:
            continue
        for task in tasks:
            try:
                with open(f"/proc/{process}/task/{task}/children", encoding="ascii") as file:
                    children = [int(word) for word in file.read().split()]
            except OSError:
                continue
            found += children
            waiting += children
    return found


def kill_user(uid: int) -> None:
    """Kill all processes of the box's own uid in one stroke, which a fork bomb can't outrun."""
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setresgid(uid, uid, uid)
            os.setresuid(uid, uid, uid)
            os.kill(-1, signal.SIGKILL)
        finally:
            os._exit(0)
    os.waitpid(child, 0)


def kill(process: int) -> None:
    """Kill one process that may be gone already."""
    with contextlib.suppress(OSError):
        os.kill(process, signal.SIGKILL)


def kill_group(leader: int) -> None:
    """Kill the command's process group, of which it is the leader."""
    with contextlib.suppress(OSError):
        os.killpg(leader, signal.SIGKILL)


def reap() -> bool:
    """Take the dead; whether any child is left."""
    while True:
        try:
            process, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return False
        if process == 0:
            return True


def sweep(leader: int, uid: int | None) -> None:
    """Kill until nothing is left: killing makes orphans, and orphans come here."""
    while True:
        if uid is not None:
            kill_user(uid)
        kill_group(leader)
        for process in descendants():
            kill(process)
        if not reap():
            return
        time.sleep(0.005)


def watch(lifeline: int, leader: int) -> int | None:
    """Wait for the command's end (its status) or the grader's (None)."""
    poller = select.poll()
    poller.register(lifeline, select.POLLIN | select.POLLHUP)
    while True:
        if poller.poll(POLL_MS):
            return None
        while True:
            try:
                process, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return 0
            if process == leader:
                return status
            if process == 0:
                break


def main() -> None:
    """Start the command, wait, sweep."""
    lifeline, uid, command = int(sys.argv[1]), sys.argv[2], sys.argv[4:]
    adopt_orphans()
    leader = os.fork()
    if leader == 0:
        os.close(lifeline)
        os.setsid()
        os.execv(command[0], command)  # noqa: S606 - no shell is wanted
    status = watch(lifeline, leader)
    sweep(leader, None if uid == "-" else int(uid))
    if status is None:
        os._exit(128 + signal.SIGKILL)
    code = os.waitstatus_to_exitcode(status)
    os._exit(code if code >= 0 else 128 - code)


if __name__ == "__main__":
    main()
