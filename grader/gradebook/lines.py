"""A submission's line in the gradebook, and the result that it holds."""

from __future__ import annotations

import json
import re
import sqlite3
from typing import Any

from grader.gradebook.people import storable
from grader.model import CriterionResult, Result


def upsert(connection: sqlite3.Connection, values: dict[str, Any]) -> None:
    """Store a line in place of the submission's older one; columns that are not named stay."""
    names = ", ".join(values)
    places = ", ".join(f":{name}" for name in values)
    updates = ", ".join(f"{name} = excluded.{name}" for name in values)
    connection.execute(
        # The names are those of Result's fields, never input.
        f"INSERT INTO results ({names}) VALUES ({places}) "  # noqa: S608
        f"ON CONFLICT (submission) DO UPDATE SET {updates}",
        values,
    )


def values_of(result: Result) -> dict[str, Any]:
    """Return the columns that hold a result."""
    values = {name: storable(getattr(result, name)) for name in Result.__dataclass_fields__}
    values["criteria"] = json.dumps([_plain(item) for item in result.criteria])
    values["review_reasons"] = json.dumps(result.review_reasons)
    return values


def _plain(item: CriterionResult) -> dict[str, Any]:
    return {name: getattr(item, name) for name in CriterionResult.__dataclass_fields__}


def _criterion(item: dict[str, Any]) -> CriterionResult:
    return CriterionResult(**{**item, "missed": tuple(item.get("missed", ()))})


def result_of(row: sqlite3.Row) -> Result:
    """Return the result that a line holds."""
    values = {name: row[name] for name in Result.__dataclass_fields__}
    values["needs_review"], values["reviewed"] = bool(values["needs_review"]), bool(values["reviewed"])
    values["criteria"] = tuple(map(_criterion, json.loads(values["criteria"])))
    values["review_reasons"] = tuple(json.loads(values["review_reasons"]))
    return Result(**values)


def natural_order(text: str) -> tuple[tuple[int, int, str], ...]:
    """Return a sort key under which digits count as numbers and case does not matter; ties go by the exact text."""
    parts = [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in re.split(r"(\d+)", text.casefold())]
    return (*parts, (2, 0, text))
