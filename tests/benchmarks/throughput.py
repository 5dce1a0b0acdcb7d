"""Notebooks a minute: the grader on this machine against running the same class one after the other, and by others.

    python tests/benchmarks/throughput.py --notebooks 12 --pairs 2

The class is of small Keras trainings, all different. Each round runs the grader (references excluded, verification
included, no cache) and every rival once, in turn. nbclient runs in this environment; papermill, nbgrader and otter get an
environment each, made by this script under --environments (kept for the next call), with the same TensorFlow. A rival
that can't be installed, or fails, is said so and left out. Prints the wall seconds of each, and per round the grader's
throughput as a multiple of each rival's; then the medians.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import nbformat

CELLS = (
    "import numpy as np, keras\nfrom sklearn.model_selection import train_test_split\nkeras.utils.set_random_seed({number})",
    (
        "rng = np.random.default_rng({number})\nX = rng.random((6000, 28, 28, 1)).astype('float32')\ny = rng.integers(0, 10, 6000)\n"
        "X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state={number})"
    ),
    (
        "model = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Conv2D(16, 3, activation='relu'),\n"
        "    keras.layers.MaxPooling2D(), keras.layers.Flatten(), keras.layers.Dense(10, activation='softmax')])\n"
        "model.compile('adam', 'sparse_categorical_crossentropy', metrics=['accuracy'])"
    ),
    "model.fit(X_train, y_train, epochs={epochs}, validation_split=0.2, verbose=0)",
    "print(model.evaluate(X_test, y_test, verbose=0))",
)
NBCLIENT = """
import sys, nbformat
from nbclient import NotebookClient
for path in sys.argv[1:]:
    NotebookClient(nbformat.read(path, 4), timeout=None).execute()
"""
NBGRADER = """
c = get_config()
c.CourseDirectory.course_id = "bench"
c.ExecutePreprocessor.timeout = None
"""


def write_class(folder: Path, notebooks: int, epochs: int) -> list[Path]:
    """Write the class; every notebook differs in its seeds."""
    paths = []
    for number in range(notebooks):
        cells = [nbformat.v4.new_code_cell(cell.format(number=number, epochs=epochs)) for cell in CELLS]
        paths.append(folder / f"student{number:02}.ipynb")
        nbformat.write(nbformat.v4.new_notebook(cells=cells), paths[-1])
    return paths


def timed(command: Sequence[str | Path], **options: object) -> float:
    """Run a command and return its wall seconds; a failure raises with what it said last."""
    began = time.perf_counter()
    result = subprocess.run(
        [*map(str, command)],
        check=False,
        capture_output=True,
        text=True,
        **options,  # type: ignore[call-overload]
    )
    if result.returncode:
        raise RuntimeError(f"{Path(str(command[0])).name}: {result.stderr.strip().splitlines()[-1:]}")
    return time.perf_counter() - began


def environment(home: Path, name: str, packages: Sequence[str]) -> Path:
    """Return the folder of programs of a rival's own environment, made where it is not there yet."""
    place = home / name
    if not (place / "bin" / "python").exists():
        subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
        own = importlib.metadata.version("tensorflow-cpu")
        wanted = [*packages, f"tensorflow-cpu=={own}", "scikit-learn", "ipykernel"]
        subprocess.run([str(place / "bin" / "pip"), "install", "-q", *wanted], check=True)
        kernel = ["-m", "ipykernel", "install", "--prefix", str(place), "--name", "python3"]
        subprocess.run([str(place / "bin" / "python"), *kernel], check=True, capture_output=True)
    return place / "bin"


def by_grader(paths: Sequence[Path], work: Path, jobs: str) -> float:
    """The real command, on the whole class."""
    command = [Path(sys.executable).with_name("grader"), "grade", paths[0].parent, "--out", work / "out"]
    return timed([*command, "--reference-budget", "0", "--jobs", jobs, "--no-cache"])


def by_nbclient(paths: Sequence[Path], _: Path) -> float:
    """One after the other, in one process."""
    return timed([sys.executable, "-c", NBCLIENT, *paths])


def by_papermill(programs: Path, paths: Sequence[Path], work: Path) -> float:
    """One command a notebook, as its documentation has it."""
    return sum(
        timed([programs / "papermill", path, work / path.name, "-k", "python3", "--no-progress-bar"]) for path in paths
    )


def by_nbgrader(programs: Path, paths: Sequence[Path], work: Path) -> float:
    """`nbgrader autograde` over the submitted class."""
    (work / "nbgrader_config.py").write_text(NBGRADER)
    notebook = nbformat.read(paths[0], 4)
    (work / "source" / "ps1").mkdir(parents=True)
    nbformat.write(notebook, work / "source" / "ps1" / "work.ipynb")
    # It calls a program of its own environment by name.
    environ = os.environ | {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    timed([programs / "nbgrader", "generate_assignment", "ps1", "--create"], cwd=work, env=environ)
    for path in paths:
        target = work / "submitted" / path.stem / "ps1"
        target.mkdir(parents=True)
        shutil.copy(path, target / "work.ipynb")
    return timed([programs / "nbgrader", "autograde", "ps1", "--create"], cwd=work, env=environ)


def by_otter(programs: Path, paths: Sequence[Path], work: Path) -> float:
    """otter's local run, one command a notebook (its parallel grader needs Docker)."""
    (work / "tests").mkdir()
    code = [programs / "python", "-c"]
    make = (
        "import zipfile; made = zipfile.ZipFile('autograder.zip', 'w'); made.writestr('otter_config.json', '{}'); "
        "made.writestr('tests/', ''); made.close()"
    )
    timed([*code, make], cwd=work)
    run = [programs / "otter", "run", "-a", work / "autograder.zip", "-o", work, "--no-logo"]
    return sum(timed([*run, path], cwd=work) for path in paths)


def rivals(asked: argparse.Namespace) -> dict[str, Callable[[Sequence[Path], Path], float]]:
    """Return those that can be run here."""
    found: dict[str, Callable[[Sequence[Path], Path], float]] = {"nbclient": by_nbclient}
    others = {"papermill": by_papermill, "nbgrader": by_nbgrader, "otter": by_otter}
    for name in asked.rivals.split(","):
        if name not in others:
            continue
        try:
            programs = environment(asked.environments, name, ["otter-grader" if name == "otter" else name])
        except (OSError, subprocess.CalledProcessError) as problem:
            print(f"{name} can't be installed here: {problem}")
            continue
        run = others[name]
        found[name] = lambda paths, work, run=run, programs=programs: run(programs, paths, work)
    return found


def main() -> None:
    """Run the rounds and print them."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--notebooks", type=int, default=12)
    options.add_argument("--epochs", type=int, default=5)
    options.add_argument("--pairs", type=int, default=2)
    options.add_argument("--jobs", default="auto")
    options.add_argument("--rivals", default="papermill,nbgrader,otter")
    options.add_argument("--environments", type=Path, default=Path.home() / ".cache" / "grader-benchmarks")
    asked = options.parse_args()
    competitors = rivals(asked)
    ratios: dict[str, list[float]] = {name: [] for name in competitors}
    for number in range(asked.pairs):
        with tempfile.TemporaryDirectory() as folder:
            (handed_in := Path(folder, "class")).mkdir()
            paths = write_class(handed_in, asked.notebooks, asked.epochs)
            (own_work := Path(folder, "grader")).mkdir()
            own = by_grader(paths, own_work, asked.jobs)
            line = [f"round {number + 1}: grader {own:.1f} s"]
            for name, run in competitors.items():
                (work := Path(folder, name)).mkdir()
                try:
                    seconds = run(paths, work)
                except (RuntimeError, OSError) as problem:
                    line.append(f"{name} failed ({problem})")
                    continue
                ratios[name].append(seconds / own)
                line.append(f"{name} {seconds:.1f} s ({seconds / own:.2f} times)")
            print("   ".join(line), flush=True)
    for name, seen in ratios.items():
        if seen:
            print(f"throughput, median over {len(seen)} rounds: {statistics.median(seen):.2f} times that of {name}")


if __name__ == "__main__":
    main()
