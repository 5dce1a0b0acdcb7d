"""Cells as students write them, each with random state of every kind: run with and without the probe they must agree.

Each is given `report(name, value)`, which collects values bit for bit (numbers by their hexadecimal form).
"""

from __future__ import annotations

PRELUDE = """
import hashlib, random
import numpy as np, tensorflow as tf, keras
from keras import layers
from sklearn.model_selection import train_test_split
from sklearn.datasets import load_digits

def bits(value):
    if isinstance(value, dict):
        return {k: bits(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [bits(v) for v in value]
    if isinstance(value, float):
        return value.hex()
    if isinstance(value, (int, str)):
        return value
    array = np.asarray(value)
    return (str(array.dtype), array.shape, hashlib.sha256(array.tobytes()).hexdigest())

def report(name, value):
    print(name, bits(value))

def after(name):
    report(name + " python", random.random())
    report(name + " numpy", float(np.random.rand()))
    report(name + " tensorflow", float(tf.random.uniform(())))

keras.utils.set_random_seed(11)
X, y = load_digits(return_X_y=True)
X = (X / 16).astype("float32")
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.25, random_state=5, stratify=y)

def make(dropout=0.2):
    model = keras.Sequential([layers.Input((64,)), layers.Dense(16, activation="relu"),
                              layers.Dropout(dropout), layers.Dense(10, activation="softmax")])
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model
"""

ARRAYS = """
keras.utils.set_random_seed(1)
model = make()
history = model.fit(X_train, y_train, epochs=3, validation_split=0.2, verbose=0)
report("arrays history", history.history)
report("arrays evaluate", model.evaluate(X_test, y_test, verbose=0))
report("arrays predict", model.predict(X_test, verbose=0))
report("arrays call", model(X_test[:7]).numpy())
after("arrays")
"""

PRINTED = """
keras.utils.set_random_seed(2)
model = make()
model.summary()
model.fit(X_train, y_train, epochs=1, verbose=2 if False else 0)
print(model.evaluate(X_test, y_test, verbose=0, return_dict=True).keys())
"""

TF_DATA = """
keras.utils.set_random_seed(3)
noise = lambda a, b: (a + tf.random.normal(tf.shape(a), stddev=0.05), b)
whole = tf.data.Dataset.from_tensor_slices((X_train, y_train)).shuffle(500)
training = whole.skip(200).cache().map(lambda a, b: (a * 1.0, b), num_parallel_calls=2).map(noise).shuffle(100, seed=4).batch(32).prefetch(tf.data.AUTOTUNE)
validation = whole.take(200).batch(64)
model = make()
history = model.fit(training, validation_data=validation, epochs=3, verbose=0)
report("tf.data history", history.history)
test = tf.data.Dataset.from_tensor_slices((X_test, y_test)).batch(50)
report("tf.data evaluate", model.evaluate(test, verbose=0))
report("tf.data predict", model.predict(test, verbose=0))
report("tf.data spec", str(training.element_spec) + str(int(training.cardinality())))
history = model.fit(training.repeat(), epochs=2, steps_per_epoch=7, validation_data=validation, validation_steps=2, verbose=0)
report("tf.data steps", history.history)
report("tf.data by hand", [model(a).numpy().sum().item() for a, b in test])
after("tf.data")
"""

GENERATOR = """
keras.utils.set_random_seed(4)
def batches():
    while True:
        picked = np.random.randint(0, len(X_train), 32)
        yield X_train[picked] + random.random() * 0.01, y_train[picked]
model = make()
history = model.fit(batches(), steps_per_epoch=9, epochs=2, validation_data=(X_test, y_test), verbose=0)
report("generator history", {k: v for k, v in history.history.items()})
"""

PY_DATASET = """
keras.utils.set_random_seed(5)
class Rows(keras.utils.PyDataset):
    def __init__(self, x, y, **settings):
        super().__init__(**settings)
        self.x, self.y, self.order = x, y, np.arange(len(x))
    def __len__(self):
        return len(self.x) // 40
    def __getitem__(self, i):
        picked = self.order[i * 40:(i + 1) * 40]
        return self.x[picked], self.y[picked]
    def on_epoch_end(self):
        np.random.shuffle(self.order)
model = make()
history = model.fit(Rows(X_train, y_train), validation_data=Rows(X_test, y_test), epochs=2, verbose=0, shuffle=False)
report("sequence history", history.history)
threaded = model.fit(Rows(X_train, y_train, workers=2), epochs=2, verbose=0, shuffle=False)
report("sequence threads", threaded.history)
after("sequence")
"""

TAPE = """
keras.utils.set_random_seed(6)
model = make()
optimizer, loss_of = keras.optimizers.Adam(0.01), keras.losses.SparseCategoricalCrossentropy()
losses = []
for epoch in range(2):
    for a, b in tf.data.Dataset.from_tensor_slices((X_train, y_train)).shuffle(2000).batch(128):
        with tf.GradientTape() as tape:
            loss = loss_of(b, model(a, training=True))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))
        losses.append(float(loss))
report("tape losses", losses)

@tf.function
def step(a, b):
    with tf.GradientTape() as tape:
        loss = loss_of(b, model(a, training=True))
    optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables))
    return loss

report("tape traced", [float(step(X_train[i:i + 50], y_train[i:i + 50])) for i in range(0, 300, 50)])
report("tape on batch", [float(model.train_on_batch(X_train[i:i + 50], y_train[i:i + 50])[0]) for i in range(0, 300, 50)])
report("tape weights", [w.numpy() for w in model.weights])
after("tape")
"""

SUBCLASSED = """
keras.utils.set_random_seed(7)
class Net(keras.Model):
    def __init__(self):
        super().__init__()
        self.hidden, self.out = layers.Dense(12, activation="relu"), layers.Dense(10, activation="softmax")
    def call(self, inputs):
        return self.out(self.hidden(inputs))
    def train_step(self, data):
        a, b = data
        with tf.GradientTape() as tape:
            loss = self.compute_loss(y=b, y_pred=self(a, training=True))
        self.optimizer.apply(tape.gradient(loss, self.trainable_variables), self.trainable_variables)
        return {"loss": loss}
model = Net()
model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
history = model.fit(X_train, y_train, epochs=2, verbose=0,
                    callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=lambda e, l: model.predict(X_test[:5], verbose=0))])
report("subclassed history", history.history)
report("subclassed evaluate", model.evaluate(X_test, y_test, verbose=0))
inputs = keras.Input((8, 8, 1))
flipped = layers.RandomFlip("horizontal")(inputs)
outputs = layers.Dense(10)(layers.Flatten()(layers.Conv2D(4, 3)(flipped)))
conv = keras.Model(inputs, outputs)
conv.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
report("augmented history", conv.fit(X_train.reshape(-1, 8, 8, 1), y_train, epochs=2, verbose=0).history)
after("subclassed")
"""

OWN_LOOPS = """
keras.utils.set_random_seed(9)
calls = []
class Net(keras.Model):
    def __init__(self, counts):
        super().__init__()
        self.counts = counts
        self.hidden, self.drop = layers.Dense(12, activation="relu"), layers.Dropout(0.3)
        self.out = layers.Dense(10, activation="softmax")
    def call(self, inputs, training=False):
        if self.counts:
            calls.append(str(inputs.shape))
            print("called with", inputs.shape, training, np.random.rand() < 2)
        return self.out(self.drop(self.hidden(inputs), training=training))
    def train_step(self, data):
        a, b = data
        with tf.GradientTape() as tape:
            answers = self(a, training=True)
            loss = self.compute_loss(y=b, y_pred=answers)
        self.optimizer.apply(tape.gradient(loss, self.trainable_variables), self.trainable_variables)
        return self.compute_metrics(a, b, answers)
model = Net(True)
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
report("own step history", model.fit(X_train, y_train, epochs=2, verbose=0, validation_split=0.2).history)
report("own step evaluate", model.evaluate(X_test, y_test, verbose=0))
report("own step predict", model.predict(X_test, verbose=0))
report("own step call", model(X_test[:7]).numpy())
report("calls", calls)

optimizer, loss_of = keras.optimizers.Adam(0.01), keras.losses.SparseCategoricalCrossentropy()
train_loss, train_accuracy = keras.metrics.Mean(name="a"), keras.metrics.SparseCategoricalAccuracy(name="b")
held_loss, held_accuracy = keras.metrics.Mean(name="c"), keras.metrics.SparseCategoricalAccuracy(name="d")
def one_step(model, a, b):
    with tf.GradientTape() as tape:
        answers = model(a, training=True)
        loss = loss_of(b, answers)
    optimizer.apply_gradients(zip(tape.gradient(loss, model.trainable_variables), model.trainable_variables))
    train_loss(loss)
    train_accuracy.update_state(b, answers)
    return loss
def one_test(model, a, b):
    answers = model(a, training=False)
    held_loss(loss_of(b, answers))
    held_accuracy(b, answers)
for name, wrap in (("eager", lambda step: step), ("traced", tf.function)):
    model, optimizer = Net(False), keras.optimizers.Adam(0.01)
    step, test = wrap(one_step), wrap(one_test)
    pairs = tf.data.Dataset.from_tensor_slices((X_train, y_train)).shuffle(400).batch(200)
    held = tf.data.Dataset.from_tensor_slices((X_test, y_test)).batch(200)
    for epoch in range(3):
        for metric in (train_loss, train_accuracy, held_loss, held_accuracy):
            metric.reset_state()
        losses = [float(step(model, a, b)) for a, b in pairs]
        for a, b in held:
            test(model, a, b)
        report(f"loop {name} {epoch}", losses)
        report(f"loop {name} metrics {epoch}", [float(m.result()) for m in
               (train_loss, train_accuracy, held_loss, held_accuracy)])
    report(f"loop {name} answers", model(X_test).numpy())
after("own loops")
"""

MISTAKES = """
import warnings, traceback
for attempt in (
    lambda: model.predict(X_test, wrong=1),
    lambda: model.fit(X_train[:10], y_train[:9], verbose=0),
    lambda: make().evaluate(np.zeros((3, 5)), np.zeros(3), verbose=0),
    lambda: train_test_split(X, y[:-1]),
    lambda: keras.Sequential([layers.Dense(3)]).fit(X, y),
):
    try:
        attempt()
    except Exception as error:
        print(type(error).__name__, str(error)[:300])
        print(traceback.format_exc()[-3000:], len(traceback.extract_tb(error.__traceback__)))
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    from sklearn.metrics import precision_score
    precision_score([0, 1, 1], [0, 0, 0])
    import matplotlib.pyplot as plt
    plt.figure(); plt.plot([1, 2]); plt.legend(); plt.gca().set_ylim(1, 1)
    plt.scatter([1, 2], [3, 4], c="r", cmap="viridis")
    plt.close("all")
print([(w.category.__name__, str(w.message)[:60], w.filename.rpartition("/")[2][:12], w.lineno) for w in caught])
"""

TABLES_AND_TEXT = """
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import LabelEncoder, OneHotEncoder, StandardScaler
keras.utils.set_random_seed(8)
frame = pd.DataFrame(np.random.rand(300, 5), columns=list("abcde"))
frame["kind"] = (frame.a > 0.5).map({True: "yes", False: "no"})
codes = LabelEncoder().fit_transform(frame.kind)
columns = ColumnTransformer([("n", StandardScaler(), ["a", "b"]), ("c", OneHotEncoder(), ["kind"])])
report("frame columns", columns.fit_transform(frame))
pipe = make_pipeline(StandardScaler(), LogisticRegression()).fit(frame[list("abcde")], codes)
report("frame pipe", pipe.score(frame[list("abcde")], codes))
report("frame cv", cross_val_score(LogisticRegression(), frame[["a"]], codes, cv=3))
report("frame search", GridSearchCV(LogisticRegression(), {"C": [0.1, 2]}).fit(frame[["a"]], codes).best_score_)
report("frame folds", [fold for fold in StratifiedKFold(3, shuffle=True, random_state=1).split(frame[["a"]], codes)])
left, right = train_test_split(frame, test_size=0.3)
model = keras.Sequential([layers.Dense(4), layers.Dense(1)])
model.compile("adam", "mse", metrics=["mae"])
report("frame fit", model.fit(left[list("abcde")], left.a * 3, epochs=2, verbose=0, validation_split=0.1).history)
report("frame error", mean_absolute_error(right.a * 3, model.predict(right[list("abcde")], verbose=0)))
texts, marks = np.array(["good film", "bad film", "nice one"] * 20), np.array([1, 0, 1] * 20)
words = layers.TextVectorization(output_sequence_length=4)
words.adapt(tf.data.Dataset.from_tensor_slices(texts).batch(7))
model = keras.Sequential([keras.Input((1,), dtype="string"), words, layers.Embedding(20, 4),
                          layers.GlobalAveragePooling1D(), layers.Dense(1, activation="sigmoid")])
model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
report("text fit", model.fit(tf.constant(texts)[:, None], marks, epochs=2, verbose=0).history)
a, b = keras.Input((3,)), keras.Input((2,))
two = keras.Model([a, b], layers.Dense(1)(layers.Concatenate()([a, b])))
two.compile("sgd", "mse")
ones = [np.ones((20, 3)), np.ones((20, 2))]
report("two inputs", two.fit(ones, np.ones(20), verbose=0, validation_split=0.2).history)
slow = keras.Sequential([layers.Input((5,)), layers.Lambda(lambda x: x * 2), layers.Dense(1)])
slow.compile(keras.optimizers.Adam(keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)),
             loss=lambda t, p: tf.reduce_mean((t - p) ** 2), run_eagerly=True)
report("eager fit", slow.fit(frame[list("abcde")].to_numpy(), frame.a.to_numpy(), epochs=1, verbose=0).history)
slow.set_weights(slow.get_weights())
report("eager predict", slow.predict(frame[list("abcde")].to_numpy(), verbose=0))
after("tables")
"""

ALL = {
    "tables_and_text": TABLES_AND_TEXT,
    "arrays": ARRAYS,
    "printed": PRINTED,
    "tf_data": TF_DATA,
    "generator": GENERATOR,
    "py_dataset": PY_DATASET,
    "tape": TAPE,
    "subclassed": SUBCLASSED,
    "own_loops": OWN_LOOPS,
    "mistakes": MISTAKES,
}
