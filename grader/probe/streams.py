"""Watching data that arrives in batches, without asking for a batch more than the student's program does.

The data set that Keras iterates gets a last step that hands each batch to the probe and passes it on as it is. The
student's own data set object stays as it was.
"""

from __future__ import annotations

import threading
from typing import Any

from . import fingerprint as fp
from .arrays import as_table
from .recognition import Recognition
from .rows import SCORE_VALUE_BYTES, TRAIN_VALUE_BYTES
from .watch import Probe

GATHERED_BYTES = 4 * 1024 * 1024
"""Batches are hashed together once they make up this much: one by one each would cost more than its training step."""

DIRECT_BYTES = 256 * 1024
"""Batches of this size are hashed as they come once the first pass is over: gathering them would copy them twice."""

MAX_LATER_ROWS = 500_000
"""Most rows remembered that only later passes brought (augmentation makes new ones for ever)."""


class Tee:
    """Collects the rows and labels of one stream, pass by pass.

    `rows` are those of the first pass in the order they came; rows that only later passes brought are kept as hashes.
    """

    def __init__(self, probe: Probe, keep: str) -> None:
        """Start with nothing seen; `keep` is `train` or `score`."""
        self._probe = probe
        self._keep = keep
        self._lock = threading.Lock()
        self._limit = TRAIN_VALUE_BYTES if keep == "train" else SCORE_VALUE_BYTES
        self._kept_bytes = 0
        self._kept: list[Any] = []
        self._kept_rows: list[Any] = []
        self._labels: list[Any] = []
        self._labels_whole = True
        self._exact: list[Any] = []
        self._canonical: list[Any] = []
        self._waiting: list[tuple[list[Any], Any]] = []
        self._waiting_shapes: list[tuple[int, ...]] = []
        self._waiting_bytes = 0
        self._passes: list[Any] = []
        self._later: list[tuple[Any, Any]] = []
        self._known: Any = None
        self._recognition = Recognition()
        self._this_pass: list[Any] = []
        self._shape: tuple[int, ...] = ()
        self._dtype = ""
        self._low: list[float] = []
        self._high: list[float] = []
        self._sums: list[tuple[float, int]] = []
        self._nans = 0
        self._count = 0
        self.source = "tf.data"
        self.complete = True
        self.partial = False
        """Whether a budget ended the pass that is going on before its last batch: what was left out of it then does not
        tell that rows moved."""

    def add(self, x: Any, y: Any) -> None:
        """Take in a batch."""
        import numpy as np

        leaves = [np.asarray(leaf) for leaf in (x if isinstance(x, list) else [x])]
        if any(leaf.ndim == 0 or len(leaf) != len(leaves[0]) for leaf in leaves):
            self.complete = False
            return
        if self._passes and sum(leaf.nbytes for leaf in leaves) >= DIRECT_BYTES:
            self._add_directly(leaves)
            return
        leaves = [np.array(leaf) for leaf in leaves]  # TensorFlow may use the memory of a batch again
        labels = np.array(y) if y is not None and len(y) == len(leaves[0]) else None
        with self._lock:
            shapes = [leaf.shape[1:] for leaf in leaves]
            if self._waiting and (shapes != self._waiting_shapes or (labels is None) != (self._waiting[0][1] is None)):
                self._take_in()
            self._waiting_shapes = shapes
            self._waiting.append((leaves, labels))
            self._waiting_bytes += sum(leaf.nbytes for leaf in leaves)
            if self._waiting_bytes >= GATHERED_BYTES:
                self._take_in()

    def _add_directly(self, leaves: list[Any]) -> None:
        """Hash a batch of a later pass where it lies."""
        with self._lock:
            self._take_in()
            table = as_table(leaves[0] if len(leaves) == 1 else leaves)
            if table is None:
                self.complete = False
            else:
                self._add_later(table)

    def _take_in(self) -> None:
        """Hash the batches gathered so far, all at once."""
        import numpy as np

        waiting, self._waiting, self._waiting_bytes = self._waiting, [], 0
        if not waiting:
            return
        leaves = [np.concatenate(parts) for parts in zip(*(given for given, _ in waiting))]
        labels = None if waiting[0][1] is None else np.concatenate([y for _, y in waiting])
        table = as_table(leaves[0] if len(leaves) == 1 else leaves)
        if table is None:
            self.complete = False
        elif self._passes:
            self._add_later(table)
        else:
            self._add_first(table, labels)

    def _add_first(self, table: Any, y: Any) -> None:
        import numpy as np

        if table.text:
            exact = canonical = fp.combined([fp.text_hashes(part) for part in table.parts])
        else:
            marks = [fp.fingerprint(part) for part in table.parts]
            exact = fp.combined([mark.exact for mark in marks])
            canonical = fp.combined([mark.canonical for mark in marks])
            self._low += [mark.low for mark in marks if mark.low is not None]
            self._high += [mark.high for mark in marks if mark.high is not None]
            self._sums += [
                (mark.mean * part.size, part.size) for mark, part in zip(marks, table.parts) if mark.mean is not None
            ]
            self._nans += sum(mark.nans for mark in marks)
            if len(table.parts) == 1:
                self._recognition.learn(table.parts[0], exact)
        if self._count and tuple(table.shape) != self._shape:
            self._limit = 0
        self._shape, self._dtype = tuple(table.shape), table.dtype
        self._exact.append(exact)
        self._canonical.append(canonical)
        self._this_pass.append(exact)
        if table.rows is not None and self._kept_bytes + table.rows.nbytes <= self._limit:
            self._kept.append(table.rows)
            self._kept_rows.append(np.arange(self._count, self._count + table.count))
            self._kept_bytes += table.rows.nbytes
        if y is None:
            self._labels_whole = False
        else:
            self._labels.append(y)
        self._count += table.count

    def _add_later(self, table: Any) -> None:
        import numpy as np

        known = self._recognition.recognise(table.parts[0]) if len(table.parts) == 1 else None
        if known is not None:
            self._this_pass.append(known)
            return
        hashes = fp.text_hashes if table.text else fp.exact_hashes
        exact = fp.combined([hashes(part) for part in table.parts])
        self._this_pass.append(exact)
        place = np.minimum(np.searchsorted(self._known, exact), len(self._known) - 1)
        new = self._known[place] != exact
        held = sum(len(later) for later, _ in self._later)
        if not new.any():
            return
        if held + int(new.sum()) > MAX_LATER_ROWS:
            self.complete = False
            return
        canonical = exact if table.text else fp.combined([fp.fingerprint(part).canonical for part in table.parts])
        self._later.append((exact[new], canonical[new]))

    def end_pass(self) -> None:
        """Note that a pass (an epoch) is over."""
        import numpy as np

        with self._lock:
            self._take_in()
            partial, self.partial = self.partial, False
            if partial and self._passes:
                self._this_pass = []
            if not self._this_pass:
                return
            if not self._passes:
                self._recognition.settle()
            exact = np.unique(np.concatenate(self._this_pass))
            self._passes.append(exact)
            self._known = exact if self._known is None else np.union1d(self._known, exact)
            self._this_pass = []

    def flush(self) -> None:
        """Look through what was gathered so far; the pass goes on."""
        with self._lock:
            self._take_in()

    def known(self) -> Any:
        """Return the exact hashes of all rows seen so far, those of the pass that is going on included."""
        import numpy as np

        return np.concatenate([np.zeros(0, dtype=np.uint64), *self._passes, *self._this_pass])

    @property
    def later(self) -> int:
        """How many rows only later passes brought."""
        return sum(len(exact) for exact, _ in self._later)

    @property
    def passes(self) -> list[Any]:
        """The distinct exact hashes of each pass, sorted."""
        return self._passes

    def announce(self) -> tuple[str | None, str | None]:
        """Send the rows and labels seen and return their ids."""
        import numpy as np

        self.end_pass()
        if not self._exact:
            return None, None
        weight = sum(size for _, size in self._sums)
        fields = {
            "count": self._count,
            "shape": list(self._shape),
            "dtype": self._dtype,
            "source": self.source,
            "low": min(self._low, default=None),
            "high": max(self._high, default=None),
            "mean": sum(total for total, _ in self._sums) / weight if weight else None,
            "nans": self._nans,
            "complete": self.complete,
        }
        kept = joined(self._kept) if self._kept and self._limit else None
        index = np.concatenate(self._kept_rows) if kept is not None and len(kept) < self._count else None
        rows = self._probe.rows.streamed(
            np.concatenate(self._exact),
            np.concatenate(self._canonical),
            kept,
            fields=fields,
            keep=self._keep,
            index=index,
        )
        labels = None
        if self._labels_whole and self._labels:
            labels = self._probe.labels.seen(np.concatenate(self._labels))
            self._probe.labelled(rows, labels)
        return rows, labels

    def announce_later(self) -> str | None:
        """Send the rows that only later passes brought, as hashes, and return their id."""
        import numpy as np

        if not self._later:
            return None
        exact = np.concatenate([exact for exact, _ in self._later])
        canonical = np.concatenate([canonical for _, canonical in self._later])
        exact, first = np.unique(exact, return_index=True)
        fields = {
            "count": len(exact),
            "shape": list(self._shape),
            "dtype": self._dtype,
            "source": self.source,
            "complete": self.complete,
        }
        return self._probe.rows.streamed(exact, canonical[first], None, fields=fields, keep="")


def joined(parts: list[Any]) -> Any:
    """Return arrays of equal rows as one, each let go once it is copied: both at once would need twice the memory."""
    import numpy as np

    whole = np.empty((sum(len(part) for part in parts), *parts[0].shape[1:]), dtype=np.result_type(*parts))
    end = len(whole)
    while parts:
        part = parts.pop()
        whole[end - len(part) : end] = part
        end -= len(part)
    return whole


def attach(dataset: Any, tee: Tee, fault: Any) -> Any:
    """Return the data set with a last step that shows each batch to the tee; the data set itself where it can't be."""
    import tensorflow as tf

    spec = dataset.element_spec
    batch_x, batch_y = parts_of(spec)
    shown = [item for item in flat(batch_x) if isinstance(item, tf.TensorSpec)]
    if not shown or len(shown) != len(flat(batch_x)):
        tee.complete = False
        return dataset
    with_labels = isinstance(batch_y, tf.TensorSpec)

    def record(*arrays: Any) -> None:
        try:
            labels = arrays[-1] if with_labels else None
            inputs = arrays[:-1] if with_labels else arrays
            tee.add(inputs[0] if len(inputs) == 1 else list(inputs), labels)
        except Exception as error:
            fault("stream", error)
            tee.complete = False

    def show(*element: Any) -> Any:
        whole = element if type(spec) is tuple else element[0]
        x, y = parts_of(whole)
        tf.numpy_function(record, [*flat(x), *([y] if with_labels else [])], Tout=[])
        return whole

    show.autograph_info__ = None  # type: ignore[attr-defined]
    step = getattr(tf.data.Dataset.map, "__observed__", tf.data.Dataset.map)
    watched = step(_read_ahead(dataset), show)
    options = tf.data.Options()
    if hasattr(options.experimental_optimization, "inject_prefetch"):
        options.experimental_optimization.inject_prefetch = False
    watched = watched.with_options(options)
    return watched if watched.element_spec == spec else dataset


def _read_ahead(dataset: Any) -> Any:
    """Return the data set reading as far ahead as TensorFlow would make it read.

    TensorFlow adds a prefetch of its own behind a pipeline that doesn't end in one. It must stand before the tee, not
    after it: a generator would otherwise be asked for other numbers of batches than without the probe.
    """
    import tensorflow as tf

    options = dataset.options()
    optimization = options.experimental_optimization
    off = (
        not hasattr(optimization, "inject_prefetch")  # TensorFlow 2.8 adds none
        or options.autotune.enabled is False
        or optimization.inject_prefetch is False
        or optimization.apply_default_optimizations is False
    )
    last = dataset
    while type(last).__name__.lstrip("_") == "OptionsDataset":
        last = last._input_dataset
    if off or type(last).__name__.lstrip("_") == "PrefetchDataset":
        return dataset
    prefetch = getattr(tf.data.Dataset.prefetch, "__observed__", tf.data.Dataset.prefetch)
    return prefetch(dataset, tf.data.AUTOTUNE)


def parts_of(element: Any) -> tuple[Any, Any]:
    """Return a batch's inputs and labels as Keras reads them: (x,), (x, y), (x, y, weights), or x alone."""
    if type(element) is not tuple:
        return element, None
    return element[0], element[1] if len(element) > 1 else None


def flat(structure: Any) -> list[Any]:
    """Return the leaves of nested inputs, dictionaries by sorted name."""
    if isinstance(structure, dict):
        return [leaf for name in sorted(structure, key=str) for leaf in flat(structure[name])]
    if isinstance(structure, (list, tuple)):
        return [leaf for item in structure for leaf in flat(item)]
    return [structure]


def moved(train: Tee, held_out: Tee) -> bool | None:
    """Tell whether rows changed sides: held out in one pass, trained on in another, and not held out in all.

    None where there was a single validation pass, which can't tell.
    """
    import numpy as np

    if len(held_out.passes) < 2 or not train.passes:
        return None
    trained = np.unique(np.concatenate(train.passes))
    sometimes = np.unique(np.concatenate(held_out.passes))
    suspects = np.intersect1d(trained, sometimes)
    return bool(any(np.setdiff1d(suspects, each).size for each in held_out.passes))
