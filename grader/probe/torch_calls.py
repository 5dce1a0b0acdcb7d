"""One call of a PyTorch module and what became of it: its loss, whether gradients went through it, its batch."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import Any

CLASSIFIERS = ("CrossEntropyLoss", "NLLLoss", "BCELoss", "BCEWithLogitsLoss")
"""Losses whose targets are classes: an accuracy can be told from outputs and targets."""

LOGITS = {"CrossEntropyLoss": True, "BCEWithLogitsLoss": True, "NLLLoss": False, "BCELoss": False}
"""Whether a loss takes scores (True) or (logarithms of) probabilities."""

FUSED = {("log_softmax", "NLLLoss"): "CrossEntropyLoss", ("sigmoid", "BCELoss"): "BCEWithLogitsLoss"}
"""A loss with an activation in front of it that is no part of the model, and the loss that both make together."""


@dataclass(frozen=True)
class Batch:
    """What a loader gave last: which pass over which loader, how many rows, and their labels where they are known."""

    number: int
    count: int
    labels: Any


@dataclass(frozen=True)
class Loss:
    """What a loss function said of a call: its name, its value, the targets, and what it was given."""

    name: str
    value: float
    summed: bool
    target: Any
    activation: str


@dataclass
class Call:
    """A call of a module by the notebook. `backed` is set once a gradient went back through it."""

    model: Any
    inputs: list[Any]
    output: Any
    batch: Batch | None
    chain: tuple[tuple[int, int], ...] = ()
    losses: list[Loss] = field(default_factory=list)
    backed: bool = False
    backward_value: float | None = None
    from_module: bool = False
    """Its input came out of another module with a gradient: the module is a part of a larger network."""
    score: str = ""
    """The scoring that it begins if no gradient goes back through it: a metric was given its answers before."""

    @property
    def count(self) -> int:
        """Number of rows."""
        return int(self.inputs[0].shape[0])

    @property
    def loss(self) -> Loss | None:
        """What the last loss function that was given its output said."""
        return self.losses[-1] if self.losses else None

    @property
    def labels(self) -> Any:
        """The labels of its rows: as the loss was given them, else as they came with the batch."""
        if self.loss is not None and self.loss.target is not None:
            return self.loss.target
        return self.batch.labels if self.batch is not None else None

    @property
    def mean_loss(self) -> float | None:
        """Its loss per row: what was minimised, else what a loss function gave."""
        loss = self.loss
        if loss is None:
            return self.backward_value
        scale = 1.0 / max(1, self.count) if loss.summed else 1.0
        if self.backward_value is not None and not loss.summed:
            return self.backward_value
        return loss.value * scale


def tensors_in(value: Any) -> list[Any]:
    """Return the tensors with rows in a module's arguments or results, in order; only plain ones, not stand-ins."""
    torch = sys.modules["torch"]
    if isinstance(value, torch.Tensor):
        plain = type(value) in (torch.Tensor, torch.nn.Parameter)
        return [value] if plain and value.ndim and value.shape[0] else []
    if isinstance(value, dict):
        return [item for inner in value.values() for item in tensors_in(inner)]
    if isinstance(value, (list, tuple)):
        return [item for inner in value for item in tensors_in(inner)]
    logits = getattr(value, "logits", None)
    return tensors_in(logits) if logits is not None else []


def as_array(tensor: Any) -> Any:
    """Return a tensor's values as numpy sees them, without copying where both can share."""
    values = tensor.detach()
    if values.device.type != "cpu":
        values = values.cpu()
    if str(values.dtype) in ("torch.bfloat16", "torch.float16"):
        values = values.float()
    if values.is_conj() or values.is_neg():
        values = values.resolve_conj().resolve_neg()
    return values.numpy()


def right_answers(answers: Any, labels: Any, loss: str) -> int | None:
    """Return how many rows are answered rightly by the usual reading of a classifier's outputs; None where unclear."""
    import numpy as np

    if loss not in CLASSIFIERS or answers is None or labels is None or len(answers) != len(labels):
        return None
    answers, labels = np.asarray(answers), np.asarray(labels)
    if answers.ndim == 2 and answers.shape[1] > 1:
        if labels.ndim == 2 and labels.shape[1] == answers.shape[1]:
            labels = labels.argmax(axis=1)
        if labels.size != len(answers):
            return None
        return int((answers.argmax(axis=1) == labels.reshape(-1)).sum())
    if answers.size != len(answers) or labels.size != len(answers):
        return None
    cut = 0.0 if loss == "BCEWithLogitsLoss" else 0.5
    return int(((answers.reshape(-1) > cut) == (labels.reshape(-1) > 0.5)).sum())
