"""Which of several models scored on the same held-out rows was kept: by order of scorings, values and weights."""

from __future__ import annotations

from dataclasses import dataclass

from grader.checks.results import REGRESSION_METRICS, StudentResult, result_of, series_of
from grader.model import Evidence, ModelFacts, TrainingRun

HIGHER_IS_BETTER = frozenset({"accuracy", "r2"})
FEWEST_COMPARED = 3
"""The better of two is kept as often as not; of three that were scored alike, one that was gone back to was chosen."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One trained state that was scored on the rows; `first` and `last` are the places of its scorings in the run."""

    model: str
    weights: str
    value: float
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Kept:
    """A state that was gone back to after all others had been scored, and is the best of them on those very rows."""

    best: Candidate
    compared: tuple[Candidate, ...]

    @property
    def mean(self) -> float:
        """The mean score of all that were compared: what choosing the best of them hides."""
        return sum(item.value for item in self.compared) / len(self.compared)


def candidates(evidence: Evidence, result: StudentResult) -> tuple[Candidate, ...]:
    """Return the trained models scored on the rows of the result, in the order of their first scoring.

    A model scored in several states stands as it was last; models that no fit trained, or without a known value, are
    left out.
    """
    states: dict[str, Candidate] = {}
    trained = {item.model for item in evidence.trainings}
    for scoring in sorted(evidence.scorings, key=lambda item: item.order):
        if scoring.rows != result.scoring.rows or not scoring.weights or scoring.model not in trained:
            continue
        value = result_of(evidence, scoring).value
        known = states.get(scoring.model)
        if known is not None and known.weights == scoring.weights:
            value = known.value if value is None else value
            states[scoring.model] = Candidate(scoring.model, scoring.weights, value, known.first, scoring.order)
        elif value is not None:
            states[scoring.model] = Candidate(scoring.model, scoring.weights, value, scoring.order, scoring.order)
    return tuple(sorted(states.values(), key=lambda item: item.first))


def best_kept(result: StudentResult, compared: tuple[Candidate, ...]) -> Kept | None:
    """Return what was kept of the candidates, where it was surely kept for its score on the rows of the result.

    Surely: it is the best, others were scored after it, and then it was scored again and became the result. What was
    trained last is the result in any case, and the only one of its score may be the best by accident.
    """
    own = _gone_back_to(result, compared)
    return Kept(own, compared) if own is not None and _best(result, compared) == [own] else None


def among_best_kept(result: StudentResult, compared: tuple[Candidate, ...]) -> Kept | None:
    """Return what was likely kept for its score, among others with the same one: the first of them, or the last.

    So does who keeps what is better than all before, or as good. Where all are alike nothing was chosen.
    """
    own = _gone_back_to(result, compared)
    best = _best(result, compared) if own is not None else []
    if own is None or len(best) == len(compared) or own not in (best[0], best[-1]):
        return None
    return Kept(own, compared)


def kept_as_written(evidence: Evidence, result: StudentResult, compared: tuple[Candidate, ...]) -> Kept | None:
    """Return what a loop kept for its score where it was trained last, so that nothing had to be gone back to.

    The code of the cell that scored them all says that the best is kept, and it scored no other rows to tell by.
    """
    own, best = compared[-1], _best(result, compared)
    if len(compared) < FEWEST_COMPARED or own.weights != result.scoring.weights:
        return None
    if own not in best or len(best) == len(compared):
        return None
    first = {item.first for item in compared}
    cells = {item.cell for item in evidence.scorings if item.order in first}
    rows = {item.rows for item in evidence.scorings if item.cell in cells}
    one_loop = len(cells) == 1 and cells.issubset(evidence.code.picks)
    return Kept(own, compared) if one_loop and rows == {result.scoring.rows} else None


def _gone_back_to(result: StudentResult, compared: tuple[Candidate, ...]) -> Candidate | None:
    if len(compared) < FEWEST_COMPARED:
        return None
    own = next((item for item in compared if item.weights == result.scoring.weights), None)
    return None if own is None or own is compared[-1] or own.last < compared[-1].first else own


def _best(result: StudentResult, compared: tuple[Candidate, ...]) -> list[Candidate]:
    sign = 1 if result.metric in HIGHER_IS_BETTER else -1
    top = max(sign * item.value for item in compared)
    return [item for item in compared if sign * item.value >= top]


def best_by_validation(evidence: Evidence, kept: Kept) -> bool | None:
    """Return whether the kept model is the best by validation too; None where the others were not all validated, or
    trainings were cut at the grader's own budget, so that another may seem the best.

    By the best epoch of accuracy or loss (or the task's error), whichever speaks for the kept model.
    """
    series = {item.model: validation_bests(evidence, item.model) for item in kept.compared}
    names = set.intersection(*(set(values) for values in series.values()))
    if not names or evidence.cut_trainings:
        return None
    own = series[kept.best.model]
    return any(own[name] >= max(values[name] for values in series.values()) for name in names)


def validation_bests(evidence: Evidence, model: str) -> dict[str, float]:
    """Return the best value of each validation log of a model's last training; errors and losses with a minus."""
    training = next((item for item in reversed(evidence.trainings) if item.model == model), None)
    logs = dict(training.history) if training is not None else {}
    found: dict[str, float] = {}
    for metric, sign in (("accuracy", 1), ("loss", -1), *((name, -1) for name in REGRESSION_METRICS)):
        name = series_of(logs, metric, validation=True)
        if name is not None and logs[name]:
            found[metric] = max(sign * value for value in logs[name])
    return found


def same_network(evidence: Evidence, models: set[str]) -> bool:
    """Whether models differ in nothing but their first weights: built, compiled and trained alike, on as many rows."""
    made = {_configuration(evidence, model) for model in models}
    return len(made) == 1 and None not in made


def _configuration(evidence: Evidence, name: str) -> object | None:
    model = evidence.model(name)
    trainings = [item for item in evidence.trainings if item.model == name]
    if model is None or not model.layers or not trainings:
        return None
    return (*_built(model), *(_trained(evidence, item) for item in trainings))


def _built(model: ModelFacts) -> tuple[object, ...]:
    layers = tuple((layer.kind, layer.parameters, layer.trainable, layer.settings) for layer in model.layers)
    return layers, model.loss, model.optimizer, model.learning_rate


def _trained(evidence: Evidence, training: TrainingRun) -> tuple[object, ...]:
    rows = evidence.row_set(training.train_rows)
    callbacks = tuple((item.kind, item.monitor) for item in training.callbacks)
    size = rows.rows if rows is not None else training.train_rows
    return training.epochs_asked, training.batch_size, size, callbacks, training.augmentation
