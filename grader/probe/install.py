"""Which hook belongs to which module, and the start of it all."""

from __future__ import annotations

import os
import platform
from types import ModuleType

from . import dataset_files, metrics, seeds
from .budget import Budget, read_allowance
from .callbacks import CallbackHooks
from .calls import CallHooks
from .channel import Channel
from .data_hooks import DataHooks
from .figures import FigureHooks
from .files_left import FilesLeft
from .imports import Hook, install
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


def start(descriptor: int) -> Probe:
    """Start watching: open the channel and hook libraries as they are imported."""
    probe = Probe(Channel(descriptor))
    probe.send("probe.started", python=platform.python_version(), pid=os.getpid(), cell_ends=True)
    probe.top = os.path.realpath(os.environ.pop(TOP_VARIABLE, ""))
    allowance = read_allowance(os.environ.pop(BUDGET_VARIABLE, ""))
    probe.budget = None if allowance is None else Budget(allowance)
    hide_from_traceback_module()
    table, prefixes = hooks(probe)
    probe.session = session = Session(probe)
    for module, hook in session.hooks().items():
        table.setdefault(module, []).append(hook)
    side = SideColumns(probe)
    for module, hook in side.hooks().items():
        table.setdefault(module, []).append(hook)
    side.listen()
    try:
        FilesLeft(probe, probe.top)
    except Exception as error:
        probe.fault("files left", error)
    finder = install(table, prefixes, probe.fault)
    probe.integrity = integrity = Integrity(probe, finder)
    probe.last_word = integrity.cell_ended
    return probe


def hooks(probe: Probe) -> tuple[dict[str, list[Hook]], dict[str, Hook]]:
    """Return the hooks by module name, and by the beginning of module names; they run after the module's execution."""
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
    loaders, computed = dataset_files.hooks(probe), metrics.hooks(probe, scorings)
    for more in (data.hooks(), loaders, computed, plotly.hooks(), seeds.hooks(probe)):
        for module, hook in {**more, **under_legacy_roots(more)}.items():
            table.setdefault(module, []).append(hook)
    for module, hook in torch.hooks():
        table.setdefault(module, []).append(hook)
    for module, found in LegacyKerasHooks(probe, keras, calls, weights, data, callbacks).hooks().items():
        table.setdefault(module, []).extend(found)
    for library in LIBRARIES:
        table.setdefault(library, []).append(_announcing(probe, library))
    return table, {**sklearn.prefixes(), **{f"{root}.applications.": weights.application for root in ROOTS}}


def _announcing(probe: Probe, library: str) -> Hook:
    def hook(module: ModuleType) -> None:
        probe.send("probe.hooked", library=library, version=str(getattr(module, "__version__", "")))

    return hook
