"""Checks of the score: is there one, of which rows, and did those rows drive decisions?"""

from __future__ import annotations

from collections.abc import Sequence

from grader.checks.observed import SCORING_CALLS, TRAINING_CALLS, why_unseen
from grader.checks.overlaps import (
    MOSTLY_COPIES,
    OVERLAP_THRESHOLDS,
    near_copies,
    shared_rows,
    trained_rows,
    trainings_of,
)
from grader.checks.registry import Limits, Threshold, check
from grader.checks.results import (
    SCORE_METRICS,
    StudentResult,
    agreement,
    claimed_value,
    counted,
    final_result,
    labels_of,
    metric_name,
    metric_unit,
    result_of,
    series_of,
    shown_output,
    twins,
)
from grader.checks.verdicts import Verdict, failed, passed, unknown
from grader.model import Evidence, LabelFacts, NumberClaim, Verified

LOADING_CALLS = frozenset({"load_model", "load_weights", "set_weights", "from_pretrained", "load_state_dict", "load"})
"""Ways to weights that no training of this notebook made."""

EXACT_DIGITS = 6
"""A printed float32 carries more decimals than it has: beyond the sixth it differs from any recomputation."""
SCORE_FIX = (
    "Score the trained model on rows that were kept for the end, and print the result: model.evaluate(x_test, y_test)."
)


@check(
    "evaluation.score_shown",
    title="A score is shown",
    help="Some accuracy or error of a trained model is printed or displayed, beyond the progress of training rows.",
)
def score_shown(evidence: Evidence, _limits: Limits) -> Verdict:
    """Some score of a trained model can be read in the notebook."""
    cells = _cells_showing_scores(evidence)
    if cells:
        return passed("A score of the model is shown.", cells=cells)
    saved = [
        claim.cell
        for claim in evidence.prose.claims
        if claim.where == "saved_output" and claim.metric in SCORE_METRICS and claim.split in {"validation", "test"}
    ]
    if saved:
        return passed("A score of the model is shown in the saved outputs.", origin="static", cells=saved)
    if reason := why_unseen(evidence, (*SCORING_CALLS, *TRAINING_CALLS)):
        return unknown(f"No score was seen: {reason}.")
    scored = [item.cell for item in evidence.scorings]
    if scored and len(_never_trained(evidence)) == len(scored):
        return failed(
            "What is scored is a model with its first random weights: its training did not complete.",
            fix="Mend the training first, then score the trained model.",
            cells=scored,
        )
    if scored:
        return failed("The model is scored, but no score is shown.", fix="Print the score.", cells=scored)
    return failed("No score of a trained model is shown.", fix=SCORE_FIX)


@check(
    "evaluation.not_on_training_data",
    title="Not scored on training data",
    help="The score called final or test is not of training rows. Showing both is fine.",
    thresholds=(
        *OVERLAP_THRESHOLDS,
        Threshold(
            "training_share", 0.95, "where nearly all scored rows were trained on, it is a score on training data"
        ),
    ),
)
def not_on_training_data(evidence: Evidence, limits: Limits) -> Verdict:
    """The score that counts is of rows the model did not train on."""
    result = final_result(evidence)
    if result is None:
        return _only_training_progress(evidence)
    cells = [result.scoring.cell]
    train = trained_rows(trainings_of(evidence, result.scoring))
    shared = shared_rows(evidence, result.scoring.rows, train, limits) if result.scoring.rows else None
    known = _share_known_to_fit(evidence, result, limits)
    partly = known is not None and known < limits["training_share"] and result.scoring.rows not in train
    if result.role == "train" and not partly:
        return failed(
            f"The final score is of {counted(result.size, 'the')} rows the model was trained on.",
            fix=SCORE_FIX,
            cells=cells,
            measured={"role": "train", "rows": result.size},
        )
    copies = near_copies(evidence, result.scoring.rows, train)
    if copies is not None and copies >= MOSTLY_COPIES and not (shared is not None and shared.beyond_chance):
        return failed(
            f"{copies:.0%} of the rows of the final score are all but equal to rows the model was trained on.",
            fix=SCORE_FIX,
            origin="verified",
            cells=cells,
            measured={"near_copies": copies, "rows": result.size},
        )
    if shared is not None and shared.beyond_chance and not partly:
        return failed(
            f"{shared.rows:,} of the {shared.of:,} rows of the final score ({shared.share:.1%}) were trained on.",
            fix=SCORE_FIX,
            cells=cells,
            measured=shared.measured,
        )
    if shared is not None and shared.beyond_chance:
        return passed(
            f"The final score is of other rows than the training set, though they share {shared.rows:,}.",
            cells=cells,
            measured=shared.measured,
        )
    if result.role == "other":
        return unknown("Which rows the final score is of could not be told.", cells=cells)
    return passed(
        f"The final score is of {counted(result.size, 'other')} rows that were not trained on.",
        cells=cells,
        measured={"role": result.role, "rows": result.size},
    )


@check(
    "evaluation.test_score_reported",
    title="Test score reported",
    help="A score on held-out test rows is shown, on enough of them and on more than one class.",
    thresholds=(
        Threshold("fewest_rows", 10, "of fewer rows a score says nothing: each counts for more than ten points"),
        Threshold("deviations", 3, "so far above the validation score, picked test rows are no luck"),
    ),
)
def score_of_test_rows(evidence: Evidence, limits: Limits) -> Verdict:
    """The score of rows that neither trained nor validated is shown."""
    results = [result_of(evidence, item) for item in evidence.scorings]
    held_out = [item for item in results if item.role == "test"]
    shown = [item for item in held_out if is_shown(evidence, item)]
    # A look at picked rows (the confident answers, one class, one picture) is fine beside the score of all of them.
    shown = [item for item in shown if not item.scoring.left_out] or shown
    objections = {item.scoring.id: _too_narrow(evidence, item, limits) for item in shown}
    sound = [item for item in shown if objections[item.scoring.id] is None]
    if shown and not sound and (objection := objections[shown[-1].scoring.id]) is not None:
        return objection
    if sound:
        last = sound[-1]
        value = f" ({metric_unit(last.metric, last.value)})" if last.value is not None else ""
        return passed(
            f"A score on {counted(last.size, 'the')} held-out rows is shown{value}.",
            origin=last.origin,
            cells=[last.scoring.cell],
            measured={last.metric: last.value, "rows": last.size},
        )
    if held_out and (claim := _uncomparable(evidence, held_out)) is not None:
        return unknown(
            f"“{claim.quote}” is printed, but which labels the held-out rows have was not seen, so that no score of "
            "them could be computed.",
            cells=[claim.cell],
            measured={"printed": claim.value},
        )
    if held_out:
        return failed(
            "The model is scored on held-out rows, but the score is not shown.",
            fix="Print the score of the test rows.",
            cells=[item.scoring.cell for item in held_out],
        )
    if reason := why_unseen(evidence, SCORING_CALLS):
        return unknown(f"No score on held-out rows was seen: {reason}.")
    if any(item.role == "other" for item in results):
        return unknown("Which rows were scored could not be told.", cells=[item.scoring.cell for item in results])
    return failed(
        "No score on held-out test rows is shown.", fix=SCORE_FIX, cells=[item.scoring.cell for item in results]
    )


def _uncomparable(evidence: Evidence, held_out: Sequence[StudentResult]) -> NumberClaim | None:
    """Return a test score that is printed once held-out rows had been answered, where their own score is not known."""
    unscored = [item for item in held_out if item.value is None]
    if len(unscored) < len(held_out):
        return None
    printed = (claim for claim in evidence.prose.claims if claim.where == "rerun_output" and not claim.literal)
    first = min(item.scoring.cell for item in held_out)
    return next((item for item in printed if item.split == "test" and item.cell >= first), None)


def _too_narrow(evidence: Evidence, result: StudentResult, limits: Limits) -> Verdict | None:
    """Return what speaks against the test rows themselves: too few, of one class, or picked."""
    cells = [result.scoring.cell]
    size = result.rows.rows if result.rows is not None else result.size
    if 0 < size < limits["fewest_rows"]:
        return failed(
            f"The test set is {size} row{'s'[: size != 1]}: that says nothing about the model.",
            fix="Hold back a fifth of the rows for the test.",
            cells=cells,
            measured={"rows": size},
        )
    trained = labels_of(evidence)
    tested = result.rows.labels if result.rows is not None else None
    if tested is not None and trained is not None and _classes_in(tested) == 1 < _classes_in(trained):
        return failed(
            f"All {size:,} test rows are of one class; the model was trained on {_classes_in(trained)}.",
            fix="Split so that every class is in the test set (stratify=y).",
            cells=cells,
            measured={"rows": size, "classes": 1},
        )
    if result.scoring.left_out and (expected := _better_than_expected(evidence, result, limits)) is not None:
        said = f"{result.scoring.left_out:,} of the rows set aside for the test were left out before it"
        return unknown(
            f"{said}, and the score ({metric_unit(result.metric, result.value or 0.0)}) is far above that of the "
            f"rows watched in training ({metric_unit(result.metric, expected)}).",
            origin=result.origin,
            cells=cells,
            measured={"left_out": result.scoring.left_out, "rows": size, "expected": expected},
            review=f"{said}: were they picked by the model's answers?",
        )
    return None


def _classes_in(labels: LabelFacts) -> int:
    return sum(count > 0 for count in labels.counts)


def _better_than_expected(evidence: Evidence, result: StudentResult, limits: Limits) -> float | None:
    """Return the accuracy at the end of training (of validation rows, else of training rows) where the score of the
    test rows is above it by more than chance, else None.
    """
    if result.metric != "accuracy" or result.value is None:
        return None
    history = [dict(item.history) for item in trainings_of(evidence, result.scoring) if item.history]
    for validation in (True, False):
        names = [(logs, series_of(logs, "accuracy", validation=validation)) for logs in history]
        last = [logs[name][-1] for logs, name in names if name is not None and logs[name]]
        if last:
            slack = agreement(last[-1], "accuracy", result.size, 4, limits["deviations"])
            return last[-1] if result.value > last[-1] + slack else None
    return None


def is_shown(evidence: Evidence, result: StudentResult) -> bool:
    """Whether the score can be read: its cell, or that of a metric computed from it, shows something."""
    scorings = (result.scoring, *twins(evidence, result.scoring))
    ids = {item.id for item in scorings}
    if any(shown_output(evidence, item.cell) for item in scorings if item.how in {"evaluate", "score"}):
        return True
    if any(call.scoring in ids and shown_output(evidence, call.cell) for call in evidence.metric_calls):
        return True
    values = [value for item in scorings if (value := claimed_value(item, result.metric)) is not None]
    values += [result.value] if result.value is not None else []
    values += [value for _, value in result.verified.alternatives] if result.verified is not None else []
    values += [item.accuracy for item in evidence.ensembles if item.accuracy is not None and _takes_part(result, item)]
    return any(
        claim.where in {"rerun_output", "saved_output"} and _same_number(claim, value)
        for claim in evidence.prose.claims
        for value in values
    )


def _takes_part(result: StudentResult, ensemble: Verified) -> bool:
    return result.scoring.rows == ensemble.rows and result.scoring.model in ensemble.model.split("+")


def _same_number(claim: NumberClaim, value: float) -> bool:
    return abs(claim.value - value) <= 10.0 ** -min(claim.digits, EXACT_DIGITS)


def _cells_showing_scores(evidence: Evidence) -> list[int]:
    untrained = _never_trained(evidence)
    scored = [
        item.cell
        for item in evidence.scorings
        if item.id not in untrained and is_shown(evidence, result_of(evidence, item))
    ]
    computed = [
        item.cell
        for item in evidence.metric_calls
        if item.scoring not in untrained and shown_output(evidence, item.cell)
    ]
    watched = [
        item.cell
        for item in evidence.trainings
        if any(name.startswith("val_") for name, _ in item.history) and shown_output(evidence, item.cell)
    ]
    held_out = [
        value
        for item in evidence.trainings
        for name, series in item.history
        if name.startswith("val_") and metric_name(name) in SCORE_METRICS
        for value in series
    ]
    printed = [
        claim.cell
        for claim in evidence.prose.claims
        if claim.where == "rerun_output" and not claim.literal and any(_same_number(claim, item) for item in held_out)
    ]
    return [*scored, *computed, *watched, *printed]


def _never_trained(evidence: Evidence) -> frozenset[str]:
    """Return the scorings of models that still had their first weights, as their training surely failed.

    Surely: a training of that very model was seen to fail before it changed a weight, or every cell that asks for
    training failed and nothing was loaded.
    """
    began = {item.model for item in evidence.trainings}
    moved = {item.model for item in evidence.trainings if item.completed or item.weights_changed is not False}
    asking = [cell for cell in evidence.cells if {call.rpartition(".")[2] for call in cell.calls} & set(TRAINING_CALLS)]
    ready = {item.id for item in evidence.models if item.pretrained}
    loads = any(call.rpartition(".")[2] in LOADING_CALLS for cell in evidence.cells for call in cell.calls)
    nothing_fitted = not began and bool(asking) and all(cell.run_status == "error" for cell in asking) and not loads
    failed_runs = {item.id for item in evidence.trainings if item.model in began - moved}
    return frozenset(
        item.id
        for item in evidence.scorings
        if (item.model in began - moved and failed_runs.issuperset(item.trained_by))
        or (nothing_fitted and item.model not in ready and not item.trained_by)
    )


def _share_known_to_fit(evidence: Evidence, result: StudentResult, limits: Limits) -> float | None:
    """Share of the scored rows that fit had: to train on, and where these are training rows also to watch.

    Scoring all that was given to fit(validation_split=0.2) is scoring training data.
    """
    if result.scoring.rows is None:
        return None
    trainings = trainings_of(evidence, result.scoring)
    trained = shared_rows(evidence, result.scoring.rows, trained_rows(trainings), limits)
    if trained is None:
        return None
    watched = shared_rows(
        evidence, result.scoring.rows, {i.validation_rows for i in trainings if i.validation_rows}, limits
    )
    return trained.share + (watched.share if watched is not None and result.role == "train" else 0.0)


def _only_training_progress(evidence: Evidence) -> Verdict:
    """No scoring outside of fit: the score is what fit itself showed."""
    watched = [item.cell for item in evidence.trainings if item.validation_rows or item.validation_split > 0]
    if watched:
        return passed("The only score is that of the validation rows during training.", cells=watched)
    if reason := why_unseen(evidence, (*SCORING_CALLS, *TRAINING_CALLS)):
        return unknown(f"No scoring was seen: {reason}.")
    if evidence.trainings:
        return failed(
            "The only score is the training accuracy that fit prints.",
            fix=SCORE_FIX,
            cells=[item.cell for item in evidence.trainings],
        )
    return failed("No model was scored.", fix=SCORE_FIX)
