"""All that a student wrote, as plain text in the notebook's order: for a reader that is no rule of ours."""

from __future__ import annotations

import ast
from dataclasses import replace

from grader.evidence.reading.cells import read_sources
from grader.evidence.reading.comments import read_comments, standing_strings
from grader.evidence.reading.markdown import ZERO_WIDTH, read_markdown
from grader.evidence.reading.source import Source
from grader.model.reading import CellFacts


def read_whole_text(cells: tuple[CellFacts, ...]) -> str:
    """Return what a reader sees of the markdown, and the comments and docstrings, a paragraph a block.

    Hidden text, code, comments that are code, and the assignment's own text are left out.
    """
    own = tuple(cell if cell.own is None else replace(cell, source=cell.own) for cell in cells)
    sources = {source.index: source for source in read_sources(own)}
    paragraphs: list[str] = []
    for cell in own:
        if cell.kind == "code":
            paragraphs += _spoken(sources[cell.index])
        else:
            paragraphs += [block.text for block in read_markdown(cell.source).blocks]
    clean = (ZERO_WIDTH.sub("", text).strip() for text in paragraphs)
    return "\n\n".join(text for text in clean if text)


def _spoken(source: Source) -> list[str]:
    texts = [item.text.strip() for item in read_comments(source.text) if not item.is_code]
    joined = ["\n".join(texts)] if texts else []
    standing = (node.value for node in standing_strings(source.tree)) if source.tree is not None else ()
    strings = (node.value for node in standing if isinstance(node, ast.Constant))
    return [*joined, *(value for value in strings if isinstance(value, str))]
