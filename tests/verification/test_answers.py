"""Raw outputs are read as classes by the rules that Keras's own accuracy follows."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score, confusion_matrix, precision_recall_fscore_support

from grader.verification import scores
from grader.verification.answers import read_answers

DIGITS = tuple("0123456789")


def accuracy_of(answers):
    return float((answers.truth == answers.predicted).mean())


def test_integer_labels_are_output_positions():
    """Labels 1, 2, 3 with four softmax units: the label is the unit's number, unit 0 stands for no class."""
    outputs = np.eye(4, dtype=np.float32)[[1, 2, 3, 0]]
    answers = read_answers(outputs, np.array([0, 1, 2, 0]), ("1", "2", "3"), (), logits=False)
    assert accuracy_of(answers) == 0.75
    assert answers.classes == ("0", "1", "2", "3")
    assert "stand for no class" in answers.notes[0]


def test_labels_with_gaps_that_fit_the_units_only_in_order_are_taken_in_order():
    """Quality 3, 5, 9 one-hot encoded into three units: the first unit is the lowest label, and a note says so."""
    outputs = np.eye(3, dtype=np.float32)[[0, 1, 2, 2]]
    answers = read_answers(outputs, np.array([0, 1, 2, 1]), ("3", "5", "9"), (), logits=False)
    assert accuracy_of(answers) == 0.75
    assert answers.classes == ("3", "5", "9")
    assert "order of the labels" in answers.notes[0]


def test_sparse_labels_with_gaps_and_enough_units_keep_their_number():
    """The same labels on ten units are unit numbers: nothing is shifted."""
    outputs = np.eye(10, dtype=np.float32)[[3, 5, 9]]
    answers = read_answers(outputs, np.array([0, 1, 2]), ("3", "5", "9"), (), logits=False)
    assert accuracy_of(answers) == 1.0
    assert answers.classes == ("3", "5", "9")


def test_names_stand_in_the_order_of_the_training_labels():
    """A test set without one of the classes is still read in the order that training fixed."""
    outputs = np.eye(3, dtype=np.float32)[[0, 2]]
    answers = read_answers(outputs, np.array([0, 1]), ("ant", "cow"), ("ant", "bee", "cow"), logits=False)
    assert accuracy_of(answers) == 1.0
    assert answers.classes == ("ant", "bee", "cow")


def test_one_unit_is_cut_at_one_half_and_strictly():
    """A sigmoid of exactly 0.5 answers 0, as in Keras."""
    outputs = np.array([[0.5], [0.51], [0.2], [0.9]], dtype=np.float32)
    answers = read_answers(outputs, np.array([0, 1, 0, 0]), ("0", "1"), (), logits=False)
    assert answers.predicted.tolist() == [0, 1, 0, 1]
    assert answers.confidence[3] == pytest.approx(0.9)
    assert answers.confidence[2] == pytest.approx(0.8)


def test_a_logit_unit_is_cut_at_zero_and_keras_reading_is_kept_beside():
    """A logit of 0.3 is more likely 1; Keras's accuracy metric cuts it at 0.5 and calls it 0: both are known."""
    outputs = np.array([[0.3], [-1.0], [2.0]], dtype=np.float32)
    answers = read_answers(outputs, np.array([1, 0, 1]), ("0", "1"), (), logits=True)
    assert accuracy_of(answers) == 1.0
    assert dict(answers.alternatives) == {"cut_at_0.5": pytest.approx(2 / 3)}


def test_signed_labels_are_cut_at_zero():
    """Labels -1 and 1 with a tanh unit: the sign is the answer."""
    answers = read_answers(np.array([[-0.2], [0.1]], np.float32), np.array([0, 1]), ("-1", "1"), (), logits=False)
    assert accuracy_of(answers) == 1.0


def test_one_linear_unit_for_ten_classes_is_read_as_keras_does_and_said_so():
    """Dense(1) on digits: Keras compares (output > 0.5) with the label; rounding is shown as another reading."""
    truth = np.arange(10)
    answers = read_answers(truth[:, None].astype(np.float32), truth, DIGITS, (), logits=False)
    assert accuracy_of(answers) == pytest.approx(0.2)  # only 0 and 1 can come out
    assert dict(answers.alternatives)["rounded"] == 1.0
    assert "can't tell 10 classes" in answers.notes[0]


def test_nan_outputs_are_counted_and_crash_nothing():
    """A diverged model answers NaN everywhere: its highest unit is the first, its confidence harmless, a note says so."""
    answers = read_answers(np.full((4, 10), np.nan, np.float32), np.array([0, 1, 2, 3]), DIGITS, (), logits=False)
    assert accuracy_of(answers) == 0.25
    assert np.isfinite(answers.confidence).all()
    assert "NaN" in answers.notes[0]


def test_too_few_units_are_said():
    """Five units for ten classes: half of the classes can never be answered."""
    answers = read_answers(np.eye(5, dtype=np.float32), np.arange(5), DIGITS, (), logits=False)
    assert "5 of 10 classes can't be answered" in answers.notes[0]


def test_scores_are_those_of_scikit_learn():
    """Accuracy, balanced accuracy, matrix, precision, recall and F1 equal scikit-learn's on random answers."""
    random = np.random.default_rng(0)
    truth, outputs = random.integers(0, 10, 500), random.random((500, 10)).astype(np.float32)
    outputs[np.arange(500), truth] += 0.3
    answers = read_answers(outputs, truth, DIGITS, (), logits=False)
    predicted = outputs.argmax(axis=1)
    matrix = scores.confusion_matrix(answers)
    assert matrix.tolist() == confusion_matrix(truth, predicted).tolist()
    assert scores.accuracy(matrix) == pytest.approx(accuracy_score(truth, predicted))
    assert scores.balanced_accuracy(matrix) == pytest.approx(balanced_accuracy_score(truth, predicted))
    precision, recall, f1, support = precision_recall_fscore_support(truth, predicted)
    for at, item in enumerate(scores.class_scores(matrix, answers.classes)):
        assert (item.precision, item.recall, item.f1) == pytest.approx((precision[at], recall[at], f1[at]))
        assert item.support == support[at]


def test_confused_pairs_are_the_largest_cells_off_the_diagonal():
    """Pairs come largest first, with the share of the true class's rows."""
    matrix = np.array([[8, 2, 0], [5, 5, 0], [0, 1, 9]])
    pairs = scores.most_confused(matrix, ("a", "b", "c"))
    assert [(pair.true, pair.predicted, pair.count, pair.share) for pair in pairs] == [
        ("b", "a", 5, 0.5),
        ("a", "b", 2, 0.2),
        ("c", "b", 1, 0.1),
    ]


def test_whole_number_answers_are_classes_already():
    """What a scikit-learn estimator predicts is the class's own number, not an output to be cut."""
    answers = read_answers(np.array([[3], [5], [5]]), np.array([0, 1, 0]), ("3", "5"), (), logits=False)
    assert answers.classes == ("3", "5")
    assert accuracy_of(answers) == pytest.approx(2 / 3)


@pytest.mark.parametrize("units", [1, 2])
def test_matrices_at_other_thresholds_are_those_of_scikit_learn(units):
    """A student may cut at 0.3: the matrix of that is known, from one unit's share or the second of two."""
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 200)
    share = np.clip(0.3 * truth + rng.uniform(size=200) * 0.7, 0, 1).astype(np.float32)
    outputs = share[:, None] if units == 1 else np.stack([1 - share, share], axis=1)
    answers = read_answers(outputs, truth, ("0", "1"), (), logits=False)
    cuts = dict(scores.matrices_at_cuts(outputs, answers, logits=False))
    assert np.array_equal(cuts[0.3], confusion_matrix(truth, share > 0.3))
    assert np.array_equal(cuts[0.5], scores.confusion_matrix(answers))


def test_no_thresholds_for_more_classes_or_outputs_that_are_no_shares():
    """Three classes have no threshold; an unbounded output that is no logit has none that is known."""
    three = read_answers(np.eye(3, dtype=np.float32), np.arange(3), ("0", "1", "2"), (), logits=False)
    assert scores.matrices_at_cuts(np.eye(3, dtype=np.float32), three, logits=False) == ()
    outputs = np.array([[-3.0], [4.0]], dtype=np.float32)
    two = read_answers(outputs, np.array([0, 1]), ("0", "1"), (), logits=False)
    assert scores.matrices_at_cuts(outputs, two, logits=False) == ()
    assert len(scores.matrices_at_cuts(outputs, two, logits=True)) == len(scores.CUTS)
