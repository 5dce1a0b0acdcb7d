"""Evidence without the assignment's own text: read again from its cells, whenever what is given has changed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from grader.evidence.reading import read_documents, read_prose
from grader.evidence.reading.comments import count_lines, read_comments
from grader.evidence.reading.given import Given
from grader.evidence.reading.source import read_source
from grader.model import Cell, CellFacts, Evidence, Submission


def without_given(evidence: Evidence, given: Given) -> Evidence:
    """Return evidence whose prose is the student's own; the same object where that was done before.

    What is shown of the cells stays; each says which part of it is its author's (`CellFacts.own`).
    """
    if evidence.given == given.digest or not evidence.cells:
        return evidence
    cells = tuple(_marked(cell, given) for cell in evidence.cells)
    read = tuple(cell if cell.own is None else replace(cell, source=cell.own) for cell in cells)
    return replace(
        evidence,
        cells=cells,
        prose=read_prose(_as_submission(evidence), read),
        documents=read_documents(read),
        given=given.digest,
        opinions=(),  # they are of the text as it was
    )


def _marked(cell: CellFacts, given: Given) -> CellFacts:
    own = given.own_code(cell.source) if cell.kind == "code" else given.own_markdown(cell.source)
    same = own.split() == cell.source.split()
    if cell.kind != "code":
        return replace(cell, own=None if same else own)
    source = read_source(cell.index, cell.source if same else own)
    lines = count_lines(source.text, source.tree, read_comments(source.text))
    return replace(cell, own=None if same else own, comment_lines=lines.comment)


def _as_submission(evidence: Evidence) -> Submission:
    cells = tuple(Cell(cell.index, cell.kind, cell.source, file=cell.file, line=cell.line) for cell in evidence.cells)
    return Submission(evidence.submission, Path(evidence.notebook), None, evidence.sha256, "", cells)
