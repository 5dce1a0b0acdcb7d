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
    """Shirts, coats and what looks like them of Fashion-MNIST, by Keras's own loader; every second pixel."""
    classes, rows = rng.choice((3, 4)), rng.choice((500, 600))
    alike = rng.sample((0, 2, 4, 6), classes)
    load = f"""
(pictures, labels), _ = keras.datasets.fashion_mnist.load_data()
alike = {sorted(alike)}
few = np.flatnonzero(np.isin(labels, alike))[:{rows}]
X = (pictures[few][:, ::2, ::2, np.newaxis] / 255.0).astype("float32")
y = np.searchsorted(alike, labels[few])
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
def birds(rng: Random) -> DataSet:
    """Measurements of three species, made up by the notebook: grams, millimetres and shares."""
    rows, columns = rng.choice((360, 420)), rng.choice((6, 7, 9))
    load = f"""
generator = np.random.default_rng({rng.randrange(1000)})
usual = generator.uniform(0.5, 1.5, (3, {columns}))
y = generator.integers(0, 3, {rows})
units = 10.0 ** np.arange({columns}) / 100
X = (units * (usual[y] + generator.normal(0, 0.22, ({rows}, {columns})))).astype("float32")
"""
    return DataSet("birds", "table", (columns,), 3, load, scaled=False)


@dataset
def clouds(rng: Random) -> DataSet:
    """Clusters of points made up by scikit-learn."""
    columns, classes = rng.choice((6, 8, 10)), rng.choice((2, 3, 4))
    load = f"""
X, y = make_blobs(n_samples={rng.choice((400, 500))}, n_features={columns}, centers={classes}, cluster_std=6.0, random_state={rng.randrange(100)})
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
    """Recordings of digits spoken by one person, beside the notebook, as small spectrograms."""
    who = rng.choice(("george", "jackson", "lucas"))
    load = f"""
pictures, labels = [], []
for file in sorted(Path("recordings").glob("*_{who}_*.wav")):
    rate, sound = wavfile.read(file)
    _, _, power = spectrogram(sound[:4000].astype("float32"), nperseg=128, noverlap=64)
    picture = np.zeros((64, 60))
    picture[:, : min(60, power.shape[1])] = np.log1p(power[:64, :60])
    pictures.append(picture[::2, ::2] / 12.0)
    labels.append(int(file.name[0]))
X = np.array(pictures)[..., np.newaxis].astype("float32")
y = np.array(labels)
"""
    source = ("from pathlib import Path", "from scipy.io import wavfile", "from scipy.signal import spectrogram")
    return DataSet(
        "spoken",
        "image",
        (32, 30, 1),
        10,
        load,
        longer=2,
        imports=source,
        files=(("recordings", "spoken-digits"),),
        needs="spoken-digits",
    )


@dataset
def signs(rng: Random) -> DataSet:
    """Photos of hands that show digits, in a folder a digit beside the notebook, read small and grey."""
    load = f"""
def read(path):
    photo = keras.utils.load_img(path, color_mode="grayscale", target_size=(24, 24))
    return keras.utils.img_to_array(photo) / 255.0

paths = [path for path in sorted(Path("photos").glob("*/*.JPG")) if int(path.parent.name) < {rng.choice((6, 7))}]
X = np.array([read(path) for path in paths], dtype="float32")
y = np.array([int(path.parent.name) for path in paths])
"""
    classes = int(load.split("< ")[1][0])
    return DataSet(
        "signs",
        "image",
        (24, 24, 1),
        classes,
        load,
        paths="paths",
        longer=2,
        imports=("from pathlib import Path",),
        files=(("photos", "sign-language-digits"),),
        needs="sign-language-digits",
    )


@dataset
def reviews(rng: Random) -> DataSet:
    """Short made-up reviews of two or three opinions, most of their words beside the point."""
    classes = rng.choice((2, 3))
    load = f"""
opinions = [
    "awful boring broken cold dirty dull poor sad slow weak".split(),
    "bright clean clever fast fine fresh great lovely warm witty".split(),
    "average common mixed plain regular so-so standard typical unclear usual".split(),
]
others = (
    "about actor after again always book chair cheese city cook dinner door driver early evening family film first "
    "friend garden guest hotel house kitchen later letter market morning music night often paper phone place plate "
    "price quiet river road room service shop soup station story street summer table taxi ticket today train view "
    "waiter walk water week window winter yesterday"
).split()
generator = np.random.default_rng({rng.randrange(1000)})

def sentence(kind):
    words = [*generator.choice(others, 7, replace=False), *generator.choice(opinions[kind], 2, replace=False)]
    return " ".join(generator.permutation(words))

y = generator.integers(0, {classes}, {rng.choice((400, 480))})
X = np.array([sentence(kind) for kind in y])
"""
    return DataSet("reviews", "text", (9,), classes, load)


@dataset
def houses(rng: Random) -> DataSet:
    """Prices of houses, made up: a number to be predicted from rooms, area, age and the like."""
    columns = rng.choice((5, 6, 8))
    load = f"""
generator = np.random.default_rng({rng.randrange(1000)})
units = np.array([100.0, 5.0, 30.0, 2.0, 900.0, 12.0, 0.5, 60.0])[:{columns}]
X = (units * generator.gamma(4.0, 0.25, ({rng.choice((420, 500))}, {columns}))).astype("float32")
y = X @ (1.0 / units) + 0.8 * (X[:, 0] * X[:, 1]) / (units[0] * units[1]) + generator.normal(0, 0.3, len(X))
y = y.astype("float32")
"""
    return DataSet("houses", "table", (columns,), 0, load, scaled=False)


@dataset
def diabetes(rng: Random) -> DataSet:
    """How far an illness goes on within a year: a number, in hundreds, of scikit-learn's 442 patients."""
    load = """
X, y = load_diabetes(return_X_y=True, scaled=False)
X, y = X.astype("float32"), (y / 100).astype("float32")
"""
    source = ("from sklearn.datasets import load_diabetes",)
    return DataSet("diabetes", "table", (10,), 0, load, scaled=False, imports=source)


@dataset
def visits(rng: Random) -> DataSet:
    """Ten visits each of fifty or sixty patients, whose values are much alike from visit to visit."""
    people, columns = rng.choice((50, 60)), rng.choice((8, 10))
    load = f"""
generator = np.random.default_rng({rng.randrange(1000)})
ill = generator.integers(0, 2, {people})
usual = generator.normal(0, 1, ({people}, {columns}))
usual[:, :4] += 2.0 * ill[:, np.newaxis]
who = np.repeat(np.arange({people}), 10)
table = pd.DataFrame(usual[who] + generator.normal(0, 0.25, (len(who), {columns}))).add_prefix("value")
table.insert(0, "patient", who)
table["ill"] = ill[who]
table.to_csv("visits.csv", index=False)

visits = pd.read_csv("visits.csv")
X = visits.drop(columns=["patient", "ill"]).to_numpy("float32")
y = visits["ill"].to_numpy()
groups = visits["patient"].to_numpy()
"""
    return DataSet("visits", "table", (columns,), 2, load, imports=("import pandas as pd",), ties="groups")


@dataset
def waves(rng: Random) -> DataSet:
    """Windows of a series, in order; the next value is to be predicted, or whether it is higher than the last."""
    lags, rises = rng.choice((10, 12, 16)), rng.random() < 0.5
    target = "(series[lags:] > series[lags - 1 : -1]).astype(int)" if rises else 'series[lags:].astype("float32")'
    load = f"""
steps = np.arange({rng.choice((480, 560))})
generator = np.random.default_rng({rng.randrange(1000)})
series = np.sin(steps / {rng.choice((3.1, 4.3))}) + 0.5 * np.sin(steps / 11.7) + generator.normal(0, 0.1, len(steps))
lags = {lags}
X = np.stack([series[start : start + lags] for start in range(len(series) - lags)]).astype("float32")
y = {target}
"""
    return DataSet("waves", "table", (lags,), 2 if rises else 0, load, ties="order")
