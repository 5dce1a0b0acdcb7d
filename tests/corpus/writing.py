"""From a draft to a notebook: own names, cell layout, headings, comments and words, all from one seed."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import nbformat

from .draft import Draft
from .renaming import bound_names, renamed
from .words import COMMENTS, HEADINGS, INTRODUCTIONS, NAMES, closing_words

IMPORTS = ("import numpy as np", "import tensorflow as tf", "import keras", "from keras import layers")
PARTS = (
    "imports",
    "load",
    "explore",
    "before_split",
    "split",
    "prepare",
    "before_training",
    "model",
    "train",
    "after_training",
    "curves",
    "score",
    "matrix",
    "errors",
)
"""The order of a notebook."""

OF_CLASSES = frozenset({"matrix", "errors"})
"""Parts whose words are of classes."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: code, or markdown. `part` says what of the draft it holds."""

    source: str
    markdown: bool = False
    part: str = ""
    saved: str = ""
    """What it printed when the notebook was saved, where it was saved with that."""


def written(draft: Draft, rng: Random, *, other_language: bool = False) -> tuple[Cell, ...]:
    """Return the notebook's cells; in the other of both languages where asked for."""
    language = rng.choice(("en", "en", "es"))
    if other_language:
        language = "es" if language == "en" else "en"
    cells = [
        Cell(
            rng.choice(INTRODUCTIONS[language])["number" if draft.number else draft.data.kind],
            markdown=True,
            part="introduction",
        )
    ]
    sources = {part: _code(draft, part) for part in PARTS}
    names = _own_names("\n".join(sources.values()), rng)
    headings = rng.random() < 0.7
    for part in PARTS:
        source = renamed(sources[part], names).strip("\n") if sources[part].strip() else ""
        if not source:
            continue
        told = not (draft.number and part in OF_CLASSES)
        if headings and told and part in HEADINGS[language]:
            cells.append(Cell(f"## {rng.choice(HEADINGS[language][part])}", markdown=True, part=part))
        comment = (
            rng.choice(COMMENTS[language][part]) if told and part in COMMENTS[language] and rng.random() < 0.8 else ""
        )
        saved = draft.saved_score if part == "score" else ""
        cells.append(Cell(f"# {comment}\n{source}" if comment else source, part=part, saved=saved))
    cells.append(
        Cell(draft.closing or closing_words(language, rng, of_classes=not draft.number), markdown=True, part="closing")
    )
    return _laid_out(cells, rng)


def as_notebook(cells: tuple[Cell, ...]) -> nbformat.NotebookNode:
    """Return the notebook as nbformat has it, its cells' ids counted so that equal cells give equal files."""
    notebook = nbformat.v4.new_notebook()
    for number, cell in enumerate(cells):
        make = nbformat.v4.new_markdown_cell if cell.markdown else nbformat.v4.new_code_cell
        notebook.cells.append(make(cell.source, id=f"cell-{number}"))
        if cell.saved:
            notebook.cells[-1].outputs = [nbformat.v4.new_output("stream", name="stdout", text=cell.saved)]
            notebook.cells[-1].execution_count = number
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return notebook


def _code(draft: Draft, part: str) -> str:
    if part != "imports":
        return str(getattr(draft, part))
    own = [line for line in draft.imports if line and line not in IMPORTS]
    libraries, seed = IMPORTS[1:], "keras.utils.set_random_seed(7)"
    if "torch" in draft.marks:
        uses = "\n".join(str(getattr(draft, part)) for part in PARTS[1:])
        libraries, seed = (("import keras",) if "keras." in uses else ()), "np.random.seed(7)\ntorch.manual_seed(7)"
    lines = [*IMPORTS[:1], "import matplotlib.pyplot as plt", *dict.fromkeys(own), *libraries]
    return "\n".join(lines) + ("" if "unseeded" in draft.marks else f"\n\n{seed}")


def _own_names(source: str, rng: Random) -> dict[str, str]:
    """Choose a name for each name the code binds; half of the notebooks keep the usual ones."""
    if rng.random() < 0.3:
        return {}
    style = rng.randrange(len(next(iter(NAMES.values()))))
    bound = bound_names(source)
    chosen = {name: options[style] for name, options in NAMES.items() if name in bound}
    taken = bound - set(chosen)
    return {name: new for name, new in chosen.items() if new not in taken}


def _laid_out(cells: list[Cell], rng: Random) -> tuple[Cell, ...]:
    """Some notebooks have one cell a step, some long cells of several."""
    if rng.random() < 0.5:
        return tuple(cells)
    merged: list[Cell] = []
    for cell in cells:
        before = merged[-1] if merged else None
        if before is not None and not before.markdown and not cell.markdown and rng.random() < 0.5:
            merged[-1] = Cell(f"{before.source}\n\n{cell.source}", part=before.part, saved=before.saved + cell.saved)
        else:
            merged.append(cell)
    return tuple(merged)
