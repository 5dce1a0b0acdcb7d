"""Notebooks as students write them, on real photos, recordings, a table and Fashion-MNIST."""

from __future__ import annotations

PHOTOS = (
    "md:# Sign language digits\nFrom a photo of a hand, predict which digit from 0 to 9 it shows.",
    """
import os
import numpy as np
import keras
import matplotlib.pyplot as plt
from PIL import Image
from sklearn.metrics import ConfusionMatrixDisplay, classification_report
from sklearn.model_selection import train_test_split

keras.utils.set_random_seed(3)
images, names = [], []
for folder in sorted(os.listdir("photos")):
    for file in sorted(os.listdir(f"photos/{folder}")):
        try:
            picture = Image.open(f"photos/{folder}/{file}").convert("RGB").resize((48, 48))
        except OSError:
            print("skipped", file)
            continue
        images.append(np.asarray(picture))
        names.append(int(folder))
hands, digits = np.stack(images), np.array(names)
print(hands.shape, np.bincount(digits))
""",
    "plt.imshow(hands[0]); plt.title(digits[0]); plt.show()",
    """
left, unseen, left_digits, unseen_digits = train_test_split(
    hands / 255.0, digits, test_size=0.2, random_state=1, stratify=digits)
fit_x, watch_x, fit_y, watch_y = train_test_split(left, left_digits, test_size=0.15, random_state=1)
""",
    """
net = keras.Sequential([
    keras.Input((48, 48, 3)),
    keras.layers.Conv2D(16, 3, strides=2, activation="relu"), keras.layers.Conv2D(32, 3, strides=2, activation="relu"),
    keras.layers.Flatten(), keras.layers.Dropout(0.3), keras.layers.Dense(10, activation="softmax")])
net.compile(optimizer=keras.optimizers.Adam(0.002), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
past = net.fit(fit_x, fit_y, epochs=12, validation_data=(watch_x, watch_y), verbose=0)
plt.plot(past.history["loss"]); plt.plot(past.history["val_loss"]); plt.show()
""",
    """
print("unseen photos:", net.evaluate(unseen, unseen_digits, verbose=0))
guess = net.predict(unseen, verbose=0).argmax(axis=1)
ConfusionMatrixDisplay.from_predictions(unseen_digits, guess); plt.show()
print(classification_report(unseen_digits, guess))
""",
)

SOUNDS = (
    "md:# Spoken digits\nFrom a recording of one word, predict the digit that was said.",
    """
import glob
import os
import wave
import numpy as np
import keras
from sklearn.metrics import confusion_matrix
from sklearn.model_selection import train_test_split

keras.utils.set_random_seed(5)

def spectrogram(path):
    with wave.open(path) as f:
        samples = np.frombuffer(f.readframes(f.getnframes()), dtype=np.int16).astype("float32")
    samples = np.pad(samples, (0, max(0, 6400 - len(samples))))[:6400]
    frames = np.lib.stride_tricks.sliding_window_view(samples, 256)[::128] * np.hanning(256)
    return np.log1p(np.abs(np.fft.rfft(frames, axis=1)))[:, :64]

files = sorted(glob.glob("recordings/*.wav"))
S = np.stack([spectrogram(f) for f in files])[..., None].astype("float32")
spoken = np.array([int(os.path.basename(f).split("_")[0]) for f in files])
print(S.shape)
""",
    "train_s, test_s, train_d, test_d = train_test_split(S, spoken, test_size=0.25, random_state=0, stratify=spoken)",
    """
model = keras.Sequential([
    keras.Input(S.shape[1:]), keras.layers.Rescaling(0.1),
    keras.layers.Conv2D(16, 3, activation="relu"), keras.layers.MaxPooling2D(2),
    keras.layers.Conv2D(32, 3, activation="relu"), keras.layers.MaxPooling2D(2),
    keras.layers.Flatten(), keras.layers.Dense(10, activation="softmax")])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(train_s, train_d, epochs=8, validation_split=0.15, verbose=2)
""",
    """
said = model.predict(test_s).argmax(1)
print("accuracy on the test recordings", (said == test_d).mean())
print(confusion_matrix(test_d, said))
""",
)

WINE = (
    "md:# Wine\nPredict the quality (a number) of a wine from eleven measurements.",
    """
import numpy as np
import pandas as pd
import keras
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

keras.utils.set_random_seed(1)
df = pd.read_csv("wine.csv").dropna()
df.head()
""",
    """
x = df.drop(columns=["type", "quality"]).to_numpy()
q = df["quality"].to_numpy().astype("float32")
x_tr, x_te, q_tr, q_te = train_test_split(x, q, test_size=0.2, random_state=42)
sc = StandardScaler().fit(x_tr)
x_tr, x_te = sc.transform(x_tr), sc.transform(x_te)
""",
    """
m = keras.Sequential([keras.Input((11,)), keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1)])
m.compile(loss="mse", optimizer="adam", metrics=["mae"])
m.fit(x_tr, q_tr, epochs=20, batch_size=64, validation_split=0.1, verbose=0)
""",
    'print("test error:", m.evaluate(x_te, q_te, verbose=0))',
)

RARE = (
    *WINE[:2],
    """
x = df.drop(columns=["type", "quality"]).to_numpy()
good = (df["quality"] >= 8).to_numpy().astype(int)
print(np.bincount(good))
x_tr, x_te, g_tr, g_te = train_test_split(x, good, test_size=0.3, random_state=0, stratify=good)
sc = StandardScaler().fit(x_tr)
x_tr, x_te = sc.transform(x_tr), sc.transform(x_te)
""",
    """
m = keras.Sequential([
    keras.Input((11,)), keras.layers.Dense(32, activation="relu"), keras.layers.Dense(1, activation="sigmoid")])
m.compile(loss="binary_crossentropy", optimizer="adam", metrics=["accuracy"])
m.fit(x_tr, g_tr, epochs=25, batch_size=64, class_weight={0: 1.0, 1: 20.0}, verbose=0)
""",
    """
print("accuracy:", m.evaluate(x_te, g_te, verbose=0)[1])
from sklearn.metrics import confusion_matrix
print(confusion_matrix(g_te, (m.predict(x_te, verbose=0)[:, 0] > 0.5).astype(int)))
""",
)

FASHION_WHOLE = (
    """
import keras
(a, b), (c, d) = keras.datasets.fashion_mnist.load_data()
keras.utils.set_random_seed(0)
a, c = a / 255.0, c / 255.0
""",
    """
m = keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten(), keras.layers.Dense(32, activation="relu"),
                      keras.layers.Dense(10, activation="softmax")])
m.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
m.fit(a, b, epochs=1, batch_size=256, validation_split=0.1, verbose=2)
print("test:", m.evaluate(c, d, verbose=0))
""",
)

FASHION_CUT = (
    """
import keras
from sklearn.model_selection import train_test_split
(seen, seen_y), (held, held_y) = keras.datasets.fashion_mnist.load_data()
keras.utils.set_random_seed(9)
seen, held = seen[..., None].astype("float32") / 127.5 - 1, held[..., None].astype("float32") / 127.5 - 1
part, rest, part_y, rest_y = train_test_split(seen, seen_y, test_size=10000, random_state=4)
""",
    """
inputs = keras.Input((28, 28, 1))
h = keras.layers.Flatten()(inputs)
net = keras.Model(inputs, keras.layers.Dense(10, activation="softmax")(keras.layers.Dense(32, activation="relu")(h)))
net.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
net.fit(part, keras.utils.to_categorical(part_y), epochs=1, batch_size=256,
        validation_data=(rest, keras.utils.to_categorical(rest_y)), verbose=2)
print("test:", net.evaluate(held, keras.utils.to_categorical(held_y), verbose=0))
""",
)

FASHION_WRONG_PART = (
    FASHION_WHOLE[0],
    FASHION_WHOLE[1]
    .replace("m.fit(a, b,", "m.fit(a[:50000], b[:50000],")
    .replace("m.evaluate(c, d,", "m.evaluate(a[50000:], b[50000:],"),
)
