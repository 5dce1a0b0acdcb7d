"""A run made by hand: events as the probe sends them, artifacts as the runner writes them.

made = RunBuilder(tmp_path)
train, test = made.rows(x_train), made.rows(x_test)
made.model("m1")
made.fit("m1", train, labels=y_train)
made.evaluate("m1", test, labels=y_test)
evidence = made.evidence()
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from grader.evidence.collecting import collect_evidence
from grader.model import Cell, CellRun, Event, Evidence, Run, Submission
from grader.probe.fingerprint import digest, fingerprint
from grader.probe.labels import encode

LAYERS = [
    {"name": "flatten", "class": "Flatten", "parameters": 0, "trainable": True, "output_shape": [None, 64]},
    {"name": "dense", "class": "Dense", "parameters": 650, "trainable": True, "output_shape": [None, 10],
     "settings": {"units": 10, "activation": "softmax"}},
]  # fmt: skip


class RunBuilder:
    """Collects events and artifacts; ids are given by content, as the probe does."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "artifacts"
        self.folder.mkdir(parents=True, exist_ok=True)
        self.events: list[Event] = []
        self.artifacts: dict[str, Path] = {}
        self.cells: list[CellRun] = []
        self.sources: list[str] = []
        self.cell = 0
        self._ids: dict[str, str] = {}
        self._weights: dict[str, int] = {}
        self._hash_artifacts: dict[tuple[str, str], str] = {}

    # ------------------------------------------------------------ raw
    def send(self, kind: str, **fields: Any) -> None:
        """Send one event, whatever its fields."""
        self.events.append(Event(seq=len(self.events), cell=self.cell, kind=kind, fields=fields))

    def artifact(self, array: Any) -> str:
        """Write an array as an artifact and return its id."""
        name = f"a{len(self.artifacts) + 1}"
        path = self.folder / f"{name}.npy"
        np.save(path, np.asarray(array), allow_pickle=False)
        self.artifacts[name] = path
        return name

    def _id(self, prefix: str, key: str) -> tuple[str, bool]:
        new = key not in self._ids
        if new:
            self._ids[key] = f"{prefix}{sum(name.startswith(prefix) for name in self._ids.values()) + 1}"
        return self._ids[key], new

    # ------------------------------------------------------------ data
    def rows(self, array: Any, *, source: str = "array", values: bool = False, **fields: Any) -> str:
        """See rows and return their id; `values` keeps the rows themselves."""
        array = np.asarray(array)
        mark = fingerprint(array.reshape(len(array), -1))
        name, new = self._id("r", "rows" + digest(mark.exact, array.shape[1:]))
        if new or values:
            self.send(
                "rows.seen",
                **{
                    "rows": name,
                    "count": len(array),
                    "shape": list(array.shape[1:]),
                    "dtype": str(array.dtype),
                    "source": source,
                    "exact": self._hashes(name, "exact", mark.exact),
                    "canonical": self._hashes(name, "canonical", mark.canonical),
                    "low": mark.low,
                    "high": mark.high,
                    "mean": mark.mean,
                    "nans": 0,
                    "values": self.artifact(array.astype(np.float32)) if values else None,
                    "complete": True,
                    **fields,
                },
            )
        return name

    def _hashes(self, rows: str, kind: str, hashes: Any) -> str:
        """Return the artifact of a row set's hashes, sent once however often the rows are announced."""
        if (rows, kind) not in self._hash_artifacts:
            self._hash_artifacts[rows, kind] = self.artifact(hashes)
        return self._hash_artifacts[rows, kind]

    def labels(self, array: Any) -> str:
        """See labels and return their id."""
        array = np.asarray(array)
        found = encode(array)
        name, new = self._id("l", "labels" + digest(found.values, found.form, found.classes))
        if new:
            counts = [] if found.form == "float" else np.bincount(found.values, minlength=len(found.classes)).tolist()
            self.send(
                "labels.seen",
                labels=name,
                count=len(array),
                shape=list(array.shape[1:]),
                dtype=str(array.dtype),
                form=found.form,
                classes=found.classes,
                counts=counts,
                low=found.low,
                high=found.high,
                values=self.artifact(found.values),
            )
        return name

    def labelled(self, array: Any, labels: Any) -> tuple[str, str]:
        """See rows with their labels, outside of any model."""
        rows, names = self.rows(array), self.labels(labels)
        self.send("rows.labelled", rows=rows, labels=names)
        return rows, names

    def split(self, x: Any, y: Any, held_out: int, *, seed: int = 0) -> tuple[Any, Any, Any, Any]:
        """Do what train_test_split does, and send what the probe sends; return x_train, x_test, y_train, y_test."""
        order = np.random.default_rng(seed).permutation(len(x))
        parts = x[order[held_out:]], x[order[:held_out]], y[order[held_out:]], y[order[:held_out]]
        inputs = [self.labelled(x, y)[0]]
        outputs = [self.labelled(parts[0], parts[2])[0], self.labelled(parts[1], parts[3])[0]]
        self.send(
            "split.made",
            function="sklearn.model_selection.train_test_split",
            sizes=[len(parts[0]), len(parts[1])],
            settings={"random_state": seed, "shuffle": True, "stratify": None, "test_size": held_out},
            inputs=inputs,
            outputs=outputs,
        )
        return parts

    def transform(self, before: Any, after: Any, kind: str = "StandardScaler") -> None:
        """See rows become other rows, one for one."""
        self.send(
            "preprocessing.transformed",
            object="p1",
            rows_in=self.rows(before),
            rows_out=self.rows(after),
            **{"class": kind},
        )

    def fitted(self, array: Any, kind: str = "StandardScaler") -> None:
        """See a preprocessing object fitted."""
        self.send("preprocessing.fitted", object="p1", rows=self.rows(array), stateless=False, **{"class": kind})

    # ------------------------------------------------------------ models
    def model(
        self, name: str = "m1", *, loss: str = "sparse_categorical_crossentropy", units: int = 10, **fields: Any
    ) -> None:
        """Describe and compile a model."""
        description = {
            "model": name,
            "library": "keras",
            "class": "Sequential",
            "family": "sequential",
            "layers": LAYERS,
            "parameters": 650,
            "trainable_parameters": 650,
            "input_shape": [None, 8, 8],
            "output_shape": [None, units],
            "output_activation": "softmax",
            "pretrained": "",
        }
        self.send("model.described", **{**description, **fields})
        self.send(
            "model.compiled",
            model=name,
            loss=loss,
            from_logits=False,
            optimizer="Adam",
            learning_rate=0.001,
            metrics=["accuracy"],
        )

    def weights(self, model: str) -> str:
        """Return the digest of a model's weights as they are now."""
        return f"{model}w{self._weights.get(model, 0)}"

    def fit(
        self,
        model: str,
        x: Any,
        y: Any,
        *,
        validation: tuple[Any, Any] | None = None,
        validation_split: float = 0.0,
        losses: tuple[float, ...] = (1.0, 0.5, 0.4),
        val_losses: tuple[float, ...] = (),
        learns: bool = True,
        put_in: str | None = None,
    ) -> str:
        """Train a model on rows and return the fit's id; `put_in` is how weights came in meanwhile."""
        name = f"f{sum(event.kind == 'fit.began' for event in self.events) + 1}"
        rows, labels = self.rows(x, values=True), self.labels(y)
        watched = (self.rows(validation[0]), self.labels(validation[1])) if validation else (None, None)
        self.send("rows.labelled", rows=rows, labels=labels)
        self.send(
            "fit.began",
            fit=name,
            model=model,
            rows=rows,
            labels=labels,
            validation_rows=watched[0],
            validation_labels=watched[1],
            validation_split=validation_split,
            epochs=len(losses),
            batch_size=32,
            callbacks=[],
            weights=self.weights(model),
            augmentation=[],
        )
        for epoch, loss in enumerate(losses):
            logs = {"loss": loss, "accuracy": 0.9} | ({"val_loss": val_losses[epoch]} if val_losses else {})
            self.send("fit.epoch", fit=name, epoch=epoch, logs=logs)
        self._weights[model] = self._weights.get(model, 0) + learns
        self.send("fit.ended", fit=name, completed=True, weights=self.weights(model), seconds=1.0, put_in=put_in)
        return name

    def score(
        self,
        model: str,
        x: Any,
        y: Any = None,
        *,
        how: str = "evaluate",
        seal: bool = True,
        predictions: Any = None,
        returned: dict[str, float] | None = None,
    ) -> str:
        """Score rows outside of fit and return the scoring's id."""
        name = f"s{sum(event.kind == 'model.scored' for event in self.events) + 1}"
        rows = self.rows(x, values=True)
        labels = None if y is None else self.labels(y)
        if seal:
            path = self.folder / f"{self.weights(model)}.keras"
            path.write_bytes(b"a sealed model")
            self.artifacts.setdefault(path.stem, path)
            self.send("model.sealed", model=model, weights=self.weights(model), artifact=path.stem)
        self.send(
            "model.scored",
            score=name,
            model=model,
            how=how,
            rows=rows,
            labels=labels,
            weights=self.weights(model),
            returned=returned or {},
            predictions=None if predictions is None else self.artifact(predictions),
        )
        return name

    def evaluate(self, model: str, x: Any, y: Any) -> str:
        """Evaluate a model on rows with labels."""
        return self.score(model, x, y, returned={"loss": 0.4, "accuracy": 0.9})

    def predict(self, model: str, x: Any, predictions: Any = None) -> str:
        """Predict rows, labels unknown."""
        return self.score(model, x, how="predict", predictions=predictions)

    def metric(self, function: str, true: Any, predicted: Any, **fields: Any) -> None:
        """Call a metric function."""
        self.send(
            "metric.computed",
            **{
                "function": function,
                "true": self.labels(true),
                "predicted": self.labels(predicted),
                "count": len(true),
                **fields,
            },
        )

    # ------------------------------------------------------------ results
    def failing_cell(self, source: str, exception: str, message: str) -> None:
        """Add a cell that failed."""
        self.cells.append(CellRun(len(self.sources), "error", exception=exception, message=message))
        self.sources.append(source)

    def submission(self) -> Submission:
        """The submission that was run."""
        sources = self.sources or ["model.fit(x, y)"]
        cells = tuple(Cell(index, "code", source) for index, source in enumerate(sources))
        return Submission("alice", Path("project.ipynb"), None, "0" * 64, "0" * 64, cells)

    def run(self) -> Run:
        """The run as the runner would return it."""
        failed = next((cell.index for cell in self.cells if cell.status == "error"), None)
        return Run(
            status="ok" if failed is None else "error",
            isolation="bubblewrap",
            wall_s=2.0,
            cells=tuple(self.cells),
            failed_cell=failed,
            events=tuple(self.events),
            artifacts=dict(self.artifacts),
        )

    def evidence(self) -> Evidence:
        """The evidence collected from the run."""
        return collect_evidence(self.submission(), self.run())
