"""Leaks in real kernels, each beside its honest twin: the same work, in the right order."""

from __future__ import annotations

from pathlib import Path

import nbformat
import numpy as np
import pytest

from grader.checks import CHECKS
from grader.evidence.collecting import collect_evidence
from grader.execution import run_submission
from grader.execution.settings import RunSettings
from grader.intake import load_submissions
from grader.sandbox import detect_tier

pytestmark = [pytest.mark.slow, pytest.mark.proof]

SETUP = """
import numpy as np, pandas as pd, keras, tensorflow as tf
from sklearn.model_selection import train_test_split, GroupShuffleSplit
from sklearn.metrics import accuracy_score, confusion_matrix
keras.utils.set_random_seed(0)
rng = np.random.default_rng(3)

def network(width, units=3):
    model = keras.Sequential([keras.Input((width,)), keras.layers.Dense(16, activation="relu"),
                              keras.layers.Dense(units, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model
"""
TABLE = """
kind = rng.choice(3, 500, p=[0.6, 0.25, 0.15])
rows = rng.normal(size=(500, 8)) + kind[:, None] * 0.5
"""
SPLIT = "a, b, c, d = train_test_split({x}, {y}, test_size=0.2, random_state=1)"
FIT = "model = network(a.shape[1])\nmodel.fit(a, c, epochs=2, validation_split=0.15, verbose=0)"
SCORE = "print(model.evaluate(b, d, verbose=0)[1])"

SMOTE = """
def more(x, y):
    made, kinds = [], []
    for wanted in (1, 2):
        own = x[y == wanted]
        for _ in range(150):
            row = own[rng.integers(len(own))]
            near = own[np.argsort(((own - row) ** 2).sum(1))[1 + rng.integers(5)]]
            made.append(row + rng.random() * (near - row))
            kinds.append(wanted)
    return np.concatenate([x, made]), np.concatenate([y, kinds])
"""
PICTURES = """
kind = rng.integers(0, 3, 300)
rows = (rng.random((300, 8, 8, 1)) + kind[:, None, None, None] * 0.3).astype("float32")
def brighter(pictures):
    return np.stack([tf.image.random_brightness(tf.roll(item, 1, 1), 0.2).numpy() for item in pictures])
"""
FLAT = "a, b = a.reshape(len(a), -1), b.reshape(len(b), -1)"
PATIENTS = """
frame = pd.read_csv("patients.csv").dropna()
x, y = frame.drop(columns=["patient", "label"]), frame["label"].values
"""
BY_PATIENT = """
first, second = next(GroupShuffleSplit(1, test_size=0.25, random_state=0).split(x, y, frame["patient"]))
values = x.values
a, b, c, d = values[first], values[second], y[first], y[second]
"""
SCALED = """
from sklearn.preprocessing import StandardScaler
scaler = StandardScaler().fit(a)
a, b = scaler.transform(a), scaler.transform(b)
"""
LAGS = """
series = pd.Series(np.cumsum(rng.normal(size=500)) * 0.3)
lags = pd.concat({f"lag{step}": series.shift(step) for step in range(1, 9)}, axis=1).dropna()
x, y = lags, (series[lags.index].values > series[lags.index - 1].values).astype(int)
"""
SEEDS = """
best = 0.0
for seed in range(4):
    keras.utils.set_random_seed(seed)
    one = network(8)
    one.fit(a, c, epochs=1, verbose=0)
    score = one.evaluate(b, d, verbose=0)[1]
    {keep}
"""
CUTS = """
chance = model.predict({rows}, verbose=0)[:, 1]
levels = np.linspace(0.1, 0.9, 17)
cut = levels[int(np.argmax([accuracy_score({truth}, (chance > level).astype(int)) for level in levels]))]
print(confusion_matrix(d, (model.predict(b, verbose=0)[:, 1] > cut).astype(int)))
"""

NEAR, GROUPS = "split.no_near_duplicates", "split.no_group_leakage"
CASES = {
    "smote first": (NEAR, "fail", TABLE + SMOTE, "rows, kind = more(rows, kind)", SPLIT.format(x="rows", y="kind")),
    "smote after": (NEAR, "pass", TABLE + SMOTE, SPLIT.format(x="rows", y="kind"), "a, c = more(a, c)"),
    "brighter first": (
        NEAR, "fail", PICTURES, "rows, kind = np.concatenate([rows, brighter(rows)]), np.tile(kind, 2)",
        SPLIT.format(x="rows", y="kind"), FLAT,
    ),
    "brighter after": (
        NEAR, "pass", PICTURES, SPLIT.format(x="rows", y="kind"),
        "a, c = np.concatenate([a, brighter(a)]), np.tile(c, 2)", FLAT,
    ),
    "patients mixed": (GROUPS, "fail", PATIENTS, SPLIT.format(x="x", y="y"), SCALED),
    "patients apart": (GROUPS, "not_applicable", PATIENTS, BY_PATIENT),
}  # fmt: skip
LONGER = {
    "time mixed": ("split.no_temporal_leakage", "fail", LAGS, SPLIT.format(x="x", y="y"), SCALED),
    "time in order": (
        "split.no_temporal_leakage", "not_applicable", LAGS, "a, b, c, d = train_test_split(x, y, shuffle=False)",
    ),
    "outcome among inputs": (
        "split.no_label_proxy", "fail", TABLE, "rows[:, 3] = kind + rng.normal(0, 0.01, 500)",
        SPLIT.format(x="rows", y="kind"),
    ),
    "no outcome": ("split.no_label_proxy", "pass", TABLE, SPLIT.format(x="rows", y="kind")),
}  # fmt: skip
CHOICES = {
    "luckiest seed": (
        "evaluation.not_best_of_seeds", "fail", TABLE, SPLIT.format(x="rows", y="kind"),
        SEEDS.format(keep="if score > best and seed < 3: best, model = score, one"), SCORE,
    ),
    "every seed": (
        "evaluation.not_best_of_seeds", "pass", TABLE, SPLIT.format(x="rows", y="kind"),
        SEEDS.format(keep="best, model = best + score / 4, one"), SCORE,
    ),
    "cut by the test": (
        "evaluation.threshold_not_tuned_on_test", "fail", TABLE + "kind = (kind > 0).astype(int)",
        SPLIT.format(x="rows", y="kind"), FIT, CUTS.format(rows="b", truth="d"),
    ),
    "cut by others": (
        "evaluation.threshold_not_tuned_on_test", "pass", TABLE + "kind = (kind > 0).astype(int)",
        SPLIT.format(x="rows", y="kind"), FIT, CUTS.format(rows="a[-60:]", truth="c[-60:]"),
    ),
}  # fmt: skip


def finding(folder: Path, check: str, *cells: str):
    """Run cells in a real kernel, and return one check's finding."""
    handed_in = folder / "class" / "one"
    handed_in.mkdir(parents=True)
    sources = [nbformat.v4.new_code_cell(item.strip()) for item in (SETUP, *cells)]
    nbformat.write(nbformat.v4.new_notebook(cells=sources), handed_in / "project.ipynb")
    write_patients(handed_in / "patients.csv")
    (submission,) = load_submissions(folder / "class")
    run = run_submission(submission, folder / "run", RunSettings.of(detect_tier(), timeout_s=900))
    assert run.status == "ok", run.message
    return CHECKS[check].run(collect_evidence(submission, run), {})


def write_patients(path: Path) -> None:
    """Thirty patients, twelve rows each, in mixed order; one row has a gap."""
    rng = np.random.default_rng(1)
    lines = []
    for patient in range(30):
        centre = rng.normal(size=6) * 3
        visits = centre + rng.normal(size=(12, 6)) * 0.3
        lines += [f"p{patient},{patient % 3}," + ",".join(f"{value:.3f}" for value in visit) for visit in visits]
    rng.shuffle(lines)
    lines[7] = lines[7].rpartition(",")[0] + ","
    path.write_text("\n".join(["patient,label,a,b,c,d,e,f", *lines]))


@pytest.mark.parametrize("name", CASES)
def test_a_leak_is_found_and_its_honest_twin_is_not(name, tmp_path):
    """The same steps before and after the split: only the order tells the leak."""
    check, expected, *cells = CASES[name]
    assert finding(tmp_path, check, *cells, FIT, SCORE).outcome == expected


@pytest.mark.parametrize("name", LONGER)
def test_time_and_outcomes(name, tmp_path):
    """Windows dealt out at random, and a column made after the answer."""
    check, expected, *cells = LONGER[name]
    assert finding(tmp_path, check, *cells, FIT, SCORE).outcome == expected


@pytest.mark.parametrize("name", CHOICES)
def test_choices(name, tmp_path):
    """The luckiest of equal networks, and a threshold by the test's own labels."""
    check, expected, *cells = CHOICES[name]
    assert finding(tmp_path, check, *cells).outcome == expected
