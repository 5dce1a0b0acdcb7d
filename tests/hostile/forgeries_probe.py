"""Forgeries of the record: hooks taken out, the probe silenced, its channel closed, events of one's own."""

from __future__ import annotations

from .forgeries import ALL_ROWS, FIT, SCORE, UNTRAINED, Forgery, Work

FIND_CHANNEL = """
import gc, json, os
channel = next(o for o in gc.get_objects() if type(o).__name__ == "Channel" and hasattr(o, "_seq"))
"""

EACH_END = """
import os, socket
for number in range(3, 200):
    try:
        end = socket.socket(fileno=os.dup(number))
        end.getpeername()
        if end.family == socket.AF_UNIX and not end.getsockname():
            {act}
    except OSError:
        pass
"""
"""The channel's end is a local socket without a name."""

CLOSE = EACH_END.format(act="os.close(number); end.close()")
REPLACE = EACH_END.format(act='os.dup2(os.open("/dev/null", os.O_WRONLY), number)')
SILENCE = FIND_CHANNEL + "channel.send = channel.send_artifact = lambda *a, **k: None"

UNWRAP = """
from keras.src.backend.tensorflow import trainer
from keras.src.callbacks.history import History
from keras.src.models.model import Model
held = []
for owner in (trainer.TensorFlowTrainer, trainer.TFEpochIterator, History, Model):
    for name, member in list(vars(owner).items()):
        if hasattr(member, "__observed__"):
            held.append((owner, name, member))
            setattr(owner, name, member.__wrapped__)
"""
REWRAP = "for owner, name, member in held: setattr(owner, name, member)"
SECRETLY = f"{ALL_ROWS}\nsecret = model.fit(x_all, y_all, epochs=12, batch_size=16, verbose=0)"

RAW_EVENTS = (
    FIND_CHANNEL
    + r"""
def forge(kind, **fields):
    line = json.dumps({"seq": channel._seq, "kind": kind, **fields})
    channel._seq += 1
    os.write(channel._descriptor, ("\n" + line + "\n").encode())
"""
)
OWN_EVENTS = FIND_CHANNEL + "forge = channel.send"
FAKE_TRAINING = """
forge("fit.began", fit="f77", model="m1", rows="r3", labels="l3", validation_split=0.2, epochs=6, batch_size=16,
      weights="0" * 32, callbacks=[], augmentation=[])
for epoch in range(6):
    forge("fit.epoch", fit="f77", epoch=epoch, logs={"loss": 2.0 / (epoch + 1), "accuracy": 0.1 + 0.15 * epoch,
                                                     "val_loss": 2.1 / (epoch + 1), "val_accuracy": 0.15 * epoch})
forge("fit.ended", fit="f77", completed=True, weights="1" * 32, seconds=3.0, rows="r3", labels="l3")
"""
FAKE_SCORE = """
forge("model.scored", score="s77", model="m1", how="evaluate", rows="r4", labels="l4", weights="1" * 32,
      returned={"loss": 0.05, "accuracy": 0.99})
forge("metric.computed", function="confusion_matrix", true="l4", predicted="l4", count=120, score="s77",
      matrix=[[12 if i == j else 0 for j in range(10)] for i in range(10)])
print("test accuracy: 0.9900")
"""
RELOADED = """
import importlib, sys
for name in [n for n in sys.modules if n == "keras" or n.startswith("keras.")]:
    del sys.modules[name]
sys.meta_path[:] = [f for f in sys.meta_path if type(f).__name__ != "PostImportFinder"]
import keras
"""
"""A second copy of Keras's classes, which no hook has seen."""

WATCH_OFF = "the record stops: no cell's end arrives any more"
TRAINED = ("evaluation.not_on_training_data", "split.held_out_test")

FORGERIES = (
    Forgery(Work("closes-the-channel", {"fit": (FIT, CLOSE, SECRETLY)}), "tested-on-training", TRAINED, WATCH_OFF),
    Forgery(Work("replaces-the-channel", {"fit": (FIT, REPLACE, SECRETLY)}), "tested-on-training", TRAINED, WATCH_OFF),
    Forgery(Work("silences-the-probe", {"fit": (FIT, SILENCE, SECRETLY)}), "tested-on-training", TRAINED, WATCH_OFF),
    Forgery(
        Work("takes-hooks-out", {"fit": (FIT, UNWRAP, SECRETLY)}),
        "tested-on-training",
        TRAINED,
        "each cell's end tells which hooks are gone",
    ),
    Forgery(
        Work("puts-hooks-back", {"fit": (FIT, f"{UNWRAP}\n{SECRETLY}\n{REWRAP}")}),
        "tested-on-training",
        TRAINED,
        "the scored weights are none that a watched training left",
    ),
    Forgery(
        Work("second-copy-of-keras", {"model": (RELOADED, UNTRAINED)}),
        "untrained",
        ("model.trains",),
        "each cell's end tells that the import hook is gone",
    ),
    Forgery(
        Work("writes-events", {"model": UNTRAINED, "score": (RAW_EVENTS + FAKE_TRAINING + FAKE_SCORE, SCORE)}),
        "untrained",
        ("model.trains",),
        "more events arrived than the probe says it sent",
    ),
    Forgery(
        Work("sends-events", {"model": UNTRAINED, "score": (OWN_EVENTS + FAKE_TRAINING + FAKE_SCORE, SCORE)}),
        "untrained",
        ("model.trains",),
        "the probe counts the sendings that are none of its hooks'",
    ),
    Forgery(
        Work("sends-a-matrix", {"matrix": OWN_EVENTS + FAKE_SCORE}),
        "without-matrix",
        ("evaluation.confusion_matrix_shown",),
        "the probe counts the sendings that are none of its hooks'",
    ),
)
