"""Checks of choices made after the answers were known: test rows left out, thresholds tuned on their labels."""

from __future__ import annotations

from grader.checks.claims import result_claims
from grader.checks.registry import Limits, Threshold, check
from grader.checks.results import StudentResult, claim_value, claimed_value, metric_unit, result_of, twins
from grader.checks.selection import validation_bests
from grader.checks.statistics import binomial_tail, rank_tail
from grader.checks.verdicts import Verdict, advised, not_applicable, passed, unknown
from grader.model import Evidence, Narrowing, Scoring

WHOLE_FIX = "Report the score and the matrix of all test rows; what the model gets wrong belongs to its result."
SHOWN_DECIMALS = 0.005
"""A score stated in whole percent lies within half a point of the measured one."""


@check(
    "evaluation.test_not_filtered",
    title="No test rows left out after the answers were known",
    help="The test rows that count are not picked by the model's answers: none of them is left out after it was "
    "scored. A look at the confident ones beside the score of all is fine. Advice.",
    thresholds=(
        Threshold(
            "significance",
            0.001,
            "picked without a look at the answers, the rows left out are wrong as often, and answered as surely",
        ),
    ),
)
def test_not_filtered(evidence: Evidence, limits: Limits) -> Verdict:
    """What was scored again after rows were left out is not what is shown as the result."""
    if not evidence.narrowings:
        return not_applicable("No test rows were left out after they had been scored.", origin="kernel")
    looks = [_judged(evidence, item, limits) for item in evidence.narrowings]
    order = {"fail": 0, "unknown": 1, "pass": 2}
    return min(looks, key=lambda verdict: order[verdict.outcome])


def _judged(evidence: Evidence, item: Narrowing, limits: Limits) -> Verdict:
    later, first = evidence.scoring(item.scoring), evidence.scoring(item.of)
    if later is None or first is None:
        return not_applicable("No test rows were left out after they had been scored.", origin="kernel")
    whole, part = result_of(evidence, first), result_of(evidence, later)
    kept_value = _value(evidence, part)
    wrong = _wrong(whole)
    cells, out = [first.cell, later.cell], len(item.left_out)
    measured: dict[str, float | int | None] = {"kept": item.kept, "left_out": out}
    said = f"{out:,} of {item.kept + out:,} test rows were left out after the model had answered them"
    if wrong is None and kept_value is not None and _surer_and_better(evidence, item, whole, kept_value, limits):
        measured |= {"less_sure": item.less_sure, "score_of_kept": kept_value}
        return advised(
            f"{said}, those it was less sure of, and the score shown is of the rest: "
            f"{metric_unit(part.metric, kept_value)}.",
            fix=WHOLE_FIX,
            cells=cells,
            measured=measured,
            review=f"{said}, those it was less sure of",
        )
    if wrong is None:
        return unknown(f"{said}; whether by its answers is not known.", cells=cells, measured=measured)
    missed = len(wrong.intersection(item.left_out))
    measured |= {"wrong_among_left_out": missed, "score_of_all": whole.value, "score_of_kept": part.value}
    if binomial_tail(missed, out, len(wrong) / (item.kept + out)) > limits["significance"]:
        return passed(f"{said}, but not by its answers.", cells=cells, measured=measured)
    if _is_shown(evidence, first, whole) and not _is_stated(evidence, part, whole):
        return passed("The score of all test rows is shown beside that of a part.", cells=cells, measured=measured)
    scores = ""
    if whole.value is not None and part.value is not None:
        scores = (
            f": of all it is {metric_unit(whole.metric, whole.value)}, "
            f"of the rest {metric_unit(part.metric, part.value)}"
        )
    return advised(
        f"{said}, {missed:,} of them wrongly{scores}.",
        fix=WHOLE_FIX,
        origin=whole.origin,
        cells=cells,
        measured=measured,
        review=f"{said}, {missed:,} of them wrongly",
    )


def _value(evidence: Evidence, result: StudentResult) -> float | None:
    """Return the score of a scoring, as evaluate gave it where the rows were only predicted here."""
    said = (claimed_value(item, result.metric) for item in twins(evidence, result.scoring))
    return result.value if result.value is not None else next((value for value in said if value is not None), None)


def _surer_and_better(
    evidence: Evidence, item: Narrowing, whole: StudentResult, kept_value: float, limits: Limits
) -> bool:
    """Whether rows were picked by the answers, where nobody measured all of them: told without the labels of the rest.

    The rows left out are those the model was less sure of, the rows kept are answered better than validation rows in
    the best epoch, and no other score is printed, which may be that of all.
    """
    if item.less_sure is None or _value(evidence, whole) is not None:
        return False
    validated = validation_bests(evidence, whole.scoring.model).get("accuracy")
    printed = (
        claim_value(claim, whole.metric)
        for claim in result_claims(evidence, "rerun_output")
        if claim.split in {"test", "unstated"}
    )
    return (
        rank_tail(item.less_sure, len(item.left_out), item.kept) <= limits["significance"]
        and validated is not None
        and kept_value > validated
        and all(value is None or abs(value - kept_value) <= SHOWN_DECIMALS for value in printed)
    )


def _wrong(result: StudentResult) -> set[int] | None:
    """Return the places of the rows answered wrongly, None where that was not recomputed of all of them."""
    known = result.verified
    if known is None or known.accuracy is None or known.rows_used < known.rows_total:
        return None
    return set(known.wrong_rows)


def _is_shown(evidence: Evidence, scoring: Scoring, result: StudentResult) -> bool:
    """Whether a score of all rows was computed by evaluate or a metric, and not only on the way to the part."""
    same = {scoring.id: scoring, **{item.id: item for item in twins(evidence, scoring)}}
    evaluated = any(item.how in {"evaluate", "score"} for item in same.values())
    return evaluated or any(call.scoring in same for call in evidence.metric_calls) or result.value is None


def _is_stated(evidence: Evidence, part: StudentResult, whole: StudentResult) -> bool:
    """Whether the text gives the score of the part as the result, and nowhere that of all."""
    values = [claim_value(item, part.metric) for item in evidence.prose.claims if item.where == "prose"]
    near = [
        [value for value in values if value is not None and abs(value - other) <= SHOWN_DECIMALS]
        for other in (part.value, whole.value)
        if other is not None
    ]
    return len(near) == 2 and bool(near[0]) and not near[1]


@check(
    "evaluation.threshold_not_tuned_on_test",
    title="Threshold not tuned on the test set",
    help="The threshold that turns scores into answers was not searched for on the labels of the test rows. Advice.",
)
def threshold_not_tuned_on_test(evidence: Evidence, _limits: Limits) -> Verdict:
    """A decision threshold was chosen by other rows than those of the result, or not at all."""
    searches = evidence.threshold_searches
    if not searches:
        return not_applicable("No search for a threshold was seen.", origin="kernel")
    cells = [item.cell for item in searches]
    tuned = [item for item in searches if item.role == "test" and item.kept]
    if tuned:
        worst = max(tuned, key=lambda item: item.tried)
        return advised(
            f"{worst.tried} thresholds were tried on the {worst.rows:,} test rows and the best of them was kept: "
            f"the {worst.function.rpartition('.')[2]} of {worst.best:.3g} is that of the luckiest cut.",
            fix="Choose the threshold on validation rows, then score the test rows once with it.",
            cells=cells,
            measured={"tried": worst.tried, "rows": worst.rows, "best": worst.best},
        )
    return passed("Thresholds were compared, and none was chosen by the test rows.", cells=cells)
