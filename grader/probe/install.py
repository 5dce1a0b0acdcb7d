"""Which hook belongs to which module, and the start of it all."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from types import ModuleType

from . import metrics, seeds, thread_pools
from .budget import Budget, read_allowance
from .callbacks import CallbackHooks
from .calls import CallHooks
from .channel import Channel
from .data_hooks import DataHooks
from .dataset_files import OfferedFiles
from .figures import FigureHooks
from .files_left import FilesLeft
from .imports import Hook, Hooks, PostImportFinder, install
from .integrity import Integrity
from .keras_hooks import KerasHooks
from .legacy_keras_hooks import ROOTS, LegacyKerasHooks, under_legacy_roots
from .plotly_figures import PlotlyHooks
from .saving import FileHooks
from .scoring import Scorings
from .session import Session
from .side_columns import SideColumns
from .sklearn_hooks import SklearnHooks
from .torch_hooks import TorchHooks
from .watch import Probe
from .weights import WeightHooks
from .wire import BUDGET_VARIABLE, TOP_VARIABLE
from .wrapping import hide_from_traceback_module

LIBRARIES = ("keras", "matplotlib", "numpy", "pandas", "seaborn", "sklearn", "tensorflow", "tf_keras", "torch")
"""Libraries whose import is told."""


@dataclass(frozen=True)
class Placed:
    """Hooks that are in place; `session`, `offered` and `side` still have to meet the kernel that they are in."""

    probe: Probe
    finder: PostImportFinder
    session: Session
    offered: OfferedFiles
    side: SideColumns


_prepared: list[Placed] = []


def prepare() -> None:
    """Place the hooks in a process whose forks will be kernels: libraries that are loaded are hooked in all of them.

    Raises:
        RuntimeError: something went wrong. Nobody would be told here: each kernel must do it for itself.
    """
    placed = place(Probe(Channel()))
    if placed.probe.channel.unsent:
        raise RuntimeError("a hook could not be placed")
    _prepared.append(placed)


def start(descriptor: int) -> Probe:
    """Start watching: open the channel and hook libraries as they are imported."""
    prepared = _prepared.pop() if _prepared else None
    probe = Probe(Channel()) if prepared is None else prepared.probe
    probe.channel.open(descriptor)
    probe.send("probe.started", python=platform.python_version(), pid=os.getpid(), cell_ends=True)
    probe.top = os.path.realpath(os.environ.pop(TOP_VARIABLE, ""))
    allowance = read_allowance(os.environ.pop(BUDGET_VARIABLE, ""))
    probe.budget = None if allowance is None else Budget(allowance)
    meet(prepared or place(probe))
    return probe


def place(probe: Probe) -> Placed:
    """Place what is the same in every kernel; nothing of it does anything but watch before it has met one."""
    hide_from_traceback_module()
    offered = OfferedFiles(probe)
    table, beginnings = hooks(probe, offered)
    session, side = Session(probe), SideColumns(probe)
    for module, hook in (*session.hooks().items(), *side.hooks().items()):
        table.setdefault(module, []).append(hook)
    finder = install(probe.fault)
    finder.watch(Hooks(table, beginnings))
    return Placed(probe, finder, session, offered, side)


def meet(placed: Placed) -> None:
    """Let the hooks know the kernel that they are in: its folder, its variables, what the grader offers it."""
    probe = placed.probe
    probe.session = placed.session
    placed.session.begin()
    placed.offered.begin()
    placed.finder.watch(Hooks({library: [_announcing(probe, library)] for library in LIBRARIES}))
    placed.finder.watch(Hooks(thread_pools.hooks()))
    placed.side.listen()
    try:
        FilesLeft(probe, probe.top)
    except Exception as error:
        probe.fault("files left", error)
    probe.integrity = integrity = Integrity(probe, placed.finder)
    probe.last_word = integrity.cell_ended


def hooks(probe: Probe, offered: OfferedFiles) -> tuple[dict[str, list[Hook]], dict[str, Hook]]:
    """Return the hooks of libraries by module name, and by the beginning of module names."""
    scorings = Scorings(probe)
    keras, calls = KerasHooks(probe, scorings), CallHooks(probe, scorings)
    data, sklearn = DataHooks(probe, scorings), SklearnHooks(probe)
    files = FileHooks(probe)
    figures, weights, callbacks = FigureHooks(probe), WeightHooks(probe, files), CallbackHooks(probe)
    plotly = PlotlyHooks(probe)
    table: dict[str, list[Hook]] = {
        "keras.src.backend.tensorflow.trainer": [keras.backend_trainer, calls.backend_trainer],
        "keras.src.callbacks.callback_list": [callbacks.callback_list],
        "keras.src.callbacks.history": [keras.history],
        "keras.src.layers.layer": [weights.layer],
        "keras.src.losses.loss": [calls.losses],
        "keras.src.metrics.reduction_metrics": [calls.metric],
        "keras.src.models.model": [calls.model, weights.model],
        "keras.src.optimizers.base_optimizer": [calls.optimizer],
        "keras.src.saving.saving_api": [weights.saving],
        "keras.src.trainers.trainer": [keras.base_trainer],
        "matplotlib.axes._axes": [figures.axes],
        "matplotlib.axes._base": [figures.axes_base],
        "matplotlib.figure": [figures.figure],
        "sklearn.base": [sklearn.base],
        "imblearn.base": [sklearn.resamplers],
        "sklearn.model_selection._split": [sklearn.splits],
        "sklearn.model_selection._validation": [sklearn.validation],
        "tensorflow.python.eager.backprop": [calls.backprop],
        "tensorflow.python.eager.polymorphic_function.polymorphic_function": [calls.function],
        "tensorflow.python.eager.record": [calls.tape],
    }
    torch = TorchHooks(probe, scorings, files)
    for module, hook in files.hooks().items():
        table.setdefault(module, []).append(hook)
    computed = metrics.hooks(probe, scorings)
    for more in (data.hooks(), offered.hooks(), computed, plotly.hooks(), seeds.hooks(probe)):
        for module, hook in {**more, **under_legacy_roots(more)}.items():
            table.setdefault(module, []).append(hook)
    for module, hook in torch.hooks():
        table.setdefault(module, []).append(hook)
    for module, found in LegacyKerasHooks(probe, keras, calls, weights, data, callbacks).hooks().items():
        table.setdefault(module, []).extend(found)
    return table, {**sklearn.prefixes(), **{f"{root}.applications.": weights.application for root in ROOTS}}


def _announcing(probe: Probe, library: str) -> Hook:
    def hook(module: ModuleType) -> None:
        probe.send("probe.hooked", library=library, version=str(getattr(module, "__version__", "")))

    return hook
