"""`grader rubric`: list, show and check rubrics."""

from __future__ import annotations

from pathlib import Path

import click

from grader.errors import RubricError


@click.group(name="rubric")
def command() -> None:
    """List, show and check rubrics."""


@command.command(name="list")
def list_() -> None:
    """List the rubrics that come with grader."""
    from grader.rubrics import list_rubrics, load_rubric

    for name in list_rubrics():
        click.echo(f"{name:16} {load_rubric(name).title}")


@command.command()
@click.argument("rubric", metavar="NAME|FILE")
def show(rubric: str) -> None:
    """Show what each level of a rubric says and requires."""
    from grader.rubrics import load_rubric

    loaded = load_rubric(rubric)
    click.echo(click.style(f"{loaded.title}  ({loaded.id})", bold=True))
    for criterion in loaded.criteria:
        click.echo(f"\n{click.style(criterion.title, bold=True)}  ({criterion.id}, weight {criterion.weight:g})")
        for rule in criterion.levels:
            click.echo(f"  {rule.level:<11} {criterion.points[rule.level]:g}  {rule.descriptor}")
            for requirement in rule.requires:
                some_of = f"{requirement.at_least} of " if len(requirement.checks) > 1 else ""
                click.echo(f"                 needs {some_of}{', '.join(requirement.checks)}")


@command.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.pass_context
def check(ctx: click.Context, file: Path) -> None:
    """Check a rubric file; each mistake is named by its path."""
    from grader.rubrics import load_rubric

    try:
        loaded = load_rubric(str(file))
    except RubricError as error:
        click.echo(f"grader: {error.source}:", err=True)
        for mistake in error.mistakes:
            click.echo(f"  {mistake}", err=True)
        ctx.exit(2)
    checks = {
        name for item in loaded.criteria for rule in item.levels for need in rule.requires for name in need.checks
    }
    click.echo(f"{file} is fine: {len(loaded.criteria)} criteria, {len(checks)} checks.")


@command.command()
@click.argument("prefix", default="")
def checks(prefix: str) -> None:
    """Explain the checks a rubric can require, all of them or those that start with PREFIX (`split.`)."""
    from grader.checks import CHECKS

    for name in sorted(CHECKS):
        if not name.startswith(prefix):
            continue
        check_ = CHECKS[name]
        click.echo(f"{click.style(name, bold=True)}  {check_.title}")
        click.echo(f"    {check_.help}")
        for threshold in check_.thresholds:
            click.echo(f"    threshold {name}.{threshold.name} = {threshold.default:g}: {threshold.reason}")
