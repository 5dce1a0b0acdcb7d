"""Checks of the write-up: present, honest, admits weaknesses, names a next step."""

from __future__ import annotations

from collections.abc import Mapping

from grader.checks.beside_facts import certainly_untrue, of_another_model
from grader.checks.claims import (
    agrees_with_saved,
    compared,
    metric_of,
    result_claims,
    stated_claim,
)
from grader.checks.observed import SCORING_CALLS, why_unread, why_unseen
from grader.checks.passages import about, explained, found_in_prose, quote
from grader.checks.registry import Limits, Threshold, check
from grader.checks.results import claim_value, final_result, metric_unit
from grader.checks.verdicts import Verdict, failed, not_applicable, passed, unknown
from grader.model import Evidence

WEAKNESSES = ("weakness", "failure_reasons", "inadequacy")
NEXT_STEPS = ("next_step", "next_step_reason")
OTHER_SCORES = frozenset({"precision", "recall", "f1", "auc", "balanced_accuracy"})
"""Metrics in which a result may be stated instead of the accuracy; they are not compared."""


@check(
    "write_up.present",
    title="A write-up exists",
    help="A concluding write-up of more than a trivial length exists.",
    thresholds=(
        Threshold("words", 30, "two or three sentences; fewer words can hold little but the score"),
        Threshold("parts", 3, "score, weakness and next step: who has them all in a dozen words is terse, not trivial"),
    ),
)
def present(evidence: Evidence, limits: Limits) -> Verdict:
    """There are concluding words beyond a sentence or two, or few that hold all that a write-up needs."""
    words = evidence.prose.closing_words
    cells = evidence.prose.closing_cells
    parts = [
        name
        for name, held in (
            ("score", stated_claim(evidence) is not None),
            ("weakness", bool(about(evidence, *WEAKNESSES))),
            ("next step", bool(explained(about(evidence, *NEXT_STEPS)))),
            ("insight", bool(explained(about(evidence, "insight")))),
        )
        if held
    ]
    measured = {"closing_words": words, "words": evidence.prose.words, "parts": parts}
    if words and words < limits["words"] and len(parts) >= limits["parts"]:
        return passed(
            f"The concluding write-up has only {words} words, but holds {', '.join(parts[:-1])} and {parts[-1]}.",
            origin="static",
            cells=cells,
            measured=measured,
        )
    if words >= limits["words"]:
        return passed(
            f"There is a concluding write-up of {words} words.", origin="static", cells=cells, measured=measured
        )
    said = f"The concluding write-up has only {words} words." if words else "There is no concluding write-up."
    return failed(
        said,
        fix="End with a short write-up: the score, what it means, where the model fails, and what you would do next.",
        origin="static",
        cells=cells,
        measured=measured,
    )


@check("write_up.score_stated", title="The result is stated", help="The prose states the result as a number.")
def score_stated(evidence: Evidence, _limits: Limits) -> Verdict:
    """The words give the score."""
    claim = stated_claim(evidence)
    if claim is not None:
        return passed(
            f"The result is stated: “{claim.quote}”",
            origin="static",
            cells=[claim.cell],
            measured={"metric": claim.metric, "value": claim.value, "split": claim.split},
        )
    other = next(
        (item for item in evidence.prose.claims if item.where == "prose" and item.metric in OTHER_SCORES), None
    )
    if other is not None and other.split in {"test", "unstated"}:
        return passed(f"The result is stated: “{other.quote}”", origin="static", cells=[other.cell])
    if reason := why_unread(evidence.prose):
        return unknown(f"Whether the result is stated can't be told: {reason}.", origin="static")
    return failed(
        "The text does not state the result.",
        fix="State the test score in the text, with the rows it is of: 91.2 % accuracy on the 10,000 test pictures.",
        origin="static",
        cells=evidence.prose.closing_cells,
    )


@check(
    "write_up.score_honest",
    title="The stated score is the measured one",
    help="The stated number is the measured one, within rounding, unit and the standard error of the test set's size.",
    thresholds=(Threshold("deviations", 2, "another training of the same network scores within two standard errors"),),
)
def score_honest(evidence: Evidence, limits: Limits) -> Verdict:
    """Every score said to be of certain rows, and the result itself, is one that was measured."""
    claim = stated_claim(evidence)
    if claim is None:
        return not_applicable("The text states no score.")
    claims = [item for item in result_claims(evidence, "prose") if item.split == "test" or item == claim]
    verdicts = compared(evidence, claims, limits["deviations"])
    differing = [item for item, verdict in verdicts if verdict == "contradicted"]
    if claim in differing and of_another_model(claim, evidence):
        return not_applicable("The text states only the score of another model than the final one.")
    wrong = [item for item in differing if not of_another_model(item, evidence)]
    result = final_result(evidence)
    measured = {
        "stated": [claim_value(item, metric_of(item, evidence)) for item in claims],
        "measured": result.value if result is not None else None,
    }
    cells = [item.cell for item in wrong or claims]
    if not wrong:
        if all(verdict == "not_checkable" for _, verdict in verdicts):
            return _uncheckable(evidence, cells, measured)
        return passed(
            f"The stated score is the measured one: “{claim.quote}”",
            origin=result.origin if result is not None else "kernel",
            cells=cells,
            measured=measured,
        )
    first = wrong[0]
    metric = metric_of(first, evidence)
    stated = metric_unit(metric, claim_value(first, metric) or 0.0)
    true = metric_unit(result.metric, result.value) if result is not None and result.value is not None else "another"
    if agrees_with_saved(evidence, first):
        return unknown(
            f"The text states {stated}, as the saved output does, but run again the score is {true}.",
            origin=result.origin if result is not None else "kernel",
            cells=cells,
            measured=measured,
            review=f"stated and saved score ({stated}) agree, the re-run gives {true}",
        )
    return failed(
        f"The text states {stated} (“{first.quote}”), but the measured score is {true}.",
        fix="State the number your test scoring returned, and say which rows it is of.",
        origin=result.origin if result is not None else "kernel",
        cells=cells,
        measured=measured,
    )


@check("write_up.weakness_admitted", title="Weaknesses admitted", help="The text says where the model goes wrong.")
def weakness_admitted(evidence: Evidence, _limits: Limits) -> Verdict:
    """The words say where the model goes wrong, and not where it does not."""
    untrue = {item.quote for item in certainly_untrue(evidence)}
    said = about(evidence, *WEAKNESSES)
    true = tuple(item for item in said if item.quote not in untrue)
    if said and not true:
        return failed(
            f"The weakness that is named is none: {quote(said[0])}",
            fix="Read the weak classes from the confusion matrix: the rows with most entries off the diagonal.",
            cells=[item.cell for item in said],
        )
    return found_in_prose(
        evidence,
        true,
        said="The text says where the model goes wrong",
        missing="The text does not say where the model goes wrong.",
        fix="Say which classes or conditions it gets wrong most, with their numbers.",
    )


@check("write_up.next_step", title="A next step", help="The text names a concrete next step.")
def next_step(evidence: Evidence, _limits: Limits) -> Verdict:
    """The words name something concrete to do next."""
    # "It could be improved" is a wish; a step says what would be changed, collected or compared.
    return found_in_prose(
        evidence,
        explained(about(evidence, *NEXT_STEPS)),
        said="A next step is named",
        missing="The text names no concrete next step.",
        fix="Say what you would try next, concretely: which change, and to mend which error.",
    )


@check(
    "write_up.next_step_justified",
    title="The next step follows from a failure",
    help="The next step follows from an observed failure.",
)
def next_step_justified(evidence: Evidence, _limits: Limits) -> Verdict:
    """The words say which failure the next step is meant to mend."""
    return found_in_prose(
        evidence,
        about(evidence, "next_step_reason"),
        said="The next step follows from what was seen",
        missing="The next step is not tied to a failure that was seen.",
        fix="Begin with the error you saw: because shirts are taken for T-shirts, I would next ...",
    )


@check(
    "write_up.insight",
    title="Insight",
    help="Results (numbers, classes, curves) are linked to causes and to what was learned.",
)
def insight(evidence: Evidence, _limits: Limits) -> Verdict:
    """The words link a result to its cause or to what was learned."""
    return found_in_prose(
        evidence,
        explained(about(evidence, "insight")),
        said="A result is linked to what was learned",
        missing="The results are not linked to causes or to what was learned.",
        fix="Say what a number, a class or a curve taught you, and why it came out so.",
    )


def _uncheckable(evidence: Evidence, cells: list[int], measured: Mapping[str, object]) -> Verdict:
    reason = why_unseen(evidence, SCORING_CALLS)
    if reason is None and not evidence.scorings and not evidence.trainings:
        return failed(
            "The text states a score, but nothing in the notebook measures one.",
            fix="Score the trained model, and state what it returns.",
            cells=cells,
            measured=measured,
        )
    because = f": {reason}" if reason else ""
    return unknown(
        f"The stated score could not be compared with a measured one{because}.", cells=cells, measured=measured
    )
