"""About the result: which classes are confused, what the model is wrongly sure of, how sure the score is, baselines."""

from __future__ import annotations

import math
from collections.abc import Iterator

from grader.checks.results import StudentResult, final_result
from grader.model import Confusion, Evidence, Question, Verified
from grader.questions.wording import class_name, share

LEAST_CONFUSED = 2
"""A pair of classes mixed up once is chance."""

SURE = 0.9
"""A confidence from which on a wrong answer is worth asking about; the course's own bound."""

HARDLY_BETTER = 0.02
"""Accuracy above the commonest class's share from which on a model is asked about as one that learnt something."""

TWO_DEVIATIONS = 2
"""Standard errors on either side of a score that hold 95 % of other samples."""


def about_results(evidence: Evidence) -> Iterator[Question]:
    """Yield questions on the final scoring; none where nothing was scored."""
    result = final_result(evidence)
    if result is None:
        return
    verified = result.verified
    if verified is not None and _only_guesses(verified):
        return  # what it confuses and how sure its score is says nothing; why it learnt nothing is asked elsewhere
    if verified is not None and result.role != "train":
        yield from _confused(evidence, verified)
        yield from _wrongly_sure(evidence, verified)
    yield from _baseline(evidence, result)
    yield from _uncertainty(result)


def _only_guesses(verified: Verified) -> bool:
    """Whether a model answers one class only, or no better than that would."""
    accuracy, commonest = verified.accuracy, verified.majority_accuracy
    return verified.predicted_classes == 1 or (
        accuracy is not None and commonest is not None and accuracy <= commonest + HARDLY_BETTER
    )


def _confused(evidence: Evidence, result: Verified) -> Iterator[Question]:
    worst = next(iter(result.confused), None)
    if worst is None or worst.count < LEAST_CONFUSED:
        return
    true, predicted = (class_name(evidence, result, label) for label in (worst.true, worst.predicted))
    rows = next((item.support for item in result.per_class if item.label == worst.true), 0)
    of = f"{worst.count:,} of {rows:,} rows" if rows else f"{worst.count:,} rows"
    what = "in the pictures" if evidence.input_kind == "image" else "in the inputs"
    yield Question(
        "confused",
        f"{true} is taken for {predicted} {share(worst.share)} of the time ({of}){_other_way(result, worst)}. "
        f"What {what} explains it?",
        "concrete wrong rows that were looked at, and what the two classes share there; why one way more than the "
        "other; not “more epochs”.",
        (),
        90,
    )


def _other_way(result: Verified, worst: Confusion) -> str:
    """Say how often the pair is confused the other way round."""
    if worst.true not in result.classes or worst.predicted not in result.classes or not result.matrix:
        return ""
    row, column = result.classes.index(worst.predicted), result.classes.index(worst.true)
    if row >= len(result.matrix) or column >= len(result.matrix[row]):
        return ""
    back = result.matrix[row][column]
    return f", the other way round {({0: 'never', 1: 'once', 2: 'twice'}).get(back, f'{back:,} times')}"


def _wrongly_sure(evidence: Evidence, result: Verified) -> Iterator[Question]:
    mistake = max(result.mistakes, key=lambda item: item.confidence, default=None)
    if mistake is None or not SURE < mistake.confidence <= 1:
        return
    true, predicted = (class_name(evidence, result, label) for label in (mistake.true, mistake.predicted))
    yield Question(
        "wrongly_sure",
        f"Row {mistake.row} is {true}, and your model says {predicted} with a confidence of "
        f"{share(mistake.confidence)}. Why is it so sure, and who would be harmed if that number were believed?",
        "that softmax only compares the classes it knows; what in this row looks like the other class; a threshold, or "
        "a person, for what matters.",
        (),
        66,
    )


def _baseline(evidence: Evidence, result: StudentResult) -> Iterator[Question]:
    simple = min(
        (item for item in evidence.references if item.metric == result.metric),
        key=lambda item: item.parameters,
        default=None,
    )
    cell = (result.scoring.cell,)
    if simple is not None and result.value is not None and result.metric == "accuracy":
        yield Question(
            "baseline",
            f"{simple.title} with {simple.parameters:,} parameters reaches {share(simple.score)} on the same rows, "
            f"your model {share(result.value)}. What does your network see that it can't, and is that worth its cost?",
            "which rows or classes gain; what convolution or depth adds; size, time, and how much of it is chance.",
            cell,
            60,
        )
        return
    verified = result.verified
    if verified is None:
        return
    if verified.accuracy is not None and verified.majority_accuracy is not None:
        yield Question(
            "baseline",
            f"Always answering the commonest class is right in {share(verified.majority_accuracy)} of these rows, "
            f"your model in {share(verified.accuracy)}. Which simple model would you compare it with first?",
            "a linear model or a small dense network on the same rows; how accuracy misleads where classes are uneven.",
            cell,
            60,
        )
    elif verified.mae is not None and verified.baseline_mae:
        yield Question(
            "baseline",
            f"Your model is off by {verified.mae:.3g} on average; always answering the median is off by "
            f"{verified.baseline_mae:.3g}. For which rows is the error largest, and why there?",
            "residuals looked at by size of the target; outliers, rare ranges, a missing input; the unit of the error.",
            cell,
            88,
        )


def _uncertainty(result: StudentResult) -> Iterator[Question]:
    value, size = result.value, result.size
    if value is None or result.metric != "accuracy" or not size or not 0 < value < 1 or result.role == "train":
        return
    spread = TWO_DEVIATIONS * math.sqrt(value * (1 - value) / size)
    low, high = max(0.0, value - spread), min(1.0, value + spread)
    rows = {"test": "test", "validation": "validation"}.get(result.role, "scored")
    yield Question(
        "uncertainty",
        f"Your score of {share(value)} is of {size:,} {rows} rows; another {size:,} could as well give {share(low)} or "
        f"{share(high)}. How would you show that a change of one point is real?",
        "the standard error and what it shrinks with; several seeds or folds; the same rows for both models.",
        (result.scoring.cell,),
        55 if spread > 0.01 else 40,
    )
