"""News of a class being graded, on a terminal that can redraw itself and on one that can't."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.text import Text

from grader.model.result import Result
from grader.progress import Progress, Stage

SHORT = {"emerging": "E", "developing": "D", "proficient": "P", "exemplary": "X"}


MAX_REASON = 240
"""Characters of a reason on a terminal: the report has all of it."""


LEAST_FINISHED = 2
"""Runs after which the time left is told: from one alone nothing can be told, unless earlier times are known."""


class Pace:
    """Estimates the time left: from how long each took before, set right by how long runs take now.

    Without earlier times, from the mean of those that are done. What is only judged again counts for nothing.
    """

    def __init__(self, total: int, jobs: int) -> None:
        self.total = total
        self.jobs = jobs
        self.done = 0
        self._ahead: dict[str, float | None] = {}
        self._known = False
        self._begun: dict[str, float] = {}
        self._took: list[tuple[float, float | None]] = []

    def expect(self, seconds: Mapping[str, float | None]) -> None:
        """Note which submissions are going to be run, and how long they took before."""
        self._ahead = dict(seconds)
        self._known = True

    def begun(self, submission: str) -> None:
        """Note that a submission is in work."""
        self._begun.setdefault(submission, time.monotonic())

    def finished(self, submission: str, *, reused: bool) -> None:
        """Count one more; a reused one says nothing about how long a run takes."""
        self.done += 1
        begun = self._begun.pop(submission, None)
        before = self._ahead.pop(submission, None)
        if begun is not None and not reused:
            self._took.append((time.monotonic() - begun, before))

    def left(self) -> str:
        """Say how long the rest will take, or nothing while there is too little to go by."""
        ahead: Mapping[str, float | None] = self._ahead
        if not self._known:
            waiting = max(0, self.total - self.done - len(self._begun))
            ahead = dict.fromkeys([*self._begun, *(f"waiting {number}" for number in range(waiting))])
        timed = [(took, before) for took, before in self._took if before]
        slower = sum(took for took, _ in timed) / sum(before for _, before in timed if before) if timed else 1.0
        earlier = [seconds * slower for seconds in ahead.values() if seconds]
        enough = len(self._took) >= min(LEAST_FINISHED, self.total) or len(earlier) == len(ahead)
        if not ahead or not enough:
            return ""
        seen = [took for took, _ in self._took] or earlier
        usual = sum(seen) / len(seen)
        now = time.monotonic()
        rest = []
        for submission, seconds in ahead.items():
            whole = usual if not seconds else seconds * slower
            begun = self._begun.get(submission)
            rest.append(whole if begun is None else max(0.0, whole - (now - begun)))
        return f"about {duration(max(sum(rest) / min(self.jobs, len(rest)), *rest, 1.0))} left"


def duration(seconds: float) -> str:
    """Write a duration as people say it: `42 s`, `3 min`, `1 h 20 min`."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


class Lines:
    """Plain lines, one per submission, for logs and pipes."""

    def __init__(self, total: int, jobs: int) -> None:
        self._pace = Pace(total, jobs)
        self._lock = threading.Lock()

    def expect(self, seconds: Mapping[str, float | None]) -> None:
        """Say how many are run, where not all are."""
        with self._lock:
            self._pace.expect(seconds)
        if len(seconds) < self._pace.total:
            self._print(f"         {len(seconds)} of {self._pace.total} to be run")

    def stage(self, submission: str, stage: Stage, detail: str = "", fraction: float | None = None) -> None:
        """Say only when a run starts: a log wants no more."""
        del fraction
        with self._lock:
            self._pace.begun(submission)
        if (stage, detail) == ("running", "starting"):
            self._print(f"         {submission}: running")

    def finished(self, result: Result, *, reused: bool) -> None:
        """Write the result in one line, with the time left."""
        with self._lock:
            self._pace.finished(result.submission, reused=reused)
            left = self._pace.left()
            line = f"[{self._pace.done:>3}/{self._pace.total}] {result.submission}: {summary(result, reused=reused)}"
        self._print(f"{line}  ({left})" if left else line)

    def _print(self, line: str) -> None:
        with suppress(OSError):  # nobody reads any more, or the log's disk is full: no reason not to grade
            print(f"{line}\n", end="", file=sys.stderr, flush=True)  # in one piece: several threads write


class Live:
    """A display that redraws itself: a line per submission in work, a bar for the class, the time left."""

    def __init__(self, total: int, jobs: int, console: Console) -> None:
        self._pace = Pace(total, jobs)
        self._lock = threading.Lock()
        self._rows: dict[str, TaskID] = {}
        self._bars = Bars(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("[dim]{task.fields[note]}"),
            console=console,
            transient=True,
        )
        self._class = self._bars.add_task("[bold]class", total=total, note="")

    def expect(self, seconds: Mapping[str, float | None]) -> None:
        """Have the time left told from what is known already."""
        with self._lock, suppress(OSError):
            self._pace.expect(seconds)
            self._bars.update(self._class, note=self._pace.left())

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def stage(self, submission: str, stage: Stage, detail: str = "", fraction: float | None = None) -> None:
        """Show the stage of one submission on its own line."""
        with self._lock, suppress(OSError):
            self._pace.begun(submission)
            row = self._rows.get(submission)
            if row is None:
                row = self._rows[submission] = self._bars.add_task(Text(submission).markup, total=100, note="")
            note = f"{stage} {detail}".strip()
            completed = None if fraction is None else round(100 * fraction)
            self._bars.update(row, note=note, completed=completed)

    def finished(self, result: Result, *, reused: bool) -> None:
        """Print the result above the bars and take the submission's line away."""
        with self._lock, suppress(OSError):
            self._pace.finished(result.submission, reused=reused)
            row = self._rows.pop(result.submission, None)
            if row is not None:
                self._bars.remove_task(row)
            self._bars.update(self._class, advance=1, note=self._pace.left())
            self._bars.console.print(Text(f"  {result.submission:<20} {summary(result, reused=reused)}"))


@contextmanager
def watching(total: int, jobs: int) -> Iterator[Progress]:
    """Give the progress display that fits stderr."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield Lines(total, jobs)
        return
    with Live(total, jobs, console) as live:
        yield live


def plain(text: str) -> str:
    """Return what a student's notebook or file name may have said without anything a terminal would obey."""
    from grader.reports.text import terminal_text, visible

    return visible(terminal_text(text))


def why_not_judged(result: Result) -> str:
    """Say in a few words why there are no levels."""
    status = result.status.replace("_", " ")
    return f"{status}: {plain(result.message)[:MAX_REASON]}" if result.message else status


def summary(result: Result, *, reused: bool) -> str:
    """Say one submission's result in a few words."""
    if result.points is None:
        return f"not judged, {why_not_judged(result)}"
    levels = " ".join(SHORT.get(item.level or "", "?") for item in result.criteria)
    parts = [f"{levels}  {result.points:g}/{result.max_points:g}"]
    if result.status != "ok":
        where = "" if result.failed_cell is None else f" at cell {result.failed_cell + 1}"
        parts.append(f"{result.status.replace('_', ' ')}{where}")
    if result.needs_review:
        parts.append("needs review")
    parts.append("stored run, judged again" if reused else duration(result.wall_s))
    return "  ".join(parts)
