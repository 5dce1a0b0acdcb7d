"""Code and prose as tokens to compare: without imports, layout and the names that a notebook gives itself."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

NAME = "\N{MIDDLE DOT}name"
"""Stands for every name that the code itself assigns: whoever copies renames these first."""
LONG_TEXT = "\N{MIDDLE DOT}text"
"""Stands for a long string: its words are compared as prose."""
LONGEST_LITERAL = 24
"""Characters of a string that is compared as it stands: names of layers, losses and columns are shorter."""
LEAST_WORDS = 5
"""Words from which a string is prose: what a print says is rarely shorter where somebody wrote it."""

_LAYOUT = re.compile(
    r"^[ \t]*(?:from\s+\S+\s+import\s*\([^)]*\)|(?:import|from)\s[^\n]*|[%!][^\n]*)", re.MULTILINE
)  # fmt: skip
"""Imports and shell lines: everybody has them."""
_TOKEN = re.compile(
    r"(?P<comment>\#[^\n]*)"
    r"|(?P<string>\b[rbfuRBFU]{0,2}(?:\"\"\"(?:[^\\]|\\.)*?\"\"\"|'''(?:[^\\]|\\.)*?'''"
    r"|\"(?:[^\"\\\n]|\\.)*\"?|'(?:[^'\\\n]|\\.)*'?)|(?:\"\"\"(?:[^\\]|\\.)*?\"\"\"|'''(?:[^\\]|\\.)*?'''"
    r"|\"(?:[^\"\\\n]|\\.)*\"?|'(?:[^'\\\n]|\\.)*'?))"
    r"|(?P<number>(?<![\w.])(?:\d[\d_]*\.?\d*(?:[eE][+-]?\d+)?|\.\d+)\b)"
    r"|(?P<name>[^\W\d]\w*)"
    r"|(?P<sign>==|[^\w\s])",
    re.DOTALL,
)
_WORD = re.compile(r"[^\W\d_]+(?:['\N{RIGHT SINGLE QUOTATION MARK}][^\W\d_]+)?|\d+(?:[.,]\d+)*")
_NOT_PROSE = re.compile(r"```.*?```|!?\[[^\]\n]*\]\([^)\n]*\)|https?://\S+|data:\S+|<[^>\n]{1,200}>", re.DOTALL)
_OPEN, _CLOSED = frozenset("([{"), frozenset(")]}")


@dataclass(frozen=True, slots=True)
class Token:
    """One token: its text as compared, and where it stands in its cell (`start`, `end` in characters)."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Lexeme:
    """A piece of code; `depth` are the brackets that are open behind it."""

    kind: str
    text: str
    start: int
    end: int
    depth: int


def code_tokens(sources: Sequence[str]) -> list[list[Token]]:
    """Return the code of all cells of one notebook as tokens: a list a cell. Names count as given in any of them."""
    lexed = [list(_lexemes(source)) for source in sources]
    given = frozenset().union(*map(_given_names, lexed)) if lexed else frozenset()
    return [[_code_token(cell, at, given) for at, item in enumerate(cell) if item.kind != "comment"] for cell in lexed]


def comment_words(source: str) -> list[Token]:
    """Return the words of a code cell's comments and long strings."""
    words: list[Token] = []
    for item in _lexemes(source):
        if item.kind == "comment" or (item.kind == "string" and len(_WORD.findall(item.text)) >= LEAST_WORDS):
            words += _words(item.text, item.start)
    return words


def prose_words(source: str) -> list[Token]:
    """Return the words of a text cell, without code blocks, links and pictures."""
    blanked = _NOT_PROSE.sub(lambda match: " " * len(match[0]), source)
    return list(_words(blanked, 0))


def _words(text: str, offset: int) -> Iterator[Token]:
    for match in _WORD.finditer(text):
        word = match[0].casefold().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
        yield Token(word, match.start() + offset, match.end() + offset)


def _lexemes(source: str) -> Iterator[_Lexeme]:
    shown = _LAYOUT.sub(lambda match: " " * len(match[0]), source)
    depth = 0
    for match in _TOKEN.finditer(shown):
        depth += (match[0] in _OPEN) - (match[0] in _CLOSED)
        yield _Lexeme(match.lastgroup or "sign", match[0], match.start(), match.end(), depth)


def _code_token(cell: Sequence[_Lexeme], at: int, given: frozenset[str]) -> Token:
    item = cell[at]
    text = item.text
    if item.kind == "string":
        text = text.strip("rbfuRBFU").strip("\"'")
        text = LONG_TEXT if len(text) > LONGEST_LITERAL else f'"{text}"'
    elif item.kind == "name" and text in given and not _is_attribute(cell, at) and not _is_keyword_argument(cell, at):
        text = NAME
    return Token(text, item.start, item.end)


def _is_attribute(cell: Sequence[_Lexeme], at: int) -> bool:
    return at > 0 and cell[at - 1].text == "."


def _is_keyword_argument(cell: Sequence[_Lexeme], at: int) -> bool:
    """Return whether a name stands like `epochs` in `fit(x, epochs=3)`; at the beginning of a line it is assigned."""
    return (
        at + 1 < len(cell)
        and cell[at + 1].text == "="
        and at > 0
        and cell[at - 1].text in {"(", ","}
        and cell[at].depth > 0
    )


def _given_names(cell: Sequence[_Lexeme]) -> frozenset[str]:
    """Return the names that code gives: by assignment (also of several at once), `for`, `def`, `as` and parameters."""
    given = _assigned(cell)
    in_targets = False
    for at, item in enumerate(cell):
        if item.text in {"for", "in"}:
            in_targets = item.text == "for"
        elif item.kind == "name" and (in_targets or (at and cell[at - 1].text in {"def", "as", "class", "lambda"})):
            given.add(item.text)
        if item.text == "def":
            given |= _parameters(cell, at)
    return frozenset(name for name in given if not keyword.iskeyword(name))


def _assigned(cell: Sequence[_Lexeme]) -> set[str]:
    """Return the names in front of a `=` outside brackets, with those before their commas; brackets around them too."""
    given: set[str] = set()
    targets: list[str] = []
    for at, item in enumerate(cell):
        if item.text == "=" and item.depth == 0:
            given.update(targets)
            targets = []
        elif item.kind == "name" and not _is_attribute(cell, at):
            follows = at > 0 and cell[at - 1].text in {",", "("}
            targets = [*targets, item.text] if follows else [item.text]
        elif item.text not in {",", "(", ")"}:
            targets = []
    return given


def _parameters(cell: Sequence[_Lexeme], at: int) -> set[str]:
    """Return the names of a definition's parameters; `at` is its `def`."""
    names: set[str] = set()
    for place in range(at + 3, len(cell)):
        item = cell[place]
        if item.depth < cell[at].depth + 1:
            break
        if item.depth == cell[at].depth + 1 and item.kind == "name" and cell[place - 1].text in {"(", ",", "*"}:
            names.add(item.text)
    return names
