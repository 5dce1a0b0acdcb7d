"""Checks of test rows that were made of training rows: altered, interpolated, or all but equal."""

from __future__ import annotations

from grader.checks.overlaps import OVERLAP_THRESHOLDS, near_copies, official_split, shared_rows
from grader.checks.registry import Limits, Threshold, check
from grader.checks.results import StudentResult, final_result
from grader.checks.split import against_training, made_before
from grader.checks.verdicts import Verdict, failed, not_applicable, passed, unknown
from grader.model import Evidence


@check(
    "split.no_near_duplicates",
    title="No altered copies of training rows in the test set",
    help="No augmented, resized or rescaled copies of training rows are in the test set, by lineage before content.",
    thresholds=(
        *OVERLAP_THRESHOLDS,
        Threshold(
            "image_share",
            0.1,
            "pictures that equal each other up to brightness are rare; centred glyphs reach a few percent",
        ),
        Threshold(
            "interpolated_share", 0.05, "measured rows lie on the line between two others about never, coarse ones do"
        ),
    ),
)
def no_near_duplicates(evidence: Evidence, limits: Limits) -> Verdict:
    """No test row is an altered copy of a training row."""
    found = against_training(evidence, limits, canonical=True)
    known = evidence.augmentation_before_split
    size = found[1].of if not isinstance(found, Verdict) else _tested_rows(evidence)
    if known is not None and known > max(limits["slack_rows"], limits["slack_share"] * size):
        return failed(
            f"{_of_all(known, size)} test rows are altered copies (augmented or oversampled) of training rows"
            f"{made_before(evidence)}.",
            fix="Split first, then augment or oversample the training part only.",
            cells=[item.cell for item in evidence.splits],
            measured={"copies": known, "test_rows": size},
        )
    if isinstance(found, Verdict):
        return found
    result, shared, train = found
    held_out = result.scoring.rows or ""
    between = _between_training_rows(evidence, result, limits)
    if between is not None:
        return between
    share = near_copies(evidence, held_out, train)
    if share is not None and shared.share < share:
        return failed(
            f"{share:.0%} of the test rows are all but equal to training rows (slightly changed, mirrored or turned).",
            fix="Split first, then augment the training part only; keep all versions of one row in the same part.",
            origin="verified",
            cells=[result.scoring.cell, *(item.cell for item in evidence.splits)],
            measured={"near_copies": share, "test_rows": shared.of},
        )
    exact = shared_rows(evidence, held_out, train, limits)
    altered = shared.rows - (exact.rows if exact is not None else 0)
    measured = {"altered_copies": altered, "test_rows": shared.of, "copies_by_lineage": known}
    cells = [result.scoring.cell, *(item.cell for item in evidence.splits)]
    many = altered > max(limits["slack_rows"], limits["image_share"] * shared.of)
    if evidence.input_kind == "image" and many and not official_split(evidence, held_out, train):
        return failed(
            f"{altered:,} of the {shared.of:,} test pictures equal a training picture up to brightness and contrast.",
            fix="Remove near copies before splitting, or keep all versions of one picture in the same part.",
            cells=cells,
            measured=measured,
        )
    if not shared.complete and known is None:
        return unknown("Only a part of the rows was seen, so altered copies can't be ruled out.", measured=measured)
    return passed("No altered copies of training rows were found in the test set.", cells=cells, measured=measured)


def _between_training_rows(evidence: Evidence, result: StudentResult, limits: Limits) -> Verdict | None:
    """Return what speaks against test rows that lie exactly between two training rows, None where too few do."""
    found = evidence.interpolated
    if found is None or found.rows != result.scoring.rows or found.sampled <= 0:
        return None
    if found.between - found.by_chance <= max(limits["slack_rows"], limits["interpolated_share"] * found.sampled):
        return None
    if found.by_chance > limits["interpolated_share"] * found.sampled:
        return None
    return failed(
        f"{found.between:,} of {found.sampled:,} test rows that were looked at lie exactly between two training rows: "
        "they were made of training rows (as SMOTE does) before the split.",
        fix="Split first, then oversample the training part only; the test rows stay as they were measured.",
        origin="verified",
        cells=[result.scoring.cell, *(item.cell for item in evidence.splits)],
        measured={"between": found.between, "by_chance": found.by_chance, "looked_at": found.sampled},
    )


@check(
    "split.augmented_train_only",
    title="Only training rows augmented",
    help="Augmentation reaches training rows only.",
)
def augmented_train_only(evidence: Evidence, _limits: Limits) -> Verdict:
    """No augmented copies ended up among the test rows."""
    copies = evidence.augmentation_before_split
    augmented = [item for item in evidence.trainings if item.augmentation]
    if copies:
        return failed(
            f"{_of_all(copies, _tested_rows(evidence))} test rows are augmented or oversampled copies"
            f"{made_before(evidence)}.",
            fix="Split first; augment the training part only.",
            cells=[item.cell for item in evidence.splits],
            measured={"copies": copies},
        )
    if not augmented:
        return not_applicable("No augmentation was seen.", origin="kernel")
    kinds = ", ".join(sorted({kind for item in augmented for kind in item.augmentation}))
    return passed(f"Augmentation ({kinds}) reached training rows only.", cells=[item.cell for item in augmented])


def _tested_rows(evidence: Evidence) -> int:
    result = final_result(evidence)
    return result.rows.rows if result is not None and result.rows is not None else 0


def _of_all(count: int, size: int) -> str:
    return f"{count:,} of the {size:,}" if size >= count else f"{count:,}"
