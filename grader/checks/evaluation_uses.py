"""Whether the rows of the final score decided anything: which models were scored on them, when, and which was kept."""

from __future__ import annotations

from grader.checks.evaluation_score import SCORE_FIX
from grader.checks.observed import SCORING_CALLS, why_unseen
from grader.checks.registry import Limits, Threshold, check
from grader.checks.results import StudentResult, final_result, metric_unit
from grader.checks.selection import (
    FEWEST_COMPARED,
    among_best_kept,
    best_by_validation,
    best_kept,
    candidates,
    kept_as_written,
    same_network,
)
from grader.checks.verdicts import Verdict, advised, failed, not_applicable, passed, unknown
from grader.model import Evidence, Scoring, TrainingRun


@check(
    "evaluation.test_used_once",
    title="Test set used once",
    help="The test rows drove no decision. Decisions count, not calls: evaluate, predict and a matrix on one frozen "
    "model are one use; a baseline and the final model, each scored once, are fine.",
    thresholds=(
        Threshold("models", 3, "a baseline and the final model make two; a third asks to be chosen among"),
        Threshold("looks", 3, "scored, trained on, scored: twice happens with fine-tuning, three times is steering"),
    ),
)
def uses_of_test_rows(evidence: Evidence, limits: Limits) -> Verdict:
    """Nothing was decided by the test rows."""
    result = final_result(evidence)
    if result is None:
        if reason := why_unseen(evidence, SCORING_CALLS):
            return unknown(f"How often the test set was used is not known: {reason}.")
        return failed("There is no test set that could have been used.", fix=SCORE_FIX)
    if result.role == "validation":
        return _watched_by_fit(evidence, result)
    if result.role == "train":
        return failed("The rows of the final score were trained on.", fix=SCORE_FIX, cells=[result.scoring.cell])
    if result.role == "other" or result.scoring.rows is None:
        return unknown("Which rows the final score is of could not be told.", cells=[result.scoring.cell])
    uses = _uses(evidence, result.scoring.rows)
    looks = max(len([weights for model, weights in uses if model == name]) for name, _ in uses)
    models = len({model for model, _ in uses})
    cells = [item.cell for item in evidence.scorings if item.rows == result.scoring.rows]
    measured = {"models_scored": models, "looks_at_one_model": looks}
    if looks >= limits["looks"]:
        return failed(
            f"The same model was scored on the test rows {looks} times with training in between: "
            "what was changed after a look was chosen by the test set.",
            fix="Compare versions on validation data; score the test rows once, when nothing will change any more.",
            cells=cells,
            measured=measured,
        )
    if models >= limits["models"]:
        return _many_models(evidence, result, models, cells, measured)
    if looks == 2:
        return advised(
            "The model was scored on the test rows, trained further, and scored again.",
            fix="Use validation data for such looks, and the test rows once.",
            cells=cells,
            measured=measured,
        )
    if models == 2:
        return passed(
            "Two models were scored on the test rows, each once: fine for a baseline and the final model.",
            cells=cells,
            measured=measured,
        )
    return passed("The test rows scored one frozen model.", cells=cells, measured=measured)


CHOOSE_FIX = (
    "Choose among models on validation data (validation_split=0.2), and score only the chosen one on the test rows."
)


def _many_models(
    evidence: Evidence, result: StudentResult, models: int, cells: list[int], measured: dict[str, int]
) -> Verdict:
    """Several models on the test rows: certain to have been chosen by them where the best of them was gone back to
    though validation data spoke for another, or where nothing else was there to choose by.
    """
    said = f"{models} models were scored on the same test rows"
    compared = candidates(evidence, result)
    kept = best_kept(result, compared)
    alike = len(compared) == models and same_network(evidence, {item.model for item in compared})
    if alike and kept is None:
        return passed(
            f"The same network was trained and scored {models} times: that shows how far the score varies.",
            cells=cells,
            measured=measured,
        )
    if not alike and kept is not None and best_by_validation(evidence, kept) is False:
        return failed(
            f"{said}, and the best of them there was kept, though on validation data another was better.",
            fix=CHOOSE_FIX,
            cells=cells,
            measured=measured,
        )
    if alike or any(item.validation_rows or item.validation_split > 0 for item in evidence.trainings):
        return advised(
            f"{said}: if they decided which model to keep, they are spent.",
            fix=CHOOSE_FIX,
            cells=cells,
            measured=measured,
        )
    return failed(
        f"{said}, and there was no validation data: only the test rows could decide among them.",
        fix=CHOOSE_FIX,
        cells=cells,
        measured=measured,
    )


def _watched_by_fit(evidence: Evidence, result: StudentResult) -> Verdict:
    watching = [item for item in evidence.trainings if item.validation_rows == result.scoring.rows]
    chosen = sorted({callback.kind for item in watching for callback in item.callbacks if _selects(callback.monitor)})
    how = f", and {', '.join(chosen)} chose by them" if chosen else ""
    return failed(
        f"The rows of the final score were watched every epoch as validation data{how}: they are spent.",
        fix="Give fit other rows to watch (validation_split=0.2), and keep the test rows for one score at the end.",
        cells=[result.scoring.cell, *(item.cell for item in watching)],
        measured={"role": "validation", "chosen_by": chosen},
    )


def _selects(monitor: str) -> bool:
    return monitor.startswith("val")


def _uses(evidence: Evidence, rows: str) -> set[tuple[str, str]]:
    """Return the distinct trained states (model, weights) scored on the rows; a look before any training is no use."""
    trained = {item.model for item in evidence.trainings}
    scorings = sorted((item for item in evidence.scorings if item.rows == rows), key=lambda item: item.order)
    holders = _holders(evidence, trained)
    uses = {(holders.get(item.weights, item.model), item.weights) for item in scorings}
    for model in trained:
        states = list(dict.fromkeys(item.weights for item in scorings if item.model == model))
        if len(states) > 1 and _before_training(evidence, model, scorings, states[0]):
            uses.discard((model, states[0]))
    return uses


def _holders(evidence: Evidence, trained: set[str]) -> dict[str, str]:
    """Return, by weights, the model they were trained in: a file loaded again or a wrapper with a softmax is no other.

    Weights that no trained model was scored with belong to the first object that was.
    """
    scorings = [item for item in evidence.scorings if item.weights]
    first = {item.weights: item.model for item in reversed(scorings)}
    return first | {item.weights: item.model for item in reversed(scorings) if item.model in trained}


def _before_training(evidence: Evidence, model: str, scorings: list[Scoring], state: str) -> bool:
    first = next(item for item in scorings if item.model == model and item.weights == state)
    return all(training.cell > first.cell for training in _trainings(evidence, model))


def _trainings(evidence: Evidence, model: str) -> list[TrainingRun]:
    return [item for item in evidence.trainings if item.model == model]


@check(
    "evaluation.not_best_of_seeds",
    title="Not the best of several seeds",
    help="Where the same network was trained several times, the score reported is not that of the luckiest time. "
    "Mean and spread, or the last training, are fine. Advice.",
)
def not_best_of_seeds(evidence: Evidence, _limits: Limits) -> Verdict:
    """Of equal networks trained anew, the one that did best on the test rows is not picked out as the result."""
    result = final_result(evidence)
    if result is None or result.role != "test":
        return not_applicable("No model was scored on test rows.", origin="kernel")
    compared = candidates(evidence, result)
    own = next((item.model for item in compared if item.weights == result.scoring.weights), None)
    alike = tuple(item for item in compared if own is not None and same_network(evidence, {item.model, own}))
    if len(alike) < FEWEST_COMPARED:
        return not_applicable("The same network was not trained several times.", origin="kernel")
    values = [item.value for item in alike]
    mean = sum(values) / len(values)
    measured = {"trainings": len(alike), "scores": values, "mean": mean, "reported": result.value}
    cells = [item.cell for item in evidence.scorings if item.rows == result.scoring.rows]
    low, high = (metric_unit(result.metric, value) for value in (min(values), max(values)))
    kept = among_best_kept(result, alike) or kept_as_written(evidence, result, alike)
    if kept is not None and best_by_validation(evidence, kept) is not True:
        return advised(
            f"The same network was trained {len(alike)} times, and the one that did best on the test rows was kept: "
            f"{metric_unit(result.metric, kept.best.value)}, where their mean is {metric_unit(result.metric, mean)}.",
            fix="Report mean and spread over the seeds, or choose the training to keep by validation data.",
            cells=cells,
            measured=measured,
        )
    return passed(
        f"The same network was trained {len(alike)} times ({low} to {high}), and none was picked by the test rows.",
        cells=cells,
        measured=measured,
    )
