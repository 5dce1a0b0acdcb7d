"""`grader doctor`: what this machine can do, and how to mend what is missing."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from grader.resources import usual_datasets

if TYPE_CHECKING:
    from grader.sandbox import TierReport

Health = Literal["good", "poor", "bad"]
MARKS: dict[Health, tuple[str, str]] = {"good": ("ok", "green"), "poor": ("!!", "yellow"), "bad": ("no", "red")}


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One line of the doctor's report; `remedy` says what to do where health is not good."""

    health: Health
    subject: str
    finding: str
    remedy: str = ""


@click.command(name="doctor")
@click.option("--data", type=click.Path(path_type=Path), help="A folder laid out like ~/.keras/datasets.")
@click.option("--python", metavar="PATH|NAME", help="A Python to run notebooks in, as `grade --python` takes it.")
@click.pass_context
def command(ctx: click.Context, data: Path | None, python: str | None) -> None:
    """Say what this machine can do, and how to mend what is missing."""
    lines = [*_python(), *_isolation(), *_libraries(), *_environments(python), *_machine(), *_cache(), *_datasets(data)]
    width = max(len(line.subject) for line in lines)
    for line in lines:
        mark, colour = MARKS[line.health]
        click.echo(f"{click.style(mark, fg=colour, bold=True)}  {line.subject:<{width}}  {line.finding}")
        if line.remedy:
            click.echo(f"    {'':<{width}}  to mend: {line.remedy}")
    if any(line.health == "bad" for line in lines):
        ctx.exit(1)


def _python() -> Iterator[Diagnosis]:
    yield Diagnosis("good", "python", f"{platform.python_version()} on {platform.system()} {platform.machine()}")


def _isolation() -> Iterator[Diagnosis]:
    from grader.sandbox import detect_tier

    report = detect_tier()
    health: Health = {"bubblewrap": "good", "landlock": "poor"}.get(report.tier, "bad")  # type: ignore[assignment]
    better = f"; nothing better because {report.why_not_better}" if report.why_not_better else ""
    yield Diagnosis(health, "isolation", f"{report.tier}{better}", report.remedy or "")
    for gap in report.gaps:
        yield Diagnosis("poor", "isolation gap", gap)
    yield _warm_start(report)


def _warm_start(report: TierReport) -> Diagnosis:
    """Try the very template that kernels start from, and whether its forks get into boxes."""
    from grader.execution import RunSettings
    from grader.execution.warming import Templates
    from grader.sandbox import forks_can_enter

    with Templates() as templates:
        if report.tier != "bubblewrap":
            why = "only bubblewrap's boxes can be entered"
        elif not forks_can_enter():
            why = "they can't be entered here"
        elif templates.of(RunSettings.of(report)) is None:
            why = "a process that has imported TensorFlow can't be forked here"
        else:
            return Diagnosis("good", "warm start", "kernels start from a process that has TensorFlow in memory")
    return Diagnosis("poor", "warm start", f"none, {why}: each notebook imports TensorFlow for itself")


def _libraries() -> Iterator[Diagnosis]:
    from grader.execution.interpreter import version_of

    for name, names, needed in (
        ("tensorflow", ("tensorflow-cpu", "tensorflow"), True),
        ("keras", ("keras",), True),
        ("scikit-learn", ("scikit-learn",), True),
        ("ipykernel", ("ipykernel",), True),
        ("opencv", ("opencv-python-headless", "opencv-python"), False),
        ("scikit-image", ("scikit-image",), False),
        ("imbalanced-learn", ("imbalanced-learn",), False),
    ):
        version = next((found for name_ in names if (found := version_of(name_))), None)
        if version:
            yield Diagnosis("good", name, version)
        elif needed:
            yield Diagnosis("bad", name, "not installed", f"pip install {names[0]}")
        else:
            yield Diagnosis("poor", name, "not installed; some notebooks import it", "pip install 'grader[notebooks]'")


def _environments(python: str | None) -> Iterator[Diagnosis]:
    """Try the environment asked for in the sandbox, or all those of the `grader.toml` in the current folder."""
    from grader.environments import choose_environment, in_environment, read_environments
    from grader.errors import CourseEnvironmentError, EnvironmentFileError
    from grader.execution import RunSettings
    from grader.sandbox import detect_tier

    try:
        known = read_environments((Path.cwd(),))
    except EnvironmentFileError as error:
        yield Diagnosis("bad", "environments", str(error), "mend the file")
        return
    for name in [python] if python is not None else [item.name for item in known.environments]:
        subject = f"environment {name}"
        try:
            chosen = choose_environment(name, known)
            if chosen is not None:
                used = in_environment(chosen, RunSettings.of(detect_tier())).interpreter
                packages = ", ".join(f"{library} {version}" for library, version in used.packages)
                yield Diagnosis("good", subject, f"Python {used.python} with {packages}")
        except CourseEnvironmentError as error:
            yield Diagnosis("bad", subject, str(error), "see Environments in the README")


def _machine() -> Iterator[Diagnosis]:
    import psutil

    from grader.scheduling import machine

    cores = machine.cores()
    total, available = psutil.virtual_memory().total, machine.available_memory()
    jobs = machine.jobs_for("auto", cores)
    yield Diagnosis("good", "cores", f"{cores}; {jobs} notebooks side by side")
    enough = available >= machine.MEMORY_PER_JOB
    yield Diagnosis(
        "good" if enough else "poor",
        "memory",
        f"{available / 1024**3:.1f} GB free of {total / 1024**3:.1f} GB",
        ""
        if enough
        else f"a notebook with TensorFlow wants about {machine.MEMORY_PER_JOB / 1024**3:.0f} GB; close other programs",
    )
    free = shutil.disk_usage(Path.cwd()).free
    enough_disk = free > 2 * 1024**3
    yield Diagnosis(
        "good" if enough_disk else "poor",
        "disk",
        f"{free / 1024**3:.0f} GB free here",
        "" if enough_disk else "a run may hold 1 GB of recorded rows at a time; free some space",
    )


def _cache() -> Iterator[Diagnosis]:
    from grader.reuse.folder import SIZE_VARIABLE, VARIABLE, cache_folder, used_bytes

    folder = cache_folder()
    if folder is None:
        yield Diagnosis("good", "cache", f"none ({VARIABLE} is empty): everything is done anew")
        return
    said = f"{folder}, {used_bytes(folder) / 1024**3:.1f} GB ({VARIABLE} moves it, {SIZE_VARIABLE} bounds it)"
    yield Diagnosis("good", "cache", said)


def _datasets(data: Path | None) -> Iterator[Diagnosis]:
    from grader.datasets import KNOWN_DATASETS

    folder = data or usual_datasets()
    if data is not None and not data.is_dir():
        yield Diagnosis(
            "bad", "datasets", f"{data} is not a folder", "give --data a folder laid out like ~/.keras/datasets"
        )
        return
    present = [item.name for item in KNOWN_DATASETS if item.is_satisfied(folder)]
    if present:
        yield Diagnosis("good", "datasets", f"{', '.join(present)} in {folder}")
    else:
        yield Diagnosis(
            "poor",
            "datasets",
            f"none of Keras's data sets in {folder}",
            "runs have no network: put what the notebooks load there (grader data add mnist), or give --data a folder",
        )
