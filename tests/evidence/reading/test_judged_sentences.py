"""How well the reader tells what an instructor would credit from what only looks like it."""

from __future__ import annotations

import pytest
from judged_sentences import CREDITED, EARNS_NOTHING
from written import TRAINED, passages

NAMES = (
    'class_names = ["T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle boot"]'
)
BEFORE_TRAINING = frozenset({"task", "layers", "training"})
"""Topics told before the network is trained; the others are read where a conclusion stands."""


def _credited(topic: str, text: str) -> bool:
    """Whether a paragraph earns a topic, in the place where students write of it."""
    cells = (NAMES, f"md:{text}", TRAINED) if topic in BEFORE_TRAINING else (NAMES, TRAINED, f"md:## Conclusion\n\n{text}")
    found = passages(topic, *cells)
    return any(item.strength == "explained" or topic == "weakness" for item in found)


@pytest.mark.parametrize("topic", sorted(CREDITED))
def test_credit(topic: str) -> None:
    missed = [text for text in CREDITED[topic] if not _credited(topic, text)]
    wrong = [text for text in EARNS_NOTHING[topic] if _credited(topic, text)]
    hits = len(CREDITED[topic]) - len(missed)
    print(f"\n{topic}: recall {hits}/{len(CREDITED[topic])}, traps {len(wrong)}/{len(EARNS_NOTHING[topic])}")
    for text in missed:
        print("   missed:", text)
    for text in wrong:
        print("   wrong: ", text)
