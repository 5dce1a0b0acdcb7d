"""What `grade` and `check` have in common: settings from the options given, and a grader at work on a terminal."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from grader.cli.options import output_folder

if TYPE_CHECKING:
    from grader.cli.running import Running
    from grader.evidence.reading.given import Given
    from grader.model import Budget, Rubric
    from grader.pipeline import ClassGrader, GradeSettings
    from grader.sandbox import TierReport


def grade_settings(
    running: Running,
    tier: TierReport,
    handed_in: Path,
    submissions: int,
    *,
    rubric: Rubric,
    given: Given,
    out: Path,
    apart_from: Path,
    jobs: int,
    cache: Path | None,
    own: bool,
    budget: Budget | None = None,
) -> GradeSettings:
    """Return how so many submissions, `handed_in` there, are to be graded, `jobs` at a time.

    `own` says that students check their own work; `budget` is the command's own where none was given. The folder `out`
    must not be `apart_from`. It is made when all else is well, so that a call that can't begin leaves nothing behind.

    Raises:
        UsageError: options are wrong, as `Running.settings` and `output_folder` tell.
    """
    from grader.environments import trusted_folders
    from grader.pipeline import GradeSettings
    from grader.scheduling.machine import threads_for

    folders = trusted_folders(handed_in, own=own)
    run = running.settings(tier, threads=threads_for(submissions), folders=folders, budget=budget)
    run_by_era = running.settings_by_era(run, folders=folders)
    return GradeSettings(
        out=output_folder(out, apart_from),
        rubric=rubric,
        run=run,
        jobs=jobs,
        reference_budget_s=running.reference_budget,
        rerun=running.rerun,
        own_notebook=own,
        third_run=running.third_run,
        run_by_era=run_by_era,
        given=given,
        cache=cache,
    )


@contextmanager
def grader_at_work(
    running: Running, settings: GradeSettings, submissions: int, stop: threading.Event
) -> Iterator[ClassGrader]:
    """Give a grader whose progress on so many submissions is shown; what it runs in and writes to is closed after."""
    from grader.cli.watch import watching
    from grader.gradebook import Gradebook
    from grader.pipeline import ClassGrader

    with (
        running.templates() as templates,
        Gradebook.open(settings.out) as book,
        watching(submissions, settings.jobs) as progress,
    ):
        yield ClassGrader(settings, book, progress, stop, templates)
