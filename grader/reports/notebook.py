"""The notebook at the end of a report: every cell with its outputs, and what the findings rest on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup, escape

from grader.model import CellFacts, Evidence, SavedOutput
from grader.reports.criteria import FindingView
from grader.reports.markup import highlighted, rendered_markdown
from grader.reports.numbers import cell_number, duration
from grader.reports.pictures import NotebookPicture, notebook_pictures
from grader.reports.text import LONGEST_OUTPUT, LONGEST_SOURCE, phrase, shorten, terminal_text, visible

MOST_CELLS = 400
"""Cells shown: three times the largest of 227 public student notebooks."""

MOST_SHOWN = 1_000_000
"""Characters of all cells together: five long novels. Setting them costs up to ten seconds where they are made to."""

_FIGURE = re.compile(r"<Figure size [\d.]+x[\d.]+ with \d+ Axes>")
_RUN_WORDS = {"ok": "ran", "error": "failed", "interrupted": "was cut short", "not_run": "was not run"}


@dataclass(frozen=True, slots=True)
class CellView:
    """One cell as shown: `source` is highlighted code or rendered markdown; outputs are escaped."""

    number: int
    kind: str
    prompt: str
    source: Markup
    run: str
    failed: bool
    failure: str
    saved: Markup
    rerun: Markup
    same_output: bool
    drawn: int
    pictures: tuple[NotebookPicture, ...]
    notes: tuple[FindingView, ...]
    """What rests on it and is not simply met."""
    met: tuple[FindingView, ...]
    place: str = ""
    """The file, and the line of it, where the cell is no notebook's."""


def cell_views(evidence: Evidence, findings: Sequence[FindingView], executed: bytes) -> tuple[CellView, ...]:
    """Return the notebook's cells in order, each with the findings that rest on it and the pictures it drew."""
    pictures = notebook_pictures(executed, evidence)
    views: list[CellView] = []
    room = MOST_SHOWN
    for cell in evidence.cells[:MOST_CELLS]:
        room -= min(len(cell.source), LONGEST_SOURCE)
        shown = cell if room >= 0 else replace(cell, source="[... left out: the notebook is too long to show ...]")
        views.append(_cell_view(shown, findings, pictures.get(cell.index, ())))
    return tuple(views)


def _cell_view(cell: CellFacts, findings: Sequence[FindingView], pictures: tuple[NotebookPicture, ...]) -> CellView:
    saved = _text_of(cell.saved)
    rerun = saved if cell.rerun == cell.saved else _text_of(cell.rerun)
    is_code = cell.kind == "code"
    failed = is_code and cell.run_status in {"error", "interrupted"}
    number = cell_number(cell.index)
    here = [item for item in findings if number in item.cells and item.outcome != "not_applicable"]
    return CellView(
        number=number,
        kind={"code": "code", "markdown": "text", "raw": "raw"}[cell.kind],
        prompt=f"In [{'' if cell.execution_count is None else cell.execution_count}]" if is_code else "",
        source=rendered_markdown(cell.source) if cell.kind == "markdown" else highlighted(cell.source),
        run=_run_words(cell) if is_code else "",
        place=_place(cell),
        failed=failed,
        failure=phrase(": ".join(part for part in (cell.exception, terminal_text(cell.message)) if part))
        if failed
        else "",
        saved=saved,
        rerun=rerun,
        same_output=bool(saved) and saved == rerun,
        drawn=sum(output.image_png for output in (cell.rerun or cell.saved)),
        pictures=pictures,
        notes=tuple(item for item in here if item.style != "pass"),
        met=tuple(item for item in here if item.style == "pass"),
    )


def _place(cell: CellFacts) -> str:
    return f"{cell.file}, line {cell.line}" if cell.line > 1 else cell.file


def _run_words(cell: CellFacts) -> str:
    if cell.file and cell.run_status == "not_run":
        return ""  # a module, which runs where it is imported; of a script that was cut short another cell says so
    words = _RUN_WORDS[cell.run_status]
    return f"{words}, {duration(cell.seconds)}" if cell.run_status != "not_run" else words


def _text_of(outputs: Sequence[SavedOutput]) -> Markup:
    """Return what the outputs say, as a terminal would show it: escapes carried out, long ones cut, nothing hidden.

    The words that stand for a picture (`<Figure size 640x480 with 1 Axes>`) say nothing beside it.
    """
    texts = (
        terminal_text(output.text).strip("\n")
        for output in outputs
        if output.text and not (output.image_png and _FIGURE.fullmatch(output.text.strip()))
    )
    return escape(visible(shorten("\n".join(texts), LONGEST_OUTPUT)))
