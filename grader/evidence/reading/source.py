"""A code cell's source as plain Python: magics and shell lines masked, line for line, then parsed.

A light rule of our own instead of IPython's `TransformerManager`, for two reasons: importing IPython costs half a
second per process, and its output does not keep line numbers (a `%%time` cell becomes one string). Here every line
keeps its place, so that a linter's line is the notebook's line, and the body of `%%time` stays code.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

PYTHON_CELL_MAGICS = frozenset({"time", "timeit", "capture", "prun", "memit", "mprun", "matplotlib", "debug", "python"})
"""Cell magics whose body is Python that runs in this kernel; the body of any other (`%%bash`, `%%html`) is not."""
SHELL_CELL_MAGICS = frozenset({"bash", "sh", "script", "shell", "system", "sx", "cmd", "!"})
STATEMENT_MAGICS = frozenset({"time", "timeit", "prun", "memit"})
"""Line magics that run the Python statement written after them."""
MAX_SOURCE_CHARACTERS = 400_000
"""Longer cells hold data, not code; parsing them would cost seconds and gigabytes. They count as not parsing."""

_LINE_MAGIC = re.compile(r"^(?P<indent>\s*)(?P<target>[A-Za-z_][\w, ]*=\s*)?%(?P<name>\w+)(?P<rest>.*)$")
_SHELL_LINE = re.compile(r"^(?P<indent>\s*)(?P<target>[A-Za-z_][\w, ]*=\s*)?!(?!=)(?P<rest>.*)$")
_SHELL_MAGIC = frozenset({"pip", "conda", "sx", "system", "cd", "ls", "cp", "mv", "rm", "mkdir", "cat"})
_HELP_LINE = re.compile(r"^\s*\?{1,2}\s*[\w.*%]+\s*$|^\s*%{0,2}[\w.*\[\]'\"]+\s*\?{1,2}\s*$")
_MAGIC_OPTIONS = re.compile(r"^(?:\s+-\w+(?:\s*\d+)?)*\s*")


@dataclass(frozen=True, slots=True)
class Source:
    """One cell's code after masking. `tree` is None where it does not parse; `shell_lines` were masked out."""

    index: int
    text: str
    tree: ast.Module | None
    shell_lines: int = 0
    magic_lines: int = 0
    foreign: bool = False
    """The whole cell is in another language (`%%bash`, `%%html`)."""


@lru_cache(maxsize=512)
def read_source(index: int, source: str) -> Source:
    """Return the cell's code as plain Python with as many lines as `source`; never raises."""
    if len(source) > MAX_SOURCE_CHARACTERS:
        return Source(index, "", None)
    source = source.replace("\r\n", "\n").replace("\r", "\n").replace("\f", " ").replace("\0", " ")
    tree = parse(source)
    if tree is not None:
        return Source(index, source, tree)
    return _read_cell_magic(index, source) or _read_lines(index, source)


def parse(text: str) -> ast.Module | None:
    """Parse Python, or return None where it is not Python (or too deep for the parser)."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _read_cell_magic(index: int, source: str) -> Source | None:
    lines = source.split("\n")
    first = next((number for number, line in enumerate(lines) if line.strip()), 0)
    match = re.match(r"^\s*%%(!|\w+)", lines[first])
    if match is None:
        return None
    name = match[1].lower()
    if name not in PYTHON_CELL_MAGICS:
        body = [line for line in lines[first + 1 :] if line.strip() and not line.lstrip().startswith("#")]
        shell = len(body) if name in SHELL_CELL_MAGICS else 0
        return Source(index, "\n" * (len(lines) - 1), ast.Module([], []), shell, 1, foreign=True)
    inner = _read_lines(index, "\n".join([*lines[:first], "", *lines[first + 1 :]]))
    return Source(index, inner.text, inner.tree, inner.shell_lines, inner.magic_lines + 1)


def _read_lines(index: int, source: str) -> Source:
    lines = source.split("\n")
    shell = magic = 0
    masked: list[str] = []
    state = _LogicalLines()
    continued = False
    for line in lines:
        if continued:
            masked.append("")
            continued = line.endswith("\\")
            continue
        plain, kind = _mask(line) if state.at_statement else (line, "python")
        shell += kind == "shell"
        magic += kind == "magic"
        continued = kind == "shell" and line.endswith("\\")
        state.feed(plain)
        masked.append(plain)
    text = "\n".join(masked)
    return Source(index, text, parse(text), shell, magic)


def _mask(line: str) -> tuple[str, str]:
    """Return the line as Python and what it was: `python`, `shell` or `magic`."""
    if match := _SHELL_LINE.match(line):
        return _value(match, "[]"), "shell"
    if match := _LINE_MAGIC.match(line):
        if match["name"] in STATEMENT_MAGICS:
            statement = match["rest"][_options_end(match["rest"]) :]
            return f"{match['indent']}{match['target'] or ''}{statement or 'pass'}", "magic"
        return _value(match, "None"), "shell" if match["name"] in _SHELL_MAGIC else "magic"
    if _HELP_LINE.match(line):
        return "pass", "magic"
    return line, "python"


def _options_end(rest: str) -> int:
    match = _MAGIC_OPTIONS.match(rest)
    return match.end() if match else 0


def _value(match: re.Match[str], value: str) -> str:
    return f"{match['indent']}{match['target']}{value}" if match["target"] else f"{match['indent']}pass"


class _LogicalLines:
    """Tells whether the next physical line begins a statement, or continues a bracket, a string or a backslash."""

    def __init__(self) -> None:
        self._depth = 0
        self._quote = ""
        self._backslash = False

    @property
    def at_statement(self) -> bool:
        return not (self._depth or self._quote or self._backslash)

    def feed(self, line: str) -> None:
        position = 0
        while position < len(line):
            position = self._in_string(line, position) if self._quote else self._in_code(line, position)
        self._backslash = line.endswith("\\") and not self._quote
        if len(self._quote) == 1:
            self._quote = ""  # an ordinary string never crosses a line

    def _in_string(self, line: str, position: int) -> int:
        if line[position] == "\\":
            return position + 2
        if line.startswith(self._quote, position):
            end = position + len(self._quote)
            self._quote = ""
            return end
        return position + 1

    def _in_code(self, line: str, position: int) -> int:
        character = line[position]
        if character == "#":
            return len(line)
        if character in "\"'":
            self._quote = character * 3 if line.startswith(character * 3, position) else character
            return position + len(self._quote)
        if character in "([{":
            self._depth += 1
        elif character in ")]}":
            self._depth = max(0, self._depth - 1)
        return position + 1


def dotted_name(node: ast.expr) -> str:
    """Return the dotted name of what an expression calls or reads: `axes[0].plot` is `axes.plot`; "" if unnamed."""
    parts: list[str] = []
    while True:
        if isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        elif isinstance(node, ast.Call):
            node = node.func
        elif isinstance(node, ast.Subscript):
            node = node.value
        elif isinstance(node, ast.Name):
            parts.append(node.id)
            return ".".join(reversed(parts))
        else:
            return ".".join(reversed(parts))


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    """Yield the calls of a tree in the order in which they are written."""
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    yield from sorted(found, key=lambda call: (call.end_lineno or 0, call.end_col_offset or 0))


def import_aliases(trees: Iterator[ast.Module]) -> dict[str, str]:
    """Map the names that imports bind to what they stand for: `np` to `numpy`, `Adam` to `keras.optimizers.Adam`."""
    aliases: dict[str, str] = {}
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                for name in node.names:
                    aliases[name.asname or name.name.split(".")[0]] = (
                        name.name if name.asname else name.name.split(".")[0]
                    )
            elif isinstance(node, ast.ImportFrom) and node.module:
                for name in node.names:
                    aliases[name.asname or name.name] = f"{node.module}.{name.name}"
    return aliases


def resolve(name: str, aliases: dict[str, str]) -> str:
    """Return a dotted name with its first part replaced by what was imported under it."""
    head, _, rest = name.partition(".")
    full = aliases.get(head, head)
    return f"{full}.{rest}" if rest else full
