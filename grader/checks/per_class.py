"""Checks of figures by class: the report, accuracy by class, precision and recall by class."""

from __future__ import annotations

from grader.checks.observed import why_unseen
from grader.checks.registry import Limits, check_on_request
from grader.checks.results import is_regression, shown_output
from grader.checks.shown_errors import REPORT_TEXT, per_class_figures, recalls_by_hand
from grader.checks.verdicts import Verdict, failed, not_applicable, passed, unknown
from grader.model import Evidence

NUMBERS = "A number is predicted, so there are no figures by class."
REPORT = "classification_report"
BY_CLASS_CALLS = (
    REPORT,
    "precision_recall_fscore_support",
    "recall_score",
    "precision_score",
    "confusion_matrix",
    "diagonal",
    "diag",
    "mean",
)
BY_CLASS_FIGURES = ("precision_score", "recall_score")


@check_on_request(
    "evaluation.classification_report_shown",
    title="Classification report shown",
    help="scikit-learn's classification report, or a table like it, is shown.",
)
def classification_report_shown(evidence: Evidence, _limits: Limits) -> Verdict:
    """The report can be read."""
    if is_regression(evidence):
        return not_applicable(NUMBERS)
    if shown := reports_shown(evidence):
        return passed("The classification report is shown.", cells=shown)
    if reason := why_unseen(evidence, (REPORT, "precision_recall_fscore_support")):
        return unknown(f"Whether a classification report is shown could not be seen: {reason}.")
    return failed(
        "There is no classification report.",
        fix="print(classification_report(y_test, predictions, target_names=class_names)).",
    )


@check_on_request(
    "evaluation.per_class_accuracy_shown",
    title="Accuracy by class shown",
    help="The accuracy of each class (the share of its rows that are right) is printed or drawn, beside the report.",
)
def per_class_accuracy_shown(evidence: Evidence, _limits: Limits) -> Verdict:
    """How many of each class are right can be read."""
    if is_regression(evidence):
        return not_applicable(NUMBERS)
    reports = set(reports_shown(evidence))
    if by_hand := [cell for cell in recalls_by_hand(evidence) if cell not in reports]:
        return passed("The accuracy of each class is shown.", cells=by_hand)
    if reason := why_unseen(evidence, BY_CLASS_CALLS):
        return unknown(f"Whether accuracy by class is shown could not be seen: {reason}.")
    return failed(
        "The accuracy of each class is not shown.",
        fix="It is the diagonal of the confusion matrix over its row sums: print it beside the names of the classes.",
    )


@check_on_request(
    "evaluation.per_class_shown",
    title="Precision and recall by class",
    help="Precision and recall of each class are shown, in a report or by hand.",
)
def per_class_shown(evidence: Evidence, _limits: Limits) -> Verdict:
    """Precision and recall of each class can be read."""
    if is_regression(evidence):
        return not_applicable(NUMBERS)
    called = {call.function.rpartition(".")[2]: call.cell for call in evidence.metric_calls}
    both = [called[name] for name in BY_CLASS_FIGURES if name in called and shown_output(evidence, called[name])]
    shown = per_class_figures(evidence) or (both if len(both) == len(BY_CLASS_FIGURES) else [])
    if shown:
        return passed("Precision or recall of the classes is shown.", cells=shown)
    if reason := why_unseen(evidence, BY_CLASS_CALLS):
        return unknown(f"Whether precision and recall are shown could not be seen: {reason}.")
    return failed(
        "Precision and recall of the classes are not shown.",
        fix="print(classification_report(y_test, predictions)).",
    )


def reports_shown(evidence: Evidence) -> list[int]:
    """Return the cells that show a classification report."""
    called = [
        call.cell
        for call in evidence.metric_calls
        if call.function.rpartition(".")[2] == REPORT and shown_output(evidence, call.cell)
    ]
    printed = [
        cell.index
        for cell in evidence.cells
        if any(REPORT_TEXT.search(output.text) for output in (*cell.rerun, *cell.saved))
    ]
    return sorted({*called, *printed})
