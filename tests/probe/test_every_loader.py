"""Every loader of `keras.datasets` reads what is offered, whatever its checksum, in boxes without a network."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.datasets import KNOWN_DATASETS
from grader.model import Tier
from grader.sandbox import Limits
from tests.execution.conftest import RunCells, text_of
from tests.probe import archives

LOAD = """
from tensorflow import keras
for name in ("mnist", "fashion_mnist", "cifar100", "imdb", "reuters", "boston_housing", "california_housing"):
    (x_train, y_train), (x_test, y_test) = getattr(keras.datasets, name).load_data()
    print(name, len(x_train), len(y_train), len(x_test), len(y_test))
(x_train, y_train), _ = keras.datasets.cifar10.load_data()
print("cifar10", x_train.shape, x_train.max(), y_train[0])
print(keras.datasets.imdb.get_word_index()["film"], keras.datasets.reuters.get_word_index()["the"])
"""


@pytest.mark.slow
def test_every_loader_reads_what_is_offered(best_tier: Tier, tmp_path: Path, run_cells: RunCells) -> None:
    """Archives packed anew, so that no checksum is Keras's own, serve all eight loaders and both word indices."""
    archives.write_all(tmp_path / "data")
    assert all(item.is_satisfied(tmp_path / "data") for item in KNOWN_DATASETS)
    run = run_cells(best_tier, LOAD, data=tmp_path / "data", limits=Limits(wall_s=240.0))
    assert run.status == "ok", run.message
    said = text_of(run, 0)
    assert "mnist 6 6 2 2" in said
    assert "fashion_mnist 10010 10010 20 20" in said
    assert "cifar100 4 4 4 4" in said
    assert "cifar10 (50000, 32, 32, 3) 7 [3]" in said
    assert "imdb 4 4 4 4" in said
    assert "reuters 3 3 1 1" in said
    assert "boston_housing 8 8 2 2" in said
    assert said.rstrip().endswith("2 1")
