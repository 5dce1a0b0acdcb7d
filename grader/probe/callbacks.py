"""Weights that a student's callback puts into a model while it is trained.

What training itself makes is known at the places where Keras's steps end and callbacks begin. A state that a callback
leaves is then one of those (early stopping brings back the best), or it came from somewhere else.
"""

from __future__ import annotations

from typing import Any

from .training import Training
from .watch import Probe, library_file
from .wrapping import Watching, patch_method

HOW = "by a callback"

EVENTS = ("on_train_begin", "on_epoch_begin", "on_epoch_end", "on_train_end")


class CallbackHooks:
    """Observers of Keras's list of callbacks."""

    def __init__(self, probe: Probe) -> None:
        """Keep what knows the trainings that are going on."""
        self.probe = probe

    def callback_list(self, module: Any) -> None:
        """Hook `keras.src.callbacks.callback_list`; in Keras 2 the class is in `callbacks`."""
        for name in EVENTS:
            observer = self.steps_begin if name == "on_epoch_begin" else self.steps_are_over
            patch_method(module.CallbackList, name, observer, self.probe.fault)

    def steps_are_over(self, callbacks: Any, *_args: Any, **_kwargs: Any) -> Watching:
        """Note the weights that training made, and look at those that callbacks leave."""
        training = self._training_of(callbacks)
        if training is not None:
            training.stepping = False
            training.note_own_weights()
        yield
        if training is not None:
            training.look_at_weights(HOW)

    def steps_begin(self, callbacks: Any, *_args: Any, **_kwargs: Any) -> Watching:
        """Look at the weights that callbacks left, before training goes on."""
        yield
        training = self._training_of(callbacks)
        if training is not None:
            training.look_at_weights(HOW)
            training.stepping = True

    def _training_of(self, callbacks: Any) -> Training | None:
        """Return the `fit` that these callbacks belong to, where one of them runs code of the notebook."""
        model = next(
            (found for name in ("_model", "model") if (found := getattr(callbacks, name, None)) is not None), None
        )
        training: Training | None = self.probe.training_of(model)
        watched = training is not None and any(map(runs_students_code, callbacks.callbacks))
        return training if watched else None


def runs_students_code(callback: Any) -> bool:
    """Tell whether any of a callback's four events is handled by code that no library brings."""
    for name in EVENTS:
        handler = getattr(callback, name, None)
        code = getattr(getattr(handler, "__func__", handler), "__code__", None)
        if handler is not None and (code is None or not library_file(code.co_filename)):
            return True
    return False
