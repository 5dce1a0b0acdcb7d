"""What the watching itself costs: one kernel with the probe in it against one without, pair by pair.

    python tests/benchmarks/watching.py --train-seconds 60 --pairs 3

Each pair trains the same network on the same rows, once from arrays and once from a tf.data pipeline, and hashes large
arrays. Wall time, processor time and peak memory are the kernel's own, from its import of Keras to the score; hashing
is timed on 200 MB. Prints each pair, and the medians of the ratios. On a shared machine processor time is the steadier
figure: wall time counts the neighbours' work.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from grader.probe import fingerprint as fp
from grader.probe.rows import pack

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.probe.harness import kernel

SETUP = """
import json, resource, time
import numpy as np
import keras, tensorflow as tf
keras.utils.set_random_seed(0)
rng = np.random.default_rng(0)
X = rng.integers(0, 256, (48000, 28, 28, 1)) / 255.0
y = rng.integers(0, 10, 48000)
T, t = X[:8000], y[:8000]
def network():
    model = keras.Sequential([
        keras.Input((28, 28, 1)), keras.layers.Conv2D(16, 3, activation="relu"), keras.layers.MaxPooling2D(),
        keras.layers.Flatten(), keras.layers.Dense(32, activation="relu"), keras.layers.Dense(10, activation="softmax")])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model
began, worked = time.perf_counter(), time.process_time()
"""
TRAIN = {
    "arrays": "network().fit(X, y, epochs={epochs}, batch_size=128, validation_data=(T, t), verbose=0)",
    "tf.data": """
pipeline = tf.data.Dataset.from_tensor_slices((X.astype("float32"), y)).shuffle(10000, seed=1).batch(128).prefetch(2)
network().fit(pipeline, epochs={epochs}, verbose=0)
""",
}
SCORE = """
network().predict(T, batch_size=256, verbose=0)
print(json.dumps([time.perf_counter() - began, time.process_time() - worked,
                  resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
"""


def measured(source: str, epochs: int, *, probe: bool) -> list[float]:
    """Return wall seconds, processor seconds and peak memory in MiB of one kernel."""
    with tempfile.TemporaryDirectory() as folder, kernel(Path(folder), probe=probe) as running:
        running.run(SETUP, timeout=600)
        running.run(source.format(epochs=epochs), timeout=3600)
        return json.loads(running.run(SCORE, timeout=600).splitlines()[-1])


def compare(name: str, source: str, seconds: float, pairs: int) -> None:
    """Calibrate the epochs, run the pairs in turn, print them."""
    short, longer = measured(source, 1, probe=False)[0], measured(source, 3, probe=False)[0]
    epochs = max(1, round(seconds / max(0.1, (longer - short) / 2)))
    ratios, memory = [], []
    for number in range(pairs):
        order = (False, True) if number % 2 else (True, False)
        found = {probe: measured(source, epochs, probe=probe) for probe in order}
        ratios.append([watched / plain for plain, watched in zip(found[False], found[True], strict=True)])
        memory.append(found[True][2] - found[False][2])
        print(
            f"{name}: plain {found[False][0]:6.1f} s wall {found[False][1]:6.1f} s of processors, "
            f"watched {found[True][0]:6.1f} s {found[True][1]:6.1f} s, {memory[-1]:+.0f} MiB",
            flush=True,
        )
    wall, worked, _ = (statistics.median(column) for column in zip(*ratios, strict=True))
    print(
        f"{name}, {epochs} epochs: median ratio {wall:.3f} wall, {worked:.3f} processors, "
        f"{statistics.median(memory):+.0f} MiB",
        flush=True,
    )


def arrays() -> dict[str, Any]:
    """Arrays of 200 MB as notebooks hold them."""
    rng = np.random.default_rng(0)
    return {
        "pictures, uint8": rng.integers(0, 256, (255_000, 784), dtype=np.uint8),
        "pictures, float32": rng.random((64_000, 784), dtype=np.float32),
        "pictures / 255, float64": rng.integers(0, 256, (32_000, 784)) / 255.0,
        "a table of 13 columns, float32": rng.random((3_850_000, 13), dtype=np.float32),
    }


def timed(function: Callable[[], object]) -> tuple[float, float]:
    """Return the least wall and processor seconds of five runs: what is more is the neighbours'."""
    found = []
    for _ in range(5):
        began, worked = time.perf_counter(), time.process_time()
        function()
        found.append((time.perf_counter() - began, time.process_time() - worked))
    return min(wall for wall, _ in found), min(worked for _, worked in found)


def main() -> None:
    """Hash, then train in pairs."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--train-seconds", type=float, default=60)
    options.add_argument("--pairs", type=int, default=3)
    asked = options.parse_args()
    for name, array in arrays().items():
        for what, function in (("both hashes", fp.fingerprint), ("exact only", fp.exact_hashes), ("packing", pack)):
            wall, worked = timed(lambda run=function, rows=array: run(rows))
            print(f"{name}, {array.nbytes / 1e6:.0f} MB, {what}: {wall:.2f} s wall, {worked:.2f} s of processors")
    for name, source in TRAIN.items():
        compare(name, source, asked.train_seconds, asked.pairs)


if __name__ == "__main__":
    main()
