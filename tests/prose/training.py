"""The sentence classifier, trained from labelled sentences and cross-validated by the persons who wrote them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from grader.evidence.reading import sentence_model
from grader.evidence.reading.sentence_model import SentenceModel, from_plain, tokens

FOLDER = Path(__file__).resolve().parent / "sentences"
JUDGED = Path(__file__).resolve().parents[1] / "evidence" / "reading" / "judged_sentences.py"
STORED = Path(sentence_model.__file__).with_suffix(".json")
FOLDS = 10
REGULARISATION = 5.0
"""Inverse strength C of the penalty; 3 to 10 give the same figures within their noise."""
MIN_SENTENCES = 3
"""Terms in fewer sentences are left out: they belong to one story."""
NEVER = -50.0
TOPICS = {
    "L": "layers",
    "T": "training",
    "S": "score",
    "O": "overfitting",
    "X": "trade_offs",
    "F": "failure_reasons",
    "W": "weakness",
    "N": "next_step",
    "J": "next_step_reason",
    "I": "insight",
}
IMPLIED = {"F": "W", "J": "N"}
"""Who says why it fails says where, and a step with its reason is a step."""
UNDECIDED = {"W": "JI", "F": "JIW", "I": "FOJ", "O": "J", "S": "W"}
"""Sentences labelled with these may or may not hold the topic too: they teach nothing about it."""
STRENGTHS = {"-": 1, "+": 2}


@dataclass(frozen=True, slots=True)
class LabelledSentence:
    """A sentence, who wrote it, and what it does: `named` or `explained` by the letter of each topic it speaks of."""

    text: str
    person: str
    language: str
    source: str
    labels: tuple[tuple[str, int], ...]
    only: bool = False
    """It was labelled for one topic, and nothing is known of the others."""

    def target(self, letter: str) -> int | None:
        """Return 0 for none, 1 for named, 2 for explained; None where the label does not say."""
        own = dict(self.labels)
        if self.only and letter not in own:
            return None
        implied = {IMPLIED[name]: strength for name, strength in self.labels if name in IMPLIED}
        if letter in own or letter in implied:
            return own.get(letter, implied.get(letter))
        return None if any(name in UNDECIDED.get(letter, "") for name in own) else 0


@cache
def labelled_sentences() -> tuple[LabelledSentence, ...]:
    """All labelled sentences. Files hold `# language person: ...` and below it a label and a sentence to a line."""
    found: list[LabelledSentence] = []
    for path in sorted(FOLDER.glob("*.txt")):
        person = language = ""
        for line in path.read_text(encoding="utf-8").splitlines():
            head = re.match(r"# (en|es) (\w+):", line)
            if head:
                language, person = head.groups()
            elif line.strip():
                label, _, text = line.partition(" ")
                found.append(LabelledSentence(text, person, language, path.stem, _labels(label, line)))
    return (*found, *_judged())


def _judged() -> Iterator[LabelledSentence]:
    """Yield the sentences that the rules were tested on before there was a classifier, as those of one person."""
    spec = spec_from_file_location("judged_sentences", JUDGED)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(JUDGED)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    letters = {topic: letter for letter, topic in TOPICS.items()}
    for name, strength in (("CREDITED", 2), ("EARNS_NOTHING", 1)):
        for lists in (getattr(module, key) for key in sorted(vars(module)) if key.startswith(name)):
            for topic, texts in lists.items():
                if topic in letters:
                    labels = ((letters[topic], strength),)
                    yield from (
                        LabelledSentence(text, "judged", "", "judged_sentences", labels, only=True) for text in texts
                    )


def _labels(label: str, line: str) -> tuple[tuple[str, int], ...]:
    if label == "0":
        return ()
    pairs = tuple((part[0], STRENGTHS[part[1]]) for part in label.split(",") if part[0] in TOPICS)
    if not re.fullmatch(r"[LTSOXFWNJIC][+-](?:,[LTSOXFWNJIC][+-])*", label):
        raise ValueError(f"no label: {line}")
    return pairs


def train(sentences: Sequence[LabelledSentence]) -> SentenceModel:
    """Train the classifier; the same sentences give the same weights."""
    return from_plain(plain(sentences))


def plain(sentences: Sequence[LabelledSentence]) -> dict[str, Any]:
    """Train the classifier, and return it in its JSON form."""
    vectoriser = TfidfVectorizer(analyzer=_tokens, min_df=MIN_SENTENCES, sublinear_tf=True)
    features = vectoriser.fit_transform([item.text for item in sentences])
    weights: dict[str, list[list[float]]] = {}
    intercepts: dict[str, list[float]] = {}
    for letter, topic in TOPICS.items():
        targets = [item.target(letter) for item in sentences]
        told = [place for place, target in enumerate(targets) if target is not None]
        rows = [_one_against_rest(features[told], [targets[place] == kind for place in told]) for kind in range(3)]
        weights[topic] = [row for row, _ in rows]
        intercepts[topic] = [intercept for _, intercept in rows]
    return {
        "about": "Weights of the sentence classifier, written by tests/prose/train.py; do not edit.",
        "terms": [str(term) for term in vectoriser.get_feature_names_out()],
        "idf": [round(float(value), 3) for value in vectoriser.idf_],
        "weights": weights,
        "intercepts": intercepts,
    }


def _one_against_rest(features: Any, target: Sequence[bool]) -> tuple[list[float], float]:
    """Return the weights and the intercept of one kind against the two others; for a kind nobody labelled, never."""
    if not any(target):
        return [0.0] * int(features.shape[1]), NEVER
    model = LogisticRegression(C=REGULARISATION, class_weight="balanced", solver="liblinear")
    model.fit(features, target)
    return [round(float(value), 2) for value in model.coef_[0]], round(float(model.intercept_[0]), 3)


@cache
def _tokens(text: str) -> tuple[str, ...]:
    return tuple(tokens(text))


def folds() -> list[frozenset[str]]:
    """The persons in ten groups of about as many sentences each: the largest person first, into the emptiest group."""
    counts: dict[str, int] = {}
    for item in labelled_sentences():
        counts[item.person] = counts.get(item.person, 0) + 1
    groups: list[set[str]] = [set() for _ in range(FOLDS)]
    for person in sorted(counts, key=lambda name: (-counts[name], name)):
        min(groups, key=lambda group: sum(counts[name] for name in group)).add(person)
    return [frozenset(group) for group in groups]


@cache
def model_without(persons: frozenset[str]) -> SentenceModel:
    """The classifier trained on everybody else's sentences."""
    return train([item for item in labelled_sentences() if item.person not in persons])


def unseen_strengths() -> Iterable[tuple[LabelledSentence, SentenceModel]]:
    """Each labelled sentence with a classifier that was not trained on its writer."""
    for persons in folds():
        model = model_without(persons)
        yield from ((item, model) for item in labelled_sentences() if item.person in persons)


def store() -> None:
    """Train on all labelled sentences, and write the weights where the grader reads them."""
    text = json.dumps(plain(labelled_sentences()), ensure_ascii=False, separators=(",", ":"))
    STORED.write_text(text.replace('"weights"', '\n"weights"') + "\n", encoding="utf-8")


def figures() -> dict[str, dict[str, float]]:
    """Cross-validated figures by topic: precision, recall and average precision of `explained`, accuracy of all three."""
    from sklearn.metrics import average_precision_score

    rows: dict[str, list[tuple[int, float, int]]] = {letter: [] for letter in TOPICS}
    for item, model in unseen_strengths():
        strengths = model.strengths(item.text, TOPICS.values())  # type: ignore[arg-type]
        for letter, topic in TOPICS.items():
            target = item.target(letter)
            if target is not None:
                found = strengths[topic]  # type: ignore[index]
                shares = (found.none, found.named, found.explained)
                rows[letter].append((target, found.explained, int(np.argmax(shares))))
    result: dict[str, dict[str, float]] = {}
    for letter, topic in TOPICS.items():
        target, share, told = (np.array(column) for column in zip(*rows[letter], strict=True))
        right = (told == 2) & (target == 2)
        result[topic] = {
            "sentences": float((target == 2).sum()),
            "precision": float(right.sum() / max((told == 2).sum(), 1)),
            "recall": float(right.sum() / max((target == 2).sum(), 1)),
            "average_precision": float(average_precision_score(target == 2, share)),
            "accuracy": float((told == target).mean()),
        }
    return result
