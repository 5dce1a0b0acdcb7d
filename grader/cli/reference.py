"""`grader reference`: reproduce the expected bands, list and show the recipes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.table import Table

    from grader.reference.bands import BandResult

EXIT_OUT_OF_BAND = 1


@click.group(name="reference")
def command() -> None:
    """Train or show the reference networks that students' scores are compared with."""


@command.command(name="fashion_mnist")
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    required=True,
    metavar="DIR",
    help="A folder laid out like ~/.keras/datasets, with fashion-mnist/*.gz.",
)
@click.pass_context
def fashion_mnist(ctx: click.Context, data: Path) -> None:
    """Train the course's networks on Fashion-MNIST: do they land in the expected bands?

    Takes about three minutes on two cores. Exit status 1 where one lands outside its band, 2 where the data set is
    missing.
    """
    from rich.console import Console

    from grader.reference.bands import reproduce_bands
    from grader.sandbox import detect_tier

    console = Console(width=None if Console().is_terminal else 110)
    results: list[BandResult] = []
    # Training runs nobody's code but ours, so where no isolation works it runs without.
    for item in reproduce_bands("fashion_mnist", data, tier=detect_tier().tier):
        click.echo(f"{item.result.title}: {item.result.score:.2%}, {item.result.seconds:.0f} s", err=True)
        results.append(item)
    console.print(_table(results))
    outside = [item for item in results if not item.within]
    for item in outside:
        click.echo(f"{item.result.title} is outside of its band. {item.result.note}".rstrip(), err=True)
    ctx.exit(EXIT_OUT_OF_BAND if outside else 0)


def _table(results: Sequence[BandResult]) -> Table:
    from rich.table import Table

    table = Table(title="Reference networks on Fashion-MNIST, official test rows")
    for name in ("Network", "Accuracy", "Band", "Parameters", "Seconds", ""):
        table.add_column(name, justify="left" if name in {"Network", ""} else "right")
    for item in results:
        table.add_row(
            item.result.title,
            f"{item.result.score:.2%}",
            f"{item.band.low:.0%} to {item.band.high:.0%}",
            f"{item.result.parameters:,}",
            f"{item.result.seconds:.0f}",
            "in band" if item.within else "OUT OF BAND",
        )
    return table


@command.command(name="list")
def list_() -> None:
    """List the recipes and what they are trained on."""
    from grader.reference.recipes import load_recipes

    for recipe in load_recipes().recipes:
        fits = ", ".join(recipe.fits) or "its own band"
        click.echo(f"{recipe.id:16} {fits:14} {recipe.title}")


@command.command()
@click.argument("recipe")
def show(recipe: str) -> None:
    """Show one recipe as it stands in the recipe file."""
    import yaml

    from grader.errors import UsageError
    from grader.reference.recipes import load_recipes

    book = load_recipes()
    found = book.recipe(recipe)
    if found is None:
        known = ", ".join(item.id for item in book.recipes)
        raise UsageError(f"There is no reference recipe {recipe!r}; there are {known}.")
    shown = {name: list(value) if isinstance(value, tuple) else value for name, value in found.as_json().items()}
    click.echo(yaml.safe_dump(shown, sort_keys=False, default_flow_style=None).rstrip())
