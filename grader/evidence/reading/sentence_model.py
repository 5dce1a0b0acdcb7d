"""A second reader of sentences beside the rules: what it learned from labelled sentences, as plain weights.

For each topic a logistic regression over words, trained by `tests/prose/train.py` from the sentences in
`tests/prose/sentences` and stored as JSON: which words speak for `named` and for `explained`, and how much. Nothing of
scikit-learn is needed to read it, and nothing is unpickled.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grader.model.reading import Topic

STEM = 5
"""Letters of a word that count: endings carry little, and Spanish has many."""
SHORT, LONG = 7, 14
"""Words of a short and of a long sentence; how long a sentence is tells a label from an explanation."""
MANY_COMMAS = 3
"""So many commas make a list."""
_WORD = re.compile(r"\d+(?:[.,]\d+)*|[a-z]+|%|,")
_STORED = Path(__file__).with_suffix(".json")


@dataclass(frozen=True, slots=True)
class Strength:
    """How likely a sentence says nothing of a topic, only names it, or explains it. They add up to 1."""

    none: float
    named: float
    explained: float


@dataclass(frozen=True, slots=True)
class SentenceModel:
    """Weights by topic, each of shape (3, terms) for none, named and explained; `idf` of shape (terms,)."""

    terms: Mapping[str, int]
    idf: NDArray[np.float64]
    weights: Mapping[Topic, NDArray[np.float64]]
    intercepts: Mapping[Topic, NDArray[np.float64]]

    def strength(self, topic: Topic, text: str) -> Strength:
        """Return how strongly a sentence speaks of one of the model's topics."""
        return self.strengths(text, (topic,))[topic]

    def strengths(self, text: str, topics: Iterable[Topic]) -> dict[Topic, Strength]:
        """Return how strongly a sentence speaks of each of some topics of the model."""
        columns, values = self._features(text)
        return {topic: self._strength(topic, columns, values) for topic in topics}

    def _strength(self, topic: Topic, columns: list[int], values: NDArray[np.float64]) -> Strength:
        scores = self.weights[topic][:, columns] @ values + self.intercepts[topic]
        shares = 1 / (1 + np.exp(-scores))  # each kind against the two others, then made to add up to 1
        none, named, explained = (float(share) for share in shares / shares.sum())
        return Strength(none, named, explained)

    def _features(self, text: str) -> tuple[list[int], NDArray[np.float64]]:
        counts: dict[int, int] = {}
        for token in tokens(text):
            if token in self.terms:
                counts[self.terms[token]] = counts.get(self.terms[token], 0) + 1
        columns = sorted(counts)
        values = (1 + np.log([counts[column] for column in columns])) * self.idf[columns]
        norm = float(np.linalg.norm(values))
        return columns, values / norm if norm else values


def tokens(text: str) -> Iterator[str]:
    """Yield the stems of a sentence, its pairs of neighbouring stems, and how long it is. Numbers are all alike."""
    bare = "".join(mark for mark in unicodedata.normalize("NFD", text.lower()) if not unicodedata.combining(mark))
    found = ["#" if part[0].isdigit() else part[:STEM] for part in _WORD.findall(bare)]
    words = [part for part in found if part != ","]
    yield from words
    yield from (f"{left}_{right}" for left, right in pairwise(words))
    yield "_short" if len(words) < SHORT else "_long" if len(words) >= LONG else "_middling"
    if len(found) - len(words) >= MANY_COMMAS:
        yield "_list"


def from_plain(stored: Mapping[str, Any]) -> SentenceModel:
    """Return a model from its JSON form."""
    return SentenceModel(
        {term: place for place, term in enumerate(stored["terms"])},
        np.array(stored["idf"], dtype=np.float64),
        {topic: np.array(rows, dtype=np.float64) for topic, rows in stored["weights"].items()},
        {topic: np.array(row, dtype=np.float64) for topic, row in stored["intercepts"].items()},
    )


@lru_cache(maxsize=1)
def _shipped() -> SentenceModel:
    return from_plain(json.loads(_STORED.read_text(encoding="utf-8")))


_in_place: list[SentenceModel] = []


def sentence_model() -> SentenceModel:
    """Return the model that sentences are read by: the shipped one, unless another is in its place."""
    return _in_place[-1] if _in_place else _shipped()


@contextmanager
def in_place_of_shipped(model: SentenceModel) -> Iterator[None]:
    """Read sentences by another model for a while: how cross-validation reads persons that a model never saw."""
    _in_place.append(model)
    try:
        yield
    finally:
        _in_place.pop()
