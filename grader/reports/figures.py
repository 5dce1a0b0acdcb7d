"""What was measured, as figures of the report: scores, comparison, curves, confusion matrix, mistakes, data flow."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from grader.model import Diagnosis, Evidence, Grade, Mistake, Role, RowSet, TrainingRun, Verified
from grader.reports.charts import (
    Bar,
    Lane,
    Series,
    SharedRows,
    bar_chart,
    confusion_matrix,
    curve_chart,
    lane_chart,
)
from grader.reports.numbers import NONE, count, decimal, joined, percent
from grader.reports.wording import DIAGNOSES, ROLES

MOST_MISTAKES = 24
MOST_TRAININGS = 8
MOST_PANELS = 4
MOST_LANES = 6
MOST_PAIRS = 5
LARGEST_PICTURE = 200_000
"""Base64 characters of one picture: a 200 x 200 colour photo fits; more would make the report heavy."""


# ---------------------------------------------------------------- scores
@dataclass(frozen=True, slots=True)
class ScoreLine:
    """One of the four tellings of the score. `differs` says it is not what was recomputed."""

    name: str
    meaning: str
    value: str
    differs: bool


SCORE_MEANINGS = (
    ("stated", "Stated", "what the write-up says"),
    ("saved", "Saved", "what the notebook handed in shows as its output"),
    ("rerun", "Re-run", "what it printed when it was run again"),
    ("verified", "Recomputed", "the sealed model on the recorded rows, outside the student's process"),
)
SAME_SCORE = 0.0051
"""Shares that differ by no more than a rounded percent are the same for a reader; the checks decide by their own."""


def score_lines(grade: Grade, evidence: Evidence) -> tuple[ScoreLine, ...]:
    """Return the stated, saved, re-run and recomputed score, those that are known; empty where none is."""
    scores: Mapping[str, Any] = grade.measured.get("test_score") or {}
    values = {key: _number(scores.get(key)) for key, _, _ in SCORE_MEANINGS}
    if all(value is None for value in values.values()):
        return ()
    truth = values["verified"]
    written = score_writer(evidence)
    return tuple(
        ScoreLine(name, meaning, written(value) if value is not None else NONE, _differs(value, truth))
        for (key, name, meaning), value in zip(SCORE_MEANINGS, values.values(), strict=True)
    )


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _differs(value: float | None, truth: float | None) -> bool:
    return value is not None and truth is not None and abs(value - truth) > SAME_SCORE * max(1.0, abs(truth))


def score_writer(evidence: Evidence) -> Callable[[float | None], str]:
    """Return how scores of this task are written: shares in percent, errors as decimals."""
    return decimal if evidence.task == "regression" else percent


# ---------------------------------------------------------------- comparison
@dataclass(frozen=True, slots=True)
class Comparison:
    """Student against reference recipes and the simplest guess."""

    chart: Markup
    unit: str
    notes: tuple[str, ...]


def comparison(evidence: Evidence) -> Comparison | None:
    """Return the bars of student, references and baseline; None where there is nothing to compare with."""
    result = evidence.verification(evidence.final_scoring)
    by_error = evidence.task == "regression"
    bars: list[Bar] = []
    own = (result.mae if by_error else result.accuracy) if result else None
    if result and own is not None:
        name = "This notebook" if result.origin == "verified" else "This notebook (as claimed by its run)"
        bars.append(Bar(name, own, "student"))
    metric = "mae" if by_error else "accuracy"
    for item in evidence.references:
        if item.metric == metric:
            size = count(item.parameters, "parameter")
            bars.append(Bar(item.title, item.score, "reference", item.spread, size))
    guess = (result.baseline_mae if by_error else result.majority_accuracy) if result else None
    if guess is not None:
        bars.append(Bar("Always the median" if by_error else "Always the commonest class", guess, "baseline"))
    if len(bars) < 2:
        return None
    notes = tuple(item.note for item in evidence.references if item.note)
    unit = (
        "mean absolute error on the same held-out rows; shorter is better"
        if by_error
        else "accuracy on the same held-out rows"
    )
    return Comparison(
        bar_chart("Scores compared", tuple(bars), None if by_error else 1.0, score_writer(evidence)), unit, notes
    )


# ---------------------------------------------------------------- training
@dataclass(frozen=True, slots=True)
class TrainingView:
    """One training run with its curves. `final` says it trained the model that was scored in the end."""

    title: str
    cell: int
    facts: str
    diagnosis: str
    diagnosis_sentence: str
    panels: tuple[Markup, ...]
    final: bool


def training_views(evidence: Evidence) -> tuple[TrainingView, ...]:
    """Return the training runs, the one of the final model first, the others in the order they ran."""
    final = next((item for item in reversed(evidence.trainings) if item.model == evidence.final_model), None)
    final = final or (evidence.trainings[-1] if evidence.trainings else None)
    order = [item for item in (final, *evidence.trainings) if item is not None]
    chosen = list({item.id: item for item in order}.values())[:MOST_TRAININGS]
    return tuple(_training_view(item, evidence, is_final=item is final) for item in chosen)


def _training_view(training: TrainingRun, evidence: Evidence, *, is_final: bool) -> TrainingView:
    diagnosis = next((item for item in evidence.diagnoses if item.training == training.id), None)
    model = evidence.model(training.model)
    done = count(training.epochs_done, "epoch")
    asked = f" of {training.epochs_asked} asked for" if training.epochs_done != training.epochs_asked else ""
    facts = [done + asked, f"batches of {training.batch_size}" if training.batch_size else ""]
    facts += [f"{model.optimizer}, {model.loss}" if model and model.optimizer else ""]
    facts += [
        count(model.parameters, "parameter") if model else "",
        joined(tuple(item.kind for item in training.callbacks)),
    ]
    return TrainingView(
        title="Training of the final model" if is_final else "Another training run",
        cell=training.cell,
        facts=" \N{MIDDLE DOT} ".join(part for part in facts if part),
        diagnosis=DIAGNOSES.get(diagnosis.kind, diagnosis.kind) if diagnosis else "",
        diagnosis_sentence=diagnosis.sentence if diagnosis else "",
        panels=_panels(training, diagnosis),
        final=is_final,
    )


def _panels(training: TrainingRun, diagnosis: Diagnosis | None) -> tuple[Markup, ...]:
    names = [
        name for name, _ in training.history if not name.startswith("val_") and name not in {"lr", "learning_rate"}
    ]
    names.sort(key=lambda name: (name != "loss", "acc" not in name, name))
    mark = (diagnosis.epoch, f"{DIAGNOSES.get(diagnosis.kind, diagnosis.kind).lower()} from epoch {diagnosis.epoch}") if diagnosis and diagnosis.epoch else None  # fmt: skip
    panels = []
    for name in names[:MOST_PANELS]:
        lines = [Series("training", training.series(name), "train")]
        if training.series(f"val_{name}"):
            lines.append(Series("validation", training.series(f"val_{name}"), "validation"))
        is_share = "acc" in name or name in {"precision", "recall", "auc", "f1_score"}
        title = {"acc": "Accuracy"}.get(name, name.replace("_", " ").capitalize())
        panels.append(curve_chart(title, tuple(lines), mark, percent if is_share else decimal))
    return tuple(panels)


# ---------------------------------------------------------------- the verified result
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


def result_view(evidence: Evidence) -> ResultView | None:
    """Return the final scoring's recomputed figures, None where nothing was recomputed."""
    result = evidence.verification(evidence.final_scoring)
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
        f"{named.get(item.true, item.true)} was taken for {named.get(item.predicted, item.predicted)} "
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
        matrix=confusion_matrix(result.matrix, tuple(named.get(name, name) for name in result.classes)),
        worst=pairs[0] if pairs else "",
        pairs=pairs,
        per_class=tuple(
            ClassLine(
                named.get(item.label, item.label),
                *map(percent, (item.precision, item.recall, item.f1)),
                count(item.support),
            )
            for item in result.per_class
        ),
        mistakes=tuple(_mistake_view(item, named) for item in result.mistakes[:MOST_MISTAKES]),
        note=result.note,
    )


def _figures(result: Verified) -> tuple[tuple[str, str], ...]:
    if result.task == "regression":
        found = (
            ("Mean absolute error", result.mae),
            ("Root mean squared error", result.rmse),
            ("R\N{SUPERSCRIPT TWO}", result.r2),
        )
        return tuple((name, decimal(value)) for name, value in found if value is not None)
    shares = (("Accuracy", result.accuracy), ("Balanced accuracy", result.balanced_accuracy), ("Always the commonest class", result.majority_accuracy))  # fmt: skip
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


# ---------------------------------------------------------------- data
@dataclass(frozen=True, slots=True)
class RowsLine:
    """One row set in words."""

    role: str
    style: str
    rows: str
    distinct: str
    shape: str
    labels: str
    use: str
    cells: tuple[int, ...]
    origin: str
    complete: bool


@dataclass(frozen=True, slots=True)
class DataView:
    """How the rows were used: the picture, the table behind it, and rows that stand on two sides."""

    chart: Markup
    lines: tuple[RowsLine, ...]
    overlaps: tuple[str, ...]
    clean: str


def data_view(evidence: Evidence, known_cells: frozenset[int]) -> DataView | None:
    """Return how rows trained, validated and tested; None where no row was seen to reach a model."""
    order: dict[Role, int] = {"train": 0, "validation": 1, "test": 2, "other": 3}
    used = sorted((item for item in evidence.row_sets if item.role != "other"), key=lambda item: order[item.role])
    used = used or list(evidence.row_sets)
    if not used:
        return None
    drawn = used[:MOST_LANES]
    lanes = tuple(
        Lane(ROLES[item.role][0], item.rows, _use_of(item, evidence, short=True), item.role) for item in drawn
    )
    position = {item.id: index for index, item in enumerate(drawn)}
    shared, sentences = [], []
    for overlap in evidence.overlaps:
        if overlap.left not in position or overlap.right not in position or not (overlap.exact or overlap.canonical):
            continue
        names = [ROLES[drawn[position[rows]].role][0].lower() for rows in (overlap.left, overlap.right)]
        most = max(overlap.exact, overlap.canonical)
        shared.append(
            SharedRows(
                position[overlap.left],
                position[overlap.right],
                f"{count(most)} of {count(overlap.left_rows)} {names[0]} rows are also {names[1]} rows",
            )
        )
        sentences.append(
            f"{count(overlap.exact, 'exact copy', 'exact copies')} and {count(overlap.canonical, 'copy', 'copies')} up to "
            f"scaling among {count(overlap.left_rows, names[0] + ' row')}; {percent(overlap.duplicate_rate)} of those rows "
            f"repeat within their own set, which is what chance explains."
        )
    checked = any(item.left in position and item.right in position for item in evidence.overlaps)
    clean = "No row was found on two sides." if checked and not shared else ""
    lines = tuple(_rows_line(item, evidence, known_cells) for item in used)
    return DataView(lane_chart(lanes, tuple(shared)), lines, tuple(sentences), clean)


def _use_of(rows: RowSet, evidence: Evidence, *, short: bool) -> str:
    scored = sorted({item.cell for item in evidence.scorings if item.rows == rows.id})
    fitted = sorted({item.cell for item in evidence.trainings if item.train_rows == rows.id})
    watched = sorted({item.cell for item in evidence.trainings if item.validation_rows == rows.id})
    parts = [
        f"{verb} in {'cell' if len(cells) == 1 else 'cells'} {joined(tuple(map(str, cells[:4])))}"
        for verb, cells in (("trained on", fitted), ("watched", watched), ("scored", scored))
        if cells
    ]
    words = ", ".join(parts) or ROLES[rows.role][1]
    return words if not short or len(words) <= 46 else ROLES[rows.role][1]


def _rows_line(rows: RowSet, evidence: Evidence, known_cells: frozenset[int]) -> RowsLine:
    return RowsLine(
        role=ROLES[rows.role][0],
        style=rows.role,
        rows=count(rows.rows),
        distinct=count(rows.distinct),
        shape=" \N{MULTIPLICATION SIGN} ".join(map(str, rows.shape)) or "single numbers",
        labels=_labels_words(rows),
        use=_use_of(rows, evidence, short=False),
        cells=tuple(cell for cell in rows.cells if cell in known_cells),
        origin=rows.origin_hint,
        complete=rows.complete,
    )


def _labels_words(rows: RowSet) -> str:
    labels = rows.labels
    if labels is None:
        return "none seen"
    if labels.counts:
        classes = count(len(labels.counts), "class", "classes")
        low, high = min(labels.counts), max(labels.counts)
        return (
            f"{classes}, {count(low)} rows each"
            if low == high
            else f"{classes}, {count(low)} to {count(high)} rows each"
        )
    if labels.low is not None and labels.high is not None:
        return f"numbers from {decimal(labels.low)} to {decimal(labels.high)}"
    return labels.form
