"""Markdown to plain text blocks: what a reader sees, what was hidden from them, and nothing of the markup."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from html.parser import HTMLParser
from typing import Literal

from markdown_it import MarkdownIt
from markdown_it.token import Token

from grader.evidence.reading.hiding import hides

BlockKind = Literal["heading", "text", "item", "row"]
MAX_MARKDOWN_CHARACTERS = 60_000
"""Longer cells hold pasted data or pictures; nobody wrote them, and nobody reads them."""
ZERO_WIDTH = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]|[\U000e0000-\U000e007f]")
"""Characters without width, directions and tags: invisible ways to write."""

_PASTED = re.compile(r"data:image/[\w+.-]{1,40};base64,[A-Za-z0-9+/=]*")
_VOID = frozenset({"br", "hr", "img", "input", "meta", "link", "col", "area", "base", "embed", "source", "wbr"})
_UNSEEN = frozenset({"script", "style", "template", "noscript"})
_BREAKING = frozenset({"br", "p", "div", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "center", "ul", "ol", "table"})
_TEX = ((r"\\%", "%"), (r"\\(?:approx|sim|simeq)\b", " about "), (r"\\(?:times)\b", "x"), (r"\$\$?", ""))
_HEADING_LINE = re.compile(r"^\s*(?:\d+[.)]\s*)?[^.!?]{2,80}:?\s*$")


@dataclass(frozen=True, slots=True)
class Block:
    """A heading, a paragraph, a list item or a table row, as plain text. `level` is a heading's, else 0."""

    kind: BlockKind
    text: str
    level: int = 0


@dataclass(frozen=True, slots=True)
class MarkdownText:
    """What a markdown cell says. `hidden` is text a reader doesn't see: comments, hidden or white elements."""

    blocks: tuple[Block, ...]
    hidden: tuple[str, ...]


@lru_cache(maxsize=512)
def read_markdown(source: str) -> MarkdownText:
    """Return the visible blocks and the hidden texts of one markdown cell; code blocks are left out. Never raises."""
    reader = _Reader()
    for token in _PARSER.parse(readable(source)):
        reader.take(token)
    return reader.finish()


def readable(source: str) -> str:
    """Return the markdown that is read of a cell: pictures pasted into it taken out, the rest cut if it is endless."""
    return _PASTED.sub("data:image/png;", source)[:MAX_MARKDOWN_CHARACTERS].replace("\0", " ")


def count_headings(source: str) -> int:
    """Count the headings of a markdown cell; a paragraph that is all bold and short counts as one."""
    return sum(block.kind == "heading" for block in read_markdown(source).blocks)


_PARSER = MarkdownIt("commonmark").enable("table")


class _Reader:
    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self._visible = _Visible()
        self._kind: BlockKind = "text"
        self._level = 0
        self._items = 0
        self._header: list[str] = []
        self._row: list[str] = []
        self._in_head = False

    def take(self, token: Token) -> None:
        kind = token.type
        if kind == "heading_open":
            self._kind, self._level = "heading", int(token.tag[1:])
        elif kind == "paragraph_open":
            self._kind, self._level = ("item" if self._items else "text"), 0
        elif kind in {"list_item_open", "list_item_close"}:
            self._items += 1 if kind.endswith("open") else -1
        elif kind in {"th_open", "td_open"}:
            self._kind, self._level = "row", 0
        elif kind in {"thead_open", "thead_close"}:
            self._in_head = kind == "thead_open"
            self._header = [] if self._in_head else self._header
        elif kind == "tr_close":
            self._end_row()
        elif kind == "html_block":
            self._take_html(token.content)
        elif kind == "inline":
            self._take_inline(token)

    def finish(self) -> MarkdownText:
        hidden = tuple(text for part in self._visible.hidden if (text := _plain(part)))
        return MarkdownText(tuple(self.blocks), hidden)

    def _take_inline(self, token: Token) -> None:
        bold = _is_bold_line(token)
        for child in token.children or []:
            self._visible.take(child)
        text = _plain(self._visible.flush())
        if self._kind == "row":
            self._row.append(text)
        elif self._kind == "text" and bold and _HEADING_LINE.match(text):
            self.blocks.append(Block("heading", text, 6))
        elif text:
            self.blocks += [Block(self._kind, part, self._level) for part in text.split("\n") if part.strip()]

    def _take_html(self, html: str) -> None:
        heading = re.match(r"\s*(?:<(?:center|div|font|b|p)[^>]*>\s*)*<h([1-6])\b", html, re.IGNORECASE)
        self._visible.markup(html)
        parts = [part for part in _plain(self._visible.flush()).split("\n") if part.strip()]
        for number, part in enumerate(parts):
            is_heading = heading is not None and number == 0
            level = int(heading[1]) if heading is not None and is_heading else 0
            self.blocks.append(Block("heading" if is_heading else "text", part, level))

    def _end_row(self) -> None:
        """Join a table row to a text that says what its numbers are: `model: CNN, test accuracy: 0.91`."""
        if self._in_head:
            self._header = self._row
        elif any(self._row):
            header = self._header + [""] * len(self._row)
            cells = [f"{name}: {text}" if name else text for name, text in zip(header, self._row, strict=False) if text]
            self.blocks.append(Block("row", ", ".join(cells)))
        self._row = []


class _Visible(HTMLParser):
    """Sorts text into visible and hidden by the HTML elements around it, across markdown tokens."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.hidden: list[str] = []
        self._text: list[str] = []
        self._open: list[tuple[str, bool]] = []

    def take(self, token: Token) -> None:
        if token.type == "html_inline":
            self.markup(token.content)
        elif token.type in {"text", "code_inline"}:
            self.handle_data(token.content)
        elif token.type == "softbreak":
            self.handle_data(" ")
        elif token.type == "hardbreak":
            self.handle_data("\n")

    def markup(self, html: str) -> None:
        try:
            self.feed(html)
            self.close()
        except (AssertionError, ValueError, IndexError):
            self._text.append(re.sub(r"<[^>]*>", " ", html))
        self.rawdata = ""
        self.cdata_elem = None

    def flush(self) -> str:
        text = "".join(self._text)
        self._text = []
        return text

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BREAKING:
            self._text.append("\n")
        if tag not in _VOID:
            self._open.append((tag, hides(dict(attrs))))

    def handle_endtag(self, tag: str) -> None:
        if tag in _BREAKING:
            self._text.append("\n")
        names = [name for name, _ in self._open]
        if tag in names:
            del self._open[len(names) - 1 - names[::-1].index(tag) :]

    def handle_comment(self, data: str) -> None:
        self.hidden.append(data)

    def handle_data(self, data: str) -> None:
        if any(name in _UNSEEN for name, _ in self._open):
            return
        if any(hides for _, hides in self._open):
            self.hidden.append(data)
        else:
            self._text.append(data)


def _is_bold_line(token: Token) -> bool:
    children = [child for child in token.children or [] if child.type != "text" or child.content.strip()]
    return len(children) >= 3 and children[0].type == "strong_open" and children[-1].type == "strong_close"


def _plain(text: str) -> str:
    """Return text without invisible characters, TeX and repeated spaces; newlines stay."""
    text = ZERO_WIDTH.sub("", text)
    for pattern, replacement in _TEX:
        text = re.sub(pattern, replacement, text)
    text = re.sub(r"[^\S\n]+", " ", text)
    return re.sub(r" ?\n[\n ]*", "\n", text).strip()
