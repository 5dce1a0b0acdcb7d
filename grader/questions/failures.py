"""About what went wrong: a cell that failed, rows on both sides, a test set that was spent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from grader.checks.training import last_training
from grader.model import Evidence, Finding, Question
from grader.questions.wording import quoted

SPENT = {
    "split.held_out_test": "what a score of rows the model was trained on says, and a split made before anything else",
    "split.no_overlap": "that such rows are remembered, not predicted; where in the code they came to be on both sides",
    "split.no_near_duplicates": "that an altered copy of a training row is nearly known; to split before augmenting",
    "evaluation.not_on_training_data": "what a score of training rows says, and which rows would tell of new ones",
    "evaluation.test_used_once": "that rows one chose by give too good a score; validation rows for choosing",
    "split.no_group_leakage": "that rows of one person or place know each other; to split by group",
    "split.no_temporal_leakage": "that neighbouring windows share values; to cut the series in time first",
    "split.no_label_proxy": "that the column holds the answer, and whether it would be known for a new row",
    "evaluation.test_not_filtered": "that rows left out after the answers were known make any score good",
    "split.preprocessing_fitted_on_train": "what was learnt of the test rows, and that it is nearly harmless here",
}
"""Checks of a score that is worth less than it looks, the gravest first, and what a good answer mentions."""

ADVICE_WEIGHT = 62
"""What is only likely or nearly harmless is asked after what is certain."""


def about_failures(evidence: Evidence, findings: Sequence[Finding]) -> Iterator[Question]:
    """Yield a question on the cell that stopped, one on the gravest leak, and one on a training that learnt nothing."""
    yield from _failed_cell(evidence)
    failed = {item.check: item for item in findings if item.outcome == "fail"}
    leaks = [failed[name] for name in SPENT if name in failed]
    leak = next((item for item in leaks if item.moves_level), next(iter(leaks), None))
    if evidence.scoring(evidence.final_scoring) is None:
        yield from _never_scored(evidence)
    elif leak is not None:
        yield Question(
            "leak",
            f"{leak.summary} What does that do to your score, and what would you change in the notebook?",
            f"{SPENT[leak.check]}.",
            leak.cells,
            95 if leak.moves_level else ADVICE_WEIGHT,
        )
    learnt = failed.get("model.learns")
    if learnt is not None and learnt.moves_level:
        yield Question(
            "learns",
            f"{learnt.summary} How would you find out whether the data, the network or the training is to blame?",
            "one thing changed at a time; ten rows overfitted on purpose; scaled inputs, learning rate, loss.",
            learnt.cells,
            92,
        )


def _never_scored(evidence: Evidence) -> Iterator[Question]:
    training = last_training(evidence)
    if training is not None:
        yield Question(
            "leak",
            f"The model trained in cell {training.cell + 1} is never scored outside of training. How good is it on new "
            "rows, and which rows of your data could tell?",
            "rows held back before training, used once at the end; what the training score can't say.",
            (training.cell,),
            95,
        )


def _failed_cell(evidence: Evidence) -> Iterator[Question]:
    cell = next((item for item in evidence.cells if item.index == evidence.run.failed_cell), None)
    if cell is None or not cell.exception:
        return
    message = (cell.message.strip().splitlines() or [""])[0]
    error = f"{cell.exception}: {message}" if message else cell.exception
    yield Question(
        "failed_cell",
        f"Cell {cell.index + 1} stops with {quoted(error)} when the notebook is run from the top. What was it to show, "
        "and what does the message say in your own words?",
        "a name from a cell that is gone or was run in another order; restart and run all before handing in."
        if cell.exception == "NameError"
        else "what the line expected and what it was given, and how to look; restart and run all before handing in.",
        (cell.index,),
        80,
    )
