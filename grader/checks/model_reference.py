"""The student's score beside the references trained on the same split."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from grader.checks.balance import mean_recall
from grader.checks.registry import Limits, Threshold, check
from grader.checks.results import StudentResult, final_result, is_regression, metric_unit
from grader.checks.statistics import standard_error
from grader.checks.verdicts import Verdict, advised, not_applicable, passed, unknown
from grader.model import Evidence, ReferenceResult


@dataclass(frozen=True, slots=True)
class Band:
    """A student's figure beside that of the best reference; `below` is how far it is worse, `noise` what chance does.

    `noise` is a standard deviation: of the reference's seeds and of the sampling of test rows together.
    """

    metric: str
    student: float
    best: ReferenceResult
    reference: float
    spread: float
    below: float
    noise: float

    @property
    def words(self) -> str:
        """Both figures, the reference's with its spread where several seeds were run."""
        spread = f" ± {_figure(self.metric, self.spread)}" if self.best.seeds > 1 else ""
        runs = f", {self.best.seeds} trainings" if self.best.seeds > 1 else ", one training"
        return (
            f"{_named(self.metric, self.student)} against {_figure(self.metric, self.reference)}{spread} "
            f"of {self.best.title}{runs}"
        )


@check(
    "model.reference_band",
    title="Near the reference",
    help="The score is within or above the reference's seed-to-seed band on the same split; where classes are "
    "imbalanced, balanced accuracy may stand for accuracy. Advice only.",
    thresholds=(
        Threshold("deviations", 2, "two standard deviations over seeds hold 95 % of honest trainings"),
        Threshold("far_below", 0.1, "a tenth of accuracy below every reference that fits deserves a person's look"),
        Threshold("imbalance", 1.5, "a class half again as common as if all were equal"),
    ),
)
def reference_band(evidence: Evidence, limits: Limits) -> Verdict:
    """The student's score against the best reference on the same rows."""
    result = final_result(evidence)
    if not evidence.references:
        return not_applicable(evidence.reference_note or "No reference was trained on this split.", origin="kernel")
    if result is None or result.value is None or result.role == "train":
        return unknown("There is no held-out score to set beside the reference.")
    bands = [band for band in _bands(evidence, result, limits) if band is not None]
    if not bands:
        return not_applicable(f"The reference has no {result.metric}.", origin="kernel")
    # Whoever weights rare classes gives accuracy away for recall, and the other way round: the better one counts.
    band = min(bands, key=lambda item: item.below / item.noise if item.noise else item.below)
    measured = {
        "metric": band.metric,
        "student": band.student,
        "reference": band.reference,
        "recipe": band.best.recipe,
        "spread": band.spread,
        "seeds": band.best.seeds,
    }
    cells = [result.scoring.cell]
    if band.below <= limits["deviations"] * band.noise:
        told = f"The score is within or above the reference's band: {band.words}."
        return passed(told, measured=measured, origin=result.origin, cells=cells)
    far = limits["far_below"] * (band.reference if band.metric == "mae" else 1.0)
    return advised(
        f"The score is below the reference on the same split: {band.words}.",
        fix="See what the reference does otherwise: its layers, scaling and number of epochs are in the report.",
        origin=result.origin,
        cells=cells,
        measured=measured,
        review=f"the score is far below the reference ({band.words})" if band.below > far else None,
    )


def _bands(evidence: Evidence, result: StudentResult, limits: Limits) -> tuple[Band | None, ...]:
    if is_regression(evidence):
        return (_errors(evidence.references, result),)
    recall = mean_recall(result.verified)
    imbalanced = recall is not None and recall.majority >= limits["imbalance"] / recall.classes
    return (_accuracies(evidence.references, result), _recalls(evidence.references, result) if imbalanced else None)


def _accuracies(references: Sequence[ReferenceResult], result: StudentResult) -> Band | None:
    fitting = [item for item in references if item.metric == "accuracy"]
    if not fitting or result.metric != "accuracy" or result.value is None:
        return None
    best = max(fitting, key=lambda item: item.score)
    noise = math.hypot(best.spread, standard_error(best.score, result.size))
    return Band("accuracy", result.value, best, best.score, best.spread, best.score - result.value, noise)


def _recalls(references: Sequence[ReferenceResult], result: StudentResult) -> Band | None:
    own = mean_recall(result.verified)
    fitting = [(item.balanced_accuracy, item) for item in references if item.balanced_accuracy is not None]
    if own is None or not fitting:
        return None
    score, best = max(fitting, key=lambda pair: pair[0])
    noise = math.hypot(best.balanced_spread, own.error)
    return Band("balanced accuracy", own.value, best, score, best.balanced_spread, score - own.value, noise)


def _errors(references: Sequence[ReferenceResult], result: StudentResult) -> Band | None:
    """Compare mean absolute errors, whatever error the notebook itself gives: that is what references have."""
    fitting = [item for item in references if item.metric == "mae"]
    recomputed = result.verified.mae if result.verified is not None else None
    own = recomputed if recomputed is not None else (result.value if result.metric == "mae" else None)
    if own is None or not fitting:
        return None
    best = min(fitting, key=lambda item: item.score)
    sampling = (best.error_deviation or 0.0) / math.sqrt(max(1, result.size))
    noise = math.hypot(best.spread, sampling)
    return Band("mae", own, best, best.score, best.spread, own - best.score, noise)


def _named(metric: str, value: float) -> str:
    return f"a balanced accuracy of {value:.2%}" if metric == "balanced accuracy" else metric_unit(metric, value)


def _figure(metric: str, value: float) -> str:
    return f"{value:.2%}" if metric != "mae" else f"{value:.4g}"
