"""Row hashes: what they tell apart and what they look through."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from grader.probe.arrays import as_table
from grader.probe.fingerprint import exact_hashes, fingerprint, text_hashes
from grader.probe.rows import pack

pictures = hnp.arrays(np.uint8, st.tuples(st.integers(1, 6), st.integers(1, 40)), elements=st.integers(0, 255))


def exact(array: np.ndarray) -> list[int]:
    table = as_table(array)
    assert table is not None
    return exact_hashes(table.parts[0]).tolist()


def canonical(array: np.ndarray) -> list[int]:
    table = as_table(array)
    assert table is not None
    return fingerprint(table.parts[0]).canonical.tolist()


@given(pictures)
@settings(max_examples=300, deadline=None)
def test_canonical_looks_through_scaling(x: np.ndarray) -> None:
    """8-bit pictures keep their canonical hash when scaled to 0..1, to -1..1, standardised, as float32 and float64."""
    want = canonical(x)
    assert canonical(x / 255) == want
    assert canonical((x / 255).astype("float32")) == want
    assert canonical(x.astype("float32") / np.float32(255)) == want
    assert canonical(x.astype("float32") / np.float32(127.5) - 1) == want
    assert canonical(x / 127.5 - 1) == want
    assert canonical((x / 255 - 0.1307) / 0.3081) == want
    assert canonical((x.astype("float32") - 120) / 61) == want


@given(pictures)
@settings(max_examples=100, deadline=None)
def test_exact_looks_through_dtype_and_shape_only(x: np.ndarray) -> None:
    """Unscaled copies of other dtypes and flattened or channelled shapes are the same rows exactly."""
    want = exact(x)
    for kind in ("float32", "float64", "int32", "int64"):
        assert exact(x.astype(kind)) == want
    assert exact(x[:, :, None]) == exact(x[:, None, :]) == want
    assert canonical(x[:, :, None]) == canonical(x)


@given(hnp.arrays(np.float32, st.tuples(st.integers(2, 8), st.integers(1, 9)), elements=st.floats(-9, 9, width=32)))
@settings(max_examples=100, deadline=None)
def test_equal_hashes_mean_equal_rows(x: np.ndarray) -> None:
    """Two rows have the same exact hash only where they hold the same values (-0.0 being 0.0)."""
    hashes = exact(x)
    for i in range(len(x)):
        for j in range(i):
            assert (hashes[i] == hashes[j]) == np.array_equal(x[i], x[j])


def test_a_single_changed_value_changes_both_hashes() -> None:
    """Every one of 784 grey levels counts, and so does the order of the values."""
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (1, 784)).astype("uint8")
    x[0, :2] = 0, 255  # the range stays whatever else changes
    varied = np.repeat(x, 782, axis=0)
    varied[np.arange(782), np.arange(2, 784)] ^= 0x40
    every = np.concatenate([x, varied, np.roll(x, 1, axis=1)])
    assert len(set(exact(every))) == len(set(canonical(every))) == 784


def test_many_rows_do_not_collide() -> None:
    """100,000 rows of few small whole numbers, all different, have 100,000 hashes."""
    numbers = np.arange(100_000)
    x = np.stack([numbers % 10, numbers // 10 % 10, numbers // 100 % 10, numbers // 1000], axis=1).astype("float64")
    assert len(np.unique(exact(x))) == len(x)


def test_chunks_do_not_show() -> None:
    """A set larger than a chunk has the hashes of its rows one by one."""
    x = np.random.default_rng(1).random((3000, 784))
    whole = exact(x)
    assert [exact(x[i : i + 1])[0] for i in (0, 667, 668, 1500, 2999)] == [whole[i] for i in (0, 667, 668, 1500, 2999)]


def test_odd_rows() -> None:
    """Constant rows, NaN, infinities, no columns and sliced arrays are hashed without warnings."""
    x = np.array([[5.0, 5, 5], [0, 0, 0], [np.nan, 1, 2], [np.nan] * 3, [np.inf, 1, -np.inf]])
    mark = fingerprint(x)
    assert mark.nans == 4
    assert mark.canonical[0] == mark.canonical[1] != mark.canonical[2]
    assert len(set(mark.exact.tolist())) == 5
    assert len(exact_hashes(np.zeros((4, 0)))) == 4
    wide = np.random.default_rng(2).random((10, 20))
    assert exact(wide[::2, ::3]) == exact(wide[::2, ::3].copy())
    assert fingerprint(wide).low == pytest.approx(np.float32(wide.min()))


def test_text_rows() -> None:
    """Rows of text are told apart by their words."""
    x = np.array([["a", "b"], ["b", "a"], ["a", "b"]], dtype=object)
    hashes = text_hashes(x).tolist()
    assert hashes[0] == hashes[2] != hashes[1]
    assert text_hashes(np.char.encode(x.astype(str)).astype(object)).tolist() == hashes, "tensors hold bytes"
    packed, scale = pack(np.array([[b"good"], ["film"]], dtype=object))
    assert (packed.tolist(), packed.dtype.kind, scale) == ([["good"], ["film"]], "U", None)


@given(pictures)
@settings(max_examples=100, deadline=None)
def test_packing_loses_nothing(x: np.ndarray) -> None:
    """Scaled 8-bit pictures travel as 8 bits, and come back as the very float32 numbers."""
    for rows in (x / 255, x.astype("float32") / np.float32(255)):
        packed, scale = pack(rows)
        assert packed.dtype == np.uint8
        back = packed.astype("float32") / np.float32(scale) if scale else packed.astype("float32")
        assert np.array_equal(back, rows.astype("float32"))


def test_other_numbers_stay_float32() -> None:
    """What isn't on the 8-bit grid travels as float32; whole numbers as whole numbers."""
    assert pack(np.array([[0.1, 0.5]]))[0].dtype == np.float32
    assert pack(np.array([[-1.0, 1.0]]))[0].dtype == np.float32
    assert pack(np.array([[0, 300]]))[0].dtype == np.int32
    assert pack(np.array([[0, 200]]))[0].dtype == np.uint8
    assert pack(np.array([[np.nan, 1.0]]))[0].dtype == np.float32
