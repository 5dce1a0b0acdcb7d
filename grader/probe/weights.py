"""Weights that come from elsewhere: files, other models, pretrained applications."""

from __future__ import annotations

from types import FunctionType
from typing import Any

from .models import weights_digest
from .saving import FileHooks
from .watch import Probe, binder, called_by_student
from .wrapping import Watching, patch_function, patch_method


class WeightHooks:
    """Observers of everything that puts weights into a model without training it."""

    def __init__(self, probe: Probe, files: FileHooks) -> None:
        """Keep what to send through."""
        self.probe = probe
        self.files = files

    def model(self, module: Any) -> None:
        """Hook `keras.src.models.model`."""
        patch_method(module.Model, "load_weights", self.into_model("load_weights"), self.probe.fault)

    def layer(self, module: Any) -> None:
        """Hook `keras.src.layers.layer`."""
        patch_method(module.Layer, "set_weights", self.into_model("set_weights"), self.probe.fault)
        patch_method(module.Layer, "get_weights", self.kept, self.probe.fault)

    def saving(self, module: Any) -> None:
        """Hook `keras.src.saving.saving_api`."""
        patch_function(module, "load_model", self.load_model, self.probe.fault)
        for name in ("save_model", "save_weights"):
            patch_function(module, name, self.saved(name), self.probe.fault)

    def application(self, module: Any) -> None:
        """Hook a module of `keras.applications`: its model functions have names in capitals."""
        for name, function in list(vars(module).items()):
            own = isinstance(function, FunctionType) and function.__module__ == module.__name__
            if own and name[:1].isupper():  # others are imported ones, like `typing.List`
                patch_function(module, name, self.build(name, binder(function)), self.probe.fault)

    def into_model(self, how: str) -> Any:
        """Observe a method that replaces a model's weights."""

        def observe(model: Any, *args: Any, **kwargs: Any) -> Watching:
            if not called_by_student() or not hasattr(model, "layers"):
                return
            if self.probe.watch.stack:
                training = self.probe.training_of(model)
                if training is not None:
                    yield
                    training.look_at_weights(how)
                return
            self.probe.training_starts()
            yield
            weights = self._loaded(model, how)
            if how == "load_weights":
                name = self.probe.models.name(model)
                self.files.loaded(_path_in(args, kwargs), how, "weights", model=name, weights=weights)

        return observe

    def load_model(self, *args: Any, **kwargs: Any) -> Watching:
        """Observe `load_model`."""
        with self.probe.inside("application"):
            model = yield
        if hasattr(model, "weights"):
            weights = self._loaded(model, "load_model")
            name = self.probe.models.name(model)
            self.files.loaded(_path_in(args, kwargs), "load_model", "model", model=name, weights=weights)

    def _loaded(self, model: Any, how: str) -> str:
        name = self.probe.models.describe(model)
        weights = weights_digest(model)
        self.probe.send("weights.loaded", model=name, how=how, weights=weights)
        return weights

    def saved(self, how: str) -> Any:
        """Observe the saving of a model, or of its weights, to a file."""

        def observe(model: Any, *args: Any, **kwargs: Any) -> Watching:
            yield from self.kept(model)
            if not hasattr(model, "layers"):
                return
            facts = {"model": self.probe.models.name(model), "weights": weights_digest(model)}
            what = "model" if how == "save_model" else "weights"
            self.files.saved(_path_in(args, kwargs), how, what, during=self.probe.trains(model), **facts)

        return observe

    def kept(self, model: Any, *_args: Any, **_kwargs: Any) -> Watching:
        """Observe what keeps a model's weights for later: saving it, or taking them out."""
        yield
        if not hasattr(model, "layers"):
            return
        during = self.probe.trains(model)
        weights = weights_digest(model) if during else ""
        training = self.probe.training_of(model)
        if training is not None and training.stepping:
            training.note_own_weights()
        if weights:
            self.probe.send("weights.kept", model=self.probe.models.name(model), weights=weights, during=during)

    def build(self, name: str, bind: Any) -> Any:
        """Observe the making of a pretrained model."""

        def observe(*args: Any, **kwargs: Any) -> Watching:
            if self.probe.within("application"):
                return
            arguments = bind(*args, **kwargs)
            with self.probe.inside("application"):
                model = yield
            if arguments.get("weights") and hasattr(model, "layers"):
                self.probe.models.note_pretrained(model, name)
                how = f"{name}({arguments['weights']})"
                self._loaded(model, how[:200])

        return observe


def _path_in(args: Any, kwargs: Any) -> Any:
    return args[0] if args else kwargs.get("filepath")
