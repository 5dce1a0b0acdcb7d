"""`grader check`: a student's check of their own notebook before handing it in."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.cli import options, rendering
from grader.cli.grade import LEVEL_STYLES
from grader.cli.grading import grade_settings, grader_at_work
from grader.cli.judging import Judging, tell_cost
from grader.cli.judging import judging as with_judging
from grader.cli.running import Running
from grader.cli.running import running as with_running

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from grader.model import Grade, Judgement, Level, Rubric, Submission
    from grader.sandbox import TierReport

MARKS = {"emerging": "●○○○", "developing": "●●○○", "proficient": "●●●○", "exemplary": "●●●●"}
PASSING = ("proficient", "exemplary")
REASONS_SHOWN = 3
INDENT = 6


@click.command(name="check")
@click.argument("notebook", type=click.Path(path_type=Path))
@with_running
@with_judging
@rendering.language
@click.option("--out", type=click.Path(path_type=Path), help="Results folder.  [default: NOTEBOOK-check beside it]")
@click.option(
    "--summary",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help='Append the result as Markdown, for GitHub: --summary "$GITHUB_STEP_SUMMARY".',
)
@click.pass_context
def command(
    ctx: click.Context,
    notebook: Path,
    running: Running,
    judging: Judging,
    language: str | None,
    out: Path | None,
    summary: Path | None,
) -> None:
    """Check your own NOTEBOOK, or the folder of your project, with the engine that grades it.

    Exit status: 0 where every criterion is at least proficient, 1 where something the rubric needs is missing,
    2 for bad usage, 3 where it could not be judged.
    """
    from rich.console import Console

    from grader.model import Budget
    from grader.rendering import choose_rendering
    from grader.reports.wording import level_names
    from grader.rubrics import load_rubric
    from grader.storage import read_grade

    rubric, given = load_rubric(running.rubric or options.DEFAULT_RUBRIC), running.given()
    submission = _own_submission(notebook)
    settings = grade_settings(
        running,
        _told_tier(running.isolation),
        notebook,
        1,
        rubric=rubric,
        given=given,
        out=out or notebook.absolute().with_name(f"{notebook.stem}-check"),
        apart_from=notebook.absolute().parent,
        jobs=1,
        cache=running.cache_folder(),
        own=True,
        budget=Budget("quick"),
    )
    choose_rendering(settings.out, language=language)
    stop = threading.Event()
    second_opinion = judging.second_opinion(settings.out, [submission.id], stop)
    with grader_at_work(running, replace(settings, second_opinion=second_opinion), 1, stop) as class_grader:
        class_grader.grade_all((submission,))
    results = settings.out / submission.id
    grade = read_grade(results / "grade.json")
    print_grade(grade, Console(), level_names(rubric))
    tell_cost(second_opinion)
    if summary is not None:
        append_summary(summary, grade, rubric, results / "report.html")
    click.echo(f"\nFull report: {results / 'report.html'}")
    ctx.exit(exit_status(grade))


def _own_submission(notebook: Path) -> Submission:
    """Return a notebook, or a project's folder, as it would be handed in.

    Raises:
        SubmissionsNotFoundError: it can't be read as one.
    """
    from grader.errors import SubmissionError, SubmissionsNotFoundError
    from grader.intake import load_submission

    try:
        return load_submission(notebook)
    except SubmissionError as error:
        raise SubmissionsNotFoundError(f"{notebook} {error}") from error


def _told_tier(isolation: str) -> TierReport:
    """Return the isolation for one's own notebook; that there is none is told."""
    tier = options.own_tier(isolation)
    if tier.tier == "none":
        click.echo(unwalled_warning(tier), err=True)
    return tier


def append_summary(path: Path, grade: Grade, rubric: Rubric, report: Path) -> None:
    """Append the result as Markdown, in the report's language, to a file that others may have written to before.

    Raises:
        ResultsError: it can't be written.
    """
    from grader.errors import ResultsError
    from grader.reports.language import speaking
    from grader.reports.summary import language_of_page, summarise, summary_markdown

    try:
        with path.open("a", encoding="utf-8") as file, speaking(language_of_page(report.read_bytes())):
            file.write(summary_markdown(summarise(grade, rubric)) + "\n")
    except OSError as error:
        raise ResultsError(f"--summary {path} can't be written ({error.strerror}); give another file") from error


def unwalled_warning(tier: TierReport) -> str:
    """Return what a student has to know whose own notebook is about to run without isolation."""
    mend = f"\nTo mend it: {tier.remedy}" if tier.remedy else ""
    return (
        f"No isolation works on this machine ({tier.why_not_better}): the notebook runs with your own rights, "
        f"so check only what you wrote yourself.{mend}"
    )


def exit_status(grade: Grade) -> int:
    """Return 1 where something is surely missing, else 3 where a level could not be told, else 0."""
    if any(item.high is not None and item.high not in PASSING for item in grade.judgements):
        return 1
    if any(item.level not in PASSING for item in grade.judgements):
        return 3
    return 0


def print_grade(grade: Grade, console: Console, names: Mapping[Level, str]) -> None:
    """Print the level of each criterion with its reasons, and the one next thing to do."""
    from rich.padding import Padding
    from rich.text import Text

    from grader.cli.watch import plain
    from grader.reports.budgets import budget_sentences

    run = grade.run
    if run.get("status") != "ok":
        status = str(run.get("status")).replace("_", " ")
        console.print(Text(f"The run: {plain(str(run.get('message') or status))}\n"))
    if told := budget_sentences(run):
        console.print(Text(f"{plain(' '.join(told))}\n"))
    for item in grade.judgements:
        console.print(_headline(item, names))
        for reason in item.reasons[:REASONS_SHOWN]:
            console.print(Padding(Text(plain(reason), style="dim"), (0, 0, 0, INDENT)))
    if grade.next_thing is not None:
        console.print(Text.assemble("\n", ("Next: ", "bold"), plain(grade.next_thing.sentence)))


def _headline(judgement: Judgement, names: Mapping[Level, str]) -> Text:
    from rich.text import Text

    from grader.reports.wording import in_sentence

    if judgement.level is None or judgement.low is None or judgement.high is None:
        return Text.assemble(("????", "dim"), "  ", (judgement.title, "bold"), "  could not be judged")
    level = judgement.level
    low, high = in_sentence(judgement.low, names), in_sentence(judgement.high, names)
    text = low if low == high else f"{low} to {high}, a person will decide"
    return Text.assemble((MARKS[level], LEVEL_STYLES[level]), "  ", (judgement.title, "bold"), "  ", text)
