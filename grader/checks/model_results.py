"""Checks of what training achieved: weights changed, better than guessing, near the reference."""

from __future__ import annotations

from grader.checks.observed import TRAINING_CALLS, run_is_complete, why_unseen
from grader.checks.registry import Limits, Threshold, check
from grader.checks.results import (
    StudentResult,
    final_result,
    is_regression,
    labels_of,
    metric_unit,
    model_of,
    series_of,
    twins,
)
from grader.checks.statistics import binomial_tail, standard_error
from grader.checks.verdicts import Verdict, advised, failed, not_applicable, passed, unknown
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
    help="Held-out accuracy beats the commonest class beyond chance (regression: the median of the training targets).",
    thresholds=(
        Threshold("significance", 0.01, "one guesser in a hundred passes by luck"),
        Threshold("margin", 0.02, "on huge test sets a hair above the commonest class is significant and worthless"),
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
        return _learns_classes(evidence, result.value, majority, result.size, _where(result), result.origin, limits)
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


@check(
    "model.reference_band",
    title="Near the reference",
    help="The score is within or above the reference's seed-to-seed band on the same split. Advice only.",
    thresholds=(
        Threshold("deviations", 2, "two standard deviations over seeds hold 95 % of honest trainings"),
        Threshold("far_below", 0.1, "a tenth of accuracy below every reference that fits deserves a person's look"),
    ),
)
def reference_band(evidence: Evidence, limits: Limits) -> Verdict:
    """The student's score against the best reference on the same rows."""
    result = final_result(evidence)
    if not evidence.references:
        return not_applicable(evidence.reference_note or "No reference was trained on this split.", origin="kernel")
    if result is None or result.value is None or result.role == "train":
        return unknown("There is no held-out score to set beside the reference.")
    fitting = [item for item in evidence.references if item.metric == result.metric]
    if not fitting:
        return not_applicable(f"The reference has no {result.metric}.", origin="kernel")
    more_is_better = result.metric == "accuracy"
    best = max(fitting, key=lambda item: item.score if more_is_better else -item.score)
    noise = best.spread**2 + (standard_error(best.score, result.size) ** 2 if more_is_better else 0.0)
    below = (best.score - result.value) if more_is_better else (result.value - best.score)
    far = limits["far_below"] if more_is_better else limits["far_below"] * best.score
    measured = {"student": result.value, "reference": best.score, "recipe": best.recipe, "spread": best.spread}
    both = f"{metric_unit(result.metric, result.value)} against {metric_unit(best.metric, best.score)} of {best.title}"
    if below <= limits["deviations"] * noise**0.5:
        return passed(
            f"The score is within or above the reference's band: {both}.",
            measured=measured,
            origin=result.origin,
            cells=[result.scoring.cell],
        )
    return advised(
        f"The score is below the reference on the same split: {both}.",
        fix="See what the reference does otherwise: its layers, scaling and number of epochs are in the report.",
        origin=result.origin,
        cells=[result.scoring.cell],
        measured=measured,
        review=f"the score is far below the reference ({both})"
        if below > far and below > limits["deviations"] * noise**0.5
        else None,
    )


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
    if luck <= limits["significance"] and accuracy >= majority + min(limits["margin"], (1 - majority) / 2):
        return passed(f"The model beats guessing: {numbers}.", origin=origin, cells=cells, measured=measured)
    beaten = "The model always answers the same class" if collapsed else "The model is no better than guessing"
    return failed(f"{beaten}: {numbers}.", fix=FIX_LEARN, origin=origin, cells=cells, measured=measured)


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
