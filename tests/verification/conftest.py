"""Sealed scorings as a run leaves them, made from small Keras models."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from grader.model.sealed import Labels, Rows, SealedScoring

DIGITS = tuple("0123456789")


@dataclass
class Bench:
    """Writes what a run would have left: arrays, labels, sealed scorings."""

    folder: Path

    def array(self, name, values):
        path = self.folder / f"{name}.npy"
        np.save(path, values, allow_pickle=values.dtype == object)
        return path

    def scoring(self, name, model, rows, labels, classes=DIGITS, task="classification", **more):
        """A scoring of that model on those rows; `index`, `scale`, `predictions` and the like in `more`."""
        path = model
        if model is not None and not isinstance(model, Path):
            path = self.folder / f"{name}.keras"
            model.save(path)
        index = more.pop("index", None)
        saved = Rows(
            id=f"rows-{name}",
            values=self.array(f"{name}-rows", rows),
            total=len(labels),
            index=None if index is None else self.array(f"{name}-index", index.astype(np.int64)),
            scale=more.pop("scale", None),
        )
        truth = labels.astype(np.float64 if not classes else np.int64)
        if "predictions" in more:
            more["predictions"] = self.array(f"{name}-predictions", more["predictions"])
        if "train_labels" in more:
            more["train_labels"] = Labels(self.array(f"{name}-train", more["train_labels"]), classes)
        options = {"input_kind": "image", "from_logits": False, **more}
        return SealedScoring(
            name, f"model-{name}", path, saved, Labels(self.array(f"{name}-labels", truth), classes), task, **options
        )


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    return Bench(tmp_path_factory.mktemp("sealed"))
