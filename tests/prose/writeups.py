"""The labelled write-ups: read from the text files in `writeups/`, each turned into the notebook that it is part of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Literal

from grader.checks import CHECKS
from grader.evidence.reading import read_cells, read_prose
from grader.judge import judge
from grader.model import LEVELS, Cell, Criterion, Evidence, Finding, Submission
from grader.rubrics import load_rubric

from .scenarios import scenarios

FOLDER = Path(__file__).resolve().parent / "writeups"
CRITERIA = ("understanding", "write_up")
_MARK = re.compile(r"^%(load|model|fit|score)$")


@dataclass(frozen=True, slots=True)
class WriteUp:
    """One write-up: who wrote it, about which measured notebook, and the levels (1 to 4) an instructor gave it."""

    name: str
    person: str
    language: Literal["en", "es"]
    part: Literal["development", "held_out"]
    scenario: str
    levels: tuple[int, int]
    """For `understanding` and for `write_up`."""
    trap: str
    why: str
    cells: tuple[tuple[Literal["code", "markdown"], str], ...]


@cache
def write_ups() -> tuple[WriteUp, ...]:
    """All of them, by person."""
    return tuple(item for path in sorted(FOLDER.glob("*.txt")) for item in _of_person(path.read_text(encoding="utf-8")))


def _of_person(text: str) -> Iterator[WriteUp]:
    head, *texts = re.split(r"^=== (?=\S+$)", text, flags=re.MULTILINE)
    person = _fields(head)
    for item in texts:
        name, _, rest = item.partition("\n")
        front, _, body = rest.partition("\n---\n")
        fields = _fields(front)
        yield WriteUp(
            name,
            person["person"],
            person["language"],  # type: ignore[arg-type]
            person["part"],  # type: ignore[arg-type]
            fields["scenario"],
            (int(fields["understanding"]), int(fields["write_up"])),
            fields["trap"],
            fields["why"],
            tuple(_cells(body, fields["scenario"])),
        )


def _fields(text: str) -> dict[str, str]:
    return {key: value.strip() for key, _, value in (line.partition(":") for line in text.splitlines() if line.strip())}


def _cells(body: str, scenario: str) -> Iterator[tuple[Literal["code", "markdown"], str]]:
    code = scenarios()[scenario].code
    lines: list[str] = []
    for line in [*body.splitlines(), ""]:
        mark = _MARK.match(line)
        if mark is None:
            lines.append(line)
            continue
        if any(part.strip() for part in lines):
            yield "markdown", "\n".join(lines).strip()
        yield "code", code[mark[1]]
        lines = []
    if any(part.strip() for part in lines):
        yield "markdown", "\n".join(lines).strip()


def evidence_of(item: WriteUp) -> Evidence:
    """The measured notebook of its scenario, with these words in it."""
    measured = scenarios()[item.scenario].evidence
    cells = tuple(Cell(number, kind, source, None, ()) for number, (kind, source) in enumerate(item.cells))
    submission = Submission("student", Path("project.ipynb"), None, "0", "0", cells)
    facts = tuple(
        replace(cell, run_status="ok") if cell.kind == "code" else cell for cell in read_cells(submission, None)
    )
    return replace(measured, cells=facts, prose=read_prose(submission, facts))


@cache
def _criteria() -> tuple[Criterion, ...]:
    return tuple(item for item in load_rubric("unit1").criteria if item.id in CRITERIA)


def findings_of(evidence: Evidence) -> dict[str, Finding]:
    """What the checks find that the two criteria rest on."""
    needed = {
        check
        for criterion in _criteria()
        for level in criterion.levels
        for requirement in level.requires
        for check in requirement.checks
    }
    return {name: CHECKS[name].run(evidence, {}) for name in sorted(needed)}


def graded(item: WriteUp) -> tuple[int, int]:
    """The levels (1 to 4) that the grader gives, for `understanding` and for `write_up`; 0 where it gives none."""
    evidence = evidence_of(item)
    judged = judge(replace(load_rubric("unit1"), criteria=_criteria()), findings_of(evidence).values(), evidence.run)
    levels = {found.criterion: LEVELS.index(found.level) + 1 if found.level else 0 for found in judged}
    return levels["understanding"], levels["write_up"]
