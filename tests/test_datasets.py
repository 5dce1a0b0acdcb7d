"""Recognising data sets by their content, and putting them where Keras's loaders look."""

from __future__ import annotations

import gzip
import shutil
import subprocess
from pathlib import Path

import pytest

from grader.datasets import CHECKSUMS, KNOWN_DATASETS, add_dataset, dataset_named
from grader.errors import DatasetError
from tests.probe import archives


def test_files_under_any_name_find_their_place(tmp_path: Path) -> None:
    """A folder of archives with meaningless names becomes a folder that satisfies every loader."""
    archives.write_all(tmp_path / "given")
    mixed = tmp_path / "mixed"
    mixed.mkdir()
    files = [path for path in sorted((tmp_path / "given").rglob("*")) if path.is_file()]
    for place, path in enumerate(files):
        kept = path.name if path.suffix == ".json" else f"{place}.bin"  # two small word lists look alike
        shutil.copyfile(path, mixed / kept)
    added = add_dataset(mixed, tmp_path / "data")
    assert len(added) == len(files)
    assert [item.name for item in KNOWN_DATASETS if not item.is_satisfied(tmp_path / "data")] == []
    subprocess.run(["sha256sum", "--check", "--quiet", CHECKSUMS], cwd=tmp_path / "data", check=True)


def test_adding_again_changes_nothing(tmp_path: Path) -> None:
    """A folder can be added to itself, and each file has one line among the checksums."""
    archives.write_arrays(tmp_path)
    first = add_dataset(tmp_path, tmp_path)
    assert add_dataset(tmp_path, tmp_path) == first
    assert len((tmp_path / CHECKSUMS).read_text().splitlines()) == len(first) == 3


def test_mnist_is_not_taken_for_fashion(tmp_path: Path) -> None:
    """Dark pictures and uneven classes in idx files are MNIST's, which Keras doesn't read in this form."""
    archives.write_fashion(tmp_path / "made")
    made = tmp_path / "made" / "t10k-images-idx3-ubyte.gz"
    content = gzip.decompress(made.read_bytes())
    made.write_bytes(gzip.compress(content[:16] + bytes(len(content) - 16)))
    with pytest.raises(DatasetError, match="not recognised"):
        add_dataset(made, tmp_path / "data")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 torn", b"\x1f\x8b torn", b"{}", b"a,b\n1,2\n"])
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    """Damaged and foreign files are named in one sentence, and nothing is copied."""
    (tmp_path / "x.npz").write_bytes(content)
    with pytest.raises(DatasetError, match=r"x\.npz was not recognised"):
        add_dataset(tmp_path / "x.npz", tmp_path / "data")
    assert not (tmp_path / "data").exists()


def test_names_are_read_as_people_write_them() -> None:
    """`cifar-10`, `CIFAR10` and `cifar10` are one data set."""
    assert {dataset_named(name) for name in ("cifar-10", "CIFAR10", "cifar10")} == {dataset_named("cifar10")}
    assert dataset_named("cifar") is None
