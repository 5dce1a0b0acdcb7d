"""Reproducing the expected accuracy of the reference networks on a known data set."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.errors import ReferenceTrainingError
from grader.model import Labels, ReferenceData, ReferenceResult, Rows, Tier
from grader.reference.datasets import Split, load_fashion_mnist
from grader.reference.plan import whole_plan
from grader.reference.recipes import Band, Recipe, load_recipes
from grader.reference.splits import read_split
from grader.reference.training import train_recipes
from grader.sandbox import Limits, ScriptResult, run_script

GUARD_S = 900.0
"""For one network: the slowest takes one and a half minutes on two cores."""

PARAMETER_TOLERANCE = 0.01
"""The course gives sizes in whole thousands."""

DATASETS: dict[str, Callable[[Path], Split]] = {"fashion_mnist": load_fashion_mnist}


@dataclass(frozen=True, slots=True)
class BandResult:
    """What a reference network reached, beside what was expected of it."""

    band: Band
    result: ReferenceResult

    @property
    def within(self) -> bool:
        """Whether accuracy and size are as expected, and the training was not cut short."""
        expected = self.band.parameters
        size = expected is None or abs(self.result.parameters - expected) <= PARAMETER_TOLERANCE * expected
        return size and self.band.low <= self.result.score <= self.band.high and not self.result.note


def reproduce_bands(
    dataset: str, data: Path, *, tier: Tier, run: Callable[..., ScriptResult] = run_script
) -> Iterator[BandResult]:
    """Train each reference network of a data set on its official split, and give the results as they come.

    Raises:
        DatasetError: `data` is not laid out like `~/.keras/datasets`, or lacks the data set.
        ReferenceTrainingError: a network could not be trained.
    """
    book = load_recipes()
    split = DATASETS[dataset](data)
    for band in book.bands[dataset]:
        recipe = book.recipe(band.recipe)
        if recipe is None:
            raise ReferenceTrainingError(f"There is no recipe {band.recipe} for the band of {dataset}.")
        with tempfile.TemporaryDirectory(prefix="grader-bands-") as folder:
            rows = band_data(split, band.classes, Path(folder))
            yield BandResult(band, _train_whole(recipe, rows, tier, run))


def _train_whole(recipe: Recipe, rows: ReferenceData, tier: Tier, run: Callable[..., ScriptResult]) -> ReferenceResult:
    """Train a recipe on all rows for all its epochs, whatever that costs."""
    split = read_split(rows)
    if split is None:
        raise ReferenceTrainingError(f"The rows are none that {recipe.id} could be trained on.")
    plans = (whole_plan(recipe, split.sizes),)
    trained = train_recipes(rows, split, plans, tier=tier, guard_s=GUARD_S, limits=Limits(), run=run)
    if not trained.results:
        raise ReferenceTrainingError(" ".join(trained.unscored))
    return trained.results[0]


def band_data(split: Split, classes: tuple[int, ...], folder: Path) -> ReferenceData:
    """Write the rows of those classes (all where none are named) as a split that recipes train on."""
    train, train_labels, names = _part(split.train, split.train_labels, classes)
    test, test_labels, _ = _part(split.test, split.test_labels, classes)
    arrays: dict[str, NDArray[Any]] = {
        "train": train,
        "train_labels": train_labels,
        "test": test,
        "test_labels": test_labels,
    }
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array, allow_pickle=False)
    return ReferenceData(
        key="",
        train=Rows("train", folder / "train.npy", len(train)),
        train_labels=Labels(folder / "train_labels.npy", names),
        test=Rows("test", folder / "test.npy", len(test)),
        test_labels=Labels(folder / "test_labels.npy", names),
        task="classification",
        input_kind="image",
    )


def _part(
    images: NDArray[np.uint8], labels: NDArray[np.int64], classes: tuple[int, ...]
) -> tuple[NDArray[np.uint8], NDArray[np.int64], tuple[str, ...]]:
    kept = np.array(sorted(classes) or np.unique(labels), dtype=np.int64)
    of_them = np.isin(labels, kept)
    return images[of_them], np.searchsorted(kept, labels[of_them]), tuple(str(number) for number in kept)
