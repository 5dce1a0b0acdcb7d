"""PyTorch's compiled modules (`torch.compile`, TorchScript): they compute as their own, and call no modules inside."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from .imports import Hook
from .torch_calls import tensors_in
from .torch_graph import activation_of, operations
from .torch_models import Seen, called_copy, is_module, modules_of, parameters_of
from .watch import Probe
from .wrapping import Watching, patch_function

UNSEEN = "what a compiled function does with models is not seen"


class TorchCompiled:
    """Observers of compiling and tracing. `hooks` gives each module's hook."""

    def __init__(self, probe: Probe, here: Any) -> None:
        """Keep what tells whether a module's call is inside of another."""
        self.probe = probe
        self.here = here

    def hooks(self) -> dict[str, Hook]:
        """Return the hooks by module name."""
        return {"torch": self.compiling, "torch.jit._trace": self.tracing}

    def compiling(self, module: Any) -> None:
        """Hook `torch`."""
        patch_function(module, "compile", self.compile, self.probe.fault)

    def tracing(self, module: Any) -> None:
        """Hook `torch.jit._trace`: what it calls a module on is an example, no rows that anything is told of."""
        for name in ("trace", "trace_module"):
            patch_function(module, name, self.aside, self.probe.fault)

    # ------------------------------------------------------------ observers
    def compile(self, model: Any = None, *_args: Any, **_kwargs: Any) -> Watching:
        """Observe `torch.compile`: the steps that a compiled function makes of a training are not seen."""
        yield
        if model is not None and not is_module(getattr(model, "__self__", model)):
            self.probe.send("probe.fault", where="torch.compile", error=UNSEEN)

    def aside(self, *_args: Any, **_kwargs: Any) -> Watching:
        """Observe nothing while PyTorch calls modules for purposes of its own."""
        self.here.depth += 1
        try:
            yield
        finally:
            self.here.depth -= 1

    # ------------------------------------------------------------ parts
    def look_inside(self, model: Any, seen: Seen) -> None:
        """Learn the order, shapes and operations of a compiled module from a call of a copy that isn't compiled."""
        if type(model).__module__.startswith("torch.jit."):  # its copy would be compiled too
            return
        here, before, copied = self.here, self.here.recorder, Seen()
        here.recorder, here.depth = recorder(copied), here.depth + 1
        try:
            copy, output = called_copy(model, seen.inputs)
        except Exception:  # its code takes no few rows: then what is inside stays unknown
            return
        finally:
            here.recorder, here.depth = before, here.depth - 1
        own = {id(part): mine for part, mine in zip(modules_of(copy), modules_of(model))}
        seen.order = [own[id(part)] for part in copied.order]
        seen.shapes = {id(own[part]): shape for part, shape in copied.shapes.items()}
        outputs = tensors_in(output)
        if outputs and outputs[0].grad_fn is not None:
            weights = dict(zip(map(id, parameters_of(copy)), map(id, parameters_of(model))))
            seen.operations = [replace(item, weight=weights.get(item.weight, 0)) for item in operations(outputs[0])]
            seen.activation = activation_of(outputs[0])


def recorder(seen: Seen) -> Callable[[Any, Any], None]:
    """Return what notes the order and the output shapes of the modules called inside of another."""

    def record(args: Any, result: Any) -> None:
        try:
            part, outputs = args[0], tensors_in(result)
            if outputs and id(part) not in seen.shapes:
                seen.order.append(part)
                seen.shapes[id(part)] = tuple(outputs[0].shape)
        except Exception:
            return

    return record
