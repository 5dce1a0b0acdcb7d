"""English and Spanish are read; what is written in another language, in whole or in part, costs nobody anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.checks import run_checks
from grader.evidence.collecting import collect_evidence
from grader.evidence.reading.language import detect_language
from grader.evidence.reading.sentences import count_words
from grader.model import Cell, CellRun, Finding, Run, Submission

ENGLISH = (
    "The data are pictures of handwritten digits, and the task is to predict which digit is in the picture. "
    "We split the data into a training set and a test set with a fixed seed."
)
SPANISH = (
    "Los datos son imágenes de dígitos y la tarea es predecir qué dígito hay en la imagen. Dividimos los datos en "
    "entrenamiento y prueba, y la semilla es la misma para todas las ejecuciones."
)
GERMAN = (
    "Das Netz erkennt die Ziffer in einem Bild. Die Faltungsschichten suchen nach kleinen Mustern, weil Bilder aus "
    "Strichen bestehen. Die Genauigkeit auf den Testdaten ist 91 %, das heißt von 100 Bildern werden 91 erkannt."
)
FRENCH = (
    "Le réseau reconnaît le chiffre dans une image. Les couches de convolution cherchent de petits motifs, parce que les "
    "images sont faites de traits. La précision sur le jeu de test est de 91 %."
)
CHINESE = "该网络识别图像中的数字。卷积层寻找小的模式。测试集的准确率为 91%。模型经常混淆 3 和 8，因为它们的形状相似。训练五个周期以后验证损失上升，这是过拟合。"  # noqa: RUF001 - one paragraph of Chinese


def judged(*texts: str) -> tuple[Finding, ...]:
    cells = (*(Cell(n, "markdown", text) for n, text in enumerate(texts[:-1])), Cell(8, "code", "model.fit(x, y)"))
    cells = (*cells, Cell(9, "markdown", f"## End\n{texts[-1]}"))
    submission = Submission("ada", Path("a.ipynb"), None, "0", "", cells)
    return run_checks(collect_evidence(submission, Run("ok", "none", 1.0, (CellRun(8, "ok"),))))


@pytest.mark.parametrize(
    "texts", [(FRENCH,), (CHINESE,), (ENGLISH, GERMAN), (SPANISH, FRENCH), (ENGLISH, ENGLISH, GERMAN)]
)
def test_what_cant_be_read_is_unknown_and_never_failed(texts: tuple[str, ...]) -> None:
    """Also where only the conclusion is in another language than the rest."""
    about_words = [item for item in judged(*texts) if item.check.startswith(("write_up.", "understanding."))]
    assert [item.check for item in about_words if item.outcome == "fail"] == []
    assert any(item.outcome == "unknown" for item in about_words)


@pytest.mark.parametrize(
    ("texts", "language"),
    [
        ([ENGLISH, ENGLISH, SPANISH], "en"),
        ([SPANISH], "es"),
        ([ENGLISH, FRENCH], "fr"),
        ([ENGLISH, "El Niño de la Capea, Los Angeles, la la la."], "en"),
        (["ok"], "unknown"),
    ],
)
def test_a_text_is_called_by_the_language_that_cant_be_read(texts: list[str], language: str) -> None:
    """Names and a mixture of the two languages that are read change nothing."""
    assert detect_language(texts) == language


def test_words_without_spaces_are_counted() -> None:
    """A page of Chinese is no trivial write-up."""
    assert count_words(CHINESE) > 30
    assert count_words("three short words") == 3
