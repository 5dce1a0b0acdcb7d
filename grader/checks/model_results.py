"""Checks of what training achieved: weights changed, better than guessing."""

from __future__ import annotations

from grader.checks.balance import mean_recall
from grader.checks.missing import MISSING_FIX, missing_values
from grader.checks.observed import TRAINING_CALLS, run_is_complete, why_unseen
from grader.checks.registry import Limits, Threshold, check
from grader.checks.results import (
    StudentResult,
    final_result,
    is_regression,
    labels_of,
    model_of,
    series_of,
    twins,
)
from grader.checks.statistics import binomial_tail
from grader.checks.verdicts import Verdict, failed, passed, unknown
from grader.model import Evidence, Origin, TrainingRun

FIX_LEARN = (
    "Look at the loss per epoch: scale the inputs, check loss and labels, try a smaller learning rate, train longer."
)


@check(
    "model.trains",
    title="A model is trained",
    help="At least one training run completed and changed the weights.",
)
def trains(evidence: Evidence, _limits: Limits) -> Verdict:
    """A training run completed and changed weights."""
    # A loop of the student's own reports no epochs; that it moved the weights is enough.
    done = [item for item in evidence.trainings if item.completed and (item.epochs_done > 0 or item.weights_changed)]
    changed = [item for item in done if item.weights_changed]
    cells = [item.cell for item in evidence.trainings]
    if changed:
        epochs = sum(item.epochs_done for item in changed)
        return passed(
            f"{len(changed)} training run{'s'[: len(changed) > 1]} completed{_in_epochs(epochs)}, "
            "and the weights changed.",
            cells=cells,
            measured={"trainings": len(changed), "epochs": epochs},
        )
    if any(item.weights_changed is None for item in done):
        return unknown("A training completed, but whether its weights changed was not seen.", cells=cells)
    if done:
        return failed(
            "Training ran, but no weight changed.",
            fix="Check that layers are trainable and that the learning rate is above zero.",
            cells=cells,
        )
    if reason := why_unseen(evidence, TRAINING_CALLS):
        return unknown(f"No completed training was seen: {reason}.", cells=cells)
    why = f" {evidence.run.diagnosis}" if evidence.run.diagnosis else ""
    return failed(
        ("Training started but did not complete." if evidence.trainings else "No training took place.") + why,
        fix="Make the notebook run from the first cell to the last, with a call of fit that completes.",
        cells=cells or [evidence.run.failed_cell],
    )


def _in_epochs(epochs: int) -> str:
    return f" ({epochs:,} epoch{'s'[: epochs != 1]} in all)" if epochs else ""


@check(
    "model.learns",
    title="Better than guessing",
    help="Held-out accuracy beats the commonest class beyond chance; where classes are imbalanced, so does mean recall "
    "beat guessing. Regression: the error beats that of the median of the training targets.",
    thresholds=(
        Threshold("significance", 0.01, "one guesser in a hundred passes by luck"),
        Threshold("margin", 0.02, "on huge test sets a hair above the commonest class is significant and worthless"),
        Threshold("imbalance", 1.5, "a class half again as common as if all were equal: recall then counts as well"),
        Threshold("worthwhile", 0.4, "a model that makes two fifths fewer errors than the commonest class has learnt"),
        Threshold("doubt", 0.05, "one such model in twenty scores so low: with more rows it is not ruled out"),
        Threshold("error_share", 0.95, "an error within 5 % of the median's shows nothing learnt"),
    ),
)
def learns(evidence: Evidence, limits: Limits) -> Verdict:
    """The model knows more than which class is commonest."""
    result = final_result(evidence)
    if result is not None and is_regression(evidence):
        return _learns_numbers(result, limits)
    if result is not None and result.value is not None:
        verified = result.verified
        majority = verified.majority_accuracy if verified is not None else _majority(evidence, result)
        verdict = _learns_classes(evidence, result.value, majority, result.size, _where(result), result.origin, limits)
        return verdict if verdict.outcome == "pass" else _learns_rare_classes(result, limits) or verdict
    watched = _validation_accuracy(evidence)
    if watched is not None:
        training, accuracy = watched
        rows = evidence.row_set(training.validation_rows)
        size = rows.rows if rows is not None else _validation_size(evidence, training)
        return _learns_classes(evidence, accuracy, _majority(evidence, None), size, "validation rows", "kernel", limits)
    if evidence.trainings and run_is_complete(evidence) and result is None:
        return unknown("No score on held-out rows exists, so whether the model learnt could not be measured.")
    reason = why_unseen(evidence, TRAINING_CALLS)
    if reason is None and not evidence.trainings:
        return failed("No model was trained, so none learnt.", fix="Train a model with fit.")
    return unknown(f"Whether the model learnt could not be measured{': ' + reason if reason else ''}.")


def _learns_classes(
    evidence: Evidence, accuracy: float, majority: float | None, size: int, where: str, origin: Origin, limits: Limits
) -> Verdict:
    """Judge an accuracy against always answering the commonest class, by a one-sided binomial test."""
    cells = [item.cell for item in evidence.trainings]
    if majority is None or size <= 0:
        return unknown(
            f"How common the commonest class is among the {where} is not known.",
            cells=cells,
            measured={"accuracy": accuracy},
        )
    luck = binomial_tail(round(accuracy * size), size, majority)
    measured = {"accuracy": accuracy, "majority": majority, "rows": size, "chance_of_luck": luck}
    numbers = f"{accuracy:.1%} on {size:,} {where}, where always answering the commonest class gives {majority:.1%}"
    collapsed = _collapsed(evidence)
    ahead = accuracy >= majority + min(limits["margin"], (1 - majority) / 2)
    if luck <= limits["significance"] and ahead:
        return passed(f"The model beats guessing: {numbers}.", origin=origin, cells=cells, measured=measured)
    able = majority + limits["worthwhile"] * (1 - majority)
    if ahead and not collapsed and 1 - binomial_tail(round(accuracy * size) + 1, size, able) > limits["doubt"]:
        return unknown(
            f"Too few rows to tell whether the model beats guessing: {numbers}.", cells=cells, measured=measured
        )
    beaten = "The model always answers the same class" if collapsed else "The model is no better than guessing"
    missing = missing_values(evidence, evidence.trainings[-1] if evidence.trainings else None)
    why = f" In training, {missing}." if missing else ""
    return failed(
        f"{beaten}: {numbers}.{why}",
        fix=MISSING_FIX if missing else FIX_LEARN,
        origin=origin,
        cells=cells,
        measured=measured,
    )


def _learns_rare_classes(result: StudentResult, limits: Limits) -> Verdict | None:
    """Return a pass where classes are imbalanced and mean recall is beyond a guesser's, None otherwise.

    Weighting rare classes costs accuracy: such a model may lie below the commonest class and know far more than that.
    """
    recall = mean_recall(result.verified)
    if recall is None or recall.majority < min(limits["imbalance"] / recall.classes, 1.0):
        return None
    if recall.chance_of_luck > limits["significance"] or recall.value < recall.guessing + limits["margin"]:
        return None
    return passed(
        f"The model beats guessing on imbalanced classes: a balanced accuracy of {recall.value:.1%}, where any guesser "
        f"has {recall.guessing:.1%} (the commonest class makes up {recall.majority:.1%}).",
        origin=result.origin,
        cells=[result.scoring.cell],
        measured={
            "accuracy": result.value,
            "balanced_accuracy": recall.value,
            "guessing": recall.guessing,
            "majority": recall.majority,
            "chance_of_luck": recall.chance_of_luck,
        },
    )


def _learns_numbers(result: StudentResult, limits: Limits) -> Verdict:
    verified = result.verified
    cells = [result.scoring.cell]
    if verified is None or verified.mae is None or verified.baseline_mae is None:
        return unknown("The error could not be compared with that of always answering the median.", cells=cells)
    measured = {"mae": verified.mae, "baseline_mae": verified.baseline_mae, "r2": verified.r2}
    numbers = f"a mean error of {verified.mae:.4g}, where always answering the median gives {verified.baseline_mae:.4g}"
    if verified.mae < limits["error_share"] * verified.baseline_mae:
        return passed(f"The model beats guessing: {numbers}.", origin=result.origin, cells=cells, measured=measured)
    return failed(
        f"The model is no better than guessing: {numbers}.",
        fix=FIX_LEARN,
        origin=result.origin,
        cells=cells,
        measured=measured,
    )


def _where(result: StudentResult) -> str:
    return {"train": "training rows", "validation": "validation rows", "test": "test rows"}.get(result.role, "rows")


def _collapsed(evidence: Evidence) -> bool:
    result = final_result(evidence)
    if result is None:
        return False
    known = [result.verified, *(evidence.verification(item.id) for item in twins(evidence, result.scoring))]
    return any(item is not None and item.predicted_classes == 1 for item in known)


def _majority(evidence: Evidence, result: StudentResult | None) -> float | None:
    labels = result.rows.labels if result is not None and result.rows is not None else labels_of(evidence)
    if labels is None or not labels.counts or not sum(labels.counts):
        return None
    return max(labels.counts) / sum(labels.counts)


def _validation_accuracy(evidence: Evidence) -> tuple[TrainingRun, float] | None:
    """Return the last validation accuracy of the final model's last training that watched one."""
    model = model_of(evidence)
    for training in reversed(evidence.trainings):
        if model is not None and training.model != model.id:
            continue
        key = series_of((name for name, _ in training.history), "accuracy", validation=True)
        if key is not None and training.series(key):
            return training, training.series(key)[-1]
    return None


def _validation_size(evidence: Evidence, training: TrainingRun) -> int:
    rows = evidence.row_set(training.train_rows)
    if rows is None or not training.validation_split:
        return 0
    return round(rows.rows * training.validation_split / (1 - training.validation_split))
