"""Labels: how they are encoded, and one class index per row.

Rules: text and booleans are classes. Rows of 0 and 1 with one 1 each are `one_hot`. Whole numbers are `int` (`binary`
where only 0 and 1 occur) as long as there are few distinct ones: up to MAX_INT_CLASSES of an integer dtype, up to
MAX_FLOAT_CLASSES of a float dtype. Everything else with one number per row is `float`; other shapes are `unknown`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .arrays import send_array, to_numpy
from .channel import Channel
from .fingerprint import digest

MAX_INT_CLASSES = 1_000
"""ImageNet's number of classes: more distinct whole numbers are amounts, not classes."""

MAX_FLOAT_CLASSES = 50
"""More distinct whole numbers stored as floats are measurements (prices, ages) rather than classes."""


@dataclass(frozen=True)
class Encoded:
    """Labels as understood: `values` are class indices (int64), or the numbers (float64) for the form `float`."""

    form: str
    classes: list[str]
    values: Any
    low: float | None
    high: float | None


class LabelSets:
    """All label sets of the run, by content."""

    def __init__(self, channel: Channel) -> None:
        """Start empty."""
        self._channel = channel
        self._by_digest: dict[str, str] = {}

    def seen(self, value: Any) -> str | None:
        """Announce labels and return their id; None where there are none."""
        import numpy as np

        array = to_numpy(value)
        if array is None or array.ndim == 0 or not len(array):
            return None
        encoded = encode(array)
        shape = list(array.shape[1:])
        hashed = array if encoded.values is None else encoded.values
        if hashed.dtype.hasobject:
            return None
        key = digest(hashed, encoded.form, encoded.classes, shape, str(array.dtype))
        name = self._by_digest.get(key)
        if name is None:
            name = self._by_digest[key] = f"l{len(self._by_digest) + 1}"
            counts = None
            if encoded.form != "float" and encoded.values is not None:
                counts = np.bincount(encoded.values, minlength=len(encoded.classes)).tolist()
            self._channel.send(
                "labels.seen",
                labels=name,
                count=len(array),
                shape=shape,
                dtype=str(array.dtype),
                form=encoded.form,
                classes=encoded.classes,
                counts=counts or [],
                low=encoded.low,
                high=encoded.high,
                values=None if encoded.values is None else send_array(self._channel, encoded.values),
            )
        return name


def encode(array: Any) -> Encoded:
    """Return the labels of an array (rows, ...) by the rules above."""
    import numpy as np

    if array.dtype.kind == "O":
        array = _settled(array)
    if array.ndim > 1 and array.size == len(array):
        array = array.reshape(-1)
    if array.dtype.kind in "USO":
        return _text(array)
    if array.dtype.kind not in "biuf":
        return Encoded("unknown", [], None, None, None)
    low, high = (float(np.nanmin(array)), float(np.nanmax(array))) if array.size else (None, None)
    if array.ndim == 2 and array.shape[1] > 1 and _one_hot(array):
        classes = [str(column) for column in range(array.shape[1])]
        return Encoded("one_hot", classes, array.argmax(axis=1).astype(np.int64), low, high)
    if array.ndim != 1:
        return Encoded("unknown", [], None, low, high)
    return _numbers(array, low, high)


def _settled(array: Any) -> Any:
    """Return an object array as numbers where all of it are numbers, otherwise as text."""
    import numpy as np

    if all(isinstance(item, (int, float, np.number)) for item in array.reshape(-1)[:MAX_INT_CLASSES]):
        try:
            return array.astype(np.float64)
        except (TypeError, ValueError):
            pass
    return array.astype(str)


def _text(array: Any) -> Encoded:
    import numpy as np

    if array.ndim != 1:
        return Encoded("unknown", [], None, None, None)
    if array.dtype.kind == "S":
        array = np.char.decode(array, "utf-8", "replace")
    classes, values = np.unique(array, return_inverse=True)
    if len(classes) > MAX_INT_CLASSES:
        return Encoded("unknown", [], None, None, None)
    return Encoded("text", [str(name)[:200] for name in classes], values.reshape(-1).astype(np.int64), None, None)


def _one_hot(array: Any) -> bool:
    import numpy as np

    return bool(((array == 0) | (array == 1)).all() and (np.count_nonzero(array, axis=1) == 1).all())


def _numbers(array: Any, low: float | None, high: float | None) -> Encoded:
    import numpy as np

    limit = MAX_FLOAT_CLASSES if array.dtype.kind == "f" else MAX_INT_CLASSES
    whole = array.dtype.kind != "f" or bool((np.isfinite(array) & (np.floor(array) == array)).all())
    if whole:
        distinct, values = np.unique(array.astype(np.int64), return_inverse=True)
        if len(distinct) <= limit:
            form = "binary" if set(distinct.tolist()) <= {0, 1} else "int"
            classes = ["0", "1"] if form == "binary" else [str(number) for number in distinct.tolist()]
            indices = array.astype(np.int64) if form == "binary" else values.reshape(-1).astype(np.int64)
            return Encoded(form, classes, indices, low, high)
    return Encoded("float", [], array.astype(np.float64), low, high)
