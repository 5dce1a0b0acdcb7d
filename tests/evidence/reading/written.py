"""Submissions written in a line: strings are code, `md:` is markdown, `raw:` a raw cell, pairs carry an output."""

from __future__ import annotations

from pathlib import Path

from grader.evidence.reading import read_cells, read_code, read_prose
from grader.model import Cell, CellFacts, CodeFacts, NumberClaim, Passage, ProseFacts, SavedOutput, Submission

TRAINED = "model.fit(x_train, y_train)\nmodel.evaluate(x_test, y_test)"


def submission(*cells: str | tuple[str, str]) -> Submission:
    """A submission of these cells; a pair is (code, what its saved stream says)."""
    return Submission("ada", Path("ada.ipynb"), None, "0", "0", tuple(_cell(n, cell) for n, cell in enumerate(cells)))


def _cell(index: int, cell: str | tuple[str, str]) -> Cell:
    source, printed = cell if isinstance(cell, tuple) else (cell, "")
    outputs = (SavedOutput("stream", printed),) if printed else ()
    for mark, kind in (("md:", "markdown"), ("raw:", "raw")):
        if source.startswith(mark):
            return Cell(index, kind, source.removeprefix(mark).lstrip("\n"))
    return Cell(index, "code", source, None, outputs)


def cells_of(*cells: str | tuple[str, str]) -> tuple[CellFacts, ...]:
    return read_cells(submission(*cells), None)


def code_of(*cells: str | tuple[str, str]) -> CodeFacts:
    hand_in = submission(*cells)
    return read_code(hand_in, read_cells(hand_in, None))


def prose_of(*cells: str | tuple[str, str]) -> ProseFacts:
    hand_in = submission(*cells)
    return read_prose(hand_in, read_cells(hand_in, None))


def passages(topic: str, *cells: str | tuple[str, str]) -> list[Passage]:
    return [item for item in prose_of(*cells).passages if item.topic == topic]


def conclusion(topic: str, text: str) -> list[Passage]:
    """Passages of a topic in a conclusion that says `text`, after training and scoring."""
    return passages(topic, TRAINED, f"md:## Conclusion\n\n{text}")


def strengths(topic: str, text: str) -> set[str]:
    return {item.strength for item in conclusion(topic, text)}


def claims(text: str) -> list[tuple[str, float, str]]:
    """(metric, value, split) of the numbers one markdown paragraph states, without those that are counted."""
    return [(item.metric, item.value, item.split) for item in claims_in(f"md:{text}") if item.rows is None]


def counts(text: str) -> list[tuple[str, int, int | None]]:
    """(metric, rows that are meant, all rows) of the scores that one markdown paragraph gives by counting."""
    return [
        (item.metric, round(item.value * item.rows), item.rows)
        for item in claims_in(f"md:{text}")
        if item.rows is not None
    ]


def claims_in(*cells: str | tuple[str, str]) -> tuple[NumberClaim, ...]:
    return prose_of(*cells).claims
