"""Where data comes from and how tf.data pipelines are built; augmentation and layers that adapt to data."""

from __future__ import annotations

import weakref
from typing import Any

from .imports import Hook
from .models import leading_rows
from .scoring import Scorings
from .streams import Tee, attach
from .watch import Probe, binder, called_by_student
from .wrapping import Watching, patch_function, patch_method, patch_static

KERAS_DATASETS = (
    "boston_housing", "california_housing", "cifar10", "cifar100", "fashion_mnist", "imdb", "mnist", "reuters",
)  # fmt: skip

SKLEARN_DATASETS = {
    "sklearn.datasets._base": ("load_iris", "load_digits", "load_wine", "load_breast_cancer", "load_diabetes"),
    "sklearn.datasets._california_housing": ("fetch_california_housing",),
    "sklearn.datasets._openml": ("fetch_openml",),
    "sklearn.datasets._olivetti_faces": ("fetch_olivetti_faces",),
    "sklearn.datasets._lfw": ("fetch_lfw_people",),
    "sklearn.datasets._twenty_newsgroups": ("fetch_20newsgroups", "fetch_20newsgroups_vectorized"),
    "sklearn.datasets._samples_generator": (
        "make_blobs", "make_circles", "make_classification", "make_moons", "make_regression",
    ),
}  # fmt: skip

DATASET_STEPS = (
    "shuffle", "take", "skip", "batch", "map", "repeat", "prefetch", "cache", "filter", "shard", "unbatch",
    "padded_batch", "concatenate", "enumerate", "rebatch", "ragged_batch", "flat_map", "interleave", "window",
)  # fmt: skip

DATASET_SOURCES = ("from_tensor_slices", "from_tensors", "from_generator", "zip", "range", "list_files")

ADAPTING = {
    "keras.src.layers.preprocessing.normalization": "Normalization",
    "keras.src.layers.preprocessing.text_vectorization": "TextVectorization",
    "keras.src.layers.preprocessing.string_lookup": "StringLookup",
    "keras.src.layers.preprocessing.integer_lookup": "IntegerLookup",
    "keras.src.layers.preprocessing.discretization": "Discretization",
}


class DataHooks:
    """Observers of loaders, of tf.data, of augmentation and of `adapt`."""

    def __init__(self, probe: Probe, scorings: Scorings) -> None:
        """Start with no data sets known."""
        self.probe = probe
        self.scorings = scorings
        self._names: dict[int, tuple[Any, str]] = {}
        self._augmented: set[str] = set()

    def hooks(self) -> dict[str, Hook]:
        """Return the hooks by module."""
        table: dict[str, Hook] = {
            "tensorflow.python.data.ops.dataset_ops": self.datasets,
            "tensorflow.python.data.ops.iterator_ops": self.iterators,
            "tensorflow.python.ops.image_ops_impl": self.image_ops,
            "keras.src.utils.image_dataset_utils": self._folders("image_dataset_from_directory"),
            "keras.src.utils.text_dataset_utils": self._folders("text_dataset_from_directory"),
            "keras.src.utils.audio_dataset_utils": self._folders("audio_dataset_from_directory"),
            "keras.src.utils.dataset_utils": self.split_dataset,
            "keras.src.layers.preprocessing.data_layer": self.data_layer,
        }
        for name in KERAS_DATASETS:
            table[f"keras.src.datasets.{name}"] = self._loader(f"keras.datasets.{name}", ("load_data",))
        for module, names in SKLEARN_DATASETS.items():
            table[module] = self._loader("sklearn.datasets", names)
        for module, kind in ADAPTING.items():
            table[module] = self._adapting(kind)
        return table

    # ------------------------------------------------------------ hooks on modules
    def datasets(self, module: Any) -> None:
        """Hook tf.data's Dataset."""
        for name in DATASET_STEPS:
            method = module.DatasetV2.__dict__.get(name)
            if callable(method):
                patch_method(module.DatasetV2, name, self.step(name, binder(method)), self.probe.fault)
        for name in DATASET_SOURCES:
            patch_static(module.DatasetV2, name, self.source(name), self.probe.fault)

    def iterators(self, module: Any) -> None:
        """Hook tf.data's eager iterator."""
        patch_method(module.OwnedIterator, "__next__", self.next_element, self.probe.fault)

    def image_ops(self, module: Any) -> None:
        """Hook `tf.image.random_*`."""
        for name in list(vars(module)):
            if name.startswith(("random_", "stateless_random_")):
                patch_function(module, name, self.random_image_op(f"tf.image.{name}"), self.probe.fault)

    def split_dataset(self, module: Any) -> None:
        """Hook `keras.utils.split_dataset`."""
        patch_function(module, "split_dataset", self.splitting(binder(module.split_dataset)), self.probe.fault)

    def data_layer(self, module: Any) -> None:
        """Hook the base class of preprocessing layers."""
        patch_method(module.DataLayer, "__call__", self.data_layer_call, self.probe.fault)

    def _loader(self, public: str, names: tuple[str, ...]) -> Hook:
        def hook(module: Any) -> None:
            for name in names:
                patch_function(module, name, self.loader(f"{public}.{name}"), self.probe.fault)

        return hook

    def _folders(self, name: str) -> Hook:
        def hook(module: Any) -> None:
            observer = self.folder(f"keras.utils.{name}", binder(getattr(module, name)))
            patch_function(module, name, observer, self.probe.fault)

        return hook

    def _adapting(self, kind: str) -> Hook:
        def hook(module: Any) -> None:
            patch_method(getattr(module, kind), "adapt", self.adapt, self.probe.fault)

        return hook

    # ------------------------------------------------------------ observers
    def loader(self, function: str) -> Any:
        """Observe a function that loads a known data set."""

        def observe(*_args: Any, **_kwargs: Any) -> Watching:
            with self.probe.inside("loader"):
                result = yield
            parts = [self._part(x, y) for x, y in loaded_parts(result)]
            self.probe.send("data.loaded", function=function, parts=parts)

        return observe

    def _part(self, x: Any, y: Any) -> dict[str, Any]:
        rows, labels = self.probe.rows.seen(x), self.probe.labels.seen(y)
        self.probe.labelled(rows, labels)
        return {"rows": rows, "labels": labels}

    def folder(self, function: str, bind: Any) -> Any:
        """Observe a data set made of a folder of pictures, texts or recordings; its rows are seen when it is used."""

        def observe(*args: Any, **kwargs: Any) -> Watching:
            arguments = bind(*args, **kwargs)
            with self.probe.inside("loader"):
                result = yield
            names = ("directory", "subset", "seed", "validation_split", "shuffle", "label_mode", "color_mode")
            settings = {name: arguments.get(name) for name in names}
            settings["directory"] = str(settings["directory"])
            made = result if isinstance(result, (list, tuple)) else [result]
            self.probe.send(
                "data.loaded",
                function=function,
                parts=[],
                settings=settings,
                classes=list(getattr(made[0], "class_names", None) or []),
                datasets=[self._name(dataset) for dataset in made],
            )

        return observe

    def splitting(self, bind: Any) -> Any:
        """Observe `split_dataset`."""

        def observe(*args: Any, **kwargs: Any) -> Watching:
            arguments = bind(*args, **kwargs)
            with self.probe.inside("loader"):
                left, right = yield
            settings = {name: arguments.get(name) for name in ("shuffle", "seed")}
            sizes = [int(part.cardinality()) for part in (left, right)]
            given = arguments["dataset"]
            x, y = given if isinstance(given, tuple) and len(given) == 2 else (given, None)
            rows = None if hasattr(x, "element_spec") else self._part(x, y)["rows"]
            self.probe.send(
                "split.made",
                function="keras.utils.split_dataset",
                sizes=sizes,
                settings={**settings, "test_size": arguments.get("right_size")},
                inputs=[rows] if rows else [],
                outputs=[],
            )

        return observe

    def step(self, op: str, bind: Any) -> Any:
        """Observe a step of a pipeline."""

        def observe(*args: Any, **kwargs: Any) -> Watching:
            if self.probe.watch.stack or not called_by_student():
                return
            arguments = bind(*args, **kwargs)
            result = yield
            source = arguments.pop("self")
            self.probe.send(
                "data.op",
                op=op,
                dataset=self._name(result),
                source=self._name(source),
                settings={name: _setting(value) for name, value in arguments.items()},
            )

        return observe

    def source(self, op: str) -> Any:
        """Observe the making of a data set."""

        def observe(*args: Any, **_kwargs: Any) -> Watching:
            if self.probe.watch.stack or not called_by_student():
                return
            result = yield
            rows = labels = None
            if op == "from_tensor_slices" and args:
                x, y = args[0] if isinstance(args[0], tuple) and len(args[0]) == 2 else (args[0], None)
                rows, labels = self.probe.rows.seen(x), self.probe.labels.seen(y)
                self.probe.labelled(rows, labels)
            self.probe.send("data.op", op=op, dataset=self._name(result), rows=rows, labels=labels, settings={})

        return observe

    def next_element(self, _iterator: Any) -> Watching:
        """Observe a data set iterated by hand: remember which labels came with which inputs."""
        if self.probe.watch.stack:
            return
        element = yield
        if type(element) is tuple and len(element) >= 2 and hasattr(element[0], "shape"):
            self.scorings.remember_pair(element[0], element[1])

    def random_image_op(self, function: str) -> Any:
        """Observe a random picture operation."""

        def observe(*_args: Any, **_kwargs: Any) -> Watching:
            if not self.probe.within("fit", "model") and function not in self._augmented and called_by_student():
                self._augmented.add(function)
                self.probe.send("augmentation", **{"class": function})
            return
            yield

        return observe

    def data_layer_call(self, layer: Any, inputs: Any, *_args: Any, **_kwargs: Any) -> Watching:
        """Observe a preprocessing layer called outside of a model: random ones augment."""
        kind = type(layer).__name__
        if not kind.startswith("Random") or type(inputs).__name__ == "KerasTensor" or self.probe.watch.stack:
            return
        if leading_rows(inputs) is not None:
            result = yield
            self.probe.augmented(kind, inputs, result)
        elif layer.name not in self._augmented:
            self._augmented.add(layer.name)
            self.probe.send("augmentation", **{"class": kind})

    def adapt(self, layer: Any, *args: Any, **kwargs: Any) -> Watching:
        """Observe `adapt`: a layer that learns from rows."""
        if self.probe.watch.stack:
            return
        data = args[0] if args else kwargs.get("data")
        tee = None
        replaced = None
        if hasattr(data, "element_spec") and args:
            tee = Tee(self.probe, "score")
            replaced = ((layer, attach(data, tee, self.probe.fault), *args[1:]), kwargs)
        with self.probe.inside("adapt"):
            yield replaced
        rows = tee.announce()[0] if tee is not None else self.probe.rows.seen(data)
        self.probe.send(
            "preprocessing.fitted",
            object=f"{type(layer).__name__}:{layer.name}",
            **{"class": type(layer).__name__},
            rows=rows,
            stateless=False,
        )

    def _name(self, dataset: Any) -> str:
        held = self._names.get(id(dataset))
        if held is None or held[0]() is not dataset:
            held = self._names[id(dataset)] = (weakref.ref(dataset), self.probe.new_id("d"))
        return held[1]


def loaded_parts(result: Any) -> list[tuple[Any, Any]]:
    """Return (rows, labels) of what a loader gave: ((x, y), (x, y)), (x, y), or a Bunch."""
    if hasattr(result, "data") and hasattr(result, "target"):
        return [(result.data, result.target)]
    if isinstance(result, tuple) and len(result) == 2:
        if all(isinstance(part, tuple) and len(part) == 2 for part in result):
            return [(part[0], part[1]) for part in result]
        return [(result[0], result[1])]
    return []


def _setting(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return str(getattr(value, "__name__", type(value).__name__))
