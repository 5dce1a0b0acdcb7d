"""How a submission is to be run, and the news while it runs."""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from grader.execution.interpreter import own_interpreter
from grader.model import Budget, Interpreter, Tier
from grader.sandbox import Limits, TierReport
from grader.sandbox.limits import MEMORY, WALL_S
from grader.urls import UrlFile

PROBE = Path(__file__).resolve().parent.parent / "probe"
"""The code that watches from inside the kernel."""

PROBE_OFFER = "probe"
"""The name under which a box has it."""

MAX_LISTED = 200_000
"""Entries of a folder of data whose files are told apart by size and time of change: a second or two of looking. The
folders that follow are told apart by their own times."""


@dataclass(frozen=True, slots=True)
class RunSettings:
    """Everything a run depends on besides the submission.

    `limits.wall_s` is the time allowed for all cells together, in seconds. `data` is laid out like
    `~/.keras/datasets`. `python` is the kernel's interpreter, `interpreter` what is known of it. `probe` is the folder
    of the watching code, or None for a bare kernel. `gaps` is what the tier doesn't hold; `why_not_better` and `remedy`
    are passed on to the reports.
    """

    tier: Tier
    limits: Limits = field(default_factory=Limits)
    data: Path | None = None
    python: str = sys.executable
    threads: int = 2
    probe: Path | None = PROBE
    gaps: tuple[str, ...] = ()
    why_not_better: str | None = None
    remedy: str | None = None
    interpreter: Interpreter = field(default_factory=own_interpreter)
    urls: tuple[UrlFile, ...] = ()
    """Addresses that files stand for."""
    budget: Budget = field(default_factory=Budget)
    """How much training the notebook is allowed."""

    @classmethod
    def of(
        cls,
        report: TierReport,
        *,
        timeout_s: float = WALL_S,
        memory_bytes: int = MEMORY,
        data: Path | None = None,
        threads: int = 2,
        python: str = sys.executable,
        interpreter: Interpreter | None = None,
        urls: tuple[UrlFile, ...] = (),
        budget: Budget | None = None,
    ) -> RunSettings:
        """Settings for the isolation found on this machine; the limits not named have their defaults."""
        limits = Limits(wall_s=timeout_s, memory=memory_bytes)
        return cls(
            report.tier,
            limits,
            data,
            python,
            threads,
            gaps=report.gaps,
            why_not_better=report.why_not_better,
            remedy=report.remedy,
            interpreter=interpreter or own_interpreter(),
            urls=urls,
            budget=budget or Budget(),
        )

    def identity(self) -> dict[str, object]:
        """What a stored run has to have in common with these settings to stand for a new one, as plain JSON.

        A run whose trainings were capped never stands for one in full, nor for one with another budget.
        """
        capped = {"budget": asdict(self.budget)} if self.budget.caps else {}
        return capped | {
            "tier": self.tier,
            "memory": self.limits.memory,
            "wall_s": self.limits.wall_s,
            "python": self.python,
            "interpreter": asdict(self.interpreter),
            "threads": self.threads,
            "data": [] if self.data is None else list(_listing(self.data)),
            "urls": [[item.url, item.sha256] for item in self.urls],
        }


@dataclass(frozen=True, slots=True)
class RunProgress:
    """A cell begins: its index in the notebook, the notebook's number of cells, seconds since the first began."""

    cell: int
    cells: int
    seconds: float


def _listing(folder: Path) -> Iterator[list[object]]:
    """What tells a folder of data from a changed one, highest first: its folders by name, its files by size and time.

    Links are followed, as they may lead to a larger disk, into each folder once.
    """
    waiting, entered, listed = deque([("", folder)]), {_place(folder)}, 0
    while waiting:
        inside, here = waiting.popleft()
        try:
            entries = sorted(os.scandir(here), key=lambda item: item.name)
            if listed + len(entries) > MAX_LISTED:
                yield [inside, "many", len(entries), here.stat().st_mtime_ns]
        except OSError:  # such as lost+found
            yield [inside, "unreadable"]
            continue
        for entry in entries:
            name = f"{inside}{entry.name}"
            if entry.is_dir():
                yield [f"{name}/"]
                place = _place(entry)
                if place not in entered:
                    entered.add(place)
                    waiting.append((f"{name}/", Path(entry.path)))
            elif listed + len(entries) <= MAX_LISTED:
                yield [name, *_size_and_time(entry)]
        listed += len(entries)


def _place(folder: Path | os.DirEntry[str]) -> tuple[int, int]:
    facts = os.stat(folder)
    return facts.st_dev, facts.st_ino


def _size_and_time(entry: os.DirEntry[str]) -> tuple[int, ...]:
    try:
        facts = entry.stat()
    except OSError:  # a link that leads nowhere
        return ()
    return facts.st_size, facts.st_mtime_ns
