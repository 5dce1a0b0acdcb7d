"""Rubric files: YAML to `Rubric`, with every mistake named by its path (`$.criteria[2].levels.proficient`)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import yaml

from grader.checks import CHECKS
from grader.errors import RubricError
from grader.model import LEVELS, Criterion, Deliverable, LevelRule, Requirement, Rubric
from grader.resources import shipped
from grader.rubrics.mistakes import meant, rubric_mistakes

MOST_BYTES = 1_000_000
"""The longest rubric shipped has 10 KB; a megabyte of YAML is no rubric."""


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
    path = rubric_path(name_or_path)
    return read_rubric(_read(path), str(path), known_checks)


def rubric_sha256(name_or_path: str | Path) -> str:
    """Return the digest of a rubric's file, by which a grade names it (RubricError where it can't be read)."""
    return hashlib.sha256(_read(rubric_path(name_or_path))).hexdigest()


def read_rubric(content: bytes, source: str, known_checks: Collection[str] | None = None) -> Rubric:
    """Return the rubric that a file's bytes hold; `source` is what messages call the file.

    Raises:
        RubricError: they hold none, or it has mistakes.
    """
    document = _parse(content, source)
    mistakes = rubric_mistakes(document, tuple(CHECKS if known_checks is None else known_checks))
    if mistakes:
        raise RubricError(source, mistakes)
    return _rubric(document, hashlib.sha256(content).hexdigest())


# ---------------------------------------------------------------- the file
def rubric_path(name_or_path: str | Path) -> Path:
    """Return the file of a shipped rubric, or the one named (RubricError where no rubric has that name)."""
    text = str(name_or_path)
    if isinstance(name_or_path, Path) or "/" in text or "\\" in text or Path(text).suffix:
        return Path(text)
    if text in list_rubrics():
        return shipped("rubric") / f"{text}.yaml"
    known = ", ".join(list_rubrics())
    raise RubricError(
        text, (f"no rubric of this name is shipped{meant(text, list_rubrics())}; there are {known}, or give a file",)
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


# ---------------------------------------------------------------- the rubric
def _rubric(document: Mapping[str, Any], sha256: str) -> Rubric:
    names = document.get("level_names") or {}
    return Rubric(
        id=document["id"],
        title=document["title"],
        criteria=tuple(_criterion(item, names) for item in document["criteria"]),
        sha256=sha256,
        advice=tuple(document.get("advice", ())),
        thresholds={name: float(value) for name, value in (document.get("thresholds") or {}).items()},
        deliverables=tuple(
            Deliverable(_one_line(item["title"]), tuple(map(_requirement, item["requires"])))
            for item in document.get("deliverables", ())
        ),
    )


def _criterion(item: Mapping[str, Any], names: Mapping[str, str]) -> Criterion:
    default = {level: place + 1 for place, level in enumerate(LEVELS)}
    points = {**default, **item.get("points", {})}
    return Criterion(
        id=item["id"],
        title=item["title"],
        levels=tuple(
            LevelRule(
                level,
                _one_line(item["levels"][level]["descriptor"]),
                tuple(map(_requirement, item["levels"][level].get("requires", ()))),
                names.get(level, ""),
            )
            for level in LEVELS
        ),
        points={level: float(points[level]) for level in LEVELS},
        weight=float(item.get("weight", 1)),
    )


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def _requirement(item: str | Mapping[str, Any]) -> Requirement:
    if isinstance(item, str):
        return Requirement((item,))
    if "any" in item:
        return Requirement(tuple(item["any"]))
    return Requirement(tuple(item["of"]), item["at_least"])
