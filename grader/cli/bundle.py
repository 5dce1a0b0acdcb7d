"""`grader bundle`: packs the grader for where it is to run by itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from grader.exports.gradescope import Visibility

GRADESCOPE_TIMEOUT_S = 300.0
"""Half of what Gradescope gives an autograder unless told otherwise (10 minutes): the rest is for recomputing."""

GRADESCOPE_REFERENCE_S = 20.0
"""What references may take there: Gradescope's smallest container has half a core."""

_rubric = click.option("--rubric", default="unit1", show_default=True, metavar="NAME|FILE", help="What to judge by.")
_extras = click.option(
    "--with",
    "extras",
    type=click.Choice(["notebooks", "torch"]),
    multiple=True,
    default=("notebooks",),
    show_default=True,
    help="Libraries to install beside Keras: what notebooks import, PyTorch.",
)


@click.group(name="bundle")
def command() -> None:
    """Pack the grader, with your rubric, for Gradescope or for the students' repositories on GitHub.

    The bundle brings the grader that is installed here; its libraries are installed from PyPI.
    """


@command.command(name="gradescope")
@_rubric
@_extras
@click.option(
    "--timeout",
    type=click.FloatRange(min=1),
    default=GRADESCOPE_TIMEOUT_S,
    show_default=True,
    help="Seconds a notebook may run; let Gradescope's own limit be twice that.",
)
@click.option(
    "--reference-budget",
    type=click.FloatRange(min=0),
    default=GRADESCOPE_REFERENCE_S,
    show_default=True,
    help="Seconds for the references; 0 trains none.",
)
@click.option(
    "--memory",
    type=click.FloatRange(min=1.5),
    default=3.0,
    show_default=True,
    help="Gigabytes a notebook may use; the container needs one more.",
)
@click.option("--data", type=click.Path(path_type=Path), help="Data sets to bring, laid out like ~/.keras/datasets.")
@click.option(
    "--visibility",
    type=click.Choice(["visible", "hidden", "after_due_date", "after_published"]),
    default="visible",
    show_default=True,
    help="When students see the tests.",
)
@click.option(
    "--unsafe-no-sandbox",
    is_flag=True,
    help="Run notebooks without isolation where the container allows none. Each submission has a container of its own, "
    "but a notebook could then read the rubric and write its own results.json.",
)
@click.option(
    "--file",
    "target",
    type=click.Path(path_type=Path),
    default=Path("autograder.zip"),
    show_default=True,
    help="Where to write.",
)
def gradescope(
    rubric: str,
    extras: tuple[str, ...],
    timeout: float,
    reference_budget: float,
    memory: float,
    data: Path | None,
    visibility: Visibility,
    unsafe_no_sandbox: bool,  # noqa: FBT001 - click passes flags by position of meaning
    target: Path,
) -> None:
    """Write the zip that you upload in Gradescope under Configure Autograder.

    Students see each criterion as a test with its points and reasons; whatever waits for a person's look counts as it
    stands and says so, and why is in a hidden test. A machine's failure is Gradescope's "autograder failed", never 0.
    """
    from grader.cli import options
    from grader.durable import write_atomically
    from grader.exports.bundle import gradescope_bundle

    found = options.data_folder(data) if data is not None else None
    given = ["--timeout", f"{timeout:g}", "--reference-budget", f"{reference_budget:g}", "--memory", f"{memory:g}"]
    content = gradescope_bundle(
        _rubric_file(rubric), given, visibility, found, ",".join(extras), unsafe=unsafe_no_sandbox
    )
    write_atomically(target, content)
    click.echo(f"{target} ({len(content) / 1024**2:.1f} MB): upload it in Gradescope under Configure Autograder,")
    click.echo("with a container of at least 1 CPU and 4 GB; then test it there with a submission.")


@command.command(name="github")
@_rubric
@_extras
@click.option("--notebook", default="project.ipynb", show_default=True, help="The notebook, as the repository has it.")
@click.option("--timeout", type=click.FloatRange(min=1), default=900.0, show_default=True, help="Seconds it may run.")
@click.option(
    "--into",
    type=click.Path(path_type=Path),
    default=Path(),
    help="The repository that students start from.  [default: the current folder]",
)
def github(rubric: str, extras: tuple[str, ...], notebook: str, timeout: float, into: Path) -> None:
    """Write a workflow that checks the notebook on every push, into the repository students start from.

    The summary stands on the job's page, the report is its artifact. The rubric is in the repository, to be read.
    """
    from grader.durable import write_atomically
    from grader.exports.bundle import github_files

    files = github_files(_rubric_file(rubric), notebook, ["--timeout", f"{timeout:g}"], ",".join(extras))
    for name, content in files.items():
        write_atomically(into / name, content)
        click.echo(f"Written: {into / name}")


def _rubric_file(rubric: str) -> bytes:
    """Return the bytes of a rubric's file, once it has been read as one."""
    from grader.rubrics import load_rubric
    from grader.rubrics.loading import rubric_path

    load_rubric(rubric)
    return rubric_path(rubric).read_bytes()
