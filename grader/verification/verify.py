"""Recompute what sealed models score, outside the student's process."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from grader.errors import VerificationError
from grader.model import MEAN_OF, START, VOTE_OF, Mistake, SealedScoring, Task, Tier, Units, Verified
from grader.sandbox import Limits, ScriptResult, run_script
from grader.verification import scores
from grader.verification.answers import Answers, read_answers, same_class, without_unused
from grader.verification.arrays import Array, open_array
from grader.verification.labels import Truth, read_labels
from grader.verification.pictures import draw_rows
from grader.verification.recompute import NotRecomputed, Predictions, Recomputed, recompute, rows_answered

TRAINING_MODE = 0.1
"""Accuracy that dropout left on costs a network, at most: what lies further off is not explained by it."""


@dataclass(frozen=True, slots=True)
class Answered:
    """Outputs of shape (rows, units) with the rows of the whole set that they belong to."""

    outputs: Array
    rows: Array
    recomputed: bool
    note: str = ""


def verify(
    sealed: tuple[SealedScoring, ...],
    *,
    tier: Tier,
    limits: Limits,
    run: Callable[..., ScriptResult] = run_script,
) -> tuple[Verified, ...]:
    """Recompute each scoring from its sealed model and recorded rows in one clean sandboxed process.

    Models that answered the same rows are also scored together, by the mean of their answers and by their vote: an
    ensemble's figures are named MEAN_OF or VOTE_OF its scorings.

    Where a model can't be reloaded, the figures come from the kernel's own predictions (`origin` is then `kernel`),
    and where there are none either, the result has no figures and its `note` says why. One broken model never takes
    the others down.

    Raises:
        VerificationError: the clean process could not be started at all; nothing is known about any model.
        SandboxError: the sandbox of that tier failed.
    """
    outcomes = recompute(sealed, tier=tier, limits=limits, run=run) if sealed else {}
    alone = tuple(_verified(item, outcomes[item.scoring]) for item in sealed)
    return (*alone, *_together(sealed, outcomes))


def _verified(item: SealedScoring, outcome: Recomputed) -> Verified:
    """Score one outcome; a fault in what the student's process recorded becomes this scoring's note."""
    blank = Verified(
        scoring=item.scoring,
        model=item.model_id,
        rows=item.rows.id,
        rows_used=0,
        rows_total=item.rows.total,
        task=item.task,
        origin="kernel",
    )
    try:
        answered = _answered(item, outcome)
    except VerificationError as error:
        return replace(blank, note=_sentence(error))
    started = replace(
        blank,
        rows_used=len(answered.outputs),
        origin="verified" if answered.recomputed else "kernel",
        silent_units=outcome.silent if isinstance(outcome, Predictions) else (),
        # Where a model was sealed its seal note is about the labels; else it is in the reason already.
        note=" ".join(filter(None, (answered.note, item.seal_note if item.model else ""))),
    )
    try:
        return _scored(item, answered, started)
    except VerificationError as error:
        return _noted(replace(started, rows_used=0), _sentence(error))


def _together(sealed: tuple[SealedScoring, ...], outcomes: Mapping[str, Recomputed]) -> Iterator[Verified]:
    """Yield what models came to together that were reloaded and answered the same rows."""
    groups: dict[str, list[SealedScoring]] = {}
    for item in sealed:
        if isinstance(outcomes[item.scoring], Predictions) and not item.scoring.startswith(START):
            groups.setdefault(item.rows.id, []).append(item)
    for members in groups.values():
        if len({item.model_id for item in members}) < 2 or members[0].task != "classification":
            continue
        try:
            answers = [_answered(item, outcomes[item.scoring]) for item in members]
            yield from _combined(members, answers)
        except VerificationError:
            continue  # of other shapes or other labels: no ensemble


def _combined(members: Sequence[SealedScoring], answers: Sequence[Answered]) -> Iterator[Verified]:
    first = answers[0]
    if any(item.outputs.shape != first.outputs.shape for item in answers):
        return
    outputs = np.stack([np.asarray(item.outputs, dtype=np.float64) for item in answers])
    cut = 0.0 if members[0].from_logits else 0.5
    single = outputs.shape[-1] == 1
    votes = (outputs > cut) * 1.0 if single else np.eye(outputs.shape[-1])[outputs.argmax(axis=-1)]
    names = "+".join(item.scoring for item in members)
    for prefix, together in ((MEAN_OF, outputs), (VOTE_OF, votes + cut * single)):
        blank = Verified(
            scoring=f"{prefix}{names}",
            model="+".join(item.model_id for item in members),
            rows=members[0].rows.id,
            rows_used=len(first.rows),
            rows_total=members[0].rows.total,
            task="classification",
        )
        unpictured = replace(members[0], input_kind="table")  # its mistakes are not kept, so none need be drawn
        scored = _scored(unpictured, replace(first, outputs=together.mean(axis=0)), blank)
        yield replace(scored, mistakes=(), wrong_rows=(), cuts=(), alternatives=())


def _answered(item: SealedScoring, outcome: Recomputed) -> Answered:
    """Return the outputs to score: recomputed ones, else the kernel's own."""
    index = open_array(item.rows.index, "the index of the recorded rows") if item.rows.index else None
    rows = np.arange(item.rows.total) if index is None else np.asarray(index).astype(np.int64)
    if rows.ndim != 1 or (len(rows) and (rows.min() < 0 or rows.max() >= item.rows.total)):
        raise VerificationError("The index of the recorded rows names rows that there are not")
    if isinstance(outcome, NotRecomputed):
        return _claimed(item, rows, f"Not recomputed: {outcome.reason}.")
    if len(outcome.outputs) != rows_answered(len(rows), outcome.step):
        return _claimed(item, rows, "Not recomputed: the reloaded model gave another number of answers than rows.")
    thinned = f"Every {outcome.step}th row was scored." if outcome.step > 1 else ""
    return Answered(_as_units(outcome.outputs), rows[:: outcome.step], recomputed=True, note=thinned)


def _claimed(item: SealedScoring, rows: Array, reason: str) -> Answered:
    if item.predictions is None:
        raise VerificationError(f"{reason} The run left no predictions of its own to fall back on")
    outputs = open_array(item.predictions, "the file of predictions made in the run")
    note = f"{reason} These figures come from the predictions made in the student's own run."
    if len(outputs) == item.rows.total:
        return Answered(_as_units(outputs), np.arange(item.rows.total), recomputed=False, note=note)
    if len(outputs) == len(rows):
        return Answered(_as_units(outputs), rows, recomputed=False, note=note)
    raise VerificationError(f"{reason} The predictions made in the run are not as many as the rows")


def _as_units(outputs: Array) -> Array:
    """Bring outputs to (rows, units): a single number per row is one unit, trailing dimensions of 1 are dropped."""
    while outputs.ndim > 2 and outputs.shape[-1] == 1:
        outputs = outputs[..., 0]
    if outputs.ndim == 1:
        outputs = outputs[:, None]
    if outputs.ndim != 2 or outputs.shape[1] == 0:
        shape = " x ".join(str(side) for side in outputs.shape[1:])
        raise VerificationError(f"The model answers {shape} numbers per row, which can't be one answer per label")
    return np.asarray(outputs)


def _scored(item: SealedScoring, answered: Answered, result: Verified) -> Verified:
    if not len(answered.outputs):
        return _noted(result, "There were no rows to score.")
    labels = read_labels(item.labels, item.rows.total, item.task)
    task = _task(item.task, labels, answered.outputs.shape[1])
    if task == "classification" and labels.classes:
        return _classified(item, answered, labels, result)
    return _regressed(item, answered, labels, result)


def _task(task: Task, labels: Truth, units: int) -> Task:
    """Decide an unknown task: names, or several units for whole labels, mean classes."""
    if task != "unknown":
        return task
    return "classification" if labels.classes and (units > 1 or len(labels.classes) == 2) else "regression"


def _classified(item: SealedScoring, answered: Answered, labels: Truth, result: Verified) -> Verified:
    train = _train_labels(item, "classification")
    known = train.classes if train else ()
    answers = read_answers(answered.outputs, labels.values[answered.rows], labels.classes, known, item.from_logits)
    if train is not None:
        answers = without_unused(answers, [train.classes[at] for at in np.unique(train.values)])
    if len(answers.classes) > scores.MOST_CLASSES:
        right = float((answers.truth == answers.predicted).mean())
        result = replace(result, task="classification", accuracy=right)
        return _noted(result, f"{len(answers.classes)} classes are too many for a confusion matrix.")
    matrix = scores.confusion_matrix(answers)
    scored = replace(
        result,
        task="classification",
        accuracy=scores.accuracy(matrix),
        balanced_accuracy=scores.balanced_accuracy(matrix),
        macro_f1=scores.macro_f1(matrix),
        majority_accuracy=_majority_accuracy(train, answers),
        matrix=tuple(tuple(row) for row in matrix.tolist()),
        classes=answers.classes,
        per_class=scores.class_scores(matrix, answers.classes),
        confused=scores.most_confused(matrix, answers.classes),
        mistakes=_mistakes(item, answered, answers),
        wrong_rows=tuple(answered.rows[scores.wrong_answers(answers)].tolist()),
        predicted_classes=len(np.unique(answers.predicted)),
        alternatives=(*answers.alternatives, *_as_scored(item, scores.accuracy(matrix) or 0.0, labels, known)),
        cuts=scores.matrices_at_cuts(answered.outputs, answers, logits=item.from_logits),
    )
    return _noted(scored, *answers.notes)


def _as_scored(
    item: SealedScoring, accuracy: float, labels: Truth, known: tuple[str, ...]
) -> tuple[tuple[str, float], ...]:
    """Return the accuracy of the run's own answers where layers acted at random, unless it lies too far off."""
    if not item.at_random or item.predictions is None:
        return ()
    try:
        outputs = _as_units(open_array(item.predictions, "the file of predictions made in the run"))
        said = read_answers(outputs, labels.values[: len(outputs)], labels.classes, known, item.from_logits)
    except (VerificationError, ValueError):
        return ()
    own = float((said.truth == said.predicted).mean()) if len(outputs) == item.rows.total else accuracy
    return (("in_training_mode", own),) if abs(own - accuracy) <= TRAINING_MODE else ()


def _train_labels(item: SealedScoring, task: Task) -> Truth | None:
    if item.train_labels is None:
        return None
    try:
        return read_labels(item.train_labels, None, task)
    except VerificationError:
        return None  # the majority is then unknown; the score is not affected


def _majority_accuracy(train: Truth | None, answers: Answers) -> float | None:
    """Return how often the commonest class of the training labels is right on these rows."""
    if train is None or not train.classes:
        return None
    name = scores.majority_class(train.values, train.classes)
    if name is None:
        return None
    same = [position for position, known in enumerate(answers.classes) if same_class(known, name)]
    return float(np.isin(answers.truth, same).mean())


def _mistakes(item: SealedScoring, answered: Answered, answers: Answers) -> tuple[Mistake, ...]:
    picked = scores.surest_mistakes(answers)
    pictures = _pictures(item, answered.rows[picked])
    return tuple(
        Mistake(
            row=int(answered.rows[at]),
            true=answers.classes[answers.truth[at]],
            predicted=answers.classes[answers.predicted[at]],
            confidence=float(answers.confidence[at]),
            picture=picture,
        )
        for at, picture in zip(picked, pictures, strict=True)
    )


def _pictures(item: SealedScoring, rows: Array) -> tuple[str, ...]:
    """Draw rows of the whole set, as far as they were recorded; without pictures the mistakes still stand."""
    none = ("",) * len(rows)
    if item.input_kind not in {"image", "unknown"}:
        return none
    try:
        values = open_array(item.rows.values, "the recorded rows")
        index = open_array(item.rows.index, "the index") if item.rows.index else np.arange(item.rows.total)
    except VerificationError:
        return none
    at = {int(row): position for position, row in enumerate(index)}
    if len(values) != len(index) or any(int(row) not in at for row in rows):
        return none
    return draw_rows(values, [at[int(row)] for row in rows], item.input_kind)


def _regressed(item: SealedScoring, answered: Answered, labels: Truth, result: Verified) -> Verified:
    truth = labels.numbers()[answered.rows].reshape(len(answered.rows), -1)
    outputs = answered.outputs if item.units is None else _in_units_of_the_data(answered.outputs, item.units)
    if truth.shape != outputs.shape:
        raise VerificationError(
            f"The model answers {outputs.shape[1]} numbers per row where the labels hold {truth.shape[1]}"
        )
    if not np.isfinite(outputs).all():
        raise VerificationError("The model answers NaN or infinity, so its error can't be computed")
    mae, rmse, r2 = scores.regression_errors(outputs, truth)
    train = _train_labels(item, "regression")
    baseline = None
    if train is not None and len(train.values):
        median = np.median(train.numbers().reshape(len(train.values), -1), axis=0)
        baseline = float(np.abs(truth - median).mean()) if median.shape == truth.shape[1:] else None
    return replace(result, task="regression", mae=mae, rmse=rmse, r2=r2, baseline_mae=baseline)


def _in_units_of_the_data(outputs: Array, units: Units) -> Array:
    """Undo what was done to the labels before training, as `inverse_transform` and `expm1` do."""
    taken = (outputs.astype(np.float64) - units.offset) / units.factor
    with np.errstate(over="ignore"):
        if units.step == "log":
            return np.asarray(np.exp(taken))
        return np.asarray(np.expm1(taken) if units.step == "log1p" else taken)


def _noted(result: Verified, *notes: str) -> Verified:
    return replace(result, note=" ".join(note for note in (result.note, *notes) if note))


def _sentence(error: VerificationError) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."
