"""What the probe tells about usual notebook cells, run in real kernels."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.probe.harness import WatchedKernel, kernel

pytestmark = pytest.mark.slow

SETUP = """
from sklearn.metrics import confusion_matrix, accuracy_score
import numpy as np, tensorflow as tf, keras, matplotlib.pyplot as plt, seaborn as sns, pandas as pd
from keras import layers
from sklearn import metrics
from sklearn.metrics import ConfusionMatrixDisplay
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from sklearn.datasets import load_digits
keras.utils.set_random_seed(1)
X, y = load_digits(return_X_y=True)
pictures = np.random.randint(0, 256, (600, 8, 8)).astype("uint8")
kinds = np.random.randint(0, 3, 600)
def make(shape=(8, 8), last=3):
    model = keras.Sequential([layers.Input(shape), layers.Flatten(), layers.Dense(8, activation="relu"),
                              layers.Dense(last, activation="softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model
model = make()
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WatchedKernel]:
    with kernel(tmp_path_factory.mktemp("events")) as started:
        started.run(SETUP)
        yield started


@pytest.fixture(autouse=True)
def no_faults(running: WatchedKernel) -> Iterator[None]:
    """Every test fails where the probe stumbled."""
    mark = running.mark()
    yield
    assert running.since(mark, "probe.fault") == []


def seen(running: WatchedKernel, source: str, kind: str = "", **options: Any) -> list[dict[str, Any]]:
    mark = running.mark()
    running.run(source, **options)
    return running.since(mark, kind)


def of(events: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [event for event in events if event["kind"] == kind]


def test_start(running: WatchedKernel) -> None:
    """The first event says that the probe is there; libraries are told as they come."""
    assert running.events[0]["kind"] == "probe.started"
    assert {"keras", "sklearn", "matplotlib"} <= {e["library"] for e in of(running.events, "probe.hooked")}


def test_a_whole_project(running: WatchedKernel) -> None:
    """Split, fit with a validation split, evaluate, predict and matrix hang together by ids and can be recomputed."""
    events = seen(
        running,
        """
X_train, X_test, y_train, y_test = train_test_split(pictures / 255.0, kinds, test_size=100, random_state=3)
model = make()
history = model.fit(X_train, y_train, epochs=2, validation_split=0.2, verbose=0, callbacks=[keras.callbacks.EarlyStopping(patience=5)])
score = model.evaluate(X_test, y_test, verbose=0)
answers = model.predict(X_test, verbose=0)
matrix = confusion_matrix(y_test, answers.argmax(axis=1))
""",
    )
    split = of(events, "split.made")[0]
    assert split["sizes"] == [500, 100]
    assert split["settings"]["random_state"] == 3
    began, ended = of(events, "fit.began")[0], of(events, "fit.ended")[0]
    assert (began["epochs"], began["batch_size"], began["validation_split"]) == (2, 32, 0.2)
    assert began["callbacks"][0]["class"] == "EarlyStopping"
    assert began["weights"] != ended["weights"]
    assert running.row_set(began["rows"])["count"] == 400
    assert running.row_set(began["validation_rows"])["count"] == 100
    assert [sorted(e["logs"]) for e in of(events, "fit.epoch")] == [
        ["accuracy", "loss", "val_accuracy", "val_loss"]
    ] * 2
    evaluated, predicted = of(events, "model.scored")
    assert evaluated["rows"] == predicted["rows"] == split["outputs"][1]
    assert (evaluated["how"], predicted["how"]) == ("evaluate", "predict")
    test = running.row_set(evaluated["rows"])
    assert (test["scale"], test["shape"]) == (255, [8, 8])
    rows = running.array(test["values"]).astype("float32") / np.float32(255)
    seal = of(events, "model.sealed")[0]
    assert seal["weights"] == evaluated["weights"] == ended["weights"]
    assert len(of(events, "model.sealed")) == 1, "the same state is sealed once"
    labels = running.array(running.label_set(evaluated["labels"])["values"])
    answers = running.array(predicted["predictions"])
    assert (answers.argmax(axis=1) == labels).mean() == pytest.approx(evaluated["returned"]["accuracy"])
    metric = of(events, "metric.computed")[0]
    assert metric["score"] == predicted["score"]
    assert np.trace(metric["matrix"]) == (answers.argmax(axis=1) == labels).sum()
    assert running.reader is not None
    saved = running.reader.artifact(seal["artifact"])
    assert "model.weights.h5" in zipfile.ZipFile(io.BytesIO(saved)).namelist()
    assert rows.shape == (100, 8, 8)


def test_validation_split_is_cut_as_keras_cuts(running: WatchedKernel) -> None:
    """The validation rows of `validation_split` are the last ones, in order."""
    events = seen(running, "make().fit(pictures[:333] / 255, kinds[:333], validation_split=0.15, epochs=1, verbose=0)")
    began = of(events, "fit.began")[0]
    train, held = running.row_set(began["rows"]), running.row_set(began["validation_rows"])
    assert (train["count"], held["count"]) == (283, 50)
    values = np.concatenate([running.array(train["values"]), running.array(held["values"])])
    got = running.run("print(pictures[:333].astype('int64').sum(), pictures[282].tolist() , end='')")
    assert got.startswith(str(values.astype("int64").sum()))
    assert str(running.array(train["values"])[-1].tolist()) in got


def test_the_same_rows_keep_their_id_and_a_change_in_place_is_seen(running: WatchedKernel) -> None:
    """Copies share an id; the same object with other content gets another."""
    events = seen(
        running,
        """
rows = pictures[:50].astype("float32")
model.evaluate(rows, kinds[:50], verbose=0)
model.evaluate(rows.copy().astype("float64"), kinds[:50], verbose=0)
rows[0, 0, 0] += 1
model.evaluate(rows, kinds[:50], verbose=0)
rows /= 255
model.evaluate(rows, kinds[:50], verbose=0)
""",
        "model.scored",
    )
    ids = [event["rows"] for event in events]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3
    last, before = running.row_set(ids[3]), running.row_set(ids[2])
    assert running.array(last["canonical"]).tolist() == running.array(before["canonical"]).tolist()
    assert running.array(last["exact"]).tolist() != running.array(before["exact"]).tolist()


def test_scoring_inside_fit_is_not_a_scoring(running: WatchedKernel) -> None:
    """Keras's own validation passes are no scorings; a callback's own are, and say in which fit."""
    events = seen(
        running,
        """
peek = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: peeking.evaluate(pictures[:20], kinds[:20], verbose=0))
peeking = make()
peeking.fit(pictures, kinds, epochs=3, validation_data=(pictures[:99], kinds[:99]), verbose=0, callbacks=[peek])
""",
    )
    fit = of(events, "fit.began")[0]["fit"]
    assert [event["during"] for event in of(events, "model.scored")] == [fit] * 3
    assert of(events, "model.sealed") == []


def test_tf_data(running: WatchedKernel) -> None:
    """A stream's rows, labels and values are those the student's program drew, and never more."""
    mark = running.mark()
    printed = running.run(
        """
drawn = []
def count(a, b):
    drawn.append(1)
    return a, b
source = tf.data.Dataset.from_tensor_slices((pictures / 255, kinds))
training = source.take(400).shuffle(400, seed=1).map(lambda a, b: tf.numpy_function(count, [a, b], [tf.float64, tf.int64])).map(
    lambda a, b: (tf.ensure_shape(a, (8, 8)), tf.ensure_shape(b, ()))).batch(32)
held_out = source.skip(400).batch(50)
model.fit(training, validation_data=held_out, epochs=3, verbose=0)
print(len(drawn))
model.evaluate(held_out, verbose=0)
model.predict(held_out, verbose=0)
""",
    )
    events = running.since(mark)
    assert printed.strip() == "1200"
    ended = of(events, "fit.ended")[0]
    train, held = running.row_set(ended["rows"]), running.row_set(ended["validation_rows"])
    assert (train["count"], train["source"], held["count"]) == (400, "tf.data", 200)
    assert ended["unstable"] is False
    assert "later_rows" not in ended
    assert len(running.array(train["values"])) == 400
    scored = of(events, "model.scored")
    assert [event["rows"] for event in scored] == [ended["validation_rows"]] * 2
    assert scored[0]["labels"] == scored[1]["labels"] == ended["validation_labels"]


def test_rows_that_change_sides_are_seen(running: WatchedKernel) -> None:
    """`shuffle` before `take` and `skip` moves rows between training and validation from epoch to epoch."""
    events = seen(
        running,
        """
mixed = tf.data.Dataset.from_tensor_slices((pictures, kinds)).shuffle(600)
make().fit(mixed.take(400).batch(32), validation_data=mixed.skip(400).batch(32), epochs=3, verbose=0)
""",
        "fit.ended",
    )
    assert events[0]["unstable"] is True
    assert running.row_set(events[0]["later_rows"])["count"] > 50


def test_generators_and_sequences(running: WatchedKernel) -> None:
    """Rows and labels of generators and of Keras's own Sequence class are seen as they are drawn."""
    events = seen(
        running,
        """
def forever():
    i = 0
    while True:
        yield pictures[i:i + 20], kinds[i:i + 20]
        i = (i + 20) % 200
class Pictures(keras.utils.PyDataset):
    def __len__(self): return 5
    def __getitem__(self, i): return pictures[i * 20:i * 20 + 20], keras.utils.to_categorical(kinds[i * 20:i * 20 + 20], 3)
make().fit(forever(), steps_per_epoch=5, epochs=2, verbose=0)
other = make(); other.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
other.fit(Pictures(), epochs=2, verbose=0)
print(other.evaluate(Pictures(), verbose=0))
""",
    )
    generated, sequenced = of(events, "fit.ended")
    assert running.row_set(generated["rows"])["count"] == 100
    assert running.row_set(generated["later_rows"])["count"] == 100
    assert running.row_set(sequenced["rows"])["source"] == "sequence"
    assert running.label_set(sequenced["labels"])["form"] == "one_hot"
    score = of(events, "model.scored")[0]
    whole = running.row_set(score["rows"])
    assert whole["count"] == 100
    assert np.array_equal(
        np.sort(running.array(whole["exact"])), np.sort(running.array(running.row_set(sequenced["rows"])["exact"]))
    )


def test_loops_over_batches_are_one_scoring(running: WatchedKernel) -> None:
    """`model(x)` and `predict` in a loop over a data set score all of its rows once, with its labels."""
    events = seen(
        running,
        """
test = tf.data.Dataset.from_tensor_slices((pictures[:250].astype("float32"), kinds[:250])).batch(60)
found, true = [], []
for a, b in test:
    found.append(model(a, training=False).numpy().argmax(axis=1)); true.append(b.numpy())
accuracy_score(np.concatenate(true), np.concatenate(found))
for a, b in test:
    model.predict(a, verbose=0)
first = model(pictures[:5].astype("float32")); second = model(pictures[5:9].astype("float32"))
""",
    )
    scored = of(events, "model.scored")
    assert [event["how"] for event in scored] == ["call", "predict", "call", "call"]
    assert scored[0]["rows"] == scored[1]["rows"]
    assert [running.row_set(event["rows"])["count"] for event in scored] == [250, 250, 5, 4]
    assert running.label_set(scored[0]["labels"])["count"] == 250
    assert of(events, "metric.computed")[0]["score"] == scored[0]["score"]
    assert running.array(scored[0]["predictions"]).shape == (250, 3)


def test_custom_training_loops(running: WatchedKernel) -> None:
    """Steps under a GradientTape, in a tf.function, or by train_on_batch are a training; calls there no scorings."""
    events = seen(
        running,
        """
looped, optimizer, loss_of = make(), keras.optimizers.Adam(), keras.losses.SparseCategoricalCrossentropy()
batches = tf.data.Dataset.from_tensor_slices((pictures[:128] / 255, kinds[:128])).shuffle(128).batch(32)
for epoch in range(3):
    for a, b in batches:
        with tf.GradientTape() as tape:
            loss = loss_of(b, looped(a, training=True))
        optimizer.apply_gradients(zip(tape.gradient(loss, looped.trainable_variables), looped.trainable_variables))
    looped(pictures[200:300] / 255)
""",
    )
    ended = of(events, "fit.ended")[0]
    assert (ended["loop"], ended["steps"]) == ("custom", 12)
    assert running.row_set(ended["rows"])["count"] == 128
    assert running.label_set(ended["labels"])["count"] == 128
    assert [running.row_set(event["rows"])["count"] for event in of(events, "model.scored")] == [100] * 3
    assert len({event["weights"] for event in of(events, "model.scored")}) == 3
    events = seen(
        running,
        """
@tf.function
def step(model, a, b):
    with tf.GradientTape() as tape:
        loss = loss_of(b, model(a, training=True))
    optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables))
@tf.function
def score(a):
    return looped(a)
for a, b in batches: step(looped, a, b)
for a, b in tf.data.Dataset.from_tensor_slices((pictures[300:400] / 255, kinds[300:400])).batch(30): score(a)
""",
    )
    assert of(events, "fit.ended")[0]["steps"] == 4
    assert running.label_set(of(events, "fit.ended")[0]["labels"])["count"] == 128
    assert [running.row_set(event["rows"])["count"] for event in of(events, "model.scored")] == [100]
    events = seen(
        running, "for i in range(4): looped.train_on_batch(pictures[i * 9:i * 9 + 9], kinds[i * 9:i * 9 + 9])"
    )
    assert of(events, "fit.ended")[0]["steps"] == 4
    assert running.row_set(of(events, "fit.ended")[0]["rows"])["count"] == 36


def test_building_a_model_scores_nothing(running: WatchedKernel) -> None:
    """Symbolic calls while a functional model is built, nested models, and summaries are no scorings."""
    events = seen(
        running,
        """
inner = make()
inputs = keras.Input((8, 8, 1))
outer = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(layers.Concatenate()([
    inner(layers.Reshape((8, 8))(inputs)), layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, padding="same")(inputs))])))
outer.compile(keras.optimizers.SGD(0.05), keras.losses.BinaryCrossentropy(from_logits=True), metrics=["accuracy", "AUC"])
outer.summary()
""",
    )
    assert of(events, "model.scored") == []
    described = of(events, "model.described")[-1]
    assert described["family"] == "functional"
    kinds = [layer["class"] for layer in described["layers"]]
    assert kinds.count("Dense") == 3, "nested models are flattened"
    assert described["input_shape"] == [None, 8, 8, 1]
    assert described["output_activation"] == "sigmoid"
    conv = next(layer for layer in described["layers"] if layer["class"] == "Conv2D")
    assert (conv["settings"]["filters"], conv["settings"]["padding"]) == (4, "same")
    compiled = of(events, "model.compiled")[-1]
    assert (compiled["optimizer"], compiled["from_logits"]) == ("SGD", True)
    assert compiled["learning_rate"] == pytest.approx(0.05)
    assert compiled["metrics"] == ["accuracy", "AUC"]


def test_models_that_need_the_students_code(running: WatchedKernel) -> None:
    """A subclassed model is sealed as the graph that Keras traced; its predictions were sent."""
    events = seen(
        running,
        """
class Net(keras.Model):
    def __init__(self):
        super().__init__(); self.flat, self.out = layers.Flatten(), layers.Dense(3, activation="softmax")
    def call(self, x): return self.out(self.flat(x))
net = Net(); net.compile("adam", "sparse_categorical_crossentropy")
net.fit(pictures, kinds, epochs=2, verbose=0); net.predict(pictures[:30], verbose=0)
""",
    )
    sealed = of(events, "model.sealed")[0]
    assert "why_not" not in sealed
    assert running.reader is not None
    with zipfile.ZipFile(io.BytesIO(running.reader.artifact(sealed["artifact"]))) as archive:
        assert set(archive.namelist()) == {"graph.pb", "graph.json", "weights.npz"}
    assert of(events, "model.described")[-1]["family"] == "subclassed"
    began, ended = of(events, "fit.began")[0], of(events, "fit.ended")[0]
    assert not began["weights"], "fit itself builds this model"
    assert ended["built_with"] not in ("", ended["weights"])
    assert running.array(of(events, "model.scored")[0]["predictions"]).shape == (30, 3)


def test_a_loop_over_settings_is_sealed_within_bounds(running: WatchedKernel) -> None:
    """Scoring after each of many epochs doesn't seal them all, but the state the cell leaves is sealed."""
    events = seen(
        running,
        """
tuned = make()
for round in range(12):
    tuned.fit(pictures[:64], kinds[:64], epochs=1, verbose=0)
    tuned.evaluate(pictures[64:96], kinds[64:96], verbose=0)
""",
    )
    scored, sealed = of(events, "model.scored"), of(events, "model.sealed")
    assert len({event["weights"] for event in scored}) == 12
    with_artifact = [event["weights"] for event in sealed if "artifact" in event]
    assert len(with_artifact) < 12
    assert scored[-1]["weights"] in with_artifact


def test_scalers(running: WatchedKernel) -> None:
    """A scaler's fit names its rows; a transform names the rows before and after."""
    events = seen(
        running,
        """
train, test = train_test_split(X, random_state=0)
scaler = StandardScaler()
scaled = scaler.fit_transform(train)
scaler.transform(test)
normal = layers.Normalization(); normal.adapt(train)
normal2 = layers.Normalization(); normal2.adapt(tf.data.Dataset.from_tensor_slices(test).batch(50))
""",
    )
    split = of(events, "split.made")[0]
    fitted = of(events, "preprocessing.fitted")
    assert [event["class"] for event in fitted] == ["StandardScaler", "Normalization", "Normalization"]
    assert [event["rows"] for event in fitted[:2]] == [split["outputs"][0]] * 2
    moved = of(events, "preprocessing.transformed")
    assert [event["rows_in"] for event in moved] == split["outputs"]
    streamed, given = running.row_set(fitted[2]["rows"]), running.row_set(split["outputs"][1])
    assert running.array(streamed["exact"]).tolist() == running.array(given["exact"]).tolist()


def test_resamplers(running: WatchedKernel) -> None:
    """What imblearn makes of rows is seen, once, with the rows it was given."""
    pytest.importorskip("imblearn")
    events = seen(
        running,
        """
from imblearn.over_sampling import SMOTE
rare = np.r_[np.flatnonzero(y == 0), np.flatnonzero(y == 1)[:12]]
flat = X[rare].reshape(len(rare), -1)
more, labels = SMOTE(k_neighbors=3, random_state=0).fit_resample(flat, y[rare])
""",
    )
    fitted, moved = of(events, "preprocessing.fitted"), of(events, "preprocessing.transformed")
    assert [event["class"] for event in fitted] == ["SMOTE"]
    assert [event["rows_in"] for event in moved] == [fitted[0]["rows"]]
    assert running.row_set(moved[0]["rows_out"])["count"] > running.row_set(fitted[0]["rows"])["count"]


@pytest.mark.parametrize(
    ("source", "function"),
    [
        ("confusion_matrix(true, found)", "sklearn.metrics.confusion_matrix"),
        ("metrics.confusion_matrix(true, found)", "sklearn.metrics.confusion_matrix"),
        ("ConfusionMatrixDisplay.from_predictions(true, found)", "sklearn.metrics.confusion_matrix"),
        ("tf.math.confusion_matrix(true, found)", "tf.math.confusion_matrix"),
        ("pd.crosstab(pd.Series(true), pd.Series(found))", "pandas.crosstab"),
    ],
)
def test_confusion_matrices_by_any_way(running: WatchedKernel, source: str, function: str) -> None:
    """However the function was imported or is reached, the matrix and whose predictions it is about are told."""
    running.run(
        "true = kinds[:80]; found = model.predict(pictures[:80], verbose=0).argmax(axis=1); found[:3] = [0, 1, 2]"
    )
    running.run("found = model.predict(pictures[:80], verbose=0).argmax(axis=1)")
    event = seen(running, source, "metric.computed")[0]
    assert event["function"] == function
    assert np.sum(event["matrix"]) == event["count"] == 80
    assert event["score"] == of(running.events, "model.scored")[-1]["score"]
    running.run("plt.close('all')")


def test_figures(running: WatchedKernel) -> None:
    """Curves with labels, heat maps with their numbers and annotations, pictures with the rows they show."""
    events = seen(
        running,
        """
plt.plot([1, 2, 3], [0.5, 0.25, 0.125], label="loss"); plt.title("Training"); plt.xlabel("epoch"); plt.legend(); plt.show()
plt.figure(); sns.heatmap(np.array([[5, 1], [2, 7]]), annot=True, fmt="d"); plt.ylabel("true"); plt.show()
fig, axes = plt.subplots(1, 2)
axes[0].imshow(pictures[7]); axes[0].set_title("true 1, found 2"); axes[1].imshow(np.random.rand(8, 8))
plt.show()
pd.Series([3, 4]).plot(kind="bar"); plt.figure(); plt.hist([1, 2, 2, 3]); plt.figure(); plt.scatter([1], [2]); plt.matshow([[1, 2], [3, 4]])
pd.DataFrame({"loss": [3.0, 2.0]}).plot(); plt.suptitle("Frame"); plt.close("all")
""",
    )
    drawn, titled = of(events, "figure.drawn"), {e["axes"]: e for e in of(events, "figure.titled")}
    line = drawn[0]
    assert (line["draw"], line["label"], line["x"], line["y"]) == ("line", "loss", [1, 2, 3], [0.5, 0.25, 0.125])
    words = titled[line["axes"]]
    assert (words["title"], words["x_label"], words["legend"]) == ("Training", "epoch", ["loss"])
    mesh = next(event for event in drawn if event["draw"] == "mesh")
    assert mesh["values"] == [[5, 1], [2, 7]]
    assert titled[mesh["axes"]]["texts"] == ["5", "1", "2", "7"]
    shown = [event for event in drawn if event["draw"] == "image"]
    assert "rows" in shown[0]
    assert running.row_set(shown[0]["rows"])["shape"] == [8, 8]
    assert isinstance(shown[0]["row"], int)
    assert "rows" not in shown[1]
    assert titled[shown[0]["axes"]]["title"] == "true 1, found 2"
    assert {"bar", "hist", "scatter"} <= {event["draw"] for event in drawn}
    assert titled[drawn[-1]["axes"]]["title"] == "Frame"


def test_limits_of_axes_that_were_set(running: WatchedKernel) -> None:
    """Limits set by hand are told; automatic ones are not asked for, as asking would work them out too early."""
    events = seen(
        running,
        """
import matplotlib.pyplot as plt
plt.figure(); plt.bar([0, 1], [0.95, 0.96]); plt.ylim(0.9, 1.0); plt.figure(); plt.plot([1.0, 2.0]); plt.yscale("log")
""",
    )
    cut, free = of(events, "figure.titled")
    assert (cut["y_limits"], cut["y_scale"]) == ([0.9, 1.0], "linear")
    assert "y_limits" not in free
    assert free["y_scale"] == "log"


def test_a_loss_that_is_no_number_reaches_the_record(running: WatchedKernel) -> None:
    """A diverged training is told as it was, epoch by epoch; so is what evaluate returns of it."""
    events = seen(
        running,
        """
import matplotlib.pyplot as plt
rows, numbers = np.random.rand(40, 3).astype("float32"), np.full(40, np.inf)
broken = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)]); broken.compile("sgd", "mse")
history = broken.fit(rows, numbers, epochs=2, verbose=0); broken.evaluate(rows, numbers, verbose=0)
plt.plot(history.history["loss"])
""",
    )
    assert {event["logs"]["loss"] for event in of(events, "fit.epoch")} <= {"nan", "inf"}
    assert of(events, "model.scored")[0]["returned"]["loss"] in {"nan", "inf"}
    assert set(of(events, "figure.drawn")[0]["y"]) <= {"nan", "inf"}


def test_seeds_and_loaders(running: WatchedKernel) -> None:
    """Seeds that the student sets are told once each, those set by libraries are not."""
    events = seen(
        running,
        """
import random
random.seed(1); np.random.seed(2); tf.random.set_seed(3); keras.utils.set_random_seed(4); np.random.default_rng(5)
from sklearn.datasets import load_wine
wine = load_wine()
""",
    )
    assert [(event["function"], event["value"]) for event in of(events, "seed.set")] == [
        ("random.seed", "1"),
        ("numpy.random.seed", "2"),
        ("tf.random.set_seed", "3"),
        ("keras.utils.set_random_seed", "4"),
        ("numpy.random.default_rng", "5"),
    ]
    loaded = of(events, "data.loaded")[0]
    assert loaded["function"] == "sklearn.datasets.load_wine"
    assert running.row_set(loaded["parts"][0]["rows"])["count"] == 178


DIVIDING = """
from pathlib import Path
for kind in ("good", "bad"):
    Path("texts", kind).mkdir(parents=True)
    for number in range(4):
        Path("texts", kind, f"{number}.txt").write_text(f"{kind} {number}")
keras.utils.text_dataset_from_directory("texts", validation_split=0.25, subset="training", seed=3)
left, right = keras.utils.split_dataset((pictures, kinds), left_size=0.5)
shares = metrics.roc_curve(kinds > 1, np.linspace(0, 1, 600))
"""


def test_folders_of_texts_divided_sets_and_curves(running: WatchedKernel) -> None:
    """How a folder of texts was divided, the labels of rows that Keras splits, and curves of a metric are on record."""
    events = seen(running, DIVIDING)
    found = {event["kind"]: event for event in events}
    assert found["data.loaded"]["function"] == "keras.utils.text_dataset_from_directory"
    assert found["data.loaded"]["settings"]["seed"] == 3
    (whole,) = found["split.made"]["inputs"]
    assert [event["rows"] for event in events if event["kind"] == "rows.labelled"] == [whole]
    curve = found["metric.computed"]
    assert (curve["function"], curve["count"]) == ("sklearn.metrics.roc_curve", 600)
    assert "text" not in curve


def test_failed_and_interrupted_training(running: WatchedKernel) -> None:
    """A fit that fails is told as not completed, and the next cells are watched as before."""
    events = seen(running, "make().fit(pictures, kinds + 5, epochs=1, verbose=0)", allow_errors=True)
    assert of(events, "fit.ended")[0]["completed"] is False
    events = seen(
        running,
        """
import os, signal, threading
threading.Timer(1.5, os.kill, (os.getpid(), signal.SIGINT)).start()
stopped = make(); stopped.fit(pictures, kinds, epochs=100000, verbose=0)
""",
        allow_errors=True,
    )
    ended = of(events, "fit.ended")[0]
    assert (ended["completed"], ended["error"]) == (False, "KeyboardInterrupt")
    events = seen(running, "stopped.evaluate(pictures[:40], kinds[:40], verbose=0)")
    assert of(events, "model.scored")[0]["how"] == "evaluate"
    assert "during" not in of(events, "model.scored")[0]


def test_augmentation_and_weights(running: WatchedKernel) -> None:
    """Random layers in a model or before it, image generators with the rows behind them and loaded weights are told."""
    events = seen(
        running,
        """
flipping = keras.Sequential([layers.Input((8, 8, 1)), layers.RandomFlip(), layers.Flatten(), layers.Dense(3, activation="softmax")])
flipping.compile("adam", "sparse_categorical_crossentropy")
flipping.fit(pictures[..., None], kinds, epochs=1, verbose=0)
flipping.save("saved.keras"); keras.models.load_model("saved.keras")
layers.RandomRotation(0.1)(pictures[:4, :, :, None].astype("float32"))
flow = tf.keras.preprocessing.image.ImageDataGenerator(rotation_range=10).flow(pictures[::-1, :, :, None], kinds, batch_size=50)
flipping.fit(flow, epochs=1, verbose=0)
keras.applications.MobileNetV2(weights=None, input_shape=(32, 32, 3), classes=2)
altering = keras.Sequential([layers.RandomFlip(), layers.RandomZoom(0.1)])
more = altering(pictures[:40, :, :, None].astype("float32"), training=True)
""",
    )
    first, second = of(events, "fit.began")
    assert first["augmentation"] == ["RandomFlip"]
    assert "ImageDataGenerator.rotation_range" in second["augmentation"]
    assert running.row_set(of(events, "fit.ended")[1]["rows"])["count"] == 600
    turned, altered = of(events, "augmentation")
    assert (turned["class"], altered["class"]) == ("RandomRotation", "RandomFlip, RandomZoom")
    assert [running.row_set(turned[side])["count"] for side in ("rows_in", "rows_out")] == [4, 4]
    assert running.row_set(altered["rows_in"])["count"] == running.row_set(altered["rows_out"])["count"] == 40
    arrays, generated = of(events, "fit.ended")
    assert "drawn_from" not in arrays
    behind = running.row_set(generated["drawn_from"])
    assert generated["drawn_from"] != first["rows"]
    assert (behind["count"], "values" in behind) == (600, True)
    assert of(events, "model.scored") == []
    assert [event["how"] for event in of(events, "weights.loaded")] == ["load_model"]


def test_forks_and_subprocesses_stay_out(running: WatchedKernel) -> None:
    """Children of the student's program send nothing over the channel."""
    events = seen(
        running,
        """
import os, subprocess, sys
child = os.fork()
if not child:
    try:
        np.random.seed(99)
    finally:
        os._exit(0)
os.waitpid(child, 0)
print(subprocess.run([sys.executable, "-c", "import os; print(os.environ.get('GRADER_PROBE_FD'), len(os.listdir('/proc/self/fd')))"],
                     capture_output=True, text=True).stdout)
""",
    )
    assert of(events, "seed.set") == []
    assert running.last_outputs[-1]["text"].startswith("None ")


def test_the_channel_is_in_order(running: WatchedKernel) -> None:
    """After all of this every line could be read and none is missing."""
    assert running.events
    assert running.reader is not None
    assert running.reader.torn == 0
    assert running.reader.sequence == list(range(len(running.reader.sequence)))


def test_without_a_channel_it_is_a_plain_kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """launch.py without the environment variable starts a kernel that watches nothing."""
    from tests.probe import harness

    monkeypatch.setattr(harness, "PLAIN", [str(harness.LAUNCH)])
    with kernel(tmp_path, probe=False) as plain:
        printed = plain.run("import sys, os; print(any('_grader_probe' in name for name in sys.modules), os.getcwd())")
    assert printed == f"False {tmp_path}\n"


def test_a_model_comes_back_as_it_was_saved(running: WatchedKernel) -> None:
    """Saving and loading tell the same digest of weights, whichever object carries them; checkpoints tell the fit."""
    mark = running.mark()
    running.run("model.save('best.keras'); again = keras.models.load_model('best.keras')")
    (saved,), (loaded,) = running.since(mark, "file.saved"), running.since(mark, "file.loaded")
    assert (saved["path"], saved["how"], saved["what"]) == ("best.keras", "save_model", "model")
    assert (loaded["path"], loaded["weights"]) == ("best.keras", saved["weights"])
    assert loaded["model"] != saved["model"]
    mark = running.mark()
    running.run(
        "model.fit(np.ones((8, 8, 8)), np.zeros(8), verbose=0,"
        "callbacks=[keras.callbacks.ModelCheckpoint('epoch.weights.h5', save_weights_only=True)])\n"
        "model.load_weights('epoch.weights.h5')"
    )
    (kept,), (back,) = running.since(mark, "file.saved"), running.since(mark, "file.loaded")
    assert (kept["how"], kept["during"]) == ("save_weights", running.since(mark, "fit.began")[0]["fit"])
    assert back["weights"] == kept["weights"] != saved["weights"]


def test_arrays_and_tables_are_told_by_name_and_shape(running: WatchedKernel) -> None:
    """Indices kept by NumPy, tables written by pandas; what goes to memory has no name and is not told."""
    mark = running.mark()
    running.run(
        "import io\nnp.savez('split.npz', train=np.arange(6), test=np.arange(2)); np.save('ids.npy', np.arange(5))\n"
        "parts = np.load('split.npz'); pd.DataFrame({'a': [1, 2]}).to_csv('out.csv', index=False)\n"
        "np.save(io.BytesIO(), np.arange(5)); text = pd.DataFrame({'a': [1]}).to_csv()"
    )
    told = {event["path"]: event for event in running.since(mark, "file.saved")}
    assert told.keys() == {"split.npz", "ids.npy", "out.csv"}
    assert told["split.npz"]["names"] == ["train", "test"]
    assert (told["ids.npy"]["shape"], told["ids.npy"]["dtype"]) == ([5], "int64")
    assert (told["out.csv"]["names"], told["out.csv"]["shape"]) == (["a"], [2, 1])
    assert [event["path"] for event in running.since(mark, "file.loaded")] == ["split.npz"]


def test_what_is_left_is_told_once_with_its_beginning(running: WatchedKernel) -> None:
    """A cell's new and changed files are told at its end; links are not."""
    mark = running.mark()
    running.run(
        "import os; open('log.csv', 'w').write('epoch,loss\\n1,0.5\\n2,0.25\\n'); os.symlink('/etc/passwd', 'x.txt')"
    )
    running.run("1 + 1")
    (left,) = running.since(mark, "file.left")
    assert left == left | {"path": "log.csv", "lines": 3, "whole": True, "head": ["epoch,loss\n1,0.5\n2,0.25\n"]}
