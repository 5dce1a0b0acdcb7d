"""Which hook belongs to which module, and the start of it all."""

from __future__ import annotations

from .channel import Channel
from .imports import Hook, install
from .keras_hooks import KerasHooks
from .scoring import Scorings
from .watch import Probe


def start(descriptor: int) -> Probe:
    """Start watching: open the channel and hook libraries as they are imported."""
    import os
    import platform

    probe = Probe(Channel(descriptor))
    probe.send("probe.started", python=platform.python_version(), pid=os.getpid())
    install(hooks(probe), probe.fault)
    return probe


def hooks(probe: Probe) -> dict[str, list[Hook]]:
    """Return the hooks by the name of the module after whose execution they run."""
    scorings = Scorings(probe)
    keras = KerasHooks(probe, scorings)
    table: dict[str, list[Hook]] = {
        "keras.src.backend.tensorflow.trainer": [keras.backend_trainer],
        "keras.src.trainers.trainer": [keras.base_trainer],
        "keras.src.callbacks.history": [keras.history],
    }
    for name in ("keras", "sklearn", "tensorflow", "matplotlib", "pandas", "numpy"):
        table.setdefault(name, []).append(_announce(probe, name))
    return table


def _announce(probe: Probe, library: str) -> Hook:
    def hook(module):
        probe.send("probe.hooked", library=library, version=str(getattr(module, "__version__", "")))

    return hook
