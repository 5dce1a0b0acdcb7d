"""Students' text made safe to look at: nothing invisible, nothing that reorders a line, nothing endless."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence

from markupsafe import Markup, escape

from grader.reports.language import CELLS, ENGLISH, say, spoken, translated
from grader.reports.numbers import NARROW_SPACE

LONGEST_OUTPUT = 4_000
"""Characters of one output shown: about sixty lines, more than anybody reads in a report."""
LONGEST_SOURCE = 30_000
"""Characters of one cell shown: the longest cell of 227 public student notebooks fits."""
LONGEST_PHRASE = 2_000
"""Characters of any other text (a name, a message, a sentence): a report must not be flooded by one of them."""

KEPT_SENTENCES = 4_096
"""Sentences kept as HTML: most stand on both pages of a submission, and in most reports of a class."""

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
_MARK = "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_PILED_MARKS = re.compile(f"({_MARK}{{3}})({_MARK}+)")
"""No orthography puts more than three of the general marks on a letter."""
_ROWS = re.compile(
    r"(?<![\w.,])(\d{4,9})(?= (?:test |training |validation |scored |held-out |distinct |other )?"
    r"(?:rows|words|images|pictures|parameters|lines|filas|palabras|imágenes|parámetros|líneas)\b)"
)
_PERCENT = re.compile(r"(?<=\d)\s?%(?!\w)")
_PARTS = re.compile(
    "(?P<quote>\N{LEFT DOUBLE QUOTATION MARK}[^\N{RIGHT DOUBLE QUOTATION MARK}]*\N{RIGHT DOUBLE QUOTATION MARK}?)"
    r"|`(?P<code>[^`\n]{1,200})`"
    # A call with its arguments, brackets inside brackets included; a subscript; a name that only code has.
    r"|(?P<call>\b[A-Za-z_][\w.]*\((?:[^()\n]|\((?:[^()\n]|\([^()\n]*\))*\))*\)(?:\.[\w.]+\(\))*)"
    r"|(?P<name>(?<![\w.])(?:[A-Za-z]\w*\.)*[A-Za-z]\w*(?:\['\w+'\]|_\w+(?:=[\w.]+)?)|\['\w+'\])"
    rf"|(?P<cells>{CELLS.pattern})"
)
"""What a sentence of ours is made of, beside plain words. Quotation marks hold a student's: these stay as they are."""


def visible(text: str) -> str:
    """Return text with control characters, direction overrides and other invisible characters spelled out.

    Tabs and line feeds stay. `U+202E` shows as `[U+202E]`: a reader sees that something was hidden there. Of marks
    piled on one letter, which would cover the lines around it, the first few stay.
    """
    shown = text if text.isprintable() else _INVISIBLE.sub(lambda match: f"[U+{ord(match[0]):04X}]", text)
    return shown if shown.isascii() else _PILED_MARKS.sub(lambda match: f"{match[1]}[+{len(match[2])}]", shown)


def terminal_text(text: str) -> str:
    """Return what a terminal would show in the end: colours removed, carriage returns and backspaces carried out."""
    plain = _ANSI.sub("", text).replace("\r\n", "\n")
    return "\n".join(_last_overwrite(_erased(line)) for line in plain.split("\n"))


def _erased(line: str) -> str:
    if "\x08" not in line:
        return line
    kept: list[str] = []
    for character in line:
        if character != "\x08":
            kept.append(character)
        elif kept:
            kept.pop()
    return "".join(kept)


def _last_overwrite(line: str) -> str:
    parts = [part for part in line.split("\r") if part]
    return parts[-1] if parts else ""


def shorten(text: str, limit: int) -> str:
    """Cut long text in its middle, saying how much is left out: the beginning and the end tell most."""
    if len(text) <= limit:
        return text
    head, tail = limit * 2 // 3, limit // 3
    return f"{text[:head]}\n[... {len(text) - head - tail:,} characters left out ...]\n{text[-tail:]}"


def phrase(text: str) -> str:
    """Return a short text (a name, a sentence) cut and with nothing invisible in it."""
    if len(text) <= LONGEST_PHRASE and text.isascii() and text.isprintable():
        return text  # by far the commonest case
    return visible(shorten(text, LONGEST_PHRASE))


def sentence(text: str, known: frozenset[int] = frozenset()) -> Markup:
    """Return a sentence of the grader's own as HTML: cells linked, code set as code, numbers in the house style.

    What stands in quotation marks is a student's, and is only escaped. It is told in the language being rendered; what
    is not known in it stays English, and is marked as such.
    """
    return _in_language(text, lambda words: _set(words, known if _names_cells(words) else frozenset()))


@functools.lru_cache(maxsize=KEPT_SENTENCES)
def _names_cells(text: str) -> bool:
    return CELLS.search(text) is not None


def _in_language(text: str, written: Callable[[str], Markup]) -> Markup:
    """Return a text of ours as HTML in the language being rendered, or marked as English."""
    other = translated(text)
    if other is not None:
        return written(other)
    if spoken() == ENGLISH or not _WORDS.search(text):
        return written(text)
    return Markup('<span lang="en">{}</span>').format(written(text))


_WORDS = re.compile(r"[a-z]{2,} [a-z]{2,}")


@functools.lru_cache(maxsize=KEPT_SENTENCES)
def _set(text: str, known: frozenset[int]) -> Markup:
    """Return one of our sentences as HTML."""
    parts: list[Markup] = []
    end = 0
    clean = phrase(text)
    for match in _PARTS.finditer(clean):
        parts.append(escape(house_style(clean[end : match.start()])))
        parts.append(_part(match, known))
        end = match.end()
    return Markup("").join([*parts, escape(house_style(clean[end:]))])


def _part(match: re.Match[str], known: frozenset[int]) -> Markup:
    if match["quote"]:
        return escape(match["quote"])
    if match["cells"]:
        return _link_numbers(match["cells"], known)
    return Markup("<code>{}</code>").format(match["code"] or match["call"] or match["name"])


def house_style(text: str) -> str:
    """Write numbers as all of the report does: `91.2 %` with a narrow space, `10,000 rows`."""
    spaced = _PERCENT.sub(f"{NARROW_SPACE}%", text)
    return _ROWS.sub(lambda match: f"{int(match[1]):,}", spaced)


def capitalised(text: str) -> str:
    """Return text with a capital first letter, the rest as it is."""
    return text[:1].upper() + text[1:]


def link_cells(text: str, known: frozenset[int]) -> Markup:
    """Escape a sentence and make the cells it names (`cell 7`, `cells 2 and 9`) links into the notebook below it.

    `known` are the numbers, from 1, of the cells that the page shows. It is told in the language being rendered.
    """
    return _in_language(text, lambda words: _linked(words, known))


def _linked(text: str, known: frozenset[int]) -> Markup:
    parts: list[Markup] = []
    end = 0
    clean = phrase(text)
    for match in CELLS.finditer(clean):
        parts.append(escape(clean[end : match.start()]))
        parts.append(_link_numbers(match[0], known))
        end = match.end()
    return Markup("").join([*parts, escape(clean[end:])])


def cell_links(cells: Sequence[int], limit: int = 8) -> Markup:
    """Return links to cells by their numbers, from 1, and how many more there are than `limit`."""
    cell = escape(say("cell"))
    links = " ".join(
        [f'<a class="cell-link" href="#cell-{number:d}">{cell}&nbsp;{number:d}</a>' for number in cells[:limit]]
    )
    more = (
        f' <span class="muted">{escape(say("and {n} more", n=len(cells) - limit))}</span>' if len(cells) > limit else ""
    )
    return Markup(links + more)  # noqa: S704 - numbers, and escaped words of our own


def _link_numbers(words: str, known: frozenset[int]) -> Markup:
    single = re.fullmatch(r"(?:[Cc]ell|[Cc]elda)\s+(\d{1,6})", words)
    if single:
        template = Markup('<a class="cell-link" href="#cell-{}">{}</a>')
        return template.format(int(single[1]), words) if int(single[1]) in known else escape(words)
    pieces = re.split(r"(\d+)", words)
    linked = [
        Markup('<a href="#cell-{0}">{1}</a>').format(int(piece), piece)
        if piece.isdecimal() and len(piece) < 7 and int(piece) in known
        else escape(piece)
        for piece in pieces
    ]
    return Markup("").join(linked)
