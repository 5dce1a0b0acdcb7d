"""Passes of a PyTorch model over rows without training: the batches of each joined, and what came of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .fingerprint import digest
from .models import weights_digest
from .scoring import Scorings
from .streams import Tee
from .torch_calls import Call, as_array, right_answers
from .torch_models import kind_of
from .watch import Probe

MAX_ANSWERS = 64 * 1024 * 1024
"""Most bytes of answers kept of one pass: a million rows of ten float32, or 300 small pictures of a network's own."""

UNKNOWN = "unknown"


@dataclass
class Pass:
    """Batches that one model in one state answered, in a row: a pass over a loader, or calls from one place."""

    model: Any
    key: Any
    score: str
    weights: str
    tee: Tee
    active: bool
    """A layer that acts at random only while training was active (the model was not in evaluation mode)."""
    answers: list[Any] = field(default_factory=list)
    labels: list[Any] = field(default_factory=list)
    losses: list[tuple[float, int]] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    kept: int = 0
    count: int = 0
    labelled: int = 0
    loss_name: str = ""

    @property
    def output(self) -> Any:
        """All answers, one per row; None where they don't fit together or are too many."""
        import numpy as np

        whole = sum(len(item) for item in self.answers) == self.count
        if not self.answers or not whole or len({item.shape[1:] for item in self.answers}) != 1:
            return None
        return np.concatenate(self.answers)


class TorchScorings:
    """The passes that are going on, and what is sent of them once it is known what they were."""

    def __init__(self, probe: Probe, scorings: Scorings) -> None:
        """Start with nothing scored."""
        self.probe = probe
        self.scorings = scorings
        self.passes: list[Pass] = []
        self._remembered: dict[str, int] = {}
        scorings.before_lookup.append(self.remember)

    def add(self, call: Call, weights: str | None = None) -> None:
        """Take in a call: a batch of a pass, or the first of a new one."""
        key = ("loader", call.batch.number) if call.batch is not None else ("place", call.chain)
        found = next((item for item in self.passes if item.key == key and item.model is call.model), None)
        if found is None:
            found = self._begin(call, key, weights)
        self._settle(found)
        found.tee.add(self._inputs(call), None)
        found.count += call.count
        found.calls.append(call)

    def _begin(self, call: Call, key: Any, weights: str | None) -> Pass:
        tee = Tee(self.probe, "score")
        tee.source = "generator" if call.batch is not None else "array"
        state = weights if weights is not None else weights_digest(call.model)
        active = bool(call.model.training) and acts_at_random(call.model)
        self.passes.append(Pass(call.model, key, call.score or self.probe.new_id("s"), state, tee, active))
        return self.passes[-1]

    def _inputs(self, call: Call) -> Any:
        arrays = [as_array(item) for item in call.inputs]
        return arrays[0] if len(arrays) == 1 else arrays

    def _settle(self, one: Pass) -> None:
        """Take over what is known of a pass's calls: a loss is computed after the call it is about."""
        import numpy as np

        calls, one.calls = one.calls, []
        for call in calls:
            if call.output is not None and len(call.output) == call.count and one.kept < MAX_ANSWERS:
                one.answers.append(np.array(as_array(call.output)))
                one.kept += one.answers[-1].nbytes
            labels = None if call.labels is None else as_array(call.labels)
            if labels is not None and labels.ndim and len(labels) == call.count:
                one.labels.append(np.array(labels))
                one.labelled += call.count
            if call.mean_loss is not None:
                one.losses.append((call.mean_loss, call.count))
            if call.loss is not None:
                one.loss_name = call.loss.name

    def expect(self, call: Call) -> None:
        """Let metric calls find the answers of a call of which it isn't known yet whether it is a scoring."""
        if not call.score and call.output is not None:
            call.score = self.probe.new_id("s")
            self.scorings.remember(call.score, as_array(call.output))

    def take(self, model: Any = None) -> list[Pass]:
        """Return the passes of a model (of all where none is given) and forget them."""
        taken = [item for item in self.passes if model is None or item.model is model]
        self.passes = [item for item in self.passes if item not in taken]
        for item in taken:
            self._settle(item)
        return taken

    def remember(self) -> None:
        """Let metric calls find the answers of passes that are not sent yet."""
        for item in self.passes:
            self._settle(item)
            if self._remembered.get(item.score) != item.count and item.output is not None:
                self._remembered[item.score] = item.count
                self.scorings.remember(item.score, item.output)

    def labels_of(self, one: Pass) -> Any:
        """Return all labels of a pass, None where some batch had none."""
        import numpy as np

        same = len({item.shape[1:] for item in one.labels}) == 1
        return np.concatenate(one.labels) if one.labels and same and one.labelled == one.count else None

    def logs(self, one: Pass) -> dict[str, float]:
        """Return loss and accuracy of a pass: per batch, and per row where that is another number."""
        right = right_answers(one.output, self.labels_of(one), one.loss_name)
        return mean_logs(one.losses, right, one.count)

    def send(self, one: Pass, rows: str | None, during: str | None) -> None:
        """Send a pass whose rows were announced."""
        labels = self.labels_of(one)
        name = None if labels is None else self.probe.labels.seen(labels)
        self.probe.labelled(rows, name)
        self.scorings.scored(
            one.model, "call", rows, name, answers=one.output, during=during, weights=one.weights, score=one.score,
            active=one.active or None,
        )  # fmt: skip

    def send_all(self, model: Any = None) -> None:
        """Send passes that belong to no training that goes on."""
        for item in self.take(model):
            rows, _ = item.tee.announce()
            self.send(item, rows, None)


def mean_logs(losses: list[tuple[float, int]], right: int | None, count: int) -> dict[str, float]:
    """Return the mean loss of batches, also weighted by their rows and of the last one, and the accuracy."""
    out: dict[str, float] = {}
    if losses:
        rows = sum(number for _, number in losses)
        out["loss"] = sum(value for value, _ in losses) / len(losses)
        out["loss_per_row"] = sum(value * number for value, number in losses) / max(1, rows)
        out["loss_of_last_batch"] = losses[-1][0]
    if right is not None and count:
        out["accuracy"] = right / count
    return {name: value for name, value in out.items() if name == "loss" or value != out.get("loss")}


def content(tee: Tee) -> str:
    """Return what identifies the rows of a finished pass whatever their order."""
    import numpy as np

    return digest(np.concatenate([np.zeros(0, dtype=np.uint64), *tee.passes]))


def acts_at_random(model: Any) -> bool:
    """Tell whether a model holds a layer that does something else while training: dropout or batch normalisation."""
    names = (kind_of(part) for part in model.modules())
    return any("Dropout" in name or "BatchNorm" in name for name in names)
