"""The table of what contained what: rendered from the catalogue and the last measured run into README.md."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .attacks import CONTAINMENT
from .catalogue import Attack
from .conftest import TIERS

HERE = Path(__file__).resolve().parent
README = HERE / "README.md"
MEASURED = HERE / "measured.json"
BEGIN, END = "<!-- measured: written by measure.py -->\n", "<!-- end -->\n"

USERS = {"current": "as root", "ordinary": "as an ordinary user"}

Measured = Mapping[str, Mapping[str, Any]]


def write_table(measured: Measured) -> None:
    """Put the table where README.md has the old one."""
    text = README.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    README.write_text(before + BEGIN + "\n" + render(measured) + "\n" + END + rest.split(END)[1], encoding="utf-8")


def written() -> str:
    """The table that README.md has."""
    return README.read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0].strip()


def render(measured: Measured) -> str:
    """The figures of each run, then a row for each attack."""
    return "\n".join([*_figures(measured), "", *_rows(measured)])


def _figures(measured: Measured) -> Iterator[str]:
    yield "| run | attacks | contained | not contained, as declared | failed | seconds |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: |"
    for tier in TIERS:
        for user, words in USERS.items():
            run = measured[f"{tier}/{user}"]
            count = Counter(row["result"] for row in run["attacks"].values())
            yield (
                f"| {tier}, {words} | {len(run['attacks'])} | {count['held']} | {count['declared']} | "
                f"{count['failed']} | {run['seconds']} |"
            )


def _rows(measured: Measured) -> Iterator[str]:
    yield "| attack | what it tries | bubblewrap: by | landlock: by | run status |"
    yield "| --- | --- | --- | --- | --- |"
    for attack in CONTAINMENT:
        walls = " | ".join(attack.wall_in(tier) for tier in TIERS)
        statuses = {row["status"] for run in measured.values() if (row := run["attacks"].get(attack.name))}
        tries = attack.tries.replace("|", "\\|")
        yield f"| {attack.family}: `{attack.name}` | {tries} | {walls} | {', '.join(sorted(statuses))} |"


def unmeasured(attack: Attack, measured: Measured) -> list[str]:
    """The runs in which an attack is missing, or failed."""
    return [
        name
        for name, run in measured.items()
        if run["attacks"].get(attack.name, {}).get("result", "failed") == "failed"
    ]


def load() -> Measured:
    """What measure.py kept."""
    return json.loads(MEASURED.read_text(encoding="utf-8"))
