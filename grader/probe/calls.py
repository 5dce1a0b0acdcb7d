"""Model calls and custom training: `model(x)`, GradientTape loops, train_on_batch, tf.function steps."""

from __future__ import annotations

import contextlib
import weakref
from dataclasses import dataclass, field
from typing import Any

from .arrays import as_table, is_symbolic, to_numpy
from .epochs import Epochs, Metrics, Targets, loss_value, place_of_loss
from .fingerprint import exact_hashes
from .graphs import Graphs
from .keras_models import weights_of
from .models import augmenting_layers, leading_rows
from .scoring import Scorings
from .streams import Tee, flat
from .training import Training, augmentation
from .watch import Probe, binder, call_chain
from .wrapping import Watching, patch_method

BUSY = ("fit", "evaluate", "predict", "batch", "validation", "model", "application", "sklearn")
"""Inside of these a model call is a part of something that is watched as a whole."""

MAX_PENDING = 64
"""Calls under a tape that wait for the optimizer's step they belong to."""


@dataclass
class Loop:
    """A custom training of one model: its rows, each counted once."""

    training: Training
    known: set[int] = field(default_factory=set)
    steps: int = 0
    epochs: Epochs = field(default_factory=Epochs)


@dataclass
class Traced:
    """What was seen while a tf.function was traced: which models it calls, and whether it updates weights."""

    function: Any
    models: list[Any] = field(default_factory=list)
    trains: bool = False
    target: Any = None
    loss_at: int | None = None
    """Which of its results is the loss its gradients are of."""
    metrics: list[Any] = field(default_factory=list)
    """Keras's metric objects that it updates."""


class CallHooks:
    """Observers of single calls, and the custom trainings they make up."""

    def __init__(self, probe: Probe, scorings: Scorings) -> None:
        """Start with no training going on."""
        self.probe = probe
        self.scorings = scorings
        self._pending: list[tuple[Any, Any, Any]] = []
        self._loops: dict[int, Loop] = probe.loops
        self._traced: dict[int, Traced] = {}
        self._taping: Any = None
        self.graphs = Graphs(probe)
        self._targets = Targets()
        self._metrics = Metrics()
        self._phase = ""
        """What was done last outside of fit: `train` (a call under a tape, a step) or `score`."""
        probe.at_cell_end.insert(0, self.end_loops)

    # ------------------------------------------------------------ hooks on modules
    def model(self, module: Any) -> None:
        """Hook `keras.src.models.model`: calls go through Layer's `__call__`, watched for models only."""
        if "__call__" not in module.Model.__dict__:
            module.Model.__call__ = module.Model.__call__
        patch_method(module.Model, "__call__", self.model_call, self.probe.fault)

    def optimizer(self, module: Any) -> None:
        """Hook `keras.src.optimizers.base_optimizer`."""
        patch_method(module.BaseOptimizer, "apply", self.apply, self.probe.fault)

    def backend_trainer(self, module: Any) -> None:
        """Hook `keras.src.backend.tensorflow.trainer`."""
        trainer = module.TensorFlowTrainer
        patch_method(trainer, "train_on_batch", self.train_on_batch(binder(trainer.train_on_batch)), self.probe.fault)

    def tape(self, module: Any) -> None:
        """Take from `tensorflow.python.eager.record` (once `tape`) how to tell whether a tape is recording."""
        self._taping = getattr(module, "could_possibly_record", None) or self._taping
        self.graphs.taping = self._taping

    def function(self, module: Any) -> None:
        """Hook `tensorflow.python.eager.polymorphic_function.polymorphic_function`."""
        patch_method(module.Function, "__call__", self.function_call, self.probe.fault)

    def backprop(self, module: Any) -> None:
        """Hook `tensorflow.python.eager.backprop`: what gradients are taken of is the loss."""
        patch_method(module.GradientTape, "gradient", self.gradient, self.probe.fault)

    def losses(self, module: Any) -> None:
        """Hook `keras.src.losses.loss`."""
        patch_method(module.Loss, "__call__", self.loss_call, self.probe.fault)

    def metric(self, module: Any) -> None:
        """Hook `keras.src.metrics.reduction_metrics`: the means that losses and accuracies are kept in."""
        for name in ("Mean", "MeanMetricWrapper"):
            kind = getattr(module, name, None)
            if isinstance(kind, type):
                patch_method(kind, "update_state", self.metric_fed, self.probe.fault)
        patch_method(module.Mean, "result", self.metric_result, self.probe.fault)

    # ------------------------------------------------------------ observers
    def gradient(self, _tape: Any, target: Any, sources: Any, *_args: Any, **_kwargs: Any) -> Watching:
        """Observe `tape.gradient` outside of fit."""
        if self.probe.within("fit", "batch"):
            return
        leaves = flat(target)
        if leaves and is_symbolic(leaves[0]):
            for what, traced in self.probe.watch.stack:
                if what == "function":
                    traced.target = target
        else:
            self._targets.add(target, sources)
        return
        yield

    def loss_call(self, _loss: Any, y_true: Any, y_pred: Any, *_args: Any, **_kwargs: Any) -> Watching:
        """Observe a loss object's call: it gives the labels of the rows that a model was just given under a tape."""
        taped = bool(self._pending) and self._taping is not None and self._taping()
        if taped and not self.probe.within(*BUSY):
            model, x, y = self._pending[-1]
            if y is None and leading_rows(y_true) == leading_rows(x) == leading_rows(y_pred):
                self._pending[-1] = (model, x, y_true)
        return
        yield

    def metric_fed(self, metric: Any, *_args: Any, **_kwargs: Any) -> Watching:
        """Observe a metric's update outside of fit."""
        if self.probe.within(*BUSY):
            return
        traced = next((holder for what, holder in self.probe.watch.stack if what == "function"), None)
        if traced is not None:
            traced.metrics.append(weakref.ref(metric))
        elif self._phase:
            self._metrics.fed(metric, self._phase)
        return
        yield

    def metric_result(self, metric: Any, *_args: Any, **_kwargs: Any) -> Watching:
        """Observe a metric's result while a custom training goes on: the last one of an epoch is that epoch's."""
        if not self._loops or self.probe.within(*BUSY, "function"):
            return
        result = yield
        name = self._metrics.name(metric)
        value = loss_value(result) if name else None
        if value is not None and len(self._loops) == 1:
            next(iter(self._loops.values())).epochs.metric(name, value)

    def model_call(self, model: Any, *args: Any, **kwargs: Any) -> Watching:
        """Observe `model(x)`: for the model's graph wherever it is called from, and as a step of the student's."""
        if self.graphs.own:
            return
        watching = self.call(model, *args, **kwargs)
        going = next(watching, watching) is not watching
        try:
            with self.graphs.calling(model, args, kwargs) as take:
                result = yield
            take(result)
            if going:
                with contextlib.suppress(StopIteration):
                    watching.send(result)
        finally:
            watching.close()

    def call(self, model: Any, *args: Any, **kwargs: Any) -> Watching:
        """Observe `model(x)`."""
        if self.probe.within(*BUSY):
            return
        x = args[0] if args else kwargs.get("inputs")
        if leading_rows(x) is None:
            self._note_traced(model, x)
            return
        taped = self._taping is not None and self._taping()
        chain = call_chain()
        with self.probe.inside("model"):
            result = yield
        random = augmenting_layers(model)
        if random and not weights_of(model, trainable=True):
            self.probe.augmented(", ".join(random)[:200], x, result)
        elif taped:
            self._phase = "train"
            del self._pending[:-MAX_PENDING]
            self._pending.append((model, x, self.scorings.labels_of(x)))
        elif not self.probe.within("function"):
            self._phase = "score"
            key = (id(model), "call", chain)
            self.scorings.add_batch(key, model, "call", x, result, labels=None, during=None)

    def apply(
        self, _optimizer: Any, grads: Any, trainable_variables: Any = None, *_args: Any, **_kwargs: Any
    ) -> Watching:
        """Observe an optimizer's step outside of fit."""
        if self.probe.within("fit", "batch"):
            return
        self._stepped(grads, trainable_variables)
        return
        yield

    def apply_gradients(self, optimizer: Any, grads_and_vars: Any, *args: Any, **kwargs: Any) -> Watching:
        """Observe the same of a Keras 2 optimizer, whose pairs may come as a `zip` that can be read only once."""
        pairs = list(grads_and_vars)
        if not self.probe.within("fit", "batch"):
            try:
                self._stepped([gradient for gradient, _ in pairs], [variable for _, variable in pairs])
            except Exception as error:
                self.probe.fault("apply_gradients", error)
        yield (optimizer, pairs, *args), kwargs

    def _stepped(self, grads: Any, trainable_variables: Any) -> None:
        given = [gradient for gradient in grads if gradient is not None]
        if given and is_symbolic(given[0]):
            for what, traced in self.probe.watch.stack:
                if what == "function":
                    traced.trains = True
            return
        variables = {id(variable) for variable in trainable_variables or ()}
        pending, self._pending = self._pending, []  # what is of other variables waits for its own step
        target = self._targets.take(variables)
        for model, x, y in pending:
            if not variables or any(id(weight) in variables for weight in weights_of(model, trainable=True)):
                self.step(model, x, y, loss=None if target is None else loss_value(target))
            else:
                self._pending.append((model, x, y))

    def train_on_batch(self, bind: Any) -> Any:
        """Observe `train_on_batch`."""

        def observe(*args: Any, **kwargs: Any) -> Watching:
            arguments = bind(*args, **kwargs)
            self.step(arguments["self"], arguments["x"], arguments.get("y"))
            with self.probe.inside("batch"):
                yield

        return observe

    def function_call(self, function: Any, *args: Any, **kwargs: Any) -> Watching:
        """Observe a call of a tf.function: what its tracing showed says whether it trains or scores a model."""
        if self.probe.watch.stack:
            return
        traced = self._traced.get(id(function))
        if traced is None or traced.function() is not function:
            traced = Traced(weakref.ref(function))
        known = bool(traced.models)
        steps = self._traced_step(traced, args, kwargs) if known and traced.trains else []
        chain = call_chain() if traced.models else ()
        with self.probe.inside("function", traced):
            result = yield
        if not traced.models:
            return
        self._traced[id(function)] = traced
        if traced.trains and not known:
            steps = self._traced_step(traced, args, kwargs)
        self._note_feeding(traced)
        if traced.trains:
            self._traced_loss(traced, steps, result)
        else:
            self._traced_scoring(traced, args, kwargs, result, chain or call_chain())

    # ------------------------------------------------------------ parts
    def _note_traced(self, model: Any, x: Any) -> None:
        leaves = flat(x)
        if not leaves or type(leaves[0]).__name__ != "SymbolicTensor":
            return
        for what, traced in self.probe.watch.stack:
            if what == "function" and not any(held() is model for held in traced.models):
                traced.models.append(weakref.ref(model))

    def _traced_step(self, traced: Traced, args: Any, kwargs: Any) -> list[tuple[Loop, int]]:
        """Count a traced step for each model it trains; return the trainings with the number of rows."""
        steps = []
        for held in traced.models:
            model = held()
            x, y = rows_given(model, [*args, *kwargs.values()]) if model is not None else (None, None)
            if x is None:
                self.probe.send("probe.dropped", what="rows of a traced training step", why="not among its arguments")
            else:
                steps.append((self.step(model, x, y), leading_rows(x) or 0))
        return steps

    def _note_feeding(self, traced: Traced) -> None:
        self._phase = "train" if traced.trains else "score"
        for held in traced.metrics:
            metric = held()
            if metric is not None:
                self._metrics.fed(metric, self._phase)
        traced.metrics.clear()

    def _traced_loss(self, traced: Traced, steps: list[tuple[Loop, int]], result: Any) -> None:
        """Take the loss of a traced step from what it returned, where that is the loss."""
        if traced.target is not None:
            traced.loss_at, traced.target = place_of_loss(traced.target), None
        leaves = [leaf for leaf in flat(result) if hasattr(leaf, "dtype")]
        if traced.loss_at is None or traced.loss_at >= len(leaves) or len(steps) != 1:
            return
        value = loss_value(leaves[traced.loss_at])
        if value is not None:
            steps[0][0].epochs.loss(value, steps[0][1])

    def _traced_scoring(self, traced: Traced, args: Any, kwargs: Any, result: Any, chain: Any) -> None:
        model = traced.models[0]() if len(traced.models) == 1 else None
        if model is None or (self._taping is not None and self._taping()):
            return
        x, y = rows_given(model, [*args, *kwargs.values()])
        if x is None:
            return
        answers = result if getattr(result, "shape", None) and result.shape[0] == x.shape[0] else None
        self.scorings.add_batch((id(model), "call", chain), model, "call", x, answers, labels=y, during=None)

    def step(self, model: Any, x: Any, y: Any, loss: float | None = None) -> Loop:
        """Count a step of training on a batch; consecutive steps of a cell are one training."""
        if self.probe.budget is not None:
            self.probe.budget.step_of_own()
        loop = self._loops.get(id(model))
        if loop is not None:
            self.scorings.note_during(model, loop.training.id)
        self.probe.training_starts()
        if loop is None:
            loop = self._loops[id(model)] = Loop(Training(self.probe, model, self.probe.new_id("f")))
            loop.training.train_tee = Tee(self.probe, "train")
            loop.training.train_tee.source = "generator"
            loop.training.begin(
                validation_split=0.0,
                epochs=None,
                batch_size=leading_rows(x),
                callbacks=[],
                augmentation=augmentation(model, None),
                loop="custom",
            )
        loop.steps += 1
        self._add_new_rows(loop, x, y)
        if loss is not None:
            loop.epochs.loss(loss, leading_rows(x) or 0)
        return loop

    def _add_new_rows(self, loop: Loop, x: Any, y: Any) -> None:
        tee = loop.training.train_tee
        table = as_table(x)
        if tee is None or table is None or table.rows is None or table.text:
            if tee is not None:
                tee.complete = False
            loop.epochs.step(None)
            return
        marks = exact_hashes(table.parts[0]).tolist()
        loop.epochs.step(marks)
        new = [row for row, mark in enumerate(marks) if mark not in loop.known]
        loop.known.update(marks)
        if new:
            labels = None if y is None else to_numpy(y)
            usable = labels is not None and labels.ndim and len(labels) == table.count
            tee.add(table.rows[new], labels[new] if usable and labels is not None else None)

    def end_loops(self) -> None:
        """End the custom trainings: the cell is over."""
        self._pending.clear()
        loops = list(self._loops.values())
        self._loops.clear()
        for loop in loops:
            for number, logs in enumerate(loop.epochs.logs()):
                self.probe.send("fit.epoch", fit=loop.training.id, epoch=number, logs=logs)
            loop.training.end(self.probe.cell_error, loop="custom", steps=loop.steps)


def rows_given(model: Any, arguments: list[Any]) -> tuple[Any, Any]:
    """Return which arguments of a step are its rows and its labels, by the model's input shape."""
    tensors = [leaf for leaf in flat(arguments) if leading_rows(leaf) is not None and not hasattr(leaf, "layers")]
    wanted = None
    inputs = getattr(model, "inputs", None)
    if inputs:
        wanted = tuple(inputs[0].shape[1:])
    for place, tensor in enumerate(tensors):
        shape = tuple(tensor.shape[1:])
        fits = len(tensor.shape) > 1 if wanted is None else _fits(shape, wanted)
        if fits:
            later = [item for item in tensors[place + 1 :] if item.shape[0] == tensor.shape[0]]
            return tensor, later[0] if later else None
    return None, None


def _fits(shape: tuple[Any, ...], wanted: tuple[Any, ...]) -> bool:
    if len(shape) == len(wanted):
        return all(there is None or here == there for here, there in zip(shape, wanted))
    return len(shape) + 1 == len(wanted) and wanted[-1] == 1 and _fits(shape, wanted[:-1])
