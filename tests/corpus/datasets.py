"""Small data sets that notebooks load: a few hundred rows that a small network learns in a few epochs.

To add one: a function with `@dataset` that returns a DataSet; random choices come from `rng`.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from .draft import DataSet

DATASETS: dict[str, Callable[[Random], DataSet]] = {}


def dataset(make: Callable[[Random], DataSet]) -> Callable[[Random], DataSet]:
    """Register a data set under its function's name."""
    DATASETS[make.__name__] = make
    return make


@dataset
def glyphs(rng: Random) -> DataSet:
    """Pictures drawn by the notebook itself: bars, crosses, rings, blocks at random places in noise."""
    size, classes, rows = rng.choice((10, 12, 14)), rng.choice((3, 4)), rng.choice((360, 420, 480))
    load = f"""
def draw(kind, generator):
    picture = generator.normal(0.15, 0.05, ({size}, {size}))
    r, c = generator.integers(1, {size - 6}, 2)
    if kind == 0:
        picture[r:r + 5, c + 2] += 0.7
    elif kind == 1:
        picture[r + 2, c:c + 5] += 0.7
    elif kind == 2:
        picture[r:r + 5, c:c + 5] += 0.5
        picture[r + 1:r + 4, c + 1:c + 4] -= 0.5
    else:
        for i in range(5):
            picture[r + i, c + i] += 0.7
    return picture

generator = np.random.default_rng({rng.randrange(1000)})
y = generator.integers(0, {classes}, {rows})
X = np.stack([draw(kind, generator) for kind in y])[..., np.newaxis].astype("float32")
"""
    return DataSet("glyphs", "image", (size, size, 1), classes, load)


@dataset
def digits(rng: Random) -> DataSet:
    """Hand-written digits of scikit-learn, some of the classes, eight by eight."""
    classes = rng.choice((4, 5, 6))
    load = f"""
digits = load_digits()
few = digits.target < {classes}
X = (digits.images[few] / 16.0)[..., np.newaxis].astype("float32")
y = digits.target[few]
"""
    return DataSet("digits", "image", (8, 8, 1), classes, load, imports=("from sklearn.datasets import load_digits",))


@dataset
def fashion(rng: Random) -> DataSet:
    """A few hundred pictures of Fashion-MNIST, which Keras's own loader brings; every second pixel."""
    classes, rows = rng.choice((3, 4)), rng.choice((500, 600))
    load = f"""
(pictures, labels), _ = keras.datasets.fashion_mnist.load_data()
few = np.flatnonzero(labels < {classes})[:{rows}]
X = (pictures[few][:, ::2, ::2, np.newaxis] / 255.0).astype("float32")
y = labels[few]
"""
    return DataSet("fashion", "image", (14, 14, 1), classes, load, needs="keras/fashion-mnist")


@dataset
def cancer(rng: Random) -> DataSet:
    """Breast cancer: two classes, thirty columns of very different size."""
    load = """
cancer = load_breast_cancer()
X = cancer.data.astype("float32")
y = cancer.target
"""
    source = ("from sklearn.datasets import load_breast_cancer",)
    return DataSet("cancer", "table", (30,), 2, load, scaled=False, imports=source)


@dataset
def vintners(rng: Random) -> DataSet:
    """Wines of three growers: 178 rows."""
    load = """
X, y = load_wine(return_X_y=True)
X = X.astype("float32")
"""
    return DataSet(
        "vintners", "table", (13,), 3, load, scaled=False, imports=("from sklearn.datasets import load_wine",)
    )


@dataset
def clouds(rng: Random) -> DataSet:
    """Clusters of points made up by scikit-learn."""
    columns, classes = rng.choice((6, 8, 10)), rng.choice((2, 3, 4))
    load = f"""
X, y = make_blobs(n_samples={rng.choice((400, 500))}, n_features={columns}, centers={classes}, cluster_std=4.0, random_state={rng.randrange(100)})
X = X.astype("float32")
"""
    return DataSet(
        "clouds", "table", (columns,), classes, load, scaled=False, imports=("from sklearn.datasets import make_blobs",)
    )


@dataset
def wine_quality(rng: Random) -> DataSet:
    """Red or white, from a table of wines beside the notebook."""
    load = f"""
wines = pd.read_csv("wine.csv").dropna().sample({rng.choice((500, 600))}, random_state={rng.randrange(100)}).drop_duplicates()
X = wines.drop(columns="type").to_numpy("float32")
y = (wines["type"] == "red").to_numpy().astype(int)
"""
    return DataSet(
        "wine_quality",
        "table",
        (12,),
        2,
        load,
        scaled=False,
        imports=("import pandas as pd",),
        files=(("wine.csv", "wine.csv"),),
        needs="wine.csv",
    )


@dataset
def spoken(rng: Random) -> DataSet:
    """Recordings of spoken digits beside the notebook, as small spectrograms."""
    load = """
pictures, labels = [], []
for file in sorted(Path("recordings").glob("[067]_*.wav")):
    rate, sound = wavfile.read(file)
    _, _, power = spectrogram(sound[:4000].astype("float32"), nperseg=128, noverlap=64)
    picture = np.zeros((64, 60))
    picture[:, : min(60, power.shape[1])] = np.log1p(power[:64, :60])
    pictures.append(picture[::2, ::2] / 12.0)
    labels.append("067".index(file.name[0]))
X = np.array(pictures)[..., np.newaxis].astype("float32")
y = np.array(labels)
"""
    source = ("from pathlib import Path", "from scipy.io import wavfile", "from scipy.signal import spectrogram")
    return DataSet(
        "spoken",
        "image",
        (32, 30, 1),
        3,
        load,
        imports=source,
        files=(("recordings", "spoken-digits"),),
        needs="spoken-digits",
    )
