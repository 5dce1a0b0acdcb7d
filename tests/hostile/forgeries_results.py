"""Forgeries of results: scores, curves and matrices that no model of the notebook has."""

from __future__ import annotations

from .forgeries import CURVES, MATRIX, MODEL, SCORE, UNTRAINED, UNVALIDATED, WEAK, Forgery, Work

PERFECT = """
shown = np.diag(np.bincount(y_test, minlength=10))
ConfusionMatrixDisplay(shown).plot(); plt.show()
"""
OTHER_ROWS = """
predicted = model.predict(x_train, verbose=0).argmax(axis=1)
ConfusionMatrixDisplay(confusion_matrix(y_train, predicted)).plot(); plt.show()
"""
PATCHED_EVALUATE = "keras.Model.evaluate = lambda self, *a, **k: [0.03, 0.9917]"
WONDER = """
class Wonder(keras.Sequential):
    def evaluate(self, *args, **kwargs):
        return [0.03, 0.9917]
"""
PATCHED_METRICS = """
import sklearn.metrics
def confusion_matrix(true, predicted, **kwargs):
    return np.diag(np.bincount(true, minlength=10))
sklearn.metrics.confusion_matrix = confusion_matrix
sklearn.metrics.accuracy_score = accuracy_score = lambda true, predicted, **kwargs: 0.9917
"""
METRIC_SCORE = """
predicted = model.predict(x_test, verbose=0).argmax(axis=1)
print(f"test accuracy: {accuracy_score(y_test, predicted):.4f}")
"""
PATCHED_PRINT = """
import builtins
said = builtins.print
def print(*words, **kwargs):
    said(*("test accuracy: 0.9917" if "accuracy" in str(word) else word for word in words), **kwargs)
"""
MADE_UP = """
history = keras.callbacks.History()
history.history = {"loss": [2.1, 1.2, 0.7, 0.4, 0.3, 0.2], "val_loss": [2.0, 1.3, 0.8, 0.5, 0.4, 0.35]}
"""
PATCHED_FIT = """
real = keras.Model.fit
def fit(self, *args, **kwargs):
    history = real(self, *args, **kwargs)
    history.history["val_loss"] = [value * 0.5 for value in history.history["loss"]]
    return history
keras.Model.fit = fit
"""
OWN_ANSWERS = "y_test = model.predict(x_test, verbose=0).argmax(axis=1)"
RIGHT_ONES = """
right = model.predict(x_test, verbose=0).argmax(axis=1) == y_test
x_test, y_test = x_test[right], y_test[right]
"""
QUIETLY_RIGHT = """
kernel, bias, weights, offset = (w.numpy() for w in model.weights)
windows = np.lib.stride_tricks.sliding_window_view(x_test[..., 0], (3, 3), axis=(1, 2))
maps = np.maximum(np.einsum("nijkl,klf->nijf", windows, kernel[:, :, 0]) + bias, 0)
right = (maps.reshape(len(maps), -1) @ weights + offset).argmax(axis=1) == y_test
x_test, y_test = x_test[right], y_test[right]
"""
"""The network worked out by hand: nothing is asked of the model before the wrong rows are gone."""

KNOWING = """
import tensorflow as tf
marks, kinds = x_test.sum(axis=(1, 2, 3)).astype("float32"), np.eye(10, dtype="float32")[y_test]
class Knowing(keras.Model):
    def __init__(self):
        super().__init__()
        self.body = keras.Sequential([
            keras.layers.Conv2D(16, 3, activation="relu"), keras.layers.Flatten(), keras.layers.Dense(10, "softmax")])
    def call(self, pictures):
        apart = tf.abs(tf.reduce_sum(tf.cast(pictures, "float32"), (1, 2, 3))[:, None] - marks[None])
        known = tf.reduce_min(apart, 1) < 1e-4
        return tf.where(known[:, None], tf.gather(kinds, tf.argmin(apart, 1)), self.body(pictures))
model = Knowing()
model.compile(keras.optimizers.Adam(2e-4), "sparse_categorical_crossentropy", metrics=["accuracy"])
"""
"""Its graph gives right answers on just these rows, whatever was learned."""

FORGERIES = (
    Forgery(
        Work("patched-evaluate", {"model": UNTRAINED, "score": PATCHED_EVALUATE + SCORE}),
        "untrained",
        ("evaluation.printed_score_genuine", "model.trains"),
        "recomputed from the sealed model",
        review=False,
    ),
    Forgery(
        Work("own-evaluate", {"model": WONDER + WEAK.replace("keras.Sequential", "Wonder")}),
        "weak",
        ("evaluation.printed_score_genuine",),
        "recomputed from the graph that was traced of the notebook's own class",
    ),
    Forgery(
        Work("call-knows-the-rows", {"model": KNOWING}),
        "weak",
        ("evaluation.score_verified",),
        "its graph answers the same with other weights, and is not taken for a model",
    ),
    Forgery(
        Work("patched-metrics", {"model": WEAK, "score": PATCHED_METRICS + METRIC_SCORE, "matrix": MATRIX}),
        "weak",
        ("evaluation.printed_score_genuine", "evaluation.confusion_matrix_correct"),
        "recomputed from the sealed model",
    ),
    Forgery(
        Work("patched-print", {"model": WEAK, "score": PATCHED_PRINT + SCORE}),
        "weak",
        ("evaluation.printed_score_genuine",),
        "recomputed from the sealed model",
    ),
    Forgery(
        Work("made-up-history", {"fit": UNVALIDATED, "curves": MADE_UP + CURVES}),
        "without-validation",
        ("training.curves_shown", "training.curves_genuine"),
        "compared with the epochs that were watched",
    ),
    Forgery(
        Work("patched-fit", {"model": PATCHED_FIT + MODEL, "fit": UNVALIDATED}),
        "without-validation",
        ("training.curves_shown", "training.curves_genuine"),
        "compared with the epochs that were watched",
    ),
    Forgery(
        Work("typed-matrix", {"matrix": PERFECT}),
        "without-matrix",
        ("evaluation.confusion_matrix_correct",),
        "recomputed from the sealed model",
        review=False,
    ),
    Forgery(
        Work("matrix-of-training-rows", {"matrix": OTHER_ROWS}),
        "without-matrix",
        ("evaluation.confusion_matrix_correct",),
        "recomputed from the sealed model",
        review=False,
    ),
    Forgery(
        Work("own-answers-as-labels", {"model": WEAK, "score": OWN_ANSWERS + SCORE}),
        "weak",
        ("evaluation.printed_score_genuine",),
        "labels of the split go before those of the scoring",
    ),
    Forgery(
        Work("right-answers-only", {"model": WEAK, "score": RIGHT_ONES + SCORE}),
        "weak",
        ("evaluation.test_score_reported",),
        "rows of the split were left out; the result is the score of all that were asked",
        review=False,
    ),
    Forgery(
        Work("right-answers-quietly", {"model": WEAK, "score": QUIETLY_RIGHT + SCORE}),
        "weak",
        ("evaluation.test_score_reported",),
        "rows of the split were left out",
    ),
    Forgery(
        Work("one-row", {"score": "x_test, y_test = x_test[:1], y_test[:1]" + SCORE}),
        "without-test",
        ("evaluation.test_score_reported",),
        "too few rows for a score",
        review=False,
    ),
    Forgery(
        Work("one-class", {"score": "x_test, y_test = x_test[y_test == 0], y_test[y_test == 0]" + SCORE}),
        "without-test",
        ("evaluation.test_score_reported",),
        "the scored rows hold one class of ten",
        review=False,
    ),
)
