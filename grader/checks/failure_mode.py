"""Checks of how failures are looked at: answers that were sure and wrong, the main failure mode in words."""

from __future__ import annotations

import re

from grader.checks.code_calls import cells_with
from grader.checks.observed import SCORING_CALLS, why_unread, why_unseen
from grader.checks.passages import about
from grader.checks.registry import Limits, Threshold, check_on_request
from grader.checks.results import StudentResult, final_result, is_regression, shown_output
from grader.checks.shown_errors import wrong_predictions
from grader.checks.verdicts import Verdict, failed, not_applicable, passed, unknown
from grader.checks.written import cells_of, count_words, document_parts, notebook_parts, saying, under
from grader.model import Evidence

SURE = re.compile(
    r">=?\s*0?\.(?:9\d*|[5-8]\d*)\b|>=?\s*(?:threshold|thresh|conf\w*|umbral|cut\w*)|argsort|sort_values|topk|"
    r"nlargest|sorted\(",
    re.IGNORECASE,
)
"""Answers picked by how sure the network was: above a number, or the surest first."""
CONFIDENCE = re.compile(r"\bconf\w*|\bprob\w*|\.max\(|amax|softmax|\bcerte\w*|\bscores?\b", re.IGNORECASE)
WRONG = re.compile(r"!=|\.ne\(|not_equal|misclassif|wrong|incorrect|mistake|error", re.IGNORECASE)
FAILURE_HEADING = re.compile(
    r"fail\w*|error analysis|errors\b|mistakes|limitation|fallos?\b|errores|limitaci", re.IGNORECASE
)
FAILURE_WORDS = re.compile(
    r"\bconfus\w*|\bmist\w+|\bmisclassif\w*|\bfail\w*|\bwrong\w*|\berrors?\b|\bweak\w*|\bstruggl\w*|\bmiss(?:es|ed)\b|"
    r"\btaken for\b|\bconfund\w*|\bfall(?:a|an|os?)\b|\berr(?:a|ores?)\b|\bequivoc\w*",
    re.IGNORECASE,
)


@check_on_request(
    "evaluation.confident_errors_shown",
    title="Sure and wrong answers shown",
    help="Wrong predictions that the network was sure of (above 0.9) are shown.",
    thresholds=(Threshold("confidence", 0.9, "the course asks for wrong predictions with a confidence above 0.9"),),
)
def confident_errors_shown(evidence: Evidence, limits: Limits) -> Verdict:
    """The mistakes that the network itself did not doubt are put before the reader's eyes."""
    if is_regression(evidence):
        return not_applicable("A number is predicted, without a confidence.")
    result = final_result(evidence)
    if pictures := _sure_pictures(evidence, result, limits["confidence"]):
        return passed("Wrong predictions that the network was sure of are shown.", cells=pictures)
    wrong = set(wrong_predictions(evidence))
    picking = set(cells_with(evidence, SURE)) & set(cells_with(evidence, CONFIDENCE)) & set(cells_with(evidence, WRONG))
    shown = [cell for cell in sorted(picking) if cell in wrong or shown_output(evidence, cell)]
    if shown:
        return passed("Wrong predictions are picked by how sure the network was.", origin="static", cells=shown)
    if reason := why_unseen(evidence, (*SCORING_CALLS, "imshow", "print", "display", "show")):
        return unknown(f"Whether sure and wrong answers are shown could not be seen: {reason}.")
    if _never_sure(result, limits["confidence"]):
        return not_applicable("No wrong answer was given with so much confidence.", origin="verified")
    return failed(
        "Wrong predictions that the network was sure of are not shown.",
        fix=f"Pick the rows where the answer is wrong and its probability above {limits['confidence']:g}; show them "
        f"with "
        "both labels and the probability.",
        cells=sorted(wrong),
    )


@check_on_request(
    "write_up.failure_mode",
    title="Main failure mode in two sentences",
    help="At least two sentences of the text say how the model fails most.",
    thresholds=(Threshold("sentences", 2, "the course asks for two sentences on the main failure mode"),),
)
def failure_mode(evidence: Evidence, limits: Limits) -> Verdict:
    """What goes wrong most, and how, is described."""
    passages = about(evidence, "weakness", "failure_reasons", "inadequacy")
    # The classifier takes what is said of data or figures for a weakness at times: alone, it is not enough here.
    told = [item for item in passages if item.voice == "rules" or FAILURE_WORDS.search(item.quote)]
    said = {" ".join(item.quote.split()): [item.cell] for item in told}
    sections = under((*notebook_parts(evidence), *document_parts(evidence)), FAILURE_HEADING)
    for part in sections:
        telling = [item for item in part.sentences if count_words(item) >= FEWEST_WORDS]
        # Under such a heading every sentence is about failures, once one of them says so.
        if any(FAILURE_WORDS.search(item) for item in telling):
            said |= {item: cells_of([part]) for item in telling if not any(item in quote for quote in said)}
    for part, sentence in saying(document_parts(evidence), FAILURE_WORDS, FEWEST_WORDS):
        said.setdefault(sentence, cells_of([part]))
    cells = sorted({cell for places in said.values() for cell in places})
    count = len(said)
    if count >= limits["sentences"]:
        return passed(
            f"{count} sentences describe how the model fails: “{next(iter(said))}”",
            origin="static",
            cells=cells,
            measured={"sentences": count},
        )
    if reason := why_unread(evidence.prose):
        return unknown(f"Whether the main failure is described can't be told: {reason}.", origin="static")
    return failed(
        "The main failure mode is told in one sentence only."
        if count
        else "The text does not describe how the model fails.",
        fix="Write two sentences: which rows go wrong most (with numbers), and what about them misleads the model.",
        origin="static",
        cells=cells,
        measured={"sentences": count},
    )


FEWEST_WORDS = 5
"""A shorter sentence ("Errors:") announces and tells nothing."""


def _sure_pictures(evidence: Evidence, result: StudentResult | None, confidence: float) -> list[int]:
    """Return cells with pictures of rows that were answered wrongly with at least that confidence, as recomputed."""
    if result is None or result.verified is None:
        return []
    sure = {item.row for item in result.verified.mistakes if item.confidence >= confidence}
    return [
        item.cell
        for item in evidence.drawings
        if item.kind == "image" and item.shows_rows == result.scoring.rows and item.shows_row in sure
    ]


def _never_sure(result: StudentResult | None, confidence: float) -> bool:
    """Whether no wrong answer was that sure: the surest mistakes are kept first."""
    if result is None or result.origin != "verified" or result.verified is None or not result.verified.matrix:
        return False
    mistakes = result.verified.mistakes
    return all(item.confidence < confidence for item in mistakes) and (bool(mistakes) or not result.verified.wrong_rows)
