"""More rows than were read: where each has the same few copies next to it, the notebook made them.

What the data repeats by itself (bursts, coarse measurements) comes in groups of all sizes, and in no more rows than
the table had or files were read; copies of all rows, mixed and cut by hand, make groups of one size.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from grader.evidence.arrays import BoolArray
from grader.evidence.observing import Observation
from grader.evidence.records import Columns, FilesRead

SURPLUS = 1.2
"""Rows in use for each that was read, from which on rows were made: a header or a second table make up for less."""

MOST_COPIES = 7
"""Larger groups are bursts."""

SAME_SIZE = 0.8
"""Share of rows that have just as many copies as most. What lies close by chance makes a few groups larger."""

MEASURED, MADE = 0.5, 0.1
"""Share of a row's values that others have too: from which on it was read off a scale, up to which noise was added."""

ONE_OR_OTHER = 0.95
"""Share of rows that are clearly one or the other, where some were made of the others."""

AS_MANY = 0.02
"""Share of the rows by which they may differ from so many to a file: a file that can't be read, two equal pictures."""

FEWEST = 24
"""Of fewer rows no size of groups is told."""


def more_than_were_read(seen: Observation, used: Iterable[str]) -> bool:
    """Whether more different rows were trained on, watched and scored than the tables that were read had."""
    read = [table.count for table in seen.log.of("data.columns", Columns)]
    known = [hashes for name in dict.fromkeys(used) if (hashes := seen.rows.exact(name)) is not None]
    return bool(read and known) and len(np.unique(np.concatenate(known))) > SURPLUS * max(read)


def so_many_to_a_file(seen: Observation, rows: int, versions: int) -> bool:
    """Whether there are just `versions` different rows to each file that was read.

    Not more than a file: what reads the files of some rows may not be watched, and then more is no sign of making.
    """
    read = len({name for files in seen.log.of("data.files", FilesRead) for name in files.names})
    return read > 0 and versions > 1 and abs(rows - versions * read) <= AS_MANY * rows


def copies_of_each(rows: NDArray[np.float32], blocks: Iterable[NDArray[np.float32]], limit: float) -> int:
    """Return how many others within `limit` rows have in the blocks, which hold the rows themselves too.

    0 where they don't have just as many.
    """
    if len(rows) < FEWEST:
        return 0
    near = np.zeros(len(rows), dtype=np.int64)
    own = (rows**2).sum(axis=1)
    for block in blocks:
        squared = own[:, None] - 2 * rows @ block.T + (block**2).sum(axis=1)[None, :]
        near += (squared <= limit**2).sum(axis=1)
    copies = near - 1
    sizes, counts = np.unique(copies, return_counts=True)
    commonest = int(sizes[counts.argmax()])
    return commonest if commonest <= MOST_COPIES and counts.max() >= SAME_SIZE * len(rows) else 0


def made_with_noise(rows: NDArray[np.generic]) -> BoolArray | None:
    """Return which rows of a table were made of others by adding noise, None where rows don't fall in two such kinds.

    A measured value is read off a scale and turns up in other rows again; with noise added none does. Honest data has
    columns of either kind, and so has each of its rows.
    """
    recurring = np.zeros(len(rows))
    for column in rows.reshape(len(rows), -1).T:
        _, place, counts = np.unique(column, return_inverse=True, return_counts=True)
        recurring += counts[place.reshape(-1)] > 1
    share = recurring / max(1, rows[0].size)
    made, measured = share <= MADE, share >= MEASURED
    least = 1 / (MOST_COPIES + 2)
    if min(made.mean(), measured.mean()) < least or (made | measured).mean() < ONE_OR_OTHER:
        return None
    return np.asarray(made, dtype=np.bool_)
