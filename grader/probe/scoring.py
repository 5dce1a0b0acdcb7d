"""Scorings: evaluate, predict and model calls outside of training, each with rows, labels, answers and a seal."""

from __future__ import annotations

import weakref
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .arrays import send_array, to_numpy
from .fingerprint import digest
from .models import weights_digest
from .rows import SCORE_VALUE_BYTES
from .watch import Probe

REMEMBERED_ANSWERS = 256
"""Forms of predictions that metric calls are compared with."""

REMEMBERED_BATCHES = 64
"""Batches of data sets iterated by hand whose labels are remembered."""


@dataclass
class Loop:
    """Batches of one loop over rows that are scored by one model in one state."""

    model: Any
    how: str
    weights: str
    rows: list[Any] = field(default_factory=list)
    labels: list[Any] = field(default_factory=list)
    answers: list[Any] = field(default_factory=list)
    bytes: int = 0
    during: str | None = None


class Scorings:
    """Sends `model.scored`, merges the batches of loops, and knows whose predictions an array holds."""

    def __init__(self, probe: Probe) -> None:
        """Start with nothing scored."""
        self._probe = probe
        self._loops: dict[Any, Loop] = {}
        self._answers: OrderedDict[str, str] = OrderedDict()
        self._pairs: OrderedDict[int, tuple[weakref.ref[Any], Any]] = OrderedDict()
        self.before_lookup: list[Callable[[], None]] = []
        probe.before_training.append(self.flush)
        probe.at_cell_end.append(self.flush)

    def scored(
        self,
        model: Any,
        how: str,
        rows: str | None,
        labels: str | None,
        *,
        returned: Any = None,
        answers: Any = None,
        during: str | None = None,
        weights: str | None = None,
        score: str | None = None,
        active: bool | None = None,
    ) -> None:
        """Send a scoring and seal the model's state; nothing is sealed inside a training."""
        name = self._probe.models.describe(model)
        weights = weights if weights is not None else weights_digest(model)
        score = score or self._probe.new_id("s")
        if during is None:
            self._probe.models.seal(model, weights)
        values = None if answers is None else to_numpy(answers)
        self._probe.send(
            "model.scored",
            score=score,
            model=name,
            how=how,
            rows=rows,
            labels=labels,
            weights=weights,
            returned=returned or {},
            predictions=None if values is None else self._send_answers(values),
            during=during,
            active=active,
        )
        if values is not None:
            self.remember(score, values)

    def add_batch(
        self, key: Any, model: Any, how: str, x: Any, answers: Any, *, labels: Any, during: str | None
    ) -> None:
        """Take in a batch of a loop; what the loop scored is sent when it is over."""
        import numpy as np

        batch, values = to_numpy(x), to_numpy(answers)
        if batch is None or batch.ndim == 0:
            return
        loop = self._loops.get(key)
        if loop is None or loop.model is not model or (loop.rows and loop.rows[0].shape[1:] != batch.shape[1:]):
            if loop is not None:
                self._send_loop(self._loops.pop(key))
            loop = self._loops[key] = Loop(model, how, weights_digest(model), during=during)
            if during is None:
                self._probe.models.describe(model)
                self._probe.models.seal(model, loop.weights)
        loop.bytes += batch.nbytes
        if loop.bytes > 2 * SCORE_VALUE_BYTES:
            self._send_loop(self._loops.pop(key))
            return
        loop.rows.append(np.array(batch))
        if values is not None and values.ndim and len(values) == len(batch):
            loop.answers.append(np.array(values))
        if labels is None:
            labels = self.labels_of(x)
        array = None if labels is None else to_numpy(labels)
        if array is not None and array.ndim and len(array) == len(batch):
            loop.labels.append(np.array(array))

    def note_during(self, model: Any, training: str) -> None:
        """Note that a training of this model goes on: what was scored since its last step was watched by it."""
        for loop in self._loops.values():
            if loop.model is model and loop.during is None:
                loop.during = training

    def flush(self) -> None:
        """Send the loops that were going on."""
        loops, self._loops = self._loops, {}
        for loop in loops.values():
            self._send_loop(loop)

    def _send_loop(self, loop: Loop) -> None:
        import numpy as np

        if not loop.rows:
            return
        count = len(loop.rows)
        rows = self._probe.rows.seen(np.concatenate(loop.rows), "score")
        labels = None
        if len(loop.labels) == count:
            labels = self._probe.labels.seen(np.concatenate(loop.labels))
            self._probe.labelled(rows, labels)
        answers = None
        if len(loop.answers) == count and len({item.shape[1:] for item in loop.answers}) == 1:
            answers = np.concatenate(loop.answers)
        self.scored(loop.model, loop.how, rows, labels, answers=answers, during=loop.during, weights=loop.weights)

    def _send_answers(self, values: Any) -> str | None:
        import numpy as np

        if values.ndim == 0 or values.dtype.kind not in "biuf" or values.nbytes > SCORE_VALUE_BYTES:
            return None
        return send_array(self._probe.channel, values.astype(np.float32) if values.dtype.kind == "f" else values)

    # ------------------------------------------------------------ predictions found again
    def remember(self, score: str, values: Any) -> None:
        """Remember the predictions of a scoring."""
        for form in answer_forms(values):
            self._answers[form] = score
            self._answers.move_to_end(form)
        while len(self._answers) > REMEMBERED_ANSWERS:
            self._answers.popitem(last=False)

    def of_predictions(self, predicted: Any) -> str | None:
        """Return the latest scoring whose predictions these are, as they came or turned into classes."""
        self.flush()
        for action in self.before_lookup:
            action()
        array = to_numpy(predicted)
        if array is None or array.dtype.kind not in "biuf" or array.ndim == 0:
            return None
        return self._answers.get(_form(array))

    # ------------------------------------------------------------ batches of data sets iterated by hand
    def remember_pair(self, x: Any, y: Any) -> None:
        """Remember that a data set gave these inputs with these labels."""
        self._pairs[id(x)] = (weakref.ref(x), y)
        self._pairs.move_to_end(id(x))
        while len(self._pairs) > REMEMBERED_BATCHES:
            self._pairs.popitem(last=False)

    def labels_of(self, x: Any) -> Any:
        """Return the labels a data set gave with these inputs (the same object), or None."""
        held = self._pairs.get(id(x))
        return held[1] if held is not None and held[0]() is x else None


def answer_forms(values: Any) -> list[str]:
    """Return what identifies predictions: as they are, and as the classes students make of them."""
    import numpy as np

    forms = [_form(values)]
    if values.ndim == 2 and values.shape[1] > 1:
        forms.append(_form(values.argmax(axis=1)))
    elif values.dtype.kind == "f" and values.size == len(values):
        forms.append(_form(values > 0.5))
        forms.append(_form(values > 0))
        forms.append(_form(np.rint(values)))
    return list(dict.fromkeys(forms))


def _form(values: Any) -> str:
    import numpy as np

    flat = np.ascontiguousarray(values.reshape(-1), dtype=np.float64)
    return digest(flat, flat.size)
