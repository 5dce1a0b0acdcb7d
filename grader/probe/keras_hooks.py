"""Keras: compile, fit, evaluate, predict and the calls per batch."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .arrays import as_table, to_numpy
from .capping import ModernBatches
from .channel import spelled
from .scoring import Scorings
from .streams import Tee, attach
from .training import Training, augmentation, callbacks_given, compile_fields, rows_behind
from .watch import Probe, binder, call_chain
from .wrapping import Watching, patch_method

LOOP_ROWS = 256
"""Most rows of one `predict` that may be one step of a loop; larger calls stand for themselves."""

ARRAY_ADAPTERS = (
    "ArrayDataAdapter", "TensorLikeDataAdapter", "GenericArrayLikeDataAdapter", "ListsOfScalarsDataAdapter",
)  # fmt: skip
"""Keras's adapters (the last three are of Keras 2) for rows in memory, which are seen whole when they are given."""

SEQUENCE_ADAPTERS = ("PyDatasetAdapter", "KerasSequenceAdapter")


@dataclass
class Scored:
    """A call of evaluate or predict that is going on."""

    tee: Tee | None = None
    logs: Any = None


class KerasHooks:
    """Observers of Keras's trainer. `install` gives each module's hook."""

    def __init__(self, probe: Probe, scorings: Scorings) -> None:
        """Keep what to send through."""
        self.probe = probe
        self.scorings = scorings

    # ------------------------------------------------------------ hooks on modules
    def backend_trainer(self, module: Any) -> None:
        """Hook `keras.src.backend.tensorflow.trainer`."""
        trainer, fault = module.TensorFlowTrainer, self.probe.fault
        observers = {
            "fit": self.fit(binder(trainer.fit)),
            "evaluate": self.evaluate(binder(trainer.evaluate)),
            "predict": self.predict(binder(trainer.predict)),
            "test_on_batch": self.test_on_batch(binder(trainer.test_on_batch)),
            "predict_on_batch": self.predict_on_batch,
        }
        for name, observer in observers.items():
            patch_method(trainer, name, observer, fault)
        patch_method(module.TFEpochIterator, "__init__", self.epoch_iterator, fault)

    def base_trainer(self, module: Any) -> None:
        """Hook `keras.src.trainers.trainer`."""
        trainer = module.Trainer
        patch_method(trainer, "compile", self.compile(binder(trainer.compile)), self.probe.fault)
        patch_method(trainer, "_flatten_metrics_in_order", self.flatten_metrics, self.probe.fault)

    def history(self, module: Any) -> None:
        """Hook `keras.src.callbacks.history`."""
        patch_method(module.History, "on_epoch_end", self.on_epoch_end, self.probe.fault)

    # ------------------------------------------------------------ observers
    def compile(self, bind: Any) -> Any:
        """Observe `compile`."""

        def observe(*args: Any, **kwargs: Any) -> Watching:
            arguments = bind(*args, **kwargs)
            yield
            model = arguments["self"]
            name = self.probe.models.describe(model)
            self.probe.send("model.compiled", model=name, **compile_fields(model, arguments))

        return observe

    def fit(self, bind: Any) -> Any:
        """Observe `fit`."""

        def observe(*args: Any, **kwargs: Any) -> Watching:
            arguments = bind(*args, **kwargs)
            if self.probe.within("fit"):
                return
            self.probe.training_starts()
            training = Training(self.probe, arguments["self"], self.probe.new_id("f"))
            self._prepare(training, arguments)
            with self.probe.inside("fit", training):
                error: BaseException | None = None
                try:
                    yield
                except BaseException as raised:
                    error = raised
            training.end(error)

        return observe

    def _prepare(self, training: Training, arguments: dict[str, Any]) -> None:
        x, y, share = arguments.get("x"), arguments.get("y"), arguments.get("validation_split") or 0.0
        held_out = arguments.get("validation_data")
        if is_arrays(x):
            if share and held_out is None:
                cut = math.floor(as_table(x).count * (1.0 - share))  # type: ignore[union-attr]
                held_out = (cut_rows(x, cut, None), cut_rows(y, cut, None))
                x, y = cut_rows(x, None, cut), cut_rows(y, None, cut)
            training.rows = self.probe.rows.seen(x, "train")
            training.labels = self.probe.labels.seen(y)
            self.probe.labelled(training.rows, training.labels)
        if isinstance(held_out, (list, tuple)) and len(held_out) >= 2 and is_arrays(held_out[0]):
            training.validation_rows = self.probe.rows.seen(held_out[0], "score")
            training.validation_labels = self.probe.labels.seen(held_out[1])
            self.probe.labelled(training.validation_rows, training.validation_labels)
        for name, data, keep in (("drawn_from", x, "train"), ("validation_drawn_from", held_out, "")):
            behind = rows_behind(data)
            if behind is not None:
                setattr(training, name, self.probe.rows.seen(behind, keep))
        training.begin(
            validation_split=share,
            epochs=arguments.get("epochs"),
            batch_size=arguments.get("batch_size") or (32 if training.rows else None),
            callbacks=callbacks_given(arguments.get("callbacks")),
            augmentation=augmentation(training.model, x),
        )
        if self.probe.budget is not None:
            training.cap = self.probe.budget.cap(arguments.get("epochs"), arguments.get("initial_epoch"))

    def epoch_iterator(self, iterator: Any, *_args: Any, **_kwargs: Any) -> Watching:
        """Observe the making of Keras's iterator over batches; streams get a tee."""
        yield
        self.watch_batches(iterator, "_distributed_dataset", iterator.data_adapter, ModernBatches)

    def watch_batches(self, owner: Any, attribute: str, adapter: Any, batches: Callable[[Any], Any]) -> None:
        """Put a tee behind the data set that an attribute of Keras's iterator holds, unless rows are in memory.

        Where there is a budget, a training's `batches` are capped.
        """
        holder = self._tee_holder()
        if holder is None:
            return
        if type(adapter).__name__ not in ARRAY_ADAPTERS:
            self._attach_tee(holder, owner, attribute, adapter)
        if isinstance(holder, Training) and holder.cap is not None:
            what, tee = (
                ("training", holder.train_tee) if holder.iterators == 1 else ("validation", holder.validation_tee)
            )
            holder.cap.apply(batches(owner), what, tee, self.probe.fault)

    def _attach_tee(self, holder: Any, owner: Any, attribute: str, adapter: Any) -> None:
        dataset = getattr(owner, attribute)
        keep = "train" if isinstance(holder, Training) and holder.iterators == 1 else "score"
        tee = Tee(self.probe, keep)
        tee.source = _source(adapter)
        if not hasattr(dataset, "element_spec") or not hasattr(dataset, "map"):
            self.probe.send("probe.dropped", what="rows of a stream", why=type(dataset).__name__)
            return
        setattr(owner, attribute, attach(dataset, tee, self.probe.fault))
        if isinstance(holder, Scored):
            holder.tee = tee
        elif holder.iterators == 1:
            holder.train_tee = tee
        else:
            holder.validation_tee = tee

    def _tee_holder(self) -> Any:
        """Return the call the new iterator is for: Keras makes fit's own first, then the one for validation."""
        stack = self.probe.watch.stack
        if not stack or stack[-1][0] not in ("fit", "evaluate", "predict"):
            return None
        holder = stack[-1][1]
        if isinstance(holder, Training):
            holder.iterators += 1
            if holder.iterators > 2:
                return None
        return holder

    def on_epoch_end(self, _callback: Any, epoch: Any, logs: Any = None) -> Watching:
        """Observe Keras's own History callback."""
        yield
        for what, training in self.probe.watch.stack:
            if what == "fit":
                training.epoch(int(epoch), logs)
                if training.cap is not None:
                    training.cap.epoch_ended(training.model)
                return

    def flatten_metrics(self, _model: Any, logs: Any, *_args: Any, **_kwargs: Any) -> Watching:
        """Note the names of the numbers that `evaluate` is about to return as a list."""
        self.note_metrics(logs)
        return
        yield

    def note_metrics(self, logs: Any) -> None:
        """Keep the named numbers for the scoring that is going on."""
        for what, holder in reversed(self.probe.watch.stack):
            if what in ("evaluate", "batch") and isinstance(holder, Scored):
                holder.logs = dict(logs)
                break

    def evaluate(self, bind: Any) -> Any:
        """Observe `evaluate`."""

        def observe(*args: Any, **kwargs: Any) -> Watching:
            if kwargs.get("_use_cached_eval_dataset"):
                with self.probe.inside("validation"):
                    yield
                return
            arguments = bind(*args, **kwargs)
            scored = Scored()
            with self.probe.inside("evaluate", scored):
                result = yield
            logs = scored.logs if scored.logs is not None else result
            rows, labels = self._scored_data(scored, arguments.get("x"), arguments.get("y"))
            returned = numbers(logs) if isinstance(logs, dict) else {"result": spelled(to_number(result))}
            self.scorings.scored(
                arguments["self"], "evaluate", rows, labels, returned=returned, during=self._training_id()
            )

        return observe

    def predict(self, bind: Any) -> Any:
        """Observe `predict`."""

        def observe(*args: Any, **kwargs: Any) -> Watching:
            arguments = bind(*args, **kwargs)
            scored = Scored()
            model, x = arguments["self"], arguments["x"]
            chain = call_chain()
            with self.probe.inside("predict", scored):
                result = yield
            if scored.tee is None and _may_be_a_step(x):
                during = self._training_id()
                self.scorings.add_batch(
                    (id(model), "predict", chain), model, "predict", x, result, labels=None, during=during
                )
                return
            rows, labels = self._scored_data(scored, x, None)
            self.scorings.scored(model, "predict", rows, labels, answers=result, during=self._training_id())

        return observe

    def test_on_batch(self, bind: Any) -> Any:
        """Observe `test_on_batch`: a step of a loop that evaluates."""

        def observe(*args: Any, **kwargs: Any) -> Watching:
            arguments = bind(*args, **kwargs)
            chain = call_chain()
            with self.probe.inside("batch", Scored()):
                yield
            model = arguments["self"]
            self.scorings.add_batch(
                (id(model), "evaluate", chain),
                model,
                "evaluate",
                arguments["x"],
                None,
                labels=arguments.get("y"),
                during=self._training_id(),
            )

        return observe

    def predict_on_batch(self, model: Any, x: Any, *_args: Any, **_kwargs: Any) -> Watching:
        """Observe `predict_on_batch`: a step of a loop that predicts."""
        chain = call_chain()
        with self.probe.inside("batch", Scored()):
            result = yield
        self.scorings.add_batch(
            (id(model), "predict", chain), model, "predict", x, result, labels=None, during=self._training_id()
        )

    # ------------------------------------------------------------ parts
    def _scored_data(self, scored: Scored, x: Any, y: Any) -> tuple[str | None, str | None]:
        if scored.tee is not None:
            return scored.tee.announce()
        rows = self.probe.rows.seen(x, "score")
        labels = self.probe.labels.seen(y) if y is not None else self.probe.labels.seen(self.scorings.labels_of(x))
        self.probe.labelled(rows, labels)
        return rows, labels

    def _training_id(self) -> str | None:
        return next((holder.id for what, holder in self.probe.watch.stack if what == "fit"), None)


def is_arrays(x: Any) -> bool:
    """Tell whether a model's input is given as rows in memory (and not as a stream)."""
    return x is not None and not hasattr(x, "element_spec") and not hasattr(x, "__next__") and as_table(x) is not None


def cut_rows(value: Any, start: int | None, stop: int | None) -> Any:
    """Return the rows from start to stop of an array, frame, tensor, or of each of several inputs."""
    if isinstance(value, dict):
        return {name: cut_rows(item, start, stop) for name, item in value.items()}
    if isinstance(value, (list, tuple)) and value and hasattr(value[0], "shape"):
        return type(value)([cut_rows(item, start, stop) for item in value])
    array = to_numpy(value)
    return None if array is None else array[start:stop]


def numbers(logs: dict[str, Any]) -> dict[str, Any]:
    """Return the plain numbers among the logs; those that are not finite by their names."""
    out = {str(name): spelled(to_number(value)) for name, value in logs.items()}
    return {name: value for name, value in out.items() if value is not None}


def to_number(value: Any) -> float | None:
    """Return a scalar as a float, None for anything else."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _may_be_a_step(x: Any) -> bool:
    shape = getattr(x, "shape", None)
    return shape is not None and len(shape) > 1 and shape[0] is not None and int(shape[0]) <= LOOP_ROWS


def _source(adapter: Any) -> str:
    name = type(adapter).__name__
    return "generator" if "Generator" in name else "sequence" if name in SEQUENCE_ADAPTERS else "tf.data"
