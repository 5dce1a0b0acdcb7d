"""The options of every command that runs notebooks, and what they mean for the pipeline."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from grader.cli.options import data_folder, url_files

if TYPE_CHECKING:
    from grader.evidence.reading.given import Given
    from grader.execution import RunSettings
    from grader.execution.warming import Templates
    from grader.model import Budget
    from grader.sandbox import TierReport

DEFAULT_TIMEOUT_S = 900.0
"""Fifteen minutes: real class notebooks took at most two on a loaded machine."""

DEFAULT_REFERENCE_S = 60.0
"""For all reference trainings of one split; a class on one data set trains them once."""

DEFAULT_MEMORY_GB = 4.0
"""A Keras notebook on 60,000 small pictures in float64 holds about 1.5 GB; twice that, and some."""

GIGABYTE = 1024**3

LEAST_BUDGET_S = 5.0
"""Importing TensorFlow alone takes that long."""


@dataclass(frozen=True, slots=True)
class Running:
    """The options of every command that runs notebooks, as given: one field an option, of the same name."""

    rubric: str | None
    data: Path | None
    timeout: float
    budget: Budget | None
    memory: float
    reference_budget: float
    third_run: bool
    isolation: str
    python: str | None
    urls: Path | None
    starter: tuple[Path, ...]
    cache: bool
    rerun: bool
    warm_start: bool

    def templates(self) -> AbstractContextManager[Templates | None]:
        """Return the processes that runs may start from: ended when the context is left; None where runs start cold."""
        from grader.execution.warming import Templates

        return Templates() if self.warm_start else nullcontext()

    def settings(
        self, tier: TierReport, *, threads: int, folders: Sequence[Path] = (), budget: Budget | None = None
    ) -> RunSettings:
        """Return how a notebook is to be run under `tier`; `folders` are looked through for a `grader.toml`.

        `budget` is the command's own where none was given; without one, trainings run in full.

        Raises:
            DatasetError: the folder of data sets is not there.
            UrlMapError: the mapping file of URLs has mistakes.
            EnvironmentFileError: the `grader.toml` has mistakes.
            CourseEnvironmentError: the interpreter asked for can't run watched kernels here.
        """
        from grader.environments import choose_environment, in_environment, read_environments
        from grader.execution import RunSettings

        settings = RunSettings.of(
            tier,
            timeout_s=self.timeout,
            memory_bytes=int(self.memory * GIGABYTE),
            data=data_folder(self.data),
            threads=threads,
            urls=url_files(self.urls),
            budget=self.budget or budget,
        )
        chosen = choose_environment(self.python, read_environments(folders))
        return settings if chosen is None else in_environment(chosen, settings)

    def settings_by_era(self, settings: RunSettings, *, folders: Sequence[Path] = ()) -> dict[str, RunSettings]:
        """Return how notebooks written for older libraries are to be run: nothing where `--python` says it for all.

        Raises:
            EnvironmentFileError, CourseEnvironmentError: as in `settings`.
        """
        from grader.environments import in_environment, read_environments

        if self.python is not None:
            return {}
        known = read_environments(folders).environments
        return {item.era: in_environment(item, settings) for item in known if item.era}

    def cache_folder(self, *shown: Path) -> Path | None:
        """Return the folder of what earlier calls measured; None where none is to be used.

        Raises:
            ResultsError: it lies in a folder that notebooks are `shown`.
        """
        from grader.reuse import cache_folder, require_apart

        folder = cache_folder() if self.cache else None
        if folder is not None:
            for other in (*shown, *filter(None, [self.data])):
                require_apart(folder, other)
        return folder

    def given(self) -> Given:
        """Return the text of the assignment's templates.

        Raises:
            StarterError: one of them can't be read.
        """
        from grader.evidence.reading.given import Given
        from grader.intake.starter import load_starter

        return Given.of(load_starter(self.starter))


def running(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of `Running`, and hand them over as its argument `running`."""

    @functools.wraps(command)
    def with_running(*args: Any, **given: Any) -> Any:
        values = {item.name: given.pop(item.name) for item in fields(Running)}
        return command(*args, running=Running(**values), **given)

    for option in reversed(_RUNNING):
        with_running = option(with_running)
    return with_running


def _budget(_: click.Context, __: click.Parameter, value: str | None) -> Budget | None:
    from grader.model import Budget

    if value is None:
        return None
    if value == "full":
        return Budget("full")
    if value == "quick":
        return Budget("quick")
    try:
        seconds = float(value)
    except ValueError:
        seconds = 0.0
    if not LEAST_BUDGET_S <= seconds < math.inf:
        raise click.BadParameter(f"give full, quick, or a number of seconds, at least {LEAST_BUDGET_S:g}")
    return Budget("seconds", seconds)


_RUNNING = (
    click.option(
        "--rubric",
        metavar="NAME|FILE",
        help="What to judge by.  [default: unit1; of grade: what the class in OUT was graded by, where that is known]",
    ),
    click.option("--data", type=click.Path(path_type=Path), help="Data sets, laid out like ~/.keras/datasets."),
    click.option(
        "--urls",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Local files for the addresses that notebooks fetch: lines `https://...: file` (YAML) or CSV.",
    ),
    click.option(
        "--timeout",
        type=click.FloatRange(min=1),
        default=DEFAULT_TIMEOUT_S,
        show_default=True,
        help="Seconds a notebook may run.",
    ),
    click.option(
        "--budget",
        metavar="full|quick|SECONDS",
        callback=_budget,
        help="How much training is done: all that notebooks ask for; a small equal share of each fit, spread over its "
        "epochs; or what fits into SECONDS a notebook. What was cut is said, and its results move no level down.  "
        "[default: full; of check: quick]",
    ),
    click.option(
        "--memory",
        type=click.FloatRange(min=1.5),
        default=DEFAULT_MEMORY_GB,
        show_default=True,
        help="Gigabytes a notebook may use.",
    ),
    click.option(
        "--reference-budget",
        type=click.FloatRange(min=0),
        default=DEFAULT_REFERENCE_S,
        show_default=True,
        help="Seconds on two idle cores for the references of one split; decides how much they train; 0 trains none.",
    ),
    click.option(
        "--third-run/--no-third-run",
        default=True,
        show_default=True,
        help="Run a notebook once more where only that can show whether its score comes out again, and a level hangs "
        "on it.",
    ),
    click.option(
        "--warm-start/--no-warm-start",
        default=True,
        show_default=True,
        help="Let kernels start from a process that has imported TensorFlow, where that changes nothing but the time.",
    ),
    click.option(
        "--isolation",
        type=click.Choice(["auto", "bubblewrap", "landlock"]),
        default="auto",
        show_default=True,
        help="Where notebooks run: the best that works here, or exactly this.",
    ),
    click.option(
        "--python",
        metavar="PATH|NAME",
        help="Run notebooks in another Python with ipykernel: its path, or an environment of grader.toml.",
    ),
    click.option(
        "--starter",
        type=click.Path(path_type=Path),
        multiple=True,
        metavar="FILE",
        help="The assignment's template (.ipynb, .md, .py): its text earns nothing. Can be given several times.",
    ),
    click.option(
        "--cache/--no-cache",
        default=True,
        show_default=True,
        help="Take what an earlier call measured of the very same work, in whichever class (GRADER_CACHE names the "
        "folder).",
    ),
    click.option("--rerun", is_flag=True, help="Run everything again, finished or not."),
)
