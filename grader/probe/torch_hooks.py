"""PyTorch: module calls, losses, gradients and optimizers, put together to trainings and scorings."""

from __future__ import annotations

import sys
import threading
import types
from collections.abc import Callable
from typing import Any, cast

from .imports import Hook
from .saving import FileHooks
from .scoring import Scorings
from .torch_calls import Batch, Call, Loss, tensors_in
from .torch_compiled import TorchCompiled, recorder
from .torch_data import TorchData
from .torch_graph import activation_of, operations
from .torch_metrics import TorchMetrics
from .torch_models import LEAST_EXAMPLE, MOST_EXAMPLE, Seen, parameters_of, plain
from .torch_scoring import TorchScorings
from .torch_training import TorchTrainings
from .torch_weights import TorchWeights
from .watch import Probe, call_chain
from .wrapping import INSTALLED, REGISTERED, Watching, disguise, observed, patch_function, patch_method

LOSSES = {
    "cross_entropy": "CrossEntropyLoss", "nll_loss": "NLLLoss", "binary_cross_entropy": "BCELoss",
    "binary_cross_entropy_with_logits": "BCEWithLogitsLoss", "mse_loss": "MSELoss", "l1_loss": "L1Loss",
    "smooth_l1_loss": "SmoothL1Loss", "huber_loss": "HuberLoss", "kl_div": "KLDivLoss",
    "multi_margin_loss": "MultiMarginLoss", "gaussian_nll_loss": "GaussianNLLLoss",
}  # fmt: skip
"""Functions of torch.nn.functional that the loss modules call too, by the name of the module."""

MAX_PENDING = 64
"""Calls that wait for a gradient; older ones were made for something else."""


class Here(threading.local):
    """What goes on in one thread: the module calls, outermost first, and the last things seen."""

    def __init__(self) -> None:
        """Start outside of everything."""
        self.depth = 0
        self.recorder: Any = None
        self.last: Call | None = None
        self.batch: Batch | None = None
        self.pending: list[Call] = []


class TorchHooks:
    """Observers of PyTorch. `hooks` gives each module's hook."""

    def __init__(self, probe: Probe, scorings: Scorings, files: FileHooks) -> None:
        """Start with nothing seen."""
        self.probe = probe
        self.here = Here()
        self.passes = TorchScorings(probe, scorings)
        self.trainings = TorchTrainings(probe, self.passes)
        self.compiled = TorchCompiled(probe, self.here)
        self.data = TorchData(probe, self.here)
        self.weights = TorchWeights(probe, self.passes, files)
        self.metrics = TorchMetrics(probe, scorings, self.here)
        self._schedulers: list[tuple[Any, str]] = []
        probe.at_cell_end.insert(0, self._settle_pending)
        scorings.before_lookup.insert(0, self._settle_for_lookup)

    def hooks(self) -> list[tuple[str, Hook]]:
        """Return the hooks with the module each belongs to."""
        return [
            ("torch._tensor", self.tensor),
            ("torch.nn.functional", self.losses),
            ("torch.nn.modules.module", self.module),
            ("torch.optim.lr_scheduler", self.schedulers),
            ("torch.optim.optimizer", self.optimizer),
            *self.compiled.hooks().items(),
            *self.data.hooks().items(),
            *self.weights.hooks().items(),
            *self.metrics.hooks().items(),
        ]

    # ------------------------------------------------------------ hooks on modules
    def module(self, module: Any) -> None:
        """Hook `torch.nn.modules.module`: calls of modules, those inside of others passed by quickly."""
        original = module.Module.__dict__.get("__call__")
        if isinstance(original, types.FunctionType) and not hasattr(original, "__observed__"):
            wrapper = _outermost(original, observed(original, self.call, self.probe.fault), self.here)
            module.Module.__call__ = wrapper
            INSTALLED.append((module.Module, "__call__", wrapper))

    def losses(self, module: Any) -> None:
        """Hook `torch.nn.functional`."""
        for name, loss in LOSSES.items():
            patch_function(module, name, self.loss(loss), self.probe.fault)

    def tensor(self, module: Any) -> None:
        """Hook `torch._tensor`."""
        patch_method(module.Tensor, "backward", self.backward, self.probe.fault)

    def optimizer(self, module: Any) -> None:
        """Hook `torch.optim.optimizer`, through its own hooks for steps of whatever optimizer."""
        before, after = self._guarded(self.before_step), self._guarded(self.after_step)
        for hook, register in (
            (before, module.register_optimizer_step_pre_hook),
            (after, module.register_optimizer_step_post_hook),
        ):
            handle = register(hook)
            REGISTERED.append((f"Optimizer.step {handle.id}", handle.hooks_dict_ref(), hook))

    def schedulers(self, module: Any) -> None:
        """Hook `torch.optim.lr_scheduler`."""
        for name in ("LRScheduler", "_LRScheduler", "ReduceLROnPlateau"):
            kind = getattr(module, name, None)
            if kind is not None:
                patch_method(kind, "__init__", self.scheduler, self.probe.fault)

    def _guarded(self, action: Callable[[Any], None]) -> Callable[..., None]:
        def hook(optimizer: Any, *_args: Any) -> None:
            try:
                action(optimizer)
            except Exception as error:
                self.probe.fault(action.__name__, error)

        return hook

    # ------------------------------------------------------------ observers
    def call(self, model: Any, *args: Any, **kwargs: Any) -> Watching:
        """Observe an outermost call of a module with parameters on rows."""
        torch = sys.modules["torch"]
        if getattr(torch._C, "_get_tracing_state", lambda: None)() is not None:
            return
        model = plain(model)
        here, known = self.here, self.probe.models.torch_seen(model)
        given = tensors_in([args, kwargs])
        if not given or not (known is not None or parameters_of(model)):
            return
        seen = known if known is not None else Seen()
        fresh = not seen.shapes or (torch.is_grad_enabled() and not seen.operations)
        chain = call_chain() if here.batch is None or here.batch.count != given[0].shape[0] else ()
        before = here.recorder
        here.recorder = recorder(seen) if fresh else None
        here.depth += 1
        try:
            result = yield
        finally:
            here.depth -= 1
            here.recorder = before
        self._called(model, seen, given, result, chain, fresh=fresh)

    def _called(self, model: Any, seen: Seen, given: list[Any], result: Any, chain: Any, *, fresh: bool) -> None:
        outputs = tensors_in(result)
        if not outputs:
            return
        output, here = outputs[0], self.here
        if fresh:
            _note(seen, given, output)
            if model._modules and not any(part is not model for part in seen.order):
                self.compiled.look_inside(model, seen)
            self.probe.models.torch_know(model, seen)
        same = [item for item in given if item.shape[0] == given[0].shape[0]]
        batch = here.batch if here.batch is not None and here.batch.count == given[0].shape[0] else None
        call = Call(model, [item.detach() for item in same] if any(item.requires_grad for item in same) else same,
                    output.detach(), batch, chain, from_module=same[0].grad_fn is not None)  # fmt: skip
        here.last = call
        if output.grad_fn is None:
            self.passes.add(call)
            return
        output.grad_fn.register_prehook(_backed(call))
        here.pending.append(call)
        if len(here.pending) > MAX_PENDING:
            self._set_aside(here.pending[:1])

    def loss(self, name: str) -> Any:
        """Observe a loss function."""

        def observe(*args: Any, **kwargs: Any) -> Watching:
            here = self.here
            if here.depth:
                return
            result = yield
            call = here.last
            answers: Any = args[0] if args else kwargs.get("input")
            target: Any = args[1] if len(args) > 1 else kwargs.get("target")
            if call is None or not tensors_in([answers, target]):
                return
            value = result.detach()
            summed = kwargs.get("reduction") == "sum"
            number = float(value if value.ndim == 0 else value.mean())
            outside = activation_of(answers) if answers.grad_fn is not None else ""
            seen = self.probe.models.torch_seen(call.model)
            if seen is not None and outside == seen.activation:
                outside = ""
            mine = target.detach() if target.ndim and target.shape[0] == call.count else None
            call.losses.append(Loss(name, number, summed, mine, outside))

        return observe

    def backward(self, tensor: Any, *_args: Any, **_kwargs: Any) -> Watching:
        """Observe `loss.backward()`: what was minimised."""
        before = [call for call in self.here.pending if not call.backed]
        yield
        value = float(tensor.detach()) if tensor.numel() == 1 else None
        for call in before:
            if call.backed:
                call.backward_value = value

    def scheduler(self, scheduler: Any, optimizer: Any = None, *_args: Any, **kwargs: Any) -> Watching:
        """Observe the making of a learning-rate schedule."""
        yield
        given = optimizer if optimizer is not None else kwargs.get("optimizer")
        if (given, type(scheduler).__name__) not in self._schedulers:
            self._schedulers.append((given, type(scheduler).__name__))

    # ------------------------------------------------------------ steps
    def before_step(self, optimizer: Any) -> None:
        """Tell what a step will be about, before it changes any weights."""
        for call in self._stepped_by(optimizer):
            self._prepare(call, optimizer, late=False)

    def _prepare(self, call: Call, optimizer: Any, *, late: bool) -> None:
        self._set_aside([item for item in self.here.pending if item.model is call.model and not item.backed])
        schedulers = [name for held, name in self._schedulers if held is optimizer]
        self.trainings.prepare(call, optimizer, schedulers, late=late)

    def after_step(self, optimizer: Any) -> None:
        """Count a step for the calls whose gradients it used."""
        counted: set[tuple[int, int]] = set()
        for call in self._stepped_by(optimizer):
            if id(call.model) not in self.trainings.loops:  # the calls were made inside of the step, by its closure
                self._prepare(call, optimizer, late=True)
            self.here.pending.remove(call)
            if (id(call.model), id(call.inputs[0])) not in counted:  # a closure asks for the same rows several times
                self.trainings.step(call)
            counted.add((id(call.model), id(call.inputs[0])))

    def _stepped_by(self, optimizer: Any) -> list[Call]:
        weights = {id(weight) for group in optimizer.param_groups for weight in group["params"]}
        backed = (call for call in self.here.pending if call.backed)
        return [call for call in backed if any(id(weight) in weights for weight in parameters_of(call.model))]

    def _set_aside(self, calls: list[Call]) -> None:
        """Take calls that no gradient went back through as scorings."""
        for call in calls:
            if call in self.here.pending:
                self.here.pending.remove(call)
                self.passes.add(call)

    def _settle_for_lookup(self) -> None:
        """Let a metric find the answers it is given, without taking a step's call before its gradient comes.

        Of a model in training mode one call that waits may be a step whose accuracy is computed first; several are
        batches of a scoring that asks for no gradient.
        """
        waiting = [call for call in self.here.pending if not call.backed]
        for call in waiting:
            if call.model.training and sum(item.model is call.model for item in waiting) == 1:
                self.passes.expect(call)
            else:
                self._set_aside([call])

    def _settle_pending(self) -> None:
        self._set_aside([call for call in self.here.pending if not call.backed])


def _outermost(original: Any, watched: Any, here: Here) -> Callable[..., Any]:
    """Return a function that calls the watched form of a module's `__call__`, inside of another call the plain one."""

    def call(*args: Any, **kwargs: Any) -> Any:  # uses no global: see disguise
        if here.depth:
            recorder = here.recorder
            result = original(*args, **kwargs)
            if recorder is not None:
                recorder(args, result)
            return result
        return watched(*args, **kwargs)

    return disguise(cast("types.FunctionType", call), original)


def _note(seen: Seen, given: list[Any], output: Any) -> None:
    """Keep what a call showed of a module."""
    seen.input_shape, seen.output_shape = tuple(given[0].shape), tuple(output.shape)
    if not seen.inputs:
        few = [item.detach()[:MOST_EXAMPLE].clone() for item in given]
        seen.inputs = tuple(item if len(item) >= LEAST_EXAMPLE else item.repeat_interleave(2, dim=0) for item in few)
    if output.grad_fn is not None:
        seen.operations = operations(output)
        seen.activation = activation_of(output)


def _backed(call: Call) -> Callable[[Any], None]:
    def note(_gradients: Any) -> None:
        call.backed = True

    return note
