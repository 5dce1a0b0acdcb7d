"""Keras 2: as a package of its own (TensorFlow 2.8 to 2.15), and as `tf_keras` beside a later TensorFlow.

The same calls are watched as in Keras 3, by the same observers, and tell the same events. What differs is where things
are: the trainer is `engine.training.Model`, batches come from `engine.data_adapter.DataHandler`, and an optimizer's
step is `apply_gradients`.
"""

from __future__ import annotations

from typing import Any

from .callbacks import CallbackHooks
from .calls import CallHooks
from .capping import LegacyBatches
from .data_hooks import DataHooks
from .imports import Hook
from .keras_hooks import KerasHooks
from .watch import Probe, binder
from .weights import WeightHooks
from .wrapping import Watching, patch_function, patch_method

ROOTS = ("keras.src", "tf_keras.src", "keras")
"""Where Keras 2 keeps its modules: since 2.13, as `tf_keras`, and before."""

MODERN_ROOT = "keras.src."
"""Where Keras 3 keeps its own, some of which Keras 2 has under the same names."""

RENAMED = {
    "utils.image_dataset_utils": ("utils.image_dataset", "preprocessing.image_dataset"),
    "utils.text_dataset_utils": ("utils.text_dataset", "preprocessing.text_dataset"),
    "utils.audio_dataset_utils": ("utils.audio_dataset",),
    "utils.rng_utils": ("utils.tf_utils",),
}
"""Modules of Keras 3 by what their functions' modules are called in Keras 2."""

OPTIMIZERS = (
    "optimizers.optimizer",
    "optimizers.optimizer_experimental.optimizer",
    "optimizer_experimental.optimizer",
    "optimizers.legacy.optimizer_v2",
    "optimizers.optimizer_v2.optimizer_v2",
    "optimizer_v2.optimizer_v2",
)
"""Where optimizers' base classes are, from the newest Keras 2 to the oldest."""


class LegacyKerasHooks:
    """Puts the observers of Keras 3 where Keras 2 has the same things."""

    def __init__(
        self,
        probe: Probe,
        keras: KerasHooks,
        calls: CallHooks,
        weights: WeightHooks,
        data: DataHooks,
        callbacks: CallbackHooks,
    ) -> None:
        """Keep the observers."""
        self.probe = probe
        self.keras = keras
        self.calls = calls
        self.weights = weights
        self.data = data
        self.callbacks = callbacks

    def hooks(self) -> dict[str, list[Hook]]:
        """Return the hooks by module."""
        table: dict[str, list[Hook]] = {
            # Before TensorFlow 2.11 and 2.12 these were called so.
            "tensorflow.python.eager.def_function": [self.calls.function],
            "tensorflow.python.eager.tape": [self.calls.tape],
        }
        for root in ROOTS:
            table[f"{root}.engine.training"] = [self.training, self.calls.model, self.weights.model]
            table[f"{root}.engine.data_adapter"] = [self.data_adapter]
            table[f"{root}.engine.base_layer"] = [self.weights.layer]
            table[f"{root}.engine.base_preprocessing_layer"] = [self.preprocessing]
            table[f"{root}.layers.preprocessing.image_preprocessing"] = [self.image_preprocessing]
            table[f"{root}.callbacks"] = [self.keras.history, self.callbacks.callback_list]
            table[f"{root}.saving.saving_api"] = [self.weights.saving]
            table[f"{root}.saving.save"] = [self.weights.saving]
            for name in OPTIMIZERS:
                table[f"{root}.{name}"] = [self.optimizer]
        return table

    def training(self, module: Any) -> None:
        """Hook `engine.training`."""
        model, fault = module.Model, self.probe.fault
        observers = {
            "compile": self.keras.compile(binder(model.compile)),
            "fit": self.keras.fit(binder(model.fit)),
            "evaluate": self.keras.evaluate(binder(model.evaluate)),
            "predict": self.keras.predict(binder(model.predict)),
            "train_on_batch": self.calls.train_on_batch(binder(model.train_on_batch)),
            "test_on_batch": self.keras.test_on_batch(binder(model.test_on_batch)),
            "predict_on_batch": self.keras.predict_on_batch,
        }
        for name, observer in observers.items():
            patch_method(model, name, observer, fault)
        patch_function(module, "flatten_metrics_in_order", self.flatten_metrics, fault)

    def data_adapter(self, module: Any) -> None:
        """Hook `engine.data_adapter`."""
        patch_method(module.DataHandler, "__init__", self.data_handler, self.probe.fault)

    def preprocessing(self, module: Any) -> None:
        """Hook `engine.base_preprocessing_layer`."""
        patch_method(module.PreprocessingLayer, "adapt", self.data.adapt, self.probe.fault)

    def image_preprocessing(self, module: Any) -> None:
        """Hook the layers that vary pictures at random: their calls go through Layer's `__call__`."""
        for name, layer in list(vars(module).items()):
            if isinstance(layer, type) and name.startswith("Random") and hasattr(layer, "get_config"):
                if "__call__" not in layer.__dict__:
                    layer.__call__ = layer.__call__  # type: ignore[method-assign]
                patch_method(layer, "__call__", self.data.data_layer_call, self.probe.fault)

    def optimizer(self, module: Any) -> None:
        """Hook a module with an optimizers' base class."""
        for name in ("Optimizer", "OptimizerV2"):
            owner = getattr(module, name, None)
            if isinstance(owner, type):
                patch_method(owner, "apply_gradients", self.calls.apply_gradients, self.probe.fault)

    # ------------------------------------------------------------ observers
    def data_handler(self, handler: Any, *_args: Any, **_kwargs: Any) -> Watching:
        """Observe the making of what iterates over batches; streams get a tee."""
        yield
        self.keras.watch_batches(handler, "_dataset", handler._adapter, LegacyBatches)

    def flatten_metrics(self, logs: Any, *_args: Any, **_kwargs: Any) -> Watching:
        """Note the names of the numbers that `evaluate` is about to return as a list."""
        self.keras.note_metrics(logs)
        return
        yield


def under_legacy_roots(hooks: dict[str, Hook]) -> dict[str, Hook]:
    """Return hooks on modules of Keras 3 for the modules of the same contents in Keras 2."""
    found: dict[str, Hook] = {}
    for module, hook in hooks.items():
        if module.startswith(MODERN_ROOT):
            name = module[len(MODERN_ROOT) :]
            found.update({f"{root}.{other}": hook for root in ROOTS for other in RENAMED.get(name, (name,))})
    return {module: hook for module, hook in found.items() if module not in hooks}
