"""Checks of the training curves: shown, and the numbers of this very run."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from grader.checks.curve_forms import is_explained, named_series
from grader.checks.observed import PLOTTING_CALLS, why_unseen
from grader.checks.registry import Limits, Threshold, check
from grader.checks.smoothing import EQUAL, is_equal, is_smoothed
from grader.checks.verdicts import Verdict, advised, failed, not_applicable, passed, unknown
from grader.model import Drawing, Evidence, TrainingRun

CURVE_WORDS = re.compile(r"loss|acc|error|mae|mse|train|val|p[eé]rdida|exactitud|precisi[oó]n", re.IGNORECASE)
EPOCH_WORDS = re.compile(r"epoch|[eé]poca", re.IGNORECASE)
KIND_WORDS = {
    "train": re.compile(r"\btrain|entrenamiento", re.IGNORECASE),
    "validation": re.compile(r"\bval|validaci[oó]n|\btest", re.IGNORECASE),
}
FIGURE_WORDS = {
    "loss": re.compile(r"loss|p[eé]rdida", re.IGNORECASE),
    "accuracy": re.compile(r"acc(?:uracy)?\b|exactitud", re.IGNORECASE),
}
LOG_WORDS = re.compile(r"loss|acc(?:uracy)?\b|p[eé]rdida|exactitud|precisi[oó]n", re.IGNORECASE)


@check(
    "training.curves_shown",
    title="Training curves shown",
    help="Training and validation curves are plotted: lines whose values are those of a training's history.",
)
def curves_shown(evidence: Evidence, _limits: Limits) -> Verdict:
    """Both the training and the validation curve can be seen."""
    lines = [(line, kind) for line in _lines(evidence) if (kind := _kind(line, evidence.trainings)) is not None]
    cells = [line.cell for line, _ in lines]
    kinds = {kind for _, kind in lines}
    if kinds == {"train", "validation"}:
        return passed("Training and validation curves are plotted.", cells=cells)
    watched = any(name.startswith("val_") for item in evidence.trainings for name, _ in item.history)
    if not lines and (static := _plotted_from_history(evidence)):
        return passed("The training history is plotted.", origin="static", cells=static)
    if reason := why_unseen(evidence, PLOTTING_CALLS):
        return unknown(f"Whether curves are plotted could not be seen: {reason}.", cells=cells)
    own = [item for item in evidence.trainings if item.custom_loop or not item.history]
    if evidence.trainings and len(own) == len(evidence.trainings) and _lines(evidence):
        return unknown("Lines are plotted, but the training's own numbers were not seen.", cells=cells)
    if lines and not watched:
        return failed(
            "The training curve is plotted, but there is no validation curve: fit was given no validation data.",
            fix="fit(..., validation_split=0.2), and plot history.history['val_loss'] beside 'loss'.",
            cells=cells,
        )
    missing = {"train": "The validation curve is", "validation": "The training curve is"}
    return failed(
        f"{missing.get(next(iter(kinds), ''), 'Training and validation curves are')} not plotted.",
        fix="Plot history.history['loss'] and ['val_loss'] over the epochs.",
        cells=cells,
    )


@check(
    "training.curves_genuine",
    title="Curves are this run's",
    help="The plotted numbers are this run's history; smoothing, scaling to percent and joining trainings is allowed.",
    thresholds=(Threshold("smoothing", 0.9, "a smoothed curve still rises and falls with the one it was made from"),),
)
def curves_genuine(evidence: Evidence, limits: Limits) -> Verdict:
    """No curve shows numbers that no training of this run gave."""
    curves = _curves(evidence)
    if not curves:
        return not_applicable("No training curve is plotted.", origin="kernel")
    if not evidence.trainings or not all(item.history for item in evidence.trainings):
        return unknown("The trainings' own numbers were not all seen.", cells=[line.cell for line in curves])
    own = any(item.custom_loop for item in evidence.trainings)
    foreign = [line for line in curves if not is_explained(line.y, evidence.trainings, limits["smoothing"])]
    if not foreign and not own and (swapped := [line for line in curves if _misnamed(line, evidence.trainings)]):
        return advised(
            f"The curve labelled “{swapped[0].label}” shows the numbers of the other rows: training and validation "
            "are swapped.",
            fix="Label history['loss'] as training and history['val_loss'] as validation.",
            cells=[line.cell for line in swapped],
        )
    if not foreign and not own and (mistaken := [line for line in curves if _wrong_figure(line, evidence.trainings)]):
        return advised(
            f"The curve labelled “{mistaken[0].label}” shows another figure: loss and accuracy are mixed up.",
            fix="Label history['loss'] as loss and history['accuracy'] as accuracy.",
            cells=[line.cell for line in mistaken],
        )
    if not foreign:
        return passed("The curves show this run's own numbers.", cells=[line.cell for line in curves])
    if own:
        return unknown(
            "The curves show numbers of a training loop of your own that were not seen.",
            cells=[line.cell for line in foreign],
        )
    first = foreign[0]
    name = first.label or first.title or "a line"
    return advised(
        f"The curve “{name}” shows numbers that no training of this run gave.",
        fix="Plot history.history as fit returned it.",
        cells=[line.cell for line in foreign],
        measured={"plotted": list(first.y[:20])},
        review="a plotted training curve is not from this run's history",
    )


def _lines(evidence: Evidence) -> list[Drawing]:
    return [item for item in evidence.drawings if item.kind in {"line", "scatter"} and len(item.y) >= 1]


def _curves(evidence: Evidence) -> list[Drawing]:
    """Return the lines that are meant as training curves: by their words, or beside a line that is one."""
    lines = [line for line in _lines(evidence) if _is_counted(line) and len(set(line.y)) > 1]  # a level is no curve
    logs = {name for item in evidence.trainings for name, _ in item.history}
    lengths = {item.epochs_done for item in evidence.trainings}
    axes = {line.axes for line in lines if len(line.y) > 1 and source_of(line, evidence.trainings) is not None}
    return [
        line
        for line in lines
        if line.axes in axes
        or line.label in logs
        or _speaks_of_epochs(line)
        or (len(line.y) in lengths and _speaks_of_logs(line))
    ]


def _is_counted(line: Drawing) -> bool:
    """Whether a line runs over whole steps: 0, 1, 2... or 1, 2, 3..."""
    steps = line.x or tuple(float(place) for place in range(len(line.y)))
    counted = len(steps) >= 2 and all(abs(b - a - 1) < EQUAL for a, b in pairwise(steps))
    return line.kind == "line" and counted and steps[0] in {0.0, 1.0}


def _speaks_of_epochs(line: Drawing) -> bool:
    over_epochs = bool(EPOCH_WORDS.search(line.x_label + line.title))
    return over_epochs and bool(CURVE_WORDS.search(f"{line.label} {line.title} {line.y_label}"))


def _speaks_of_logs(line: Drawing) -> bool:
    """Whether the words name both the rows and the figure: `training accuracy`, `val_loss`."""
    words = f"{line.label} {line.title} {line.y_label}"
    return any(kind.search(words) for kind in KIND_WORDS.values()) and bool(LOG_WORDS.search(words))


def _misnamed(line: Drawing, trainings: Sequence[TrainingRun]) -> bool:
    """Whether a line is labelled as training where it is a validation log, or the other way round."""
    says = {kind for kind, words in KIND_WORDS.items() if words.search(line.label)}
    if len(says) != 1:
        return False
    kinds = {kind for kind, series in _series(trainings) if _same(line.y, series)}
    return len(kinds) == 1 and says != kinds


def _wrong_figure(line: Drawing, trainings: Sequence[TrainingRun]) -> bool:
    """Whether a line is labelled as a loss and shows accuracies, or the other way round."""
    says = {kind for kind, words in FIGURE_WORDS.items() if words.search(line.label)}
    if len(says) != 1:
        return False
    names = {name.removeprefix("val_") for name, _ in _named_series(line, trainings)}
    shows = {kind for kind, words in FIGURE_WORDS.items() for name in names if words.search(name)}
    return len(shows) == 1 and says != shows


def _named_series(line: Drawing, trainings: Sequence[TrainingRun]) -> list[tuple[str, tuple[float, ...]]]:
    return [(name, values) for item in trainings for name, values in item.history if _same(line.y, values)]


def _kind(line: Drawing, trainings: Sequence[TrainingRun]) -> str | None:
    """Return whether a line is a training or a validation log, as it is or smoothed; where it may be both, as named."""
    known = source_of(line, trainings)
    if known is not None or not _is_counted(line):
        return known
    kinds = {kind for kind, series in _series(trainings) if is_smoothed(line.y, series, LIKENESS)}
    named = {kind for kind, words in KIND_WORDS.items() if words.search(line.label)} & kinds
    fitting = named or kinds
    return next(iter(fitting)) if len(fitting) == 1 else None


LIKENESS = 0.9
"""Pearson's r from which on a line counts as a smoothed log; the same as in training.curves_genuine."""


def source_of(line: Drawing, trainings: Sequence[TrainingRun]) -> str | None:
    """Return whether a line is a training or a validation log of this run, None where it is neither."""
    for kind, series in _series(trainings):
        if _same(line.y, series):
            return kind
    return None


def log_shown(line: Drawing, trainings: Sequence[TrainingRun]) -> tuple[str, ...]:
    """Return the names of the logs (`val_loss`) that a line shows, as they are or smoothed; none for other drawings."""
    if line.kind not in {"line", "scatter"} or not line.y:
        return ()
    exact = tuple(dict.fromkeys(name for name, _ in _named_series(line, trainings)))
    if exact or not _is_counted(line):
        return exact
    logs = [(name, values) for item in trainings for name, values in item.history]
    return tuple(dict.fromkeys(name for name, values in logs if is_smoothed(line.y, values, LIKENESS)))


def _series(trainings: Sequence[TrainingRun]) -> Iterable[tuple[str, tuple[float, ...]]]:
    """Yield every log, and the logs of consecutive trainings joined."""
    for name, series in named_series(trainings):
        yield "validation" if name.startswith("val_") else "train", series


def _same(shown: Sequence[float], series: Sequence[float]) -> bool:
    """Whether they are the same numbers: as they are, in percent, as error for accuracy, or without the first ones."""
    if not shown or len(shown) > len(series) or len(shown) < max(1, len(series) // 2):
        return False
    tail, head = series[-len(shown) :], series[: len(shown)]
    return any(
        all(is_equal(a, form(b)) for a, b in zip(shown, part, strict=True)) for part in {head, tail} for form in FORMS
    )


def _plain(value: float) -> float:
    return value


def _percent(value: float) -> float:
    return 100 * value


def _complement(value: float) -> float:
    return 1 - value


FORMS = (_plain, _percent, _complement)


def _plotted_from_history(evidence: Evidence) -> list[int]:
    """Cells that plot a history and show a picture: what there is to go by where drawing was not watched."""
    return [
        cell.index
        for cell in evidence.cells
        if re.search(r"history|hist\b|\.logs", cell.source)
        and any(call.rpartition(".")[2] in {"plot", "lineplot"} for call in cell.calls)
        and "val" in cell.source
        and not evidence.drawings
        and any(output.image_png for output in (*cell.rerun, *cell.saved))
    ]
