"""Trainings of PyTorch models, seen from the optimizers' steps: rows, epochs, losses and what was watched."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .fingerprint import exact_hashes
from .streams import Tee
from .torch_calls import FUSED, LOGITS, Call, as_array, right_answers
from .torch_scoring import Pass, TorchScorings, content, mean_logs
from .training import Training
from .watch import Probe

MOSTLY = 0.5
"""A batch of which more rows than this came before in this epoch begins the next one."""

SETTLED_PASSES = 8
"""After so many epochs that brought no new row, further ones are not looked through: each costs time."""


@dataclass
class Loop:
    """A training that is going on: one model, from its first step to the end of the cell."""

    owner: TorchTrainings
    training: Training
    tee: Tee
    optimizers: list[Any]
    pass_key: Any = None
    marks: set[int] = field(default_factory=set)
    epochs: int = 0
    steps: int = 0
    losses: list[tuple[float, int]] = field(default_factory=list)
    right: int | None = 0
    rows: int = 0
    logs: dict[str, float] = field(default_factory=dict)
    watched: dict[str, str | None] = field(default_factory=dict)
    """Rows scored while it went on: their content, and the id they were announced under."""
    last: Any = None
    """Inputs of the last step with their version: given again as they are, they need no second look."""
    settled: int = 0


class TorchTrainings:
    """The trainings that are going on, by the id of the model."""

    def __init__(self, probe: Probe, passes: TorchScorings) -> None:
        """Start with none."""
        self.probe = probe
        self.passes = passes
        self.loops: dict[int, Loop] = {}
        probe.at_cell_end.insert(0, self.end_all)
        probe.before_training.append(self.settle)

    # ------------------------------------------------------------ begin and end
    def prepare(self, call: Call, optimizer: Any, schedulers: list[str], *, late: bool = False) -> None:
        """Make ready for a step on a call, before it changes the weights; `late` where it has changed them."""
        if self.probe.budget is not None:
            self.probe.budget.step_of_own()
        loop = self.loops.get(id(call.model))
        watched = [item for item in self.passes.passes if item.model is call.model]
        if loop is not None and watched and not any(item is optimizer for item in loop.optimizers):
            self.end(loop)
            loop = None
        if loop is not None:
            if not any(item is optimizer for item in loop.optimizers):
                loop.optimizers.append(optimizer)
            for item in self.passes.take(call.model):
                self._watched(loop, item)
            return
        for other in list(self.loops.values()):
            if any(item.model is other.training.model for item in self.passes.passes):
                self.end(other)
        self.probe.training_starts()
        self._begin(call, optimizer, schedulers, late=late)

    def _begin(self, call: Call, optimizer: Any, schedulers: list[str], *, late: bool) -> None:
        training = Training(self.probe, call.model, self.probe.new_id("f"), late=late)
        tee = training.train_tee = Tee(self.probe, "train")
        tee.source = "generator" if call.batch is not None else "array"
        name = self.probe.models.describe(call.model)
        self.probe.send("model.compiled", model=name, **compiled(call, optimizer))
        callbacks = [{"class": item, "monitor": "", "settings": {}} for item in schedulers]
        training.begin(validation_split=0.0, epochs=None, batch_size=call.count, callbacks=callbacks, augmentation=[],
                       loop="custom")  # fmt: skip
        loop = Loop(self, training, tee, [optimizer])
        self.loops[id(call.model)] = loop
        self.probe.loops[id(call.model)] = loop

    def end(self, loop: Loop, error: BaseException | None = None) -> None:
        """End a training: what was scored since its last step is its last epoch's, and a scoring of what it made."""
        model = loop.training.model
        self.loops.pop(id(model), None)
        self.probe.loops.pop(id(model), None)
        after = self.passes.take(model)
        for item in after:
            item.tee.end_pass()
            if content(item.tee) in loop.watched:
                self._note(loop, item)
        self._close_epoch(loop)
        loop.training.end(error, loop="custom", steps=loop.steps)
        for item in after:
            rows, _ = item.tee.announce()
            self.passes.send(item, rows, None)

    def end_all(self) -> None:
        """End all trainings: the cell is over."""
        for loop in list(self.loops.values()):
            self.end(loop, self.probe.cell_error)
        self.passes.send_all()

    def settle(self) -> None:
        """Send what was scored of models that are not being trained; weights are about to change."""
        for model in {id(item.model): item.model for item in self.passes.passes}.values():
            if id(model) not in self.loops:
                self.passes.send_all(model)

    # ------------------------------------------------------------ steps
    def step(self, call: Call) -> None:
        """Count a step that was made on a call."""
        loop = self.loops.get(id(call.model))
        if loop is None:
            return
        marks = self._new_epoch(loop, call)
        loop.steps += 1
        loop.rows += call.count
        if call.mean_loss is not None:
            loop.losses.append((call.mean_loss, call.count))
        labels = None if call.labels is None else as_array(call.labels)
        answers = as_array(call.output) if call.output is not None and len(call.output) == call.count else None
        right = right_answers(answers, labels, call.loss.name if call.loss else "")
        loop.right = None if right is None or loop.right is None else loop.right + right
        if marks:
            usable = labels is not None and labels.ndim and len(labels) == call.count
            arrays = [as_array(item) for item in call.inputs]
            loop.tee.add(arrays[0] if len(arrays) == 1 else arrays, labels if usable else None)

    def _new_epoch(self, loop: Loop, call: Call) -> bool:
        """Close the epoch where this step begins another; return whether its rows have to be looked at."""
        if call.batch is not None:
            if loop.pass_key not in (None, call.batch.number):
                self._close_epoch(loop)
            loop.pass_key = call.batch.number
            return loop.settled < SETTLED_PASSES
        given = [(item, item._version) for item in call.inputs]
        again = loop.last is not None and len(loop.last) == len(given)
        again = again and all(a is b and v == w for (a, v), (b, w) in zip(given, loop.last))
        loop.last = given
        if again:
            self._close_epoch(loop)
            return False
        rows = as_array(call.inputs[0])
        marks = exact_hashes(rows.reshape(len(rows), -1)).tolist()
        if sum(mark in loop.marks for mark in marks) > MOSTLY * len(marks):
            self._close_epoch(loop)
            loop.marks.clear()
        loop.marks.update(marks)
        return True

    def _close_epoch(self, loop: Loop) -> None:
        if not loop.rows:
            return
        logs = {**mean_logs(loop.losses, loop.right, loop.rows), **loop.logs}
        before = loop.tee.later
        loop.training.epoch(loop.epochs, logs)
        loop.settled = 0 if loop.tee.later > before else loop.settled + 1
        loop.epochs += 1
        loop.losses, loop.right, loop.rows, loop.logs = [], 0, 0, {}

    # ------------------------------------------------------------ what was watched
    def _watched(self, loop: Loop, item: Pass) -> None:
        """Take in a pass that was made while a training goes on."""
        item.tee.end_pass()
        held_out = self._note(loop, item)
        key = content(item.tee)
        if key not in loop.watched:
            loop.watched[key], _ = item.tee.announce()
            if held_out and loop.training.validation_rows is None:
                loop.training.validation_rows = loop.watched[key]
                loop.training.validation_labels = self.probe.labels.seen(self.passes.labels_of(item))
        self.passes.send(item, loop.watched[key], loop.training.id)

    def _note(self, loop: Loop, item: Pass) -> bool:
        """Add a pass's figures to its epoch; return whether its rows are held out of the training."""
        import numpy as np

        mine = np.concatenate([np.zeros(0, dtype=np.uint64), *item.tee.passes])
        loop.tee.flush()
        trained = loop.tee.known()
        held_out = not len(mine) or float(np.isin(mine, trained).mean()) <= MOSTLY
        for name, value in self.passes.logs(item).items():
            loop.logs.setdefault(f"val_{name}" if held_out else f"evaluated_{name}", value)
        return held_out


def compiled(call: Call, optimizer: Any) -> dict[str, Any]:
    """Return the fields of `model.compiled` from a first step."""
    loss = call.loss
    name = loss.name if loss else ""
    outside = loss.activation if loss else ""
    fused = FUSED.get((outside, name), name)
    groups = getattr(optimizer, "param_groups", None) or [{}]
    rate = groups[0].get("lr")
    return {
        "loss": fused,
        "from_logits": LOGITS.get(fused),
        "optimizer": type(optimizer).__name__,
        "learning_rate": float(rate) if rate is not None else None,
        "metrics": [],
    }
