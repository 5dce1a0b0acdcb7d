"""`grader review`: the web app in which people look at a graded class, agree or decide otherwise."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.console import Console

    from grader.gradebook import Gradebook
    from grader.model import Rubric


@click.command(name="review")
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--rubric",
    metavar="NAME|FILE",
    help="The rubric that the class was graded by, where it is not one that comes with grader.",
)
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Where to listen. Others than this machine only by it."
)
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="[default: any that is free]")
@click.option("--agreement", is_flag=True, help="Print how often people overrule the grader, and serve nothing.")
@click.option("--no-browser", is_flag=True, help="Don't open a browser; print the address only.")
def command(
    out: Path,
    rubric: str | None,
    host: str,
    port: int,
    agreement: bool,  # noqa: FBT001 - click passes flags by position of meaning
    no_browser: bool,  # noqa: FBT001
) -> None:
    """Review the class graded into OUT, in your browser; stop with Ctrl-C.

    Only who has the whole address can come in. Several people can work at once: let them reach this machine by
    `ssh -L PORT:localhost:PORT`, or listen on the network with --host.
    """
    from grader.errors import ReviewError
    from grader.gradebook import Gradebook

    try:
        from grader.review import serving
    except ModuleNotFoundError as error:
        raise ReviewError(f"{error.name} is missing: pip install 'grader[review]'") from error
    with Gradebook.open_existing(out) as book:
        if agreement:
            _print_agreement(book, serving.rubric_for(out, book, rubric))
            return
        ready = serving.prepare(out.absolute(), serving.rubric_for(out, book, rubric), book, host, port)
        if ready.open_to:
            click.secho(
                f"OPEN TO THE NETWORK as {ready.open_to}: whoever has the address below can read and change grades, "
                "and it travels unencrypted. Only on a network that you trust.",
                fg="red", bold=True, err=True,
            )  # fmt: skip
        click.echo(f"Review desk (keep this address to yourself): {ready.address}")
        click.echo("Ctrl-C ends it; what was decided is stored at once, the files follow.")
        if not no_browser:
            serving.open_browser_soon(ready.address)
        with contextlib.suppress(KeyboardInterrupt):
            ready.run()
        click.echo("ended")
        if ready.desk.writer.trouble:
            raise ReviewError(
                f"the files could not be written yet ({ready.desk.writer.trouble}): `grader regrade` will"
            )


def _print_agreement(book: Gradebook, rubric: Rubric) -> None:
    """Print how often people overrule each criterion and each check, and how that went over time."""
    from rich.console import Console

    from grader.calibration.overruled import human_agreement

    found = human_agreement(book.results(), book.all_decisions(), rubric)
    console = Console(highlight=False)
    console.print(f"{found.looked} of {found.total} submissions were looked at by a person.")
    if not found.looked:
        return
    criteria = [
        (item.title, str(len(item.pairs)), str(item.overruled), str(item.raised), _share(item.exact),
         _kappa(item.kappa), _kappa(item.weighted_kappa))
        for item in found.criteria
    ]  # fmt: skip
    checks = [
        (item.check, f"{item.overruled} of {item.looked}",
         "; ".join(f"{own} to {person}: {number}" for own, person, number in item.turns))
        for item in found.checks
    ]  # fmt: skip
    days = [(item.day, str(item.looked), _share(item.exact), _kappa(item.weighted_kappa)) for item in found.days]
    titles = ("criterion", "looked at", "overruled", "raised", "equal", "kappa", "weighted kappa")
    _print_table(titles, criteria, console)
    _print_table(("check", "overruled", "from what to what"), checks, console)
    _print_table(("day", "looked at", "equal", "weighted kappa"), days, console)


def _print_table(titles: Sequence[str], rows: Sequence[Sequence[str]], console: Console) -> None:
    """Print rows under their titles; nothing where there are none."""
    from rich.table import Table
    from rich.text import Text

    if not rows:
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for place, name in enumerate(titles):
        table.add_column(name, justify="left" if not place or name.startswith("from") else "right")
    for row in rows:
        table.add_row(*map(Text, row))
    console.print()
    console.print(table)


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.0%}"


def _kappa(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
