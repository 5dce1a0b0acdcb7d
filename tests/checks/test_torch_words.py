"""Advice for a network of PyTorch names nothing that only Keras has."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from pathlib import Path

import pytest

from grader.checks.torch_words import in_own_words, in_torch_words
from grader.checks.verdicts import advised
from tests.checks.examples import GOOD, model

CHECKS = Path(__file__).parents[2] / "grader" / "checks"

OF_KERAS = re.compile(
    r"\bfit\(|\bwith fit\b|validation_split|validation_data|\bDense\(|Conv2D|MaxPooling2D|EarlyStopping|ModelCheckpoint|"
    r"history\.history|keras\.|\.evaluate\(|\.predict\(|activation=|from_logits|_crossentropy|BatchNorm(?!2d)"
)


def sentences() -> list[str]:
    """Every sentence in the code of checks that names something of Keras, numbers put where they are filled in."""
    found = []
    for path in sorted(CHECKS.glob("*.py")):
        if path.name == "torch_words.py":
            continue
        tree = ast.parse(path.read_text())
        helped = {
            id(item.value) for item in ast.walk(tree) if isinstance(item, ast.keyword) and item.arg in {"help", "title"}
        }
        shown = {id(part) for item in ast.walk(tree) if isinstance(item, ast.JoinedStr) for part in item.values}
        documented = {
            id(item.value)
            for item in ast.walk(tree)
            if isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant)
        }
        for item in ast.walk(tree):
            if id(item) in helped | documented | shown:
                continue
            if isinstance(item, ast.JoinedStr):
                text = "".join(part.value if isinstance(part, ast.Constant) else "softmax" for part in item.values)
            elif isinstance(item, ast.Constant) and isinstance(item.value, str):
                text = item.value
            else:
                continue
            if " " in text and text.endswith(".") and OF_KERAS.search(text):
                found.append(text)
    return list(dict.fromkeys(found))


LEFT_AS_THEY_ARE = (
    'Give both calls the same seed and validation_split, or call once with subset="both".',
    "categorical_crossentropy expects one-hot labels, but they are class numbers.",
    "The last layer already applies softmax, and the loss applies it again (from_logits=True).",
)
"""The first two are said of calls and losses that only Keras has, the third, a summary, loses its end by itself."""


@pytest.mark.parametrize("text", [item for item in sentences() if item not in LEFT_AS_THEY_ARE])
def test_every_advice_has_words_of_pytorch(text: str) -> None:
    """No sentence with something of Keras in it is left as it is."""
    assert not OF_KERAS.search(in_torch_words(text)), in_torch_words(text)


def test_there_is_advice_to_translate() -> None:
    """The sentences are found at all."""
    assert len(sentences()) > 25


@pytest.mark.parametrize(
    ("library", "said"), [("keras", "keras.utils.set_random_seed(0)"), ("torch", "torch.manual_seed(0)")]
)
def test_the_library_of_the_network_counts(library: str, said: str) -> None:
    """Advice stays as it is written for Keras."""
    verdict = advised("No seed.", fix="Call keras.utils.set_random_seed(0) first.", cells=[], measured={})
    told = in_own_words(verdict, replace(GOOD, models=(model(library=library),)))
    assert told.fix == f"Call {said} first."
