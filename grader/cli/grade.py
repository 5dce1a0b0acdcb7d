"""`grader grade`: grade a folder of notebooks."""

from __future__ import annotations

import tempfile
import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli import options, rendering
from grader.cli.grading import grade_settings, grader_at_work
from grader.cli.judging import Judging, tell_cost
from grader.cli.judging import judging as with_judging
from grader.cli.running import Running
from grader.cli.running import running as with_running
from grader.cli.scheduling import Scheduling
from grader.cli.scheduling import scheduling as with_scheduling
from grader.cli.whose import whose

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from grader.model import Budget
    from grader.model.result import Result
    from grader.verification.hidden_data import HiddenData


@click.command(name="grade")
@click.argument("submissions", type=click.Path(path_type=Path))
@with_running
@with_judging
@with_scheduling
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path("graded"), show_default=True, help="Results folder."
)
@click.option(
    "--hidden-test",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Your own test, scored by every final model: a .npz with x and y, a .csv with a header and a column `label` "
    "(else the last is it), or a folder of pictures per class. Notebooks never see it.",
)
@click.option(
    "--shared-text/--no-shared-text",
    default=True,
    show_default=True,
    help="Take sentences that most of the class has alike for the assignment's: they earn nothing.",
)
@click.option(
    "--roster",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The class list (CSV): columns submission, name, email, sis_id, login, canvas_id, moodle_id, or what Canvas, "
    "Moodle, Gradescope or nbgrader export of a class. It says whose the submissions are; no run sees it.",
)
@click.option(
    "--assignment", default="", metavar="NAME", help="Which assignment, where nbgrader's folder holds several."
)
@rendering.language
@rendering.similarity
@click.option("--unsafe-no-sandbox", is_flag=True, help="Run other people's code with your own rights.")
@click.pass_context
def command(
    ctx: click.Context,
    submissions: Path,
    running: Running,
    judging: Judging,
    scheduling: Scheduling,
    out: Path,
    hidden_test: Path | None,
    shared_text: bool,  # noqa: FBT001 - click passes flags by position of meaning
    roster: Path | None,
    assignment: str,
    language: str | None,
    similarity: bool | None,  # noqa: FBT001 - click passes flags by position of meaning
    unsafe_no_sandbox: bool,  # noqa: FBT001
) -> None:
    """Grade SUBMISSIONS: a folder of notebooks, a folder or .zip per student, a .zip of any of them, or one notebook;
    or what Canvas, Moodle, Gradescope or nbgrader gave you of a class, packed or unpacked.

    Finished submissions are not run again unless their notebook, their files or an option that matters changed;
    an interrupted call goes on where it stopped.
    """
    from grader.intake import find_submissions
    from grader.rendering import choose_rendering

    rubric, given = options.class_rubric(running.rubric, out), running.given()
    hidden = _hidden_data(hidden_test)
    cluster = ctx.with_resource(scheduling.joined())
    tier = scheduling.tier(cluster, running, unsafe=unsafe_no_sandbox)
    # Archives are opened into a private folder that is gone when the command ends.
    unpacked = ctx.with_resource(tempfile.TemporaryDirectory(prefix="grader-", ignore_cleanup_errors=True))
    found = find_submissions(submissions, Path(unpacked), assignment)
    known = whose(found, roster)
    settings = grade_settings(
        running,
        tier,
        submissions,
        len(found),
        rubric=rubric,
        given=given,
        out=out,
        apart_from=submissions,
        jobs=scheduling.jobs(cluster, len(found)),
        cache=running.cache_folder(submissions),
        own=False,
    )
    choose_rendering(settings.out, language=language, similarity=similarity)
    stop = threading.Event()
    second_opinion = judging.second_opinion(settings.out, known.names(found), stop)
    settings = replace(settings, hidden=hidden, shared_text=shared_text, second_opinion=second_opinion)
    with grader_at_work(running, settings, len(found), stop) as class_grader:
        place = scheduling.place(cluster, settings, class_grader.progress, stop, warm=running.warm_start)
        known.keep(settings.out)
        results = replace(class_grader, place=place).grade_all(found)
    _print_class(results, settings.out)
    known.tell()
    tell_cost(second_opinion)
    _tell_caps(settings.run.budget)
    _advise_on_environments(results, settings.out)
    if results and all(item.status == "infrastructure_failure" for item in results):
        ctx.exit(3)


def _hidden_data(file: Path | None) -> HiddenData | None:
    """Return the instructor's own test, where one is given."""
    if file is None:
        return None
    from grader.verification.hidden_data import load_hidden_test

    return load_hidden_test(file)


def _tell_caps(budget: Budget) -> None:
    if budget.caps:
        click.echo(f"Trainings were capped (--budget {budget}); a report says where one was cut.")


def _print_class(results: tuple[Result, ...], out: Path) -> None:
    """Print the class as a table, who needs review, and where to read on."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    narrow = console.width < WIDE
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2 - narrow, 0, 0))
    titles = next((item.criteria for item in results if item.criteria), ())
    table.add_column("", no_wrap=True)
    table.add_column("student", overflow="fold")
    for title in titles:
        table.add_column(title.criterion.replace("_", "\n" if narrow else " "), no_wrap=True)
    table.add_column("points", justify="right", no_wrap=True)
    table.add_column("run")
    for item in results[:MOST_ROWS]:
        levels = [_level(row.level, row.low, row.high, short=narrow) for row in item.criteria]
        points = "-" if item.points is None else f"{item.points:g}/{item.max_points:g}"
        flag = "*" if item.needs_review else ""
        table.add_row(flag, Text(_shortened(item.submission)), *levels, points, Text(item.status.replace("_", " ")))
    console.print(table)
    if len(results) > MOST_ROWS:
        console.print(f"and {len(results) - MOST_ROWS} more: the class page has all, and finds each by its name.")
    if narrow:
        console.print(f"\n{LEGEND}")
    review = sum(item.needs_review for item in results)
    if review:
        console.print(f"\n* {review} of {len(results)} want a person's look; the class page says why.")
    _print_not_judged([item for item in results if item.points is None], console)
    console.print(f"\nClass page: {out / 'index.html'}")


def _shortened(name: str) -> str:
    """Return a name of sensible length, with both of its ends."""
    return name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 9]}…{name[-8:]}"


def _print_not_judged(results: list[Result], console: Console) -> None:
    """Print who has no levels, and why: most of it is for whoever collected the files to mend."""
    from rich.text import Text

    from grader.cli.watch import why_not_judged

    if not results:
        return
    console.print(f"\n{len(results)} {'was' if len(results) == 1 else 'were'} not judged:")
    for item in results[:MOST_REASONS]:
        console.print(Text(f"  {_shortened(item.submission)}: {why_not_judged(item)}"), soft_wrap=True)
    if len(results) > MOST_REASONS:
        console.print(f"  and {len(results) - MOST_REASONS} more: see the class page")


def _advise_on_environments(results: tuple[Result, ...], out: Path) -> None:
    """Say how many notebooks failed because they are written for an older Keras, which a course environment has."""
    from grader.errors import ResultsError
    from grader.evidence.old_apis import KERAS_2, WRITTEN_FOR
    from grader.storage import read_grade

    begins = f"{WRITTEN_FOR} {KERAS_2}"
    old = 0
    for item in results:
        if item.status == "error":
            try:
                old += begins in str(read_grade(out / item.submission / "grade.json").run.get("diagnosis", ""))
            except ResultsError:
                continue  # the table has said what is known of it
    if old:
        which = "1 notebook was" if old == 1 else f"{old} notebooks were"
        click.echo(f"{which} written for Keras 2; try --python with a Keras 2 environment (README: Environments).")


LEVEL_STYLES = {"emerging": "red", "developing": "yellow", "proficient": "green", "exemplary": "bold green"}


LONGEST_NAME = 40
"""Characters of a student's name in the table."""

MOST_ROWS = 500
"""Submissions in the table on the terminal: it takes a millisecond to draw each, and nobody scrolls through more."""

MOST_REASONS = 20
"""Most submissions that are named with the reason why they have no levels; a wrong folder fails as a whole."""

WIDE = 120
"""Columns in which the levels of five criteria can be written out."""

LEGEND = "E emerging, D developing, P proficient, X exemplary; D-X: a person decides"


def _level(level: str | None, low: str | None, high: str | None, *, short: bool) -> Text:
    from rich.text import Text

    from grader.cli.watch import SHORT

    if level is None:
        return Text("?" if short else "not judged", style="dim")
    if short:
        text = SHORT[level] if low == high else f"{SHORT[low or level]}-{SHORT[high or level]}"
    else:
        text = level if low == high else f"{low} to {high}"
    return Text(text, style=LEVEL_STYLES[level])
