"""Options that several commands share, and what they mean in terms of the pipeline."""

from __future__ import annotations

import functools
import math
import os
import threading
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from grader.errors import DatasetError, JudgeEndpointError, ResultsError, SandboxUnavailableError
from grader.resources import holds_results, usual_datasets

if TYPE_CHECKING:
    from grader.evidence.reading.given import Given
    from grader.execution import RunSettings
    from grader.execution.warming import Templates
    from grader.model import Budget, Rubric, Tier
    from grader.opinions import SecondOpinion
    from grader.sandbox import TierReport
    from grader.urls import UrlFile

DEFAULT_TIMEOUT_S = 900.0
"""Fifteen minutes: real class notebooks took at most two on a loaded machine."""

DEFAULT_RUBRIC = "unit1"
"""What is judged by where nothing else is said or known."""

DEFAULT_REFERENCE_S = 60.0
"""For all reference trainings of one split; a class on one data set trains them once."""

DEFAULT_MEMORY_GB = 4.0
"""A Keras notebook on 60,000 small pictures in float64 holds about 1.5 GB; twice that, and some."""


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


def url_files(mapping: Path | None) -> tuple[UrlFile, ...]:
    """Return what a mapping file says; nothing where none is given.

    Raises:
        UrlMapError: the file has mistakes.
    """
    if mapping is None:
        return ()
    from grader.urls import load_urls

    return load_urls(mapping)


LEAST_BUDGET_S = 5.0
"""Importing TensorFlow alone takes that long."""


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


def running(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of `Running`, and hand them over as its argument `running`."""

    @functools.wraps(command)
    def with_running(*args: Any, **given: Any) -> Any:
        values = {item.name: given.pop(item.name) for item in fields(Running)}
        return command(*args, running=Running(**values), **given)

    for option in reversed(_RUNNING):
        with_running = option(with_running)
    return with_running


def judging(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command `--judge` and `--judge-model`, and hand over as `judging` what makes them a second opinion."""

    @functools.wraps(command)
    def with_judging(*args: Any, judge: str | None, judge_model: str, **given: Any) -> Any:
        return command(*args, judging=Judging(judge, judge_model), **given)

    for option in reversed(_JUDGING):
        with_judging = option(with_judging)
    return with_judging


_JUDGING = (
    click.option(
        "--judge",
        metavar="URL",
        help="Ask a language model there for a second opinion on prose: an OpenAI-compatible server, also a local one. "
        "The text of every submission is sent to it, names removed; without this option nothing is sent anywhere. "
        "It changes no level: where it differs, a person is asked to look. The key is taken from GRADER_JUDGE_KEY.",
    ),
    click.option("--judge-model", default="", metavar="NAME", help="The model to ask there."),
)


@dataclass(frozen=True, slots=True)
class Judging:
    """Which language model to ask about prose, as given; `url` of None asks none."""

    url: str | None
    model: str

    def second_opinion(self, out: Path, names: Collection[str], stop: threading.Event) -> SecondOpinion | None:
        """Return what asks it; `names` are the ids of the class, which are removed from every text.

        Raises:
            JudgeEndpointError: nothing can be sent there, or the library that would is not installed.
        """
        if self.url is None:
            if self.model:
                raise JudgeEndpointError("--judge-model without --judge: give the address of the server as well")
            return None
        from grader.opinions import SecondOpinion, read_endpoint, require_client

        require_client()
        return SecondOpinion(read_endpoint(self.url, self.model, os.environ), out, tuple(names), stop)


def class_rubric(asked: str | None, out: Path) -> Rubric:
    """Return the rubric to judge the class in `out` by: the one asked for, else what it was graded by, else unit1.

    Raises:
        ResultsError: its gradebook can't be read.
        RubricError: the one asked for is not there or has mistakes.
    """
    from grader.gradebook import Gradebook
    from grader.regrading import class_rubric as graded_by
    from grader.resources import GRADEBOOK
    from grader.rubrics import load_rubric

    if asked is not None:
        return load_rubric(asked)
    found = None
    if (out / GRADEBOOK).is_file():
        with Gradebook.open_existing(out) as book:
            found = graded_by(out, book.results())
    return found or load_rubric(DEFAULT_RUBRIC)


def tell_cost(second_opinion: SecondOpinion | None) -> None:
    """Say what asking a language model has cost, where one was asked."""
    if second_opinion is not None:
        from grader.reports.text import visible

        click.echo(visible(second_opinion.tally.in_words()))


GIGABYTE = 1024**3


def require_tier(isolation: str) -> TierReport:
    """Return the isolation for other people's notebooks: `auto` is the best that works here.

    Raises:
        SandboxUnavailableError: no tier works here, or not the one that was named.
    """
    report = own_tier(isolation)
    if report.tier == "none":
        mend = f" To mend it: {report.remedy.rstrip('.')}." if report.remedy else ""
        raise SandboxUnavailableError(
            f"no isolation works on this machine: {report.why_not_better}.{mend} "
            "Or, only for notebooks you trust as much as your own: --unsafe-no-sandbox"
        )
    return report


def own_tier(isolation: str) -> TierReport:
    """Return the isolation for one's own notebook, which may run without any where none works.

    Raises:
        SandboxUnavailableError: a tier was named and does not work here.
    """
    from grader.sandbox import detect_tier, exact_tier

    return detect_tier() if isolation == "auto" else exact_tier(cast("Tier", isolation))


def data_folder(data: Path | None) -> Path | None:
    """Return the data sets' folder that was given, or Keras's own where it exists.

    Raises:
        DatasetError: the folder given is not there.
    """
    if data is None:
        usual = usual_datasets()
        return usual if usual.is_dir() else None
    if not data.is_dir():
        raise DatasetError(f"--data {data} is not a folder; it should be laid out like ~/.keras/datasets")
    return data.absolute()


def output_folder(out: Path, submissions: Path) -> Path:
    """Return the folder for results, made if need be; a folder that holds something else is left alone.

    Raises:
        ResultsError: it can't be made or written, is the submissions' own folder, or holds other things.
    """
    out = out.absolute()
    if out == submissions.absolute():
        raise ResultsError(f"--out {out} is the folder of the submissions itself; give another one")
    if out.is_dir() and not holds_results(out) and any(out.iterdir()):
        raise ResultsError(f"--out {out} holds other things than results of grader; give a new or an empty folder")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ResultsError(f"--out {out} can't be made ({error.strerror}); give another folder") from error
    if not os.access(out, os.W_OK):
        raise ResultsError(f"--out {out} can't be written to; give another folder")
    return out
