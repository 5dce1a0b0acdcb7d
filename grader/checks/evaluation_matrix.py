"""Checks of the confusion matrix, and of the plot that takes its place where a number is predicted."""

from __future__ import annotations

import re

from grader.checks.matrices import ShownMatrix, is_square, same_matrix, shown_matrices
from grader.checks.matrix_readings import reading_of, rows_of
from grader.checks.observed import MATRIX_CALLS, PLOTTING_CALLS, why_unseen
from grader.checks.registry import Limits, Threshold, check
from grader.checks.results import StudentResult, final_result, is_regression, result_of, twins
from grader.checks.verdicts import Verdict, failed, not_applicable, passed, unknown
from grader.model import Drawing, Evidence, MetricCall, Verified

MATRIX_FIX = "ConfusionMatrixDisplay.from_predictions(y_test, model.predict(x_test).argmax(axis=1)) shows one."
MATRIX_NAME = re.compile(r"confusi[oó]n", re.IGNORECASE)
NUMBERS_NOT_CLASSES = "A number is predicted, so there is no confusion matrix."


@check(
    "evaluation.confusion_matrix_shown",
    title="Confusion matrix shown",
    help="A confusion matrix is displayed: drawn, or printed. A correlation heat map or a picture is none.",
)
def confusion_matrix_shown(evidence: Evidence, _limits: Limits) -> Verdict:
    """A confusion matrix can be seen in the notebook."""
    if is_regression(evidence):
        return not_applicable(NUMBERS_NOT_CLASSES)
    shown = shown_matrices(evidence)
    if shown:
        first = shown[0]
        size = len(first.values)
        return passed(
            f"A confusion matrix of {size} classes is {first.how}.",
            origin=first.origin,
            cells=[item.cell for item in shown],
            measured={"classes": size},
        )
    if reason := why_unseen(evidence, MATRIX_CALLS):
        return unknown(f"Whether a confusion matrix is shown could not be seen: {reason}.")
    computed = [item.cell for item in evidence.metric_calls if is_square(item.matrix)]
    if computed:
        return failed("A confusion matrix is computed but not shown.", fix=MATRIX_FIX, cells=computed)
    return failed("There is no confusion matrix.", fix=MATRIX_FIX)


@check(
    "evaluation.confusion_matrix_correct",
    title="Confusion matrix correct",
    help="The matrix shown equals the recomputed one up to transposition and normalisation: it belongs to the final "
    "model and its test rows.",
)
def confusion_matrix_correct(evidence: Evidence, _limits: Limits) -> Verdict:
    """The matrix shown belongs to the model and the rows of the score."""
    if is_regression(evidence):
        return not_applicable(NUMBERS_NOT_CLASSES)
    shown = shown_matrices(evidence)
    if not shown:
        return _called_one(evidence) or not_applicable(
            "No confusion matrix is shown that could be compared.", origin="kernel"
        )
    result = final_result(evidence)
    if result is None:
        return unknown("No scoring was seen that the confusion matrix could belong to.", cells=[shown[0].cell])
    verified = result.verified if result.origin == "verified" else None
    if verified is None or not is_square(verified.matrix):
        return _against_the_run(evidence, result, shown)
    for item in shown:
        form = reading_of(item.values, verified)
        if form is not None:
            return passed(
                f"The confusion matrix is that of the final model on its {verified.rows_used:,} scored rows"
                f"{', ' + form if form else ''}.",
                origin="verified",
                cells=[item.cell],
                measured={"rows": verified.rows_used, "accuracy": verified.accuracy, "form": form},
            )
    if (part := _of_part(evidence, result, verified, shown)) is not None:
        return part
    if (together := _of_ensemble(evidence, shown)) is not None:
        return together
    return _not_equal(evidence, result, verified, shown)


@check(
    "evaluation.residuals_shown",
    title="Predicted against actual shown",
    help="Regression: a plot of predicted against actual values, or of residuals, of the scored rows.",
    thresholds=(Threshold("share", 0.5, "a plot of a sample of the rows is one too, a handful of points is not"),),
)
def residuals_shown(evidence: Evidence, limits: Limits) -> Verdict:
    """What a confusion matrix is to classes: the errors of a regression, drawn."""
    if not is_regression(evidence):
        return not_applicable("Classes are told apart, so a confusion matrix takes this place.")
    result = final_result(evidence)
    size = result.size if result is not None else 0
    wanted = limits["share"] * size
    plots = [item for item in evidence.drawings if _is_residual_plot(item, size, wanted)]
    if plots:
        return passed(
            f"Predicted and actual values (or residuals) of {max(map(_points, plots))} rows are plotted.",
            cells=[item.cell for item in plots],
        )
    if reason := why_unseen(evidence, (*PLOTTING_CALLS, "scatter", "hist", "regplot", "scatterplot", "residplot")):
        return unknown(f"Whether the errors are plotted could not be seen: {reason}.")
    return failed(
        "There is no plot of predicted against actual values, nor of residuals.",
        fix="plt.scatter(y_test, model.predict(x_test)) with axis labels shows where the model errs.",
    )


def _of_part(
    evidence: Evidence, result: StudentResult, verified: Verified, shown: tuple[ShownMatrix, ...]
) -> Verdict | None:
    """Judge a matrix of some of the scored rows: those of another scoring of the same weights, or of a metric call."""
    same = [
        other
        for other in evidence.verified
        if is_square(other.matrix) and _same_weights(evidence, other.scoring, result) and other.rows_used
    ]
    for item in shown:
        exact = next((other for other in same if reading_of(item.values, other) is not None), None)
        rows = exact.rows_used if exact is not None else rows_of(item.values, verified.matrix)
        if rows is None:
            continue
        calls = [call for call in evidence.metric_calls if same_matrix(item.values, call.matrix)]
        if exact is not None or any(_same_weights(evidence, call.scoring, result) for call in calls):
            return passed(
                f"The confusion matrix is that of the final model on {rows:,} {result.role} rows, where the final "
                f"score is of {verified.rows_used:,}.",
                origin=exact.origin if exact is not None else "kernel",
                cells=[item.cell],
                measured={"rows": rows, "of": verified.rows_used},
            )
        if item.origin != "static":
            return unknown(
                f"The confusion matrix counts {rows:,} of the {verified.rows_used:,} scored rows; which ones was not "
                "seen.",
                cells=[item.cell],
            )
    return None


def _called_one(evidence: Evidence) -> Verdict | None:
    """Judge what is drawn under the name of a confusion matrix, though its entries count no rows that were scored."""
    for drawing in evidence.drawings:
        named = MATRIX_NAME.search(f"{drawing.title} {drawing.label} {' '.join(drawing.texts)}")
        if named and is_square(drawing.values) and drawing.shows_rows is None:
            total = sum(map(sum, drawing.values))
            return failed(
                f"What is drawn as a confusion matrix is none of this notebook: its entries add up to {total:g}, and "
                "no such number of rows was scored.",
                fix="Compute it from the predictions of the final model on the test rows. " + MATRIX_FIX,
                cells=[drawing.cell],
                measured={"shown": [list(row) for row in drawing.values]},
            )
    return None


def _of_ensemble(evidence: Evidence, shown: tuple[ShownMatrix, ...]) -> Verdict | None:
    """Judge a matrix of several models' answers together, where it is one."""
    for item in shown:
        for known in evidence.ensembles:
            if is_square(known.matrix) and reading_of(item.values, known) is not None:
                count = known.model.count("+") + 1
                return passed(
                    f"The confusion matrix is that of {count} models together on {known.rows_used:,} scored rows.",
                    origin="verified",
                    cells=[item.cell],
                    measured={"rows": known.rows_used, "accuracy": known.accuracy, "models": count},
                )
    return None


def _same_weights(evidence: Evidence, scoring: str | None, result: StudentResult) -> bool:
    """Whether a scoring is of the final weights, on rows of the same use."""
    known = evidence.scoring(scoring)
    return (
        known is not None
        and bool(known.weights)
        and known.weights == result.scoring.weights
        and result_of(evidence, known).role == result.role
    )


def _not_equal(
    evidence: Evidence, result: StudentResult, verified: Verified, shown: tuple[ShownMatrix, ...]
) -> Verdict:
    live = [item for item in shown if item.origin != "static"]
    if not live:
        return unknown(
            "The confusion matrix is only in the saved outputs; run again, the model gives another.",
            origin="verified",
            cells=[item.cell for item in shown],
        )
    cells = [item.cell for item in live]
    if verified.rows_used < verified.rows_total:
        return unknown(
            f"The matrix can't be compared: {verified.rows_used:,} of {verified.rows_total:,} rows were recomputed.",
            cells=cells,
        )
    for other in evidence.verified:
        known = is_square(other.matrix) and any(reading_of(item.values, other) is not None for item in live)
        if other.scoring != verified.scoring and known:
            rows = evidence.row_set(other.rows)
            role = rows.role if rows is not None else "other"
            whose = "another model" if other.model != result.scoring.model else f"the {role} rows"
            return failed(
                f"The confusion matrix belongs to {whose}, not to the final model on its test rows.",
                fix="Compute it from the predictions of the final model on the test rows. " + MATRIX_FIX,
                origin="verified",
                cells=cells,
            )
    if any(_one_column(item) for item in live) and len(verified.matrix) == 2 and _units(evidence, result) == 1:
        return failed(
            "All rows of the confusion matrix are called the same class: the highest of a single unit is always the "
            "first.",
            fix="Cut the one unit's answers at a half, (model.predict(x_test) > 0.5).astype(int), instead of argmax.",
            origin="verified",
            cells=cells,
        )
    return failed(
        f"The confusion matrix is not that of the final model: recomputed, {_diagonal(verified):,} of "
        f"{verified.rows_used:,} rows are on the diagonal.",
        fix="Compute it from the predictions of the final model on the test rows. " + MATRIX_FIX,
        origin="verified",
        cells=cells,
        measured={"shown": [list(row) for row in live[0].values], "recomputed": [list(r) for r in verified.matrix]},
    )


def _against_the_run(evidence: Evidence, result: StudentResult, shown: tuple[ShownMatrix, ...]) -> Verdict:
    """Nothing was recomputed: the matrix must at least be one that was computed from the scored rows."""
    calls = [call for call in evidence.metric_calls if is_square(call.matrix) and _of_result(evidence, call, result)]
    for item in shown:
        if any(same_matrix(item.values, call.matrix) for call in calls):
            return passed(
                "The confusion matrix was computed from the scored rows; it could not be recomputed independently.",
                cells=[item.cell],
            )
    return unknown("The confusion matrix could not be recomputed.", cells=[item.cell for item in shown])


def _of_result(evidence: Evidence, call: MetricCall, result: StudentResult) -> bool:
    ids = {result.scoring.id, *(item.id for item in twins(evidence, result.scoring))}
    return call.scoring in ids or (call.true_role == result.role and call.count == result.size)


def _one_column(item: ShownMatrix) -> bool:
    return sum(any(row[place] for row in item.values) for place in range(len(item.values))) == 1


def _units(evidence: Evidence, result: StudentResult) -> int | None:
    model = evidence.model(result.scoring.model)
    return model.output_shape[-1] if model is not None and model.output_shape else None


def _diagonal(verified: Verified) -> int:
    return sum(verified.matrix[place][place] for place in range(len(verified.matrix)))


def _points(drawing: Drawing) -> int:
    return len(drawing.x) or (drawing.shape[0] if drawing.shape else 0)


def _is_residual_plot(drawing: Drawing, size: int, wanted: float) -> bool:
    if drawing.kind in {"scatter", "line"} and size and wanted <= _points(drawing) <= size:
        return True
    words = f"{drawing.title} {drawing.x_label} {drawing.y_label} {drawing.label}".lower()
    return any(word in words for word in ("residual", "prediction error", "residuo")) or (
        "predict" in words and any(word in words for word in ("actual", "true", "real", "observed"))
    )
