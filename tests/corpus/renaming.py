"""Renames the variables, functions and classes of a notebook's code, as an editor would: comments and text stay."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Mapping

NAME_IN_BRACES = re.compile(r"\{[^{}]*\}")


def renamed(source: str, names: Mapping[str, str]) -> str:
    """Return the code with names changed wherever they are names: not attributes, keywords of calls, text or comments.

    Names inside the braces of f-strings are changed too. Parameters of functions that are given by keyword must not be
    among `names`.
    """
    keywords = _keyword_places(source)
    lines = source.splitlines(keepends=True)
    edits: list[tuple[int, int, int, str]] = []
    before = ""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        row, column = token.start
        if token.type == tokenize.NAME and token.string in names and before != "." and token.start not in keywords:
            edits.append((row, column, token.end[1], names[token.string]))
        if token.type == tokenize.STRING and token.string[0] in "fF" and token.start[0] == token.end[0]:
            edits.append((row, column, token.end[1], _in_f_string(token.string, names)))
        before = token.string
    for row, start, end, text in sorted(edits, reverse=True):
        line = lines[row - 1]
        lines[row - 1] = line[:start] + text + line[end:]
    return "".join(lines)


def bound_names(source: str) -> frozenset[str]:
    """Return the names that code binds itself: assigned, defined, loop variables, parameters; not imported ones."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("__"):
            found.add(node.name)
    return frozenset(found) - _parts_of_classes(source)


def _parts_of_classes(source: str) -> frozenset[str]:
    """Names that are reached through an object: methods."""
    classes = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ClassDef))
    return frozenset(part.name for node in classes for part in node.body if isinstance(part, ast.FunctionDef))


def _keyword_places(source: str) -> frozenset[tuple[int, int]]:
    nodes = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.keyword) and node.arg)
    return frozenset((node.lineno, _characters(source, node)) for node in nodes)


def _characters(source: str, node: ast.keyword) -> int:
    """Column in characters: the parser counts bytes."""
    line = source.splitlines()[node.lineno - 1].encode()
    return len(line[: node.col_offset].decode())


def _in_f_string(text: str, names: Mapping[str, str]) -> str:
    def inside(match: re.Match[str]) -> str:
        return re.sub(r"(?<![\w.\"'])[A-Za-z_]\w*", lambda word: names.get(word[0], word[0]), match[0])

    return NAME_IN_BRACES.sub(inside, text)
