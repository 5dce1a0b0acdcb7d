"""Ways to split rows and to feed them: from arrays `X`, `y` to what fit and evaluate are given.

To add one: a function with `@splitting` that fills a draft's `split`, `prepare` and `feed`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from random import Random

from .draft import DataSet, Draft, Feed, Net

Splitting = Callable[[Draft, Random], Draft]
SPLITTINGS: dict[str, Splitting] = {}

ARRAYS = Feed(
    train="X_train, y_train",
    watch="validation_data=(X_val, y_val)",
    watched="X_val, y_val",
    test="X_test, y_test",
    test_rows="X_test",
    test_labels="y_test",
    train_rows="X_train",
    train_labels="y_train",
)
FROM_FIT = "validation_split=0.2"
DATASETS = Feed(
    train="train_ds",
    watch="validation_data=val_ds",
    watched="val_ds",
    test="test_ds",
    test_rows="test_ds",
    test_labels="np.concatenate([labels for _, labels in test_ds])",
    train_rows="train_ds",
    train_labels="np.concatenate([labels for _, labels in train_ds])",
    arrays=False,
)
LOOPS = frozenset({"tape", "torch_loop"})
"""Modellings that have no fit to cut validation rows off."""

CUT_BY_HAND = """
kept = 3 * len(X_train) // 4
X_train, X_val = X_train[:kept], X_train[kept:]
y_train, y_val = y_train[:kept], y_train[kept:]
"""
SKLEARN = "from sklearn.model_selection import train_test_split"


def unstratified(draft: Draft) -> Draft:
    """Where a number is predicted, there are no classes to keep even between the parts."""
    if not draft.number:
        return draft
    code = re.sub(r", stratify=\w+", "", draft.split).replace("StratifiedKFold", "KFold")
    return draft.but(split=code, imports=tuple(line.replace("StratifiedKFold", "KFold") for line in draft.imports))


def splitting(make: Splitting) -> Splitting:
    """Register a way to split under its function's name."""
    SPLITTINGS[make.__name__] = make
    return make


def blank(data: DataSet, style: str, net: Net, epochs: int) -> Draft:
    """A draft of nothing but data and a network."""
    return Draft(
        data=data, style=style, net=net, feed=ARRAYS, split="", imports=data.imports, load=data.load, epochs=epochs
    )


def _scaled(draft: Draft, parts: str = "val test") -> Draft:
    """Scale the columns of a table that is not scaled yet, or number words; fitted on the training rows."""
    if draft.data.kind == "text":
        return _numbered(draft, parts)
    if draft.data.scaled:
        return draft
    lines = ["scaler = StandardScaler()", "X_train = scaler.fit_transform(X_train)"]
    lines += [f"X_{part} = scaler.transform(X_{part})" for part in parts.split()]
    return draft.but(
        prepare="\n".join(lines),
        imports=(*draft.imports, "from sklearn.preprocessing import StandardScaler"),
        marks=draft.marks | {"scaler"},
    )


def _numbered(draft: Draft, parts: str) -> Draft:
    """Number the words of sentences, those that training rows have."""
    lines = [
        f"vectorise = layers.TextVectorization(max_tokens=300, output_sequence_length={draft.data.shape[0]})",
        "vectorise.adapt(X_train)",
        *(f"X_{part} = vectorise(X_{part}).numpy()" for part in ("train", *parts.split())),
    ]
    return draft.but(prepare="\n".join(lines), marks=draft.marks | {"vectoriser"})


def in_pipelines(draft: Draft, rng: Random) -> Draft:
    """Go on from three arrays to three `tf.data` pipelines."""
    batch = rng.choice((16, 32))
    shuffled = f".shuffle({rng.choice((500, 1000))})" if rng.random() < 0.7 else ".shuffle(len(X_train), seed=3)"
    after = rng.choice((".prefetch(tf.data.AUTOTUNE)", "", ".cache()"))
    code = f"""
train_ds = tf.data.Dataset.from_tensor_slices((X_train, y_train)){shuffled}.batch({batch}){after if after != ".cache()" else ""}
val_ds = tf.data.Dataset.from_tensor_slices((X_val, y_val)).batch({batch}){after}
test_ds = tf.data.Dataset.from_tensor_slices((X_test, y_test)).batch({batch})
"""
    return draft.but(
        prepare=f"{draft.prepare}\n{code}".strip(), feed=DATASETS, marks=draft.marks | {"tf.data", "array parts"}
    )


@splitting
def sliced(draft: Draft, rng: Random) -> Draft:
    """A permutation by hand, then slices."""
    code = f"""
order = np.random.default_rng({rng.randrange(100)}).permutation(len(X))
X, y = X[order], y[order]
first, second = int({rng.choice((0.6, 0.65))} * len(X)), int(0.8 * len(X))
X_train, y_train = X[:first], y[:first]
X_val, y_val = X[first:second], y[first:second]
X_test, y_test = X[second:], y[second:]
"""
    return _scaled(draft.but(split=code, marks=draft.marks | {"arrays", "array parts"}))


@splitting
def picked(draft: Draft, rng: Random) -> Draft:
    """Indices shuffled by hand and used to pick rows."""
    code = f"""
np.random.seed({rng.randrange(100)})
indices = np.arange(len(X))
np.random.shuffle(indices)
test_indices, val_indices, train_indices = np.split(indices, [len(X) // 5, 2 * len(X) // 5])
X_train, y_train = X[train_indices], y[train_indices]
X_val, y_val = X[val_indices], y[val_indices]
X_test, y_test = X[test_indices], y[test_indices]
"""
    return _scaled(draft.but(split=code, marks=draft.marks | {"arrays", "array parts"}))


@splitting
def split_once(draft: Draft, rng: Random) -> Draft:
    """`train_test_split` once; fit cuts off the validation rows, where a loop trains the first of the training rows."""
    stratified = ", stratify=y" if rng.random() < 0.6 else ""
    code = f"""
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size={rng.choice((0.2, 0.25))}, random_state={rng.randrange(100)}{stratified})
"""
    draft = draft.but(imports=(*draft.imports, SKLEARN), marks=draft.marks | {"arrays", "array parts"})
    if draft.style in LOOPS:
        return _scaled(draft.but(split=code + CUT_BY_HAND))
    draft = draft.but(
        split=code,
        feed=Feed(**{name: getattr(ARRAYS, name) for name in ARRAYS.__slots__} | {"watch": FROM_FIT, "watched": ""}),
    )
    return _scaled(draft, "test")


@splitting
def split_twice(draft: Draft, rng: Random) -> Draft:
    """`train_test_split` twice."""
    seed = rng.randrange(100)
    code = f"""
X_rest, X_test, y_rest, y_test = train_test_split(X, y, test_size=0.2, random_state={seed}, stratify=y)
X_train, X_val, y_train, y_val = train_test_split(X_rest, y_rest, test_size=0.25, random_state={seed}, stratify=y_rest)
"""
    return _scaled(
        draft.but(split=code, imports=(*draft.imports, SKLEARN), marks=draft.marks | {"arrays", "array parts"})
    )


@splitting
def frames(draft: Draft, rng: Random) -> Draft:
    """A pandas frame, shuffled by `sample` and cut by `iloc` or `drop`."""
    code = f"""
table = pd.DataFrame(X.reshape(len(X), -1))
table["label"] = y
train_table = table.sample(frac=0.6, random_state={rng.randrange(100)})
rest = table.drop(train_table.index)
val_table, test_table = rest.iloc[: len(rest) // 2], rest.iloc[len(rest) // 2 :]
X_train, y_train = train_table.drop(columns="label").to_numpy(), train_table["label"].to_numpy()
X_val, y_val = val_table.drop(columns="label").to_numpy(), val_table["label"].to_numpy()
X_test, y_test = test_table.drop(columns="label").to_numpy(), test_table["label"].to_numpy()
"""
    if draft.data.kind == "image":
        code += (
            f"X_train, X_val, X_test = (part.reshape((-1, *{draft.data.shape})) for part in (X_train, X_val, X_test))\n"
        )
    imports = tuple(dict.fromkeys((*draft.imports, "import pandas as pd")))
    return _scaled(draft.but(split=code, imports=imports, marks=draft.marks | {"arrays", "array parts"}))


@splitting
def by_group(draft: Draft, rng: Random) -> Draft:
    """Whole groups for training, validation and test."""
    code = f"""
outer = GroupShuffleSplit(n_splits=1, test_size=0.2, random_state={rng.randrange(100)})
rest_rows, test_rows = next(outer.split(X, y, groups))
X_rest, y_rest, rest_groups = X[rest_rows], y[rest_rows], groups[rest_rows]
X_test, y_test = X[test_rows], y[test_rows]
inner = GroupShuffleSplit(n_splits=1, test_size=0.25, random_state={rng.randrange(100)})
train_rows, val_rows = next(inner.split(X_rest, y_rest, rest_groups))
X_train, y_train = X_rest[train_rows], y_rest[train_rows]
X_val, y_val = X_rest[val_rows], y_rest[val_rows]
"""
    imports = (*draft.imports, "from sklearn.model_selection import GroupShuffleSplit")
    return _scaled(draft.but(split=code, imports=imports, marks=draft.marks | {"arrays", "array parts", "by group"}))


@splitting
def groups_in_pipelines(draft: Draft, rng: Random) -> Draft:
    """Whole groups for each part, fed through `tf.data`."""
    return in_pipelines(by_group(draft, rng), rng)


@splitting
def in_order(draft: Draft, rng: Random) -> Draft:
    """The first rows of a series train, the next validate, the last test; a window's length is left out between."""
    code = f"""
first, second = int({rng.choice((0.6, 0.65))} * len(X)), int(0.8 * len(X))
X_train, y_train = X[:first], y[:first]
X_val, y_val = X[first + lags : second], y[first + lags : second]
X_test, y_test = X[second + lags :], y[second + lags :]
"""
    return _scaled(draft.but(split=code, marks=draft.marks | {"arrays", "array parts", "in order"}))


@splitting
def order_in_pipelines(draft: Draft, rng: Random) -> Draft:
    """Parts of a series one after the other, fed through `tf.data`."""
    return in_pipelines(in_order(draft, rng), rng)


@splitting
def torch_subsets(draft: Draft, rng: Random) -> Draft:
    """PyTorch's `random_split` of one data set of tensors."""
    images = ".permute(0, 3, 1, 2)" if draft.data.kind == "image" else ""
    code = f"""
whole = TensorDataset(torch.tensor(X, dtype=torch.float32){images}, torch.tensor(y))
dealt = torch.Generator().manual_seed({rng.randrange(100)})
train_part, val_part, test_part = random_split(whole, [0.6, 0.2, 0.2], generator=dealt)
"""
    feed = Feed(
        train="train_part",
        watch="",
        watched="val_part",
        test="test_part",
        test_rows="test_part",
        test_labels="np.array([int(label) for _, label in test_part])",
        train_rows="train_part",
        train_labels="np.array([int(label) for _, label in train_part])",
        arrays=False,
    )
    imports = (*draft.imports, "from torch.utils.data import random_split")
    return draft.but(split=code, feed=feed, imports=imports, marks=draft.marks | {"torch parts"})


@splitting
def pipelines(draft: Draft, rng: Random) -> Draft:
    """Arrays split first, then `tf.data` pipelines with shuffle and batch."""
    return in_pipelines(rng.choice((sliced, split_twice, picked))(draft, rng), rng)


@splitting
def taken(draft: Draft, rng: Random) -> Draft:
    """One `tf.data` source, shuffled once, divided by `take` and `skip`."""
    code = f"""
rows = len(X)
whole = tf.data.Dataset.from_tensor_slices((X, y)).shuffle(rows, seed={rng.randrange(100)}, reshuffle_each_iteration=False)
test_ds = whole.take(rows // 5).batch(32)
val_ds = whole.skip(rows // 5).take(rows // 5).batch(32)
train_ds = whole.skip(2 * (rows // 5)).shuffle(rows).batch({rng.choice((16, 32))}).prefetch(tf.data.AUTOTUNE)
"""
    return _adapted(draft.but(split=code, feed=DATASETS, marks=draft.marks | {"tf.data", "take"}))


@splitting
def split_dataset(draft: Draft, rng: Random) -> Draft:
    """`keras.utils.split_dataset`, twice."""
    seed = rng.randrange(100)
    code = f"""
rest, test_ds = keras.utils.split_dataset((X, y), left_size=0.8, shuffle=True, seed={seed})
train_ds, val_ds = keras.utils.split_dataset(rest, left_size=0.75, shuffle=True, seed={seed})
train_ds = train_ds.shuffle(500).batch({rng.choice((16, 32))})
val_ds, test_ds = val_ds.batch(32), test_ds.batch(32)
"""
    return _adapted(draft.but(split=code, feed=DATASETS, marks=draft.marks | {"tf.data"}))


@splitting
def py_datasets(draft: Draft, rng: Random) -> Draft:
    """A `keras.utils.PyDataset` of one's own over arrays that were split."""
    draft = rng.choice((sliced, split_twice))(draft, rng)
    code = f"""
class Batches(keras.utils.PyDataset):
    def __init__(self, inputs, targets, size={rng.choice((16, 32))}):
        super().__init__()
        self.inputs, self.targets, self.size = inputs, targets, size

    def __len__(self):
        return -(-len(self.inputs) // self.size)

    def __getitem__(self, index):
        part = slice(index * self.size, (index + 1) * self.size)
        return self.inputs[part], self.targets[part]
"""
    feed = Feed(
        train="Batches(X_train, y_train)",
        watch="validation_data=Batches(X_val, y_val)",
        watched="Batches(X_val, y_val)",
        test="Batches(X_test, y_test)",
        test_rows="Batches(X_test, y_test)",
        test_labels="y_test",
        train_rows="Batches(X_train, y_train)",
        train_labels="y_train",
        arrays=False,
    )
    return draft.but(before_training=code, feed=feed, marks=draft.marks | {"array parts"} - {"arrays"})


@splitting
def generators(draft: Draft, rng: Random) -> Draft:
    """A generator that yields batches for ever; validation and test are arrays."""
    draft = rng.choice((sliced, split_twice))(draft, rng)
    size = rng.choice((16, 32))
    code = f"""
def batches(inputs, targets, size={size}):
    while True:
        order = np.random.permutation(len(inputs))
        for start in range(0, len(order) - size + 1, size):
            part = order[start:start + size]
            yield inputs[part], targets[part]
"""
    feed = Feed(
        **{name: getattr(ARRAYS, name) for name in ARRAYS.__slots__}
        | {"train": "batches(X_train, y_train), steps_per_epoch=len(X_train) // " + str(size), "arrays": False}
    )
    return draft.but(before_training=code, feed=feed, marks=(draft.marks | {"array parts", "endless"}) - {"arrays"})


@splitting
def augmenting_generator(draft: Draft, rng: Random) -> Draft:
    """The old `ImageDataGenerator.flow` for training; validation and test are arrays."""
    draft = rng.choice((sliced, split_twice))(draft, rng)
    code = f"""
augment = ImageDataGenerator(width_shift_range=0.05, height_shift_range=0.05{rng.choice(("", ", zoom_range=0.05"))})
"""
    feed = Feed(
        **{name: getattr(ARRAYS, name) for name in ARRAYS.__slots__}
        | {"train": "augment.flow(X_train, y_train, batch_size=16)", "arrays": False}
    )
    return draft.but(
        before_training=code,
        feed=feed,
        imports=(*draft.imports, "from tensorflow.keras.preprocessing.image import ImageDataGenerator"),
        marks=(draft.marks | {"array parts", "augmented"}) - {"arrays"},
    )


@splitting
def folded(draft: Draft, rng: Random) -> Draft:
    """A test part first; one stratified fold of the rest validates."""
    code = f"""
X_rest, X_test, y_rest, y_test = train_test_split(X, y, test_size=0.2, random_state={rng.randrange(100)}, stratify=y)
folds = StratifiedKFold(n_splits=4, shuffle=True, random_state={rng.randrange(100)})
train_rows, val_rows = next(folds.split(X_rest, y_rest))
X_train, y_train = X_rest[train_rows], y_rest[train_rows]
X_val, y_val = X_rest[val_rows], y_rest[val_rows]
"""
    imports = (*draft.imports, "from sklearn.model_selection import StratifiedKFold, train_test_split")
    return _scaled(draft.but(split=code, imports=imports, marks=draft.marks | {"arrays", "array parts"}))


def _adapted(draft: Draft) -> Draft:
    """Scale the columns of a table inside the network, by a layer that has seen the training pipeline."""
    if draft.data.scaled:
        return draft
    code = "normalise = layers.Normalization()\nnormalise.adapt(train_ds.map(lambda inputs, targets: inputs))\n"
    return draft.but(prepare=code, net=replace(draft.net, hidden=("normalise", *draft.net.hidden)))


def _on_disk(draft: Draft, rng: Random, parts: str) -> Draft:
    """Write the rows as pictures, or copy their photos, into a folder a class.

    `parts` is an expression that says which part a row goes to.
    """
    copying: tuple[str, ...] = ()
    kept = 'keras.utils.save_img(folder / f"{row}.png", X[row])'
    if draft.data.paths:
        copying, kept = ("import shutil",), f"shutil.copy({draft.data.paths}[row], folder)"
    code = f"""
order = np.random.default_rng({rng.randrange(100)}).permutation(len(X))
for place, row in enumerate(order):
    part = {parts}
    folder = Path("pictures", part, f"class{{y[row]}}")
    folder.mkdir(parents=True, exist_ok=True)
    {kept}
"""
    return draft.but(
        split=code,
        feed=DATASETS,
        net=replace(draft.net, hidden=("layers.Rescaling(1 / 255)", *draft.net.hidden)),
        imports=tuple(dict.fromkeys((*draft.imports, *copying, "from pathlib import Path"))),
        marks=draft.marks | {"tf.data", "folders"},
    )


def _read(part: str, draft: Draft, more: str) -> str:
    size = f'image_size={draft.data.shape[:2]}, color_mode="grayscale"'
    return f'keras.utils.image_dataset_from_directory("pictures/{part}", {size}, batch_size=32, {more})'


@splitting
def folders(draft: Draft, rng: Random) -> Draft:
    """Pictures in a folder a part and a class, read by `image_dataset_from_directory`."""
    draft = _on_disk(draft, rng, '"test" if place < len(order) // 5 else "val" if place < len(order) // 3 else "train"')
    code = f"""
train_ds = {_read("train", draft, f"seed={rng.randrange(100)}")}
val_ds = {_read("val", draft, "shuffle=False")}
test_ds = {_read("test", draft, "shuffle=False")}
"""
    return draft.but(prepare=code)


@splitting
def folder_subsets(draft: Draft, rng: Random) -> Draft:
    """Pictures in a folder a class: training and validation are subsets of one folder, test is a folder of its own."""
    draft = _on_disk(draft, rng, '"test" if place < len(order) // 5 else "train"')
    seed = f"validation_split=0.25, seed={rng.randrange(1, 100)}"
    code = f"""
train_ds = {_read("train", draft, f'{seed}, subset="training"')}
val_ds = {_read("train", draft, f'{seed}, subset="validation"')}
test_ds = {_read("test", draft, "shuffle=False")}
"""
    return draft.but(prepare=code, marks=draft.marks | {"subsets"})


@splitting
def folder_flows(draft: Draft, rng: Random) -> Draft:
    """Pictures in a folder a part and a class, read by `ImageDataGenerator.flow_from_directory`."""
    draft = _on_disk(draft, rng, '"test" if place < len(order) // 5 else "val" if place < len(order) // 3 else "train"')
    size = f'target_size={draft.data.shape[:2]}, color_mode="grayscale", class_mode="sparse", batch_size=32'
    code = f"""
reader = ImageDataGenerator(rescale=1 / 255)
train_ds = reader.flow_from_directory("pictures/train", {size})
val_ds = reader.flow_from_directory("pictures/val", {size}, shuffle=False)
test_ds = reader.flow_from_directory("pictures/test", {size}, shuffle=False)
"""
    return draft.but(
        prepare=code,
        net=replace(draft.net, hidden=draft.net.hidden[1:]),
        feed=replace(DATASETS, test_labels="test_ds.classes", train_labels="train_ds.classes"),
        imports=(*draft.imports, "from tensorflow.keras.preprocessing.image import ImageDataGenerator"),
        marks=(draft.marks | {"flows"}) - {"tf.data"},
    )
