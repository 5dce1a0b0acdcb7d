"""Checks of an audit of the data: sizes of the parts, shapes, labels looked at, leakage thought of, imbalance met."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from grader.checks.code_calls import code_calls
from grader.checks.data import first_training_cell
from grader.checks.observed import SCORING_CALLS, TRAINING_CALLS, why_unread, why_unseen
from grader.checks.own_data import OTHER_METRICS, RESAMPLING, WEIGHTING
from grader.checks.registry import Limits, Threshold, check_on_request
from grader.checks.results import is_regression, labels_of
from grader.checks.verdicts import Verdict, failed, not_applicable, passed, unknown
from grader.checks.written import cells_of, document_parts, notebook_parts, saying
from grader.model import CellFacts, Evidence, RowSet

PRINTING_CALLS = (
    "print",
    "display",
    "bincount",
    "unique",
    "value_counts",
    "Counter",
    "bar",
    "countplot",
    "info",
    "head",
)
NUMBER = re.compile(r"(?<![\w.])\d[\d,_]*(?![\w.]*\d)")
LEAKAGE = re.compile(
    r"\bleak\w*|\bduplicat\w*|\boverlap\w*|near[- ]copies|\bsame (?:patients?|person|people|speakers?|scene|source|"
    r"photos?|objects?|subject|group|session|day)\b|\bfugas?\b|\bduplicad\w*|\bsolap\w*|\bmism[oa]s? (?:paciente|"
    r"persona)",
    re.IGNORECASE,
)
LEAKAGE_CALLS = (
    "duplicated", "drop_duplicates", "intersection", "isdisjoint", "GroupShuffleSplit", "GroupKFold", "md5", "sha256",
    "sha1", "phash", "average_hash", "dhash", "intersect1d",
)  # fmt: skip
BALANCE = re.compile(
    r"\b(?:im|un)?balanc\w*|\bevenly (?:distributed|spread)|\bsame number (?:of|in)|class[_ ]weights?|oversampl\w*|"
    r"\bdesbalance\w*|\bdesequilibr\w*|\bequilibrad\w*|\bbalancead\w*|pesos? (?:de|por) clase",
    re.IGNORECASE,
)


@check_on_request(
    "data.split_counts_shown",
    title="Rows of each part shown",
    help="How many rows the training, validation and test parts have is printed or drawn.",
)
def split_counts_shown(evidence: Evidence, _limits: Limits) -> Verdict:
    """The sizes of all parts in use can be read."""
    parts = {role: _sizes(evidence, role) for role in ("train", "validation", "test")}
    wanted = {role: sizes for role, sizes in parts.items() if sizes}
    if len(wanted) < 2:
        return _undivided(evidence, [role for role, sizes in parts.items() if not sizes])
    numbers = _numbers_shown(evidence)
    missing = [role for role, sizes in wanted.items() if not sizes & set(numbers)]
    if not missing:
        places = [numbers[size] for sizes in wanted.values() for size in sizes if size in numbers]
        return passed("The number of rows of each part is shown.", cells=places)
    if reason := why_unseen(evidence, PRINTING_CALLS):
        return unknown(f"Whether the sizes of the parts are shown could not be seen: {reason}.")
    return failed(
        f"How many rows there are is not shown of the {' and the '.join(missing)} part{'s'[: len(missing) > 1]}.",
        fix="print(len(x_train), len(x_val), len(x_test)).",
        measured={"missing": missing},
    )


@check_on_request(
    "data.input_dimensions_shown",
    title="Shape of the inputs shown",
    help="The shape of the inputs (height, width, channels; columns; length) is printed before training.",
)
def input_dimensions_shown(evidence: Evidence, _limits: Limits) -> Verdict:
    """What one input looks like in numbers can be read."""
    shapes = {row.shape for row in evidence.row_sets if row.shape}
    if not shapes:
        reason = why_unseen(evidence, TRAINING_CALLS)
        return unknown(f"The shape of the inputs was not seen{': ' + reason if reason else ''}.")
    shown = [cell.index for cell in _early(evidence) if any(_names_shape(_text(cell), shape) for shape in shapes)]
    if shown:
        return passed("The shape of the inputs is shown.", cells=shown)
    told = saying((*notebook_parts(evidence), *document_parts(evidence)), _shape_in_words(shapes))
    if told:
        return passed(
            f"The shape of the inputs is stated: “{told[0][1]}”", origin="static", cells=cells_of([told[0][0]])
        )
    if reason := why_unseen(evidence, ("print", "display", "shape", "info", "head")):
        return unknown(f"Whether the shape of the inputs is shown could not be seen: {reason}.")
    return failed("The shape of the inputs is not shown.", fix="print(x_train.shape, x_test.shape) before the model.")


@check_on_request(
    "data.labels_spot_checked",
    title="Labels looked at",
    help="A few inputs are shown with their labels before training: pictures with titles, rows with their label.",
    thresholds=(Threshold("fewest", 3, "one or two pictures show no pattern of wrong labels"),),
)
def labels_spot_checked(evidence: Evidence, limits: Limits) -> Verdict:
    """Some labels can be checked by eye."""
    first = first_training_cell(evidence)
    titled = [
        item.cell
        for item in evidence.drawings
        if item.cell <= first and item.kind == "image" and _labelled(f"{item.title}{item.x_label}", item.texts)
    ]
    if len(titled) >= limits["fewest"]:
        return passed(
            f"{len(titled)} inputs are shown with their labels.", cells=titled, measured={"shown": len(titled)}
        )
    tables = [
        cell.index for cell in _early(evidence) if any("<table" in item.html for item in (*cell.rerun, *cell.saved))
    ]
    if tables and evidence.input_kind != "image":
        return passed("Some rows are shown with their labels.", origin="static", cells=tables)
    if reason := why_unseen(evidence, ("imshow", "matshow", "head", "sample", "display")):
        return unknown(f"Whether labels are looked at could not be seen: {reason}.")
    return failed(
        "No inputs are shown with their labels before training.",
        fix="Show nine pictures (or rows) with their labels as titles, and look whether they are right.",
        cells=titled,
        measured={"shown": len(titled)},
    )


@check_on_request(
    "data.leakage_considered",
    title="Risk of leakage considered",
    help="The text or the code deals with rows that could be on both sides: duplicates, groups, near copies.",
)
def leakage_considered(evidence: Evidence, _limits: Limits) -> Verdict:
    """Somebody asked whether test rows may be known from training."""
    said = saying((*notebook_parts(evidence), *document_parts(evidence)), LEAKAGE, fewest_words=5)
    if said:
        return passed(
            f"The risk of leakage is spoken of: “{said[0][1]}”", origin="static", cells=cells_of([said[0][0]])
        )
    looked = [call.cell for call in code_calls(evidence, LEAKAGE_CALLS)]
    if looked:
        return passed("Rows are compared, so that none is on both sides.", origin="static", cells=looked)
    if reason := why_unread(evidence.prose):
        return unknown(f"Whether leakage is considered can't be told: {reason}.", origin="static")
    return failed(
        "Nothing says whether rows could be on both sides of the split.",
        fix="Look for duplicates across the parts, and say which rows belong together (one person, one day).",
        origin="static",
    )


@check_on_request(
    "data.imbalance_strategy",
    title="Strategy for imbalance",
    help="Where classes are of unequal size, they are weighted or resampled, or figures are shown that the commonest "
    "class can't raise; where they are about equal, nothing is asked.",
    thresholds=(Threshold("ratio", 1.5, "up to half again as many rows, classes count as about equal"),),
)
def imbalance_strategy(evidence: Evidence, limits: Limits) -> Verdict:
    """Unequal classes are met by something."""
    if is_regression(evidence):
        return not_applicable("A number is predicted, so there are no classes.")
    labels = labels_of(evidence)
    counts = [count for count in labels.counts if count] if labels is not None else []
    code = [cell for cell in evidence.cells if cell.kind == "code"]
    for names, words in ((WEIGHTING, "weighted"), (RESAMPLING, "resampled"), (OTHER_METRICS, "shown one by one")):
        cells = [cell.index for cell in code if any(name in cell.source for name in names)]
        if cells:
            return passed(f"Classes are {words}.", origin="static", cells=cells)
    said = saying((*notebook_parts(evidence), *document_parts(evidence)), BALANCE, fewest_words=5)
    if said:
        return passed(f"Balance is spoken of: “{said[0][1]}”", origin="static", cells=cells_of([said[0][0]]))
    if not counts:
        reason = why_unseen(evidence, TRAINING_CALLS)
        return unknown("How many rows each class has was not seen" + (f": {reason}." if reason else "."))
    measured = {"most": max(counts), "least": min(counts)}
    if len(counts) < 2 or max(counts) <= limits["ratio"] * min(counts):
        return not_applicable("The classes are of about equal size.", origin="kernel")
    return failed(
        f"The commonest class has {max(counts):,} rows, the rarest {min(counts):,}, and nothing is done about it.",
        fix="Give fit a class_weight, or resample the training part, and show recall by class.",
        measured=measured,
    )


@check_on_request(
    "data.class_counts_per_split_shown",
    title="Classes counted in each part",
    help="How many rows each class has is shown for the training, the validation and the test part.",
)
def class_counts_per_split_shown(evidence: Evidence, _limits: Limits) -> Verdict:
    """The counts by class of every part can be read."""
    if is_regression(evidence):
        return not_applicable("A number is predicted, so there are no classes to count.")
    counts = {role: _class_counts(evidence, role) for role in ("train", "validation", "test")}
    wanted = {role: found for role, found in counts.items() if found}
    if len(wanted) < 2:
        return _undivided(evidence, [role for role in counts if not _sets(evidence, role)])
    shown = {role: _cells_showing(evidence, found) for role, found in wanted.items()}
    missing = [role for role, cells in shown.items() if not cells]
    cells = [cell for found in shown.values() for cell in found]
    if not missing:
        return passed("The classes of each part are counted.", cells=cells)
    if reason := why_unseen(evidence, PRINTING_CALLS):
        return unknown(f"Whether classes are counted in each part could not be seen: {reason}.")
    return failed(
        f"The classes are not counted in the {' and the '.join(missing)} part{'s'[: len(missing) > 1]}.",
        fix="for name, y in parts.items(): print(name, np.bincount(y)).",
        cells=cells,
        measured={"missing": missing},
    )


def _undivided(evidence: Evidence, unseen: Sequence[str]) -> Verdict:
    """Say that there are no parts to be counted, where that is certain."""
    if reason := why_unseen(evidence, (*TRAINING_CALLS, *SCORING_CALLS)):
        return unknown(f"The parts of the data were not seen: {reason}.")
    if not unseen or any(item.train_rows is None for item in evidence.trainings):
        return unknown(
            "What the parts of the data hold was not seen.", cells=[item.cell for item in evidence.trainings]
        )
    return failed(
        f"The data is not divided: there is no {' and no '.join(unseen)} part to be counted.",
        fix="Divide the data in three, and print how many rows each part has.",
        cells=[item.cell for item in evidence.trainings],
        measured={"missing": list(unseen)},
    )


# ---------------------------------------------------------------- what the run had
def _sets(evidence: Evidence, role: str) -> list[RowSet]:
    return [row for row in evidence.row_sets if row.role == role and row.rows > 1]


def _sizes(evidence: Evidence, role: str) -> set[int]:
    """Return the sizes a part may be told with: a training part also with the validation rows that fit cut off it."""
    sizes = {row.rows for row in _sets(evidence, role)}
    if role in {"train", "validation"} and (together := _cut_off(evidence)):
        return sizes | together
    return sizes


def _cut_off(evidence: Evidence) -> set[int]:
    pairs = (
        (evidence.row_set(item.train_rows), evidence.row_set(item.validation_rows))
        for item in evidence.trainings
        if item.validation_split
    )
    return {train.rows + held.rows for train, held in pairs if train is not None and held is not None}


def _class_counts(evidence: Evidence, role: str) -> list[tuple[int, ...]]:
    found = [
        row.labels.counts for row in _sets(evidence, role) if row.labels is not None and len(row.labels.counts) > 1
    ]
    data = evidence.own_data
    files = [item.files for item in data.groups if item.part == role and not item.by_name] if data is not None else []
    return [*found, *([tuple(files)] if len(files) > 1 else [])]


# ---------------------------------------------------------------- what it showed
def _early(evidence: Evidence) -> list[CellFacts]:
    first = first_training_cell(evidence)
    return [cell for cell in evidence.cells if cell.kind == "code" and cell.index <= first]


def _text(cell: CellFacts) -> str:
    return "\n".join(output.text for output in (*cell.rerun, *cell.saved) if output.kind != "error")


def _numbers_shown(evidence: Evidence) -> dict[int, int]:
    """Return the whole numbers in the notebook's outputs and on its bars, each with the first cell it stands in."""
    found: dict[int, int] = {}
    for cell in evidence.cells:
        for number in NUMBER.findall(_text(cell)):
            found.setdefault(int(re.sub(r"[,_]", "", number) or 0), cell.index)
    for item in evidence.drawings:
        for height in item.y if item.kind == "bar" else ():
            if height == int(height):
                found.setdefault(int(height), item.cell)
    return found


def _cells_showing(evidence: Evidence, counts: Iterable[tuple[int, ...]]) -> list[int]:
    wanted = [tuple(count for count in item if count) for item in counts]
    printed = [
        cell.index for cell in evidence.cells if any(_hold(_whole_numbers(_text(cell)), item) for item in wanted)
    ]
    bars = [
        item.cell
        for item in evidence.drawings
        if item.kind == "bar" and any(sorted(item.y) == sorted(map(float, counts)) for counts in wanted)
    ]
    return [*printed, *bars]


def _whole_numbers(text: str) -> list[int]:
    return [int(re.sub(r"[,_]", "", number) or 0) for number in NUMBER.findall(text)]


def _hold(numbers: Sequence[int], wanted: Sequence[int]) -> bool:
    """Whether the wanted numbers are all there, as often as they are wanted."""
    left = list(numbers)
    for count in wanted:
        if count not in left:
            return False
        left.remove(count)
    return True


def _names_shape(text: str, shape: Sequence[int]) -> bool:
    return re.search(_shape_pattern(shape), text) is not None


def _shape_pattern(shape: Sequence[int]) -> str:
    # Channels may be said apart or not at all: 28x28 for (28, 28, 1).
    sides = [size for size in shape if size not in {1, 3}] or list(shape)
    lone = len(sides) == 1
    joined = r"\s*[,x\u00d7*]\s*".join(str(size) for size in sides)
    return rf"\(\s*\d+\s*,\s*{joined}\s*,?\s*\)|shape\W+\(?\s*{joined}\b" if lone else rf"(?<!\d){joined}(?!\d)"


def _shape_in_words(shapes: Iterable[Sequence[int]]) -> re.Pattern[str]:
    several = [shape for shape in shapes if len([size for size in shape if size not in {1, 3}]) > 1]
    return re.compile("|".join(_shape_pattern(shape) for shape in several) or r"(?!)")


def _labelled(title: str, texts: Iterable[str]) -> bool:
    return bool(title.strip()) or any(text.strip() for text in texts)
