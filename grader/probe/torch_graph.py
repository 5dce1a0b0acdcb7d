"""Reading autograd's graph behind a tensor: which operations made it, in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

MAX_NODES = 5_000
"""A ResNet-152 has some 1,500 operations; what is larger is not read to its end."""

OUTPUT_ACTIVATIONS = {
    "Softmax": "softmax", "LogSoftmax": "log_softmax", "Sigmoid": "sigmoid", "LogSigmoid": "log_sigmoid",
    "Tanh": "tanh", "Relu": "relu", "LeakyRelu": "leaky_relu", "Elu": "elu", "Gelu": "gelu", "Softplus": "softplus",
    "Hardsigmoid": "hard_sigmoid", "LogSigmoidForward": "log_sigmoid",
}  # fmt: skip
"""Operations by autograd's name (without `Backward0`) that are an activation of the output."""

AS_LAYERS = {
    "Relu": "ReLU", "LeakyRelu": "LeakyReLU", "Elu": "ELU", "Gelu": "GELU", "Silu": "SiLU", "Sigmoid": "Sigmoid",
    "Tanh": "Tanh", "Softplus": "Softplus", "Hardtanh": "Hardtanh", "Mish": "Mish", "Softmax": "Softmax",
    "LogSoftmax": "LogSoftmax", "MaxPool2DWithIndices": "MaxPool2d", "MaxPool1DWithIndices": "MaxPool1d",
    "AvgPool2D": "AvgPool2d", "NativeDropout": "Dropout", "LogSigmoid": "LogSigmoid", "Hardswish": "Hardswish",
}  # fmt: skip
"""Operations that are layers when written as modules: a forward may call them as functions."""

RESHAPES = frozenset(
    {"View", "Squeeze", "Unsqueeze", "Reshape", "ReshapeAlias", "UnsafeView", "Clone", "Alias", "T", "Permute",
     "Transpose", "ToCopy", "Select", "Slice"}
)  # fmt: skip
"""Operations that change no value, only how values are laid out."""


@dataclass(frozen=True)
class Operation:
    """One operation: autograd's plain name, and the id of a parameter that it reads, 0 for none."""

    name: str
    weight: int = 0

    @property
    def layer(self) -> str:
        """The layer it would be, empty where it would be none."""
        return AS_LAYERS.get(self.name, "")

    @property
    def reshapes(self) -> bool:
        """Whether it leaves all values as they are."""
        return self.name in RESHAPES


def operations(tensor: Any) -> list[Operation]:
    """Return the operations that made a tensor, the earliest first; empty where no graph was recorded."""
    found: list[Operation] = []
    known: set[Any] = set()
    waiting = [(tensor.grad_fn, False)]
    while waiting and len(known) < MAX_NODES:
        node, done = waiting.pop()
        if node is None or (not done and node in known):
            continue
        before = [item for item, _ in node.next_functions if item is not None]
        if done:
            weights = [id(item.variable) for item in _leaves(before)]
            found.append(Operation(plain_name(node), weights[0] if weights else 0))
            continue
        known.add(node)
        waiting.append((node, True))
        waiting += [(item, False) for item in before if not hasattr(item, "variable")]
    return found


def _leaves(nodes: list[Any]) -> list[Any]:
    """Return the accumulating nodes of parameters among nodes, a transposition of the weight in between skipped."""
    out = [node for node in nodes if hasattr(node, "variable")]
    for node in nodes:
        if plain_name(node) in {"T", "Transpose"}:
            out += [item for item, _ in node.next_functions if hasattr(item, "variable")]
    return out


def plain_name(node: Any) -> str:
    """Return `Relu` for `ReluBackward0`, `MaxPool2DWithIndices` for `MaxPool2DWithIndicesBackward0`."""
    name: str = node.name()
    return name.partition("Backward")[0].rpartition("::")[2]


def activation_of(tensor: Any) -> str:
    """Return the activation a tensor comes from, reshaping aside; empty where it is none or no graph was recorded."""
    node = tensor.grad_fn
    while node is not None:
        name = plain_name(node)
        if name in OUTPUT_ACTIVATIONS:
            return OUTPUT_ACTIVATIONS[name]
        if name not in RESHAPES or not node.next_functions:
            return ""
        node = node.next_functions[0][0]
    return ""
