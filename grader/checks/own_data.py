"""Checks of the data files that were handed in: readable, no copies; and of classes that are far from equal."""

from __future__ import annotations

from grader.checks.observed import TRAINING_CALLS, why_unseen
from grader.checks.registry import Limits, Threshold, check
from grader.checks.results import is_regression, labels_of
from grader.checks.verdicts import Verdict, advised, not_applicable, passed, unknown
from grader.model import Evidence, OwnData, SameFiles

NO_FILES = "No pictures, recordings or tables were handed in with the notebook."
MOST_NAMED = 3

WEIGHTING = ("class_weight", "sample_weight", "compute_class_weight", "compute_sample_weight", "WeightedRandomSampler")
RESAMPLING = ("SMOTE", "ADASYN", "RandomOverSampler", "RandomUnderSampler", "resample", "sample_from_datasets")
OTHER_METRICS = (
    "balanced_accuracy",
    "classification_report",
    "f1_score",
    "roc_auc",
    "average_precision",
    "recall_score",
    "precision_recall",
    "Recall(",
    "AUC(",
    "F1Score",
    "focal",
    "Focal",
)


@check(
    "data.files_readable",
    title="Files can be read",
    help="Every picture, recording and table handed in with the notebook can be opened as what its name says. Advice.",
)
def files_readable(evidence: Evidence, _limits: Limits) -> Verdict:
    """No data file is broken."""
    data = evidence.own_data
    if data is None:
        return not_applicable(NO_FILES)
    looked = _looked(data)
    if not looked:
        return unknown(f"The files were not looked into. {data.note}".rstrip())
    if not data.unreadable_files:
        silent = f" {data.silent:,} recordings are silent." if data.silent else ""
        return passed(f"All {looked:,} data files that were looked into can be read.{silent}", origin="verified")
    named = "; ".join(f"{item.path}: {item.reason}" for item in data.unreadable[:MOST_NAMED])
    more = f"; and {data.unreadable_files - MOST_NAMED:,} more" if data.unreadable_files > MOST_NAMED else ""
    noun = "file" if data.unreadable_files == 1 else "files"
    return advised(
        f"{data.unreadable_files:,} data {noun} can't be read ({named}{more}).",
        fix="Leave such files out, and say how many: try to open each one, and skip and log those that fail.",
        origin="verified",
        measured={"unreadable": data.unreadable_files, "looked_into": looked},
    )


@check(
    "data.no_duplicate_files",
    title="No file twice",
    help="No picture, recording or table was handed in twice, and none lies in two parts or classes. Advice.",
)
def no_duplicate_files(evidence: Evidence, _limits: Limits) -> Verdict:
    """No two files are the same; look-alikes count where they lie in two parts or two classes."""
    data = evidence.own_data
    if data is None:
        return not_applicable(NO_FILES)
    if not _looked(data):
        return unknown(f"The files were not looked into. {data.note}".rstrip())
    measured = {"copies": data.copies, "look_alikes": data.look_alikes}
    for group, told, fix in (
        (
            [item for item in data.same if item.across_parts],
            "lie in two parts at once, so that the test isn't one",
            "Take each file for one part only: compare hashes of the files before dividing them.",
        ),
        (
            [item for item in data.same if item.across_labels],
            "lie under two classes, of which one must be wrong",
            "Look at these files and keep the right class.",
        ),
        (
            [item for item in data.same if item.exact],
            "are there more than once: a random split puts some on both sides",
            "Remove the copies before splitting: compare hashes of the files.",
        ),
    ):
        if group:
            return advised(f"Files {told}: {_named(group)}.", fix=fix, origin="verified", measured=measured)
    return passed("No file was handed in twice.", origin="verified", measured=measured)


@check(
    "data.imbalance_addressed",
    title="Imbalance addressed",
    help="Where one class is far commoner than another, classes are weighted or resampled, or figures are shown that "
    "the commonest class can't raise. Advice.",
    thresholds=(
        Threshold("ratio", 4, "at four to one always answering the commonest of two classes is right in 80 %"),
        Threshold("fewest", 50, "in fewer rows a class is rare by chance"),
    ),
)
def imbalance_addressed(evidence: Evidence, limits: Limits) -> Verdict:
    """Classes that are far from equal are dealt with, or at least shown apart."""
    if is_regression(evidence):
        return not_applicable("A number is predicted, so there are no classes.")
    labels = labels_of(evidence)
    counts = [count for count in labels.counts if count] if labels is not None else []
    if not counts:
        reason = why_unseen(evidence, TRAINING_CALLS)
        return unknown("How many rows each class has was not seen" + (f": {reason}." if reason else "."))
    measured = {"most": max(counts), "least": min(counts)}
    if len(counts) < 2 or sum(counts) < limits["fewest"] or max(counts) < limits["ratio"] * min(counts):
        return not_applicable("No class is far commoner than the others.")
    told = f"the commonest class has {max(counts):,} rows, the rarest {min(counts):,}"
    code = [cell for cell in evidence.cells if cell.kind == "code"]
    for names, words in (
        (WEIGHTING, "classes are weighted"),
        (RESAMPLING, "classes are resampled"),
        (OTHER_METRICS, "figures by class are computed"),
    ):
        cells = [cell.index for cell in code if any(name in cell.source for name in names)]
        if cells:
            return passed(f"Classes are imbalanced ({told}), and {words}.", cells=cells, measured=measured)
    return advised(
        f"Classes are imbalanced: {told}. Nothing is done about it, and accuracy alone hides the rare class.",
        fix="Give fit a class_weight, and show recall by class (classification_report) beside accuracy.",
        measured=measured,
    )


def _looked(data: OwnData) -> int:
    return sum(item.files for item in data.groups) + len(data.tables) + data.unreadable_files


def _named(group: list[SameFiles]) -> str:
    named = "; ".join(
        f"{' and '.join(item.paths[:2])}{'' if item.exact else ' (look-alikes)'}" for item in group[:MOST_NAMED]
    )
    more = f"; and {len(group) - MOST_NAMED:,} more" if len(group) > MOST_NAMED else ""
    return named + more
