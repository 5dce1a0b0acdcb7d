"""What a tee tells of a stream does not depend on how large its batches are."""

from __future__ import annotations

import numpy as np
import pytest

from grader.probe.fingerprint import exact_hashes
from grader.probe.streams import DIRECT_BYTES, Tee, joined


class Rows:
    """Takes what a tee announces."""

    def streamed(self, exact, canonical, rows, *, fields, keep, index=None):
        self.exact, self.values, self.fields = exact, rows, fields
        return "r1"


class Probe:
    def __init__(self):
        self.rows = Rows()
        self.labels = self

    def seen(self, labels):
        self.label_values = labels
        return "l1"

    def labelled(self, rows, labels):
        pass


X = np.random.default_rng(0).random((2048, 196), dtype=np.float32)
NEW = np.random.default_rng(1).random((64, 196), dtype=np.float32)


@pytest.mark.parametrize("batch", [32, 512], ids=["gathered", "hashed as they come"])
def test_later_passes_are_told_alike(batch):
    """The same rows shuffled, then some new ones: passes, values, labels and later rows are those of the rows."""
    assert 32 * X[0].nbytes < DIRECT_BYTES <= 512 * X[0].nbytes
    probe = Probe()
    tee = Tee(probe, "train")
    reused = np.empty((batch, 196), np.float32)  # TensorFlow's buffers are used again
    for number in range(3):
        order = np.random.default_rng(number).permutation(len(X)) if number else np.arange(len(X))
        rows = X[order].copy()
        if number == 2:
            rows[:64] = NEW
        for start in range(0, len(rows), batch):
            reused[:] = rows[start : start + batch]
            tee.add(reused, order[start : start + batch])
            reused[:] = -1
        tee.end_pass()
    known = np.unique(exact_hashes(X))
    assert np.array_equal(tee.passes[0], known)
    assert np.array_equal(tee.passes[1], known)
    assert np.isin(exact_hashes(NEW), tee.passes[2]).all()
    assert tee.announce() == ("r1", "l1")
    assert np.array_equal(probe.rows.values, X)
    assert np.array_equal(probe.label_values, np.arange(len(X)))
    assert tee.announce_later() == "r1"
    assert set(probe.rows.exact) == set(exact_hashes(NEW))


def test_parts_are_joined_in_order_and_let_go():
    """As `concatenate` would, and nothing is held twice."""
    parts = [np.full((n, 2), n, np.float32) for n in (3, 1, 2)]
    whole = np.concatenate(parts)
    assert np.array_equal(joined(parts), whole)
    assert parts == []
