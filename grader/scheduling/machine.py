"""What this machine can carry: cores and memory that this process may use, in a container too."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path

import psutil

GIGABYTE = 1024**3

MEMORY_PER_JOB = 3 * GIGABYTE
"""One notebook with TensorFlow, its verification and the grader: 0.7 GB measured for a small fit, doubled twice."""

UNLIMITED = 2**60
"""A control group that says more than this has no limit; the first version writes a number near 2^63."""

CGROUPS = Path("/sys/fs/cgroup")


def cores() -> int:
    """Return the number of cores this process may use: by affinity, and by its control group's quota."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quotas = [quota for folder in _groups("cpu") if (quota := _quota(folder)) is not None]
    return max(1, min([usable, *(math.ceil(quota) for quota in quotas)]))


def available_memory() -> int:
    """Return the bytes that can still be taken: of the machine, and of the control groups this process is in."""
    free = int(psutil.virtual_memory().available)
    left = [room for folder in _groups("memory") if (room := _room(folder)) is not None]
    return max(0, min([free, *left]))


def jobs_for(asked: str, submissions: int) -> int:
    """Return how many notebooks run side by side: as asked, or as many as cores and memory carry."""
    if asked != "auto":
        return max(1, int(asked))
    return max(1, min(cores(), available_memory() // MEMORY_PER_JOB, submissions))


def threads_for(submissions: int) -> int:
    """Return how many threads a notebook computes with.

    One where there is a class: side by side, two notebooks of one thread are done sooner than one after the other of
    two (measured), and scores don't depend on how many happened to run. A notebook by itself has all cores.
    """
    return 1 if submissions > 1 else cores()


# ---------------------------------------------------------------- control groups
def _groups(controller: str) -> Iterator[Path]:
    """Yield the folders of this process's control groups that may limit `controller`, innermost first.

    A container often sees its own group as the root.
    """
    try:
        lines = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        _, _, rest = line.partition(":")
        names, _, path = rest.partition(":")
        if names and controller not in names.split(","):
            continue
        root = CGROUPS / controller if names else CGROUPS
        for part in (Path(path), *Path(path).parents):
            yield root / part.relative_to("/")


def _quota(folder: Path) -> float | None:
    """Return the cores that a group's processes may use together, None where that is not limited."""
    words = (_read(folder / "cpu.max") or "").split()
    if not words:
        words = [_read(folder / "cpu.cfs_quota_us") or "", _read(folder / "cpu.cfs_period_us") or ""]
    try:
        quota, period = float(words[0]), float(words[1])
    except (ValueError, IndexError):
        return None
    return quota / period if quota > 0 and period > 0 else None


def _room(folder: Path) -> int | None:
    """Return the bytes that a group may still take, None where that is not limited; file pages can be given back."""
    limit = _number(_read(folder / "memory.max") or _read(folder / "memory.limit_in_bytes"))
    used = _number(_read(folder / "memory.current") or _read(folder / "memory.usage_in_bytes"))
    if limit is None or used is None or limit > UNLIMITED:
        return None
    counted = dict(line.split() for line in (_read(folder / "memory.stat") or "").splitlines() if line.count(" ") == 1)
    pages = _number(counted.get("inactive_file") or counted.get("total_inactive_file")) or 0
    return limit - used + pages


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return None


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() else None
