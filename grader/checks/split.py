"""Checks of the split: which rows trained, validated and tested."""

from __future__ import annotations

from grader.checks.observed import SCORING_CALLS, TRAINING_CALLS, why_unseen
from grader.checks.overlaps import (
    OFFICIAL_SHARE,
    OVERLAP_THRESHOLDS,
    Shared,
    official_split,
    shared_rows,
    trained_rows,
    trainings_of,
)
from grader.checks.registry import Limits, check
from grader.checks.results import StudentResult, counted, final_result
from grader.checks.verdicts import Verdict, advised, failed, not_applicable, passed, unknown
from grader.model import Evidence

SPLIT_FIX = "Split the data once, before training (train_test_split), and score the final model once on the test part."


@check(
    "split.three_way",
    title="Training, validation and test sets",
    help="Training, validation and test sets all exist, as used; cross-validation counts as validation.",
)
def three_way(evidence: Evidence, _limits: Limits) -> Verdict:
    """Training, validation and test rows all exist, whatever the variables are called."""
    if not evidence.trainings:
        return _no_training(evidence)
    result = final_result(evidence)
    validated = any(item.validation_rows or item.validation_split > 0 for item in evidence.trainings)
    folded = [item.cell for item in evidence.splits if _is_cross_validation(item.function)]
    others = [item for item in evidence.row_sets if item.role == "validation"]
    tested = result is not None and result.role == "test"
    cells = [*(item.cell for item in evidence.splits), *(item.cell for item in evidence.trainings)]
    counts = {role: sum(row.rows for row in evidence.row_sets if row.role == role) for role in ("validation", "test")}
    if tested and (validated or folded or others or _compared_on_other_rows(evidence, result)):
        return passed("Training, validation and test rows are kept apart.", cells=cells, measured=counts)
    if reason := why_unseen(evidence, (*TRAINING_CALLS, *SCORING_CALLS)):
        return unknown(f"Not every use of the data could be seen: {reason}.", cells=cells)
    missing = "validation set to choose by" if tested else "test set that was kept for the end"
    return advised(
        f"There is no {missing}.",
        fix="Keep three parts: one to train on, one to choose by (validation_split=0.2), one to score once at the end.",
        cells=cells,
        measured=counts,
    )


@check(
    "split.held_out_test",
    title="Test rows held out",
    help="The rows of the final score were in no training and no validation set.",
    thresholds=OVERLAP_THRESHOLDS,
)
def held_out_test(evidence: Evidence, limits: Limits) -> Verdict:
    """The final score's rows trained and validated nothing."""
    result = final_result(evidence)
    if result is None:
        return _no_score(evidence)
    cells = [result.scoring.cell, *(item.cell for item in trainings_of(evidence, result.scoring))]
    if result.role in {"train", "validation"}:
        use = "trained on" if result.role == "train" else "watched during training as validation data"
        return failed(
            f"The rows of the final score were also {use}.",
            fix="Keep rows that no fit ever sees (neither as training nor as validation_data), and score those.",
            cells=cells,
            measured={"role": result.role, "rows": result.size},
        )
    if result.role != "test" or result.scoring.rows is None:
        return unknown("Which rows the final score is of could not be told.", cells=cells)
    validation = {item.validation_rows for item in evidence.trainings if item.validation_rows}
    shared = shared_rows(evidence, result.scoring.rows, validation, limits)
    if shared is not None and shared.beyond_chance:
        return failed(
            f"{shared.rows:,} of the {shared.of:,} scored rows were also used as validation data.",
            fix="Make validation and test parts that share no rows.",
            cells=cells,
            measured=shared.measured,
        )
    return passed(
        f"The {counted(result.size, '')} rows of the final score were used for nothing else.".replace("  ", " "),
        cells=cells,
        measured={"role": result.role, "rows": result.size},
    )


@check(
    "split.no_overlap",
    title="No rows in both training and test",
    help="Training and test share no more rows than the data set's own duplicates explain.",
    thresholds=OVERLAP_THRESHOLDS,
)
def no_overlap(evidence: Evidence, limits: Limits) -> Verdict:
    """Training and test rows are different rows, beyond the data's own duplicates."""
    found = against_training(evidence, limits)
    if isinstance(found, Verdict):
        return found
    result, shared, train = found
    cells = [result.scoring.cell, *(item.cell for item in evidence.splits)]
    held_out = result.scoring.rows or ""
    if official_split(evidence, held_out, train) and shared.share <= OFFICIAL_SHARE:
        return passed("Training and test are the data set's own official parts.", cells=cells, measured=shared.measured)
    if shared.beyond_chance:
        return failed(
            f"{shared.rows:,} of the {shared.of:,} test rows ({shared.share:.1%}) were also trained on"
            f"{_copied_before(evidence, result, train)}; duplicates in the data explain at most {shared.allowed:.0f}.",
            fix="Drop duplicate rows and split before anything else touches the data; " + SPLIT_FIX,
            cells=cells,
            measured=shared.measured,
        )
    if not shared.complete:
        return unknown("Only a part of the rows was seen, so shared rows can't be ruled out.", measured=shared.measured)
    summary = (
        f"None of the {shared.of:,} test rows was trained on."
        if shared.rows == 0
        else f"Training and test share {shared.rows:,} of {shared.of:,} rows, as the duplicates in the data explain."
    )
    return passed(summary, cells=cells, measured=shared.measured)


def _copied_before(evidence: Evidence, result: StudentResult, train: set[str]) -> str:
    """Say that rows were copied before the split, where lineage knows of it."""
    overlaps = (evidence.overlap(result.scoring.rows, other) for other in train)
    return made_before(evidence).replace("made", "copied") if any(i and i.by_lineage for i in overlaps) else ""


def made_before(evidence: Evidence) -> str:
    """Say before which split copies were made, where there was one."""
    cells = sorted({item.cell + 1 for item in evidence.splits if item.sizes})
    return f", made before the split in cell {cells[0]}" if len(cells) == 1 else ""


@check(
    "split.preprocessing_fitted_on_train",
    title="Preprocessing fitted on training rows only",
    help="Scalers, tokenizers, adapt, PCA and selection are fitted on training rows only. Advice in most rubrics.",
)
def preprocessing_fitted_on_train(evidence: Evidence, _limits: Limits) -> Verdict:
    """Nothing that learns from feature values was fitted on test rows."""
    fits = [item for item in evidence.preprocessing if not item.stateless]
    if not fits:
        return not_applicable("Nothing is fitted to the data before the model.", origin="kernel")
    leaking = [item for item in fits if item.test_rows_included]
    if leaking:
        worst = max(leaking, key=lambda item: item.test_rows_included or 0)
        return advised(
            f"{worst.kind} was fitted on {worst.rows:,} rows, {worst.test_rows_included:,} of them later tested on. "
            "The effect is mostly small, but the test set should not be touched.",
            fix=f"Call fit (or fit_transform) of {worst.kind} on the training rows, and only transform on the others.",
            cells=[item.cell for item in leaking],
            measured={"kind": worst.kind, "rows": worst.rows, "test_rows_included": worst.test_rows_included},
        )
    if any(item.test_rows_included is None for item in fits):
        return unknown("Which rows the preprocessing was fitted on could not be told.", cells=[i.cell for i in fits])
    kinds = ", ".join(sorted({item.kind for item in fits}))
    return passed(f"{kinds} was fitted on training rows only.", cells=[item.cell for item in fits])


@check(
    "split.stable",
    title="The split stays the same",
    help="Rows don't move between training and held-out sets between uses (shuffle().take(), unlike folder seeds).",
)
def stable(evidence: Evidence, _limits: Limits) -> Verdict:
    """Membership does not change from epoch to epoch or use to use."""
    cells = [item.cell for item in evidence.splits]
    if evidence.unlike_divisions:
        folder = evidence.unlike_divisions[0]
        return failed(
            f"The folder {folder.directory} was divided twice, with {folder.training} for training and "
            f"{folder.held_out} for the held-out part: the parts share files.",
            fix='Give both calls the same seed and validation_split, or call once with subset="both".',
            cells=folder.cells,
            measured={"training": folder.training, "held_out": folder.held_out},
        )
    if evidence.unstable_membership:
        return failed(
            "Rows move between the training and the held-out part from one use to the next.",
            fix="Shuffle once before splitting: shuffle(..., reshuffle_each_iteration=False), or split arrays first.",
            cells=cells,
        )
    if not evidence.trainings:
        return _no_training(evidence)
    trained = [evidence.row_set(item.train_rows) for item in evidence.trainings]
    if evidence.unstable_membership is None and not all(item is not None and item.complete for item in trained):
        return unknown("The rows of training were only partly seen.", cells=cells)
    return passed("Each row stayed in the part it was put in.", cells=cells)


def against_training(
    evidence: Evidence, limits: Limits, *, canonical: bool = False
) -> tuple[StudentResult, Shared, set[str]] | Verdict:
    """Return the result, what its rows share with the training rows, and those row sets' ids; or why it can't be."""
    result = final_result(evidence)
    if result is None:
        return _no_score(evidence)
    train = trained_rows(trainings_of(evidence, result.scoring))
    if result.scoring.rows is None or not train:
        return unknown("Which rows were trained on and scored could not be told.", cells=[result.scoring.cell])
    shared = shared_rows(evidence, result.scoring.rows, train, limits, canonical=canonical)
    if result.scoring.rows in train or (result.role == "train" and shared is None):
        return failed(
            "The final score is of the training rows themselves: there is no test set to compare them with.",
            fix=SPLIT_FIX,
            cells=[result.scoring.cell],
            measured={"role": "train"},
        )
    if shared is None:
        return unknown("Training and test rows could not be compared.", cells=[result.scoring.cell])
    return result, shared, train


def _no_score(evidence: Evidence) -> Verdict:
    if reason := why_unseen(evidence, SCORING_CALLS):
        return unknown(f"No scoring of a model was seen: {reason}.")
    return failed("No model was scored outside of training, so no test set was used.", fix=SPLIT_FIX)


def _no_training(evidence: Evidence) -> Verdict:
    if reason := why_unseen(evidence, TRAINING_CALLS):
        return unknown(f"No training was seen: {reason}.")
    return failed("No model was trained.", fix="Train a model with fit, on a training part of the data.")


def _compared_on_other_rows(evidence: Evidence, result: StudentResult | None) -> bool:
    """Whether models, or states of one, were scored outside of fit on held-out rows before the final ones were used.

    One scoring of other rows is a look at them; two states on the same rows are a comparison.
    """
    if result is None:
        return False
    first = min(item.order for item in evidence.scorings if item.rows == result.scoring.rows)
    states: dict[str, set[str]] = {}
    for item in evidence.scorings:
        if item.rows and item.rows != result.scoring.rows and item.role == "test" and item.order < first:
            states.setdefault(item.rows, set()).add(item.weights or item.model)
    return any(len(used) > 1 for used in states.values())


def _is_cross_validation(function: str) -> bool:
    name = function.lower()
    return "kfold" in name or "cross_val" in name or "shufflesplit" in name or "gridsearch" in name
