"""The notebook that is executed: the submission's cells, without its outputs, and what came of them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import nbformat

from grader.durable import write_atomically
from grader.intake.read import read_output
from grader.model import Cell, SavedOutput, Submission

MAX_OUTPUTS = 200
"""Outputs of one cell that are kept for reading, as at intake."""


def new_notebook(submission: Submission) -> Any:
    """An nbformat 4.5 notebook of the submission's cells, all outputs empty."""
    notebook = nbformat.v4.new_notebook()
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
            "language_info": {"name": "python"},
        }
    )
    notebook.cells = [_new_cell(cell) for cell in submission.cells]
    return notebook


def _new_cell(cell: Cell) -> Any:
    make = {
        "code": nbformat.v4.new_code_cell,
        "markdown": nbformat.v4.new_markdown_cell,
        "raw": nbformat.v4.new_raw_cell,
    }[cell.kind]
    return make(cell.source, id=f"cell-{cell.index}")


def write_notebook(path: Path, notebook: Any) -> None:
    """Write the executed notebook; text that UTF-8 can't hold is escaped."""
    write_atomically(path, nbformat.writes(notebook, version=4).encode("utf-8", "backslashreplace"))


def merge_streams(outputs: Iterable[Any]) -> list[Any]:
    """Join what was printed in pieces, and keep of rewritten lines (progress bars) what a terminal would show.

    nbclient has this too, in time quadratic in the length of a line.
    """
    merged: list[Any] = []
    pieces: dict[int, list[str]] = {}
    for output in outputs:
        if output["output_type"] != "stream":
            merged.append(output)
        elif merged and merged[-1]["output_type"] == "stream" and merged[-1]["name"] == output["name"]:
            pieces[len(merged) - 1].append(output["text"])
        else:
            merged.append(output)
            pieces[len(merged) - 1] = [output["text"]]
    for position, texts in pieces.items():
        merged[position]["text"] = "\n".join(shown_line(line) for line in "".join(texts).split("\n"))
    return merged


def shown_line(line: str) -> str:
    """What is left of a line after its carriage returns and backspaces."""
    if "\r" in line:
        line = next((part for part in reversed(line.split("\r")) if part), "")
    if "\b" not in line:
        return line
    shown: list[str] = []
    for character in line:
        if character != "\b":
            shown.append(character)
        elif shown:
            shown.pop()
    return "".join(shown)


def read_outputs(outputs: Iterable[Any]) -> tuple[SavedOutput, ...]:
    """A cell's outputs as typed text, cut as intake cuts saved ones."""
    read = (read_output(output) for _, output in zip(range(MAX_OUTPUTS), outputs, strict=False))
    return tuple(output for output in read if output is not None)
