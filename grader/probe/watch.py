"""What the hooks share: the channel, the registries, and where in the libraries the student's call is just now."""

from __future__ import annotations

import inspect
import itertools
import os
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from .budget import Budget
from .channel import Channel
from .labels import LabelSets
from .models import Models
from .rows import RowSets
from .wrapping import HIDDEN_FILES, NotWatched

MAX_FAULTS_PER_PLACE = 5
"""A fault in a loop says nothing new after a few times."""

MAX_AUGMENTATIONS = 64
"""A loop that alters batch by batch is told by its first batches."""

CHAIN_FRAMES = 12
"""Calling frames that tell one place of a notebook from another."""


class Watch(threading.local):
    """The part of the state that each thread has for itself: the calls that are being watched, outermost first."""

    def __init__(self) -> None:
        """Start outside of everything."""
        self.stack: list[tuple[str, Any]] = []


class Probe:
    """Everything the hooks know and send through."""

    def __init__(self, channel: Channel) -> None:
        """Start with nothing seen."""
        self.channel = channel
        self.rows = RowSets(channel)
        self.labels = LabelSets(channel)
        self.models = Models(channel)
        self.watch = Watch()
        self.before_training: list[Callable[[], None]] = []
        self.at_cell_end: list[Callable[[], None]] = []
        self.cell_error: BaseException | None = None
        self.loops: dict[int, Any] = {}
        """Custom trainings that are going on, by the id of the model object."""
        self.last_word: Callable[[Any], None] | None = None
        self.top = os.getcwd()
        """The folder of all that was handed in: paths are told from it."""
        self.session: Any = None
        self.budget: Budget | None = None
        """What trainings may still use; None where they are not capped."""
        self.integrity: Any = None
        self._augmentations = 0
        self._numbers: dict[str, itertools.count[int]] = {}
        self._faults: dict[str, int] = {}

    def send(self, kind: str, **fields: Any) -> None:
        """Send an event."""
        self.channel.send(kind, **fields)

    def new_id(self, letter: str) -> str:
        """Return the next id of a kind of thing: f1, f2, ..."""
        return f"{letter}{next(self._numbers.setdefault(letter, itertools.count(1)))}"

    def fault(self, where: str, error: BaseException) -> None:
        """Send the probe's own fault; never raises."""
        try:
            count = self._faults[where] = self._faults.get(where, 0) + 1
            if count <= MAX_FAULTS_PER_PLACE:
                place = traceback.extract_tb(error.__traceback__)[-1:]
                line = f" ({place[0].name}:{place[0].lineno})" if place else ""
                self.send("probe.fault", where=where, error=f"{type(error).__name__}: {error}"[:500] + line)
        except Exception:
            pass

    @contextmanager
    def inside(self, what: str, holder: Any = None) -> Iterator[None]:
        """Remember that a watched call is going on in this thread."""
        stack = self.watch.stack
        entry = (what, holder)
        stack.append(entry)
        try:
            yield
        finally:
            if entry in stack:
                del stack[stack.index(entry) :]

    def within(self, *kinds: str) -> bool:
        """Tell whether a watched call of one of the kinds is going on."""
        return any(what in kinds for what, _ in self.watch.stack)

    def training_of(self, model: Any) -> Any:
        """Return the call of fit that trains this model in this thread, None where there is none."""
        return next(
            (holder for what, holder in reversed(self.watch.stack) if what == "fit" and holder.model is model), None
        )

    def trains(self, model: Any) -> str:
        """Return the id of the training of this model that is going on, empty where there is none."""
        training = self.training_of(model)
        if training is not None:
            return str(training.id)
        loop = self.loops.get(id(model))
        return str(loop.training.id) if loop is not None else ""

    def labelled(self, rows: str | None, labels: str | None) -> None:
        """Send that rows were seen with labels."""
        if rows and labels:
            self.send("rows.labelled", rows=rows, labels=labels)

    def augmented(self, kind: str, before: Any, after: Any) -> None:
        """Send that rows in memory were altered at random, one for one; only the first of very many times."""
        self._augmentations += 1
        if self._augmentations <= MAX_AUGMENTATIONS:
            rows = {"rows_in": self.rows.seen(before), "rows_out": self.rows.seen(after)}
            self.send("augmentation", **{"class": kind}, **rows)

    def training_starts(self) -> None:
        """Finish what needs the weights as they are."""
        self._run_all(self.before_training)

    def cell_ends(self, result: Any = None) -> None:
        """Finish what belongs to the cell that just ran (IPython's `post_run_cell`)."""
        try:
            self.cell_error = getattr(result, "error_in_exec", None)
            self._run_all(self.at_cell_end)
            self.models.end_cell()
        except Exception as error:
            self.fault("cell end", error)
        if self.last_word is not None:
            try:
                self.last_word(result)
            except Exception as error:
                self.fault("integrity", error)

    def _run_all(self, actions: list[Callable[[], None]]) -> None:
        for action in actions:
            try:
                action()
            except Exception as error:
                self.fault(getattr(action, "__qualname__", "action"), error)


def binder(original: Callable[..., Any]) -> Callable[..., dict[str, Any]]:
    """Return a function that names a call's arguments, defaults included, and those under `**kwargs` by their names."""
    signature = inspect.signature(original)
    extra = next((p.name for p in signature.parameters.values() if p.kind is p.VAR_KEYWORD), None)

    def bind(*args: Any, **kwargs: Any) -> Any:
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError as error:
            raise NotWatched from error
        bound.apply_defaults()
        named = dict(bound.arguments)
        if extra is not None:
            named.update(named.pop(extra))
        return named

    return bind


def call_chain() -> tuple[tuple[int, int], ...]:
    """Return where the current call comes from: code and line of the frames outside the libraries."""
    chain: list[tuple[int, int]] = []
    frame: Any = sys._getframe(1)
    while frame is not None and len(chain) < CHAIN_FRAMES:
        if not library_file(frame.f_code.co_filename):
            chain.append((id(frame.f_code), frame.f_lineno))
        frame = frame.f_back
    return tuple(chain)


def library_file(name: str) -> bool:
    """Tell whether code comes from an installed package, the standard library or the probe."""
    return (
        "site-packages" in name
        or "dist-packages" in name
        or name.startswith((sys.base_prefix, sys.prefix, "<frozen", *HIDDEN_FILES, __file__.rpartition("/")[0]))
    )


def called_by_student() -> bool:
    """Tell whether the nearest frame outside the probe is the student's own code."""
    here = __file__.rpartition("/")[0]
    frame: Any = sys._getframe(1)
    while frame is not None:
        name = frame.f_code.co_filename
        if not name.startswith((*HIDDEN_FILES, here)):
            return not library_file(name)
        frame = frame.f_back
    return False
