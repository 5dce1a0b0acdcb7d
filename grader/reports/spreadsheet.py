"""The class as a CSV file for spreadsheets, safe to open in one."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from grader.model import Result, Rubric
from grader.reports.numbers import points as written_points

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
"""First characters by which spreadsheets take text for a formula or a command (OWASP, CSV injection)."""


def grades_csv(
    rows: Sequence[Result], rubric: Rubric | None = None, people: Mapping[str, str] = MappingProxyType({})
) -> str:
    """Return one line per submission: id, status, a level and points per criterion, total, needs_review.

    `set_by_person` names the levels that a person set, with their reasons. Where `people` says whose submissions they
    are, a last column `name` does so too. A cell is empty where there is no level.
    Text that a spreadsheet would run as a formula gets a leading `'`.
    """
    criteria = _criteria(rows, rubric)
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    names = [*criteria, *(f"{name}_points" for name in criteria)]
    header = ["id", "status", *map(defused, names), "total", "max_total", "needs_review", "review_reasons"]
    writer.writerow([*header, "set_by_person", *(["name"] if people else [])])
    for row in rows:
        found = {item.criterion: item for item in row.criteria}
        levels = [(found[name].level or "") if name in found else "" for name in criteria]
        points = [_points(found[name].points) if name in found else "" for name in criteria]
        writer.writerow(
            [
                defused(row.submission),
                row.status,
                *levels,
                *points,
                _points(row.points),
                _points(row.max_points),
                "true" if row.needs_review else "false",
                defused("; ".join(row.review_reasons)),
                defused("; ".join(f"{item.criterion}: {item.decided}" for item in row.criteria if item.decided)),
                *([defused(people.get(row.submission, ""))] if people else []),
            ]
        )
    return file.getvalue().encode("utf-8", "replace").decode()


def _criteria(rows: Sequence[Result], rubric: Rubric | None) -> tuple[str, ...]:
    if rubric is not None:
        return tuple(item.id for item in rubric.criteria)
    return tuple(dict.fromkeys(item.criterion for row in rows for item in row.criteria))


def _points(value: float | None) -> str:
    return "" if value is None else written_points(value)


def defused(text: str) -> str:
    """Defuse text that a spreadsheet would run; line breaks inside become spaces, so that a row stays a line."""
    line = text.replace("\x00", "")
    if line.lstrip(" ").startswith(FORMULA_STARTS):
        line = "'" + line
    return " ".join(line.split("\n")).replace("\r", " ")
