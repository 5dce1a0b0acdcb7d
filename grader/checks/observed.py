"""Was the run observed well enough to conclude that something did not happen?

A check that saw nothing asks here before it says `fail`. Absence is certain where the whole notebook ran under a
sound probe, and also where it did not but no cell of the notebook even asks for the thing.
"""

from __future__ import annotations

from collections.abc import Iterable

from grader.model import CellFacts, Evidence, ProseFacts

CUT_SHORT = frozenset({"timeout", "out_of_memory", "kernel_died", "output_flood", "disk_full", "too_many_processes"})
NOT_OURS_TO_JUDGE = frozenset({"not_run", "infrastructure_failure"})

FRAMEWORKS = {"torch": "torch", "jax": "jax", "flax": "jax", "mxnet": "mxnet", "paddle": "paddle"}
"""Libraries with training loops of their own: import name, and the name the probe reports when it hooks them."""

TRAINING_CALLS = ("fit", "fit_generator", "train_on_batch", "apply_gradients", "backward", "train_step", "minimize")
SCORING_CALLS = ("evaluate", "predict", "score", "accuracy_score", "cross_val_score", "evaluate_generator", "argmax")
PLOTTING_CALLS = ("plot", "lineplot", "subplots", "show", "figure", "plot_history")
MATRIX_CALLS = (
    "confusion_matrix",
    "from_predictions",
    "from_estimator",
    "ConfusionMatrixDisplay",
    "plot_confusion_matrix",
    "crosstab",
    "heatmap",
    "matshow",
    "imshow",
    "pcolormesh",
    "multilabel_confusion_matrix",
)

LOOP_ENDED = "BudgetSpent"
"""What ends a cell whose training loop a budget cut."""

READ_LANGUAGES = frozenset({"en", "es"})
"""Languages whose prose the reader understands well enough to say that something is missing."""
WORDS_TO_READ = 25
"""Fewer words than this say nothing in any language: then absence is certain whatever the language."""


def why_unseen(evidence: Evidence, calls: Iterable[str]) -> str | None:
    """Return why something not seen may have happened all the same; None where its absence is certain.

    `calls` are the last parts of the dotted names that could have made it happen (`fit`, `confusion_matrix`).
    """
    run = evidence.run
    if run.status in NOT_OURS_TO_JUDGE:
        return "the notebook was not run" + (f" ({run.message})" if run.message else "")
    names = frozenset(calls)
    asking = [cell for cell in evidence.cells if _asks(cell, names)]
    unwatched = sorted({name for name in _frameworks(evidence) if name not in run.watched})
    if unwatched:
        return f"training and scoring in {', '.join(unwatched)} was not watched"
    if not asking:
        return None
    undone = next((gap for gap in run.watch_gaps if gap.kind in {"silent", "unhooked"}), None)
    if undone is not None:
        return f"watching was switched off in cell {undone.cell + 1} ({undone.detail})"
    if run.channel_faults:
        return f"{run.channel_faults} lines of the record of the run were damaged"
    if run.probe_faults:
        return f"watching the run failed in places ({run.probe_faults[0]})"
    unfinished = [cell for cell in asking if cell.run_status != "ok" or cell.defines_functions]
    if run.status in CUT_SHORT and unfinished:
        return f"the run was cut short ({run.status.replace('_', ' ')})"
    ended = run.budget.caps and any(cell.exception == LOOP_ENDED for cell in unfinished)
    if ended or (run.failed_by == "budget" and unfinished):
        return "a cell failed after its training had been cut at the grader's own budget, and perhaps because of that"
    if run.needs and unfinished:
        return f"this machine lacks what the notebook needs ({', '.join(run.needs)})"
    return None


def holds_no_work(evidence: Evidence) -> bool:
    """Return whether this is surely a template nobody filled in: nothing in it trains or scores a model."""
    asked = (*TRAINING_CALLS, *SCORING_CALLS)
    seen = evidence.trainings or evidence.scorings or evidence.models
    asking = any(_asks(cell, frozenset(asked)) for cell in evidence.cells)
    return not seen and not asking and why_unseen(evidence, asked) is None


def why_unread(prose: ProseFacts) -> str | None:
    """Return why the prose may say something the reader did not find; None where it surely does not."""
    if prose.language in READ_LANGUAGES or prose.words < WORDS_TO_READ:
        return None
    return f"the text is in a language that can't be read reliably here ({prose.language})"


def run_is_complete(evidence: Evidence) -> bool:
    """Whether every cell was tried and nothing was lost on the way."""
    run = evidence.run
    lost = run.needs or run.probe_faults or run.channel_faults or run.failed_by == "budget"
    return run.status in {"ok", "error"} and not lost


def _asks(cell: CellFacts, names: frozenset[str]) -> bool:
    return cell.kind == "code" and any(call.rpartition(".")[2] in names for call in cell.calls)


def _frameworks(evidence: Evidence) -> set[str]:
    roots = {name.partition(".")[0] for name in evidence.code.imports}
    return {watched for imported, watched in FRAMEWORKS.items() if imported in roots}
