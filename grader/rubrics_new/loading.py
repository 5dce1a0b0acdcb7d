"""Rubric files: YAML to `Rubric`, with every mistake named by its path (`$.criteria[2].levels.proficient`)."""

from __future__ import annotations

import difflib
import hashlib
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from grader.checks import CHECKS, known_thresholds
from grader.errors import RubricError
from grader.model import LEVELS, Criterion, LevelRule, Requirement, Rubric
from grader.resources import shipped

MOST_BYTES = 1_000_000
"""The longest rubric shipped has 10 KB; a megabyte of YAML is no rubric."""
SCHEMA_FILE = "rubric.schema.json"


def list_rubrics() -> tuple[str, ...]:
    """Return the names of the rubrics that are shipped."""
    return tuple(sorted(path.stem for path in shipped("rubric").glob("*.yaml")))


def load_rubric(name_or_path: str | Path, known_checks: Collection[str] | None = None) -> Rubric:
    """Return the shipped rubric of that name, or the one in that file.

    Args:
        name_or_path: `unit1`, or a path to a YAML file (anything with a suffix or a path separator).
        known_checks: ids that requirements may name; the registered checks where not given.

    Raises:
        RubricError: there is no such rubric, it can't be read, or it has mistakes (all of them are listed).
    """
    path = _find(name_or_path)
    content = _read(path)
    document = _parse(content, str(path))
    mistakes = tuple(_structure_mistakes(document))
    if isinstance(document, dict):
        checks = tuple(CHECKS if known_checks is None else known_checks)
        mistakes += tuple(_meaning_mistakes(document, checks))
    if mistakes:
        raise RubricError(str(path), mistakes)
    return _rubric(document, hashlib.sha256(content).hexdigest())


# ---------------------------------------------------------------- the file
def _find(name_or_path: str | Path) -> Path:
    text = str(name_or_path)
    if isinstance(name_or_path, Path) or "/" in text or "\\" in text or Path(text).suffix:
        return Path(text)
    if text in list_rubrics():
        return shipped("rubric") / f"{text}.yaml"
    known = ", ".join(list_rubrics())
    raise RubricError(
        text, (f"no rubric of this name is shipped{_meant(text, list_rubrics())}; there are {known}, or give a file",)
    )


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as fault:
        raise RubricError(str(path), (f"it can't be read ({fault.strerror or fault})",)) from None
    if len(content) > MOST_BYTES:
        raise RubricError(str(path), (f"it is larger than {MOST_BYTES:,} bytes, which no rubric needs",))
    return content


class _StrictLoader(yaml.SafeLoader):
    """Safe YAML that refuses aliases and duplicate keys, and reads `yes`, `no` and dates as what they look like."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Refuse aliases: a few lines of them expand to gigabytes."""
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(
                problem="aliases (*name) are not allowed in a rubric: write it out", problem_mark=event.start_mark
            )
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002
        """Refuse keys given twice, of which YAML would silently keep the last."""
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"the key {key.value!r} stands here twice", problem_mark=key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def _parse(content: bytes, source: str) -> Any:
    try:
        return yaml.load(content.decode("utf-8"), Loader=_StrictLoader)  # noqa: S506 - a SafeLoader
    except UnicodeDecodeError:
        raise RubricError(source, ("$: it is not a text file in UTF-8",)) from None
    except yaml.MarkedYAMLError as fault:
        mark = fault.problem_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}" if mark is not None else "$"
        raise RubricError(source, (f"{where}: {fault.problem or fault.context}",)) from None
    except (yaml.YAMLError, RecursionError, ValueError) as fault:
        reason = "it is nested too deeply" if isinstance(fault, RecursionError) else str(fault).partition("\n")[0]
        raise RubricError(source, (f"$: {reason}",)) from None


# ---------------------------------------------------------------- mistakes of form
@cache
def _validator() -> Draft202012Validator:
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
                    yield f"{where}: unknown key {_shown(key)}{_meant(str(key), properties)}"
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


def _meant(name: str, choices: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(choices), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


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
    yield from _threshold_mistakes(document.get("thresholds"))


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
        yield f"{where}: unknown check {name!r}{_meant(name, checks)}"


def _threshold_mistakes(thresholds: Any) -> Iterator[str]:
    known = known_thresholds()
    for name in thresholds if isinstance(thresholds, dict) else ():
        if name not in known:
            yield f"$.thresholds.{name}: unknown threshold {str(name)!r}{_meant(str(name), known)}"


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


# ---------------------------------------------------------------- the rubric
def _rubric(document: Mapping[str, Any], sha256: str) -> Rubric:
    return Rubric(
        id=document["id"],
        title=document["title"],
        criteria=tuple(_criterion(item) for item in document["criteria"]),
        sha256=sha256,
        advice=tuple(document.get("advice", ())),
        thresholds={name: float(value) for name, value in (document.get("thresholds") or {}).items()},
    )


def _criterion(item: Mapping[str, Any]) -> Criterion:
    default = {level: place + 1 for place, level in enumerate(LEVELS)}
    points = {**default, **item.get("points", {})}
    return Criterion(
        id=item["id"],
        title=item["title"],
        levels=tuple(
            LevelRule(
                level,
                re.sub(r"\s+", " ", item["levels"][level]["descriptor"]).strip(),
                tuple(_requirement(requirement) for requirement in item["levels"][level].get("requires", ())),
            )
            for level in LEVELS
        ),
        points={level: float(points[level]) for level in LEVELS},
        weight=float(item.get("weight", 1)),
    )


def _requirement(item: str | Mapping[str, Any]) -> Requirement:
    if isinstance(item, str):
        return Requirement((item,))
    if "any" in item:
        return Requirement(tuple(item["any"]))
    return Requirement(tuple(item["of"]), item["at_least"])
