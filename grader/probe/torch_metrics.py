"""torchmetrics: metric objects that are fed batch by batch, and functions; both take answers first, labels second."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .imports import Hook
from .metrics import result_fields
from .scoring import Scorings
from .torch_calls import as_array, tensors_in
from .torch_scoring import MAX_ANSWERS
from .watch import Probe, binder
from .wrapping import NotWatched, Watching, observed, patch_function, patch_method

NAMES = {
    "accuracy": "accuracy_score", "confusion_matrix": "confusion_matrix", "f1_score": "f1_score",
    "fbeta_score": "fbeta_score", "precision": "precision_score", "recall": "recall_score",
    "cohen_kappa": "cohen_kappa_score", "matthews_corrcoef": "matthews_corrcoef", "jaccard_index": "jaccard_score",
    "hamming_distance": "hamming_loss", "auroc": "roc_auc_score", "average_precision": "average_precision_score",
    "specificity": "specificity", "mean_squared_error": "mean_squared_error",
    "mean_absolute_error": "mean_absolute_error", "mean_absolute_percentage_error": "mean_absolute_percentage_error",
    "r2_score": "r2_score", "explained_variance": "explained_variance_score",
}  # fmt: skip
"""Functions of torchmetrics and what scikit-learn calls the same."""

TASKS = ("", "binary_", "multiclass_")
"""A function stands for itself and for one kind of task each; those of several labels a row are not read."""

FUNCTIONS = (
    "accuracy", "auroc", "average_precision", "cohen_kappa", "confusion_matrix", "f_beta", "hamming", "jaccard",
    "matthews_corrcoef", "precision_recall", "specificity",
)  # fmt: skip
"""Modules of torchmetrics.functional.classification."""

ERRORS = ("explained_variance", "mae", "mape", "mse", "r2")
"""Modules of torchmetrics.functional.regression."""

UNDER = ("metric", "fit", "evaluate", "validation", "batch", "sklearn")


@dataclass
class Fed:
    """What a metric object was fed since it was reset."""

    metric: weakref.ref[Any]
    answers: list[Any] = field(default_factory=list)
    labels: list[Any] = field(default_factory=list)
    bytes: int = 0
    unread: bool = False
    """Some of it is not kept: answers that gradients go through, too many, or no pair of rows."""


class TorchMetrics:
    """Observers of torchmetrics. `hooks` gives each module's hook."""

    def __init__(self, probe: Probe, scorings: Scorings, here: Any) -> None:
        """Start with nothing fed."""
        self.probe = probe
        self.scorings = scorings
        self.here = here
        self._fed: dict[int, Fed] = {}

    def hooks(self) -> dict[str, Hook]:
        """Return the hooks by module name."""
        root = "torchmetrics.functional"
        modules = [f"{root}.classification.{name}" for name in FUNCTIONS]
        modules += [f"{root}.regression.{name}" for name in ERRORS]
        return {
            "torchmetrics.metric": self.metric,
            "torchmetrics.collections": self.collections,
            **dict.fromkeys(modules, self.functions),
        }

    def metric(self, module: Any) -> None:
        """Hook `torchmetrics.metric`: an object wraps its own `update` and `compute` when it is made."""
        patch_method(module.Metric, "_wrap_update", self.wrapping(self.update), self.probe.fault)
        patch_method(module.Metric, "_wrap_compute", self.wrapping(self.compute), self.probe.fault)
        patch_method(module.Metric, "forward", self.forward, self.probe.fault)
        patch_method(module.Metric, "reset", self.reset, self.probe.fault)

    def collections(self, module: Any) -> None:
        """Hook `torchmetrics.collections`: of metrics that share their sums, only one is fed."""
        for name in ("update", "forward"):
            patch_method(module.MetricCollection, name, self.forward, self.probe.fault)

    def functions(self, module: Any) -> None:
        """Hook a module of functions."""
        for name, known in NAMES.items():
            for task in TASKS:
                original = getattr(module, task + name, None)
                if original is not None:
                    patch_function(module, task + name, self.function(known, binder(original)), self.probe.fault)

    # ------------------------------------------------------------ observers
    def function(self, name: str, bind: Any) -> Any:
        """Observe a metric function."""

        def observe(*args: Any, **kwargs: Any) -> Watching:
            if self.probe.within(*UNDER):
                return
            arguments = bind(*args, **kwargs)
            with self.probe.inside("metric"):
                result = yield
            given = tensors_in([arguments["preds"], arguments["target"]])
            if len(given) == 2 and not self._trains(given[0]):
                macro = arguments.get("average") == "macro"
                threshold = arguments.get("threshold")
                answers, labels = map(as_array, given)
                self._send(_named(name, macro=macro), answers, labels, result, threshold)

        return observe

    def wrapping(self, observer: Callable[..., Watching]) -> Any:
        """Observe the making of an object's own `update` or `compute`: the function it wraps is watched."""

        def observe(metric: Any, function: Any) -> Watching:
            if getattr(function, "__self__", None) is metric:
                yield (metric, observed(function, _of(observer, weakref.ref(metric)), self.probe.fault)), {}

        return observe

    def forward(self, metric: Any, *args: Any, **kwargs: Any) -> Watching:
        """Observe a call of a metric or collection: one batch more, whatever happens to its sums meanwhile."""
        if self.probe.within(*UNDER):
            return
        with self.probe.inside("metric"):
            yield
        parts = metric._modules.values() if hasattr(metric, "compute_groups") else [metric]
        for part in parts:
            self._feed(part, args, kwargs)

    def update(self, metric: Any, *args: Any, **kwargs: Any) -> Watching:
        """Observe `update` by itself."""
        yield
        if not self.probe.within(*UNDER):
            self._feed(metric, args, kwargs)

    def reset(self, metric: Any) -> Watching:
        """Observe `reset`."""
        yield
        if not self.probe.within("metric"):
            self._fed.pop(id(metric), None)

    def compute(self, metric: Any) -> Watching:
        """Observe `compute`: the metric of all it was fed."""
        result = yield
        fed = self._fed.get(id(metric))
        name = _name_of(metric)
        if self.probe.within(*UNDER) or fed is None or fed.metric() is not metric or fed.unread or not name:
            return
        if getattr(metric, "_update_count", len(fed.answers)) != len(fed.answers):  # a copy, or sums that were loaded
            return
        import numpy as np

        if len({(item.shape[1:], item.dtype) for item in fed.answers}) == 1:
            answers, labels = np.concatenate(fed.answers), np.concatenate(fed.labels)
            self._send(name, answers, labels, result, getattr(metric, "threshold", None))

    # ------------------------------------------------------------ parts
    def _feed(self, metric: Any, args: Any, kwargs: Any) -> None:
        fed = self._fed.get(id(metric))
        if fed is None or fed.metric() is not metric:
            fed = self._fed[id(metric)] = Fed(weakref.ref(metric))
        given = tensors_in([*args[:2], kwargs.get("preds"), kwargs.get("target")])
        if len(given) != 2 or given[0].shape[0] != given[1].shape[0] or self._trains(given[0]):
            fed.unread = True
        if fed.unread:
            fed.answers, fed.labels = [], []
            return
        fed.answers.append(as_array(given[0]).copy())
        fed.labels.append(as_array(given[1]).copy())
        fed.bytes += fed.answers[-1].nbytes + fed.labels[-1].nbytes
        fed.unread = fed.bytes > MAX_ANSWERS

    def _trains(self, answers: Any) -> bool:
        """Tell whether answers belong to a step of training: no result, and their gradient is still to come."""
        last = self.here.last
        return answers.grad_fn is not None and last is not None and bool(last.model.training)

    def _send(self, name: str, answers: Any, labels: Any, result: Any, threshold: Any) -> None:
        if len(answers) != len(labels):
            raise NotWatched
        classes = _as_classes(answers, labels, threshold)
        score = self.scorings.of_predictions(answers) or self.scorings.of_predictions(classes)
        self.probe.send(
            "metric.computed",
            function=f"torchmetrics.{name}",
            true=self.probe.labels.seen(labels),
            predicted=self.probe.labels.seen(classes),
            count=len(labels),
            score=score,
            **(result_fields(result.detach().cpu().squeeze()) if hasattr(result, "detach") else {}),
        )


def _of(observer: Callable[..., Watching], metric: weakref.ref[Any]) -> Callable[..., Watching]:
    def observe(*args: Any, **kwargs: Any) -> Watching:
        return observer(metric(), *args, **kwargs)

    return observe


def _as_classes(answers: Any, labels: Any, threshold: Any) -> Any:
    """Return the classes that torchmetrics makes of answers: the largest of several, one number cut at a threshold."""
    if answers.ndim == 2 and answers.shape[1] > 1 and labels.ndim == 1:
        return answers.argmax(axis=1)
    flat = answers.reshape(-1)
    if answers.dtype.kind != "f" or labels.dtype.kind not in "biu" or flat.size != len(labels):
        return answers
    scores = flat.size and (flat.min() < 0 or flat.max() > 1)
    return (flat > (0.0 if scores else 0.5 if threshold is None else threshold)).astype("int64")


def _name_of(metric: Any) -> str:
    """Return what scikit-learn calls a metric object, an empty text for what isn't read."""
    kind = type(metric)
    if not kind.__module__.startswith("torchmetrics."):
        return ""
    plain = kind.__name__
    for task in ("Binary", "Multiclass"):
        plain = plain.removeprefix(task)
    known = NAMES.get({"AUROC": "auroc", "R2Score": "r2_score", "F1Score": "f1_score"}.get(plain, _snake(plain)), "")
    return _named(known, macro=getattr(metric, "average", None) == "macro")


def _named(name: str, *, macro: bool) -> str:
    """Return `balanced_accuracy_score` for an accuracy that is the mean of the classes' own."""
    return "balanced_accuracy_score" if name == "accuracy_score" and macro else name


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")
