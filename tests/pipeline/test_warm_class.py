"""A class that starts from a template is graded as one that starts cold: the same `grade.json`, byte for byte."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from grader.sandbox import try_tier

GRADER = str(Path(sys.executable).with_name("grader"))
SAMPLES = Path(__file__).resolve().parents[2] / "submissions"

SEED = "import keras\nkeras.utils.set_random_seed(11)"
"""First in each notebook: what is not seeded draws anew in every run, cold or warm."""

TIMES = ("wall_s",)


def seeded_class(folder: Path) -> Path:
    """The sample class, with a cell before all others that seeds Python, NumPy and TensorFlow."""
    shutil.copytree(SAMPLES, folder, ignore=shutil.ignore_patterns("expected.yaml"))
    cell = {"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": [], "source": SEED}
    for path in folder.rglob("*.ipynb"):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        named = {"id": "seed"} if notebook["nbformat_minor"] >= 5 else {}
        notebook["cells"].insert(0, cell | named)
        path.write_text(json.dumps(notebook), encoding="utf-8")
    return folder


def graded(submissions: Path, out: Path, *options: str) -> dict[str, str]:
    """Grade a class, and return each `grade.json` without its times."""
    words = ["grade", str(submissions), "--out", str(out), "--reference-budget", "0", "--jobs", "2", "--no-cache"]
    subprocess.run([GRADER, *words, *options], check=True, timeout=1800)
    found = {}
    for path in sorted(out.glob("*/grade.json")):
        grade = json.loads(path.read_text(encoding="utf-8"))
        for name in TIMES:
            grade["run"].pop(name, None)
        found[path.parent.name] = json.dumps(grade, indent=1)
    return found


@pytest.mark.proof
def test_the_sample_class_comes_out_the_same(tmp_path: Path) -> None:
    """Every level, finding, figure and number of sixteen notebooks is the same, whichever way their kernels started."""
    if try_tier("bubblewrap") is not None:
        pytest.skip("bubblewrap does not work here: nothing starts warm")
    submissions = seeded_class(tmp_path / "class")
    warm = graded(submissions, tmp_path / "warm")
    cold = graded(submissions, tmp_path / "cold", "--no-warm-start")
    assert warm.keys() == cold.keys()
    assert len(warm) == 16
    different = [name for name in warm if warm[name] != cold[name]]
    assert not different, "\n".join(
        f"{name}: {before} / {after}"
        for name in different
        for before, after in zip(warm[name].splitlines(), cold[name].splitlines(), strict=False)
        if before != after
    )[:4000]
