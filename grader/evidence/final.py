"""Which scoring counts as the student's result."""

from __future__ import annotations

from collections.abc import Sequence

from grader.evidence.altered import Asides
from grader.evidence.arrays import rows_within
from grader.evidence.fits import Fit
from grader.evidence.identity import RowStore
from grader.evidence.lineage import Lineage
from grader.evidence.trainings import is_neural
from grader.model import MetricCall, ModelFacts, Role, Scoring

DEMO_ROWS = 32
"""Predictions on so few rows are a demonstration where a larger set was scored: one Keras batch, a grid of pictures."""

DEMO_SHARE = 0.5
"""A scoring of less than half of a larger scored set's rows looks at a part of it; it doesn't replace the result."""

NO_ASIDES = Asides()


def find_result(
    scorings: Sequence[Scoring],
    models: Sequence[ModelFacts],
    lineage: Lineage,
    asides: Asides,
    metrics: Sequence[MetricCall],
) -> Scoring | None:
    """Return the final scoring, as `find_final`; where that is a fold's, of the model that was trained on all folds.

    Folds of a cross-validation are held out of their own model. Once another model was trained on them, the result is
    what that one scores, if it is scored on rows it wasn't trained on, or a metric is shown of its answers.
    """
    fitted = frozenset(fit.model for fit in lineage.fits)
    chosen = find_final(scorings, models, fitted, lineage.store, asides)
    scored = {fit for item in scorings for fit in item.trained_by}
    last = next((fit for fit in reversed(lineage.fits) if fit.began.id in scored), None)
    if chosen is None or last is None or not _is_fold(chosen, scorings, last, lineage):
        return chosen
    later = [item for item in scorings if last.began.id in item.trained_by]
    shown = {call.scoring for call in metrics}
    if not any(item.role == "validation" or item.id in shown for item in later):
        return chosen
    return find_final(later, models, fitted, lineage.store, asides) or chosen


def _is_fold(chosen: Scoring, scorings: Sequence[Scoring], last: Fit, lineage: Lineage) -> bool:
    """Whether a scoring is one of several of different rows, by different models, that a later fit was trained on."""
    earlier = [item for item in scorings if item.order < last.began.order and item.rows and item.role == chosen.role]
    folds = {item.rows: item.model for item in earlier if item.rows and lineage.used_by(item.rows, (last,))}
    return chosen.rows in folds and len(set(folds.values())) > 1


def find_final(
    scorings: Sequence[Scoring],
    models: Sequence[ModelFacts],
    fitted: frozenset[str],
    store: RowStore,
    asides: Asides = NO_ASIDES,
) -> Scoring | None:
    """Return the last scoring on test rows, else on validation rows, else on training rows, else None.

    Demonstrations on a few rows are passed over, models that no fit ever trained too, scorings by a callback of fit
    and of altered copies of rows scored before, and other learners (a linear baseline of scikit-learn) wherever a
    neural network was scored. Folds that an earlier fold's training saw stand for the whole cross-validation.
    `fitted` holds the models that have fits.
    """
    by_id = {model.id: model for model in models}
    neural = [item for item in scorings if is_neural(by_id.get(item.model))]
    pool = neural or list(scorings)
    pool = [item for item in pool if item.trained_by] or pool
    pool = [item for item in pool if not item.during and not _ends_a_loop(item, pool)] or pool
    pool = [item for item in pool if item.id not in asides.altered] or pool
    roles: tuple[Role, ...] = ("test", "validation", "train", "other")
    for role in roles:
        of_role = [item for item in pool if item.role == role]
        real = [item for item in of_role if not _is_demo(item, of_role, store)]
        if real:
            chosen = _same_use(real[-1], real, fitted)
            leaked = [item for item in pool if item.id in asides.leaked and item.cell == chosen.cell]
            later = [item for item in leaked if item.model == chosen.model and item.order > chosen.order]
            return later[-1] if later else chosen
    return None


def _ends_a_loop(item: Scoring, others: Sequence[Scoring]) -> bool:
    """Whether this is the last of the looks that a loop of the student's own takes at its validation rows.

    The others came between two steps of the training; this one came after the last step, in the same cell.
    """
    return item.role == "validation" and any(
        other.during
        and other.role == "validation"
        and (other.model, other.how, other.cell) == (item.model, item.how, item.cell)
        for other in others
    )


def _same_use(last: Scoring, candidates: list[Scoring], fitted: frozenset[str]) -> Scoring:
    """Among scorings of the same rows by the same weights, prefer the model that was fitted, then what is sealed.

    A trained model wrapped in another (to add a softmax) has the same weights, but neither loss nor curves.
    """
    same = [item for item in candidates if item.weights and (item.rows, item.weights) == (last.rows, last.weights)]
    return max(same, key=lambda item: (item.model in fitted, item.sealed, item.order), default=last)


def _is_demo(item: Scoring, others: list[Scoring], store: RowStore) -> bool:
    size = _size(item, store)
    larger = [other for other in others if _size(other, store) > size]
    if not larger:
        return False
    if size <= DEMO_ROWS:
        return True
    mine = store.exact(item.rows)
    for rows in {other.rows for other in larger if _takes_less(item, size, other, _size(other, store))}:
        theirs = store.exact(rows)
        if mine is not None and theirs is not None and rows_within(mine, theirs) == len(mine):
            return True
    return False


def _takes_less(item: Scoring, size: int, other: Scoring, other_size: int) -> bool:
    """Whether `item` can only be a look at a part of what `other` scored.

    Of one model's rows any part is: what was left out after the answers were known was chosen by them.
    """
    return size < DEMO_SHARE * other_size or bool(item.weights and item.weights == other.weights)


def _size(item: Scoring, store: RowStore) -> int:
    record = store.records.get(item.rows or "")
    return record.count if record else 0
