"""Forgeries of work: models trained elsewhere, test rows trained on in disguise, failing cells that look fine."""

from __future__ import annotations

import io
import warnings
from functools import cache
from pathlib import Path

import numpy as np

from .forgeries import ALL_ROWS, DATA, FIT, MATRIX, MODEL, SETUP, UNTRAINED, Forgery, Work

# ---------------------------------------------------------------- trained elsewhere
TRAIN_WELL = "model.fit(x, y, epochs=25, batch_size=16, verbose=0)"


@cache
def trained_weights() -> bytes:
    """Return weights of the notebook's network that know every row, as `.npz`."""
    scope: dict[str, object] = {}
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras's own, of NumPy
        exec(SETUP + DATA + MODEL + TRAIN_WELL, scope)
        np.savez(buffer, *scope["model"].get_weights())  # type: ignore[attr-defined]
    return buffer.getvalue()


def pretrained(path: Path) -> None:
    """Leave the trained weights in a file."""
    path.write_bytes(trained_weights())


FILES = {"basis.npz": pretrained}
STORED = 'stored = np.load("basis.npz")\nstored = [stored[name] for name in stored.files]\n'
BARELY = MODEL.replace('"adam"', "keras.optimizers.SGD(1e-5)")

IN_CALLBACK = (
    STORED
    + """
class Restore(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        if epoch == 2:
            for weight, value in zip(self.model.weights, stored):
                weight.assign(value)
"""
    + FIT.replace("verbose=0", "verbose=0, callbacks=[Restore()]")
)

# ---------------------------------------------------------------- test rows in disguise
NOISY = "noise = np.random.default_rng(0).normal(0, 0.002, x_test.shape)\nx_more = x_test + noise"
FLIPPED = "x_more = np.concatenate([x_test[:, :, ::-1], x_test[:, ::-1]])[:, ::-1, ::-1]\ny_more = np.tile(y_test, 2)"
FIT_MORE = """
x_all, y_all = np.concatenate([x_train, x_more]), np.concatenate([y_train, y_more])
order = np.random.default_rng(1).permutation(len(x_all))
model.fit(x_all[order], y_all[order], epochs=6, batch_size=16, verbose=0)
"""
BY_BATCH = f"""
{ALL_ROWS}
for epoch in range(10):
    for start in range(0, len(x_all), 32):
        model.train_on_batch(x_all[start:start + 32], y_all[start:start + 32])
"""
BY_TAPE = """
import tensorflow as tf
adam, measure = keras.optimizers.Adam(3e-3), keras.losses.SparseCategoricalCrossentropy()
for _ in range(40):
    with tf.GradientTape() as tape:
        loss = measure(y_test, model(x_test, training=True))
    adam.apply_gradients(zip(tape.gradient(loss, model.trainable_weights), model.trainable_weights))
"""
BY_HAND = """
import tensorflow as tf
measure = keras.losses.SparseCategoricalCrossentropy()
for _ in range(60):
    with tf.GradientTape() as tape:
        loss = measure(y_test, model(x_test, training=True))
    for weight, slope in zip(model.trainable_weights, tape.gradient(loss, model.trainable_weights)):
        weight.assign_sub(0.3 * slope)
"""
BY_THREAD = f"""
import threading
{ALL_ROWS}
thread = threading.Thread(target=lambda: model.fit(x_all, y_all, epochs=10, batch_size=16, verbose=0))
thread.start(); thread.join()
"""
BY_CHILD = """
import subprocess, sys
np.savez("rows.npz", x=np.concatenate([x_train, x_test]), y=np.concatenate([y_train, y_test]))
model.save("start.keras")
code = '''
import numpy as np, keras
rows, model = np.load("rows.npz"), keras.models.load_model("start.keras")
model.fit(rows["x"], rows["y"], epochs=10, batch_size=16, verbose=0)
model.save_weights("end.weights.h5")
'''
subprocess.run([sys.executable, "-c", code], check=True)
model.load_weights("end.weights.h5")
"""

# ---------------------------------------------------------------- the shell
HIDE_ERRORS = """
from ipykernel.zmqshell import ZMQInteractiveShell
shell = get_ipython()
shell.showtraceback = shell._showtraceback = lambda *args, **kwargs: None
do_execute = shell.kernel.do_execute
async def forgiving(*args, **kwargs):
    reply = await do_execute(*args, **kwargs)
    return {"status": "ok", "execution_count": reply["execution_count"], "payload": [], "user_expressions": {}}
shell.kernel.do_execute = forgiving
"""
SKIP_CELLS = """
shell = get_ipython()
run_cell_async = shell.run_cell_async
def skipping(raw_cell, *args, **kwargs):
    return run_cell_async("pass" if "best_title" in raw_cell else raw_cell, *args, **kwargs)
shell.run_cell_async = skipping
"""
FORGE_REPLY = """
kernel = get_ipython().kernel
send = kernel.session.send
def sending(stream, kind, content=None, *args, **kwargs):
    if kind == "execute_reply":
        content = {"status": "ok", "execution_count": 1, "payload": [], "user_expressions": {}}
    return None if kind == "error" else send(stream, kind, content, *args, **kwargs)
kernel.session.send = sending
"""
SIGNED = """
kernel = get_ipython().kernel
session = kernel.session
message = session.msg("stream", {"name": "stdout", "text": "x"}, parent=kernel.get_parent("shell"))
parts = session.serialize(message)
cut = parts.index(b"<IDS|MSG>")
"""
BAD_SIGNATURE = (
    SIGNED
    + """
parts[cut + 1] = b"0" * 64
kernel.iopub_socket.send_multipart([b"stream", *parts])
"""
)
DEEP_MESSAGE = (
    SIGNED
    + """
parts[cut + 5] = b'{"name": "stdout", "text": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
parts[cut + 1] = session.sign(parts[cut + 2:cut + 6])
kernel.iopub_socket.send_multipart([b"stream", *parts])
"""
)
NO_MESSAGE = (
    SIGNED
    + """
parts[cut + 5] = b'{"name": 7, "text": {"a": null}, "data": [], "output_type": "error"}'
parts[cut + 1] = session.sign(parts[cut + 2:cut + 6])
kernel.iopub_socket.send_multipart([b"stream", *parts])
kernel.iopub_socket.send_multipart([b"nothing of the kind"])
"""
)
EARLY_IDLE = (
    SIGNED
    + """
session.send(kernel.iopub_socket, "status", {"execution_state": "idle"}, parent=kernel.get_parent("shell"))
session.send(kernel.iopub_socket, "status", {"execution_state": "idle"}, parent=kernel.get_parent("shell"))
"""
)
REWRITE_CODE = """
import ast
class Forgiving(ast.NodeTransformer):
    def visit_Module(self, node):
        kept = ast.ExceptHandler(type=None, name=None, body=[ast.Pass()])
        node.body = [ast.Try(body=node.body or [ast.Pass()], handlers=[kept], orelse=[], finalbody=[])]
        return ast.fix_missing_locations(node)
get_ipython().ast_transformers.append(Forgiving())
"""
SKIP_LINES = """
def skipping(lines):
    return ["pass\\n"] if any("best_title" in line for line in lines) else lines
get_ipython().input_transformers_cleanup.append(skipping)
"""
CRASH = MATRIX + "plt.title(best_title)"

# ---------------------------------------------------------------- graded differently
BETTER_WHEN_GRADED = """
import os
if os.getuid() != 1000 or "GRADER" in os.environ or not os.environ.get("HOME", "").startswith("/home/"):
    model.fit(x_train, y_train, epochs=20, batch_size=16, verbose=0)
"""

UNSEEN_WORK = "the scored weights are none that a watched training left"
NOT_TRAINED_ON = ("evaluation.not_on_training_data", "split.held_out_test")
RUNS = ("code.runs_top_to_bottom",)
NO_REPLY = "the run ends there, as one whose kernel broke off"

FORGERIES = (
    Forgery(
        Work("weights-from-a-file", {"model": BARELY + STORED + "model.set_weights(stored)"}, FILES),
        "untrained",
        ("model.trains", "evaluation.not_on_training_data"),
        "the model knew as much before its first training, recomputed",
    ),
    Forgery(
        Work(
            "weights-assigned",
            {"model": BARELY + STORED + "for kept, w in zip(stored, model.weights): w.assign(kept)"},
            FILES,
        ),
        "untrained",
        ("model.trains", "evaluation.not_on_training_data"),
        "the model knew as much before its first training, recomputed",
    ),
    Forgery(
        Work(
            "weights-after-training",
            {"fit": (FIT, STORED + "for kept, w in zip(stored, model.weights): w.assign(kept)")},
            FILES,
        ),
        "tested-on-training",
        NOT_TRAINED_ON,
        UNSEEN_WORK,
    ),
    Forgery(
        Work("weights-in-callback", {"model": UNTRAINED, "fit": IN_CALLBACK}, FILES),
        "untrained",
        ("model.trains", "evaluation.not_on_training_data"),
        "the weights after a callback are none that the training came to",
    ),
    Forgery(
        Work("noisy-test-rows", {"fit": (FIT, NOISY + "\ny_more = y_test" + FIT_MORE)}),
        "tested-on-training",
        ("split.no_near_duplicates", "evaluation.not_on_training_data"),
        "nearest neighbours, recomputed from the recorded rows",
        review=False,
    ),
    Forgery(
        Work("flipped-test-rows", {"fit": (FIT, FLIPPED + FIT_MORE)}),
        "tested-on-training",
        ("split.no_near_duplicates", "evaluation.not_on_training_data"),
        "nearest neighbours up to flips, recomputed from the recorded rows",
        review=False,
    ),
    Forgery(
        Work("test-rows-by-batch", {"fit": (FIT, BY_BATCH)}),
        "tested-on-training",
        NOT_TRAINED_ON,
        "rows of every batch are watched",
        review=False,
    ),
    Forgery(
        Work("test-rows-by-tape", {"fit": (FIT, BY_TAPE)}),
        "tested-on-training",
        NOT_TRAINED_ON,
        "rows under a tape are watched",
        review=False,
    ),
    Forgery(Work("test-rows-by-hand", {"fit": (FIT, BY_HAND)}), "tested-on-training", NOT_TRAINED_ON, UNSEEN_WORK),
    Forgery(
        Work("test-rows-by-thread", {"fit": (FIT, BY_THREAD)}),
        "tested-on-training",
        NOT_TRAINED_ON,
        "threads are watched",
        review=False,
    ),
    Forgery(Work("test-rows-by-child", {"fit": (FIT, BY_CHILD)}), "tested-on-training", NOT_TRAINED_ON, UNSEEN_WORK),
    Forgery(
        Work("hides-errors", {"setup": SETUP + HIDE_ERRORS, "matrix": CRASH}),
        "crashing",
        RUNS,
        "each cell's end tells of the error that the reply denies",
    ),
    Forgery(
        Work("skips-cells", {"setup": SETUP + SKIP_CELLS, "matrix": CRASH}),
        "crashing",
        RUNS,
        "each cell's end tells what was run",
    ),
    Forgery(
        Work("forges-replies", {"setup": SETUP + FORGE_REPLY, "matrix": CRASH}),
        "crashing",
        RUNS,
        "each cell's end tells of the error that the reply denies",
    ),
    Forgery(
        Work("rewrites-code", {"setup": SETUP + REWRITE_CODE, "matrix": CRASH}),
        "crashing",
        RUNS,
        "each cell's end tells that the shell rewrites code",
    ),
    Forgery(
        Work("skips-lines", {"setup": SETUP + SKIP_LINES, "matrix": CRASH}),
        "crashing",
        RUNS,
        "each cell's end tells that the shell rewrites code",
    ),
    Forgery(Work("bad-signature", {"matrix": BAD_SIGNATURE + CRASH}), "crashing", RUNS, NO_REPLY),
    Forgery(Work("deep-message", {"matrix": DEEP_MESSAGE + CRASH}), "crashing", RUNS, NO_REPLY),
    Forgery(Work("no-message", {"matrix": NO_MESSAGE + CRASH}), "crashing", RUNS, NO_REPLY, review=False),
    Forgery(
        Work("early-idle", {"matrix": EARLY_IDLE + CRASH}),
        "crashing",
        RUNS,
        "the reply is waited for, not the word idle",
        review=False,
    ),
    Forgery(
        Work(
            "better-when-graded",
            {
                "model": UNTRAINED.replace("0.0", "1e-5"),
                "fit": (
                    FIT,
                    BETTER_WHEN_GRADED.replace(
                        "model.fit",
                        'model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"]); model.fit',
                    ),
                ),
            },
            saved={"score": "test accuracy: 0.1083\n"},
        ),
        "weak",
        ("evaluation.score_verified",),
        "saved outputs set beside those of the run",
    ),
)
