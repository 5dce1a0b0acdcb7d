"""Evidence from real kernels: what a notebook did comes out as it did it."""

from __future__ import annotations

from pathlib import Path

import nbformat
import numpy as np
import pytest

from grader.evidence.collecting import collect_evidence
from grader.evidence.sealing import reference_data, sealed_scorings
from grader.execution import run_submission
from grader.execution.settings import RunSettings
from grader.intake import load_submissions
from grader.sandbox import detect_tier

pytestmark = pytest.mark.slow

SETUP = """
import numpy as np, keras
from sklearn.datasets import load_digits, load_wine
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from sklearn.metrics import confusion_matrix
keras.utils.set_random_seed(1)
"""

HONEST = """
x, y = load_digits(return_X_y=True)
x = x / 16
a, b, c, d = train_test_split(x, y, test_size=0.25, random_state=0)
dense = keras.Sequential([keras.Input((64,)), keras.layers.Dense(16, activation="relu"),
                          keras.layers.Dense(10, activation="softmax")])
dense.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
dense.fit(a, c, epochs=4, validation_split=0.2, verbose=0)
answers = dense.predict(b, verbose=0).argmax(axis=1)
print(confusion_matrix(d, answers))
"""

SPENT = """
x, y = load_wine(return_X_y=True)
x = StandardScaler().fit_transform(x)
train, rest, y_train, y_rest = train_test_split(x, y, random_state=0)
wine = keras.Sequential([keras.Input((13,)), keras.layers.Dense(3)])
wine.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
wine.fit(train, y_train, epochs=4, validation_data=(rest, y_rest), verbose=0)
print("Test accuracy:", wine.evaluate(rest, y_rest, verbose=0)[1])
print("Training accuracy:", wine.evaluate(train[:50], y_train[:50], verbose=0)[1])
"""


@pytest.fixture(scope="module")
def observed(tmp_path_factory):
    """Both stories in one folder, each run in its own kernel."""
    stories = {}
    folder = tmp_path_factory.mktemp("stories")
    for name, cell in (("honest", HONEST), ("spent", SPENT)):
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(part.strip()) for part in (SETUP, cell)])
        nbformat.write(notebook, folder / f"{name}.ipynb")
    settings = RunSettings.of(detect_tier(), timeout_s=240)
    for submission in load_submissions(folder):
        run = run_submission(submission, Path(folder, "runs", submission.id), settings)
        assert run.status == "ok", run.message
        stories[submission.id] = (collect_evidence(submission, run), run)
    return stories


def test_honest_notebook(observed):
    """Flattened digits, held-out rows predicted, a matrix of them: all tied together without a name being read."""
    evidence, run = observed["honest"]
    final = evidence.scoring(evidence.final_scoring)
    training = evidence.trainings[0]
    assert (evidence.task, evidence.input_kind) == ("classification", "image")
    assert (final.role, final.how, final.sealed) == ("test", "predict", True)
    assert [evidence.row_set(rows).rows for rows in (training.train_rows, training.validation_rows)] == [1077, 270]
    assert (training.epochs_done, training.weights_changed, training.completed) == (4, True, True)
    overlap = evidence.overlap(final.rows, training.train_rows)
    assert (overlap.exact, overlap.by_lineage, overlap.left_rows) == (0, 0, 450)
    (matrix,) = evidence.metric_calls
    assert (matrix.scoring, matrix.true_role, len(matrix.matrix)) == (final.id, "test", 10)
    assert evidence.label_agreement == 1.0
    sealed, start = sealed_scorings(evidence, run)
    assert (sealed.scoring, start.rows, start.model != sealed.model) == (final.id, sealed.rows, True)
    true = np.load(sealed.labels.values, allow_pickle=False)
    assert np.array_equal(np.bincount(true, minlength=10), np.sum(matrix.matrix, axis=1))
    assert reference_data(evidence, run).train.total == 1077


def test_spent_test_set(observed):
    """A test set watched during fit is validation, part of the training rows is training; the scaler saw all."""
    evidence, run = observed["spent"]
    assert evidence.input_kind == "table"
    assert [scoring.role for scoring in evidence.scorings] == ["validation", "train"]
    assert evidence.final_scoring == evidence.scorings[0].id
    assert evidence.preprocessing[0].test_rows_included == 45
    assert sealed_scorings(evidence, run)[0].from_logits
