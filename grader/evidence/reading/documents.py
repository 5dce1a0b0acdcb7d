"""Documents beside the notebook: what each is, and what it says under which heading."""

from __future__ import annotations

import re

from grader.evidence.reading.markdown import Block, read_markdown
from grader.evidence.reading.sentences import count_words
from grader.model.project import DocumentFacts, DocumentKind, DocumentSection
from grader.model.reading import CellFacts

MAX_SECTIONS = 100
MAX_SECTION = 4_000
"""Characters kept of one section: a page."""

_KINDS: tuple[tuple[DocumentKind, re.Pattern[str]], ...] = (
    ("readme", re.compile(r"(?:^|/)readme\b[^/]*$|(?:^|/)l[eé]eme\b[^/]*$", re.IGNORECASE)),
    (
        "model_card",
        re.compile(
            r"model[\s_-]?card|ficha[\s_-]?(?:del?[\s_-]?)?modelo|tarjeta[\s_-]?\w*[\s_-]?modelo", re.IGNORECASE
        ),
    ),
    ("experiment_log", re.compile(r"experiment|\blog\b|_log\b|registro|bit[aá]cora", re.IGNORECASE)),
    (
        "data_note",
        re.compile(r"data[\s_-]?(?:set)?[\s_-]?(?:note|card|sheet|statement|audit)?\.|datasheet|datos", re.IGNORECASE),
    ),
)
"""Names of documents, surest first."""


def read_documents(cells: tuple[CellFacts, ...]) -> tuple[DocumentFacts, ...]:
    """Return the facts of the documents among the cells, in order."""
    return tuple(_read(cell) for cell in cells if cell.is_document)


def _read(cell: CellFacts) -> DocumentFacts:
    sections = _sections(read_markdown(cell.source).blocks)
    return DocumentFacts(
        path=cell.file,
        kind=next((kind for kind, pattern in _KINDS if pattern.search(cell.file)), "other"),
        cell=cell.index,
        words=sum(section.words for section in sections),
        sections=sections[:MAX_SECTIONS],
    )


def _sections(blocks: tuple[Block, ...]) -> tuple[DocumentSection, ...]:
    opened: list[tuple[Block, list[str]]] = [(Block("heading", ""), [])]
    for block in blocks:
        if block.kind == "heading":
            opened.append((block, []))
        else:
            opened[-1][1].append(block.text)
    return tuple(
        DocumentSection(head.text, head.level, text[:MAX_SECTION], count_words(text))
        for head, parts in opened
        if (text := "\n".join(parts)) or head.text
    )
