"""`grader rubric calibrate`: a rubric's levels beside the marks a person gave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.console import Console
    from rich.padding import Padding

    from grader.calibration import Agreement, Calibration, Change, Difference
    from grader.model import Level, Rubric

SHOWN_CHANGES = 12
"""Changes that are shown without `--all`: the rest lowers agreement or hardly moves anybody."""

SHOWN_NAMES = 6
"""Submissions that are named for one change."""

INSET = 6


@click.command(name="calibrate")
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--marks",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FILE",
    help="A CSV file: a column `id`, and a column a criterion with level names or points. OUT/grades.csv, with the "
    "levels put right by hand, is one.",
)
@click.option("--rubric", default="unit1", show_default=True, metavar="NAME|FILE", help="What to judge by.")
@click.option("--all", "everything", is_flag=True, help="Show every change that would move anybody.")
def command(out: Path, marks: Path, rubric: str, everything: bool) -> None:  # noqa: FBT001 - a flag of click's
    """Compare the levels a rubric gives the class in OUT with marks you gave by hand on some of it.

    Tells how far they agree, which submissions differ and by which findings, and which threshold or requirement,
    changed alone, would change whom. All from stored evidence: nothing is run, nothing is written.
    """
    from rich.console import Console

    from grader.calibration import calibrate
    from grader.reports.wording import in_sentence, level_names
    from grader.rubrics import load_rubric

    loaded = load_rubric(rubric)
    found = calibrate(out, loaded, marks)
    names = level_names(loaded)
    words: dict[Level, str] = {level: in_sentence(level, names) for level in names}
    console = Console(highlight=False)
    _print_head(found, loaded, console)
    for item in found.agreements:
        _print_table(item, words, console)
    _print_differences(found.differences, words, console)
    _print_changes(found.changes, words, console, everything=everything)


def _print_head(found: Calibration, rubric: Rubric, console: Console) -> None:
    from rich.table import Table
    from rich.text import Text

    console.print(f"{found.marked} of {found.graded} submissions were marked by hand.")
    if found.other_rubric:
        said = f"The grades stored there are of another rubric; compared is what {rubric.id} gives from their evidence."
        console.print(Text(said))
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("criterion", "marked", "equal", "quadratic weighted kappa"):
        table.add_column(name, justify="left" if name == "criterion" else "right")
    for item in found.agreements:
        table.add_row(item.criterion, str(len(item.pairs)), f"{item.exact or 0:.0%}", _kappa(item.kappa))
    console.print()
    console.print(table)


def _print_table(item: Agreement, words: Mapping[Level, str], console: Console) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column(Text(f"{item.criterion}: by hand ↓  grader →"))
    for name in words.values():
        table.add_column(Text(name), justify="right")
    for place, (name, row) in enumerate(zip(words.values(), item.table, strict=True)):
        cells = (
            Text(str(number) if number else "·", style="bold" if column == place else "")
            for column, number in enumerate(row)
        )
        table.add_row(Text(name), *cells)
    console.print()
    console.print(table)


def _print_differences(items: Iterable[Difference], words: Mapping[Level, str], console: Console) -> None:
    from rich.text import Text

    from grader.cli.watch import plain

    listed = tuple(items)
    console.print(Text(f"\nMarked otherwise: {len(listed)}" if listed else "\nNo mark differs.", style="bold"))
    for item in listed:
        own = words[item.by_grader]
        if item.high != item.by_grader:
            own = f"{own} to {words[item.high]}"
        console.print(
            Text(f"  {plain(item.submission)}, {item.criterion}: {words[item.by_hand]} by hand, {own} by the grader")
        )
        for finding in item.findings:
            said = f"{finding.check} ({finding.outcome}): {plain(finding.summary)}"
            console.print(_inset(said, style="dim"))


def _print_changes(
    items: tuple[Change, ...], words: Mapping[Level, str], console: Console, *, everything: bool
) -> None:
    from rich.text import Text

    shown = items if everything else tuple(item for item in items if item.gain > 0)[:SHOWN_CHANGES]
    console.print(Text("\nWhat would change whom, changed alone", style="bold"))
    for item in shown:
        console.print(Text(f"  {item.words}"))
        for effect in item.effects:
            before, after = (_kappa(value) for value in effect.kappa)
            equal = f"{effect.exact[0]:.0%} to {effect.exact[1]:.0%}"
            console.print(_inset(f"{effect.criterion}: equal {equal}, kappa {before} to {after}"))
        console.print(_inset(_moved(item, words), style="dim"))
    if len(shown) < len(items):
        first = "none raises the agreement; " if not shown else ""
        console.print(f"  {first}{len(items) - len(shown)} more would move somebody: --all shows them")
    elif not items:
        console.print("  nothing that was tried moves anybody")


def _moved(item: Change, words: Mapping[Level, str]) -> str:
    from grader.cli.watch import plain

    named = [
        f"{plain(move.submission)} ({words[move.before]} → {words[move.after]})" for move in item.moves[:SHOWN_NAMES]
    ]
    more = f" and {len(item.moves) - SHOWN_NAMES} more" if len(item.moves) > SHOWN_NAMES else ""
    return f"{', '.join(named)}{more}"


def _inset(text: str, style: str = "") -> Padding:
    """Return a line set in, all of its rows where it is too long for one."""
    from rich.padding import Padding
    from rich.text import Text

    return Padding(Text(text, style=style), (0, 0, 0, INSET))


def _kappa(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
