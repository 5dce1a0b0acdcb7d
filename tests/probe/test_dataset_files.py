"""What `get_file` takes where the grader offers data: files of the offered folder, whatever their checksum."""

from __future__ import annotations

import inspect
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from grader.probe.channel import Channel
from grader.probe.dataset_files import OFFERED_VARIABLE, OfferedFiles, redirected
from grader.probe.watch import Probe, binder
from tests.probe.harness import kernel

MIRROR = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"


def call(origin: str, **given: Any) -> dict[str, Any]:
    """Return the arguments of a call of Keras's `get_file` by name, with its defaults."""
    from keras.utils import get_file

    bound = inspect.signature(get_file).bind(origin=origin, **given)
    bound.apply_defaults()
    return dict(bound.arguments)


def fetched(offered: Path, home: Path, origin: str, **given: Any) -> Path:
    """Return what Keras itself gives for the changed arguments."""
    from keras.utils import get_file

    arguments = {"cache_dir": str(home), **given}
    return Path(get_file(**{**call(origin, **arguments), **(redirected(call(origin, **arguments), offered) or {})}))


def test_a_call_for_a_file_that_is_not_offered_is_left_alone(tmp_path: Path) -> None:
    """Without the file in the offered folder, and for origins on no network, nothing is changed."""
    assert redirected(call(f"{MIRROR}mnist.npz", fname="mnist.npz"), tmp_path) is None
    (tmp_path / "mnist.npz").touch()
    assert redirected(call("file:///elsewhere/mnist.npz"), tmp_path) is None


@pytest.mark.parametrize("given", [{}, {"fname": "rows.npy"}, {"fname": "rows.npy", "force_download": True}])
def test_an_offered_file_is_taken_whatever_its_hash(tmp_path: Path, given: dict[str, Any]) -> None:
    """A wrong checksum, a cache folder of one's own and a forced download all end with the offered bytes."""
    (tmp_path / "offered").mkdir()
    (tmp_path / "offered" / "rows.npy").write_bytes(b"rows")
    path = fetched(tmp_path / "offered", tmp_path, "https://example.org/a/rows.npy?x=1", file_hash="0" * 64, **given)
    assert path.name == "rows.npy"
    assert path.read_bytes() == b"rows"


def test_a_file_in_a_subfolder_of_the_data_sets_is_found_there(tmp_path: Path) -> None:
    """`cache_subdir="datasets/fashion-mnist"` looks in the offered `fashion-mnist/`."""
    (tmp_path / "offered" / "fashion-mnist").mkdir(parents=True)
    (tmp_path / "offered" / "fashion-mnist" / "t.gz").write_bytes(b"t")
    path = fetched(tmp_path / "offered", tmp_path, f"{MIRROR}t.gz", fname="t.gz", cache_subdir="datasets/fashion-mnist")
    assert path.read_bytes() == b"t"


def test_an_archive_is_unpacked_under_the_name_the_call_asks_for(tmp_path: Path) -> None:
    """The publisher's archive serves Keras's call for it under another name and a hash of its own."""
    (tmp_path / "offered").mkdir()
    (tmp_path / "batch").write_text("1")
    with tarfile.open(tmp_path / "offered" / "cifar-10-python.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "batch", "cifar-10-batches-py/batch")
    origin, name = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz", "cifar-10-batches-py-target"
    path = fetched(tmp_path / "offered", tmp_path, origin, fname=name, extract=True, file_hash="0" * 64)
    assert path.name == name
    assert (path / "cifar-10-batches-py" / "batch").read_text() == "1"


@pytest.mark.parametrize("folder", ["cifar-10-batches-py-target/cifar-10-batches-py", "cifar-10-batches-py"])
def test_an_unpacked_folder_is_used_as_it_is(tmp_path: Path, folder: str) -> None:
    """Folders left by Keras 3 and by Keras 2 are both read in place, without their archive."""
    (tmp_path / "offered" / folder).mkdir(parents=True)
    (tmp_path / "offered" / folder / "batch").write_text("1")
    origin, name = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz", "cifar-10-batches-py-target"
    path = fetched(tmp_path / "offered", tmp_path, origin, fname=name, extract=True)
    assert (path / "cifar-10-batches-py" / "batch").read_text() == "1"


@pytest.mark.slow
def test_keras_loads_mnist_from_another_archive_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`load_data` gives the offered rows though the archive's checksum is not the one Keras asks for."""
    rows = np.arange(12, dtype="uint8").reshape(3, 2, 2)
    np.savez(tmp_path / "mnist.npz", x_train=rows, y_train=rows[:, 0, 0], x_test=rows[:1], y_test=rows[:1, 0, 0])
    monkeypatch.setenv("GRADER_DATA", str(tmp_path))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))
    with kernel(tmp_path) as student:
        student.run("from tensorflow.keras.datasets import mnist\nfrom tensorflow import keras")
        printed = student.run("print(mnist.load_data()[0][0].sum(), len(mnist.load_data()[1][1]))")
        assert printed.splitlines()[-1] == "66 1"
        assert student.run("print(keras.utils.get_file.__name__)").strip() == "get_file"
    assert not [event for event in student.events if event["kind"] == "probe.fault"]


def test_a_get_file_of_keras_2_is_given_only_what_it_knows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keras 2's function has no `force_download`; the offered file is taken all the same."""
    (tmp_path / "rows.npz").touch()

    def get_file(fname: Any = None, origin: Any = None, untar: bool = False, file_hash: Any = None) -> str:
        return str(origin)

    monkeypatch.setenv(OFFERED_VARIABLE, str(tmp_path))
    offered = OfferedFiles(Probe(Channel()))
    offered.begin()
    _, arguments = next(offered.redirecting(binder(get_file))("rows.npz", origin=f"{MIRROR}rows.npz", file_hash="0"))
    assert get_file(**arguments) == (tmp_path / "rows.npz").as_uri()
