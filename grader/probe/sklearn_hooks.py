"""scikit-learn: splits, preprocessing that learns from rows, and plain estimators as baselines."""

from __future__ import annotations

import types
import weakref
from typing import Any

from .arrays import send_array, to_numpy
from .imports import Hook
from .watch import Probe, binder, called_by_student
from .wrapping import Watching, patch_function, patch_method

PREPROCESSING = (
    "sklearn.preprocessing.", "sklearn.decomposition.", "sklearn.feature_selection.", "sklearn.feature_extraction.",
    "sklearn.impute.", "sklearn.compose.", "sklearn.pipeline", "sklearn.random_projection", "sklearn.manifold.",
)  # fmt: skip
"""Modules whose classes learn from or change rows."""

BASELINES = (
    "sklearn.linear_model.", "sklearn.ensemble.", "sklearn.tree.", "sklearn.svm.", "sklearn.neighbors.",
    "sklearn.naive_bayes", "sklearn.dummy", "sklearn.neural_network.", "sklearn.discriminant_analysis",
)  # fmt: skip
"""Modules of estimators that predict."""

STATELESS = frozenset(
    {
        "LabelEncoder", "LabelBinarizer", "MultiLabelBinarizer", "FunctionTransformer", "Normalizer", "Binarizer",
        "PolynomialFeatures", "HashingVectorizer", "FeatureHasher",
    }
)  # fmt: skip
"""Classes that learn nothing from the values of features (names of classes and columns at most)."""

SPLIT_SETTINGS = (
    "random_state",
    "shuffle",
    "stratify",
    "test_size",
    "train_size",
    "n_splits",
    "validation_split",
    "cv",
)


class SklearnHooks:
    """Observers of splitters, transformers and estimators."""

    def __init__(self, probe: Probe) -> None:
        """Start with no objects known."""
        self.probe = probe
        self._names: dict[int, tuple[Any, str]] = {}

    def prefixes(self) -> dict[str, Hook]:
        """Return the hooks by the beginning of module names."""
        return {
            **dict.fromkeys(PREPROCESSING, self.preprocessing),
            **dict.fromkeys(BASELINES, self.estimators),
        }

    # ------------------------------------------------------------ hooks on modules
    def splits(self, module: Any) -> None:
        """Hook `sklearn.model_selection._split`."""
        fault = self.probe.fault
        observer = self.train_test_split(binder(module.train_test_split))
        patch_function(module, "train_test_split", observer, fault)
        for kind in _own_classes(module):
            patch_method(kind, "split", self.split, fault)

    def validation(self, module: Any) -> None:
        """Hook `sklearn.model_selection._validation`."""
        for name in ("cross_val_score", "cross_validate", "cross_val_predict"):
            observer = self.cross_validation(name, binder(getattr(module, name)))
            patch_function(module, name, observer, self.probe.fault)

    def preprocessing(self, module: Any) -> None:
        """Hook a module of transformers."""
        for kind in _own_classes(module):
            for name in ("fit", "fit_transform", "partial_fit"):
                patch_method(kind, name, self.fitting(name), self.probe.fault)
            patch_method(kind, "transform", self.transform, self.probe.fault)

    def estimators(self, module: Any) -> None:
        """Hook a module of estimators that predict."""
        for kind in _own_classes(module):
            patch_method(kind, "predict", self.predict, self.probe.fault)

    def base(self, module: Any) -> None:
        """Hook `sklearn.base`."""
        for name in ("ClassifierMixin", "RegressorMixin"):
            patch_method(getattr(module, name), "score", self.score, self.probe.fault)

    def resamplers(self, module: Any) -> None:
        """Hook `imblearn.base`, where all of its samplers have `fit_resample` from."""
        for kind in _own_classes(module):
            patch_method(kind, "fit_resample", self.fitting("fit_resample"), self.probe.fault)

    # ------------------------------------------------------------ splits
    def train_test_split(self, bind: Any) -> Any:
        """Observe `train_test_split`: its first array are rows, a later one of single values per row labels."""

        def observe(*args: Any, **kwargs: Any) -> Watching:
            arguments = bind(*args, **kwargs)
            arrays = list(arguments["arrays"])
            result = yield
            parts = list(result)
            rows = [self.probe.rows.seen(part) for part in parts[:2]]
            inputs = self.probe.rows.seen(arrays[0])
            if len(arrays) > 1:
                self.probe.labelled(inputs, self.probe.labels.seen(arrays[1]))
                for name, labels in zip(rows, parts[2:4]):
                    self.probe.labelled(name, self.probe.labels.seen(labels))
            sizes = [len_of(part) for part in parts[:2]]
            places = self._places(parts[:2])
            self._made("sklearn.model_selection.train_test_split", arguments, sizes, [inputs], rows, places)

        return observe

    def split(self, splitter: Any, *args: Any, **kwargs: Any) -> Watching:
        """Observe a cross-validator's `split`; the folds are made later, one by one."""
        wanted = called_by_student()
        yield
        x = args[0] if args else kwargs.get("X")
        if wanted:
            function = f"sklearn.model_selection.{type(splitter).__name__}"
            self._made(function, vars(splitter), [], [self.probe.rows.seen(x)], [])

    def cross_validation(self, name: str, bind: Any) -> Any:
        """Observe `cross_val_score` and its kin."""

        def observe(*args: Any, **kwargs: Any) -> Watching:
            arguments = bind(*args, **kwargs)
            wanted = called_by_student()
            with self.probe.inside("sklearn"):
                yield
            if wanted:
                rows = self.probe.rows.seen(arguments.get("X"))
                self._made(f"sklearn.model_selection.{name}", arguments, [], [rows], [])

        return observe

    def _places(self, parts: list[Any]) -> list[str]:
        """Return the whole-numbered index of each part that is a frame: where its rows stood before the split."""
        import numpy as np

        numbers: list[Any] = [getattr(getattr(part, "index", None), "values", None) for part in parts]
        if any(getattr(getattr(item, "dtype", None), "kind", "") not in ("i", "u") for item in numbers):
            return []
        sent = [send_array(self.probe.channel, np.asarray(item, dtype=np.int64)) for item in numbers]
        return [item for item in sent if item is not None] if None not in sent else []

    def _made(
        self,
        function: str,
        settings: dict[str, Any],
        sizes: list[Any],
        inputs: list[Any],
        outputs: list[Any],
        places: list[str] | None = None,
    ) -> None:
        given = {name: settings[name] for name in SPLIT_SETTINGS if name in settings}
        stratify = given.pop("stratify", None)
        plain = {n: v if v is None or isinstance(v, (bool, int, float)) else type(v).__name__ for n, v in given.items()}
        if "stratify" in settings:
            plain["stratify"] = stratify is not None
        elif "Stratified" in function:
            plain["stratify"] = True
        self.probe.send(
            "split.made",
            function=function,
            sizes=[size for size in sizes if size is not None],
            settings=plain,
            inputs=[item for item in inputs if item],
            outputs=[item for item in outputs if item],
            **({"places": places} if places else {}),
        )

    # ------------------------------------------------------------ preprocessing
    def fitting(self, name: str) -> Any:
        """Observe a fit of a transformer; `fit_transform` that calls `fit` counts once."""

        def observe(transformer: Any, *args: Any, **kwargs: Any) -> Watching:
            if self._internal(transformer):
                return
            x = args[0] if args else next(iter(kwargs.values()), None)
            rows = self._rows(x)
            with self.probe.inside("fitting", transformer):
                result = yield
            kind = type(transformer).__name__
            self.probe.send(
                "preprocessing.fitted",
                object=self._name(transformer),
                **{"class": kind},
                rows=rows,
                stateless=kind in STATELESS,
            )
            if name in ("fit_transform", "fit_resample"):
                self._transformed(transformer, rows, result[0] if name == "fit_resample" else result)

        return observe

    def transform(self, transformer: Any, *args: Any, **kwargs: Any) -> Watching:
        """Observe `transform` outside of a fit of the same object."""
        if self._internal(transformer):
            return
        x = args[0] if args else next(iter(kwargs.values()), None)
        rows = self._rows(x)
        result = yield
        self._transformed(transformer, rows, result)

    def _internal(self, transformer: Any) -> bool:
        """Tell whether a metric or estimator uses a transformer for itself, or a fit calls the same object again."""
        stack = self.probe.watch.stack
        return any(what in ("metric", "sklearn") or (what == "fitting" and held is transformer) for what, held in stack)

    def _transformed(self, transformer: Any, rows: str | None, result: Any) -> None:
        self.probe.send(
            "preprocessing.transformed",
            object=self._name(transformer),
            **{"class": type(transformer).__name__},
            rows_in=rows,
            rows_out=self._rows(result),
        )

    def _rows(self, x: Any) -> str | None:
        try:
            return self.probe.rows.seen(x)
        except ValueError:  # too much text to hash: known not to be known
            self.probe.send("probe.dropped", what="rows given to a transformer", why="too much text")
            return None

    # ------------------------------------------------------------ estimators
    def score(self, estimator: Any, x: Any, y: Any, *_args: Any, **_kwargs: Any) -> Watching:
        """Observe `score` of a classifier or regressor."""
        if self.probe.within("sklearn"):
            return
        with self.probe.inside("sklearn"):
            result = yield
        name = "accuracy" if hasattr(estimator, "classes_") else "r2"
        rows, labels = self._rows(x), self.probe.labels.seen(y)
        self.probe.labelled(rows, labels)
        self._scored(estimator, "score", rows, labels, {name: float(result)}, None)

    def predict(self, estimator: Any, x: Any, *_args: Any, **_kwargs: Any) -> Watching:
        """Observe `predict` of an estimator."""
        if self.probe.within("sklearn", "fitting"):
            return
        with self.probe.inside("sklearn"):
            result = yield
        values = to_numpy(result)
        usable = values is not None and values.dtype.kind in "biuf"
        self._scored(estimator, "predict", self._rows(x), None, {}, values if usable else None)

    def _scored(
        self, estimator: Any, how: str, rows: Any, labels: Any, returned: dict[str, float], values: Any
    ) -> None:
        name = self._describe(estimator)
        self.probe.send(
            "model.scored",
            score=self.probe.new_id("s"),
            model=name,
            how=how,
            rows=rows,
            labels=labels,
            weights="",
            returned=returned,
            predictions=None if values is None else send_array(self.probe.channel, values),
        )

    def _describe(self, estimator: Any) -> str:
        known = id(estimator) in self._names and self._names[id(estimator)][0]() is estimator
        name = self._name(estimator, "m-sklearn-")
        if not known:
            self.probe.send(
                "model.described",
                model=name,
                library="sklearn",
                **{"class": type(estimator).__name__},
                family="other",
                layers=[],
                parameters=0,
                trainable_parameters=0,
                input_shape=[],
                output_shape=[],
                output_activation="",
                pretrained="",
            )
        return name

    def _name(self, thing: Any, letter: str = "o") -> str:
        held = self._names.get(id(thing))
        if held is None or held[0]() is not thing:
            held = self._names[id(thing)] = (weakref.ref(thing), self.probe.new_id(letter))
        return held[1]


def _own_classes(module: types.ModuleType) -> list[type]:
    return [kind for kind in vars(module).values() if isinstance(kind, type) and kind.__module__ == module.__name__]


def len_of(value: Any) -> int | None:
    """Return the number of rows of anything that has one."""
    shape = getattr(value, "shape", None)
    return int(shape[0]) if shape else len(value) if hasattr(value, "__len__") else None
