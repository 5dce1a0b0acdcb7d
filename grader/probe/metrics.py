"""Metric functions on labels and predictions, whoever calls them (ConfusionMatrixDisplay too)."""

from __future__ import annotations

from typing import Any

from .imports import Hook
from .scoring import Scorings
from .watch import Probe, binder
from .wire import MAX_MATRIX
from .wrapping import NotWatched, Watching, patch_function

METRICS = {
    "sklearn.metrics._classification": (
        "sklearn.metrics",
        (
            "accuracy_score", "balanced_accuracy_score", "classification_report", "cohen_kappa_score",
            "confusion_matrix", "f1_score", "fbeta_score", "hamming_loss", "jaccard_score", "log_loss",
            "matthews_corrcoef", "precision_recall_fscore_support", "precision_score", "recall_score",
            "zero_one_loss",
        ),
    ),
    "sklearn.metrics._regression": (
        "sklearn.metrics",
        (
            "explained_variance_score", "max_error", "mean_absolute_error", "mean_absolute_percentage_error",
            "mean_squared_error", "mean_squared_log_error", "median_absolute_error", "r2_score",
            "root_mean_squared_error",
        ),
    ),
    "sklearn.metrics._ranking": (
        "sklearn.metrics",
        ("average_precision_score", "precision_recall_curve", "roc_auc_score", "roc_curve", "top_k_accuracy_score"),
    ),
    "tensorflow.python.ops.confusion_matrix": ("tf.math", ("confusion_matrix",)),
    "pandas.core.reshape.pivot": ("pandas", ("crosstab",)),
}  # fmt: skip
"""Defining module -> public module and functions. Their first two arguments are the true and the predicted values."""


def hooks(probe: Probe, scorings: Scorings) -> dict[str, Hook]:
    """Return the hook of each module that has metric functions."""
    return {module: _hook(probe, scorings, public, names) for module, (public, names) in METRICS.items()}


def _hook(probe: Probe, scorings: Scorings, public: str, names: tuple[str, ...]) -> Hook:
    def hook(module: Any) -> None:
        for name in names:
            original = getattr(module, name, None)
            if original is not None:
                observer = _observer(probe, scorings, f"{public}.{name}", binder(original))
                patch_function(module, name, observer, probe.fault)

    return hook


def _observer(probe: Probe, scorings: Scorings, function: str, bind: Any) -> Any:
    def observe(*args: Any, **kwargs: Any) -> Watching:
        if probe.within("metric", "fit", "evaluate", "validation", "batch", "sklearn"):
            return
        true, predicted = list(bind(*args, **kwargs).values())[:2]
        with probe.inside("metric"):
            result = yield
        if function == "pandas.crosstab" and (isinstance(true, list) or isinstance(predicted, list)):
            raise NotWatched
        labels = probe.labels.seen(true)
        probe.send(
            "metric.computed",
            function=function,
            true=labels,
            predicted=probe.labels.seen(predicted),
            count=_count(true),
            score=scorings.of_predictions(predicted),
            **result_fields(result),
        )

    return observe


def _count(values: Any) -> int | None:
    shape = getattr(values, "shape", None)
    if shape is not None:
        return int(shape[0]) if len(shape) else None
    return len(values) if hasattr(values, "__len__") else None


def result_fields(result: Any) -> dict[str, Any]:
    """Return a metric's result as value, matrix or text: the fields of `metric.computed`."""
    import numpy as np

    if isinstance(result, str):
        return {"text": result}
    if isinstance(result, dict):
        return {"text": repr(result)}
    if isinstance(result, tuple):
        return {} if any(hasattr(part, "shape") and np.ndim(part) for part in result) else {"text": repr(result)[:1000]}
    array = np.asarray(result.numpy() if hasattr(result, "numpy") else result)
    if array.ndim == 2 and max(array.shape) <= MAX_MATRIX and array.dtype.kind in "biuf":
        return {"matrix": array.tolist()}
    if array.ndim == 0 and array.dtype.kind in "biuf":
        return {"value": float(array)}
    return {}
