"""Arrays from a student's process are read without pickle and believed only where size and header agree."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.errors import VerificationError
from grader.verification.arrays import array_from_bytes, open_array


def npy(array, **options):
    buffer = io.BytesIO()
    np.save(buffer, array, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("array", [np.arange(6.0).reshape(2, 3), np.asfortranarray(np.eye(3)), np.zeros((0, 4))])
def test_arrays_come_back_equal(tmp_path, array):
    """Both ways of reading give the array that was saved, whatever its order in memory."""
    path = tmp_path / "a.npy"
    path.write_bytes(npy(array))
    assert np.array_equal(open_array(path, "it"), array)
    assert np.array_equal(array_from_bytes(npy(array), "it"), array)


def test_pickled_objects_are_refused(tmp_path):
    """An object array needs pickle to be read, which may run code: it is refused before anything is read."""
    data = npy(np.array([{"a": 1}], dtype=object), allow_pickle=True)
    (tmp_path / "a.npy").write_bytes(data)
    with pytest.raises(VerificationError, match="not numbers"):
        array_from_bytes(data, "it")
    with pytest.raises(VerificationError, match="not numbers"):
        open_array(tmp_path / "a.npy", "it")


def test_a_header_that_promises_more_than_there_is_allocates_nothing(tmp_path):
    """A header of 10**15 rows on 40 bytes of data is refused."""
    data = npy(np.zeros(5)).replace(b"(5,), }" + b" " * 15, b"(1000000000000000,), }")
    with pytest.raises(VerificationError, match="another size"):
        array_from_bytes(data, "it")


def test_a_single_number_is_no_array_of_rows():
    """An array without dimensions has no rows, and `len` of it would raise."""
    with pytest.raises(VerificationError, match="single number"):
        array_from_bytes(npy(np.float64(3)), "it")


@given(st.binary(max_size=300))
def test_any_bytes_give_an_array_or_the_error(data):
    """Nothing but a VerificationError comes out of bytes that are no array."""
    for candidate in (data, b"\x93NUMPY\x01\x00" + data):
        try:
            array_from_bytes(candidate, "it")
        except VerificationError:
            continue
