"""Weights of PyTorch modules that are kept for later and come back: state dictionaries and files."""

from __future__ import annotations

from typing import Any

from .imports import Hook
from .models import weights_digest
from .torch_models import is_module, plain
from .torch_scoring import TorchScorings
from .watch import Probe
from .wrapping import Watching, patch_function, patch_method


class TorchWeights:
    """Observers of everything that keeps a module's weights, or puts weights into it without training."""

    def __init__(self, probe: Probe, passes: TorchScorings) -> None:
        """Keep what to send through."""
        self.probe = probe
        self.passes = passes

    def hooks(self) -> dict[str, Hook]:
        """Return the hooks by module name."""
        return {"torch.nn.modules.module": self.module, "torch.serialization": self.files}

    def module(self, module: Any) -> None:
        """Hook `torch.nn.modules.module`."""
        patch_method(module.Module, "state_dict", self.kept, self.probe.fault)
        patch_method(module.Module, "load_state_dict", self.loaded, self.probe.fault)

    def files(self, module: Any) -> None:
        """Hook `torch.serialization`."""
        patch_function(module, "save", self.saved, self.probe.fault)
        patch_function(module, "load", self.opened, self.probe.fault)

    def kept(self, model: Any, *_args: Any, **_kwargs: Any) -> Watching:
        """Observe `state_dict`, of the outermost module only."""
        if self.probe.within("state"):
            return
        with self.probe.inside("state"):
            yield
        self._keep(plain(model))

    def saved(self, thing: Any, *_args: Any, **_kwargs: Any) -> Watching:
        """Observe `torch.save` of a whole module."""
        with self.probe.inside("state"):
            yield
        if is_module(thing):
            self._keep(plain(thing))

    def _keep(self, model: Any) -> None:
        during = self.probe.trains(model)
        if during:
            weights = weights_digest(model)
            self.probe.send("weights.kept", model=self.probe.models.name(model), weights=weights, during=during)

    def loaded(self, model: Any, *_args: Any, **_kwargs: Any) -> Watching:
        """Observe `load_state_dict`; what was scored until now was scored with the weights that go."""
        if self.probe.within("state"):
            return
        model = plain(model)
        self._settle(model)
        with self.probe.inside("state"):
            yield
        self._came(model, "load_state_dict")

    def opened(self, *_args: Any, **_kwargs: Any) -> Watching:
        """Observe `torch.load` of a whole module."""
        with self.probe.inside("state"):
            thing = yield
        if is_module(thing):
            self._came(plain(thing), "torch.load")

    def _settle(self, model: Any) -> None:
        loop = self.probe.loops.get(id(model))
        if loop is not None and any(item.model is model for item in self.passes.passes):
            loop.owner.end(loop)
        elif loop is None:
            self.passes.send_all(model)

    def _came(self, model: Any, how: str) -> None:
        name = self.probe.models.describe(model)
        self.probe.send("weights.loaded", model=name, how=how, weights=weights_digest(model))
