"""Forgeries: notebooks that claim more than their work gives, each with the honest notebook of the same work."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import nbformat

SETUP = """
import numpy as np, keras, matplotlib.pyplot as plt
from sklearn.datasets import load_digits
from sklearn.metrics import accuracy_score, classification_report, confusion_matrix, ConfusionMatrixDisplay
from sklearn.model_selection import train_test_split
keras.utils.set_random_seed(0)
"""
DATA = """
# Six hundred of the digits, scaled; a fifth is held back for the one test at the end
digits = load_digits()
x, y = digits.images[:600, ..., None] / 16.0, digits.target[:600]
x_train, x_test, y_train, y_test = train_test_split(x, y, test_size=0.2, random_state=0, stratify=y)
"""
MODEL = """
model = keras.Sequential([
    keras.layers.Input((8, 8, 1)), keras.layers.Conv2D(16, 3, activation="relu"),
    keras.layers.Flatten(), keras.layers.Dropout(0.2), keras.layers.Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
"""
FIT = "history = model.fit(x_train, y_train, validation_split=0.2, epochs=6, batch_size=16, verbose=0)"
CURVES = """
plt.plot(history.history["loss"], label="training loss")
plt.plot(history.history["val_loss"], label="validation loss")
plt.xlabel("epoch"); plt.legend(); plt.show()
"""
SCORE = """
loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
print(f"test accuracy: {accuracy:.4f}")
"""
MATRIX = """
predicted = model.predict(x_test, verbose=0).argmax(axis=1)
ConfusionMatrixDisplay(confusion_matrix(y_test, predicted)).plot(); plt.show()
print(classification_report(y_test, predicted, zero_division=0))
"""
INTRODUCTION = """# Digits
The task: from a picture of 8 by 8 pixels, tell which digit from 0 to 9 it shows. I use a small CNN because its filters
find strokes wherever they are, and dropout, as the scores on the validation rows were better with it."""
CLOSING = """## Conclusion
The convolution layer slides small filters over the picture and finds strokes; the dense layer turns them into ten
probabilities, and softmax makes them sum to one. Training changes the weights a little after each batch so that the
loss falls, over a few epochs. The accuracy is the share of pictures of the held-back test set that were told right.
The model goes wrong where digits look alike, because at 8 by 8 pixels an 8 and a 1 share most strokes. As a next step
I would add shifted pictures to the training rows, since the errors are of digits drawn off centre."""

PARTS = {
    "setup": SETUP,
    "data": DATA,
    "model": MODEL,
    "fit": FIT,
    "curves": CURVES,
    "score": SCORE,
    "matrix": MATRIX,
}
"""The honest notebook, cell by cell."""


@dataclass(frozen=True, slots=True)
class Work:
    """A notebook: the honest one's cells, some replaced (None: left out), and files beside it."""

    name: str
    cells: Mapping[str, str | tuple[str, ...] | None] = field(default_factory=dict)
    files: Mapping[str, Callable[[Path], None]] = field(default_factory=dict)
    saved: Mapping[str, str] = field(default_factory=dict)
    """Outputs that the notebook was handed in with, by cell."""

    def write(self, folder: Path) -> None:
        """Write it as a submission into `folder`."""
        folder.mkdir(parents=True)
        notebook = nbformat.v4.new_notebook()
        notebook.cells = [nbformat.v4.new_markdown_cell(INTRODUCTION)]
        for name, sources in {**PARTS, **self.cells}.items():
            for source in (sources,) if isinstance(sources, str) else sources or ():
                cell = nbformat.v4.new_code_cell(source.strip())
                if name in self.saved:
                    cell.execution_count = len(notebook.cells)
                    cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text=self.saved[name])]
                notebook.cells.append(cell)
        notebook.cells.append(nbformat.v4.new_markdown_cell(CLOSING))
        nbformat.write(notebook, folder / "project.ipynb")
        for name, make in self.files.items():
            make(folder / name)


@dataclass(frozen=True, slots=True)
class Forgery:
    """A forged notebook, the honest one of the same work, and the checks that must not pass.

    `caught` names the findings that must be `fail`, or `unknown` in a submission marked for review.
    """

    work: Work
    twin: str
    caught: tuple[str, ...]
    by: str
    """What catches it, for the table."""
    review: bool = True
    """Whether a person must be asked: where something else is seen to be wrong and settles the level, nobody need be."""


# ---------------------------------------------------------------- honest work of several kinds
ALL_ROWS = "x_all, y_all = np.concatenate([x_train, x_test]), np.concatenate([y_train, y_test])"
FIT_ALL = f"{ALL_ROWS}\nmodel.fit(x_all, y_all, epochs=12, batch_size=16, verbose=0)"
UNTRAINED = MODEL.replace('"adam"', "keras.optimizers.Adam(0.0)")
WEAK = MODEL.replace('"adam"', "keras.optimizers.Adam(2e-4)")
VALIDATION_SCORE = """print(f"validation accuracy: {history.history['val_accuracy'][-1]:.4f}")"""
UNVALIDATED = FIT.replace("validation_split=0.2, ", "")

TWINS = {
    work.name: work
    for work in (
        Work("honest"),
        Work("untrained", {"model": UNTRAINED}),
        Work("weak", {"model": WEAK}),
        Work("tested-on-training", {"fit": (FIT, FIT_ALL)}),
        Work("without-matrix", {"matrix": None}),
        Work("without-validation", {"fit": UNVALIDATED, "curves": None}),
        Work("without-test", {"score": VALIDATION_SCORE, "matrix": None}),
        Work("crashing", {"matrix": MATRIX + "plt.title(best_title)"}),
    )
}
