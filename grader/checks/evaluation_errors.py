"""Checks of the error analysis: wrong predictions looked at, weak classes named, a baseline beside the model."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from grader.checks.class_words import resolve_class
from grader.checks.evaluation_matrix import residuals_shown
from grader.checks.observed import PLOTTING_CALLS, why_unread, why_unseen
from grader.checks.registry import Limits, Threshold, check
from grader.checks.results import StudentResult, final_result, is_regression
from grader.checks.shown_errors import PER_CLASS, per_class_figures, wrong_predictions
from grader.checks.verdicts import Verdict, advised, failed, passed, unknown
from grader.model import ClassScore, Evidence, Passage, Verified

BASELINE_WORDS = re.compile(
    r"baseline|majority|always (?:predict|answer|say|said|guess)\w*|commonest class|most (?:common|frequent) class|"
    r"random guess|línea base|clase mayoritaria|al azar"
)
"""What a baseline is called, in lower case."""
BASELINES = frozenset(
    {
        "dummyclassifier",
        "dummyregressor",
        "logisticregression",
        "linearregression",
        "ridge",
        "sgdclassifier",
        "kneighborsclassifier",
        "decisiontreeclassifier",
        "randomforestclassifier",
        "gaussiannb",
        "svc",
    }
)


@check(
    "evaluation.errors_shown",
    title="Errors looked at",
    help="Wrong predictions displayed, or per-class precision and recall. Regression: residuals or the largest errors.",
)
def errors_shown(evidence: Evidence, _limits: Limits) -> Verdict:
    """The mistakes are put before the reader's eyes."""
    if reports := per_class_figures(evidence):
        return passed("Precision or recall per class is shown.", cells=reports)
    if wrong := wrong_predictions(evidence):
        return passed("Wrong predictions are displayed.", cells=wrong)
    if is_regression(evidence):
        return _regression_errors(evidence)
    calls = (*PER_CLASS, "recall_score", "precision_score", "imshow", *PLOTTING_CALLS)
    if reason := why_unseen(evidence, calls):
        return unknown(f"Whether errors are looked at could not be seen: {reason}.")
    return failed(
        "Neither wrong predictions nor precision and recall per class are shown.",
        fix="print(classification_report(y_test, predictions)), and show a few pictures the model got wrong.",
    )


@check(
    "evaluation.weakness_named",
    title="Weak classes named",
    help="The prose names weak classes or conditions, and the recomputed confusion matrix confirms them.",
    thresholds=(
        Threshold("confused_pairs", 2, "the pairs most often taken for each other are what a reader sees first"),
        Threshold("below_mean", 0.0, "a class whose F1 score is below the overall accuracy is one of the weaker ones"),
    ),
)
def weakness_named(evidence: Evidence, limits: Limits) -> Verdict:
    """The words name where the model is unreliable, and the numbers agree."""
    said = [item for item in evidence.prose.passages if item.topic == "weakness"]
    cells = [item.cell for item in said]
    if not said:
        if reason := why_unread(evidence.prose):
            return unknown(f"Whether weak spots are named can't be told: {reason}.", origin="static")
        return failed(
            "The text does not say where the model is unreliable.",
            fix="Name the classes it confuses most, read from the confusion matrix, with their numbers.",
            origin="static",
        )
    if is_regression(evidence):
        return passed(f"The text says where the model is weak: “{said[0].quote}”", origin="static", cells=cells)
    named = [item for item in said if item.classes]
    if not named:
        return failed(
            f"A weakness is mentioned (“{said[0].quote}”), but no class is named.",
            fix="Name the classes the model confuses most, with numbers from the confusion matrix.",
            origin="static",
            cells=cells,
        )
    result = final_result(evidence)
    verified = result.verified if result is not None else None
    if result is None or verified is None or not verified.per_class:
        return unknown(
            "The classes named as weak could not be compared with a recomputed confusion matrix.", cells=cells
        )
    return _confirmed(evidence, result, verified, named, limits)


@check(
    "evaluation.baseline_compared",
    title="Compared with a baseline",
    help="The model is compared with a simple one: the commonest class, a linear model, a dense net.",
)
def baseline_compared(evidence: Evidence, _limits: Limits) -> Verdict:
    """A simpler model's score stands beside the model's."""
    result = final_result(evidence)
    scored = {item.model for item in evidence.scorings if result is not None and item.rows == result.scoring.rows}
    if len(scored) > 1:
        return passed(
            f"{len(scored)} models are scored on the same rows.",
            cells=[item.cell for item in evidence.scorings if item.model in scored],
        )
    simple = [
        cell.index
        for cell in evidence.cells
        if speaks_of_baseline(cell.source) or any(_last(call).lower() in BASELINES for call in cell.calls)
    ]
    if simple:
        return passed("The notebook speaks of a simple baseline or trains one.", origin="static", cells=simple)
    if reason := why_unseen(evidence, ("fit", "evaluate", "score")):
        return unknown(f"Whether there is a baseline could not be seen: {reason}.")
    return advised(
        "The score is not compared with a baseline.",
        fix="Say what always answering the commonest class would score, or train a single dense layer.",
    )


def speaks_of_baseline(text: str) -> bool:
    """Whether a text names a baseline. In lower case it is searched five times as fast as whatever its case."""
    return BASELINE_WORDS.search(text.lower()) is not None


def weak_classes(verified: Verified, pairs: int, below: float = 0.0) -> dict[str, ClassScore]:
    """Return the weak classes: an F1 score below the overall accuracy, or among the most confused pairs."""
    mean = verified.accuracy if verified.accuracy is not None else 1.0
    confused = {name for pair in verified.confused[:pairs] for name in (pair.true, pair.predicted)}
    return {
        item.label: item for item in verified.per_class if item.label in confused or (item.f1 or 0.0) < mean - below
    }


def _confirmed(
    evidence: Evidence, result: StudentResult, verified: Verified, named: Iterable[Passage], limits: Limits
) -> Verdict:
    weak = weak_classes(verified, int(limits["confused_pairs"]), limits["below_mean"])
    written = {name: item for item in named for name in item.classes}
    labels = {name: resolve_class(name, evidence, verified) for name in written}
    found = [name for name, label in labels.items() if label in weak]
    recalls: Mapping[str, float | None] = {item.label: item.recall for item in verified.per_class}
    measured = {"named": sorted(written), "confirmed": sorted(found), "recall": dict(recalls)}
    cells = [item.cell for item in written.values()]
    if found:
        shares = ", ".join(f"{name} ({_figures(weak[labels[name] or ''])})" for name in sorted(found))
        return passed(
            f"The text names classes that are weak indeed: {shares}.",
            origin=result.origin,
            cells=cells,
            measured=measured,
        )
    if not any(labels.values()):
        return unknown(
            f"The classes named ({', '.join(sorted(written))}) could not be matched with the matrix.",
            cells=cells,
            measured=measured,
        )
    worst = min(verified.per_class, key=lambda item: item.recall if item.recall is not None else 1.0)
    return failed(
        f"The classes named as weak ({', '.join(sorted(written))}) are not: the weakest is {worst.label} "
        f"(recall {worst.recall or 0:.1%}).",
        fix="Read the weak classes from the confusion matrix: the rows with most entries off the diagonal.",
        origin=result.origin,
        cells=cells,
        measured=measured,
    )


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _figures(item: ClassScore) -> str:
    return f"recall {item.recall or 0:.1%}, precision {item.precision or 0:.1%}"


def _regression_errors(evidence: Evidence) -> Verdict:
    plotted = residuals_shown(evidence, {"share": 0.5})
    if plotted.outcome == "fail":
        return failed(
            "The errors are not looked at: no residuals, no largest errors.",
            fix="Plot the residuals, and list the rows with the largest errors.",
        )
    return plotted
