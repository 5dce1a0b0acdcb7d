"""`grader regrade`: judge a class again from its stored evidence."""

from __future__ import annotations

import threading
from pathlib import Path

import click

from grader.cli import options, rendering
from grader.cli.judging import Judging, tell_cost
from grader.cli.judging import judging as with_judging


@click.command(name="regrade")
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--rubric",
    metavar="NAME|FILE",
    help="What to judge by.  [default: what the class was graded by, where that is known here; else unit1]",
)
@rendering.language
@rendering.similarity
@with_judging
def command(
    out: Path,
    rubric: str | None,
    judging: Judging,
    language: str | None,
    similarity: bool | None,  # noqa: FBT001 - click passes flags by position of meaning
) -> None:
    """Judge the class in OUT again, by a changed rubric or newer checks; no notebook is run."""
    from grader.gradebook import Gradebook
    from grader.regrading import regrade
    from grader.rendering import choose_rendering
    from grader.scheduling.machine import cores

    with Gradebook.open_existing(out) as book:
        rows = book.results()
    names = [item.submission for item in rows]
    loaded = options.class_rubric(rubric, out)
    second_opinion = judging.second_opinion(out, names, threading.Event())
    choose_rendering(out, language=language, similarity=similarity)
    results = regrade(out, loaded, second_opinion, processes=cores())
    review = sum(item.needs_review for item in results)
    click.echo(f"{len(results)} submissions judged again, {review} of them want a person's look: {out / 'index.html'}")
    tell_cost(second_opinion)
