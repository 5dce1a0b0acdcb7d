"""The tee in a tf.data pipeline: it passes everything on and asks for nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from grader.probe.channel import Channel
from grader.probe.streams import Tee, attach, moved
from grader.probe.watch import Probe

pytestmark = pytest.mark.slow


@pytest.fixture
def probe(tmp_path: Any) -> Iterator[Probe]:
    with (tmp_path / "events").open("wb") as file:
        yield Probe(Channel(file.fileno()))


def fail(where: str, error: BaseException) -> None:
    raise AssertionError(where) from error


def pipelines() -> dict[str, Callable[[Any], Any]]:
    import tensorflow as tf

    no_autotune = tf.data.Options()
    no_autotune.autotune.enabled = False
    return {
        "plain": lambda d: d,
        "batch": lambda d: d.batch(1),
        "prefetch": lambda d: d.batch(1).prefetch(3),
        "parallel": lambda d: d.map(lambda x: x, num_parallel_calls=2),
        "options": lambda d: d.prefetch(2).with_options(no_autotune),
        "deterministic": lambda d: d.batch(1).with_options(no_autotune),
    }


@pytest.mark.parametrize("name", ["plain", "batch", "prefetch", "parallel", "options", "deterministic"])
def test_reads_no_further_ahead(probe: Probe, name: str) -> None:
    """A generator behind the pipeline is asked for as many elements with the tee as without.

    Each element is taken only once the pipeline has stopped reading: one that is found empty makes TensorFlow's automatic
    prefetch deepen, and how often that happens depends on the machine's load.
    """
    import tensorflow as tf

    def asked(watched: bool) -> int:
        count = 0

        def elements() -> Iterator[Any]:
            nonlocal count
            while True:
                count += 1
                yield [count]

        def settle() -> None:
            before = -1
            while before != count:
                before = count
                time.sleep(0.2)

        source = tf.data.Dataset.from_generator(elements, output_signature=tf.TensorSpec((1,), tf.int64))
        dataset = pipelines()[name](source)
        if watched:
            dataset = attach(dataset, Tee(probe, "train"), fail)
        iterator = iter(dataset)
        for _ in range(4):
            next(iterator)
            settle()
        return count

    assert asked(True) == asked(False)


@pytest.mark.parametrize(
    "make",
    [
        lambda x: x,
        lambda x: (x,),
        lambda x: (x, x[:, 0]),
        lambda x: (x, x[:, 0], x[:, 1]),
        lambda x: {"a": x, "b": x * 2},
        lambda x: ({"a": x, "b": x * 2}, x[:, 0]),
        lambda x: ((x, x * 2), x[:, 0]),
        lambda x: (x, {"one": x[:, 0], "two": x[:, 1]}),
    ],
)
def test_structure_is_kept(probe: Probe, make: Callable[[Any], Any]) -> None:
    """Whatever structure the elements have, specification, cardinality and values stay."""
    import tensorflow as tf

    rows = np.arange(24, dtype="float32").reshape(12, 2)
    dataset = tf.data.Dataset.from_tensor_slices(rows).batch(5).map(make)
    tee = Tee(probe, "train")
    watched = attach(dataset, tee, fail)
    assert watched is not dataset
    assert watched.element_spec == dataset.element_spec
    assert int(watched.cardinality()) == int(dataset.cardinality())
    for ours, theirs in zip(watched, dataset, strict=True):
        tf.nest.assert_same_structure(ours, theirs)
        assert all(np.array_equal(a, b) for a, b in zip(tf.nest.flatten(ours), tf.nest.flatten(theirs), strict=True))
    rows_id, _ = tee.announce()
    assert rows_id is not None
    assert tee.complete


def test_moved_rows() -> None:
    """Rows that are trained on and held out by turns moved; rows that are always in both are a leak of another kind."""

    class Passes:
        def __init__(self, *passes: list[int]) -> None:
            self.passes = [np.array(each, dtype=np.uint64) for each in passes]

    def verdict(train: Passes, held_out: Passes) -> bool | None:
        return moved(train, held_out)  # type: ignore[arg-type]

    assert verdict(Passes([1, 2], [1, 3]), Passes([3], [2])) is True
    assert verdict(Passes([1, 2], [1, 2]), Passes([3], [3])) is False
    assert verdict(Passes([1, 2, 3], [1, 2, 3]), Passes([3], [3])) is False
    assert verdict(Passes([1, 2]), Passes([3])) is None
