"""Numbers in write-ups, read from the text and set beside what was measured: honest ones never fail, made-up ones do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from examples import GOOD, TABLE, outcome, rows, scoring, training, verified

from grader.evidence.reading import read_cells, read_prose
from grader.model import Cell, ClassScore, Evidence, Submission

SCORES = ("write_up.score_honest", "understanding.consistent")
MEASURED = replace(
    GOOD,
    row_sets=(rows("train", 50000, "train"), rows("val", 10000, "validation"), rows("test", 10000, "test")),
    trainings=(
        training(
            history=(
                ("loss", (0.62, 0.35, 0.2143)),
                ("accuracy", (0.78, 0.87, 0.9231)),
                ("val_loss", (0.45, 0.36, 0.3098)),
                ("val_accuracy", (0.83, 0.87, 0.8975)),
            )
        ),
    ),
    scorings=(
        scoring(id="s0", model="m0", weights="w0", claimed=(("loss", 0.39), ("accuracy", 0.8604)), order=8),
        scoring(claimed=(("loss", 0.3172), ("accuracy", 0.8912))),
    ),
    metric_calls=(),
    verified=(
        verified(
            rows=10000,
            rows_used=10000,
            accuracy=0.8912,
            balanced_accuracy=0.8909,
            per_class=(
                ClassScore("0", 0.80, 0.7312, 0.764, 3400),
                ClassScore("1", 0.92, 0.9421, 0.93, 3300),
                ClassScore("2", 0.95, 0.9703, 0.96, 3300),
            ),
        ),
    ),
)
"""10,000 test rows, 89.12 % right (an earlier dense network 86.04 %); validation 89.75 %, training 92.31 %."""

HONEST = (
    "On the test set the model gets 89.1 % right. On the validation set it was 89.8 %, so choosing did little harm.",
    "The training accuracy is 92.3 % but the test accuracy only 89.1 %.",
    "The test accuracy is about 89 %.",
    "Just under 0.90 of the test images are classified correctly.",
    "The error rate on the test set is 10.9 %.",
    "About 11 % of the test pictures are misclassified.",
    "The test loss is 0.317 and the test accuracy 0.891.",
    "The dense network reached 86 % on the test set and the CNN 89.1 %.",
    "My first attempt got 84 % on the test set; now the test accuracy is 89.1 %.",
    "Always guessing the commonest class would get 34 % on the test set, the model has 89 %.",
    "Test accuracy is 89.12 %. For shirts only 73 % are found, bags are right in 97 % of the cases.",
    "The model finds 73 % of the shirts in the test set and 97 % of the bags.",
    "Papers report up to 96 % on this test set; my model has 89.1 %.",
    "I hoped for 92 % on the test set but only reached 89.1 %.",
    "Around epoch 2 the validation accuracy is 0.87, at the end it is 0.898.",
    "8,912 of the 10,000 test images are right, that is 89 %.",
    "Train, validation and test accuracy are 92.3 %, 89.8 % and 89.1 %.",
    "The gap between training and test accuracy is 3.2 points (92.3 % and 89.1 %).",
    "Shirts are the problem: 27 % of the test shirts end up in other classes, with 89 % overall.",
    "Dropout went from 0.2 to 0.5, and the validation accuracy from 0.87 to 0.8975; the test accuracy is 0.891.",
    "I split 80 % for training and 20 % for testing, and the accuracy on the test part is 0.891.",
    "Roughly nine out of ten test pictures are right (89 %), one in ten is wrong.",
    "The accuracy on the test set is 89.1 % ± 0.6 %.",
    "In the first epoch the training accuracy was 78 %, in the last it was 92 %, and on the test data 89 %.",
    "If the threshold is set to 0.8, 95 % of the remaining test pictures are right; without it the accuracy is 89.1 %.",
    "The test accuracy rose from 86 % with the dense network to 89 % with the CNN.",
    "La exactitud en prueba es del 89,1 %, en validación del 89,8 % y en entrenamiento del 92,3 %.",
    "El modelo acierta casi el 90 % de las imágenes de prueba.",
    "La tasa de error en prueba es del 10,9 %.",
    "La red densa llegó al 86 % en prueba y la convolucional al 89 %.",
    "De las camisas de prueba solo se encuentra el 73 %; en total se acierta el 89 %.",
    "The model gets 0.95 AUC on the test set and 0.891 accuracy.",
    "With a plain dense net I had 88 % on the test set last week; the CNN has 89.1 %.",
    "On the test set, shirts reach a recall of 0.73, coats 0.94 and bags 0.97.",
    "In 95 % of the test cases the right class is among the first two guesses.",
    "If I only count predictions with confidence above 0.9, the test accuracy is 97 %.",
    "Test accuracy 89.1 %, which is 55 points better than guessing (34 %).",
    "The reference network in the course gets 91 % on the test set, mine 89.1 %.",
    "Our teacher said 92 % on the test set is possible. I got 89 %.",
    "The validation loss is lowest at epoch 3 (0.31) and the test loss is 0.32.",
    "Without augmentation I got 87 % on the test set, with augmentation 89.1 %.",
    "The test accuracy is 89.1 %, so 1,088 pictures are wrong.",
    "On the training set it is 92 %, so 3 % better than on the test set.",
    "I used 20 % of the images for testing; 89 % of these are right.",
    "The model is 99 % sure of some wrong test pictures.",
    "The best run had 89.4 % on the test set, the worst 88.8 %.",
    "89% test acc",
    "The macro F1 on the test set is 0.884.",
    "Human accuracy on this test set is 83.5 %.",
    "Accuracy on train, val and test: 0.923 / 0.898 / 0.891.",
    "The previous version only had 75 % test accuracy.",
    "The test accuracy stays the same if I train twice as long (89 %).",
    "Of the wrong test pictures, 60 % are shirts.",
    "El 73 % de las camisas de prueba se reconocen bien, frente al 97 % de los bolsos.",
    "Antes de añadir dropout la exactitud en prueba era del 87 %; ahora es del 89,1 %.",
    "En entrenamiento llega al 92 % y en prueba baja al 89 %.",
    "The accuracy dropped from 92 % in training to 89 % in the test.",
    "Test precision is 0.89 (macro average), test recall 0.89.",
    "With the other seed the test accuracy was 0.887.",
    "After rounding, 9 of 10 test images are right.",
    "Removing the second layer lowered the test accuracy to 85 %, so I kept it at 89.1 %.",
)  # fmt: skip

MADE_UP = (
    "The test accuracy is 95.2 %.",
    "My model reaches 0.93 on the test set.",
    "The final accuracy on the test set is 92.3 %.",
    "The test accuracy is about 95 %.",
    "The error rate on the test set is 3 %.",
    "On the test set 97 % of the pictures are classified correctly.",
    "La exactitud en prueba es del 96 %.",
    "El modelo acierta el 95 % de las imágenes de prueba.",
    "My CNN classifies 96 of 100 test images correctly, i.e. 96 %.",
    "With dropout the test accuracy went up to 94 %.",
    "The final model scores 0.94 on unseen images.",
    "Test: 95%",
    "Only 3 % of the test images are wrong.",
    "The second model got 96 % on the test set.",
)

HONEST_ABOUT_PRICES = (
    "On the test set the mean absolute error is 40.",
    "The predictions are off by about 40 on average on the test set, and R² is 0.5.",
    "Test MAE 40.0, RMSE 50.0; always predicting the mean would be off by 65.",
    "R² is only 0.50.",
    "El error absoluto medio en prueba es de 40.",
)


def written(text: str, evidence: Evidence = MEASURED) -> Evidence:
    """The evidence with its prose read from a conclusion."""
    cells = (
        Cell(
            0, "code", 'class_names = ["shirts", "coats", "bags"]\nmodel.fit(x, y)\nmodel.evaluate(x_test, y_test)', 1
        ),
        Cell(1, "markdown", f"## Conclusion\n\n{text}"),
    )
    hand_in = Submission("alice", Path("project.ipynb"), None, "0", "0", cells)
    return replace(evidence, prose=read_prose(hand_in, read_cells(hand_in, None)))


@pytest.mark.parametrize("text", HONEST)
def test_an_honest_number_is_never_called_untrue(text: str) -> None:
    """Rounded, of other rows, of one class, of another model, hoped for or guessed: none of these is a lie."""
    assert "fail" not in {outcome(check, written(text)) for check in SCORES}


@pytest.mark.parametrize("text", HONEST_ABOUT_PRICES)
def test_an_honest_error_of_regression_is_never_called_untrue(text: str) -> None:
    """Errors in units of the target and shares of variation are told from each other and from a baseline's."""
    assert "fail" not in {outcome(check, written(text, TABLE)) for check in SCORES}


@pytest.mark.parametrize("text", MADE_UP)
def test_a_made_up_score_is_caught(text: str) -> None:
    """A score of the test rows that nothing measured is no honest score."""
    assert outcome("write_up.score_honest", written(text)) == "fail"


@pytest.mark.parametrize(
    ("check", "text", "expected"),
    [
        ("write_up.next_step", "In the future the model could be improved a lot.", "fail"),
        ("write_up.next_step", "Next I would add dropout after the dense layer.", "pass"),
        ("write_up.weakness_admitted", "R² is only 0.45, for a single patient I would not rely on it.", "pass"),
        ("write_up.weakness_admitted", "Wrong pictures:", "fail"),
        ("write_up.score_honest", "My previous network had 75 % test accuracy.", "not_applicable"),
    ],
)
def test_only_what_is_said_counts(check: str, text: str, expected: str) -> None:
    """A vague wish is no step and a label no weakness; that a model is poor as a whole is admitted too."""
    assert outcome(check, written(text)) == expected
