"""Grading notebooks one after the other against plain nbclient running them, pair by pair, in one environment.

    python tests/benchmarks/overhead.py --train-seconds 60 --pairs 3
    python tests/benchmarks/overhead.py --train-seconds 5 --notebooks 6 --pairs 3

Prints the wall times and the ratio of each pair, and the median ratio. References are excluded, verification included;
so is the template that kernels start from, which is made once for all notebooks. Of several, each computes with one
thread on both sides, as in a class.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat

CALIBRATE = """
import time
import numpy as np, keras
keras.utils.set_random_seed({seed})
rng = np.random.default_rng({seed})
X = rng.random((12000, 28, 28, 1)).astype("float32"); y = rng.integers(0, 10, 12000)
X_train, y_train, X_test, y_test = X[:10000], y[:10000], X[10000:], y[10000:]
""".strip()
MODEL = """
model = keras.Sequential([
    keras.Input((28, 28, 1)), keras.layers.Conv2D(32, 3, activation="relu"), keras.layers.MaxPooling2D(),
    keras.layers.Flatten(), keras.layers.Dense(64, activation="relu"), keras.layers.Dense(10, activation="softmax")])
model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
""".strip()
FIT = "history = model.fit(X_train, y_train, epochs={epochs}, validation_split=0.2, verbose=2)"
SCORE = 'print("Test accuracy:", model.evaluate(X_test, y_test, verbose=0)[1])'
TIMED = """
model.fit(X_train, y_train, epochs=1, validation_split=0.2, verbose=0)
began = time.perf_counter()
model.fit(X_train, y_train, epochs=5, validation_split=0.2, verbose=0)
print((time.perf_counter() - began) / 5)
"""
PLAIN = """
import pathlib, sys, nbformat
from nbclient import NotebookClient
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.ipynb")):
    notebook = nbformat.read(path, 4)
    NotebookClient(notebook, timeout=None, resources={"metadata": {"path": sys.argv[1]}}).execute()
"""


def write_notebooks(folder: Path, count: int, epochs: int) -> None:
    """Write notebooks that train for that many epochs; no two are equal, or they would be run once."""
    for seed in range(count):
        notebook = nbformat.v4.new_notebook()
        texts = (CALIBRATE.format(seed=seed), MODEL, FIT.format(epochs=epochs), SCORE)
        notebook.cells = [nbformat.v4.new_code_cell(text) for text in texts]
        nbformat.write(notebook, folder / f"student{seed}.ipynb")


def timed(*command: str, threads: int | None = None) -> float:
    """Run a command and return its wall seconds; a failure ends the benchmark."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
    variables = {} if threads is None else dict.fromkeys(names, str(threads))
    started = time.perf_counter()
    subprocess.run(
        command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env={**os.environ, **variables}
    )
    return time.perf_counter() - started


def seconds_of_an_epoch() -> float:
    """How long an epoch of the training takes here."""
    code = "\n".join((CALIBRATE.format(seed=0), MODEL, TIMED))
    result = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return float(result.stdout)


def main() -> None:
    """Calibrate the epochs, run the pairs in turn, print the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--train-seconds", type=float, default=60)
    options.add_argument("--notebooks", type=int, default=1)
    options.add_argument("--pairs", type=int, default=3)
    asked = options.parse_args()
    grader = str(Path(sys.executable).with_name("grader"))
    with tempfile.TemporaryDirectory() as folder:
        notebooks = Path(folder, "notebooks")
        notebooks.mkdir()

        def plain() -> float:
            threads = 1 if asked.notebooks > 1 else None
            return timed(sys.executable, "-c", PLAIN, str(notebooks), threads=threads)

        def graded(number: int) -> float:
            return timed(
                grader,
                "grade",
                str(notebooks),
                "--out",
                f"{folder}/out{number}",
                "--reference-budget",
                "0",
                "--jobs",
                "1",
                "--no-cache",
            )

        epoch = seconds_of_an_epoch()
        epochs = max(1, round(asked.train_seconds / epoch))
        write_notebooks(notebooks, asked.notebooks, epochs)
        print(f"{epochs} epochs of about {epoch:.2f} s", flush=True)
        ratios = []
        for number in range(asked.pairs):
            alone, with_grading = plain(), graded(number)
            ratios.append(with_grading / alone)
            print(
                f"pair {number + 1}: nbclient {alone:6.1f} s   grader {with_grading:6.1f} s   ratio {ratios[-1]:.3f}",
                flush=True,
            )
        print(f"median ratio {statistics.median(ratios):.3f}")


if __name__ == "__main__":
    main()
