"""Rows that come again are known by a part of their bytes, and nothing else is taken for them."""

from __future__ import annotations

import numpy as np
import pytest

from grader.probe.fingerprint import exact_hashes
from grader.probe.recognition import MIN_WORDS, Recognition

ROWS = np.random.default_rng(0).integers(0, 256, (600, 28, 28)).astype(np.float32).reshape(600, -1)


def learnt(rows: np.ndarray) -> Recognition:
    recognition = Recognition()
    for start in range(0, len(rows), 100):
        recognition.learn(rows[start : start + 100], exact_hashes(rows[start : start + 100]))
    recognition.settle()
    return recognition


def test_known_rows_have_their_hashes():
    """In any order, as often as they come."""
    order = np.random.default_rng(1).integers(0, 600, 1000)
    assert np.array_equal(learnt(ROWS).recognise(ROWS[order]), exact_hashes(ROWS)[order])


@pytest.mark.parametrize(
    "other",
    [ROWS + 1, ROWS[:, ::-1].copy(), np.roll(ROWS.reshape(-1, 28, 28), 1, axis=2).reshape(600, -1)],
    ids=["brighter", "mirrored", "moved"],
)
def test_altered_rows_are_not_known(other):
    """One altered row among known ones is enough for all to be hashed whole."""
    mixed = np.concatenate([ROWS[:50], other[50:51]])
    assert learnt(ROWS).recognise(mixed) is None


def test_rows_that_look_alike_in_part_are_hashed_whole():
    """Where a mark does not tell two rows apart, no row is known by its mark."""
    blank = np.zeros((2, 784), np.float32)
    recognition = learnt(np.concatenate([ROWS, blank + np.eye(2, 784, k=783, dtype=np.float32)]))
    assert recognition.recognise(ROWS) is None


@pytest.mark.parametrize(
    "rows",
    [
        np.random.default_rng(0).random((20, 2 * MIN_WORDS - 1), dtype=np.float32),
        np.array([["a"] * 1000, ["b"] * 1000], dtype=object),
    ],
    ids=["short", "text"],
)
def test_short_rows_and_text_are_hashed_whole(rows):
    """Nothing is gained there."""
    recognition = Recognition()
    recognition.learn(rows, np.arange(len(rows), dtype=np.uint64))
    recognition.settle()
    assert recognition.recognise(rows) is None


def test_rows_of_another_form_are_not_known():
    """The same numbers as bytes are other bytes."""
    assert learnt(ROWS).recognise(ROWS.astype(np.uint8)) is None
    assert learnt(ROWS).recognise(ROWS[:, :700].copy()) is None
