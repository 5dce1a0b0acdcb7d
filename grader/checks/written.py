"""What stands written: the notebook's markdown and the documents beside it, in parts under their headings."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from grader.model import Evidence

_HEADING = re.compile(r"^\s{0,3}#{1,6}\s+(.+?)\s*#*\s*$|^\s*\*\*([^*\n]{2,80}?):?\*\*\s*:?\s*$", re.MULTILINE)
_UNDERLINED = re.compile(r"^(?P<words>[^\n]{2,80})\n(?:=|-){3,}\s*$", re.MULTILINE)
_FENCE = re.compile(r"^\s*(?:```|~~~)[^\n]*\n(.*?)^\s*(?:```|~~~)\s*$", re.MULTILINE | re.DOTALL)
_CODE = "\x01"
"""Stands, with a number, where a block of code was: no text holds it."""
_MARKS = re.compile(r"[*_`>|#]+|<[^>\n]{1,80}>|!?\[([^\]\n]*)\]\([^)\n]*\)")
_SENTENCE = re.compile(r"(?<=[.!?])[\"'”)]*\s+(?=[^\s])|\n\s*(?:[-*+•]|\d+[.)])\s+|\n\s*\n|\n(?=\s*\|)")
_WORD = re.compile(r"[^\W\d_][\w'\u2019-]*")


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of text under one heading. `source` is a document's path, empty for the notebook.

    `cell` is None for documents that the run wrote: they stand in no cell.
    """

    source: str
    cell: int | None
    heading: str
    text: str
    code: str = ""

    @property
    def words(self) -> int:
        """Words of the text without headings and code."""
        return count_words(self.text)

    @property
    def sentences(self) -> tuple[str, ...]:
        """Its sentences, list items and table rows."""
        return sentences(self.text)


def count_words(text: str) -> int:
    """Count the words of a text; numbers and symbols are none."""
    return len(_WORD.findall(text))


def sentences(text: str) -> tuple[str, ...]:
    """Return the sentences of a text; an item of a list and a row of a table are sentences too."""
    parts = (" ".join(_MARKS.sub(lambda match: match[1] or " ", part).split()) for part in _SENTENCE.split(text))
    return tuple(part.strip("-•+ ") for part in parts if part.strip("-•+ "))


def notebook_parts(evidence: Evidence, until: int | None = None) -> tuple[Part, ...]:
    """Return the notebook's markdown in parts, of the cells up to and with `until` where it is given."""
    own = [cell for cell in evidence.cells if cell.kind == "markdown" and not cell.is_document]
    cells = [cell for cell in own if until is None or cell.index <= until]
    return tuple(part for cell in cells for part in _parts(cell.source, "", cell.index))


def document_parts(evidence: Evidence, names: re.Pattern[str] | None = None) -> tuple[Part, ...]:
    """Return the documents beside the notebook in parts, those whose file names match where `names` is given."""
    return tuple(
        part
        for path, text, cell in documents(evidence)
        if names is None or names.search(path.rpartition("/")[2])
        for part in _parts(text, path, cell)
    )


def documents(evidence: Evidence) -> tuple[tuple[str, str, int | None], ...]:
    """Return (path, text, cell) of the documents handed in, which are cells too, and of those that the run wrote."""
    handed_in = [(cell.file, cell.source, cell.index) for cell in evidence.cells if cell.is_document]
    known = {path for path, _, _ in handed_in}
    products = [item for item in evidence.run_files.products if item.kind in {"document", "text"}]
    written = [(item.path, item.head, None) for item in products if item.path not in known]
    return (*handed_in, *written)


def under(parts: Iterable[Part], heading: re.Pattern[str]) -> tuple[Part, ...]:
    """Return the parts whose heading matches."""
    return tuple(part for part in parts if heading.search(part.heading))


def saying(parts: Iterable[Part], words: re.Pattern[str], fewest_words: int = 0) -> tuple[tuple[Part, str], ...]:
    """Return the sentences that match, each with its part; those with fewer words than asked say too little."""
    return tuple(
        (part, sentence)
        for part in parts
        for sentence in part.sentences
        if words.search(sentence) and count_words(sentence) >= fewest_words
    )


def cells_of(parts: Iterable[Part]) -> list[int]:
    """Return the notebook's cells that parts stand in."""
    return sorted({part.cell for part in parts if part.cell is not None})


@lru_cache(maxsize=512)
def _parts(text: str, source: str, cell: int | None) -> tuple[Part, ...]:
    marked = _UNDERLINED.sub(lambda match: f"# {match['words']}", text.replace("\r\n", "\n").replace(_CODE, ""))
    fences = [match[1] for match in _FENCE.finditer(marked)]
    plain = _FENCE.sub(lambda match: f"\n{_CODE}{fences.index(match[1])}\n", marked)
    found: list[Part] = []
    heading, start = "", 0
    places = [*_HEADING.finditer(plain), None]
    for match in places:
        body = plain[start : match.start() if match is not None else len(plain)]
        code = "\n".join(fences[int(place)] for place in re.findall(rf"{_CODE}(\d+)", body))
        body = re.sub(rf"{_CODE}\d+", "", body).strip()
        if body or code or heading:
            found.append(Part(source, cell, heading, body, code))
        if match is not None:
            heading, start = (match[1] or match[2] or "").strip("* "), match.end()
    return tuple(found)
