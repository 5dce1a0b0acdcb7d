"""The instructor's hidden test: whether the model does as well on it as on the student's own test rows."""

from __future__ import annotations

from grader.checks.registry import Limits, Threshold, check
from grader.checks.results import final_result
from grader.checks.statistics import standard_error
from grader.checks.verdicts import Verdict, failed, not_applicable, passed, unknown
from grader.model import Evidence, HiddenTest, Verified

FIX = (
    "Look at what your test rows share with your training rows that new ones don't: the source, the people, the light; "
    "and check that nothing was chosen by looking at the test rows."
)


@check(
    "evaluation.hidden_test",
    title="Holds on the hidden test",
    help="On the instructor's hidden test (--hidden-test) the model does as well as on the notebook's own test rows, "
    "beyond chance. Without such a test it does not apply. It lowers a level only where a rubric requires it.",
    thresholds=(
        Threshold("margin", 0.05, "accuracy that another collection of the same data may cost"),
        Threshold("error_margin", 0.25, "share by which the mean error may be larger on another collection"),
        Threshold("deviations", 2.0, "standard errors of both accuracies that are taken for chance"),
    ),
)
def hidden_test(evidence: Evidence, limits: Limits) -> Verdict:
    """The recomputed score on the hidden rows against that on the student's own."""
    hidden = evidence.hidden_test
    if hidden is None:
        return not_applicable("No hidden test was given.")
    cells = [item.cell for item in evidence.scorings if item.id == evidence.final_scoring]
    result = final_result(evidence)
    own = result.verified if result is not None else None
    if hidden.verified is None:
        return unknown(f"The model could not be scored on the hidden test. {hidden.note}", cells=cells)
    if hidden.verified.accuracy is None:
        return _errors(hidden, hidden.verified, own, limits, cells)
    told = f"{hidden.verified.accuracy:.1%} of the {hidden.rows:,} rows of the hidden test are answered rightly"
    measured = {"hidden": hidden.verified.accuracy, "rows": hidden.rows, "prepared": list(hidden.prepared)}
    if own is None or own.accuracy is None:
        return unknown(f"{told}; there is no recomputed score to compare it with.", cells=cells, measured=measured)
    chance = standard_error(own.accuracy, own.rows_used) ** 2
    chance += standard_error(hidden.verified.accuracy, hidden.verified.rows_used) ** 2
    allowed = limits["margin"] + limits["deviations"] * chance**0.5
    measured["own"] = own.accuracy
    sentence = f"{told}, and {own.accuracy:.1%} of the notebook's own test rows."
    if hidden.verified.accuracy >= own.accuracy - allowed:
        return passed(sentence, origin="verified", cells=cells, measured=measured)
    return failed(sentence, fix=FIX, origin="verified", cells=cells, measured=measured)


def _errors(hidden: HiddenTest, found: Verified, own: Verified | None, limits: Limits, cells: list[int]) -> Verdict:
    told = f"On the {hidden.rows:,} rows of the hidden test the mean error is {found.mae:.4g}"
    measured = {"hidden": found.mae, "rows": hidden.rows, "prepared": list(hidden.prepared)}
    if found.mae is None or own is None or own.mae is None:
        return unknown(f"{told}; there is no recomputed error to compare it with.", cells=cells, measured=measured)
    measured["own"] = own.mae
    sentence = f"{told}, and {own.mae:.4g} on the notebook's own test rows."
    if found.mae <= own.mae * (1 + limits["error_margin"]):
        return passed(sentence, origin="verified", cells=cells, measured=measured)
    return failed(sentence, fix=FIX, origin="verified", cells=cells, measured=measured)
