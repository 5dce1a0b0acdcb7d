"""Which score is the student's result, and what each source says it is.

Shared by the checks of evaluation, prose and code: they all speak of the same number.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from grader.checks.statistics import rounding, standard_error
from grader.model import Evidence, LabelFacts, ModelFacts, NumberClaim, Origin, Role, RowSet, Scoring, Verified

ACCURACY_NAMES = frozenset({"accuracy", "acc", "compile_metrics"})
ERROR_NAMES = {
    "mae": "mae",
    "mean_absolute_error": "mae",
    "mse": "mse",
    "mean_squared_error": "mse",
    "rmse": "rmse",
    "root_mean_squared_error": "rmse",
    "r2": "r2",
    "r2_score": "r2",
}
REGRESSION_METRICS = ("mae", "rmse", "mse", "r2")
SCORE_METRICS = frozenset({"accuracy", "error", "loss", "f1", "precision", "recall", *REGRESSION_METRICS})

SAME_RUN_SLACK = 0.001
"""Share by which two computations of one score from one set of weights may differ: batching and float32."""

UNSIZED_SLACK = 0.03
"""The same for two trainings where the number of rows isn't known: what a few hundred rows would give."""


@dataclass(frozen=True, slots=True)
class StudentResult:
    """The scoring that counts, the rows it used, and what was recomputed of it."""

    scoring: Scoring
    rows: RowSet | None
    verified: Verified | None
    role: Role
    metric: str
    """`accuracy`, or for regression one of `mae`, `rmse`, `mse`, `r2`."""

    @property
    def origin(self) -> Origin:
        """The best evidence there is of the score."""
        return "verified" if self.verified is not None and self.verified.origin == "verified" else "kernel"

    @property
    def recomputed(self) -> float | None:
        """The score recomputed outside the student's process."""
        return figure(self.verified, self.metric) if self.origin == "verified" else None

    @property
    def claimed(self) -> float | None:
        """The score as the run itself gave it."""
        claimed = claimed_value(self.scoring, self.metric)
        return claimed if claimed is not None else figure(self.verified, self.metric)

    @property
    def value(self) -> float | None:
        """The best known score."""
        return self.recomputed if self.recomputed is not None else self.claimed

    @property
    def size(self) -> int:
        """How many rows the score is of, 0 where unknown."""
        if self.verified is not None and self.verified.rows_used:
            return self.verified.rows_used
        return self.rows.rows if self.rows else 0


def is_regression(evidence: Evidence) -> bool:
    """Whether the task is to predict a number."""
    return evidence.task == "regression"


def final_result(evidence: Evidence) -> StudentResult | None:
    """Return the student's result, None where no model was scored outside of fit."""
    scoring = evidence.scoring(evidence.final_scoring)
    return None if scoring is None else result_of(evidence, scoring)


def result_of(evidence: Evidence, scoring: Scoring) -> StudentResult:
    """Return what is known of one scoring. A scoring without figures borrows those of its twin (same weights, rows)."""
    rows = evidence.row_set(scoring.rows)
    verified = evidence.verification(scoring.id)
    if verified is None:
        verified = next(filter(None, (evidence.verification(twin.id) for twin in twins(evidence, scoring))), None)
    role = rows.role if rows is not None and scoring.role == "other" else scoring.role
    return StudentResult(scoring, rows, verified, role, _metric(evidence, scoring, verified))


def twins(evidence: Evidence, scoring: Scoring) -> tuple[Scoring, ...]:
    """Return the other scorings of the same frozen weights on the same rows."""
    return tuple(
        item
        for item in evidence.scorings
        if item.id != scoring.id and scoring.rows and item.rows == scoring.rows and item.weights == scoring.weights
    )


def figure(verified: Verified | None, metric: str) -> float | None:
    """Return one figure of a recomputation by its metric's name."""
    if verified is None:
        return None
    if metric == "mse":
        return None if verified.rmse is None else verified.rmse * verified.rmse
    values = {"accuracy": verified.accuracy, "mae": verified.mae, "rmse": verified.rmse, "r2": verified.r2}
    return values.get(metric)


def claimed_value(scoring: Scoring, metric: str) -> float | None:
    """Return the figure a scoring itself gave for `metric`, None where it gave none."""
    for name, value in scoring.claimed:
        if metric_name(name) == metric:
            return value
    return None


def metric_name(name: str) -> str:
    """Return the policy's name of a Keras or scikit-learn metric (`sparse_categorical_accuracy` -> `accuracy`)."""
    plain = name.lower().removeprefix("val_").removeprefix("test_")
    if plain in ACCURACY_NAMES or (plain.endswith("accuracy") and not plain.startswith(("top_k", "balanced"))):
        return "accuracy"
    return ERROR_NAMES.get(plain, plain)


def series_of(names: Iterable[str], metric: str, *, validation: bool) -> str | None:
    """Return the history key that holds `metric` of the training rows or of the validation rows."""
    return next((name for name in names if name.startswith("val_") == validation and metric_name(name) == metric), None)


def metric_unit(metric: str, value: float) -> str:
    """Return a score as a student reads it: accuracy in percent, errors with four significant digits."""
    return f"{value:.2%}" if metric == "accuracy" else f"{value:.4g} ({metric.upper()})"


def counted(number: int, otherwise: str) -> str:
    """Return a number of rows as a reader writes it (`10,000`), other words where it isn't known."""
    return f"{number:,}" if number else otherwise


def claim_value(claim: NumberClaim, metric: str) -> float | None:
    """Return a claim's number as `metric`, None where it speaks of something else."""
    if claim.metric == metric:
        return claim.value
    if metric == "accuracy" and claim.metric == "error":
        return 1 - claim.value
    return None


def agreement(value: float, metric: str, rows: int, digits: int, deviations: float) -> float:
    """Return how far two honest numbers for one score may lie apart.

    Args:
        value: the measured score.
        metric: accuracy has a binomial standard error; errors of regression get a share of themselves.
        rows: how many rows it was measured on.
        digits: decimals the other number was stated with.
        deviations: how many standard errors are allowed.
    """
    scale = 1.0 if metric == "accuracy" else abs(value)
    if rows <= 0:
        return rounding(digits) + scale * (UNSIZED_SLACK if deviations else SAME_RUN_SLACK)
    spread = standard_error(value, rows) if metric == "accuracy" else 1 / math.sqrt(rows)
    return rounding(digits) + scale * max(SAME_RUN_SLACK, deviations * spread)


def seed_spread(evidence: Evidence, metric: str) -> float:
    """Return the standard deviation of a score over trainings that differ in chance alone; 0 where it is not known.

    Known from references trained with several seeds, and from a third run of the notebook itself.
    """
    known = [item.spread for item in evidence.references if item.metric == metric and item.seeds > 1]
    result, repeat = final_result(evidence), evidence.repeat
    again = repeat.value if repeat is not None and (repeat.metric, repeat.origin) == (metric, "verified") else None
    if result is not None and result.value is not None and again is not None:
        known.append(abs(result.value - again) / math.sqrt(2))
    return max(known, default=0.0)


def same_run(result: StudentResult, claimed: float) -> bool:
    """Whether a figure of the run itself agrees with the recomputed one, up to float32, or sampling where rows were
    capped. True where nothing was recomputed.
    """
    verified, true = result.verified, result.recomputed
    if verified is None or true is None:
        return True
    others = [true, *(value for _, value in verified.alternatives)]
    capped = verified.rows_used < verified.rows_total
    slack = agreement(true, result.metric, verified.rows_used, 4, 3) if capped else SAME_RUN_SLACK * max(1.0, abs(true))
    return any(abs(claimed - other) <= slack for other in others)


def model_of(evidence: Evidence) -> ModelFacts | None:
    """Return the model that counts: the final one, else the last one known."""
    final = evidence.model(evidence.final_model)
    return final if final is not None else (evidence.models[-1] if evidence.models else None)


def labels_of(evidence: Evidence) -> LabelFacts | None:
    """Return the labels the final model was trained on, in the form fit was given; else those it was scored on."""
    model = model_of(evidence)
    trainings = [item for item in evidence.trainings if model is None or item.model == model.id]
    scored = [item.rows for item in evidence.scorings if model is None or item.model == model.id]
    sets = (evidence.row_set(rows) for rows in [*(item.train_rows for item in reversed(trainings)), *reversed(scored)])
    found = next((item.labels for item in sets if item is not None and item.labels is not None), None)
    given = next((item.labels for item in reversed(trainings) if item.labels is not None), None)
    if found is None or given is None:
        return found or given
    return replace(found, form=given.form, low=given.low, high=given.high)


def class_count(evidence: Evidence) -> int | None:
    """Return how many classes the labels hold, None where that isn't known or the task is regression."""
    if is_regression(evidence):
        return None
    recomputed = max((len(item.matrix) for item in evidence.verified), default=0)
    labels = labels_of(evidence)
    counted = len(labels.classes) if labels is not None else 0
    return max(recomputed, counted) or None


def shown_output(evidence: Evidence, cell_index: int) -> bool:
    """Whether a cell shows anything, in our run or as saved."""
    cell = next((item for item in evidence.cells if item.index == cell_index), None)
    return cell is not None and any(
        output.kind != "error" and (output.text.strip() or output.html or output.image_png)
        for output in (*cell.rerun, *cell.saved)
    )


def _metric(evidence: Evidence, scoring: Scoring, verified: Verified | None) -> str:
    if not is_regression(evidence):
        return "accuracy"
    named = [metric_name(name) for name, _ in scoring.claimed]
    for metric in REGRESSION_METRICS:
        if metric in named:
            return metric
    return next((metric for metric in REGRESSION_METRICS if figure(verified, metric) is not None), "mae")
