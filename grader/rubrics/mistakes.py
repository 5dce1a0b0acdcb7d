"""Mistakes in a rubric's document: of form, by the schema, and of meaning, which the schema can't say."""

from __future__ import annotations

import difflib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any, cast

from grader.checks import known_thresholds
from grader.model import LEVELS
from grader.resources import shipped

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError

SCHEMA_FILE = "rubric.schema.json"


def rubric_mistakes(document: Any, checks: Collection[str]) -> tuple[str, ...]:
    """Return every mistake of a parsed rubric, one sentence each that starts with its path."""
    mistakes = tuple(_structure_mistakes(document))
    if isinstance(document, dict):
        mistakes += tuple(_meaning_mistakes(document, checks))
    return mistakes


def meant(name: str, choices: Iterable[str]) -> str:
    """Return `; did you mean ...?` where one of the choices is like the name, else nothing."""
    close = difflib.get_close_matches(name, list(choices), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


# ---------------------------------------------------------------- mistakes of form
@cache
def _validator() -> Draft202012Validator:
    from jsonschema import Draft202012Validator  # noqa: PLC0415 - takes 50 ms, and a process that judges reads no rubric

    return Draft202012Validator(json.loads((shipped("rubric") / SCHEMA_FILE).read_text("utf-8")))


def _structure_mistakes(document: Any) -> Iterator[str]:
    errors: Iterable[ValidationError] = _validator().iter_errors(document)
    for error in sorted(errors, key=lambda item: [str(step) for step in item.absolute_path]):
        for deepest in _deepest(error):
            yield from _worded(deepest)


def _deepest(error: ValidationError) -> Iterable[ValidationError]:
    """Return the errors of the alternative that the author seems to have meant."""
    if error.validator == "oneOf" and isinstance(error.instance, dict) and error.context:
        keys = set(error.instance)
        alternatives: list[dict[str, Any]] = cast("Any", error.validator_value)
        for branch, schema in enumerate(alternatives):
            if keys & set(schema.get("required", ())):
                return [inner for inner in error.context if inner.schema_path[0] == branch]
    return [error]


def _worded(error: ValidationError) -> Iterator[str]:
    where = _path(error.absolute_path)
    value: Any = cast("Any", error.instance)
    rule: Any = cast("Any", error.validator_value)
    properties: dict[str, Any] = error.schema.get("properties", {}) if isinstance(error.schema, dict) else {}
    match error.validator:
        case "additionalProperties":
            for key in value:
                if key not in properties:
                    yield f"{where}: unknown key {_shown(key)}{meant(str(key), properties)}"
        case "required":
            missing = error.message.split("'")[1]
            yield f"{where}: {missing} is missing"
        case "type":
            kinds = {"object": "a mapping", "array": "a list", "string": "text", "number": "a number"}
            yield f"{where}: expected {kinds.get(str(rule), str(rule))}, found {_shown(value)}"
        case "oneOf":
            yield f"{where}: expected a check's id, `any: [...]`, or `at_least` with `of: [...]`; found {_shown(value)}"
        case "minItems" | "minLength" | "minProperties":
            yield f"{where}: must not be empty"
        case "const":
            yield f"{where}: expected {rule}, found {_shown(value)}"
        case "pattern":
            yield f"{where}: {_shown(value)} is not a name (letters, digits and _, beginning with a letter)"
        case _:
            yield f"{where}: {error.message[:200]}"


def _path(steps: Iterable[str | int]) -> str:
    return "$" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


# ---------------------------------------------------------------- mistakes of meaning
def _meaning_mistakes(document: Mapping[str, Any], checks: Collection[str]) -> Iterator[str]:
    """Yield what the schema can't say. Anything of the wrong form was reported already and is passed over."""
    seen: dict[str, int] = {}
    for place, criterion in enumerate(_list(document.get("criteria"))):
        if not isinstance(criterion, dict):
            continue
        name = str(criterion.get("id"))
        if name in seen:
            yield f"$.criteria[{place}].id: {name!r} is also the id of $.criteria[{seen[name]}]"
        seen.setdefault(name, place)
        yield from _points_mistakes(criterion.get("points"), f"$.criteria[{place}].points")
        levels = criterion.get("levels")
        for level, rule in levels.items() if isinstance(levels, dict) else ():
            where = f"$.criteria[{place}].levels.{level}.requires"
            requires = _list(rule.get("requires")) if isinstance(rule, dict) else []
            if level == LEVELS[0] and requires:
                yield f"{where}: {LEVELS[0]} is where everybody starts; move these to {LEVELS[1]}"
            for index, requirement in enumerate(requires):
                yield from _requirement_mistakes(requirement, f"{where}[{index}]", checks)
    for index, name in enumerate(_list(document.get("advice"))):
        yield from _check_mistake(name, f"$.advice[{index}]", checks)
    yield from _level_name_mistakes(document.get("level_names"))
    yield from _deliverable_mistakes(_list(document.get("deliverables")), checks)
    yield from _threshold_mistakes(document.get("thresholds"))


def _level_name_mistakes(names: Any) -> Iterator[str]:
    seen: dict[str, str] = {}
    for level in LEVELS:
        name = str(names.get(level, level) if isinstance(names, dict) else level).strip().casefold()
        if name in seen:
            yield f"$.level_names.{level}: {seen[name]} is called so too; levels are told apart by their names"
        seen.setdefault(name, level)


def _deliverable_mistakes(deliverables: list[Any], checks: Collection[str]) -> Iterator[str]:
    for place, item in enumerate(deliverables):
        for index, requirement in enumerate(_list(item.get("requires")) if isinstance(item, dict) else []):
            yield from _requirement_mistakes(requirement, f"$.deliverables[{place}].requires[{index}]", checks)


def _points_mistakes(points: Any, where: str) -> Iterator[str]:
    if not isinstance(points, dict):
        return
    known = [(level, points[level]) for level in LEVELS if isinstance(points.get(level), int | float)]
    for (lower, few), (higher, many) in pairwise(known):
        if many < few:
            yield f"{where}.{higher}: {many} is less than the {few} of {lower}"


def _requirement_mistakes(requirement: Any, where: str, checks: Collection[str]) -> Iterator[str]:
    if isinstance(requirement, str):
        yield from _check_mistake(requirement, where, checks)
    if not isinstance(requirement, dict):
        return
    for key in ("any", "of"):
        names = _list(requirement.get(key))
        for index, name in enumerate(names):
            yield from _check_mistake(name, f"{where}.{key}[{index}]", checks)
            if name in names[:index]:
                yield f"{where}.{key}[{index}]: {name!r} stands here twice"
    wanted, of = requirement.get("at_least"), _list(requirement.get("of"))
    if isinstance(wanted, int) and of and wanted > len(of):
        yield f"{where}.at_least: {wanted} can't be met, only {len(of)} checks are listed"


def _check_mistake(name: Any, where: str, checks: Collection[str]) -> Iterator[str]:
    if isinstance(name, str) and name not in checks:
        yield f"{where}: unknown check {name!r}{meant(name, checks)}"


def _threshold_mistakes(thresholds: Any) -> Iterator[str]:
    known = known_thresholds()
    for name in thresholds if isinstance(thresholds, dict) else ():
        if name not in known:
            yield f"$.thresholds.{name}: unknown threshold {str(name)!r}{meant(str(name), known)}"


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
