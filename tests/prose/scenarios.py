"""Ten notebooks as they were measured: what write-ups of the labelled set speak of, and are judged against.

Each is the evidence of one run without its prose: data, network, curves, recomputed test score and confusion matrix. The
curves are read by the grader's own diagnosis; everything else is written down here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from grader.evidence.diagnosis import diagnose
from grader.model import (
    EVIDENCE_VERSION,
    CallbackFacts,
    ClassScore,
    CodeFacts,
    Confusion,
    Evidence,
    LabelFacts,
    LayerFacts,
    ModelFacts,
    ProseFacts,
    RowSet,
    RunFacts,
    Scoring,
    SplitCall,
    TrainingRun,
    Verified,
)

Curve = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Scenario:
    """A measured notebook: its code cells by their mark in a write-up (`load`, `model`, `fit`, `score`), its facts."""

    code: Mapping[str, str]
    evidence: Evidence


def curve(epochs: int, *points: tuple[int, float]) -> Curve:
    """A curve through points (epoch, value), straight between them."""
    at, values = zip(*points, strict=True)
    return tuple(float(round(value, 4)) for value in np.interp(range(1, epochs + 1), at, values))


def history(
    loss: Curve, val_loss: Curve, accuracy: Curve = (), val_accuracy: Curve = ()
) -> tuple[tuple[str, Curve], ...]:
    logs = (("loss", loss), ("val_loss", val_loss), ("accuracy", accuracy), ("val_accuracy", val_accuracy))
    return tuple((name, values) for name, values in logs if values)


def matrix(rows: int, recalls: list[float], confusions: Mapping[tuple[int, int], float]) -> tuple[tuple[int, ...], ...]:
    """A matrix of `rows` to a class, with these recalls and named confusions; what is left spreads over the others."""
    size = len(recalls)
    table = np.zeros((size, size), dtype=int)
    for true, recall in enumerate(recalls):
        table[true, true] = round(rows * recall)
        for (of, taken), share in confusions.items():
            if of == true:
                table[true, taken] = round(rows * share)
        others = [other for other in range(size) if table[true, other] == 0]
        left = rows - int(table[true].sum())
        for place in range(left):
            table[true, others[place % len(others)]] += 1
    return tuple(tuple(int(value) for value in row) for row in table)


def classification(table: tuple[tuple[int, ...], ...], *, scoring: str = "s1", model: str = "m1") -> Verified:
    """What a confusion matrix says."""
    counts = np.array(table)
    support, called, right = counts.sum(axis=1), counts.sum(axis=0), counts.diagonal()
    names = tuple(str(place) for place in range(len(table)))
    confused = [
        Confusion(names[true], names[taken], int(counts[true, taken]), float(counts[true, taken] / support[true]))
        for true in range(len(table))
        for taken in range(len(table))
        if true != taken and counts[true, taken]
    ]
    total = int(counts.sum())
    return Verified(
        scoring, model, "test", total, total, "classification",
        accuracy=float(right.sum() / total),
        balanced_accuracy=float((right / support).mean()),
        majority_accuracy=float(support.max() / total),
        matrix=table,
        classes=names,
        per_class=tuple(
            ClassScore(
                name, float(right[at] / max(called[at], 1)), float(right[at] / support[at]),
                float(2 * right[at] / (called[at] + support[at])), int(support[at]),
            )
            for at, name in enumerate(names)
        ),
        confused=tuple(sorted(confused, key=lambda item: -item.count)[:8]),
        predicted_classes=len(table),
    )  # fmt: skip


def layers(*parts: tuple[str, int, Mapping[str, str]]) -> tuple[LayerFacts, ...]:
    return tuple(
        LayerFacts(f"{kind.lower()}_{place}", kind, parameters, trainable=True, settings=tuple(settings.items()))
        for place, (kind, parameters, settings) in enumerate(parts)
    )


def rows(name: str, count: int, role: str, shape: tuple[int, ...], classes: int) -> RowSet:
    share = count // max(classes, 1)
    facts = (
        LabelFacts("int", count, tuple(map(str, range(classes))), (share,) * classes, 0.0, classes - 1.0)
        if classes
        else LabelFacts("float", count, low=0.15, high=5.0)
    )
    return RowSet(name, count, count, shape, "float32", role, 0.0, 1.0, 0.3, facts)  # type: ignore[arg-type]


def notebook(
    *,
    shape: tuple[int, ...],
    sizes: tuple[int, int, int],
    built: tuple[LayerFacts, ...],
    loss: str,
    optimizer: str,
    rate: float,
    epochs: tuple[int, int],
    batch: int,
    curves: tuple[tuple[str, Curve], ...],
    scored: Verified,
    claimed: Mapping[str, float],
    classes: tuple[str, ...] = (),
    callbacks: tuple[CallbackFacts, ...] = (),
    augmentation: tuple[str, ...] = (),
    pretrained: str = "",
    tuning: tuple[str, ...] = (),
    splits: tuple[SplitCall, ...] = (),
    validation_split: float = 0.0,
) -> Evidence:
    """The evidence of a notebook with one network, trained once and scored once."""
    kinds = len(scored.classes)
    parameters = sum(layer.parameters for layer in built)
    model = ModelFacts(
        "m1", "keras", "sequential", built, parameters, parameters, (None, *shape), (None, kinds or 1),
        "softmax" if kinds > 2 else "sigmoid" if kinds else "linear", loss, optimizer=optimizer, learning_rate=rate,
        metrics=("accuracy",) if kinds else ("mae",), pretrained=pretrained, cell=2,
    )  # fmt: skip
    training = TrainingRun(
        "t1", "m1", 3, "train", "val", validation_split, epochs[0], epochs[1], batch, curves, callbacks,
        weights_changed=True, completed=True, augmentation=augmentation, learning_rate=rate,
    )  # fmt: skip
    return Evidence(
        EVIDENCE_VERSION,
        "student",
        "project.ipynb",
        "0" * 64,
        RunFacts("ok", "bubblewrap", watched=("keras", "sklearn", "matplotlib")),
        (),
        CodeFacts(imports=("keras",), lint_ran=True, tuning=tuple((name, 3) for name in tuning)),
        ProseFacts(),
        task="classification" if kinds else "regression",
        input_kind="image" if len(shape) == 3 else "text" if len(shape) == 1 and sizes[0] == 20_000 else "table",
        class_names=classes,
        row_sets=(
            rows("train", sizes[0], "train", shape, kinds),
            rows("val", sizes[1], "validation", shape, kinds),
            rows("test", sizes[2], "test", shape, kinds),
        ),
        models=(model,),
        trainings=(training,),
        scorings=(
            Scoring("s1", "m1", 4, "evaluate", "test", "test", "w9", tuple(claimed.items()), sealed=True, order=9),
        ),
        splits=splits,
        diagnoses=(diagnose(training, scored.majority_accuracy or 0.0),),
        final_scoring="s1",
        final_model="m1",
        verified=(scored,),
    )


DIGITS = tuple("0123456789")
GARMENTS = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
THINGS = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
FLOWERS = ("daisy", "dandelion", "roses", "sunflowers", "tulips")
FIT = "history = model.fit(x_train, y_train, validation_data=(x_val, y_val), epochs=EPOCHS)"
SCORE = "print(model.evaluate(x_test, y_test))\ncm = confusion_matrix(y_test, model.predict(x_test).argmax(axis=1))"


def code(
    load: str, model: str, *, epochs: int, names: tuple[str, ...] = (), fit: str = FIT, score: str = SCORE
) -> dict[str, str]:
    listed = f"\nclass_names = {list(names)!r}" if names else ""
    return {"load": load + listed, "model": model, "fit": fit.replace("EPOCHS", str(epochs)), "score": score}


def garments() -> Scenario:
    """Fashion-MNIST, a CNN, 90.9 %; mild overfitting from epoch 8; shirts taken for T-shirts."""
    table = matrix(
        1000,
        [0.87, 0.98, 0.86, 0.92, 0.87, 0.98, 0.71, 0.96, 0.98, 0.957],
        {(6, 0): 0.15, (6, 2): 0.06, (6, 4): 0.05, (0, 6): 0.09, (4, 2): 0.06, (2, 4): 0.06, (1, 3): 0.012},
    )
    return Scenario(
        code(
            "(x_train, y_train), (x_test, y_test) = keras.datasets.fashion_mnist.load_data()",
            "model = Sequential([Conv2D(32, 3), MaxPooling2D(), Conv2D(64, 3), MaxPooling2D(), Flatten(),\n"
            "    Dense(128), Dropout(0.3), Dense(10, activation='softmax')])\nmodel.compile('adam')",
            epochs=12, names=GARMENTS, fit="history = model.fit(x_train, y_train, validation_split=0.1, epochs=12, batch_size=64)",
        ),
        notebook(
            shape=(28, 28, 1), sizes=(54_000, 6_000, 10_000), loss="sparse_categorical_crossentropy", optimizer="Adam",
            rate=0.001, epochs=(12, 12), batch=64, validation_split=0.1, classes=GARMENTS, tuning=("Dropout",),
            built=layers(
                ("Conv2D", 320, {"filters": "32", "kernel_size": "(3, 3)", "activation": "relu"}), ("MaxPooling2D", 0, {}),
                ("Conv2D", 18_496, {"filters": "64", "kernel_size": "(3, 3)", "activation": "relu"}), ("MaxPooling2D", 0, {}),
                ("Flatten", 0, {}), ("Dense", 204_928, {"units": "128", "activation": "relu"}), ("Dropout", 0, {"rate": "0.3"}),
                ("Dense", 1_290, {"units": "10", "activation": "softmax"}),
            ),
            curves=history(
                curve(12, (1, 0.55), (4, 0.28), (7, 0.205), (12, 0.118)), curve(12, (1, 0.38), (5, 0.252), (7, 0.242), (12, 0.291)),
                curve(12, (1, 0.80), (4, 0.90), (7, 0.925), (12, 0.957)), curve(12, (1, 0.86), (5, 0.908), (7, 0.912), (12, 0.914)),
            ),
            scored=classification(table), claimed={"loss": 0.2791, "accuracy": 0.9087},
        ),
    )  # fmt: skip


def digits() -> Scenario:
    """scikit-learn's digits, a dense net, 348 of 360; a good fit; the 8 is worst, read as 1."""
    counts = [36, 36, 36, 36, 36, 36, 36, 36, 35, 37]
    right = [36, 35, 36, 34, 36, 35, 36, 35, 31, 34]
    table = np.diag(right)
    for true, taken, count in (
        (8, 1, 3),
        (8, 3, 1),
        (9, 3, 2),
        (9, 5, 1),
        (3, 5, 1),
        (3, 9, 1),
        (1, 8, 1),
        (5, 9, 1),
        (7, 4, 1),
    ):
        table[true, taken] = count
    assert table.sum(axis=1).tolist() == counts
    return Scenario(
        code(
            "data = load_digits()\nx_train, x_test, y_train, y_test = train_test_split(data.data, data.target)",
            "model = Sequential([Dense(64, activation='relu'), Dense(32, activation='relu'), Dense(10, activation='softmax')])\n"
            "model.compile('adam')",
            epochs=30,
        ),
        notebook(
            shape=(64,), sizes=(1_077, 360, 360), loss="sparse_categorical_crossentropy", optimizer="Adam", rate=0.001,
            epochs=(30, 30), batch=32,
            built=layers(
                ("Dense", 4_160, {"units": "64", "activation": "relu"}), ("Dense", 2_080, {"units": "32", "activation": "relu"}),
                ("Dense", 330, {"units": "10", "activation": "softmax"}),
            ),
            curves=history(
                curve(30, (1, 1.9), (6, 0.4), (15, 0.16), (30, 0.085)), curve(30, (1, 1.6), (6, 0.42), (15, 0.19), (30, 0.125)),
                curve(30, (1, 0.40), (6, 0.90), (15, 0.965), (30, 0.994)), curve(30, (1, 0.55), (6, 0.89), (15, 0.95), (30, 0.967)),
            ),
            scored=classification(tuple(tuple(int(value) for value in row) for row in table)),
            claimed={"loss": 0.12, "accuracy": 348 / 360},
            splits=(
                SplitCall("train_test_split", 1, (1_437, 360), "0", shuffle=True),
                SplitCall("train_test_split", 1, (1_077, 360), "0", shuffle=True),
            ),
        ),
    )  # fmt: skip


def tumours() -> Scenario:
    """Breast cancer table, 83 of 86: two malignant missed, one false alarm; early stopping at epoch 41 of 100."""
    return Scenario(
        code(
            "data = load_breast_cancer()\nx_train, x_test, y_train, y_test = train_test_split(data.data, data.target)",
            "model = Sequential([Dense(16, activation='relu'), Dropout(0.2), Dense(1, activation='sigmoid')])\nmodel.compile('adam')",
            epochs=100, names=("malignant", "benign"),
            fit="history = model.fit(x_train, y_train, validation_data=(x_val, y_val), epochs=100, "
            "callbacks=[EarlyStopping(patience=10)])",
            score="print(model.evaluate(x_test, y_test))\ncm = confusion_matrix(y_test, model.predict(x_test) > 0.5)",
        ),
        notebook(
            shape=(30,), sizes=(397, 86, 86), loss="binary_crossentropy", optimizer="Adam", rate=0.001, epochs=(100, 41),
            batch=32, classes=("malignant", "benign"), tuning=("EarlyStopping", "Dropout"),
            built=layers(
                ("Dense", 496, {"units": "16", "activation": "relu"}), ("Dropout", 0, {"rate": "0.2"}),
                ("Dense", 17, {"units": "1", "activation": "sigmoid"}),
            ),
            callbacks=(CallbackFacts("EarlyStopping", "val_loss", (("patience", "10"),)),),
            curves=history(
                curve(41, (1, 0.68), (10, 0.2), (31, 0.085), (41, 0.074)), curve(41, (1, 0.6), (10, 0.19), (31, 0.088), (41, 0.0885)),
                curve(41, (1, 0.60), (10, 0.95), (41, 0.982)), curve(41, (1, 0.70), (10, 0.953), (41, 0.977)),
            ),
            scored=classification(((30, 2), (1, 53))), claimed={"loss": 0.09, "accuracy": 83 / 86},
            splits=(SplitCall("train_test_split", 1, (397, 172), "0", shuffle=True), SplitCall("train_test_split", 1, (86, 86), "0", shuffle=True)),
        ),
    )  # fmt: skip


def houses() -> Scenario:
    """California housing, MAE 0.352, R² 0.785; early stopping at epoch 34; capped prices are underestimated."""
    return Scenario(
        code(
            "data = fetch_california_housing()\nx_train, x_test, y_train, y_test = train_test_split(data.data, data.target)",
            "model = Sequential([Dense(64, activation='relu'), Dense(64, activation='relu'), Dense(1)])\nmodel.compile('adam', loss='mse')",
            epochs=50,
            fit="history = model.fit(x_train, y_train, validation_split=0.2, epochs=50, callbacks=[EarlyStopping(patience=5)])",
            score="print(model.evaluate(x_test, y_test))\nplt.scatter(y_test, model.predict(x_test))",
        ),
        notebook(
            shape=(8,), sizes=(13_209, 3_303, 4_128), loss="mse", optimizer="Adam", rate=0.001, epochs=(50, 34), batch=32,
            validation_split=0.2, tuning=("EarlyStopping",),
            built=layers(
                ("Dense", 576, {"units": "64", "activation": "relu"}), ("Dense", 4_160, {"units": "64", "activation": "relu"}),
                ("Dense", 65, {"units": "1", "activation": "linear"}),
            ),
            callbacks=(CallbackFacts("EarlyStopping", "val_loss", (("patience", "5"),)),),
            curves=history(
                curve(34, (1, 1.1), (5, 0.4), (29, 0.275), (34, 0.268)), curve(34, (1, 0.7), (5, 0.39), (29, 0.288), (34, 0.289)),
            ),
            scored=Verified(
                "s1", "m1", "test", 4_128, 4_128, "regression", mae=0.352, rmse=0.530, r2=0.785, baseline_mae=0.880,
            ),
            claimed={"loss": 0.2809, "mae": 0.352},
            splits=(SplitCall("train_test_split", 1, (16_512, 4_128), "42", shuffle=True),),
        ),
    )  # fmt: skip


def flowers() -> Scenario:
    """Flower photos, frozen MobileNetV2, 325 of 367; a good fit; roses taken for tulips, daisies nearly all found."""
    table = ((60, 2, 1, 0, 0), (3, 82, 0, 5, 0), (1, 1, 50, 2, 10), (0, 3, 1, 66, 0), (1, 2, 9, 1, 67))
    return Scenario(
        code(
            "train = image_dataset_from_directory('flowers')",
            "base = MobileNetV2(include_top=False)\nbase.trainable = False\n"
            "model = Sequential([RandomFlip(), RandomRotation(0.1), base, GlobalAveragePooling2D(), Dropout(0.2), Dense(5, activation='softmax')])",
            epochs=8, names=FLOWERS, fit="history = model.fit(train, validation_data=val, epochs=8)",
            score="print(model.evaluate(test))\ncm = confusion_matrix(y_test, model.predict(test).argmax(axis=1))",
        ),
        notebook(
            shape=(160, 160, 3), sizes=(2_936, 367, 367), loss="sparse_categorical_crossentropy", optimizer="Adam", rate=0.001,
            epochs=(8, 8), batch=32, classes=FLOWERS, pretrained="MobileNetV2", tuning=("RandomFlip", "RandomRotation", "Dropout"),
            augmentation=("RandomFlip", "RandomRotation"),
            built=layers(
                ("RandomFlip", 0, {}), ("RandomRotation", 0, {}), ("Conv2D", 864, {}), ("DepthwiseConv2D", 2_257_120, {}),
                ("GlobalAveragePooling2D", 0, {}), ("Dropout", 0, {"rate": "0.2"}), ("Dense", 6_405, {"units": "5", "activation": "softmax"}),
            ),
            curves=history(
                curve(8, (1, 0.9), (4, 0.35), (6, 0.28), (8, 0.235)), curve(8, (1, 0.55), (4, 0.36), (6, 0.32), (8, 0.302)),
                curve(8, (1, 0.66), (4, 0.88), (8, 0.921)), curve(8, (1, 0.80), (4, 0.875), (8, 0.893)),
            ),
            scored=classification(table), claimed={"loss": 0.31, "accuracy": 325 / 367},
        ),
    )  # fmt: skip


def cifar() -> Scenario:
    """CIFAR-10, a CNN without regularisation, 68.8 %; strong overfitting from epoch 6; half of the cats are missed."""
    table = matrix(
        1000,
        [0.73, 0.82, 0.58, 0.49, 0.64, 0.60, 0.77, 0.72, 0.80, 0.73],
        {(3, 5): 0.23, (5, 3): 0.19, (2, 4): 0.10, (4, 7): 0.09, (9, 1): 0.10},
    )
    return Scenario(
        code(
            "(x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()",
            "model = Sequential([Conv2D(32, 3), MaxPooling2D(), Conv2D(64, 3), MaxPooling2D(), Conv2D(64, 3), Flatten(),\n"
            "    Dense(64, activation='relu'), Dense(10, activation='softmax')])\nmodel.compile('adam')",
            epochs=20, names=THINGS,
        ),
        notebook(
            shape=(32, 32, 3), sizes=(40_000, 10_000, 10_000), loss="sparse_categorical_crossentropy", optimizer="Adam",
            rate=0.001, epochs=(20, 20), batch=64, classes=THINGS,
            built=layers(
                ("Conv2D", 896, {"filters": "32", "activation": "relu"}), ("MaxPooling2D", 0, {}),
                ("Conv2D", 18_496, {"filters": "64", "activation": "relu"}), ("MaxPooling2D", 0, {}),
                ("Conv2D", 36_928, {"filters": "64", "activation": "relu"}), ("Flatten", 0, {}),
                ("Dense", 65_600, {"units": "64", "activation": "relu"}), ("Dense", 650, {"units": "10", "activation": "softmax"}),
            ),
            curves=history(
                curve(20, (1, 1.5), (5, 0.8), (10, 0.4), (20, 0.11)), curve(20, (1, 1.25), (5, 0.93), (6, 0.97), (12, 1.4), (20, 2.1)),
                curve(20, (1, 0.45), (5, 0.72), (10, 0.86), (20, 0.962)), curve(20, (1, 0.55), (5, 0.68), (10, 0.70), (20, 0.695)),
            ),
            scored=classification(table), claimed={"loss": 2.15, "accuracy": 0.688},
        ),
    )  # fmt: skip


def slow() -> Scenario:
    """MNIST, a dense net stopped after three small-step epochs, 72 %; it underfits; three of four fives are missed."""
    table = matrix(
        1000,
        [0.90, 0.95, 0.68, 0.75, 0.72, 0.26, 0.83, 0.80, 0.64, 0.674],
        {(5, 3): 0.34, (5, 8): 0.16, (5, 0): 0.12, (4, 9): 0.15, (9, 7): 0.14, (8, 3): 0.12},
    )
    scenario = Scenario(
        code(
            "(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()",
            "model = Sequential([Flatten(), Dense(128, activation='relu'), Dense(10, activation='softmax')])\n"
            "model.compile(SGD(0.001))",
            epochs=3,
        ),
        notebook(
            shape=(28, 28, 1), sizes=(50_000, 10_000, 10_000), loss="sparse_categorical_crossentropy", optimizer="SGD",
            rate=0.001, epochs=(3, 3), batch=32,
            built=layers(
                ("Flatten", 0, {}), ("Dense", 100_480, {"units": "128", "activation": "relu"}),
                ("Dense", 1_290, {"units": "10", "activation": "softmax"}),
            ),
            curves=history((2.1, 1.7, 1.36), (1.9, 1.5, 1.24), (0.35, 0.61, 0.712), (0.50, 0.66, 0.735)),
            scored=classification(table), claimed={"loss": 1.25, "accuracy": 0.7204},
        ),
    )  # fmt: skip
    underfit = replace(
        scenario.evidence.diagnoses[0], kind="underfit", epoch=3,
        sentence="Both losses were still falling fast when training ended: it was stopped too early (underfitting).",
    )  # fmt: skip
    return replace(scenario, evidence=replace(scenario.evidence, diagnoses=(underfit,)))


def spent() -> Scenario:
    """MNIST, a CNN, 98.9 %, but the test set was watched in every epoch and chose the model; nines read as fours."""
    table = matrix(
        1000,
        [0.995, 0.996, 0.989, 0.993, 0.99, 0.987, 0.988, 0.985, 0.989, 0.979],
        {(9, 4): 0.012, (7, 2): 0.008},
    )
    scenario = Scenario(
        code(
            "(x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()",
            "def build(rate):\n    return Sequential([Conv2D(32, 3), MaxPooling2D(), Conv2D(64, 3), MaxPooling2D(), Flatten(), "
            "Dropout(rate), Dense(10, activation='softmax')])",
            epochs=5,
            fit="for rate in (0.0, 0.3):\n    model = build(rate)\n"
            "    history = model.fit(x_train, y_train, validation_data=(x_test, y_test), epochs=5, batch_size=128)",
        ),
        notebook(
            shape=(28, 28, 1), sizes=(60_000, 0, 10_000), loss="sparse_categorical_crossentropy", optimizer="Adam", rate=0.001,
            epochs=(5, 5), batch=128, tuning=("Dropout", "loop over settings"),
            built=layers(
                ("Conv2D", 320, {"filters": "32", "activation": "relu"}), ("MaxPooling2D", 0, {}),
                ("Conv2D", 18_496, {"filters": "64", "activation": "relu"}), ("MaxPooling2D", 0, {}), ("Flatten", 0, {}),
                ("Dropout", 0, {"rate": "0.3"}), ("Dense", 16_010, {"units": "10", "activation": "softmax"}),
            ),
            curves=history(
                (0.25, 0.08, 0.05, 0.033, 0.021), (0.07, 0.05, 0.042, 0.036, 0.034),
                (0.92, 0.975, 0.985, 0.99, 0.9935), (0.978, 0.984, 0.986, 0.988, 0.9891),
            ),
            scored=classification(table), claimed={"loss": 0.034, "accuracy": 0.9891},
        ),
    )  # fmt: skip
    return replace(scenario, evidence=_watched_test(scenario.evidence))


def _watched_test(evidence: Evidence) -> Evidence:
    """The same run whose validation rows are the test rows, with an earlier network scored on them."""
    final = replace(evidence.trainings[0], validation_rows="test")
    earlier = replace(final, id="t0", model="m0")
    dropped = tuple(layer for layer in evidence.models[0].layers if layer.kind != "Dropout")
    train, _, test = evidence.row_sets
    return replace(
        evidence,
        row_sets=(train, replace(test, role="validation")),
        models=(replace(evidence.models[0], id="m0", layers=dropped), *evidence.models),
        trainings=(earlier, final),
        scorings=(
            Scoring("s0", "m0", 4, "evaluate", "test", "validation", "w5", (("loss", 0.04), ("accuracy", 0.987)), sealed=True, order=5),
            replace(evidence.scorings[0], role="validation"),
        ),
    )  # fmt: skip


def reviews() -> Scenario:
    """IMDB, averaged embeddings, 85.2 %; overfitting from epoch 4."""
    return Scenario(
        code(
            "(x_train, y_train), (x_test, y_test) = keras.datasets.imdb.load_data(num_words=10000)",
            "model = Sequential([Embedding(10000, 16), GlobalAveragePooling1D(), Dense(16, activation='relu'), Dense(1, activation='sigmoid')])\n"
            "model.compile('adam')",
            epochs=10, names=("negative", "positive"),
            fit="history = model.fit(x_train, y_train, validation_split=0.2, epochs=10, batch_size=512)",
        ),
        notebook(
            shape=(200,), sizes=(20_000, 5_000, 25_000), loss="binary_crossentropy", optimizer="Adam", rate=0.001,
            epochs=(10, 10), batch=512, validation_split=0.2, classes=("negative", "positive"),
            built=layers(
                ("Embedding", 160_000, {}), ("GlobalAveragePooling1D", 0, {}), ("Dense", 272, {"units": "16", "activation": "relu"}),
                ("Dense", 17, {"units": "1", "activation": "sigmoid"}),
            ),
            curves=history(
                curve(10, (1, 0.6), (3, 0.26), (6, 0.13), (10, 0.06)), curve(10, (1, 0.48), (3, 0.33), (4, 0.36), (10, 0.62)),
                curve(10, (1, 0.72), (3, 0.90), (10, 0.981)), curve(10, (1, 0.80), (3, 0.87), (10, 0.862)),
            ),
            scored=classification(((10_810, 1_690), (2_003, 10_497))), claimed={"loss": 0.65, "accuracy": 0.8523},
        ),
    )  # fmt: skip


def wine() -> Scenario:
    """scikit-learn's wine, 35 of 36; a good fit."""
    return Scenario(
        code(
            "data = load_wine()\nx_train, x_test, y_train, y_test = train_test_split(data.data, data.target)",
            "model = Sequential([Dense(16, activation='relu'), Dense(3, activation='softmax')])\nmodel.compile('adam')",
            epochs=60,
        ),
        notebook(
            shape=(13,), sizes=(113, 29, 36), loss="sparse_categorical_crossentropy", optimizer="Adam", rate=0.01,
            epochs=(60, 60), batch=16,
            built=layers(("Dense", 224, {"units": "16", "activation": "relu"}), ("Dense", 51, {"units": "3", "activation": "softmax"})),
            curves=history(
                curve(60, (1, 1.1), (15, 0.25), (40, 0.07), (60, 0.045)), curve(60, (1, 1.0), (15, 0.26), (40, 0.09), (60, 0.07)),
                curve(60, (1, 0.40), (15, 0.95), (40, 1.0), (60, 1.0)), curve(60, (1, 0.45), (15, 0.93), (40, 0.966), (60, 0.966)),
            ),
            scored=classification(((12, 0, 0), (1, 13, 0), (0, 0, 10))), claimed={"loss": 0.09, "accuracy": 35 / 36},
            splits=(SplitCall("train_test_split", 1, (142, 36), "0", shuffle=True),),
        ),
    )  # fmt: skip


@cache
def scenarios() -> Mapping[str, Scenario]:
    """All scenarios by the name that write-ups give."""
    made = (garments, digits, tumours, houses, flowers, cifar, slow, spent, reviews, wine)
    return {make.__name__: make() for make in made}
