"""Numbers the student states, set beside the numbers that were measured."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from grader.checks.results import (
    REGRESSION_METRICS,
    StudentResult,
    agreement,
    claim_value,
    claimed_value,
    figure,
    final_result,
    is_regression,
    metric_name,
    result_of,
    same_run,
    twins,
)
from grader.checks.statistics import rounding
from grader.model import Evidence, NumberClaim, Role

APPROXIMATE = 0.02
"""`about 90 %` is honest for 88 to 92."""
NOT_A_RESULT = re.compile(
    r"\b(target|goal|aim\w*|expect\w*|hop(?:e|ing)|random\w*|chance|guess\w*|threshold|objetivo|espera\w*|meta|azar|"
    r"umbral|state of the art|papers?|literature|(?:c|w|sh)ould (?:be|reach|get))\b|"
    r"(?:\b(?:at least|at most|above|below|over|under|(?:more|less|better|worse) than|al menos|(?:más|menos) de)"
    r"|[<>≥≤])"
    r"\W{0,3}(?:\w+\W+)?[\d.,]+",
    re.IGNORECASE,
)
"""Sentences around numbers that are no results: aims, chance levels, bounds, other people's work."""
UNDER_CONDITION = re.compile(r"\W*(?:if|counting only|only counting|si|contando solo)\b", re.IGNORECASE)
"""How sentences begin that count some rows only, or suppose something."""
RELATED = re.compile(
    r"\b(improv\w*|gain\w*|increase\w*|drop\w*|differ\w*|gap|points?|better|worse|mejor\w*|diferencia)\b", re.IGNORECASE
)
"""Sentences that give a difference between two scores rather than a score."""


@dataclass(frozen=True, slots=True)
class KnownScore:
    """A measured number a claim may speak of.

    `detail` marks figures beside the score (of one class, balanced, of another reading): there are many, so that only
    equality with one of them says anything. `names` are those of the class it is of: the sentence must hold one.
    """

    value: float
    rows: int
    role: Role
    metric: str
    detail: bool = False
    names: tuple[str, ...] = ()


ClaimVerdict = Literal["agrees", "contradicted", "not_checkable"]


def known_scores(evidence: Evidence) -> Iterator[KnownScore]:
    """Yield every measured number: scorings recomputed or as run, metric calls, histories, and means over scorings."""
    yield from _of_scorings(evidence)
    yield from _of_ensembles(evidence)
    yield from _of_metric_calls(evidence)
    yield from _of_histories(evidence)
    scored = [result_of(evidence, item) for item in evidence.scorings]
    for metric in ("accuracy", *REGRESSION_METRICS):
        values = [
            item.value for item in scored if item.role == "test" and item.metric == metric and item.value is not None
        ]
        if len(values) > 1:
            yield KnownScore(sum(values) / len(values), 0, "test", metric, detail=True)


def compare(claim: NumberClaim, known: Iterable[KnownScore], metric: str, deviations: float) -> ClaimVerdict:
    """Return whether a claim agrees with any number it may speak of.

    `deviations` are the standard errors allowed: 0 for numbers of the same run, more for another training.
    """
    value = claim_value(claim, metric)
    if value is None:
        return "not_checkable"
    verdict: ClaimVerdict = "not_checkable"
    extra = APPROXIMATE if claim.approximate else 0.0
    for item in known:
        if item.metric == metric and _may_mean(claim, item):
            allowed = agreement(item.value, metric, item.rows, claim.digits, 0 if item.detail else deviations)
            if abs(value - item.value) <= allowed + extra:
                return "agrees"
            verdict = "contradicted"
    return verdict


def score_metrics(evidence: Evidence) -> tuple[str, ...]:
    """Return the metrics in which this task's result may be stated."""
    return REGRESSION_METRICS if is_regression(evidence) else ("accuracy",)


def result_claims(evidence: Evidence, *places: str) -> tuple[NumberClaim, ...]:
    """Return the claims of a score made in the given places, without aims, chance levels and differences."""
    metrics = score_metrics(evidence)
    sizes = {item.rows for item in evidence.row_sets}
    return tuple(
        claim
        for claim in evidence.prose.claims
        if claim.where in places
        and any(claim_value(claim, metric) is not None for metric in metrics)
        and not NOT_A_RESULT.search(claim.clause or claim.quote)
        and not UNDER_CONDITION.match(claim.quote)
        # `35 of 50` counts something else where no rows are 50: a class, the errors that were looked at.
        and (claim.rows is None or claim.rows in sizes)
    )


def metric_of(claim: NumberClaim, evidence: Evidence) -> str:
    """Return the metric of this task in which the claim speaks."""
    return next((item for item in score_metrics(evidence) if claim_value(claim, item) is not None), claim.metric)


def stated_claim(evidence: Evidence) -> NumberClaim | None:
    """Return the sentence that states the result: of the test rows before unnamed ones, in the closing before others.

    Among equals the one nearest to the measured score is taken: others may speak of other models.
    """
    claims = [item for item in result_claims(evidence, "prose") if item.split in {"test", "unstated"}]
    claims = [item for item in claims if not RELATED.search(item.quote)] or claims
    if not claims:
        return None
    result = final_result(evidence)
    closing = set(evidence.prose.closing_cells)

    def rank(claim: NumberClaim) -> tuple[bool, bool, bool, float]:
        value = claim_value(claim, result.metric) if result is not None else None
        known = result.value if result is not None else None
        distance = abs(value - known) if value is not None and known is not None else 1.0
        return (value is None, claim.split != "test", claim.cell not in closing, distance)

    return min(claims, key=rank)


def saved_score(evidence: Evidence, result: StudentResult) -> NumberClaim | None:
    """Return the score in the saved outputs: in the cells that scored, else the last one said to be of test rows."""
    claims = [item for item in evidence.prose.claims if item.where == "saved_output"]
    claims = [item for item in claims if claim_value(item, result.metric) is not None]
    claims = [item for item in claims if item.split in {"test", "unstated", result.role}]
    cells = scoring_cells(evidence, result)
    for here in (
        [item for item in claims if item.cell in cells and item.split != "unstated"],
        [item for item in claims if item.cell in cells],
        [item for item in claims if item.split == "test"],
    ):
        if here:
            return here[-1]
    return None


def scoring_cells(evidence: Evidence, result: StudentResult) -> frozenset[int]:
    """Return the cells in which the result was scored, or a metric computed from it."""
    scorings = (result.scoring, *twins(evidence, result.scoring))
    ids = {item.id for item in scorings}
    return frozenset(item.cell for item in scorings) | frozenset(
        item.cell for item in evidence.metric_calls if item.scoring in ids
    )


def compared(
    evidence: Evidence, claims: Sequence[NumberClaim], deviations: float
) -> list[tuple[NumberClaim, ClaimVerdict]]:
    """Return claims, each with whether a measured number agrees with it."""
    return [(item, compare(item, known_scores(evidence), metric_of(item, evidence), deviations)) for item in claims]


def differing_claims(evidence: Evidence, claims: Sequence[NumberClaim], deviations: float) -> list[NumberClaim]:
    """Return the claims that no measured number agrees with."""
    return [item for item, verdict in compared(evidence, claims, deviations) if verdict == "contradicted"]


def agrees_with_saved(evidence: Evidence, claim: NumberClaim) -> bool:
    """Whether a saved output holds the number that is stated. One that the code merely types says nothing."""
    metric = metric_of(claim, evidence)
    value = claim_value(claim, metric)
    typed = {claim_value(item, metric) for item in evidence.prose.claims if item.literal}
    saved = (claim_value(item, metric) for item in evidence.prose.claims if item.where == "saved_output")
    return value is not None and any(
        other is not None and abs(value - other) <= rounding(min(claim.digits, 4))
        for other in saved
        if other not in typed
    )


def _may_mean(claim: NumberClaim, item: KnownScore) -> bool:
    """A sentence that names the rows speaks of those; rows of no known role may be any; a class must be named."""
    if claim.split not in {"unstated", item.role} and item.role != "other":
        return False
    if claim.rows is not None and claim.rows != item.rows:
        return False
    return not item.names or any(_names(claim.quote, name) for name in item.names)


def _names(quote: str, name: str) -> bool:
    """Whether a sentence names a class. A digit that is part of a number or a share (0.98, 2 %) names none."""
    whole = (
        rf"(?<![\d.,]){re.escape(name)}(?![.,]?\d|\s?%|\s+(?:of|out|in|de)\b)"
        if name.isdigit()
        else rf"\b{re.escape(name)}"
    )
    return re.search(whole, quote, re.IGNORECASE) is not None


def _of_scorings(evidence: Evidence) -> Iterator[KnownScore]:
    for scoring in evidence.scorings:
        result = result_of(evidence, scoring)
        verified, size = result.verified, result.size
        # Rows that fit watched are spent, but what is stated of them as the test score was measured.
        roles: tuple[Role, ...] = ("validation", "test") if result.role == "validation" else (result.role,)
        for metric in score_metrics(evidence):
            for value in (figure(verified, metric), _believed(result, metric)):
                if value is not None:
                    yield from (KnownScore(value, size, role, metric) for role in roles)
        if verified is None or verified.task == "regression":
            continue
        for value in (
            *(value for _, value in verified.alternatives),
            verified.balanced_accuracy,
            verified.majority_accuracy,
        ):
            if value is not None:
                yield KnownScore(value, size, result.role, "accuracy", detail=True)
        for place, label in enumerate(verified.per_class):
            names = (label.label, *evidence.class_names[place : place + 1])
            for value in (label.recall, label.precision, label.f1):
                if value is not None:
                    yield KnownScore(value, label.support, result.role, "accuracy", detail=True, names=names)


def _of_ensembles(evidence: Evidence) -> Iterator[KnownScore]:
    """Yield what models score together: where it is stated, it was measured."""
    for item in evidence.ensembles:
        roles: list[Role] = [known.role for known in evidence.scorings if known.rows == item.rows] or ["other"]
        if item.accuracy is not None:
            yield KnownScore(item.accuracy, item.rows_used, roles[0], "accuracy")


def _believed(result: StudentResult, metric: str) -> float | None:
    """Return what a scoring itself said, unless it was recomputed as something else: from other labels, or made up."""
    said = claimed_value(result.scoring, metric)
    return None if said is not None and metric == result.metric and not same_run(result, said) else said


def _of_metric_calls(evidence: Evidence) -> Iterator[KnownScore]:
    for call in evidence.metric_calls:
        name = metric_name(call.function.rpartition(".")[2].removesuffix("_score"))
        metric = "accuracy" if "accuracy" in name else name
        if call.value is not None:
            yield KnownScore(call.value, call.count, call.true_role, metric)


def _of_histories(evidence: Evidence) -> Iterator[KnownScore]:
    for training in evidence.trainings:
        for name, values in training.history:
            role: Role = "validation" if name.startswith("val_") else "train"
            watched = evidence.row_set(training.validation_rows if role == "validation" else training.train_rows)
            rows, metric = watched.rows if watched is not None else 0, metric_name(name)
            yield from (KnownScore(value, rows, role, metric) for value in values)
