"""`grader regrade`: judge a class again from its stored evidence."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(name="regrade")
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--rubric", default="unit1", show_default=True, metavar="NAME|FILE", help="What to judge by.")
def command(out: Path, rubric: str) -> None:
    """Judge the class in OUT again, by a changed rubric or newer checks; no notebook is run."""
    from grader.regrading import regrade
    from grader.rubrics import load_rubric

    results = regrade(out, load_rubric(rubric))
    review = sum(item.needs_review for item in results)
    click.echo(f"{len(results)} submissions judged again, {review} of them want a person's look: {out / 'index.html'}")
