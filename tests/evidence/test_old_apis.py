"""Old notebooks run in today's libraries: each failure is told for what it is, by a real kernel."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import pytest
from run_builder import RunBuilder

from grader.evidence.failures import explain_failure, find_needs, tell_whose_fault
from grader.evidence.old_apis import tell_era
from grader.execution import RunSettings, run_submission
from grader.intake import load_submission
from grader.model import CellRun, SavedOutput, Submission
from grader.sandbox import detect_tier, unsandboxed

SETUP = """
import numpy as np, tensorflow as tf, keras
from keras import layers
x, y = np.random.rand(20, 4), np.random.randint(0, 2, 20)
def small(optimizer="sgd"):
    model = keras.Sequential([keras.Input((4,)), layers.Dense(2, activation="softmax")])
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model
model = small()
history = model.fit(x, y, epochs=1, verbose=0)
"""

KERAS_2, KERAS_1, TF_1, NUMPY = "Keras 2", "Keras 1", "TensorFlow 1", "NumPy 1.23"

OLD = {
    "np_utils": ("from keras.utils import np_utils", KERAS_2, "to_categorical"),
    "np_utils module": ("from keras.utils.np_utils import to_categorical", KERAS_2, "to_categorical"),
    "layers.core": ("from keras.layers.core import Dense, Dropout", KERAS_2, "keras.layers"),
    "layers.convolutional": ("from keras.layers.convolutional import Conv2D", KERAS_2, "keras.layers"),
    "layers.normalization": ("from keras.layers.normalization import BatchNormalization", KERAS_2, "keras.layers"),
    "ImageDataGenerator": (
        "from keras.preprocessing.image import ImageDataGenerator", KERAS_2, "tensorflow.keras.preprocessing"
    ),
    "wrappers": ("from keras.wrappers.scikit_learn import KerasClassifier", KERAS_2, "scikeras"),
    "vis_utils": ("from keras.utils.vis_utils import plot_model", KERAS_2, "keras.utils"),
    "lr": ("keras.optimizers.SGD(lr=0.1)", KERAS_2, "learning_rate="),
    "fit_generator": ("model.fit_generator(iter([(x, y)]), steps_per_epoch=1)", KERAS_2, "give the generator to `fit`"),
    "evaluate_generator": ("model.evaluate_generator(iter([(x, y)]), steps=1)", KERAS_2, "`evaluate`"),
    "predict_generator": ("model.predict_generator(iter([(x, y)]), steps=1)", KERAS_2, "`predict`"),
    "predict_classes": ("model.predict_classes(x)", KERAS_2, "argmax"),
    "history acc": ("history.history['acc']", KERAS_2, "write `accuracy`"),
    "save_weights": ("model.save_weights('w.h5')", KERAS_2, ".weights.h5"),
    "save": ("model.save('folder')", KERAS_2, ".keras"),
    "reused optimizer": (
        "shared = keras.optimizers.Adam()\nsmall(shared).fit(x, y, verbose=0)\nsmall(shared).fit(x, y, verbose=0)",
        KERAS_2,
        "new optimizer",
    ),
    "Convolution2D": ("layers.Convolution2D(32, 3, 3, border_mode='same')", KERAS_1, "padding"),
    "border_mode": ("layers.Conv2D(32, (3, 3), border_mode='same')", KERAS_1, "padding"),
    "output_dim": ("layers.Dense(output_dim=10, activation='relu')", KERAS_1, "units"),
    "nb_epoch": ("model.fit(x, y, nb_epoch=3)", KERAS_1, "epochs="),
    "placeholder": ("tf.placeholder(tf.float32)", TF_1, "Keras"),
    "Session": ("tf.Session()", TF_1, "Keras"),
    "contrib": ("tf.contrib.layers", TF_1, "Keras"),
    "tf 1 seed": ("tf.set_random_seed(1)", TF_1, "tf.random.set_seed"),
    "np.int": ("y.astype(np.int)", NUMPY, "`int`"),
    "np.float": ("np.float(3)", NUMPY, "`float`"),
    "np.bool": ("np.object", NUMPY, "`object`"),
}  # fmt: skip
"""Idiom: a cell that fails today, what it was written for, and what its diagnosis has to say."""

OTHERS = {
    "missing module": ("import keras_tuner_of_nobody", "is not installed", ("module keras_tuner_of_nobody",)),
    "own bug": ("1 / 0", "", ()),
    "own shape bug": ("model.fit(x[:, :2], y, verbose=0)", "", ()),
    "missing metric": ("history.history['val_loss']", "validation_data", ()),
    "made below": ("late + 1", "made only in cell", ()),
    "misspelt": ("modle.summary()", "was `model` meant?", ()),
    "never made": ("scaler_of_nobody.transform(x)", "No cell makes `scaler_of_nobody`", ()),
    "late": ("late = 1", None, ()),
}
"""Failures of other kinds, which are no matter of versions."""

CELLS = {**{name: row[0] for name, row in OLD.items()}, **{name: row[0] for name, row in OTHERS.items()}}

Ran = tuple[Submission, Mapping[str, CellRun]]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """One notebook with a cell for each idiom, run in a real box; the cells by their idioms."""
    folder = tmp_path_factory.mktemp("old")
    import nbformat

    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in (SETUP, *CELLS.values())]
    )
    nbformat.write(notebook, folder / "old.ipynb")
    tier = detect_tier()
    settings = RunSettings.of(unsandboxed() if tier.tier == "none" else tier, timeout_s=300)
    submission = load_submission(folder / "old.ipynb")
    run = run_submission(submission, folder / "run", settings)
    assert run.cells[0].status == "ok", run.cells[0].message
    return submission, dict(zip(CELLS, run.cells[1:], strict=True))


def saved_as_run(submission: Submission, index: int) -> Submission:
    """The same notebook as if its author had run it: the cell executed, with an output."""
    cells = [
        dataclasses.replace(cell, execution_count=cell.index + 1, outputs=(SavedOutput("stream", "done"),))
        if cell.index == index
        else cell
        for cell in submission.cells
    ]
    return dataclasses.replace(submission, cells=tuple(cells))


@pytest.mark.slow
@pytest.mark.parametrize("idiom", OLD)
def test_what_an_old_notebook_was_written_for_is_told(ran: Ran, idiom: str) -> None:
    """Each idiom fails, and its diagnosis names the library it was written for and today's spelling."""
    submission, cells = ran
    _, era, says = OLD[idiom]
    assert cells[idiom].status == "error"
    told = explain_failure(submission, [cells[idiom]])
    assert told.startswith(f"Written for {era}: "), (cells[idiom].exception, cells[idiom].message)
    assert says in told


@pytest.mark.slow
@pytest.mark.parametrize("idiom", OLD)
def test_a_matter_of_versions_is_the_machines_where_the_notebook_ran_before(ran: Ran, idiom: str) -> None:
    """Saved outputs that show the cell at work make it a want of this machine; without them it is the notebook's."""
    submission, cells = ran
    cell = cells[idiom]
    assert (find_needs(submission, [cell]), tell_whose_fault(submission, [cell])) == ((), "notebook")
    before = saved_as_run(submission, cell.index)
    assert find_needs(before, [cell]) == (f"environment {OLD[idiom][1]}",)
    assert tell_whose_fault(before, [cell]) == "machine"


@pytest.mark.slow
@pytest.mark.parametrize("case", [name for name in OTHERS if OTHERS[name][1] is not None])
def test_other_failures_are_told_for_what_they_are(ran: Ran, case: str) -> None:
    """A missing package, a name made below, a misspelt one; the student's own bug gets no made-up explanation."""
    submission, cells = ran
    _, says, needs = OTHERS[case]
    told = explain_failure(submission, [cells[case]])
    assert says in told if says else told == ""
    assert find_needs(saved_as_run(submission, cells[case].index), [cells[case]]) == needs


def test_the_cell_that_makes_a_name_is_named(tmp_path) -> None:
    """A name used above the cell that makes it: the student reads which cell to move."""
    made = RunBuilder(tmp_path)
    made.failing_cell("plot(history)", "NameError", "name 'history' is not defined")
    made.sources.append("history = model.fit(x, y)")
    assert "`history` is used in cell 1 and made only in cell 2" in made.evidence().run.diagnosis


def with_cells(submission: Submission, *sources: str) -> Submission:
    cells = [dataclasses.replace(submission.cells[0], index=place, source=text) for place, text in enumerate(sources)]
    return dataclasses.replace(submission, cells=tuple(cells))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("source", "era"),
    [
        ("from keras.utils import np_utils", "keras2"),
        ("from keras.layers.core import Dense", "keras2"),
        ("model.compile(optimizer=SGD(lr=0.1, momentum=0.9), loss='mse')", "keras2"),
        ("model.fit_generator(flow)", "keras2"),
        ("model.save_weights('best.h5')", "keras2"),
        ("# from keras.utils import np_utils", ""),
        ("model.save_weights('best.weights.h5')", ""),
        ("ReduceLROnPlateau(factor=0.1, min_lr=0.001)", ""),
        ("from tensorflow.keras.preprocessing.image import ImageDataGenerator", ""),
        ("model.fit(x, y, nb_epoch=3)", ""),
    ],
)
def test_the_era_is_read_from_what_keras_3_surely_lacks(ran: Ran, source: str, era: str) -> None:
    """What Keras 2 has and Keras 3 has not tells the era; comments, and what both or neither have, do not."""
    assert tell_era(with_cells(ran[0], "import numpy", source)) == era
