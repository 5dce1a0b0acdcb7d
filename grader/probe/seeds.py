"""Seeds: who fixed which random state."""

from __future__ import annotations

from typing import Any

from .imports import Hook
from .watch import Probe, called_by_student
from .wrapping import Watching, patch_function

SEEDS = {
    "random": ("random", ("seed",)),
    "numpy.random": ("numpy.random", ("seed", "default_rng")),
    "tensorflow.python.framework.random_seed": ("tf.random", ("set_seed",)),
    "keras.src.utils.rng_utils": ("keras.utils", ("set_random_seed",)),
    "torch.random": ("torch", ("manual_seed",)),
}
"""Defining module -> public module and functions."""


def hooks(probe: Probe) -> dict[str, Hook]:
    """Return the hook of each module that has a seeding function."""
    return {module: _hook(probe, public, names) for module, (public, names) in SEEDS.items()}


def _hook(probe: Probe, public: str, names: tuple[str, ...]) -> Hook:
    def hook(module: Any) -> None:
        for name in names:
            patch_function(module, name, _observer(probe, f"{public}.{name}"), probe.fault)

    return hook


def _observer(probe: Probe, function: str) -> Any:
    def observe(*args: Any, **kwargs: Any) -> Watching:
        wanted = called_by_student()
        yield
        value = args[0] if args else next(iter(kwargs.values()), None)
        if wanted and value is not None:
            probe.send("seed.set", function=function, value=str(value)[:100])

    return observe
