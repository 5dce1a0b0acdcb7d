"""Splits as a run leaves them, for training references on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from grader.model.sealed import Labels, ReferenceData, Rows


@pytest.fixture
def split(tmp_path):
    """Write a split of rows and labels, the last third for testing; `key` stands for its digest."""

    def make(rows, labels, classes, kind, task="classification", key="k1", index=None, folder: Path = tmp_path):
        cut = len(rows) * 2 // 3
        truth = np.asarray(labels, dtype=np.int64 if classes else np.float64)
        arrays = {
            "train": rows[:cut] if index is None else rows[index],
            "train-labels": truth[:cut],
            "test": rows[cut:],
            "test-labels": truth[cut:],
        }
        for name, array in arrays.items():
            np.save(folder / f"{name}.npy", array)
        at = None
        if index is not None:
            at = folder / "index.npy"
            np.save(at, np.asarray(index, dtype=np.int64))
        return ReferenceData(
            key=key,
            train=Rows("train", folder / "train.npy", cut, index=at),
            train_labels=Labels(folder / "train-labels.npy", classes),
            test=Rows("test", folder / "test.npy", len(rows) - cut),
            test_labels=Labels(folder / "test-labels.npy", classes),
            task=task,
            input_kind=kind,
        )

    return make
