"""Checks of the task and the data: stated, looked at, labels in step."""

from __future__ import annotations

from grader.checks.observed import why_unread, why_unseen
from grader.checks.printed_rows import prints_rows
from grader.checks.registry import Limits, Threshold, check
from grader.checks.results import is_regression, shown_output
from grader.checks.verdicts import Verdict, advised, failed, not_applicable, passed, unknown
from grader.model import CellFacts, Evidence

SHOWS_ROWS = ("head", "sample", "tail", "describe", "display", "info")
SHOWS_PICTURES = ("imshow", "matshow", "specshow", "specgram", "pcolormesh", "Audio", "show_batch")
ONLY_PICTURES = tuple(name for name in SHOWS_PICTURES if name not in {"matshow", "pcolormesh"})
COUNTS_CLASSES = ("value_counts", "countplot", "bincount", "unique", "Counter", "size", "histogram", "hist")


@check(
    "task.stated",
    title="Task stated",
    help="Prose before the first training says what goes in and what is predicted; a title alone does not.",
)
def task_stated(evidence: Evidence, _limits: Limits) -> Verdict:
    """A sentence early on says what is predicted from what."""
    said = [item for item in evidence.prose.passages if item.topic == "task"]
    documents = {cell.index for cell in evidence.cells if cell.is_document}  # read before anything is run
    early = [item for item in said if item.cell in documents or item.cell <= first_training_cell(evidence)]
    if early:
        return passed(f"The task is stated: “{early[0].quote}”", origin="static", cells=[early[0].cell])
    if reason := why_unread(evidence.prose):
        return unknown(f"Whether the task is stated can't be told: {reason}.", origin="static")
    late = " before training" if said else ""
    return failed(
        f"No sentence says what goes in and what is predicted{late}.",
        fix="Begin with a sentence such as: from a 28x28 picture of a garment, predict which of 10 kinds it is.",
        origin="static",
        cells=[item.cell for item in said],
    )


@check(
    "data.examples_shown",
    title="Examples shown",
    help="A few inputs (images, rows, spectrograms) are displayed before training.",
)
def examples_shown(evidence: Evidence, _limits: Limits) -> Verdict:
    """Some inputs can be seen before the first training."""
    first = first_training_cell(evidence)
    pictures = [
        item.cell
        for item in evidence.drawings
        if (item.cell <= first and item.shows_rows is not None)
        or (item.cell < first and item.kind == "image" and not item.texts)
    ]
    if pictures:
        return passed("Examples of the inputs are shown.", cells=pictures)
    early = [cell for cell in evidence.cells if cell.kind == "code" and cell.index <= first]
    asked = [cell.index for cell in early if _may_show_examples(evidence, cell, first)]
    seen = [index for index in asked if shown_output(evidence, index)]
    if seen:
        return passed("Examples of the inputs are shown.", origin="static", cells=seen)
    if reason := why_unseen(evidence, (*SHOWS_ROWS, *SHOWS_PICTURES)):
        return unknown(f"Whether examples are shown could not be seen: {reason}.")
    return failed(
        "No examples of the inputs are shown before training.",
        fix="Show a few: plt.imshow of some pictures with their labels, or df.head().",
    )


@check(
    "data.class_balance_shown",
    title="Class balance shown",
    help="Counts per class are shown: printed, plotted, value_counts, np.unique, bincount.",
)
def class_balance_shown(evidence: Evidence, _limits: Limits) -> Verdict:
    """How many rows each class has can be read."""
    if is_regression(evidence):
        return not_applicable("A number is predicted, so there are no classes to count.")
    counts = {item.labels.counts for item in evidence.row_sets if item.labels is not None and item.labels.counts}
    plotted = [item.cell for item in evidence.drawings if _shows_counts(item.y, counts)]
    if plotted:
        return passed("The counts per class are plotted.", cells=plotted)
    counting = (*COUNTS_CLASSES, *_functions_calling(evidence, COUNTS_CLASSES))
    asked = [cell.index for cell in evidence.cells if _calls(cell, counting)]
    seen = [index for index in asked if shown_output(evidence, index)]
    if seen:
        return passed("The counts per class are shown.", origin="static", cells=seen)
    if reason := why_unseen(evidence, COUNTS_CLASSES):
        return unknown(f"Whether the class counts are shown could not be seen: {reason}.")
    return failed(
        "The number of rows per class is not shown.",
        fix="print(np.unique(y_train, return_counts=True)), or y.value_counts().plot.bar().",
    )


@check(
    "data.labels_aligned",
    title="Labels in step with the rows",
    help="Rows and labels were permuted together: training rows carry the labels they were loaded with.",
    thresholds=(Threshold("agreement", 0.95, "equal rows with different labels and noisy data explain a few percent"),),
)
def labels_aligned(evidence: Evidence, limits: Limits) -> Verdict:
    """Training rows have the labels they came with."""
    share = evidence.label_agreement
    if share is None:
        return unknown("Where the rows got their labels was not seen.")
    cells = [item.cell for item in evidence.trainings]
    if share >= limits["agreement"]:
        return passed(
            "The training rows carry the labels they were loaded with.", cells=cells, measured={"agreement": share}
        )
    return advised(
        f"Rows and labels got out of step: {share:.1%} of the training rows carry the label they were loaded with.",
        fix="Shuffle rows and labels with one permutation: order = rng.permutation(len(x)); x, y = x[order], y[order].",
        cells=cells,
        measured={"agreement": share},
        review="rows and labels seem to have been permuted separately",
    )


def first_training_cell(evidence: Evidence) -> int:
    """Return the cell of the first training, as it was watched, else as it is written; the last one without any."""
    last = max((cell.index for cell in evidence.cells), default=0)
    calls = ("fit", "fit_generator", "compile")
    static = [cell.index for cell in evidence.cells if _calls(cell, calls) and "scaler" not in cell.source.lower()]
    return min([item.cell for item in evidence.trainings] or static or [last])


def _calls(cell: CellFacts, names: tuple[str, ...]) -> bool:
    return any(call.rpartition(".")[2] in names for call in cell.calls)


def _functions_calling(evidence: Evidence, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the notebook's own functions that call one of these."""
    own = [item for cell in evidence.cells for item in cell.functions]
    return tuple(item.name for item in own if any(call.rpartition(".")[2] in names for call in item.calls))


def _may_show_examples(evidence: Evidence, cell: CellFacts, first: int) -> bool:
    """Whether a cell calls for rows or pictures, or printed some; in the cell that trains a matrix may be drawn too."""
    if _calls(cell, SHOWS_ROWS) or _ends_with_table(cell) or prints_rows(evidence, cell):
        return True
    return _calls(cell, SHOWS_PICTURES if cell.index < first else ONLY_PICTURES)


def _ends_with_table(cell: CellFacts) -> bool:
    return any("<table" in output.html for output in (*cell.rerun, *cell.saved))


def _shows_counts(drawn: tuple[float, ...], counts: set[tuple[int, ...]]) -> bool:
    """Whether the heights drawn are some row set's counts per class, in any order."""
    heights = sorted(drawn)
    return len(heights) >= 2 and any(heights == sorted(map(float, item)) for item in counts)
