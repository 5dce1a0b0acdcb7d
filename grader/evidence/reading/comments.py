"""Lines of code, of comment, and of code that was commented out."""

from __future__ import annotations

import ast
import io
import keyword
import re
import tokenize
from dataclasses import dataclass
from functools import lru_cache

from grader.evidence.reading.source import dotted_name, parse

MAX_BLOCK = 12
"""Longest run of comment lines tried as one piece of code: trying all pieces costs the square of it."""
_MARKER = re.compile(
    r"^(?:!|\s*(?:noqa\b|type:\s*ignore|pylint:|fmt:|%%|-\*-|@param|@markdown|@title|coding[:=]))", re.IGNORECASE
)
_PLAIN_IMPORTS = frozenset(
    [
        "library",
        "libraries",
        "package",
        "packages",
        "module",
        "modules",
        "dependency",
        "dependencies",
        "data",
        "dataset",
        "datasets",
        "everything",
        "all",
        "stuff",
        "tools",
        "the",
        "necessary",
        "librerias",
        "librerías",
        "paquetes",
        "modulos",
        "módulos",
        "datos",
        "everything",
    ]
)
"""`# import libraries` is a sentence, though it parses."""


@dataclass(frozen=True, slots=True)
class CommentLine:
    """One comment: its line (1-based), its text without the hash, and whether it is code that was commented out."""

    line: int
    text: str
    is_code: bool
    alone: bool
    """Nothing else stands on the line."""


@dataclass(frozen=True, slots=True)
class LineCounts:
    """How many lines of a cell hold code, a comment in words, and commented-out code."""

    code: int = 0
    comment: int = 0
    commented_code: int = 0


@lru_cache(maxsize=512)
def read_comments(text: str) -> tuple[CommentLine, ...]:
    """Return the comments of a piece of Python, also where it does not parse."""
    found = _tokenized(text)
    return tuple(_judged(found))


def count_lines(text: str, tree: ast.Module | None, comments: tuple[CommentLine, ...]) -> LineCounts:
    """Count lines. A docstring, or a string that stands alone, is a comment; blank lines are nothing."""
    words = {comment.line for comment in comments if not comment.is_code and re.search(r"[^\W\d_]{2}", comment.text)}
    dead = {comment.line for comment in comments if comment.is_code}
    alone = {comment.line for comment in comments if comment.alone}
    strings = standing_string_lines(tree) if tree is not None else frozenset()
    lines = {number for number, line in enumerate(text.split("\n"), 1) if line.strip()}
    return LineCounts(len(lines - alone - strings), len(words | (strings & lines)), len(dead))


def standing_strings(tree: ast.Module) -> list[ast.Expr]:
    """Return the docstrings and the strings that stand as statements of their own."""
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    ]


def standing_string_lines(tree: ast.Module) -> frozenset[int]:
    """Return the line numbers that docstrings and standing strings cover."""
    return frozenset(
        line for node in standing_strings(tree) for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    )


def _tokenized(text: str) -> list[tuple[int, str, bool]]:
    found: list[tuple[int, str, bool]] = []
    try:
        found.extend(
            (token.start[0], token.string.lstrip("#"), not token.line[: token.start[1]].strip())
            for token in tokenize.generate_tokens(io.StringIO(text).readline)
            if token.type == tokenize.COMMENT
        )
    except (tokenize.TokenError, SyntaxError, ValueError):
        seen = {line for line, _, _ in found}
        found += [
            (number, line.lstrip().lstrip("#"), True)
            for number, line in enumerate(text.split("\n"), 1)
            if number not in seen and line.lstrip().startswith("#")
        ]
    return sorted(found)


def _judged(found: list[tuple[int, str, bool]]) -> list[CommentLine]:
    comments: list[CommentLine] = []
    start = 0
    while start < len(found):
        end = start + 1
        while end < len(found) and _adjoins(found[end - 1], found[end]) and end - start < MAX_BLOCK:
            end += 1
        block = found[start:end]
        code = _code_lines([text for _, text, _ in block])
        comments += [
            CommentLine(line, text.strip(), number in code, alone)
            for number, (line, text, alone) in enumerate(block)
            if not _MARKER.match(text)
        ]
        start = end
    return comments


def _adjoins(left: tuple[int, str, bool], right: tuple[int, str, bool]) -> bool:
    return left[2] and right[2] and right[0] == left[0] + 1


def _code_lines(lines: list[str]) -> set[int]:
    """Return which lines of a block of comments are code: the longest pieces that parse as code, from the top."""
    code: set[int] = set()
    start = 0
    while start < len(lines):
        for end in range(len(lines), start, -1):
            if lines[start].strip() and looks_like_code("\n".join(lines[start:end])):
                code.update(range(start, end))
                start = end
                break
        else:
            start += 1
    return code


def looks_like_code(text: str) -> bool:
    """Whether a comment's text is code that was switched off rather than a remark.

    It must parse, and every statement must be of a kind that people don't write as prose: `loss is low`, `Note: this`
    and `global minimum` parse too.
    """
    stripped = _dedented(text)
    tree = parse(stripped)
    if tree is None and stripped.rstrip().endswith(":"):
        tree = parse(f"{stripped.rstrip()} pass")
    if tree is None:
        return False
    return bool(tree.body) and all(_is_code_statement(statement, stripped) for statement in tree.body)


def _dedented(text: str) -> str:
    lines = [line for line in text.split("\n") if line.strip()]
    margin = min((len(line) - len(line.lstrip()) for line in lines), default=0)
    return "\n".join(line[margin:] for line in lines)


def _is_code_statement(statement: ast.stmt, text: str) -> bool:
    if isinstance(statement, ast.Expr):
        return _is_code_expression(statement.value, text)
    if isinstance(statement, ast.Import):
        names = statement.names
        return len(names) > 1 or bool(names[0].asname) or names[0].name.lower() not in _PLAIN_IMPORTS
    if isinstance(statement, ast.Return):
        return statement.value is not None and not isinstance(statement.value, ast.Name | ast.Constant)
    if isinstance(statement, ast.AnnAssign):
        return statement.value is not None
    return not isinstance(statement, ast.Global | ast.Nonlocal | ast.Pass | ast.Assert | ast.Delete | ast.Raise)


def _is_code_expression(value: ast.expr, text: str) -> bool:
    if isinstance(value, ast.Tuple):
        return bool(value.elts) and all(isinstance(item, ast.Call) for item in value.elts) and "(" in text
    if isinstance(value, ast.Call):
        name = dotted_name(value.func)
        # "accuracy (test)" parses as a call; nobody writes code with that space, and everybody writes prose with it.
        return bool(name) and not keyword.iskeyword(name) and re.search(r"[\w\])]\(", text) is not None
    # A bare `df.shape` or `history.history['loss']` is code: prose has no dots without spaces.
    return isinstance(value, ast.Subscript) or (isinstance(value, ast.Attribute) and text.strip().count(" ") == 0)
