"""Checks of an evidence pack: what shows that the model was built, trained, measured, and where it fails."""

from __future__ import annotations

import re
from collections.abc import Iterable

from grader.checks.code_calls import cells_with
from grader.checks.observed import SCORING_CALLS, TRAINING_CALLS, why_unseen
from grader.checks.registry import Limits, Threshold, check_on_request
from grader.checks.results import final_result
from grader.checks.shown_errors import LABELLED_LINE, wrong_predictions
from grader.checks.tables import Table, tables
from grader.checks.training_curves import log_shown
from grader.checks.verdicts import Verdict, failed, passed, unknown
from grader.checks.written import Part, cells_of, count_words, document_parts, notebook_parts, under
from grader.model import Evidence

SUMMARY = re.compile(
    r"Total params|Param #|Trainable params|\(\w+\): (?:Linear|Conv\dd|LSTM|Embedding)\(|^\w+\(\s*$\n\s+\(\w+\):",
    re.MULTILINE,
)
CURVE_FILE = re.compile(r"loss|curve|history|train|log|curva|p[eé]rdida|tensorboard", re.IGNORECASE)
LOSS_COLUMN = re.compile(r"loss|p[eé]rdida", re.IGNORECASE)
METRIC = re.compile(
    r"(?:^|[^a-z])(?:acc(?:uracy)?(?![a-z])|f1|recall|precision|auc|mae|rmse|mse|r2|score|exactitud|metric)",
    re.IGNORECASE,
)
PREDICTED = re.compile(r"pred|answer|guess|output|predicho", re.IGNORECASE)
TRUE = re.compile(r"true|actual|label|target|real|expected|verdader|etiqueta", re.IGNORECASE)
SAMPLES_FILE = re.compile(r"predic|sample|example|ejemplo|muestra", re.IGNORECASE)
FAILURE_FILE = re.compile(r"fail|wrong|mistake|error|misclass|fallo|equivoc", re.IGNORECASE)
FAILURE_HEADING = re.compile(r"fail|mistake|error (?:analysis|cases)|wrong|misclass|fallo|errores", re.IGNORECASE)
NUMBER = re.compile(r"[-+]?\d+(?:[.,]\d+)?")
SHAPE_CHECK = re.compile(
    r"^\s*assert\b[^\n]*(?:shape|ndim|\blen\(|\.dim\(|size\()|assert_shape|raise \w*Error\([^\n]*shape", re.MULTILINE
)
SHAPE_SHOWN = re.compile(r"print\([^\n]*(?:\.shape|\.size\()")
PICTURES = ("image",)


@check_on_request(
    "project.model_summary",
    title="Model summary",
    help="The layers of the model with their shapes or parameters are shown: summary() or print(model), or a file of "
    "it.",
)
def model_summary(evidence: Evidence, _limits: Limits) -> Verdict:
    """How the model is built can be read."""
    shown = [cell.index for cell in evidence.cells if any(SUMMARY.search(o.text) for o in (*cell.rerun, *cell.saved))]
    if shown:
        return passed("The model's layers are shown.", cells=shown)
    files = [item.path for item in evidence.run_files.products if SUMMARY.search(item.head)]
    files += [part.source for part in document_parts(evidence) if SUMMARY.search(part.code + part.text)]
    if files:
        return passed(f"The model's layers are listed in {files[0]}.", origin="static")
    if reason := why_unseen(evidence, ("summary", "print", "display")):
        return unknown(f"Whether the model's layers are shown could not be seen: {reason}.")
    return failed("The model's layers are not shown.", fix="model.summary(), or print(model) in PyTorch.")


@check_on_request(
    "project.loss_recorded",
    title="Loss curve or log",
    help="The loss of the training is plotted, or written to a log or table.",
)
def loss_recorded(evidence: Evidence, _limits: Limits) -> Verdict:
    """How the training went can be looked up."""
    drawn = [
        line.cell for line in evidence.drawings if any("loss" in name for name in log_shown(line, evidence.trainings))
    ]
    if drawn:
        return passed("The loss is plotted.", cells=drawn)
    logs = [item for item in tables(evidence) if item.having(LOSS_COLUMN) and item.count > 1]
    if logs:
        return passed(f"The loss of each epoch is recorded ({logs[0].source}).", cells=[logs[0].cell])
    files = [item for item in _files(evidence, PICTURES) if CURVE_FILE.search(item)]
    if files:
        return passed(f"The loss is drawn in {files[0]}.", origin="static")
    words = [
        item
        for item in evidence.drawings
        if item.kind == "line" and LOSS_COLUMN.search(f"{item.label} {item.title} {item.y_label}")
    ]
    if words and any(item.custom_loop for item in evidence.trainings):
        return passed("The loss of the loop is plotted.", cells=[item.cell for item in words])
    losses = {round(value, 3) for item in evidence.trainings for value in item.series("loss")}
    printed = [cell.index for cell in evidence.cells if _holds_several(cell_text(evidence, cell.index), losses)]
    if printed:
        return passed("The loss of each epoch is printed.", cells=printed)
    if reason := why_unseen(evidence, (*TRAINING_CALLS, "plot", "print")):
        return unknown(f"Whether the loss is recorded could not be seen: {reason}.")
    return failed(
        "The loss is neither plotted nor logged.",
        fix="Plot history.history['loss'] into loss_curve.png, or keep CSVLogger('log.csv').",
    )


@check_on_request(
    "project.metric_table",
    title="Table of metrics",
    help="A table (file, document or output) lists the model's metrics.",
)
def metric_table(evidence: Evidence, _limits: Limits) -> Verdict:
    """The numbers stand in one place."""
    for item in tables(evidence):
        by_column = item.having(METRIC) and not item.having(LOSS_COLUMN)
        by_row = any(
            row and METRIC.search(row[0]) and any(NUMBER.search(cell) for cell in row[1:]) for row in item.values
        )
        named = METRIC.search(item.source) and item.count
        if by_column or by_row or named:
            return passed(f"The metrics stand in a table ({item.source}).", origin="static", cells=[item.cell])
    written = [(item.path, item.keys) for item in evidence.run_files.products]
    files = [*written, *((item.path, item.keys) for item in evidence.project)]
    keyed = [path for path, keys in files if any(map(METRIC.search, keys))]
    if keyed:
        return passed(f"The metrics stand in {keyed[0]}.")
    reports = [call.cell for call in evidence.metric_calls if call.function.endswith("classification_report")]
    if reports:
        return passed("The metrics stand in a classification report.", cells=reports)
    if reason := why_unseen(evidence, ("to_csv", "DataFrame", "dump", "classification_report")):
        return unknown(f"Whether there is a table of metrics could not be seen: {reason}.")
    return failed(
        "There is no table of metrics.",
        fix="Write metrics.csv (metric, baseline, current), or show a DataFrame of them.",
    )


@check_on_request(
    "project.prediction_samples",
    title="Samples of predictions",
    help="Some predictions are shown beside the true answers: in a table, pictures or lines.",
    thresholds=(Threshold("fewest", 3, "one or two predictions show neither a strength nor a weakness"),),
)
def prediction_samples(evidence: Evidence, limits: Limits) -> Verdict:
    """What the model answers can be looked at."""
    both = [item for item in tables(evidence) if item.having(PREDICTED) and item.having(TRUE)]
    enough = [item for item in both if item.count >= limits["fewest"]]
    if enough:
        return passed(
            f"{enough[0].count:,} predictions stand beside the true answers ({enough[0].source}).",
            cells=[enough[0].cell],
        )
    titled = [
        item.cell
        for item in evidence.drawings
        if item.kind == "image" and PREDICTED.search(f"{item.title} {' '.join(item.texts)}")
    ]
    if len(titled) >= limits["fewest"]:
        return passed(f"{len(titled)} predictions are shown in pictures.", cells=titled)
    lines = [
        cell.index
        for cell in evidence.cells
        if sum(bool(LABELLED_LINE.search(line)) for line in cell_text(evidence, cell.index).splitlines())
        >= limits["fewest"]
    ]
    if lines:
        return passed("Predictions are printed line by line.", origin="static", cells=lines)
    files = [item for item in _files(evidence, ("image", "table", "json")) if SAMPLES_FILE.search(item)]
    if files:
        return passed(f"Predictions are kept in {files[0]}.", origin="static")
    if wrong := wrong_predictions(evidence):
        return passed("Predictions are shown beside the true answers.", cells=wrong)
    if reason := why_unseen(evidence, (*SCORING_CALLS, "to_csv", "print", "imshow")):
        return unknown(f"Whether predictions are shown could not be seen: {reason}.")
    return failed(
        "No predictions are shown beside the true answers.",
        fix="Write predictions.csv (input, true, predicted, probability) with a few rows of each class.",
    )


@check_on_request(
    "project.failure_cases",
    title="Failure cases",
    help="At least three cases in which the model is wrong are shown: in pictures, in a table, or one by one in words.",
    thresholds=(Threshold("cases", 3, "the evidence pack asks for three failure cases at least"),),
)
def failure_cases(evidence: Evidence, limits: Limits) -> Verdict:
    """Where it fails can be looked at."""
    counts = {
        "in pictures": len(_wrong_pictures(evidence)),
        "in a table": max((_wrong_rows(item) for item in tables(evidence)), default=0),
        "as pictures in files": sum(bool(FAILURE_FILE.search(item)) for item in _files(evidence, PICTURES)),
        "in words": max((_cases(part) for part in _failure_parts(evidence)), default=0),
    }
    how, most = max(counts.items(), key=lambda item: item[1])
    if most >= limits["cases"]:
        return passed(
            f"{most} failure cases are shown {how}.",
            cells=[*_wrong_pictures(evidence), *cells_of(_failure_parts(evidence))],
            measured=counts,
        )
    listed = wrong_predictions(evidence)
    lines = max((_labelled_lines(evidence, cell) for cell in listed), default=0)
    if lines >= limits["cases"]:
        return passed(f"{lines} wrong predictions are listed.", cells=listed, measured=counts)
    if reason := why_unseen(evidence, (*SCORING_CALLS, "imshow", "to_csv", "print")):
        return unknown(f"Whether failure cases are shown could not be seen: {reason}.", measured=counts)
    told = f"Only {most} failure case{'s are' if most > 1 else ' is'} shown" if most else "No failure cases are shown"
    return failed(
        f"{told}; at least {limits['cases']:.0f} are asked for.",
        fix="Show three rows that the model got wrong, with both answers, and say of each what misled it.",
        measured=counts,
    )


@check_on_request(
    "code.shapes_checked",
    title="Shapes checked",
    help="The code checks shapes of inputs or outputs (assert), or prints those of two steps at least.",
    thresholds=(
        Threshold("printed", 2, "one printed shape shows the data, two show that a step kept it as it should"),
    ),
)
def shapes_checked(evidence: Evidence, limits: Limits) -> Verdict:
    """A wrong shape would be noticed."""
    if cells := cells_with(evidence, SHAPE_CHECK):
        return passed("Shapes are checked by assertions.", origin="static", cells=cells)
    shown = [cell.index for cell in evidence.cells if cell.kind == "code" for _ in SHAPE_SHOWN.findall(cell.source)]
    if len(shown) >= limits["printed"]:
        return passed("Shapes are printed after several steps.", origin="static", cells=shown)
    return failed(
        "Shapes are not checked.",
        fix="assert model(x[:2]).shape == (2, classes), and the same for a batch of inputs and labels.",
        origin="static",
        cells=shown,
    )


# ---------------------------------------------------------------- parts
def cell_text(evidence: Evidence, index: int) -> str:
    """Return what a cell prints, in our run and as saved."""
    cell = next((item for item in evidence.cells if item.index == index), None)
    return (
        "\n".join(item.text for item in (*cell.rerun, *cell.saved) if item.kind != "error") if cell is not None else ""
    )


def everything(evidence: Evidence) -> tuple[Part, ...]:
    """Return the documents and the notebook's markdown in parts."""
    return (*document_parts(evidence), *notebook_parts(evidence))


def _files(evidence: Evidence, kinds: Iterable[str]) -> list[str]:
    wanted = set(kinds)
    files = [item.path for item in evidence.run_files.products if item.kind in wanted]
    files += [item.path for item in evidence.project if item.kind in wanted]
    return list(dict.fromkeys(files))


def _holds_several(text: str, values: set[float]) -> bool:
    numbers = {round(float(number.replace(",", ".")), 3) for number in NUMBER.findall(text)[:5_000]}
    return len(values) > 1 and len(values & numbers) >= min(3, len(values))


def _wrong_pictures(evidence: Evidence) -> list[int]:
    """Return the cell of every picture in cells that show wrong predictions."""
    result = final_result(evidence)
    wrong = set(result.verified.wrong_rows) if result is not None and result.verified is not None else set()
    cells = set(wrong_predictions(evidence))
    return [
        item.cell
        for item in evidence.drawings
        if item.kind == "image"
        and (
            item.cell in cells
            or (item.shows_row in wrong and result is not None and item.shows_rows == result.scoring.rows)
        )
    ]


def _wrong_rows(item: Table) -> int:
    """Return how many rows of a table are failures: by its name, or where true and predicted differ."""
    if FAILURE_FILE.search(item.source.rpartition("/")[2]):
        return item.count
    true, predicted = item.having(TRUE), item.having(PREDICTED)
    places = [(a, b) for a in true for b in predicted if a != b]
    if not places or not item.values:
        return 0
    left, right = places[0]
    return sum(len(row) > max(left, right) and row[left] != row[right] for row in item.values)


def _failure_parts(evidence: Evidence) -> list[Part]:
    return list(under(everything(evidence), FAILURE_HEADING))


def _cases(part: Part) -> int:
    """Count the cases told one by one under a heading: items of a list, or rows of a table."""
    items = re.findall(r"^\s*(?:[-*+]|\d+[.)])\s+\S", part.text, re.MULTILINE)
    bars = [line for line in part.text.splitlines() if line.strip().startswith("|")]
    return max(len([item for item in items if item]), len(bars) - 2) if count_words(part.text) else 0


def _labelled_lines(evidence: Evidence, cell: int) -> int:
    return sum(bool(LABELLED_LINE.search(line)) for line in cell_text(evidence, cell).splitlines())
