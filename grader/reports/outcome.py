"""The recomputed result: figures, confusion matrix, per-class scores, wrong predictions."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup

from grader.model import Evidence, Mistake, Verified
from grader.reports.charts import confusion_matrix
from grader.reports.numbers import count, decimal, percent, quoted
from grader.reports.wording import ROLES

MOST_MISTAKES = 24
MOST_PAIRS = 5
LARGEST_PICTURE = 200_000
"""Base64 characters of one picture: a 200 x 200 colour photo fits; more would make the report heavy."""


@dataclass(frozen=True, slots=True)
class MistakeView:
    """A wrong prediction: `picture` is a data URI or empty."""

    row: int
    true: str
    predicted: str
    confidence: str
    picture: Markup


@dataclass(frozen=True, slots=True)
class ClassLine:
    """Per-class figures, written out."""

    label: str
    precision: str
    recall: str
    f1: str
    support: str


@dataclass(frozen=True, slots=True)
class ResultView:
    """The recomputed result of the final scoring."""

    title: str
    origin_words: str
    sample: str
    figures: tuple[tuple[str, str], ...]
    matrix: Markup
    worst: str
    pairs: tuple[str, ...]
    per_class: tuple[ClassLine, ...]
    mistakes: tuple[MistakeView, ...]
    note: str


def final_verification(evidence: Evidence) -> Verified | None:
    """Return what was recomputed of the final scoring, or of a scoring of the same weights on the same rows."""
    final = evidence.scoring(evidence.final_scoring)
    if final is None:
        return None
    twins = (item.id for item in evidence.scorings if (item.rows, item.weights) == (final.rows, final.weights))
    results = (evidence.verification(scoring) for scoring in (final.id, *twins))
    return next((item for item in results if item is not None), None)


def result_view(evidence: Evidence) -> ResultView | None:
    """Return the final scoring's recomputed figures, None where nothing was recomputed."""
    result = final_verification(evidence)
    if result is None:
        return None
    named = class_names(result, evidence)
    scoring = evidence.scoring(evidence.final_scoring)
    role = ROLES[scoring.role][0].lower() if scoring else "recorded"
    sampled = result.rows_used < result.rows_total
    used = (
        f"{count(result.rows_used)} of {count(result.rows_total, 'row')}"
        if sampled
        else count(result.rows_total, "row")
    )
    pairs = tuple(
        f"{quoted(named.get(item.true, item.true))} was taken for {quoted(named.get(item.predicted, item.predicted))} "
        f"{count(item.count, 'time')} ({percent(item.share)} of its rows)"
        for item in result.confused[:MOST_PAIRS]
    )
    return ResultView(
        title=f"{used} ({role})",
        origin_words="recomputed outside"
        if result.origin == "verified"
        else "claimed by the run, could not be recomputed",
        sample="The figures are of a sample of the rows." if sampled else "",
        figures=_figures(result),
        matrix=confusion_matrix(result.matrix, tuple(named.get(name, name) for name in result.classes), _worst(result)),
        worst=pairs[0] if pairs else "",
        pairs=pairs,
        per_class=tuple(
            ClassLine(
                named.get(item.label, item.label),
                percent(item.precision),
                percent(item.recall),
                percent(item.f1),
                count(item.support),
            )
            for item in result.per_class
        ),
        mistakes=tuple(_mistake_view(item, named) for item in result.mistakes[:MOST_MISTAKES]),
        note=result.note,
    )


def _worst(result: Verified) -> tuple[int, int] | None:
    """Return where in the matrix the pair stands that is named as the most frequent mistake."""
    if not result.confused or not {result.confused[0].true, result.confused[0].predicted} <= set(result.classes):
        return None
    pair = result.confused[0]
    return result.classes.index(pair.true), result.classes.index(pair.predicted)


def _figures(result: Verified) -> tuple[tuple[str, str], ...]:
    if result.task == "regression":
        found = (
            ("Mean absolute error", result.mae),
            ("Root mean squared error", result.rmse),
            ("R\N{SUPERSCRIPT TWO}", result.r2),
        )
        return tuple((name, decimal(value)) for name, value in found if value is not None)
    shares = (
        ("Accuracy", result.accuracy),
        ("Balanced accuracy", result.balanced_accuracy),
        ("Macro F1", result.macro_f1),
        ("Always the commonest class", result.majority_accuracy),
    )
    return tuple((name, percent(value)) for name, value in shares if value is not None)


def class_names(result: Verified, evidence: Evidence) -> Mapping[str, str]:
    """Map labels to the names the notebook gives its classes, where there is one for each label."""
    names = evidence.class_names
    if not names or not all(label.isdecimal() and int(label) < len(names) for label in result.classes):
        return {}
    return {label: names[int(label)] for label in result.classes}


def _mistake_view(mistake: Mistake, named: Mapping[str, str]) -> MistakeView:
    return MistakeView(
        mistake.row,
        named.get(mistake.true, mistake.true),
        named.get(mistake.predicted, mistake.predicted),
        percent(mistake.confidence),
        picture_uri(mistake.picture),
    )


def picture_uri(encoded: str) -> Markup:
    """Return a data URI of a PNG given as base64; empty for anything that is not a PNG of sensible size."""
    if not encoded or len(encoded) > LARGEST_PICTURE or not re.fullmatch(r"[A-Za-z0-9+/]+={0,2}", encoded):
        return Markup("")
    try:
        content = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        return Markup("")
    is_png = content.startswith(b"\x89PNG\r\n\x1a\n")
    return Markup("data:image/png;base64,{}").format(encoded) if is_png else Markup("")
