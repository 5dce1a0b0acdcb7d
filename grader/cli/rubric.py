"""`grader rubric`: list, show, check and begin rubrics."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from grader.cli import calibrate
from grader.errors import RubricError
from grader.model import LEVELS, Deliverable, Level, Requirement

if TYPE_CHECKING:
    from grader.model import Rubric
    from grader.rubrics.beginning import Wishes


@click.group(name="rubric")
def command() -> None:
    """List, show, check, begin and calibrate rubrics."""


command.add_command(calibrate.command)


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
    for place, item in enumerate(loaded.deliverables, 1):
        wanted = ", ".join(name for need in item.requires for name in need.checks)
        click.echo(f"{'  To hand in' if place == 1 else '':<12}  {place}. {item.title}: {wanted}")
    for criterion in loaded.criteria:
        click.echo(f"\n{click.style(criterion.title, bold=True)}  ({criterion.id}, weight {criterion.weight:g})")
        for rule in criterion.levels:
            click.echo(f"  {rule.name or rule.level:<11} {criterion.points[rule.level]:g}  {rule.descriptor}")
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
    """Explain the checks a rubric can require, all of them or those that start with PREFIX (`split.`).

    By family; with each, what passes it, the thresholds a rubric can change, and where shipped rubrics ask for it.
    """
    from grader.checks.families import by_family
    from grader.errors import UsageError
    from grader.rubrics import list_rubrics, load_rubric

    uses = _uses([load_rubric(name) for name in list_rubrics()])
    found = False
    for family, about, members in by_family(prefix):
        found = True
        click.echo(f"\n{click.style(family, bold=True, underline=True)}  {about}".rstrip())
        for item in members:
            asked = "  (on request)" if item.on_request else ""
            click.echo(f"\n  {click.style(item.id, bold=True)}  {item.title}{asked}")
            click.echo(f"      {item.help}")
            for threshold in item.thresholds:
                click.echo(f"      threshold {item.id}.{threshold.name} = {threshold.default:g}: {threshold.reason}")
            for use in uses.get(item.id, ()):
                click.echo(f"      asked for by {use}")
    if not found:
        raise UsageError(f"no check starts with {prefix!r}; `grader rubric checks` lists them all")


def _uses(rubrics: Sequence[Rubric]) -> dict[str, list[str]]:
    """Return where rubrics ask for a check, by its id: `unit1: evaluation, for proficient`."""
    uses: dict[str, list[str]] = {}
    for rubric in rubrics:
        for criterion in rubric.criteria:
            for rule in criterion.levels:
                for name in dict.fromkeys(name for need in rule.requires for name in need.checks):
                    uses.setdefault(name, []).append(f"{rubric.id}: {criterion.id}, for {rule.level}")
        for name in rubric.advice:
            uses.setdefault(name, []).append(f"{rubric.id}: as advice")
    return uses


@command.command(name="new")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--from", "base", default="unit1", show_default=True, metavar="NAME|FILE", help="The rubric to begin with."
)
@click.option("--title", default="", help="Its title, as reports show it.")
@click.option("--id", "rubric_id", default="", help="Its id in grade.json.  [default: the file's name]")
@click.option("--criteria", default="", metavar="ID,ID", help="Criteria to keep, in the order wanted.")
@click.option("--criterion-title", multiple=True, metavar="ID=TITLE", help="Another title for a criterion.")
@click.option("--weight", multiple=True, metavar="ID=NUMBER", help="Weight of a criterion: multiplies its points.")
@click.option("--points", default="", metavar="N,N,N,N", help="Points of the four levels, lowest first.")
@click.option("--level-names", default="", metavar="A,B,C,D", help="What your course calls the levels, lowest first.")
@click.option(
    "--deliverable",
    multiple=True,
    metavar="TITLE=CHECK,CHECK",
    help="Something to be handed in, and the checks that tell whether it is there; in the assignment's order.",
)
@click.option("--ask", is_flag=True, help="Ask for title, criteria, weights, points and level names one by one.")
def new(file: Path, **given: Any) -> None:
    """Write a commented rubric to FILE, for you to change by hand.

    It begins as a shipped one; the options say what is to be otherwise. Each check stands beside its meaning. A file
    that is there already is left alone.
    """
    from grader.durable import write_atomically
    from grader.errors import UsageError
    from grader.rubrics import load_rubric
    from grader.rubrics.beginning import begin_rubric

    if file.exists():
        raise UsageError(f"{file} is there already; give another name, or remove it first")
    base = load_rubric(given["base"])
    if given.pop("ask"):
        given |= _asked(base, given)
    text = begin_rubric(base, _wishes(given, file), str(file))
    write_atomically(file, text)
    click.echo(f"{file} is written. Change it, then: grader rubric check {file}")


def _asked(base: Rubric, given: dict[str, Any]) -> dict[str, Any]:
    """Ask for what the options can say; an empty answer leaves it as it is in the rubric one begins with."""
    known = [item.id for item in base.criteria]
    title = click.prompt("Title", default=given["title"] or base.title)
    criteria = click.prompt("Criteria, in order", default=given["criteria"] or ",".join(known))
    weights = [
        f"{name}={click.prompt(f'Weight of {name}', default=1.0, type=float):g}"
        for name in _parts(criteria)
        if name in known
    ]
    points = click.prompt("Points of the four levels", default=given["points"] or "1,2,3,4")
    names = click.prompt("Names of the four levels", default=given["level_names"] or ",".join(LEVELS))
    return {"title": title, "criteria": criteria, "weight": weights, "points": points, "level_names": names}


def _wishes(given: Mapping[str, Any], file: Path) -> Wishes:
    from grader.rubrics.beginning import Wishes

    names = _of_levels("--level-names", given["level_names"])
    return Wishes(
        id=given["rubric_id"] or re.sub(r"\W+", "_", file.stem, flags=re.ASCII).strip("_") or "rubric",
        title=given["title"],
        criteria=tuple(_parts(given["criteria"])),
        weights={name: _number("--weight", value) for name, value in _pairs("--weight", given["weight"])},
        titles=dict(_pairs("--criterion-title", given["criterion_title"])),
        points={level: _number("--points", text) for level, text in _of_levels("--points", given["points"]).items()},
        names={level: name for level, name in names.items() if name.casefold() != level},
        deliverables=tuple(
            Deliverable(title, tuple(Requirement((name,)) for name in _parts(names)))
            for title, names in _pairs("--deliverable", given["deliverable"])
        ),
    )


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _pairs(option: str, values: Sequence[str]) -> list[tuple[str, str]]:
    pairs = []
    for value in values:
        name, equals, rest = value.rpartition("=") if option == "--deliverable" else value.partition("=")
        if not (equals and name.strip() and rest.strip()):
            raise click.UsageError(f"{option} {value!r}: write it as NAME=VALUE")
        pairs.append((name.strip(), rest.strip()))
    return pairs


def _of_levels(option: str, text: str) -> dict[Level, str]:
    parts = _parts(text)
    if parts and len(parts) != len(LEVELS):
        raise click.UsageError(f"{option}: give {len(LEVELS)}, lowest first, with commas between; found {len(parts)}")
    return dict(zip(LEVELS, parts, strict=False))


def _number(option: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise click.UsageError(f"{option}: {text!r} is no number") from None
