"""Missing values among a training's inputs: the likeliest cause where a network breaks, stands still or collapses."""

from __future__ import annotations

from grader.model import Evidence, TrainingRun

MISSING_FIX = "Fill in or leave out missing values before training: df.isna().sum() counts them."


def missing_values(evidence: Evidence, training: TrainingRun | None, *, watched: bool = False) -> str:
    """Return how many of the training inputs' values are missing, in words that follow a colon; empty where none are.

    With `watched` those of the validation inputs are told where the training inputs have none.
    """
    if training is None:
        return ""
    sides = [("training", training.train_rows), *([("validation", training.validation_rows)] if watched else [])]
    for whose, name in sides:
        rows = evidence.row_set(name)
        if rows is not None and rows.nans:
            values = "value" if rows.nans == 1 else "values"
            return f"{rows.nans:,} {values} of the {whose} inputs {'is' if rows.nans == 1 else 'are'} missing (NaN)"
    return ""
