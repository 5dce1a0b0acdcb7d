"""A small class, graded once through the real command, that the tests of this folder look at."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest

GRADER = str(Path(sys.executable).with_name("grader"))

DATA = """
import numpy as np
import keras
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

keras.utils.set_random_seed(7)
digits = load_digits()
X = (digits.images / 16.0)[..., np.newaxis].astype("float32")
X_train, X_test, y_train, y_test = train_test_split(X, digits.target, test_size=0.25, random_state=7)
"""
MODEL = """
model = keras.Sequential([
    keras.Input((8, 8, 1)),
    keras.layers.Conv2D(16, 3, activation="relu"),
    keras.layers.Flatten(),
    keras.layers.Dense(10, activation="softmax"),
])
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
"""
FIT = "history = model.fit(X_train, y_train, epochs=6, validation_split=0.2, verbose=0)"
SCORE = 'print("Test accuracy:", model.evaluate(X_test, y_test, verbose=0)[1])'
MATRIX = """
from sklearn.metrics import confusion_matrix
predicted = model.predict(X_test, verbose=0).argmax(axis=1)
print(confusion_matrix(y_test, predicted))
"""

CLASS = {
    "honest": (DATA, MODEL, FIT, SCORE, MATRIX),
    "made_up": (DATA, MODEL, FIT, 'print("Test accuracy: 0.9991")'),
    "boastful": (
        DATA,
        MODEL,
        FIT,
        SCORE,
        "md:## Conclusion\nMy network reached a test accuracy of 99.9 %, which is superb.",
    ),
    "spent": (DATA, MODEL, FIT.replace("validation_split=0.2", "validation_data=(X_test, y_test)"), SCORE),
    "on_training": (DATA, MODEL, FIT, SCORE.replace("X_test, y_test", "X_train, y_train")),
    "renamed": (
        DATA,
        "unseen, labels = X_train[:300], y_train[:300]",
        MODEL,
        FIT,
        'print("Test accuracy:", model.evaluate(unseen, labels, verbose=0)[1])',
    ),
    "dead": (DATA, MODEL.replace('"adam"', "keras.optimizers.SGD(5.0)"), FIT, SCORE),
    "stumbling": (DATA, MODEL, "print(undefined_name)", FIT, SCORE),
}
"""Student to cells."""


@dataclass(frozen=True, slots=True)
class Graded:
    """A graded class: the folder of results and what the command printed."""

    out: Path
    submissions: Path
    stdout: str
    stderr: str

    def grade(self, student: str) -> dict[str, Any]:
        """Return a student's grade.json."""
        return json.loads((self.out / student / "grade.json").read_text())

    def finding(self, student: str, check: str) -> dict[str, Any]:
        """Return one finding of a student."""
        return next(item for item in self.grade(student)["findings"] if item["check"] == check)

    def level(self, student: str, criterion: str) -> str | None:
        """Return the level a student reached in a criterion."""
        return self.grade(student)["criteria"][criterion]["level"]


def write_class(folder: Path) -> None:
    """Write the class as a folder per student."""
    for student, sources in CLASS.items():
        notebook = nbformat.v4.new_notebook()
        for source in sources:
            markdown = source.startswith("md:")
            make = nbformat.v4.new_markdown_cell if markdown else nbformat.v4.new_code_cell
            notebook.cells.append(make(source.removeprefix("md:").strip()))
        (folder / student).mkdir(parents=True)
        nbformat.write(notebook, folder / student / "project.ipynb")
    (folder / "unreadable.ipynb").write_text("{ not a notebook")


@pytest.fixture(scope="session")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Graded:
    """The class above, graded through the command line."""
    folder = tmp_path_factory.mktemp("class")
    write_class(folder / "submissions")
    result = subprocess.run(
        [
            GRADER,
            "grade",
            str(folder / "submissions"),
            "--out",
            str(folder / "out"),
            "--reference-budget",
            "20",
        ],
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return Graded(folder / "out", folder / "submissions", result.stdout, result.stderr)
