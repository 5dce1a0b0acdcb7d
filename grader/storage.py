"""Evidence and grades to JSON files and back: byte-stable.

`evidence.json` is the grader's own format: it comes back as equal evidence, so that a class can be judged again
without running anything. `grade.json` is a public contract (`grader/reports/grade.schema.json`).
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from numbers import Integral, Real
from pathlib import Path
from typing import Any, TypeVar, get_args

import cattrs
from cattrs.cols import list_structure_factory
from cattrs.errors import BaseValidationError

from grader.durable import utf8, write_atomically
from grader.errors import ResultsError
from grader.model import EVIDENCE_VERSION, CellFacts, Decided, Evidence, Finding, Grade, HandIn, Highlight, Judgement

T = TypeVar("T")

GRADE_SCHEMA = 1
"""Version of the `grade.json` contract: raised when a field changes its meaning or goes away."""

STUDENTS_SCHEMA = 1

GRADE_SCHEMA_FILE = Path(__file__).resolve().parent / "reports" / "grade.schema.json"
"""The JSON schema of `grade.json`, shipped inside the package."""

NON_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
"""JSON has no such numbers: `evidence.json` spells them as strings, so that a diverged loss comes back as it was."""

PLAIN = frozenset({str, int, bool, type(None)})
"""Types of values that stand in JSON as they are; subclasses, and floats, may have to be written in another way."""
PLAIN_TUPLES = (tuple[int, ...], tuple[str, ...], tuple[float, ...])

CELLS_START = b'"cells": '
"""How the line of an `evidence.json` begins that holds its cells: to compare a class its other lines aren't read."""


# ---------------------------------------------------------------- evidence
def evidence_json(evidence: Evidence) -> str:
    """Return evidence as JSON: one line per field, the same bytes for equal evidence.

    Raises:
        TypeError: the evidence holds something that is no plain data (a bug of its collector).
    """
    plain = _CONVERTER.unstructure(evidence, Evidence)
    lines = (f"{_dumps(name)}: {_dumps(_spell_numbers(value))}" for name, value in plain.items())
    return utf8("{" + ",\n".join(lines) + "}\n").decode()


def write_evidence(path: Path, evidence: Evidence) -> None:
    """Write `evidence.json` whole or not at all (ResultsError where that is impossible)."""
    write_atomically(path, evidence_json(evidence))


def read_evidence(path: Path) -> Evidence:
    """Return the evidence stored in a file, equal to what was written.

    Raises:
        ResultsError: there is no such file, it is broken, or another version of the grader wrote it.
    """
    return evidence_from(_bytes_of(path), path)


def read_evidence_and_digest(path: Path) -> tuple[Evidence, str]:
    """Return stored evidence with the SHA-256 of its file, which is read once.

    Raises:
        ResultsError: as `read_evidence`.
    """
    stored = _bytes_of(path)
    return evidence_from(stored, path), hashlib.sha256(stored).hexdigest()


def evidence_from(stored: bytes, path: Path) -> Evidence:
    """Return the evidence that a file's bytes hold; `path` is only named in errors.

    Raises:
        ResultsError: they are broken, or another version of the grader wrote them.
    """
    plain = _object(stored, path)
    version = plain.get("version")
    if version != EVIDENCE_VERSION:
        raise ResultsError(
            f"{path} holds evidence of version {version!r}, this grader reads version {EVIDENCE_VERSION}: "
            "grade the submission again with --rerun"
        )
    return _structure(path, plain, Evidence)


def read_cells_line(path: Path) -> bytes:
    """Return the line of an `evidence.json` that holds its cells; empty where there is none to be found."""
    try:
        with path.open("rb") as file:
            return next((line for line in file if line.startswith(CELLS_START)), b"")
    except OSError:
        return b""


def cells_of_line(line: bytes) -> tuple[CellFacts, ...]:
    """Return the cells of such a line; none where it is not whole or another version of the grader wrote it."""
    try:
        plain = json.loads(line.removeprefix(CELLS_START).strip().removesuffix(b","))
        return tuple(_CONVERTER.structure(item, CellFacts) for item in plain)
    except (ValueError, TypeError, BaseValidationError, RecursionError):
        return ()


# ---------------------------------------------------------------- whose submissions they are
def write_hand_ins(path: Path, hand_ins: Mapping[str, HandIn]) -> None:
    """Write whose the submissions of a class are, by submission (ResultsError where that is impossible)."""
    document = {"schema": STUDENTS_SCHEMA, "submissions": {name: asdict(item) for name, item in hand_ins.items()}}
    write_atomically(path, json.dumps(document, ensure_ascii=False, indent=1) + "\n")


def read_hand_ins(path: Path) -> dict[str, HandIn]:
    """Return whose the submissions of a class are; nothing where no file says it.

    Raises:
        ResultsError: the file is broken.
    """
    if not path.exists():
        return {}
    plain = _object(_bytes_of(path), path)
    return {name: _structure(path, item, HandIn) for name, item in plain.get("submissions", {}).items()}


# ---------------------------------------------------------------- grades
def grade_json(grade: Grade) -> str:
    """Return a grade in the form of the `grade.json` contract: fixed key order, `null` where a number is not one."""
    parts = (f"{_dumps(name)}: {_one_line_each(value)}" for name, value in grade_document(grade).items())
    return utf8("{\n" + ",\n".join(parts) + "\n}\n").decode()


def _one_line_each(value: Any) -> str:
    """Return JSON with a line for each criterion and finding: made to be compared line by line, and quick to write."""
    if isinstance(value, list) and value:
        return "[\n" + ",\n".join(f"  {_dumps(item)}" for item in value) + "\n]"
    if isinstance(value, dict) and value:
        return "{\n" + ",\n".join(f"  {_dumps(name)}: {_dumps(item)}" for name, item in value.items()) + "\n}"
    return _dumps(value)


def write_grade(path: Path, grade: Grade) -> None:
    """Write `grade.json` whole or not at all (ResultsError where that is impossible)."""
    write_atomically(path, grade_json(grade))


def grade_document(grade: Grade) -> dict[str, Any]:
    """Return a grade as the plain data of `grade.json`."""
    return {
        "schema": GRADE_SCHEMA,
        "submission": grade.submission,
        "notebook": grade.notebook,
        "sha256": grade.sha256,
        "run": _public(_run_in_order(grade.run)),
        "rubric": {"id": grade.rubric_id, "sha256": grade.rubric_sha256},
        "criteria": {item.criterion: _public(_criterion_document(item)) for item in grade.judgements},
        "findings": [_finding_document(item) for item in grade.findings],
        "measured": _public(grade.measured, sort=True),
        "total": _public({"points": grade.points, "max_points": grade.max_points}),
        "needs_review": grade.needs_review,
        "review_reasons": list(grade.review_reasons),
        "next_thing": _highlight_document(grade.next_thing),
        "strongest": _highlight_document(grade.strongest),
        "deliverables": [_public(asdict(item)) for item in grade.deliverables],
        "comments": [asdict(item) for item in grade.comments],
        "reviewed": grade.reviewed,
    }


def _highlight_document(item: Highlight | None) -> dict[str, str] | None:
    return None if item is None else {"criterion": item.criterion, "sentence": item.sentence}


def _decided_document(item: Decided | None) -> dict[str, Any] | None:
    return None if item is None else asdict(item)


_RUN_KEYS = ("status", "isolation", "wall_s", "failed_cell", "message")


def _run_in_order(run: Mapping[str, Any]) -> dict[str, Any]:
    known = {key: run.get(key) for key in _RUN_KEYS}
    return known | {key: run[key] for key in sorted(set(run) - set(_RUN_KEYS))}


def _criterion_document(item: Judgement) -> dict[str, Any]:
    return {
        "level": item.level,
        "range": [item.low, item.high],
        "needs_review": item.needs_review,
        "points": item.points,
        "max_points": item.max_points,
        "reasons": item.reasons,
        "next_step": item.next_step,
        "findings": item.findings,
        "title": item.title,
        "descriptor": item.descriptor,
        "review_reasons": item.review_reasons,
        "decided": _decided_document(item.decided),
        "own_level": item.own_level,
    }


def _finding_document(item: Finding) -> dict[str, Any]:
    return {
        "check": item.check,
        "outcome": item.outcome,
        "origin": item.origin,
        "cells": _public(item.cells),
        "summary": item.summary,
        "fix": item.fix,
        "measured": _public(item.measured, sort=True),
        "moves_level": item.moves_level,
        "review": item.review,
        "decided": _decided_document(item.decided),
    }


def read_grade(path: Path) -> Grade:
    """Return the grade stored in a `grade.json`. Sequences inside `measured` come back as lists.

    Raises:
        ResultsError: there is no such file, it is broken, or it follows another version of the contract.
    """
    plain = _object(_bytes_of(path), path)
    if plain.get("schema") != GRADE_SCHEMA:
        raise ResultsError(
            f"{path} follows schema {plain.get('schema')!r} of grade.json, this grader reads {GRADE_SCHEMA}: "
            "judge again with `grader regrade`"
        )
    try:
        flat = _flat_grade(plain)
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise ResultsError(f"{path} is not a whole grade.json ({problem!r}): judge again with `grader regrade`") from (
            problem
        )
    return _structure(path, flat, Grade)


def _flat_grade(plain: Mapping[str, Any]) -> dict[str, Any]:
    """Turn the contract's nesting into the fields of Grade."""
    judgements = []
    for criterion, item in plain["criteria"].items():
        low, high = item["range"]
        judgements.append({**item, "criterion": criterion, "low": low, "high": high})
    return {
        "submission": plain["submission"],
        "notebook": plain["notebook"],
        "sha256": plain["sha256"],
        "run": plain["run"],
        "rubric_id": plain["rubric"]["id"],
        "rubric_sha256": plain["rubric"]["sha256"],
        "judgements": judgements,
        "findings": plain["findings"],
        "measured": plain["measured"],
        "points": plain["total"]["points"],
        "max_points": plain["total"]["max_points"],
        "review_reasons": plain.get("review_reasons", []),
        "next_thing": plain.get("next_thing"),
        "strongest": plain.get("strongest"),
        "deliverables": plain.get("deliverables", []),
        "comments": plain.get("comments", []),
        "reviewed": plain.get("reviewed", False),
    }


def _public(value: Any, *, sort: bool = False) -> Any:
    """Return a value as plain JSON data: sequences as lists, NumPy numbers as Python's, what is no number as None."""
    if type(value) in PLAIN:
        return value
    if isinstance(value, Mapping):
        items = [(str(key), _public(item, sort=sort)) for key, item in value.items()]
        return dict(sorted(items) if sort else items)
    if isinstance(value, (list, tuple)):
        return [_public(item, sort=sort) for item in value]
    number = _python_number(value)
    return None if isinstance(number, float) and not math.isfinite(number) else number


# ---------------------------------------------------------------- plain data and back
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False)


def _dumps(value: Any) -> str:
    return _ENCODER.encode(value)


def _spell_numbers(value: Any) -> Any:
    if type(value) in PLAIN:
        return value
    if isinstance(value, dict):
        return {key: _spell_numbers(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_spell_numbers(item) for item in value]
    number = _python_number(value)
    if isinstance(number, float) and not math.isfinite(number):
        return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"
    return number


def _python_number(value: Any) -> Any:
    """Return NumPy's numbers as Python's; everything else as it is."""
    if type(value) is float or value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        return float(value)
    if type(value).__name__ in {"bool", "bool_"}:
        return bool(value)
    raise TypeError(f"{type(value).__name__} is no plain data")


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as problem:
        raise ResultsError(f"{path} is not there: grade the submission first") from problem
    except OSError as problem:
        raise ResultsError(f"{path} can't be read ({problem.strerror}): check its permissions") from problem


def _object(stored: bytes, path: Path) -> dict[str, Any]:
    try:
        plain = json.loads(stored.decode())
    except (ValueError, RecursionError) as problem:
        raise ResultsError(f"{path} is broken ({problem}): grade the submission again with --rerun") from problem
    if not isinstance(plain, dict):
        raise ResultsError(f"{path} is broken (no JSON object): grade the submission again with --rerun")
    return plain


def _structure(path: Path, plain: Mapping[str, Any], kind: type[T]) -> T:
    try:
        return _CONVERTER.structure(plain, kind)
    except (BaseValidationError, TypeError, ValueError, KeyError, AttributeError) as problem:
        where = "; ".join(cattrs.transform_error(problem, path="$")[:3]) if _is_validation(problem) else repr(problem)
        raise ResultsError(f"{path} is broken ({where}): grade the submission again with --rerun") from problem


def _is_validation(problem: BaseException) -> bool:
    return isinstance(problem, BaseValidationError)


def _exactly(kind: type[T]) -> Any:
    """Return a structure hook that takes values of one type and never converts: `"7"` is no number."""

    def take(value: Any, _: object) -> T:
        if type(value) is not kind:
            raise TypeError(f"{value!r:.60} is no {kind.__name__}")
        return value

    return take


def _take_float(value: Any, _: object) -> float:
    if isinstance(value, str) and value in NON_FINITE:
        return NON_FINITE[value]
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{value!r:.60} is no number")
    return float(value)


def _take_whole(wanted: Any, converter: cattrs.Converter) -> Any:
    """Return a structure hook for tuples of plain values: where all are of the type wanted none is looked at alone."""
    kind = get_args(wanted)[0]
    one_by_one = list_structure_factory(wanted, converter)

    def take(values: Any, _: object) -> Any:
        return tuple(values if set(map(type, values)) <= {kind} else one_by_one(values, wanted))

    return take


def _make_converter() -> cattrs.Converter:
    converter = cattrs.Converter()
    for kind in (int, str, bool):
        converter.register_structure_hook(kind, _exactly(kind))
    converter.register_structure_hook(float, _take_float)
    converter.register_structure_hook_factory(PLAIN_TUPLES.__contains__, _take_whole)
    # `1` in a field of floats is written as `1.0`, as it will be after reading: equal evidence, equal bytes.
    converter.register_unstructure_hook(float, float)
    return converter


_CONVERTER = _make_converter()
