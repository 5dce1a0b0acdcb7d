"""Events and artifacts are claims of a foreign process: odd ones are dropped and counted, nothing is unpickled."""

from __future__ import annotations

import math
import pickle
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from run_builder import RunBuilder

from grader.evidence.arrays import block_of, load_array
from grader.evidence.parsing import PARSERS, parse_events
from grader.evidence.records import FitEpoch, RowsSeen, Scored
from grader.model import Event

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
FIELD_NAMES = [
    "rows", "count", "shape", "exact", "labels", "form", "classes", "counts", "function", "parts", "sizes", "settings",
    "inputs", "outputs", "class", "rows_in", "rows_out", "model", "layers", "loss", "fit", "epoch", "logs", "score",
    "how", "weights", "returned", "matrix", "true", "predicted", "figure", "axes", "draw", "x", "y", "values", "scale",
    "validation_split", "callbacks", "epochs", "where", "error", "library", "value", "op", "source",
]  # fmt: skip


def forged(kind, **fields):
    return Event(seq=0, cell=0, kind=kind, fields=fields)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(sorted(PARSERS)), st.dictionaries(st.sampled_from(FIELD_NAMES), JSON)), max_size=4
    )
)
def test_no_event_makes_the_parser_raise(events):
    """Whatever stands in the fields of whatever kinds, parsing returns."""
    log = parse_events(forged(kind, **fields) for kind, fields in events)
    assert log.faults >= 0


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_mangled_run_makes_collecting_raise(tmp_path_factory, data):
    """An honest run with some fields of some events replaced still gives evidence."""
    made = RunBuilder(tmp_path_factory.mktemp("run"))
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (60, 8, 8)), rng.integers(0, 10, 60)
    x_train, x_test, y_train, y_test = made.split(x, y, 20)
    made.fitted(x_train.reshape(40, 64))
    made.transform(x_train, x_train / 255.0)
    made.model()
    made.fit("m1", x_train / 255.0, y_train, validation_split=0.2)
    made.predict("m1", x_test / 255.0, predictions=np.eye(10)[y_test])
    made.metric("confusion_matrix", y_test, y_test)
    for _ in range(data.draw(st.integers(1, 6))):
        event = data.draw(st.sampled_from(made.events))
        if event.fields:
            name = data.draw(st.sampled_from(sorted(event.fields)))
            ids = st.sampled_from(["r1", "r2", "l1", "m1", "a1", "a2", "a3"])
            event.fields[name] = data.draw(JSON | ids)
    assert made.evidence().submission == "alice"


def test_odd_events_and_fields_are_counted():
    """A negative count costs the event, a boolean learning rate only the field; unknown kinds cost nothing."""
    log = parse_events(
        [
            forged("rows.seen", rows="r1", count=-3),
            forged("rows.seen", rows="../../etc/passwd", count=3),
            forged("rows.seen", rows="r2", count=3, low=True),
            forged("model.scored", score="s1", model="m1", how="cheat"),
            forged("something.new", rows=3),
        ]
    )
    assert [record.id for record in log.of("rows.seen", RowsSeen)] == ["r2"]
    assert log.of("model.scored", Scored) == ()
    assert log.faults == 4


def test_what_was_said_first_stays():
    """A second scoring or epoch under a used id is dropped and counted: nothing is taken back."""
    log = parse_events(
        [
            forged("model.scored", score="s1", model="m1", how="evaluate", returned={"accuracy": 0.5}),
            forged("model.scored", score="s1", model="m1", how="evaluate", returned={"accuracy": 1.0}),
            forged("fit.epoch", fit="f1", epoch=0, logs={"loss": "NaN"}),
            forged("fit.epoch", fit="f1", epoch=0, logs={"loss": 0.1}),
        ]
    )
    (scored,), (epoch,) = log.of("model.scored", Scored), log.of("fit.epoch", FitEpoch)
    assert scored.returned == (("accuracy", 0.5),)
    assert math.isnan(dict(epoch.logs)["loss"])
    assert log.faults == 2


def test_other_rows_values_are_not_taken_over():
    """A later announcement may add values to a row set only if it speaks of the same hashes."""
    log = parse_events(
        [
            forged("rows.seen", rows="r1", count=3, exact="a1"),
            forged("rows.seen", rows="r1", count=3, exact="a9", values="a10"),
        ]
    )
    (record,) = log.of("rows.seen", RowsSeen)
    assert (record.exact, record.values) == ("a1", None)


class Bomb:
    def __reduce__(self):
        return (pytest.fail, ("a pickle from the kernel was loaded",))


def npy(path, header, body=b""):
    text = header.encode().ljust(118) + b"\n"
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + body)
    return path


def test_pickled_array_is_refused(tmp_path):
    """An object array, and a bare pickle under the name of an array, are not loaded."""
    path = tmp_path / "objects.npy"
    np.save(path, np.array([Bomb()], dtype=object), allow_pickle=True)
    assert load_array(path, "uifb") is None
    path.write_bytes(pickle.dumps(Bomb()))
    assert load_array(path, "uifb") is None


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '<u8', 'fortran_order': False, 'shape': (1000000000000,), }",
        "{'descr': '<u8', 'fortran_order': False, 'shape': (-1,), }",
        "{'descr': '<u8', 'fortran_order': False, 'shape': (True,), }",
        "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }",
        "{'descr': '<u8', 'fortran_order': 0, 'shape': (1,), }",
        "{'descr': [('a', '<u8')], 'fortran_order': False, 'shape': (1,), }",
        "{'descr': '<u8', 'fortran_order': False, 'shape': 1, }",
        "__import__('os').system('true')",
        "{" * 100,
    ],
)
def test_tampered_headers_are_refused(tmp_path, header):
    """Sizes that the file doesn't hold, odd shapes and code in the header give None, without allocating."""
    assert load_array(npy(tmp_path / "a.npy", header, b"\0" * 8), "u") is None


def test_sound_arrays_are_read_as_numpy_reads_them(tmp_path):
    """C and Fortran order, big-endian, empty: the same numbers as numpy's own reader."""
    for number, array in enumerate([
        np.arange(6, dtype=np.uint64), np.asfortranarray(np.arange(6.0).reshape(2, 3)), np.arange(3, dtype=">u8"),
        np.zeros(0, dtype=np.int64),
    ]):  # fmt: skip
        path = tmp_path / f"{number}.npy"
        np.save(path, array)
        assert np.array_equal(load_array(path, "uif", len(array), (1, 2)), array)
    assert load_array(tmp_path / "0.npy", "u", 7) is None
    assert load_array(tmp_path / "0.npy", "f") is None
    assert load_array(tmp_path / "absent.npy", "u") is None


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 3), max_size=12), st.integers(0, 12), st.integers(0, 12))
def test_any_slice_is_a_block(values, start, length):
    """Every slice of a sequence is found as a block, repeats or not."""
    whole = np.array(values, dtype=np.uint64)
    part = whole[start : start + length]
    assert block_of(part, whole) == (len(part) > 0)
