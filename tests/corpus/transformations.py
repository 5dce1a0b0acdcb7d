"""Other ways to write the same work. To add one: a function with `@transformation` (or `@rewritten` on drafts)."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from random import Random

import nbformat

from .catalogue import Idiom, Notebook, cells_of
from .draft import DataSet, Draft
from .faults import FAULTS, Change
from .faults.registry import anywhere
from .renaming import bound_names, renamed
from .splitting import in_pipelines
from .writing import Cell, as_notebook

Cells = tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Variant:
    """A notebook written in other ways, all at once; `of` is the name of the one it was made from."""

    name: str
    of: str
    ways: tuple[str, ...]
    data: DataSet
    text: str


@dataclass(frozen=True, slots=True)
class Writing:
    """How a notebook is written: what a transformation changes of it."""

    idiom: Idiom
    changes: tuple[Change, ...] = ()
    other_language: bool = False
    cells: tuple[Callable[[Cells], Cells], ...] = ()
    file: tuple[Callable[[nbformat.NotebookNode], None], ...] = ()

    def of(self, item: Notebook) -> nbformat.NotebookNode:
        """Write the notebook so."""
        draft = item.draft
        if self.changes or self.idiom != item.idiom:
            fault = (FAULTS[item.fault],) if item.fault else ()
            draft = self.idiom.draft(item.data, item.seed, *fault, *self.changes)
        cells = cells_of(draft, item.seed, other_language=self.other_language)
        for change in self.cells:
            cells = change(cells)
        node = as_notebook(cells)
        for alter in self.file:
            alter(node)
        return node


@dataclass(frozen=True, slots=True)
class Transformation:
    """`apply` changes how a notebook is written; None where that makes no sense for it."""

    name: str
    apply: Callable[[Notebook, Writing], Writing | None]
    says: str
    keeps_style: bool
    """Whether it leaves even what is judged by style (comments, structure) as it was."""


TRANSFORMATIONS: dict[str, Transformation] = {}
"""In the order in which they are applied."""


def variant(item: Notebook, name: str, ways: Iterable[str]) -> Variant:
    """Return a notebook written in those of several ways that make sense for it."""
    writing, taken = Writing(item.idiom), []
    node = writing.of(item)
    for way in (way for way in TRANSFORMATIONS if way in set(ways)):
        changed = TRANSFORMATIONS[way].apply(item, writing)
        if changed is not None and (altered := changed.of(item)) != node:
            writing, node = changed, altered
            taken.append(way)
    return Variant(f"{name}-{item.name}", item.name, tuple(taken), item.data, nbformat.writes(node))


def _register(
    name: str, apply: Callable[[Notebook, Writing], Writing | None], says: str | None, *, style: bool
) -> None:
    TRANSFORMATIONS[name] = Transformation(name, apply, (says or "").strip(), style)


def transformation(*, style: bool = False) -> Callable[[Callable[[Cells], Cells]], Callable[[Cells], Cells]]:
    """Register a transformation of cells."""

    def register(change: Callable[[Cells], Cells]) -> Callable[[Cells], Cells]:
        def apply(_item: Notebook, writing: Writing) -> Writing:
            return replace(writing, cells=(*writing.cells, change))

        _register(change.__name__, apply, change.__doc__, style=style)
        return change

    return register


def rewritten(fits: Callable[[Draft], bool] = anywhere) -> Callable[[Callable[[Draft, Random], Draft]], object]:
    """Register a transformation of drafts, made after the fault; named `early_...` or `late_...`."""

    def register(rewrite: Callable[[Draft, Random], Draft]) -> object:
        when, name = rewrite.__name__.split("_", 1)
        change = Change(name=name, when="early" if when == "early" else "late", rewrite=rewrite, fits=fits)

        def apply(item: Notebook, writing: Writing) -> Writing | None:
            return replace(writing, changes=(*writing.changes, change)) if fits(item.draft) else None

        _register(name, apply, rewrite.__doc__, style=False)
        return rewrite

    return register


def _code(cells: Cells) -> str:
    return "\n".join(cell.source for cell in cells if not cell.markdown)


# ---------------------------------------------------------------- names, cells, words
@transformation(style=True)
def names_without_meaning(cells: Cells) -> Cells:
    """Every variable, function and class is called v1, v2, ..."""
    names = {name: f"v{number}" for number, name in enumerate(sorted(bound_names(_code(cells))), 1)}
    return tuple(cell if cell.markdown else replace(cell, source=renamed(cell.source, names)) for cell in cells)


@transformation(style=True)
def names_that_lie(cells: Cells) -> Cells:
    """Test rows are called training rows, and the other way round."""
    swapped: dict[str, str] = {}
    pairs = (("X_train", "X_test"), ("y_train", "y_test"), ("train_ds", "test_ds"), ("train_x", "test_x"), ("x_tr", "x_te"),
             ("first_part", "held_back"), ("x_entrena", "x_prueba"), ("ds_tr", "ds_te"), ("training", "testing"),
             ("train_batches", "test_batches"), ("datos_entrena", "datos_prueba"))  # fmt: skip
    bound = bound_names(_code(cells))
    for left, right in pairs:
        if {left, right} <= bound:
            swapped |= {left: right, right: left}
    return tuple(cell if cell.markdown else replace(cell, source=renamed(cell.source, swapped)) for cell in cells)


@transformation()
def one_cell(cells: Cells) -> Cells:
    """All code in a single cell."""
    words = [cell for cell in cells if cell.markdown]
    code = "\n\n".join(cell.source for cell in cells if not cell.markdown)
    return (*words[:1], Cell(code), *words[-1:])


@transformation()
def a_cell_a_statement(cells: Cells) -> Cells:
    """Each statement in a cell of its own, figures apart: a figure is shown at the end of the cell that makes it."""
    found: list[Cell] = []
    for cell in cells:
        lines = cell.source.splitlines()
        nodes = [] if cell.markdown or "plt." in cell.source else ast.parse(cell.source).body
        if not nodes:
            found.append(cell)
        starts = [0, *(node.lineno - 1 - len(getattr(node, "decorator_list", ())) for node in nodes[1:])]
        ends = [*starts[1:], len(lines)]
        found += [
            Cell("\n".join(lines[a:b]).strip("\n"), part=cell.part) for a, b in zip(starts, ends, strict=True) if nodes
        ]
    return tuple(found)


@transformation()
def without_words(cells: Cells) -> Cells:
    """No comment, and no heading between the first words and the last."""
    code = [
        Cell(re.sub(r"(?m)^\s*#.*\n", "", f"{cell.source}\n").strip("\n"), part=cell.part)
        for cell in cells
        if not cell.markdown
    ]
    words = [cell for cell in cells if cell.markdown]
    return (*words[:1], *code, *words[-1:])


@transformation()
def formatted_anew(cells: Cells) -> Cells:
    """Other quotes, brackets and line breaks: as the syntax tree is written out."""
    return tuple(cell if cell.markdown else replace(cell, source=ast.unparse(ast.parse(cell.source))) for cell in cells)


@transformation()
def imports_where_used(cells: Cells) -> Cells:
    """Each import moves to the first cell that uses it."""
    head = next(cell for cell in cells if cell.part == "imports")
    body = ast.parse(head.source).body
    imports = [node for node in body if isinstance(node, ast.Import | ast.ImportFrom)]
    rest = Cell("\n".join(ast.unparse(node) for node in body if node not in imports), part="load")
    found, waiting = [], list(imports)
    for cell in (rest if cell is head else cell for cell in cells):
        used = [] if cell.markdown else [node for node in waiting if _uses(cell.source, node)]
        waiting = [node for node in waiting if node not in used]
        lines = [*(ast.unparse(node) for node in used), cell.source]
        found.append(replace(cell, source="\n".join(line for line in lines if line)))
    return tuple(cell for cell in found if cell.source)


def _uses(source: str, node: ast.Import | ast.ImportFrom) -> bool:
    names = {alias.asname or alias.name for alias in node.names}
    return any(isinstance(item, ast.Name) and item.id in names for item in ast.walk(ast.parse(source)))


@transformation(style=True)
def other_aliases(cells: Cells) -> Cells:
    """Libraries go by other names: `numpy as xp`, `layers as L`."""
    names = {"np": "xp", "tf": "flow", "plt": "plot", "pd": "frames_of", "sns": "sea", "layers": "L"}
    given = (
        replace(cell, source=cell.source.replace("from keras import layers", "from keras import layers as layers"))
        for cell in cells
    )
    again = [cell if cell.markdown else replace(cell, source=renamed(cell.source, names)) for cell in given]
    return tuple(replace(cell, source=cell.source.replace("import L as L", "import layers as L")) for cell in again)


@transformation()
def with_magics(cells: Cells) -> Cells:
    """Magics and shell lines of Jupyter: `%matplotlib inline`, `%%time`, `!pip install`."""
    first = Cell("%matplotlib inline\n!pip install -q numpy")
    timed = (replace(cell, source=f"%%time\n{cell.source}") if cell.part == "score" else cell for cell in cells)
    return (*cells[:1], first, *tuple(timed)[1:])


# ---------------------------------------------------------------- the same steps, other interfaces
@rewritten()
def late_in_functions(draft: Draft, rng: Random) -> Draft:
    """Plots and figures per class are drawn by functions."""

    def wrapped(code: str, name: str) -> str:
        body = "".join(f"    {line}\n" if line else "\n" for line in code.strip("\n").splitlines())
        return f"def {name}():\n{body}\n{name}()" if code.strip() else ""

    names = {"explore": "look", "curves": "draw_curves", "errors": "report"}
    return draft.but(**{part: wrapped(getattr(draft, part), name) for part, name in names.items()})


@rewritten(fits=lambda draft: not draft.number)
def late_another_matrix(draft: Draft, rng: Random) -> Draft:
    """The matrix is drawn with matplotlib where it was seaborn or printed, with seaborn where it was matplotlib."""
    lines = draft.matrix.splitlines()
    start = next((place for place, line in enumerate(lines) if re.search("onfusion|crosstab", line)), 0)
    answers, shown = "\n".join(lines[:start]), "\n".join(lines[start:])
    if not answers or "counts =" in draft.matrix or "permutation" in draft.matrix:
        return draft
    labels = "y_train" if "y_train" in shown else draft.feed.test_labels
    seaborn = 'sns.heatmap(counts, annot=True, fmt="d")\nplt.xlabel("predicted")\nplt.ylabel("true")\nplt.show()'
    plain = (
        "plt.imshow(counts)\nfor (r, c), count in np.ndenumerate(counts):\n    plt.text(c, r, str(count))\nplt.show()"
    )
    code = plain if "sns" in shown else seaborn
    imports = (*draft.imports, "import seaborn as sns", "from sklearn.metrics import confusion_matrix")
    return draft.but(matrix=f"{answers}\ncounts = confusion_matrix({labels}, predicted)\n{code}", imports=imports)


@rewritten(fits=lambda draft: {"arrays", "array parts"} <= draft.marks and "torch" not in draft.marks)
def early_arrays_as_pipelines(draft: Draft, rng: Random) -> Draft:
    """Arrays are fed through `tf.data`."""
    if not draft.feed.watched or draft.feed.test != "X_test, y_test" or draft.feed.watched != "X_val, y_val":
        return draft
    return in_pipelines(draft, rng)


def _another_interface(item: Notebook, writing: Writing) -> Writing | None:
    """The functional API where it was Sequential, and the other way round."""
    other = {"sequential": "functional", "functional": "sequential"}.get(item.idiom.modelling)
    return replace(writing, idiom=replace(item.idiom, modelling=other)) if other else None


def _in_spanish(_item: Notebook, writing: Writing) -> Writing:
    """Comments, headings and text in Spanish; in English where they were Spanish."""
    return replace(writing, other_language=True)


def _from_colab(_item: Notebook, writing: Writing) -> Writing:
    """Saved by Colab: its metadata, execution counts out of order, no ids."""
    return replace(writing, file=(*writing.file, _as_colab_saves))


def _as_colab_saves(notebook: nbformat.NotebookNode) -> None:
    notebook.metadata.update({"colab": {"provenance": []}, "accelerator": "GPU", "language_info": {"name": "python"}})
    notebook.nbformat_minor = 0
    for number, cell in enumerate(notebook.cells):
        cell.pop("id")
        cell.metadata["id"] = f"aB{number}"
        if cell.cell_type == "code":
            cell["execution_count"] = 40 + number


_register("another_interface", _another_interface, _another_interface.__doc__, style=False)
_register("another_language", _in_spanish, _in_spanish.__doc__, style=True)
_register("from_colab", _from_colab, _from_colab.__doc__, style=False)
