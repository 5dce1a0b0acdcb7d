"""The score as it was told and as it was recomputed, and what it compares with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from grader.model import Evidence, Grade, ReferenceResult, Role, Verified
from grader.reports.charts import Bar, Mark, bar_chart, score_strip
from grader.reports.numbers import count, decimal, joined, percent
from grader.reports.official import with_titles
from grader.reports.outcome import final_verification


@dataclass(frozen=True, slots=True)
class ScoreLine:
    """One of the four tellings of the score; `value` says why there is none. `differs`: not what was recomputed."""

    name: str
    meaning: str
    value: str
    differs: bool
    known: bool


SCORE_MEANINGS = (
    ("stated", "Stated", "what the write-up says", "not stated"),
    ("saved", "Saved", "what the notebook handed in shows as its output", "none saved"),
    ("rerun", "Re-run", "what it gave when it was run again", "none given"),
    ("verified", "Recomputed", "the sealed model on the recorded rows, outside the student's process", "not possible"),
)
SCORE_CHECK = "evaluation.score_verified"
IMBALANCED = 1.5
"""A class so many times as common as if all were equal: there balanced accuracies are given too."""

SAME_SCORE = 0.0051
"""Where the check found a difference: tellings this close to the recomputed score are not the ones it means."""


def score_lines(grade: Grade, evidence: Evidence) -> tuple[ScoreLine, ...]:
    """Return the stated, saved, re-run and recomputed score, those that are known; empty where none is."""
    scores: Mapping[str, Any] = grade.measured.get("test_score") or {}
    values = {key: _number(scores.get(key)) for key, *_ in SCORE_MEANINGS}
    if all(value is None for value in values.values()):
        return ()
    # Whether a difference is more than chance is the check's to say; here only which telling it is.
    disputed = any(item.check == SCORE_CHECK and item.outcome == "fail" for item in grade.findings)
    truth = values["verified"] if disputed else None
    written = score_writer(evidence)
    told = tuple(
        ScoreLine(
            name, meaning, written(value) if value is not None else missing, _differs(value, truth), value is not None
        )
        for (_, name, meaning, missing), value in zip(SCORE_MEANINGS, values.values(), strict=True)
    )
    return (*told, *_hidden_line(evidence, written))


def _hidden_line(evidence: Evidence, written: Callable[[float | None], str]) -> tuple[ScoreLine, ...]:
    """Return the line of the instructor's hidden test, where one was given."""
    hidden = evidence.hidden_test
    if hidden is None:
        return ()
    found = hidden.verified
    value = (found.mae if found.mae is not None else found.accuracy) if found is not None else None
    meaning = f"the sealed model on {count(hidden.rows, 'row')} of your instructor's that no notebook has seen"
    steps = f" ({'; '.join(hidden.prepared)})" if hidden.prepared else ""
    return (
        ScoreLine(
            "Hidden test",
            f"{meaning}{steps}" if value is not None else hidden.note,
            written(value) if value is not None else "not known",
            differs=False,
            known=value is not None,
        ),
    )


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _differs(value: float | None, truth: float | None) -> bool:
    return value is not None and truth is not None and abs(value - truth) > SAME_SCORE * max(1.0, abs(truth))


def score_writer(evidence: Evidence) -> Callable[[float | None], str]:
    """Return how scores of this task are written: shares in percent, errors as decimals."""
    return decimal if evidence.task == "regression" else percent


_ROWS_OF: Mapping[Role, str] = {
    "train": "training rows, which the model knew",
    "validation": "validation rows",
    "test": "held-out rows",
    "other": "rows",
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """Student against reference recipes and the simplest guess."""

    chart: Markup
    unit: str
    notes: tuple[str, ...]


def comparison(evidence: Evidence) -> Comparison | None:
    """Return the bars of student, references and baseline; None where there is nothing to compare with."""
    result = final_verification(evidence)
    by_error = evidence.task == "regression"
    bars: list[Bar] = []
    own = (result.mae if by_error else result.accuracy) if result else None
    if result and own is not None:
        name = "This notebook" if result.origin == "verified" else "This notebook (as claimed by its run)"
        bars.append(Bar(name, own, "student"))
    metric = "mae" if by_error else "accuracy"
    references = [item for item in evidence.references if item.metric == metric]
    bars += [
        Bar(f"{item.title} (cut short)" if item.note else item.title, item.score, "reference", item.spread)
        for item in references
    ]
    guess = (result.baseline_mae if by_error else result.majority_accuracy) if result else None
    if guess is not None:
        bars.append(Bar("Always the median" if by_error else "Always the commonest class", guess, "baseline"))
    if len(bars) < 2:
        return None
    cut = (f"{item.title}: {item.note[:1].lower()}{item.note[1:]}" for item in references if item.note)
    notes = (
        *_spreads(references),
        *_rows_trained_on(references),
        *_rare_classes(result, references),
        *_sizes(evidence, metric),
        *cut,
    )
    scoring = evidence.scoring(evidence.final_scoring)
    rows = _ROWS_OF[scoring.role] if scoring else "rows"
    unit = f"mean absolute error on the same {rows}; shorter is better" if by_error else f"accuracy on the same {rows}"
    return Comparison(
        bar_chart("Scores compared", tuple(bars), None if by_error else 1.0, score_writer(evidence)), unit, notes
    )


@dataclass(frozen=True, slots=True)
class ScoreGlance:
    """The final score for a first glance: its number, which rows it is of, and a line with what it compares with."""

    value: str
    rows: str
    strip: Markup


def score_glance(evidence: Evidence) -> ScoreGlance | None:
    """Return the recomputed (else the claimed) final score beside a guess and the best reference; None without one."""
    result = final_verification(evidence)
    scoring = evidence.scoring(evidence.final_scoring)
    by_error = evidence.task == "regression"
    value = (result.mae if by_error else result.accuracy) if result else None
    if result is None or scoring is None or value is None:
        return None
    written = score_writer(evidence)
    references = [item for item in evidence.references if item.metric == ("mae" if by_error else "accuracy")]
    best = (min if by_error else max)(references, key=lambda item: item.score, default=None)
    guess = result.baseline_mae if by_error else result.majority_accuracy
    marks = [Mark("This notebook", value, "student")]
    marks += [Mark("best reference", best.score, "reference")] if best is not None else []
    marks += [Mark("a guess", guess, "baseline")] if guess is not None else []
    what = "mean absolute error" if by_error else "accuracy"
    origin = "recomputed" if result.origin == "verified" else "claimed by the run"
    strip = score_strip(f"The {what} beside others", marks, None if by_error else 1.0, written)
    return ScoreGlance(written(value), f"{what} on {count(result.rows_used)} {_ROWS_OF[scoring.role]}, {origin}", strip)


def _spreads(references: Sequence[ReferenceResult]) -> tuple[str, ...]:
    """Say what the whiskers are: how far trainings of one network lie apart."""
    several = [item.seeds for item in references if item.seeds > 1]
    if not several:
        return ()
    runs = f"{min(several)} to {max(several)}" if min(several) < max(several) else str(several[0])
    once = tuple(item.title for item in references if item.seeds < 2)
    single = f"; {joined(once)} trained once" if once else ""
    return (f"± is the standard deviation over {runs} trainings from different random starts{single}.",)


def _rare_classes(result: Verified | None, references: Sequence[ReferenceResult]) -> tuple[str, ...]:
    """Give balanced accuracies where one class is far commoner than others: accuracy says little there."""
    if result is None or result.balanced_accuracy is None or result.majority_accuracy is None:
        return ()
    if result.majority_accuracy * max(2, len(result.classes)) < IMBALANCED:
        return ()
    others = tuple(
        f"{percent(item.balanced_accuracy)} ({item.title})" for item in references if item.balanced_accuracy is not None
    )
    against = f" against {joined(others)}" if others else ""
    recall, guess = percent(result.balanced_accuracy), percent(1 / max(2, len(result.classes)))
    told = f"Classes are imbalanced, so the mean of the classes' recalls tells more: {recall} here{against}"
    return (f"{told}; a guess has {guess}.",)


def _rows_trained_on(references: Sequence[ReferenceResult]) -> tuple[str, ...]:
    """Say on which rows references were trained, where those are not this notebook's own training rows."""
    told = dict.fromkeys(item.trained_on for item in references if item.trained_on)
    return tuple(f"The references were trained on {with_titles(words)}, once for the class." for words in told)


def _sizes(evidence: Evidence, metric: str) -> tuple[str, ...]:
    """Return a sentence on how large the networks compared are: a small gap to a far larger one is no shame."""
    references = tuple(count(item.parameters) for item in evidence.references if item.metric == metric)
    if not references:
        return ()
    model = evidence.model(evidence.final_model)
    own = f"; this notebook's model has {count(model.parameters)}" if model else ""
    order = ", in this order" if len(references) > 1 else ""
    return (f"Parameters of the references{order}: {joined(references)}{own}.",)
