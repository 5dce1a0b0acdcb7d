"""Turning what libraries take as data into numpy arrays, and numpy arrays into artifacts."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .channel import Channel

MAX_LISTED = 5_000_000
"""Longest Python list that is turned into an array: longer ones cost seconds."""

MAX_DENSE_VALUES = 64 * 1024 * 1024
"""Largest sparse matrix (rows x columns) that is made dense to be hashed."""


@dataclass(frozen=True)
class Table:
    """Rows ready for hashing. `parts` are 2-D (rows, values) views; `rows` the array itself where there is one part.

    `source` is array or frame; `text` is true where values are objects or strings.
    """

    parts: tuple[Any, ...]
    rows: Any
    shape: tuple[int, ...]
    dtype: str
    source: str
    text: bool

    @property
    def count(self) -> int:
        """Number of rows."""
        return int(self.parts[0].shape[0])


def to_numpy(value: Any) -> Any:
    """Return an array, tensor, frame, series, sparse matrix or list as a numpy array; None for anything else."""
    import numpy as np

    if isinstance(value, np.ndarray):
        return np.asarray(value)
    if isinstance(value, (list, tuple, range)):
        return _from_list(value)
    module = type(value).__module__
    if module.startswith("pandas."):
        return value.to_numpy() if hasattr(value, "to_numpy") else None
    if callable(getattr(value, "toarray", None)) and module.startswith("scipy."):
        return value.toarray() if value.shape[0] * value.shape[1] <= MAX_DENSE_VALUES else None
    if module.startswith("torch") and callable(getattr(value, "detach", None)):
        return value.detach().cpu().numpy()
    if is_symbolic(value):
        return None
    if callable(getattr(value, "numpy", None)) and hasattr(value, "shape") and hasattr(value, "dtype"):
        return np.asarray(value.numpy())
    if callable(getattr(value, "__array__", None)) and hasattr(value, "shape"):
        return np.asarray(value)
    return None


def _from_list(value: Any) -> Any:
    import numpy as np

    if not len(value) or len(value) > MAX_LISTED:
        return None
    first = value[0]
    if isinstance(first, (str, bytes, int, float, bool, np.generic)):
        return np.asarray(value)
    converted = [to_numpy(item) for item in value]
    if any(item is None or item.shape != converted[0].shape for item in converted):
        return None
    return np.asarray(converted)


def is_symbolic(value: Any) -> bool:
    """Tell whether a value stands for a tensor without having one (graph tracing, functional models)."""
    return type(value).__name__ in ("SymbolicTensor", "KerasTensor", "Tensor") and not callable(
        getattr(value, "numpy", None)
    )


def as_table(value: Any) -> Table | None:
    """Return the value's rows, or None where it isn't a set of rows with a leading row axis."""
    if isinstance(value, dict):
        return _joined([to_numpy(value[name]) for name in sorted(value, key=str)])
    array = to_numpy(value)
    if array is None:
        return _joined([to_numpy(item) for item in value]) if isinstance(value, (list, tuple)) else None
    if array.ndim == 0 or not array.shape[0]:
        return None
    flat, text = _flat(array)
    if flat is None:
        return None
    source = "frame" if type(value).__module__.startswith("pandas.") else "array"
    return Table((flat,), array, tuple(array.shape[1:]), str(array.dtype), source, text)


def _joined(arrays: list[Any]) -> Table | None:
    """Return several inputs of one model as one set of rows, without values of its own."""
    if not arrays or any(array is None or array.ndim == 0 for array in arrays):
        return None
    if len({len(array) for array in arrays}) != 1 or not len(arrays[0]):
        return None
    parts = [_flat(array) for array in arrays]
    if any(part is None for part, _ in parts):
        return None
    width = sum(int(part.shape[1]) for part, _ in parts)
    return Table(tuple(part for part, _ in parts), None, (width,), "multiple", "array", any(text for _, text in parts))


def _flat(array: Any) -> tuple[Any, bool]:
    """Return (rows, values) and whether the values are text."""
    import numpy as np

    flat = array.reshape(len(array), -1)
    if array.dtype.kind in "biuf":
        return flat, False
    if array.dtype.kind in "mM":
        return flat.view(np.int64), False
    if array.dtype.kind == "O":
        try:
            return flat.astype(np.float64), False
        except (TypeError, ValueError):
            return flat, True
    if array.dtype.kind in "US":
        return flat, True
    if array.dtype.kind == "V" or array.dtype.name == "bfloat16":
        try:
            return flat.astype(np.float32), False
        except (TypeError, ValueError):
            return None, False
    return None, False


def send_array(channel: Channel, array: Any) -> str | None:
    """Send an array as an `.npy` artifact without pickle; return its id, or None where it wasn't sent."""
    import numpy as np

    contiguous = np.ascontiguousarray(array)
    if contiguous.dtype.hasobject:
        return None
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, np.lib.format.header_data_from_array_1_0(contiguous))

    def chunks() -> Iterator[bytes | memoryview]:
        yield head.getvalue()
        if contiguous.nbytes:
            yield contiguous.reshape(-1).view(np.uint8).data

    return channel.send_artifact("npy", head.tell() + contiguous.nbytes, chunks())
