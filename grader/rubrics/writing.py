"""A rubric file to begin with: every line explained, every check with its meaning, ready to be changed by hand."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator, Mapping

import yaml

from grader.checks import CHECKS
from grader.model import LEVELS, Criterion, Deliverable, Level, LevelRule, Requirement, Rubric

WIDTH = 118
"""Columns of the file's longest lines of text."""

COMMENT_COLUMN = 64
"""Where the meaning of a check begins: most ids end before it."""

HEAD = """\
# How to read and change this file
# --------------------------------
# criteria      the rows of the rubric, in the order of the report.
#   id          stable name (letters, digits, _), used in grade.json and grades.csv.
#   weight      multiplies the points (1 where left out).
#   points      points of each level, before the weight.
#   levels      emerging, developing, proficient, exemplary: all four, each with
#     descriptor   the words students see;
#     requires     what the level asks beyond the level below. A level is reached when its requirements and those of
#                  every level below it hold. `emerging` is where everybody starts, so it requires nothing.
# A requirement is one of
#   - check.id                                   this check must pass
#   - any: [check.one, check.two]                one of them must pass
#   - {at_least: 2, of: [check.a, check.b, ...]} so many of them must pass
# A check that doesn't apply to the task counts as satisfied. What could not be observed counts neither way: the report
# then gives the range of levels and asks for a person.
# level_names   what your course calls the four levels; here, in grade.json and in grades.csv the ids stay.
# deliverables  what is to be handed in, in the assignment's order, each with the checks that tell whether it is there:
#               a list at the top of the report that moves no level.
# advice        checks reported to the student without moving any level.
# thresholds    numbers of the checks to change: `check.id.name: value`.
#
# `grader rubric check FILE`   names every mistake by its path
# `grader rubric checks`       explains every check and every threshold
# `grader regrade OUT --rubric FILE`                         judges a class again in seconds; nothing is run
# `grader rubric calibrate OUT --marks FILE --rubric FILE`   sets its levels beside those you gave by hand
"""


def rubric_yaml(rubric: Rubric) -> str:
    """Return a rubric as a commented YAML file; loading it gives an equal rubric, its hash aside."""
    parts = [
        HEAD,
        "schema: 1\n",
        f"id: {rubric.id}\n",
        f"title: {_quoted(rubric.title)}\n",
        *_level_names(rubric),
        *_deliverables(rubric.deliverables),
        "\ncriteria:\n",
        "\n".join("".join(_criterion(item)) for item in rubric.criteria),
        *_advice(rubric.advice),
        *_thresholds(rubric.thresholds),
    ]
    return "".join(parts)


def _level_names(rubric: Rubric) -> Iterator[str]:
    names = {rule.level: rule.name for rule in rubric.criteria[0].levels if rule.name}
    if names:
        yield f"level_names: {_flow(names)}\n"
    else:
        yield "# level_names: {emerging: Beginning, developing: Partly, proficient: Meets, exemplary: Exceeds}\n"


def _deliverables(items: Iterable[Deliverable]) -> Iterator[str]:
    listed = tuple(items)
    if not listed:
        yield "\n# deliverables:\n#   - title: Learning curves\n#     requires: [training.curves_shown]\n"
        return
    yield "\n# In the assignment's order.\ndeliverables:\n"
    for item in listed:
        yield f"  - title: {_quoted(item.title)}\n"
        yield "    requires:\n"
        yield from _requirements(item.requires, "      ")


def _criterion(item: Criterion) -> Iterator[str]:
    yield f"  - id: {item.id}\n"
    yield f"    title: {_quoted(item.title)}\n"
    yield f"    weight: {item.weight:g}\n"
    yield f"    points: {_flow({level: item.points[level] for level in LEVELS})}\n"
    yield "    levels:\n"
    for rule in item.levels:
        yield from _level(rule)


def _level(rule: LevelRule) -> Iterator[str]:
    yield f"      {rule.level}:\n"
    yield "        descriptor: >-\n"
    yield textwrap.indent(_filled(rule.descriptor, WIDTH - 10), " " * 10) + "\n"
    if rule.requires:
        yield "        requires:\n"
        yield from _requirements(rule.requires, " " * 10)


def _requirements(requires: Iterable[Requirement], indent: str) -> Iterator[str]:
    for item in requires:
        if len(item.checks) == 1:
            yield _commented(f"{indent}- {item.checks[0]}", item.checks[0])
            continue
        some = "any" if item.at_least == 1 else "of"
        yield f"{indent}- any:\n" if some == "any" else f"{indent}- at_least: {item.at_least}\n{indent}  of:\n"
        for name in item.checks:
            yield _commented(f"{indent}    - {name}", name)


def _advice(checks: Iterable[str]) -> Iterator[str]:
    listed = tuple(checks)
    yield "\n# Reported to the student, without moving a level.\n"
    if not listed:
        yield "advice: []\n"
        return
    yield "advice:\n"
    for name in listed:
        yield _commented(f"  - {name}", name)


def _thresholds(thresholds: Mapping[str, float]) -> Iterator[str]:
    yield "\n# Example:\n#   thresholds:\n#     write_up.present.words: 80\n"
    if not thresholds:
        yield "thresholds: {}\n"
        return
    yield "thresholds:\n"
    for name, value in thresholds.items():
        yield f"  {name}: {_number(value)}\n"


def _commented(line: str, check: str) -> str:
    known = CHECKS.get(check)
    return f"{line:<{COMMENT_COLUMN}} # {known.title}\n" if known is not None else f"{line}\n"


def _filled(text: str, width: int) -> str:
    return textwrap.fill(text, width, break_long_words=False, break_on_hyphens=False)


def _flow(values: Mapping[Level, str] | Mapping[Level, float]) -> str:
    parts = (
        f"{name}: {_quoted(value) if isinstance(value, str) else _number(value)}" for name, value in values.items()
    )
    return "{" + ", ".join(parts) + "}"


def _number(value: float) -> str:
    """Return a number as YAML reads it back: `1e-05` without a point would be text there."""
    return str(int(value)) if value == int(value) else str(yaml.safe_dump(value)).partition("\n")[0]


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=not text.isprintable())
