"""Weights of PyTorch modules that are kept for later and come back: state dictionaries and files."""

from __future__ import annotations

import contextlib
import weakref
from typing import Any

from .imports import Hook
from .models import weights_digest
from .saving import FileHooks
from .torch_models import is_module, plain
from .torch_scoring import TorchScorings
from .watch import Probe, called_by_student
from .wrapping import Watching, patch_function, patch_method


class TorchWeights:
    """Observers of everything that keeps a module's weights, or puts weights into it without training."""

    def __init__(self, probe: Probe, passes: TorchScorings, files: FileHooks) -> None:
        """Keep what to send through."""
        self.probe = probe
        self.passes = passes
        self.named = files
        self._taken: tuple[Any, Any] = (None, None)
        """The last state dictionary that was taken and its module, both weakly: its tensors are the module's own."""

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
            state = yield
        self._keep(plain(model))
        with contextlib.suppress(TypeError):  # a module's own dictionary may be of any kind
            self._taken = (weakref.ref(state), weakref.ref(plain(model)))

    def saved(self, thing: Any, *args: Any, **kwargs: Any) -> Watching:
        """Observe `torch.save` of a whole module, of its state, or of anything else."""
        with self.probe.inside("state"):
            yield
        if is_module(thing):
            self._keep(plain(thing))
        if not called_by_student():
            return
        model, what = (plain(thing), "model") if is_module(thing) else (self._module_of(thing), "object")
        facts = {}
        if model is not None:
            what = "model" if is_module(thing) else "weights"
            facts = {"model": self.probe.models.name(model), "weights": weights_digest(model)}
        self.named.saved(args[0] if args else kwargs.get("f"), "torch.save", what, **facts)

    def _module_of(self, state: Any) -> Any:
        """Return the module whose state dictionary this is, or is in a checkpoint's; None where that is not known."""
        taken, model = self._taken
        held = taken() if taken is not None else None
        if held is None:
            return None
        found = state is held or (isinstance(state, dict) and any(value is held for value in state.values()))
        return model() if found else None

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

    def opened(self, *args: Any, **kwargs: Any) -> Watching:
        """Observe `torch.load` of a whole module, or of anything else."""
        with self.probe.inside("state"):
            thing = yield
        if is_module(thing):
            self._came(plain(thing), "torch.load")
        if called_by_student():
            facts = {}
            if is_module(thing):
                facts = {"model": self.probe.models.name(plain(thing)), "weights": weights_digest(plain(thing))}
            what = "model" if facts else "object"
            self.named.loaded(args[0] if args else kwargs.get("f"), "torch.load", what, **facts)

    def _settle(self, model: Any) -> None:
        loop = self.probe.loops.get(id(model))
        if loop is not None and any(item.model is model for item in self.passes.passes):
            loop.owner.end(loop)
        elif loop is None:
            self.passes.send_all(model)

    def _came(self, model: Any, how: str) -> None:
        name = self.probe.models.describe(model)
        self.probe.send("weights.loaded", model=name, how=how, weights=weights_digest(model))
