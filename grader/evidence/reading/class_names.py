"""The names a notebook gives its classes, read from literals."""

from __future__ import annotations

import ast
import re

from grader.evidence.reading.cells import read_sources_of
from grader.evidence.reading.source import dotted_name
from grader.model.submission import Submission

MAX_CLASSES = 200
"""Longer lists of strings are vocabularies or file names."""
_RANKS = (
    re.compile(r"class|clase", re.IGNORECASE),
    re.compile(r"(?<!x_)(?<!y_)(?<!x)(?<!y)label(?!_?col)|etiqueta|target_names|categor", re.IGNORECASE),
    re.compile(r"^(?:\w+_)?(?:names?|nombres?)$", re.IGNORECASE),
)
"""Which names say "these are the classes", surest first."""
_TICKS = frozenset({"xticklabels", "yticklabels"})
_NOT_CLASSES = re.compile(
    r"feature|column|col_|cols|metric|model|layer|file|path|image_names|optimi|param|weight|"
    r"class_mode|legend|plot|axis",
    re.IGNORECASE,
)
_SPLIT_WORDS = frozenset(
    [
        "train",
        "training",
        "test",
        "testing",
        "val",
        "valid",
        "validation",
        "loss",
        "accuracy",
        "acc",
        "val_loss",
        "val_accuracy",
        "epoch",
        "epochs",
        "precision",
        "recall",
        "f1",
        "f1-score",
        "support",
        "entrenamiento",
        "validacion",
        "validación",
        "prueba",
    ]
)
"""Labels of curves and tables, not of classes."""


def read_class_names(submission: Submission) -> tuple[str, ...]:
    """Return the class names in label order where a list or dictionary of literals gives them, else nothing."""
    best: tuple[int, tuple[str, ...]] | None = None
    for source in read_sources_of(submission):
        for name, value in _bindings(source.tree or ast.Module([], [])):
            rank = _rank(name)
            names = _strings(value)
            if rank is None or not _are_classes(names):
                continue
            if best is None or rank < best[0]:
                best = (rank, names)
    return best[1] if best else ()


def _rank(name: str) -> int | None:
    if name in _TICKS:
        return len(_RANKS)
    if _NOT_CLASSES.search(name):
        return None
    return next((rank for rank, pattern in enumerate(_RANKS) if pattern.search(name)), None)


def _are_classes(names: tuple[str, ...]) -> bool:
    if not 2 <= len(names) <= MAX_CLASSES or len(set(names)) < len(names):
        return False
    return not any(name.strip().lower() in _SPLIT_WORDS for name in names)


def _bindings(tree: ast.Module) -> list[tuple[str, ast.expr]]:
    found: list[tuple[str, ast.expr]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            found += [(_target(target), node.value) for target in node.targets]
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            found.append((_target(node.target), node.value))
        elif isinstance(node, ast.keyword) and node.arg:
            found.append((node.arg, node.value))
    return [(name, value) for name, value in found if name]


def _target(node: ast.expr) -> str:
    return dotted_name(node).rpartition(".")[2] if isinstance(node, ast.Name | ast.Attribute) else ""


def _strings(value: ast.expr) -> tuple[str, ...]:
    if isinstance(value, ast.List | ast.Tuple):
        return _literals(value.elts)
    if isinstance(value, ast.Dict):
        return _from_dictionary(value)
    if isinstance(value, ast.Call):
        return _from_call(value)
    if isinstance(value, ast.ListComp):
        return _from_range(value)
    return ()


def _literals(nodes: list[ast.expr]) -> tuple[str, ...]:
    texts = [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return tuple(texts) if len(texts) == len(nodes) else ()


def _from_dictionary(value: ast.Dict) -> tuple[str, ...]:
    """Read `{0: "cat", 1: "dog"}` or `{"cat": 0, "dog": 1}`; the numbers must be 0..n-1."""
    pairs: dict[int, str] = {}
    for key, item in zip(value.keys, value.values, strict=True):
        if not (isinstance(key, ast.Constant) and isinstance(item, ast.Constant)):
            return ()
        number, name = (key.value, item.value) if isinstance(key.value, int) else (item.value, key.value)
        if not isinstance(number, int) or not isinstance(name, str):
            return ()
        pairs[number] = name
    return tuple(pairs[number] for number in sorted(pairs)) if sorted(pairs) == list(range(len(value.keys))) else ()


def _from_call(value: ast.Call) -> tuple[str, ...]:
    """Read `np.array([...])`, `list((...))` and `"cat dog bird".split()`."""
    if (
        isinstance(value.func, ast.Attribute)
        and value.func.attr == "split"
        and isinstance(value.func.value, ast.Constant)
    ):
        text = value.func.value.value
        separator = value.args[0].value if value.args and isinstance(value.args[0], ast.Constant) else None
        if isinstance(text, str) and (separator is None or (isinstance(separator, str) and separator)):
            return tuple(part.strip() for part in text.split(separator))
        return ()
    if dotted_name(value.func).rpartition(".")[2] in {"array", "asarray", "list", "tuple"} and value.args:
        return _strings(value.args[0])
    return ()


def _from_range(value: ast.ListComp) -> tuple[str, ...]:
    """Read `[str(i) for i in range(10)]`."""
    source = value.generators[0].iter
    named = isinstance(value.elt, ast.Call) and dotted_name(value.elt.func) == "str" and len(value.generators) == 1
    if not (named and isinstance(source, ast.Call) and dotted_name(source.func) == "range" and len(source.args) == 1):
        return ()
    stop = source.args[0]
    if isinstance(stop, ast.Constant) and isinstance(stop.value, int) and 2 <= stop.value <= MAX_CLASSES:
        return tuple(str(number) for number in range(stop.value))
    return ()
