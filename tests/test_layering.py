"""Imports go one way: a part may use what lies below it, never what lies above or beside it by another name."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "grader"

LAYERS = (
    ("errors", "resources"),
    ("durable", "locking"),
    ("model",),
    ("probe",),
    ("urls", "datasets", "file_kinds", "sheets"),
    ("progress",),
    (
        "intake",
        "sandbox",
        "evidence",
        "checks",
        "questions",
        "rubrics",
        "judge",
        "reports",
        "storage",
        "roster",
        "similarity",
    ),
    ("execution", "verification", "audit", "reference", "gradebook", "claiming", "retrying", "opinions", "rendering"),
    ("reuse",),
    ("regrading", "environments", "recognising", "repeating", "measuring"),
    ("scheduling",),
    ("pipeline", "calibration", "exports"),
    ("review",),
    ("cli", "magics"),
)
"""From the bottom up; a part may import parts of lower layers, itself, and what SIDEWAYS allows."""

SIDEWAYS = {"rubrics": {"checks"}, "questions": {"checks"}, "reference": {"verification"}}
"""Imports inside a layer that are meant: known check ids for rubrics, what the result is for questions, reading an answer of a box for references."""

FORBIDDEN = {
    "checks": {"sandbox", "execution", "reports", "intake", "evidence", "storage"},
    "questions": {"sandbox", "execution", "reports", "intake", "evidence", "storage", "judge"},
    "judge": {"checks", "questions", "rubrics", "reports", "evidence", "intake", "sandbox", "storage"},
    "reports": {"checks", "questions", "judge", "evidence", "intake", "sandbox"},
    "similarity": {"checks", "questions", "judge", "evidence", "intake", "sandbox", "reports", "storage"},
}
"""What a part must not import, whatever the layers say."""

STANDALONE = (
    "probe",
    "environments/inside.py",
    "sandbox/shim.py",
    "sandbox/keeper.py",
    "sandbox/template.py",
    "sandbox/entering.py",
    "sandbox/settling.py",
    "verification/graphs.py",
    "verification/programs.py",
    "verification/inside.py",
    "audit/inside.py",
    "audit/inside_pdf.py",
)
"""Code that runs inside sandboxes: it imports nothing of the grader."""


def modules() -> Iterator[Path]:
    return (path for path in sorted(PACKAGE.rglob("*.py")) if "_assets" not in path.parts)


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_parts(path: Path) -> set[str]:
    """The parts of grader that a file imports, at its top or inside its functions."""
    parts: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module == "grader":
            names = [f"grader.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [node.module or ""]
        else:
            continue
        parts |= {name.split(".")[1] for name in names if name.startswith("grader.")}
    return parts - {"__version__"}


def height(part: str) -> int:
    return next(index for index, layer in enumerate(LAYERS) if part in layer)


def test_every_part_has_its_layer():
    """A new folder or module must say where it stands."""
    known = {part for layer in LAYERS for part in layer} | {"__init__", "__main__", "_assets"}
    assert {part_of(path) for path in modules()} <= known


@pytest.mark.parametrize("path", list(modules()), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down(path):
    """No file imports a part of its own layer (bar itself), of a higher one, or one that is forbidden to it."""
    part = part_of(path)
    if part == "__init__":
        return
    for imported in imported_parts(path) - {part}:
        assert imported not in FORBIDDEN.get(part, set()), f"{path} imports grader.{imported}"
        below = height(imported) < height(part)
        assert below or imported in SIDEWAYS.get(part, set()), f"{path} imports grader.{imported}"


def test_judge_knows_only_the_model():
    """Judging is a function of plain data."""
    for path in (PACKAGE / "judge").glob("*.py"):
        assert imported_parts(path) <= {"model", "errors", "judge"}, path


def test_click_is_known_to_the_command_line_only():
    """The core can be used without a terminal."""
    for path in modules():
        uses_click = any(
            (isinstance(node, ast.Import) and any(alias.name.split(".")[0] == "click" for alias in node.names))
            or (isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "click")
            for node in ast.walk(ast.parse(path.read_text()))
        )
        assert not uses_click or part_of(path) == "cli", path


def test_code_inside_sandboxes_imports_nothing_of_the_grader():
    """It shares its process with the student's code, or with what they made."""
    for path in modules():
        name = str(path.relative_to(PACKAGE))
        if name.startswith(STANDALONE):
            assert not imported_parts(path), path
