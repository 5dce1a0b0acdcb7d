"""Numbers a student states: what is a claim, of which metric and rows, and what only looks like one."""

from __future__ import annotations

import pytest
from written import claims, claims_in, counts, prose_of

from grader.evidence.reading.numbers import read_numbers

STATED = [
    # accuracy, as percent and as fraction
    ("The test accuracy is 91.3 %.", [("accuracy", 0.913, "test")]),
    ("The model reached an accuracy of 0.913 on the test set.", [("accuracy", 0.913, "test")]),
    ("My model reached a test accuracy of 98.7%, which is an excellent result.", [("accuracy", 0.987, "test")]),
    ("The accuracy is 97.33%.", [("accuracy", 0.9733, "unstated")]),
    ("We got 91% on the test set.", [("accuracy", 0.91, "test")]),
    ("Result: 97.3 % of the 450 test images right, 12 wrong.", [("accuracy", 0.973, "test")]),
    ("The network names 95.8 % of the test scans correctly.", [("accuracy", 0.958, "test")]),
    ("94% of the unseen images are classified correctly.", [("accuracy", 0.94, "test")]),
    ("Accuracy: 91%", [("accuracy", 0.91, "unstated")]),
    ("The final accuracy was almost 95", [("accuracy", 0.95, "unstated")]),
    ("After 10 epochs the model reached 91% accuracy on the test set.", [("accuracy", 0.91, "test")]),
    # Spanish, with its decimal comma
    ("La exactitud en el conjunto de prueba es de 91,3 %.", [("accuracy", 0.913, "test")]),
    ("El modelo acierta el 95.8 % de las imágenes de prueba (207 de 216).", [("accuracy", 0.958, "test")]),
    ("La precisión de validación fue 0,91.", [("accuracy", 0.91, "validation")]),
    ("Obtuvimos un 88% de acierto.", [("accuracy", 0.88, "unstated")]),
    ("La pérdida de entrenamiento es de 0,12.", [("loss", 0.12, "train")]),
    # other metrics
    ("The test loss is 0.25.", [("loss", 0.25, "test")]),
    ("Test MAE was 2.3 and RMSE 3.1.", [("mae", 2.3, "test"), ("rmse", 3.1, "test")]),
    ("R² is only 0.45.", [("r2", 0.45, "unstated")]),
    ("On the 111 test patients the prediction is off by 41 points on average.", [("mae", 41.0, "test")]),
    ("The error rate on the test set is 9%.", [("error", 0.09, "test")]),
    ("I trained it for 20 epochs.", [("epochs", 20.0, "unstated")]),
    ("Entrené el modelo durante 15 épocas.", [("epochs", 15.0, "unstated")]),
    ("The network has 235,146 parameters.", [("parameters", 235146.0, "unstated")]),
    ("It has about 225K parameters.", [("parameters", 225000.0, "unstated")]),
    ("I used a dropout of 0.3.", [("dropout", 0.3, "unstated")]),
    ("Adam with a learning rate of 0.001.", [("learning_rate", 0.001, "unstated")]),
    # several numbers, several splits: paired in order
    ("train 99%, test 92%", [("accuracy", 0.99, "train"), ("accuracy", 0.92, "test")]),
    ("Accuracy goes from 0.91 on validation to 0.89 on test.", [("accuracy", 0.91, "validation"), ("accuracy", 0.89, "test")]),
    ("Train and test accuracy were 99% and 92%.", [("accuracy", 0.99, "train"), ("accuracy", 0.92, "test")]),
    ("The training accuracy is 0.99 but the validation accuracy is 0.93.", [("accuracy", 0.99, "train"), ("accuracy", 0.93, "validation")]),
    ("La red obtuvo 0,943 de exactitud en test y 0,981 en entrenamiento.", [("accuracy", 0.943, "test"), ("accuracy", 0.981, "train")]),
    ("I got 0.87 acc on the held-out set, which is less than the 0.93 on train.", [("accuracy", 0.87, "test"), ("accuracy", 0.93, "train")]),
    ("On new photos we end up at 88.4 percent, two points below validation (90.1 percent).", [("accuracy", 0.884, "test"), ("accuracy", 0.901, "validation")]),
    ("After training the test accuracy was 91%.", [("accuracy", 0.91, "test")]),
    ("The test loss is 0.3 and the test accuracy 0.91.", [("loss", 0.3, "test"), ("accuracy", 0.91, "test")]),
    # can't be paired: the number stands, the rows are left open
    ("On training, validation and test I saw an accuracy of 0.95.", [("accuracy", 0.95, "unstated")]),
]  # fmt: skip

NOT_CLAIMS = [
    "I split the data 60/20/20.",
    "60 % to train, 20 % to watch the training, 20 % for the final test.",
    "80% of the data is used for training and 20% for testing.",
    "20 % of the images are put away for testing.",
    "10 % of the training images are used as validation.",
    "The images are 28x28 pixels in 10 classes.",
    "At epoch 7 the curves part.",
    "I set random_state=42 in 2024.",
    "The digits 3 and 8 look alike.",
    "With augmentation it could reach 99% accuracy.",
    "My goal is 90 % accuracy.",
    "State of the art gets 99.7% accuracy.",
    "I would like to improve the accuracy to 95 %.",
    "If I trained longer the test accuracy might be 98%.",
    "I expected an accuracy of 95 %.",
    "Augmentation improved the accuracy by 3%.",
    "It is 2% better than before.",
    "Accuracy is between 0.90 and 0.92.",
    "After the first epoch the accuracy is 0.71.",
    "The threshold is 0.5.",
    "One prediction that is 100 off counts as much as a hundred that are 10 off.",
    "The model is 97% sure of it.",
    "There is still a gap at the end (0.03 against 0.15), so dropout hasn't cured it.",
    "Con más datos podría llegar al 99% de exactitud.",
    "El objetivo era un 90 % de exactitud.",
    "El 80% de los datos se usa para entrenar.",
    "Early stopping waits for 3 epochs.",
    "After 5 epochs it overfits.",
]


@pytest.mark.parametrize(("text", "expected"), STATED)
def test_stated_numbers_are_read_with_metric_and_rows(text: str, expected: list[tuple[str, float, str]]) -> None:
    """A stated number is normalised, and said of the rows that the sentence names."""
    assert claims(text) == expected


@pytest.mark.parametrize("text", NOT_CLAIMS)
def test_what_is_no_result_is_no_claim(text: str) -> None:
    """Shares of rows, sizes, wishes, other people's scores, changes and points on the way are not claims."""
    assert claims(text) == []


@pytest.mark.parametrize(
    ("text", "digits", "approximate"),
    [
        ("The test accuracy is 91%.", 2, False),
        ("The test accuracy is 91.3%.", 3, False),
        ("The test accuracy is 0.9.", 1, False),
        ("The test accuracy is 0.9123.", 4, False),
        ("The test accuracy is about 91%.", 2, True),
        ("The test accuracy is over 90%.", 2, True),
        ("The test accuracy is almost 95%.", 2, True),
        ("La exactitud de prueba es casi del 95 %.", 2, True),
        ("La exactitud de prueba es aproximadamente 0,95.", 2, True),
    ],
)
def test_rounding_is_kept(text: str, digits: int, approximate: bool) -> None:
    """How exactly a number was stated decides how exactly it must be true."""
    (claim,) = claims_in(f"md:{text}")
    assert (claim.digits, claim.approximate) == (digits, approximate)


@pytest.mark.parametrize(
    ("text", "subjects"),
    [
        ("On the test set the dense net got 94 % while the CNN got 97 %.", [(0.94, "dense"), (0.97, "cnn")]),
        ("The baseline has a test accuracy of 80%.", [(0.8, "baseline")]),
        ("Without dropout the test accuracy was 0.91.", [(0.91, "without dropout")]),
        ("The model has a test accuracy of 80%.", [(0.8, "")]),
        ("Validation accuracy 0.918 → 0.953 → 0.975.", [(0.918, "several"), (0.953, "several"), (0.975, "several")]),
    ],
)
def test_the_model_spoken_of_is_named(text: str, subjects: list[tuple[float, str]]) -> None:
    """A number about another model says so, so that it is not held against the final one."""
    found = claims_in(f"md:{text}")
    assert [(claim.value, claim.subject) for claim in found] == subjects
    assert all(claim.split == "unstated" for claim in found if claim.subject == "several")


@pytest.mark.parametrize(
    ("text", "metric"),
    [
        ("Recall for shirts is only 0.62.", "class_recall"),
        ("Shirts have an accuracy of 70%.", "class_accuracy"),
        ("Always guessing the commonest class gives an accuracy of 10%.", "baseline_accuracy"),
        ("Adivinar al azar da una exactitud del 10 %.", "baseline_accuracy"),
    ],
)
def test_figures_of_one_class_and_of_guessing_are_not_the_score(text: str, metric: str) -> None:
    """What one class or a guess scores has its own name, and can't be taken for the model's result."""
    found = claims_in('class_names = ["shirt", "bag"]', f"md:{text}")
    assert [claim.metric for claim in found] == [metric]


def test_comments_state_results_too() -> None:
    """A result written into a comment is a claim from a comment; commented-out code is none."""
    found = claims_in("# test accuracy was 0.91\nx = 1\n# acc = 0.97\n")
    assert [(claim.value, claim.where) for claim in found] == [(0.91, "comment")]


@pytest.mark.parametrize(
    ("code", "printed", "literal"),
    [
        ('print("Test accuracy: 0.987")', "Test accuracy: 0.987", True),
        ('acc = 0.987\nprint("Test accuracy:", acc)', "Test accuracy: 0.987", True),
        ('acc = 98.7\nprint(f"Test accuracy: {acc:.1f}%")', "Test accuracy: 98.7%", True),
        ('print("Test accuracy: %.3f" % 0.987)', "Test accuracy: 0.987", True),
        ('print("Test accuracy: {}".format(round(0.98712, 3)))', "Test accuracy: 0.987", True),
        ('loss, acc = 0.1, 0.987\nprint("Test accuracy", acc)', "Test accuracy 0.987", True),
        ('print("Test accuracy:", 0.9 + 0.087)', "Test accuracy: 0.987", True),
        ('loss, acc = model.evaluate(x, y)\nprint("Test accuracy:", acc)', "Test accuracy: 0.987", False),
        ('acc = 0.987\nacc = model.evaluate(x, y)[1]\nprint("Test accuracy:", acc)', "Test accuracy: 0.987", False),
        ('limit = 0.987\nprint("Test accuracy:", score(model))', "Test accuracy: 0.987", False),
        ('print("Test accuracy:", model.evaluate(x, y)[1] * 100)', "Test accuracy: 98.7", False),
    ],
)
def test_a_made_up_score_is_marked(code: str, printed: str, literal: bool) -> None:
    """A printed score that stands as a literal in the code that prints it is marked; a computed one is not."""
    (claim,) = claims_in((code, printed))
    assert (claim.value, claim.split, claim.where, claim.literal) == (0.987, "test", "saved_output", literal)


def test_a_literal_from_an_earlier_cell_is_followed() -> None:
    """The literal may be set in one cell and printed in another."""
    found = claims_in("best = 0.987", ('print("Test accuracy:", best)', "Test accuracy: 0.987"))
    assert [claim.literal for claim in found] == [True]


@pytest.mark.parametrize(
    "printed",
    [
        "45/45 - 0s - 3ms/step - accuracy: 0.9796 - loss: 0.0843 - val_accuracy: 0.9694 - val_loss: 0.1064",
        "\x1b[1m12/12\x1b[0m \x1b[32m━━━━━━━━━━\x1b[0m \x1b[1m0s\x1b[0m 5ms/step - accuracy: 0.9722 - loss: 0.1012",
        "12/12 [==============================] - 0s 2ms/step - loss: 0.1012 - accuracy: 0.9722",
        "Epoch 5: val_loss improved from 0.3212 to 0.2811, saving model to best.keras",
        "epoch 3, loss 0.51, accuracy 0.82",
        "    accuracy                           0.97       360",
        "Total params: 225,034",
        "Text(0.5, 1.0, 'loss')",
        "Best val_accuracy So Far: 0.98",
    ],
)
def test_what_libraries_print_is_no_claim(printed: str) -> None:
    """Progress bars, logs of epochs, summaries and reprs are not statements of the student."""
    assert claims_in(("model.fit(x, y)", printed)) == ()


def test_labelled_outputs_are_read() -> None:
    """Labelled numbers are read with the rows their label names, in either spelling."""
    found = claims_in(("go()", "test_acc: 0.9123\nval accuracy = 91%\nTest loss: 0.31\n[0.25, 0.91]"))
    assert [(claim.metric, claim.value, claim.split) for claim in found] == [
        ("accuracy", 0.9123, "test"),
        ("accuracy", 0.91, "validation"),
        ("loss", 0.31, "test"),
    ]


def test_tables_say_what_their_numbers_are() -> None:
    """A table's header names the metric and the rows of the numbers under it."""
    table = "| model | test accuracy |\n|---|---|\n| dense | 0.88 |\n| CNN | 0.91 |"
    found = prose_of(f"md:{table}").claims
    assert [(claim.value, claim.split, claim.subject) for claim in found] == [
        (0.88, "test", "dense"),
        (0.91, "test", "cnn"),
    ]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("0.913", [0.913]),
        ("0,913", [0.913]),
        ("91,3 %", [91.3]),
        ("235,146", [235146.0]),
        ("1,234,567", [1234567.0]),
        ("28x28 and 3\u00d73", []),
        ("60/20/20", []),
        ("1e-3", [0.001]),
        ("v2.21.0", []),
        ("the 3rd", []),
    ],
)
def test_numbers_are_told_from_what_looks_like_them(text: str, values: list[float]) -> None:
    """Decimal commas, thousands and exponents are read; sizes, ratios and versions are not numbers."""
    assert [number.value for number in read_numbers(text)] == values


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("348 of 360 are right.", [("accuracy", 348, 360)]),
        ("109 wrong out of 10,000.", [("error", 109, 10_000)]),
        ("35 de 36 en test.", [("accuracy", 35, 36)]),
        ("From 86 patients are 83 rightly classified.", [("accuracy", 83, 86)]),
        ("De las 367 fotos de prueba clasificó bien 325.", [("accuracy", 325, 367)]),
        ("91 of 100 new pictures are right.", []),
        ("I looked at 3 of 10 mistakes.", []),
        ("Guessing would be right for 36 of 360.", []),
        ("12 of 48 filters stay dark.", []),
        ("Only 12 of 64 batches were used.", []),
    ],
)
def test_scores_told_by_counting(text: str, expected: list[tuple[str, int, int]]) -> None:
    """Rows that are right or wrong of all rows are a score; hundreds put a percentage in words, and parts are no score."""
    assert counts(text) == expected
